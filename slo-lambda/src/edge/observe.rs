//! Around every request: its id, its cost, its problem written once.

use std::fmt::Write;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use slo_core::meter::{Consumed, Meter};

use super::links::Base;
use super::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where the line of each request is logged, so that it can be left to somebody else.
pub(crate) const TARGET: &str = "slo_lambda::request";
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What a request was, once it is answered; an extension of its response, for who serves the router.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "bootstrap"), expect(dead_code, reason = "all of it is told by the function only"))]
pub(crate) struct Observed {
    /// The value of `X-Request-Id`.
    pub(crate) id: HeaderValue,
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The route that matched, if any: `/api/v1/objectives/{name}`.
    pub(crate) route: Option<MatchedPath>,
    pub(crate) status: StatusCode,
    /// From its head to the head of its answer.
    pub(crate) took: Duration,
    /// At the store.
    pub(crate) consumed: Consumed,
}

/// Gives the answer its `X-Request-Id` and `Server-Timing`, and writes its problem.
pub(crate) async fn observe(request: Request<Body>, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let base = Base::of(request.extensions());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let meter = Meter::default();
    let mut response = meter.measure(next.run(request)).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        // What the router has said of the route stays: `Allow` of a 405.
        let headers = response.headers().clone();
        response = problem.render(&base);
        for (name, value) in &headers {
            if name == http::header::ALLOW {
                response.headers_mut().insert(name, value.clone());
            }
        }
    }
    let consumed = meter.consumed();
    response.headers_mut().insert(SERVER_TIMING, server_timing(consumed));
    let observed = Observed { id, method, path, route, status: response.status(), took: started.elapsed(), consumed };
    tracing::info!(
        target: TARGET,
        id = observed.id.to_str().unwrap_or_default(),
        method = %observed.method,
        path = observed.path,
        status = observed.status.as_u16(),
        micros = u64::try_from(observed.took.as_micros()).unwrap_or(u64::MAX),
        calls = consumed.calls,
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, observed.id.clone());
    response.extensions_mut().insert(observed);
    response
}

/// The sender's id when it is a plain one, otherwise a new one.
fn request_id(request: &Request<Body>) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-_.:=".contains(b);
        (1..=128).contains(&value.len()) && value.as_bytes().iter().all(allowed)
    };
    let given = request.headers().get(&REQUEST_ID).filter(plain).cloned();
    given.unwrap_or_else(|| HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()).expect("a UUID is a header"))
}

/// `store;dur=3.1;desc="calls=2 rcu=2 wcu=0"`; the duration is the time of all calls together, in
/// milliseconds.
fn server_timing(consumed: Consumed) -> HeaderValue {
    let mut text = String::new();
    let millis = decimal(consumed.micros.div_ceil(100) * 100);
    let (read, write) = (decimal(consumed.read_milli), decimal(consumed.write_milli));
    let _ = write!(text, "store;dur={millis};desc=\"calls={} rcu={read} wcu={write}\"", consumed.calls);
    HeaderValue::from_str(&text).expect("digits and words are a header")
}

/// Thousandths as a decimal.
pub(crate) fn decimal(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_written_as_server_timing() {
        let consumed = Consumed { calls: 3, read_milli: 1_500, write_milli: 2_000, micros: 3_141 };
        assert_eq!(server_timing(consumed), r#"store;dur=3.2;desc="calls=3 rcu=1.5 wcu=2""#);
        assert_eq!(server_timing(Consumed::default()), r#"store;dur=0;desc="calls=0 rcu=0 wcu=0""#);
    }
}
