//! The stub itself, by a function that does nothing.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::events::rest;
use super::function::Function;
use super::stub::Stub;

const HELLO: &str = env!("CARGO_BIN_EXE_hello");

#[tokio::test]
async fn it_serves_events_one_after_the_other() {
    let stub = Stub::start().await;
    let mut function = Function::start(&stub, HELLO, &[("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")]);
    let ready = stub.ready().await.expect("it initialises");
    assert!(ready > function.started);
    for _ in 0..20 {
        let answer = stub.invoke(&rest("GET", "/", &[], None)).await.expect("an answer");
        assert_eq!((&answer["statusCode"], &answer["body"]), (&200.into(), &r#"{"hello":"world"}"#.into()));
    }
    let answers = join_all((0..20).map(|_| async { stub.invoke(&rest("GET", "/healthz", &[], None)).await })).await;
    assert!(answers.iter().all(|answer| answer.as_ref().expect("an answer")["statusCode"] == 200));

    let error = stub.invoke(&json!("no request")).await.expect_err("an error");
    assert!(!error.kind.is_empty() && !error.message.is_empty(), "{error:?}");
    function.terminate();
    assert!(!function.exit().await.success());
    let error = stub.invoke_within(&rest("GET", "/", &[], None), Duration::from_millis(50)).await.expect_err("nobody");
    assert_eq!(error.kind, "Sandbox.Timedout");
}
