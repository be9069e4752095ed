//! A handler that panics takes nothing with it.

use std::env;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use serde_json::{Value, json};
use slo_core::Service;
use slo_core::testing::MockDefinitionRepository;

use super::function::Function;
use super::given::{Given, fixture};
use super::stub::Stub;

/// Not a test but a function whose store has a defect: to look for an indicator makes it panic. The test below runs it
/// as a process of its own.
#[test]
#[ignore = "a function, which the test below starts"]
fn function() {
    let mut indicators = MockDefinitionRepository::new();
    indicators.expect_get().returning(|name| panic!("a detail of {name} that stays here"));
    let service = Service { indicators: Arc::new(indicators), ..Service::in_memory() };
    assert_eq!(slo_lambda::function::run_on(service), ExitCode::SUCCESS);
}

#[tokio::test]
async fn after_a_panic_the_next_request_is_answered() {
    let stub = Stub::start().await;
    let mut command = Command::new(env::current_exe().expect("this test"));
    command.args(["--exact", "panic::function", "--ignored", "--nocapture"]);
    let mut function = Function::spawn(&stub, command, &[]);
    stub.ready().await.expect("it initialises");
    for _ in 0..3 {
        let event = json!({"kind": "measurementsRequested", "indicator": "site"});
        let error = stub.invoke(&event).await.expect_err("it panics");
        let message = "this is a defect; the log of the request says more";
        assert_eq!((error.kind.as_str(), error.message.as_str()), ("Internal", message));
        let event = json!({"kind": "errorBudgetRequested", "objective": "sound"});
        assert_eq!(stub.invoke(&event).await.expect_err("there is none").kind, "NotFound");

        let event = fixture("url", &json!({"rawPath": "/api/v1/indicators/site"}));
        let answer = Given::answered(stub.invoke(&event).await);
        assert_eq!(answer["statusCode"], 500);
        let problem: Value = serde_json::from_str(answer["body"].as_str().expect("a text")).expect("JSON");
        assert_eq!(problem["type"], "/problems/internal");
        assert!(!answer.to_string().contains("a detail"), "{answer}");
        let event = fixture("url", &json!({"rawPath": "/api/v1/objectives/sound"}));
        assert_eq!(Given::answered(stub.invoke(&event).await)["statusCode"], 404);
    }
    // A message that trips over the defect takes no other one of its batch along.
    let failed = Given::answered(stub.invoke(&fixture("sqs", &json!({}))).await);
    assert_eq!(failed["batchItemFailures"].as_array().map(Vec::len), Some(2), "{failed}");
    // What it was is in the log.
    function.terminate();
    assert!(function.exit().await.success());
    function.said("test result: ok").await;
    let log = function.stdout();
    assert!(log.iter().any(|line| line.contains(r#""panic":"a detail of site that stays here""#)), "{log:?}");
    let errors = log.iter().filter(|line| line.contains("\"Errors\":1")).count();
    // Half of the answers without HTTP are that there is none.
    assert_eq!(errors, 3 + 3 + 3 + 1, "{log:?}");
}
