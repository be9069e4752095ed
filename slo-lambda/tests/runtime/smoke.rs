//! The stub itself, by a function that does nothing.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use super::events::rest;
use super::function::Function;
use super::stub::Stub;

/// `examples/hello.rs`: Cargo builds it for `cargo test`, but not for `cargo test --test runtime`.
fn hello() -> PathBuf {
    let test = env::current_exe().expect("this test");
    let hello = test.ancestors().nth(2).expect("target/debug").join("examples/hello");
    if !hello.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        // What Cargo tells a test would make build scripts run anew.
        for (name, _) in
            env::vars().filter(|(name, _)| ["CARGO_PKG", "CARGO_MANIFEST"].iter().any(|start| name.starts_with(start)))
        {
            cargo.env_remove(name);
        }
        let built = cargo.args(["build", "--package", "slo-lambda", "--example", "hello"]).status();
        assert!(built.expect("cargo runs").success());
    }
    hello
}

#[tokio::test]
async fn it_serves_events_one_after_the_other() {
    let stub = Stub::start().await;
    let mut function = Function::start(&stub, hello(), &[("AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH", "true")]);
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
