//! The client against a server on the loopback.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use loopback::{Loopback, Reply, nobody};

#[path = "../../tests/loopback/mod.rs"]
mod loopback;

const QUICK: Patience =
    Patience { connect: Duration::from_secs(2), overall: Duration::from_secs(10), pause: Duration::from_millis(1) };

fn client_with(url: &str, patience: Patience) -> Client {
    let connection = Connection { url: url.to_owned(), token: Some(Token("s3cret".to_owned())) };
    Client::with_patience(&connection, patience).expect("a client").with_notice(|_| ())
}

fn client(server: &Loopback) -> Client {
    client_with(&server.url(), QUICK)
}

/// The error and its causes, as `main` prints them.
fn told(error: &Error) -> String {
    crate::chain(error)
}

#[test]
fn sends_path_query_and_token() {
    let server = Loopback::start(|_, _| Reply::Answer(200, vec!["ETag: \"7\"".to_owned()], "{}".to_owned()));
    let answer = client(&server).get("/users", &[("label", "team:a b&c=é")]).expect("200");
    assert_eq!((answer.status, answer.etag.as_deref()), (200, Some("\"7\"")));
    let request = &server.requests()[0];
    assert_eq!(request.line, "GET /api/v1/users?label=team%3Aa%20b%26c%3D%C3%A9");
    assert!(request.headers.contains(&"authorization: Bearer s3cret".to_owned()), "{request:?}");
}

#[test]
fn the_base_path_may_be_given_or_not() {
    let server = Loopback::start(|_, _| Reply::json(200, "{}"));
    for suffix in ["", "/", "/api/v1", "/api/v1/", "/prod"] {
        client_with(&format!("{}{suffix}", server.url()), QUICK).get("/users", &[]).expect("200");
    }
    let mut expected = vec!["GET /api/v1/users"; 4];
    expected.push("GET /prod/api/v1/users");
    assert_eq!(server.lines(), expected);
}

#[test]
fn an_unavailable_service_is_tried_again_when_it_says() {
    let server = Loopback::start(|n, _| match n {
        0 => Reply::Answer(503, vec!["Retry-After: 1".to_owned()], String::new()),
        _ => Reply::json(200, "{}"),
    });
    let notices = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&notices);
    let client = client(&server).with_notice(move |text| heard.borrow_mut().push(text.to_owned()));
    let begin = std::time::Instant::now();
    assert_eq!(client.post_repeatable("/x", "{\"a\":1}").expect("200").status, 200);
    assert!(begin.elapsed() >= Duration::from_secs(1), "Retry-After was not honoured");
    assert_eq!(*notices.borrow(), ["HTTP 503; try 2 of 5 in 1.0 s"]);
    assert_eq!(server.requests()[1].body, "{\"a\":1}");
}

#[test]
fn gives_up_after_five_tries() {
    let server = Loopback::start(|_, _| Reply::json(503, r#"{"title":"Throttled","detail":"wait"}"#));
    let error = client(&server).post_repeatable("/x", "{}").expect_err("unavailable");
    assert_eq!(server.lines().len(), 5);
    let text = told(&error);
    assert!(text.starts_with("gave up after 5 tries") && text.ends_with("Throttled: wait"), "{text}");
}

#[test]
fn a_long_retry_after_is_told_not_slept() {
    let server = Loopback::start(|_, _| Reply::Answer(503, vec!["Retry-After: 3600".to_owned()], String::new()));
    let error = client(&server).get("/x", &[]).expect_err("unavailable");
    assert!(error.to_string().contains("3600 seconds"), "{error}");
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn nobody_there_says_how_to_start_the_service() {
    let error = client_with(&nobody(), QUICK).get("/x", &[]).expect_err("refused");
    let text = told(&error).to_lowercase();
    assert!(text.contains("start it with `slo serve`") && text.contains("connection refused"), "{text}");
    let error = client_with(&nobody(), QUICK).post_repeatable("/x", "{}").expect_err("refused");
    assert!(matches!(error, Error::GaveUp { tries: 5, .. }), "{error:?}");
}

#[test]
fn silence_times_out() {
    let patience = Patience { overall: Duration::from_millis(100), ..QUICK };
    let server = Loopback::start(|_, _| Reply::Silence(Duration::from_millis(400)));
    let error = client_with(&server.url(), patience).get("/x", &[]).expect_err("silent");
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_repeatable_request_survives_a_timeout_and_a_gateway() {
    let patience = Patience { overall: Duration::from_millis(500), ..QUICK };
    let server = Loopback::start(|n, _| match n {
        0 => Reply::Silence(Duration::from_millis(800)),
        1 => Reply::json(502, ""),
        _ => Reply::json(200, "{}"),
    });
    let answer = client_with(&server.url(), patience).post_repeatable("/x", "{}");
    assert_eq!(answer.expect("200").status, 200);
}

#[test]
fn a_redirect_does_not_take_the_token_along() {
    let thief = Loopback::start(|_, _| Reply::json(200, "{}"));
    let location = format!("Location: {}/", thief.url());
    let server = Loopback::start(move |_, _| Reply::Answer(302, vec![location.clone()], String::new()));
    let error = client(&server).get("/x", &[]).expect_err("redirect");
    assert!(error.to_string().contains(&thief.url()), "{error}");
    assert!(thief.lines().is_empty());
}

#[test]
fn a_list_is_read_to_its_end() {
    let server = Loopback::start(|n, _| match n {
        0 => Reply::json(200, r#"{"items":[{"name":"a"}],"next":"p/2"}"#),
        _ => Reply::json(200, r#"{"items":[{"name":"b"}]}"#),
    });
    let items = client(&server).list("/users", &[("owner", "ann")]).expect("two pages");
    assert_eq!(items.len(), 2);
    assert_eq!(
        server.lines(),
        ["GET /api/v1/users?limit=200&owner=ann", "GET /api/v1/users?limit=200&owner=ann&cursor=p%2F2"]
    );
}

#[test]
fn a_list_that_turns_in_circles_is_an_error() {
    let server = Loopback::start(|_, _| Reply::json(200, r#"{"items":[],"next":"same"}"#));
    assert!(client(&server).list("/users", &[]).is_err());
}

#[test]
fn addresses_that_are_none_are_refused_without_repeating_them() {
    for url in ["", "127.0.0.1:8080", "ftp://x", "http://u:pass@x", "http://x?y", "http://x/#y", "http://"] {
        let connection = Connection { url: url.to_owned(), token: None };
        let error = Client::new(&connection).err().unwrap_or_else(|| panic!("{url} was taken"));
        assert!(!error.to_string().contains("pass"), "{error}");
    }
}

#[test]
fn an_empty_token_is_none_and_a_broken_one_is_not_repeated() {
    let server = Loopback::start(|_, _| Reply::json(200, "{}"));
    let with_token = |token| Client::new(&Connection { url: server.url(), token: Some(Token::from(token)) });
    with_token("").expect("no token").get("/x", &[]).expect("200");
    assert!(!server.requests()[0].headers.iter().any(|header| header.starts_with("authorization")));
    let error = with_token("two\nwords").err().expect("no header can hold it");
    assert!(!error.to_string().contains("words\n") && error.to_string().contains("SLO_TOKEN"), "{error}");
}

#[test]
fn debug_output_hides_the_token() {
    assert_eq!(format!("{:?}", Token("s3cret".to_owned())), "Token(…)");
}
