//! The game as a Lambda function: proxy events go through the router, all others are asked for by their kind.

use std::convert::Infallible;
use std::env;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use http::Request;
use http::uri::PathAndQuery;
use jiff::Timestamp;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, RequestExt as _, Service as _};
use lambda_runtime::{Context, LambdaEvent, service_fn};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::{RawValue, to_raw_value};
use slo_dynamo::table::TableNames;
use slo_dynamo::{Store, client};
use tower::ServiceExt as _;

use crate::event::Event;
use crate::failure::Failure;
use crate::games::Games;
use crate::links::Base;
use crate::problem::Problem;
use crate::reliability::Reliability;
use crate::router::router;
use crate::table::DynamoGames;

/// How the names of the library's tables begin.
pub const TABLE_PREFIX: &str = "SLO_TABLE_PREFIX";
/// The table of the games.
pub const GAMES_TABLE: &str = "GAMES_TABLE";

/// So long before the time limit an answer is given up, to say so and to flush.
const MARGIN: Duration = Duration::from_millis(2_500);
/// So long the first look at the store may take; without it the first request opens the connection.
const WARM_UP: Duration = Duration::from_secs(2);

/// What every invocation works with.
pub struct Function {
    games: Games,
    reliability: Arc<Reliability>,
    router: Router,
}

/// Runs until Lambda ends it.
///
/// # Errors
/// When a setting cannot be used, or Lambda's Runtime API does not answer.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    let client = client::connect(None).await;
    let tables = TableNames::with_prefix(&env::var(TABLE_PREFIX).unwrap_or_default())?;
    let table = env::var(GAMES_TABLE).unwrap_or_else(|_| "games".to_owned());
    let games = Games::new(DynamoGames::new(client.clone(), table));
    let service = Store::builder(client).tables(tables).build().service();
    let function = Arc::new(Function::new(games, Reliability::new(service, Timestamp::now)));
    if !matches!(tokio::time::timeout(WARM_UP, function.reliability.define()).await, Ok(Ok(()))) {
        tracing::warn!("the store did not answer at the start; a later request will try again");
    }
    lambda_runtime::run(service_fn(move |event| Arc::clone(&function).answer(event))).await
}

/// The member that tells events apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    request_context: Option<IgnoredAny>,
}

impl Function {
    /// Nothing is sent.
    #[must_use]
    pub fn new(games: Games, reliability: Reliability) -> Self {
        let reliability = Arc::new(reliability);
        Self { router: router(games.clone(), &reliability), games, reliability }
    }

    /// Answers one invocation. Counts are flushed before the answer is given, because Lambda freezes the process after
    /// it; not with each, because a flush costs as much as a guess.
    ///
    /// # Errors
    /// [`Failure`], of direct invocations only: HTTP has problems.
    pub async fn answer(self: Arc<Self>, event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Failure> {
        let LambdaEvent { payload, context } = event;
        let proxied = serde_json::from_str::<Members>(payload.get()).is_ok_and(|event| event.request_context.is_some());
        let answer =
            if proxied { self.proxied(&payload, context).await } else { self.direct(&payload, &context).await };
        self.reliability.flush_when_due().await;
        answer
    }

    async fn direct(&self, payload: &RawValue, context: &Context) -> Result<Box<RawValue>, Failure> {
        let attempt = self.reliability.begin();
        let answering = async { Event::read(payload.get())?.answer(&self.games).await };
        let answer = tokio::time::timeout(left(context), answering).await.unwrap_or_else(|_| Err(Failure::timed_out()));
        attempt.finish(answer.as_ref().err().is_none_or(|failure| !failure.is_ours()));
        to_raw_value(&answer?).map_err(|_| Failure::internal())
    }

    async fn proxied(&self, payload: &RawValue, context: Context) -> Result<Box<RawValue>, Failure> {
        let request: LambdaRequest = serde_json::from_str(payload.get()).map_err(|error| Failure::malformed(&error))?;
        let (router, left) = (self.router.clone(), left(&context));
        let route = service_fn(move |request: lambda_http::Request| {
            let router = router.clone();
            async move {
                let answering = tokio::time::timeout(left, router.oneshot(placed(request)));
                Ok::<_, Infallible>(match answering.await {
                    Ok(Ok(response)) => response,
                    Err(_) => Problem::unavailable().into_response(),
                })
            }
        });
        let answer = Adapter::from(route).call(LambdaEvent { payload: request, context }).await;
        let Ok(answer) = answer;
        to_raw_value(&answer).map_err(|_| Failure::internal())
    }
}

/// The request as the router knows it, and what stands before its path for the links.
fn placed(request: lambda_http::Request) -> Request<Body> {
    let raw = request.raw_http_path().to_owned();
    let (whole, stage) = match request.request_context_ref() {
        // The path of the context begins with the stage or base path, where the client's does.
        Some(RequestContext::ApiGatewayV1(context)) => (context.path.clone().unwrap_or_else(|| raw.clone()), None),
        Some(RequestContext::ApiGatewayV2(context)) => (raw.clone(), context.stage.clone()),
        _ => (raw.clone(), None),
    };
    let proxy = request.path_parameters_ref().and_then(|parameters| parameters.first("proxy")).map(str::to_owned);
    let (base, path) = place(&whole, proxy.as_deref().unwrap_or(&raw), stage.as_deref());
    let (parts, body) = request.into_parts();
    let mut request = Request::new(Body::from(body.to_vec()));
    (*request.method_mut(), *request.headers_mut()) = (parts.method, parts.headers);
    // What is no path leads nowhere.
    *request.uri_mut() = path.parse::<PathAndQuery>().map_or_else(|_| "/-".parse().expect("a path"), Into::into);
    request.extensions_mut().insert(Base(base));
    request
}

/// Parts a path into what stands before ours and ours: what the gateway calls the rest, or what follows its stage.
fn place(whole: &str, rest: &str, stage: Option<&str>) -> (String, String) {
    let whole = whole.trim_end_matches('/');
    let staged = stage.and_then(|stage| whole.strip_prefix('/')?.strip_prefix(stage));
    let staged = staged.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = staged.map_or_else(|| format!("/{}", rest.trim_matches('/')), str::to_owned);
    let base = whole.strip_suffix(path.trim_end_matches('/')).unwrap_or_default().trim_matches('/');
    // One slash: two would make links that lead to another host.
    let base = if base.is_empty() { String::new() } else { format!("/{base}") };
    (base, if path.is_empty() { "/".to_owned() } else { path })
}

/// The time for an answer. A limit that was over before the event came is none.
fn left(context: &Context) -> Duration {
    let left = context.deadline().duration_since(SystemTime::now());
    left.map_or(Duration::from_secs(29), |left| left.saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_what_stands_before_our_routes() {
        for (whole, rest, stage, base, path) in [
            // REST: what the gateway matched with {proxy+}, or its root.
            ("/prod/games/1", "games/1", None, "/prod", "/games/1"),
            ("/play/it/games", "games", None, "/play/it", "/games"),
            ("/games/games/1", "games/1", None, "/games", "/games/1"),
            ("/prod/", "/", None, "/prod", "/"),
            ("/prod/games/", "games", None, "/prod", "/games"),
            // HTTP and function URLs: the stage, where it shows.
            ("/games/1", "/games/1", Some("$default"), "", "/games/1"),
            ("/prod/games/1", "/prod/games/1", Some("prod"), "/prod", "/games/1"),
            ("/prod", "/prod", Some("prod"), "/prod", "/"),
            ("/production/games", "/production/games", Some("prod"), "", "/production/games"),
            ("/", "/", Some("$default"), "", "/"),
            ("//other.host/games", "games", None, "/other.host", "/games"),
        ] {
            assert_eq!(place(whole, rest, stage), (base.to_owned(), path.to_owned()), "{whole} {rest} {stage:?}");
        }
    }
}
