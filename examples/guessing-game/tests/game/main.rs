//! The game as players and programs meet it.

#[path = "../../../../slo-dynamo/examples/dynamodb/server.rs"]
mod dynamodb;
#[path = "../../../../slo-lambda/tests/runtime/events.rs"]
mod events;
#[path = "../../../../slo-dynamo/tests/common/faulty.rs"]
mod faulty;
#[allow(dead_code, reason = "of the tests of slo-lambda, which use more of it")]
#[path = "../../../../slo-lambda/tests/runtime/function.rs"]
mod function;
#[allow(dead_code, reason = "of the tests of slo-lambda, which use more of it")]
#[path = "../../../../slo-lambda/tests/runtime/store.rs"]
mod store;
#[allow(dead_code, reason = "of the tests of slo-lambda, which use more of it")]
#[path = "../../../../slo-lambda/tests/runtime/stub.rs"]
mod stub;

mod direct;
mod embed;
mod faults;
mod http;
mod package;
mod permissions;
mod process;
mod race;
mod reliability;

use std::sync::Arc;

use ::http::{HeaderMap, Request, StatusCode};
use axum::Router;
use axum::body::{Body, to_bytes};
use guessing_game::games::Games;
use guessing_game::number::Number;
use guessing_game::reliability::Reliability;
use guessing_game::repository::MemoryGames;
use guessing_game::router::router;
use jiff::Timestamp;
use serde_json::Value;
use slo_core::Service;
use tower::ServiceExt as _;

fn number(number: u64) -> Number {
    Number::new(number).expect("0 to 10")
}

/// 2026-11-20T12:00:30Z.
fn noon() -> Timestamp {
    "2026-11-20T12:00:30Z".parse().expect("a time")
}

/// An instance over HTTP.
struct App {
    router: Router,
    reliability: Arc<Reliability>,
}

/// An answer over HTTP.
#[derive(Debug, PartialEq)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl App {
    /// Everything in memory; the number is always this one.
    fn in_memory(drawn: u64) -> Self {
        let games = Games::new(MemoryGames::default()).drawing(move || number(drawn));
        Self::new(games, Service::in_memory())
    }

    fn new(games: Games, service: Service) -> Self {
        let reliability = Arc::new(Reliability::new(service, noon));
        Self { router: router(games, &reliability), reliability }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).body(Body::from(body.to_owned())).expect("a request");
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 100_000).await.expect("a body");
        let body = serde_json::from_slice(&body).unwrap_or_else(|_| panic!("no JSON: {body:?}"));
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Begins a game and says where it is.
    async fn begin(&self) -> String {
        let answer = self.ask("POST", "/games", "").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.headers["location"].to_str().expect("text").to_owned()
    }

    async fn guess(&self, game: &str, guess: u64) -> Answer {
        self.ask("POST", game, &format!("{{\"guess\":{guess}}}")).await
    }
}
