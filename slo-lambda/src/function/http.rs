//! Proxy events: a request into the router, its answer out.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use axum::body::{Body, Bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service, service_fn};
use lambda_runtime::Context;
use serde_json::value::RawValue;
use tower::ServiceExt;

use super::Function;
use super::base_path::{Clues, Place, encoded, encoded_query};
use super::direct::written_out;
use super::failure::{Failure, Reason};
use crate::edge::limit::Limit;
use crate::edge::observe::Observed;
use crate::{BasePath, ClientAddress};

/// A gateway waits for 29 or 30 s and then answers in words of its own, however long the function may run.
const GATEWAY: Duration = Duration::from_millis(28_500);

/// More than any gateway lets through, encoded.
const LONGEST_URL: usize = 60_000;

/// What the conversion of lambda_http would trip over, taken out of an event before it: it takes paths for
/// encoded, hosts for valid and bodies for decodable.
pub(super) struct Taken {
    place: Place,
    /// Of a version 2.0 event; that of version 1.0 is made from its parameters.
    query: Option<String>,
    /// Who the gateway says is at the other end.
    address: Option<IpAddr>,
    body: Bytes,
}

impl Taken {
    /// From a REST API's event, which is left with a path that anything can read.
    pub(super) fn from_rest(event: &mut ApiGatewayProxyRequest) -> Result<Self, Failure> {
        let context = &mut event.request_context;
        let stage = context.stage.take().map(|stage| encoded(&stage));
        let path = encoded(&event.path.take().unwrap_or_default());
        // The context's path begins with the stage or the base path, where the client's does.
        let whole = context.path.take().map_or_else(|| path.clone(), |whole| encoded(&whole));
        let proxy = event.path_parameters.get("proxy").map(|proxy| encoded(proxy));
        let whole = if whole.trim_end_matches('/').ends_with(path.trim_end_matches('/')) { whole } else { path };
        let clues = Clues { whole: &whole, stage: stage.as_deref().map(|s| &s[1..]), proxy: proxy.as_deref() };
        let place = Place::find(&clues);
        let given = [&event.multi_value_query_string_parameters, &event.query_string_parameters];
        let query = given.map(|query| query.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>());
        // Encoded, a byte becomes three at most.
        short(whole.len() + query.into_iter().max().unwrap_or(0) * 3)?;
        event.path = Some("/".to_owned());
        context.domain_name = None;
        // Each of these holds all of what the other has, one value a name.
        if !event.multi_value_headers.is_empty() {
            event.headers = HeaderMap::new();
        }
        unhost(&mut event.headers);
        unhost(&mut event.multi_value_headers);
        let address = context.identity.source_ip.as_deref().and_then(|address| address.parse().ok());
        let body = body(event.body.take(), std::mem::take(&mut event.is_base64_encoded))?;
        Ok(Self { place, query: None, address, body })
    }

    /// From an HTTP API's or a function URL's event. Under a domain of one's own its path begins with the stage, where
    /// the client wrote the key of the mapping, which the event does not tell: it is `mapping`.
    pub(super) fn from_http(event: &mut ApiGatewayV2httpRequest, mapping: &str) -> Result<Self, Failure> {
        let context = &mut event.request_context;
        let own_domain = context.domain_prefix.is_some() && context.domain_prefix != context.apiid;
        let stage = context.stage.take().filter(|stage| stage != "$default").map(|stage| encoded(&stage));
        let whole = encoded(&event.raw_path.take().unwrap_or_default());
        let proxy = event.path_parameters.get("proxy").map(|proxy| encoded(proxy));
        let clues = Clues { whole: &whole, stage: stage.as_deref().map(|s| &s[1..]), proxy: proxy.as_deref() };
        let mut place = Place::find(&clues);
        if own_domain && stage.as_ref().is_some_and(|stage| *stage == place.base) {
            mapping.clone_into(&mut place.base);
        }
        event.raw_path = Some("/".to_owned());
        context.domain_name = None;
        unhost(&mut event.headers);
        let query = event.raw_query_string.take().map(|query| encoded_query(&query)).unwrap_or_default();
        short(whole.len() + query.len())?;
        let address = context.http.source_ip.as_deref().and_then(|address| address.parse().ok());
        let body = body(event.body.take(), std::mem::take(&mut event.is_base64_encoded))?;
        Ok(Self { place, query: Some(query), address, body })
    }

    /// The request as the router wants it.
    fn into_request(self, converted: Request<lambda_http::Body>, context: &Context, limit: Limit) -> Request<Body> {
        let (mut parts, _) = converted.into_parts();
        let query = self.query.unwrap_or_else(|| parts.uri.query().unwrap_or_default().to_owned());
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{mark}{query}", self.place.path).parse::<PathAndQuery>();
        parts.uri = path.expect("it was encoded").into();
        // The log of Lambda is searched by its own id.
        if let Ok(id) = HeaderValue::from_str(&context.request_id) {
            parts.headers.entry(HeaderName::from_static("x-request-id")).or_insert(id);
        }
        parts.extensions.clear();
        parts.extensions.insert(BasePath(self.place.base));
        parts.extensions.insert(limit);
        if let Some(address) = self.address {
            parts.extensions.insert(ClientAddress(address));
        }
        Request::from_parts(parts, Body::from(self.body))
    }
}

/// A URL has at most 65,534 bytes; gateways let far less through.
fn short(length: usize) -> Result<(), Failure> {
    if length <= LONGEST_URL {
        return Ok(());
    }
    let what = format!("the URL of this proxy event is longer than {LONGEST_URL} bytes; ask for less at once");
    Err(Failure::new(Reason::MalformedEvent, what))
}

/// The router needs no host, and one that is no host cannot be converted.
fn unhost(headers: &mut HeaderMap) {
    headers.remove(header::HOST);
}

fn body(text: Option<String>, encoded: bool) -> Result<Bytes, Failure> {
    let text = text.unwrap_or_default();
    if !encoded {
        return Ok(text.into());
    }
    let bytes = STANDARD.decode(text);
    let bytes = bytes.map_err(|error| {
        Failure::new(Reason::MalformedEvent, format!("the body of this proxy event is not base64: {error}"))
    })?;
    Ok(bytes.into())
}

/// An answer of the router, all of which are text. The conversion of lambda_http knows few media types as text and
/// encodes the others, which a REST API hands on as it is.
struct Said(http::Response<lambda_http::Body>);

impl Said {
    async fn of(response: http::Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        // A body of ours is in memory as a whole: reading it cannot fail.
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = match String::from_utf8(bytes.into()) {
            Ok(text) => lambda_http::Body::Text(text),
            Err(binary) => lambda_http::Body::Binary(binary.into_bytes()),
        };
        Self(http::Response::from_parts(parts, body))
    }
}

impl lambda_http::IntoResponse for Said {
    fn into_response(self) -> Pin<Box<dyn Future<Output = http::Response<lambda_http::Body>> + Send>> {
        Box::pin(std::future::ready(self.0))
    }
}

/// Lets the router answer within the time that is left.
pub(super) async fn answer(
    function: &Arc<Function>,
    event: LambdaRequest,
    taken: Taken,
    context: Context,
    left: Duration,
) -> Result<Box<RawValue>, Failure> {
    let limit = Limit(left.min(GATEWAY));
    let (function, ids, mut taken) = (Arc::clone(function), context.clone(), Some(taken));
    let route = service_fn(move |converted: Request<lambda_http::Body>| {
        let request = taken.take().expect("one event is one request").into_request(converted, &ids, limit);
        let (function, ids) = (Arc::clone(&function), ids.clone());
        async move {
            let Ok(mut response) = function.router.clone().oneshot(request).await;
            if let Some(observed) = response.extensions_mut().remove::<Observed>() {
                function.metrics.http(&observed, &ids);
            }
            Ok::<_, Infallible>(Said::of(response).await)
        }
    });
    let answering = Adapter::from(route).call(LambdaEvent { payload: event, context });
    let Ok(answer) = answering.await;
    written_out(&answer)
}
