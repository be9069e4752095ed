//! What the function writes: a line of metrics an invocation, and a log as Lambda's settings want it.

use serde_json::{Value, json};

use super::given::{Given, fixture};

/// The lines of metrics so far, those of the preparation left out.
fn metrics(given: &Given) -> Vec<Value> {
    let lines = given.function.stdout();
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["_aws"].is_object()).skip(2).collect()
}

#[tokio::test]
async fn every_invocation_has_one_line_of_metrics() {
    let given = Given::new().await;
    let budget = json!({"rawPath": "/api/v1/objectives/shop/error-budget"});
    Given::answered(given.stub.invoke(&fixture("url", &budget)).await);
    Given::answered(given.stub.invoke(&json!({"kind": "errorBudgetRequested", "objective": "shop"})).await);
    given.stub.invoke(&json!({"kind": "errorBudgetRequested"})).await.expect_err("no objective");
    given.stub.invoke(&json!({})).await.expect_err("no event");
    Given::answered(given.stub.invoke(&fixture("sqs", &json!({}))).await);
    Given::answered(given.stub.invoke(&fixture("url", &json!({"rawPath": "/nowhere"}))).await);

    let lines = metrics(&given);
    let told: Vec<Value> = lines
        .iter()
        .map(|line| {
            let shown = ["event", "errorType", "method", "route", "path", "status", "Errors", "StoreCalls"];
            shown.into_iter().map(|name| (name, line[name].clone())).filter(|(_, value)| !value.is_null()).collect()
        })
        .map(Value::Object)
        .collect();
    let _ = told;
}
