//! A store that loses answers, refuses, or is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use guessing_game::function::Function;
use guessing_game::games::Games;
use guessing_game::reliability::Reliability;
use guessing_game::table::DynamoGames;
use serde_json::json;
use slo_core::Service;
use slo_dynamo::embedded::Engine;

use super::direct::invoke;
use super::events::rest;
use super::faulty::{Fault, faulty};
use super::{App, noon, number};

/// A client of an engine that has the table.
async fn engine() -> Client {
    let client = Engine::memory().expect("an engine").client();
    DynamoGames::new(client.clone(), "games").create_table().await.expect("a table");
    client
}

fn games(client: Client) -> Games {
    Games::new(DynamoGames::new(client, "games")).drawing(|| number(7))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guess_whose_answer_is_lost_counts_once_even_if_others_guess_meanwhile() {
    let client = engine().await;
    let others = games(client.clone());
    let (id, _) = others.request().await.expect("a game");
    let id = id.to_string();
    let attempts = AtomicUsize::new(0);
    let (meanwhile, runtime, of) = (others.clone(), tokio::runtime::Handle::current(), id.clone());
    let lossy = faulty(&client, move |operation, _| {
        if operation != "UpdateItem" {
            return None;
        }
        match attempts.fetch_add(1, SeqCst) {
            0 => Some(Fault::Lost),
            1 => {
                // Before the request is sent again.
                let guess = tokio::task::block_in_place(|| runtime.block_on(meanwhile.guess(&of, number(2))));
                assert!(guess.is_ok());
                None
            }
            _ => None,
        }
    });
    let (_, game) = games(lossy).guess(&id, number(1)).await.expect("it counted");
    assert_eq!(game.made(), [number(1)], "the game right after this guess");
    let (_, now) = others.info(&id).await.expect("the game");
    assert_eq!(now.made(), [number(1), number(2)], "once");
}

#[tokio::test]
async fn a_game_whose_creation_is_not_acknowledged_at_first_is_created_once() {
    let client = engine().await;
    let attempts = AtomicUsize::new(0);
    let lossy = faulty(&client, move |_, _| (attempts.fetch_add(1, SeqCst) == 0).then_some(Fault::Lost));
    let (id, game) = games(lossy).request().await.expect("it is there");
    assert_eq!(games(client).info(&id.to_string()).await.expect("the game").1, game);
}

#[tokio::test]
async fn a_store_that_is_away_is_503_and_bad_and_one_that_refuses_a_defect() {
    let client = engine().await;
    for (fault, status, kind) in [
        (Fault::Throttled, 503, "Unavailable"),
        (Fault::Internal, 503, "Unavailable"),
        (Fault::Refused("AccessDeniedException"), 500, "Internal"),
        (Fault::Refused("ResourceNotFoundException"), 500, "Internal"),
    ] {
        let broken = games(faulty(&client, move |_, _| Some(fault)));
        let app = App::new(broken.clone(), Service::in_memory());
        let answer = app.ask("POST", "/games", "").await;
        assert_eq!(answer.status, status, "{fault:?}: {answer:?}");
        assert_eq!(answer.headers.contains_key("retry-after"), status == 503);
        assert!(!answer.body.to_string().contains("Exception"), "nothing internal shows: {answer:?}");
        let budget = app.ask("GET", "/health/error-budget", "").await;
        assert_eq!((&budget.body["good"], &budget.body["total"]), (&json!(0), &json!(1)), "it was our fault");

        let function = Arc::new(Function::new(broken, Reliability::new(Service::in_memory(), noon)));
        let failure = invoke(&function, &json!({"kind": "gameRequested"}), Duration::from_secs(30)).await;
        assert_eq!(failure.expect_err("no answer").kind, kind, "{fault:?}");
    }
}

#[tokio::test]
async fn a_store_that_never_answers_is_given_up_in_time() {
    let client = engine().await;
    let silent = games(faulty(&client, |_, _| Some(Fault::Hangs)));
    let function = Arc::new(Function::new(silent, Reliability::new(Service::in_memory(), noon)));
    let started = Instant::now();
    // Half a second, and what is left for the flush.
    let time = Duration::from_secs(3);
    let failure = invoke(&function, &json!({"kind": "gameRequested"}), time).await.expect_err("no answer");
    assert_eq!(failure.kind, "TimedOut");
    let answer = invoke(&function, &rest("POST", "/games", &[], None), time).await.expect("an answer");
    assert_eq!((&answer["statusCode"], &answer["multiValueHeaders"]["retry-after"]), (&json!(503), &json!(["1"])));
    assert!(started.elapsed() < 2 * time);
    let budget = invoke(&function, &rest("GET", "/health/error-budget", &[], None), Duration::from_secs(30)).await;
    let body = budget.expect("an answer")["body"].clone();
    assert!(body.as_str().expect("text").contains("\"good\":0,\"total\":2,\"bad\":2"), "{body}");
}

#[tokio::test]
async fn who_measures_being_away_is_no_concern_of_players() {
    let client = engine().await;
    let away = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let told = Arc::clone(&away);
    let flaky = faulty(&client, move |_, _| told.load(SeqCst).then_some(Fault::Throttled));
    slo_dynamo::table::create_tables(&client, &slo_dynamo::table::TableNames::default()).await.expect("tables");
    let app = App::new(games(client), slo_dynamo::Store::builder(flaky).build().service());
    let game = app.begin().await;
    app.reliability.flush_when_due().await;
    assert_eq!(app.guess(&game, 5).await.status, 200);
    let refused = app.ask("GET", "/health/error-budget", "").await;
    assert_eq!((refused.status.as_u16(), refused.headers.contains_key("retry-after")), (503, true));
    away.store(false, SeqCst);
    let budget = app.ask("GET", "/health/error-budget", "").await;
    assert_eq!((&budget.body["total"], &budget.body["lost"]), (&json!(2), &json!(0)), "nothing was lost");
}
