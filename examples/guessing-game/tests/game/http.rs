//! Over HTTP: what is answered, what is linked, and what is never told.

use ::http::Request;
use axum::body::Body;
use guessing_game::links::Base;
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Answer, App};

/// The relations of the links.
fn linked(answer: &Answer) -> Vec<&str> {
    answer.body["links"].as_object().expect("links").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_game_is_played_by_its_links() {
    let app = App::in_memory(7);
    let root = app.ask("GET", "/", "").await;
    assert_eq!(linked(&root), ["errorBudget", "newGame"]);
    assert_eq!(root.body["links"]["newGame"], json!({"method": "POST", "href": "/games"}));

    let game = app.ask("POST", "/games", "").await;
    let id = game.body["id"].as_str().expect("an id").to_owned();
    let href = format!("/games/{id}");
    assert_eq!((game.status.as_u16(), &game.headers["location"]), (201, &href.parse().expect("a header")));
    let schema = json!({
        "type": "object", "properties": {"guess": {"type": "integer", "minimum": 0, "maximum": 10}},
        "required": ["guess"], "additionalProperties": false,
    });
    let links = json!({
        "self": {"method": "GET", "href": href}, "guess": {"method": "POST", "href": href, "body": schema},
    });
    assert_eq!(game.body, json!({"id": id, "guesses": [null, null, null], "status": "ongoing", "links": links}));

    let wrong = app.guess(&href, 5).await;
    let expected = json!({"id": id, "guesses": [5, null, null], "status": "ongoing", "links": links});
    assert_eq!((wrong.status.as_u16(), &wrong.body), (200, &expected));
    assert_eq!(app.ask("GET", &href, "").await.body, expected);

    let won = app.guess(&href, 7).await;
    let links = json!({"self": {"method": "GET", "href": href}, "newGame": {"method": "POST", "href": "/games"}});
    let expected = json!({"id": id, "guesses": [5, 7, null], "randomNumber": 7, "status": "won", "links": links});
    assert_eq!((won.status.as_u16(), &won.body), (200, &expected));
    assert_eq!(app.ask("GET", &href, "").await.body, expected);
}

#[tokio::test]
async fn three_wrong_guesses_lose_and_a_fourth_is_told_why() {
    let app = App::in_memory(7);
    let game = app.begin().await;
    for guess in [0, 10] {
        assert_eq!(app.guess(&game, guess).await.body["status"], "ongoing");
    }
    let lost = app.guess(&game, 6).await;
    assert_eq!((&lost.body["status"], &lost.body["randomNumber"]), (&json!("lost"), &json!(7)));
    let fourth = app.guess(&game, 7).await;
    assert_eq!(fourth.status, 409);
    assert_eq!(fourth.headers["content-type"], "application/problem+json");
    assert_eq!(
        fourth.body,
        json!({
            "type": "urn:guessing-game:finished", "title": "Game over", "status": 409,
            "detail": "the game is lost: it took 3 of 3 guesses and takes no more; request another game",
            "links": {"newGame": {"method": "POST", "href": "/games"}},
        })
    );
}

#[tokio::test]
async fn what_cannot_be_done_says_its_cause_once() {
    let app = App::in_memory(7);
    let game = app.begin().await;
    let large = format!("{{\"guess\":{}5}}", " ".repeat(2_000));
    let unknown = "/games/00000000-0000-4000-8000-000000000000";
    let range = "expected a whole number from 0 to 10";
    for (method, path, body, status, cause) in [
        ("POST", &*game, "{\"guess\":11}", 422, range),
        ("POST", &game, "{\"guess\":-1}", 422, range),
        ("POST", &game, "{\"guess\":\"5\"}", 422, range),
        ("POST", &game, "{\"guess\":5.5}", 422, range),
        ("POST", &game, "{\"guess\":null}", 422, range),
        ("POST", &game, "{}", 422, "missing field `guess`"),
        ("POST", &game, "{\"guess\":5,\"again\":6}", 422, "unknown field `again`"),
        ("POST", &game, "{\"guess\":5,\"guess\":6}", 422, "duplicate field `guess`"),
        ("POST", &game, "{\"guess\":", 400, "EOF while parsing"),
        ("POST", &game, "", 400, "EOF while parsing"),
        ("POST", &game, &large, 413, "no longer than 1 KB"),
        ("POST", unknown, "{\"guess\":5}", 404, "there is no game \"00000000-0000-4000-8000-000000000000\""),
        ("GET", unknown, "", 404, "there is no game \"00000000-0000-4000-8000-000000000000\""),
        ("GET", "/games/7", "", 404, "there is no game \"7\""),
        ("GET", "/games", "", 405, "header Allow"),
        ("DELETE", &game, "", 405, "header Allow"),
        ("GET", "/nothing", "", 404, "there is nothing here"),
    ] {
        let answer = app.ask(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {answer:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{method} {path} {body}");
        let detail = answer.body["detail"].as_str().expect("a detail");
        assert_eq!(detail.matches(cause).count(), 1, "{detail}");
        assert_eq!(answer.body["status"], status);
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
        let links = linked(&answer);
        assert!(links == ["self"] || links.contains(&"newGame"), "{method} {path} {body}: {links:?}");
    }
    assert_eq!(app.ask("GET", &game, "").await.body["guesses"], json!([null, null, null]), "none of it counted");
}

#[tokio::test]
async fn links_lead_where_the_request_came_from() {
    let app = App::in_memory(7);
    let game = app.begin().await;
    for (path, status) in [("/", 200), (&*game, 200), ("/games/7", 404), ("/nothing", 404)] {
        let mut request = Request::builder().uri(path).body(Body::empty()).expect("a request");
        request.extensions_mut().insert(Base("/prod".to_owned()));
        let Ok(response) = app.router.clone().oneshot(request).await;
        assert_eq!(response.status(), status);
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.expect("a body");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let links = body["links"].as_object().expect("links");
        assert!(!links.is_empty());
        for link in links.values() {
            assert!(link["href"].as_str().expect("text").starts_with("/prod/"), "{link}");
        }
    }
}

/// Requests that players may make of a game: its place among them is left open.
fn requests() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let body = prop_oneof![
        4 => (0..=10_u64).prop_map(|guess| format!("{{\"guess\":{guess}}}")),
        1 => prop_oneof![Just("{\"guess\":11}"), Just("{\"guesses\":[7]}"), Just("")].prop_map(str::to_owned),
    ];
    let request = prop_oneof![
        3 => body.prop_map(|body| ("POST", body)),
        1 => Just(("GET", String::new())),
        1 => Just(("PUT", String::new())),
    ];
    proptest::collection::vec(request, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    /// Of two games that differ by their number alone, all answers are the same until one of the numbers is guessed.
    #[test]
    fn the_number_shows_in_no_answer_while_the_game_goes_on(numbers in (0..=10_u64, 0..=10_u64), requests in requests()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let apps = [App::in_memory(numbers.0), App::in_memory(numbers.1)];
            let games = [apps[0].begin().await, apps[1].begin().await];
            for (method, body) in &requests {
                let answers = [apps[0].ask(method, &games[0], body).await, apps[1].ask(method, &games[1], body).await];
                if answers.iter().any(|answer| ["won", "lost"].iter().any(|over| answer.body["status"] == **over)) {
                    break;
                }
                let [first, second] = answers.map(|answer| (answer.status, answer.headers, answer.body.to_string()));
                prop_assert!(!first.2.contains("randomNumber"));
                prop_assert_eq!(first.2.replace(&games[0], "/games/x").replace(&games[0][7..], "x"),
                    second.2.replace(&games[1], "/games/x").replace(&games[1][7..], "x"));
                prop_assert_eq!((first.0, first.1), (second.0, second.1));
            }
            Ok(())
        })?;
    }
}
