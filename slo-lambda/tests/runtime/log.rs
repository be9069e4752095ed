//! What the function writes: a line of metrics an invocation, and a log as Lambda's settings want it.

use serde_json::{Value, json};

use super::function::Function;
use super::given::{Given, fixture};
use super::store::Store;
use super::stub::Stub;

/// Lines as JSON, those that are no JSON left out.
fn json_lines(function: &Function) -> Vec<Value> {
    function.stdout().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn metrics(function: &Function) -> Vec<Value> {
    json_lines(function).into_iter().filter(|line| line["_aws"].is_object()).collect()
}

#[tokio::test]
async fn every_invocation_has_one_line_of_metrics() {
    let given = Given::new().await;
    // The definitions.
    given.function.said("/api/v1/objectives/shop").await;
    let before = metrics(&given.function).len();
    assert_eq!(before, 2);
    let budget = json!({"rawPath": "/api/v1/objectives/shop/error-budget"});
    Given::answered(given.stub.invoke(&fixture("url", &budget)).await);
    Given::answered(given.stub.invoke(&json!({"kind": "errorBudgetRequested", "objective": "shop"})).await);
    given.stub.invoke(&json!({"kind": "errorBudgetRequested"})).await.expect_err("no objective");
    given.stub.invoke(&json!({})).await.expect_err("no event");
    Given::answered(given.stub.invoke(&fixture("sqs", &json!({}))).await);
    Given::answered(given.stub.invoke(&fixture("url", &json!({"rawPath": "/nowhere"}))).await);

    given.function.said("/nowhere").await;
    let lines = metrics(&given.function);
    let shown = |line: &Value| {
        let text = |name: &str| line[name].as_str().map_or_else(|| line[name].to_string(), str::to_owned);
        ["event", "errorType", "route", "status", "Errors", "ColdStarts"].map(text).join(" ")
    };
    assert_eq!(shown(&lines[0]), "null null /api/v1/indicators/{name} 201 0 1");
    assert_eq!(
        lines[before..].iter().map(shown).collect::<Vec<_>>(),
        [
            "null null /api/v1/objectives/{name}/error-budget 200 0 0",
            "errorBudgetRequested null null null 0 0",
            "errorBudgetRequested InvalidEvent null null 1 0",
            "unknown UnknownEvent null null 1 0",
            "queue null null null 0 0",
            "null null  404 0 0",
        ]
    );
    // The same work costs the same, whatever way it was asked for.
    let cost = |line: &Value| ["StoreCalls", "ReadUnits", "WriteUnits"].map(|name| line[name].to_string());
    assert_eq!(cost(&lines[before]), cost(&lines[before + 1]));
    assert_ne!(cost(&lines[before])[..2], ["0", "0"]);
    for line in &lines {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("ErrorBudgets"), &json!([[]])));
        for metric in directive["Metrics"].as_array().expect("metrics") {
            assert!(line[metric["Name"].as_str().expect("a name")].is_number(), "{metric}: {line}");
        }
        assert!(line["_aws"]["Timestamp"].as_i64().is_some_and(|ms| ms > 1_700_000_000_000), "{line}");
        assert!(line["xRayTraceId"].as_str().is_some_and(|id| id.starts_with("Root=1-")), "{line}");
        assert_eq!(line["requestId"].as_str().map(str::len), Some(36), "{line}");
    }
}

#[tokio::test]
async fn metrics_go_where_they_are_told() {
    let given = Given::with(&[("SLO_METRICS_NAMESPACE", "Shop/Budgets")]).await;
    given.function.said("_aws").await;
    assert_eq!(metrics(&given.function)[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"], "Shop/Budgets");
    let mut given = Given::with(&[("SLO_METRICS_NAMESPACE", "")]).await;
    given.function.terminate();
    given.function.exit().await;
    assert_eq!(metrics(&given.function), Vec::<Value>::new());
}

#[tokio::test]
async fn lambda_leaves_no_metrics_out_and_hears_no_secrets() {
    for (level, expected) in [("FATAL", "FATAL"), ("TRACE", "TRACE"), ("", "INFO")] {
        let mut given = Given::with(&[("AWS_LAMBDA_LOG_LEVEL", level)]).await;
        let secret = json!({"headers": {"authorization": "Bearer of-a-secret"}});
        Given::answered(given.stub.invoke(&fixture("http", &secret)).await);
        given.function.terminate();
        given.function.exit().await;
        let lines = metrics(&given.function);
        assert_eq!(lines.len(), 3, "{level}");
        for line in lines {
            assert_eq!(line["level"], expected);
            assert!(line["timestamp"].as_str().is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()), "{line}");
        }
        let told = given.function.stdout().into_iter().chain(given.function.stderr());
        let told: Vec<String> = told.filter(|line| line.contains("of-a-secret")).collect();
        assert!(told.is_empty(), "{level}: {told:?}");
    }
}

/// The log of a function whose store is out of reach, after one request.
async fn warned(variables: &[(&str, &str)]) -> Vec<String> {
    let stub = Stub::start().await;
    let nowhere = Store::start().await.url.clone();
    let variables: Vec<_> =
        [("AWS_ENDPOINT_URL_DYNAMODB", nowhere.as_str())].iter().chain(variables).copied().collect();
    let function = Function::start(&stub, env!("CARGO_BIN_EXE_bootstrap"), &variables);
    stub.ready().await.expect("it initialises without its store");
    let error = stub.invoke(&json!({"kind": "errorBudgetRequested", "objective": "shop"})).await.expect_err("no store");
    assert_eq!(error.kind, "Unavailable");
    assert_eq!(error.message, "the store is busy or out of reach; send the same again, it is safe to repeat");
    // The line of metrics comes last.
    function.said(r#""errorType":"Unavailable""#).await;
    let lines = function.stdout();
    lines.into_iter().filter(|line| !line.contains("\"_aws\"")).collect()
}

#[tokio::test]
async fn the_log_is_as_lambda_is_told_to() {
    let lines = warned(&[]).await;
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()), "{lines:?}");
    assert_eq!(lines[0]["message"], "the store did not answer at the start; the first request will try again");
    let told = lines.iter().find(|line| line["message"] == "the store is not available").expect("a warning");
    assert_eq!(told["level"], "WARN");
    assert_eq!(told["span"]["requestId"].as_str().map(str::len), Some(36), "{told}");
    assert!(told["span"]["xrayTraceId"].is_string(), "{told}");

    assert_eq!(
        warned(&[("AWS_LAMBDA_LOG_LEVEL", "FATAL")]).await.iter().filter(|line| line.contains("WARN")).count(),
        0
    );
    let text = warned(&[("AWS_LAMBDA_LOG_FORMAT", "Text")]).await;
    assert!(text.iter().any(|line| line.contains("WARN") && !line.starts_with('{')), "{text:?}");
}
