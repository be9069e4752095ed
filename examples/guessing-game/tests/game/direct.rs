//! Invocations of the function: by kind, and by proxy events.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use guessing_game::failure::Failure;
use guessing_game::function::Function;
use guessing_game::games::Games;
use guessing_game::reliability::Reliability;
use guessing_game::repository::MemoryGames;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use slo_core::Service;

use super::events::rest;
use super::{noon, number};

/// A function in memory whose number is 7.
fn function() -> Arc<Function> {
    let games = Games::new(MemoryGames::default()).drawing(|| number(7));
    Arc::new(Function::new(games, Reliability::new(Service::in_memory(), noon)))
}

/// Invokes it, with so long to answer.
pub(crate) async fn invoke(function: &Arc<Function>, event: &Value, time: Duration) -> Result<Value, Failure> {
    let mut context = Context::default();
    let deadline = (SystemTime::now() + time).duration_since(UNIX_EPOCH).expect("after 1970");
    context.deadline = deadline.as_millis().try_into().expect("this side of the year 500,000,000");
    let event = LambdaEvent::new(to_raw_value(event).expect("JSON"), context);
    let answer = Arc::clone(function).answer(event).await?;
    Ok(serde_json::from_str(answer.get()).expect("JSON"))
}

const TIME: Duration = Duration::from_secs(30);

#[tokio::test]
async fn games_are_played_by_events() {
    let function = function();
    let ask = async |event: Value| invoke(&function, &event, TIME).await.expect("an answer");
    let created = ask(json!({"kind": "gameRequested"})).await;
    let id = created["id"].as_str().expect("an id").to_owned();
    let told = |kind: &str, guesses: Value, status: &str| json!({"kind": kind, "id": id, "guesses": guesses, "randomNumber": 7, "status": status});
    assert_eq!(created, told("gameCreated", json!([null, null, null]), "ongoing"));
    let guess = |guess: u64| json!({"kind": "guessSubmitted", "id": id, "guess": guess});
    assert_eq!(ask(guess(5)).await, told("guessEvaluated", json!([5, null, null]), "ongoing"));
    let info = json!({"kind": "gameInfoRequested", "id": id});
    assert_eq!(ask(info.clone()).await, told("gameInfoProvided", json!([5, null, null]), "ongoing"));
    assert_eq!(ask(guess(7)).await, told("gameWon", json!([5, 7, null]), "won"));
    assert_eq!(ask(info).await, told("gameInfoProvided", json!([5, 7, null]), "won"));

    let lost = ask(json!({"kind": "gameRequested"})).await["id"].clone();
    for (guess, kind) in [(0, "guessEvaluated"), (1, "guessEvaluated"), (2, "gameLost")] {
        assert_eq!(ask(json!({"kind": "guessSubmitted", "id": lost, "guess": guess})).await["kind"], kind);
    }
}

#[tokio::test]
async fn each_error_has_one_type_and_says_its_cause_once() {
    let function = function();
    let id = invoke(&function, &json!({"kind": "gameRequested"}), TIME).await.expect("a game")["id"].clone();
    invoke(&function, &json!({"kind": "guessSubmitted", "id": id, "guess": 7}), TIME).await.expect("won");
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (event, kind, cause) in [
        (json!({"kind": "guessSubmitted", "id": id, "guess": 1}), "GameFinished", "the game is won: it took 1 of 3"),
        (json!({"kind": "guessSubmitted", "id": unknown, "guess": 1}), "GameNotFound", unknown),
        (json!({"kind": "gameInfoRequested", "id": "7"}), "GameNotFound", "there is no game \"7\""),
        (json!({"kind": "guessSubmitted", "id": id, "guess": 11}), "MalformedEvent", "a whole number from 0 to 10"),
        (json!({"kind": "guessSubmitted", "id": id, "guess": "5"}), "MalformedEvent", "a whole number from 0 to 10"),
        (json!({"kind": "guessSubmitted", "id": id}), "MalformedEvent", "missing field `guess`"),
        (json!({"kind": "gameRequested", "id": id}), "MalformedEvent", "unknown field `id`"),
        (json!({"kind": "gameEnded"}), "MalformedEvent", "unknown variant `gameEnded`"),
        (json!({}), "MalformedEvent", "missing field `kind`"),
        (json!(7), "MalformedEvent", "invalid type"),
        (json!({"requestContext": 7}), "MalformedEvent", "send a proxy event"),
    ] {
        let failure = invoke(&function, &event, TIME).await.expect_err("no answer");
        assert_eq!((failure.kind, failure.message.matches(cause).count()), (kind, 1), "{event}: {failure:?}");
    }
}

#[tokio::test]
async fn proxy_events_reach_the_router_and_links_carry_the_stage() {
    let function = function();
    let ask = async |method: &str, path: &str, body: Option<&Value>| {
        let answer = invoke(&function, &rest(method, path, &[], body), TIME).await.expect("an answer");
        let body: Value = serde_json::from_str(answer["body"].as_str().expect("text")).expect("JSON");
        (answer["statusCode"].as_u64().expect("a status"), body)
    };
    let (status, game) = ask("POST", "/games", None).await;
    assert_eq!((status, &game["status"]), (201, &json!("ongoing")));
    let href = game["links"]["guess"]["href"].as_str().expect("a link");
    let path = href.strip_prefix("/prod").expect("the stage");
    let (status, game) = ask("POST", path, Some(&json!({"guess": 5}))).await;
    assert_eq!(
        (status, &game["guesses"], &game["links"]["self"]["href"]),
        (200, &json!([5, null, null]), &json!(href))
    );
    assert_eq!(ask("POST", path, Some(&json!({"guess": 11}))).await.0, 422);
    let (status, budget) = ask("GET", "/health/error-budget", None).await;
    assert_eq!((status, &budget["good"], &budget["total"]), (200, &json!(3), &json!(3)));
}

#[tokio::test]
async fn a_function_url_reaches_the_router() {
    let function = function();
    let event = |method: &str, path: &str| {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": {"host": "x"},
            "requestContext": {"accountId": "1", "apiId": "a", "stage": "$default", "timeEpoch": 1_795_262_400_000_u64,
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}},
            "isBase64Encoded": false,
        })
    };
    let answer = invoke(&function, &event("POST", "/games"), TIME).await.expect("an answer");
    assert_eq!(answer["statusCode"], 201);
    let game: Value = serde_json::from_str(answer["body"].as_str().expect("text")).expect("JSON");
    let href = game["links"]["self"]["href"].as_str().expect("a link");
    assert_eq!(invoke(&function, &event("GET", href), TIME).await.expect("an answer")["statusCode"], 200);
    assert_eq!(invoke(&function, &event("GET", "//"), TIME).await.expect("an answer")["statusCode"], 200);
}
