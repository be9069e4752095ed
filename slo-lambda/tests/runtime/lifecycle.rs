//! From the start of the process to its end, with stores that are well, slow, silent or absent.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::events::rest;
use super::function::Function;
use super::given::fixture;
use super::store::Store;
use super::stub::Stub;

const BOOTSTRAP: &str = env!("CARGO_BIN_EXE_bootstrap");
/// What a client of API Gateway would wait for at the very least.
const SOON: Duration = Duration::from_secs(10);

fn health() -> Value {
    rest("GET", "/healthz", &[], None)
}

/// Of a request that needs the store.
fn lookup() -> Value {
    rest("GET", "/api/v1/objectives/nothing", &[], None)
}

/// A function that has reached its first `next`.
async fn start(store: &Store, more: &[(&str, &str)]) -> (Stub, Function) {
    let stub = Stub::start().await;
    let function =
        Function::start(&stub, BOOTSTRAP, &[&[("AWS_ENDPOINT_URL_DYNAMODB", store.url.as_str())], more].concat());
    stub.ready().await.expect("it initialises");
    (stub, function)
}

#[tokio::test]
async fn one_process_answers_many_events() {
    let store = Store::start().await;
    let (stub, mut function) = start(&store, &[]).await;
    for _ in 0..100 {
        assert_eq!(stub.invoke(&health()).await.expect("an answer")["statusCode"], 200);
        assert_eq!(stub.invoke(&lookup()).await.expect("an answer")["statusCode"], 404);
    }
    assert!(function.child.try_wait().expect("it is a child").is_none(), "it goes on");
}

#[tokio::test]
async fn as_many_events_at_once_as_lambda_says() {
    let delay = Duration::from_millis(100);
    let store = Store::slow(delay).await;
    let (stub, _function) = start(&store, &[("AWS_LAMBDA_MAX_CONCURRENCY", "8")]).await;
    let begun = Instant::now();
    while stub.polls() < 8 {
        assert!(begun.elapsed() < SOON, "{} at once", stub.polls());
        sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    let answers = join_all((0..32).map(|_| async { stub.invoke(&lookup()).await })).await;
    for answer in answers {
        assert_eq!(answer.expect("an answer")["statusCode"], 404);
    }
    assert!(begun.elapsed() < 24 * delay, "not one after the other: {:?}", begun.elapsed());
    assert_eq!(stub.invoke(&health()).await.expect("an answer")["statusCode"], 200);
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_told_to_lambda() {
    let stub = Stub::start().await;
    let mut function = Function::start(&stub, BOOTSTRAP, &[("SLO_TABLE_PREFIX", "no/slash")]);
    let error = stub.ready().await.expect_err("it must not start");
    assert_eq!(error.kind, "InitialisationFailed");
    assert!(error.message.contains("SLO_TABLE_PREFIX"), "{error:?}");
    assert!(!function.exit().await.success());
    assert!(function.stdout().iter().any(|line| line.contains("SLO_TABLE_PREFIX")), "the log says it too");
}

/// Both without and with a store the start is the same to Lambda: what cannot be reached now may be soon.
async fn unavailable(store: &Store) {
    let (stub, mut function) = start(store, &[]).await;
    let begun = Instant::now();
    let answer = stub.invoke(&lookup()).await.expect("an answer, no function error");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert_eq!(header(&answer, "content-type"), "application/problem+json");
    assert!(!header(&answer, "retry-after").is_empty());
    assert_eq!(stub.invoke(&health()).await.expect("an answer")["statusCode"], 200, "what needs no store works");
    assert!(function.child.try_wait().expect("it is a child").is_none(), "it goes on");
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    let values = ["headers", "multiValueHeaders"].into_iter().filter_map(|member| answer[member].get(name));
    let text = |value: &'a Value| value.as_str().or_else(|| value[0].as_str());
    values.filter_map(text).next().unwrap_or_default()
}

#[tokio::test]
async fn a_store_that_never_answers_is_a_503() {
    unavailable(&Store::silent().await).await;
}

#[tokio::test]
async fn a_store_that_is_not_there_is_a_503() {
    unavailable(&Store::absent().await).await;
}

#[tokio::test]
async fn an_answer_comes_before_the_time_limit() {
    let store = Store::silent().await;
    let (stub, function) = start(&store, &[]).await;
    let limit = Duration::from_secs(2);
    let answer = stub.invoke_within(&lookup(), limit).await.expect("an answer in time");
    assert_eq!(answer["statusCode"], 503, "{answer}");
    assert!(answer["body"].as_str().is_some_and(|body| body.contains("took longer")), "{answer}");
    assert!(header(&answer, "server-timing").starts_with("store;"), "{answer}");
    assert_eq!((header(&answer, "x-request-id").len(), header(&answer, "retry-after")), (36, "1"), "{answer}");
    function.said(r#""status":503"#).await;
    assert!(function.stdout().iter().any(|line| line.contains(r#""Errors":1"#) && line.contains(r#""status":503"#)));
    // People get a page that says so.
    let page = stub.invoke_within(&rest("GET", "/", &[], None), limit).await.expect("an answer in time");
    assert_eq!(
        (&page["statusCode"], header(&page, "content-type")),
        (&json!(503), "text/html; charset=utf-8"),
        "{page}"
    );
    assert!(header(&page, "content-security-policy").starts_with("default-src 'none'"), "{page}");
    assert!(page["body"].as_str().is_some_and(|body| body.contains("took longer") && body.contains("<h1>")), "{page}");
    let event = json!({"kind": "errorBudgetRequested", "objective": "shop"});
    assert_eq!(stub.invoke_within(&event, limit).await.expect_err("no answer").kind, "TimedOut");
    // Neither do messages get lost.
    let batch = fixture("sqs", &json!({}));
    let failed = stub.invoke_within(&batch, limit).await.expect("an answer in time");
    assert_eq!(failed["batchItemFailures"].as_array().map(Vec::len), Some(2), "{failed}");
}

#[tokio::test]
async fn a_limit_in_the_past_is_none() {
    let store = Store::start().await;
    let (stub, _function) = start(&store, &[]).await;
    assert_eq!(stub.invoke_late(&lookup()).await.expect("an answer")["statusCode"], 404);
}

#[tokio::test]
async fn an_idle_function_ends_when_told_to() {
    let store = Store::start().await;
    let (_stub, mut function) = start(&store, &[]).await;
    function.terminate();
    let begun = Instant::now();
    assert_eq!(function.exit().await.code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(1), "there is nothing to wait for: {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_function_that_is_told_to_end_answers_first() {
    for concurrency in [&[][..], &[("AWS_LAMBDA_MAX_CONCURRENCY", "4")]] {
        let store = Store::slow(Duration::from_millis(600)).await;
        let (stub, mut function) = start(&store, concurrency).await;
        let (event, end) = (lookup(), async {
            sleep(Duration::from_millis(200)).await;
            function.terminate();
            function.exit().await
        });
        let (answer, status) = tokio::join!(stub.invoke_within(&event, SOON), end);
        assert_eq!(answer.expect("an answer")["statusCode"], 404);
        assert_eq!(status.code(), Some(0));
    }
}
