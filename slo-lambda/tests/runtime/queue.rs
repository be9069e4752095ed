//! Batches of a queue: what was written is not asked for again, what was not is.

use serde_json::{Value, json};

use super::given::{Given, fixture};

fn ids(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().expect("a list");
    let mut ids: Vec<_> = failures.iter().map(|item| item["itemIdentifier"].as_str().expect("an id")).collect();
    ids.sort_unstable();
    ids
}

/// The fixture with other messages: id and body.
fn messages(messages: &[(&str, &str)]) -> Value {
    let record = &fixture("sqs", &json!({}))["Records"][0];
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| {
            let mut record = record.clone();
            (record["messageId"], record["body"]) = (json!(id), json!(body));
            record
        })
        .collect();
    json!({"Records": records})
}

async fn stored(given: &Given) -> Value {
    let asked = json!({
        "kind": "measurementsRequested", "indicator": "site", "from": "2026-11-20T12:00:00Z", "to": "2026-11-20T13:00:00Z",
    });
    Given::answered(given.stub.invoke(&asked).await)["items"].clone()
}

#[tokio::test]
async fn a_batch_that_comes_again_counts_once() {
    let given = Given::new().await;
    for _ in 0..3 {
        let answer = Given::answered(given.stub.invoke(&fixture("sqs", &json!({}))).await);
        assert_eq!(answer, json!({"batchItemFailures": []}));
        assert_eq!(stored(&given).await, json!([{"start": "2026-11-20T12:00:00Z", "good": 19, "total": 20}]));
    }
}

#[tokio::test]
async fn only_what_failed_comes_again() {
    let given = Given::new().await;
    let body = |minute: u8, good: u8| {
        format!(
            r#"{{"indicator":"site","measurements":[{{"start":"2026-11-20T12:{minute:02}:00Z","good":{good},"total":10}}]}}"#
        )
    };
    let (first, second, third) = (body(0, 10), body(1, 9), body(0, 5));
    let unknown = first.replace("site", "nothing");
    let event = messages(&[
        ("1-good", &first),
        ("2-no-json", "{"),
        ("3-other-kind", r#"{"kind":"errorBudgetRequested","objective":"shop"}"#),
        ("4-unknown-indicator", &unknown),
        ("5-invalid", r#"{"indicator":"site","measurements":[{"start":"2026-11-20T12:00:00Z"}]}"#),
        ("6-good", &second),
        ("7-empty", ""),
    ]);
    let answer = Given::answered(given.stub.invoke(&event).await);
    assert_eq!(ids(&answer), ["2-no-json", "3-other-kind", "4-unknown-indicator", "5-invalid", "7-empty"]);
    let both = json!([{"start": "2026-11-20T12:00:00Z", "good": 19, "total": 20}]);
    assert_eq!(stored(&given).await, both);
    // Why is in the log, with the message's id.
    given.function.said("2-no-json").await;
    let log = given.function.stdout();
    let line = log.iter().find(|line| line.contains("2-no-json")).expect("a line of the log");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["level"], &line["error_type"]), (&json!("WARN"), &json!("MalformedEvent")), "{line}");
    assert_eq!(
        (&line["message"], &line["message_id"]),
        (&json!("a message comes again"), &json!("2-no-json")),
        "{line}"
    );
    // And an alarm can see it.
    given.function.said("failedMessages").await;
    let log = given.function.stdout();
    let line = log.iter().find(|line| line.contains("failedMessages")).expect("a line of metrics");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["failedMessages"], &line["Errors"]), (&json!(5), &json!(1)), "{line}");

    // Other counts of a minute that is there: somebody has to look, nothing changes.
    let answer = Given::answered(given.stub.invoke(&messages(&[("conflict", &third), ("again", &first)])).await);
    assert_eq!(ids(&answer), ["conflict"]);
    assert_eq!(stored(&given).await, both);
}

#[tokio::test]
async fn records_of_something_else_are_a_typed_error() {
    let given = Given::new().await;
    let mut stream = fixture("sqs", &json!({}));
    stream["Records"][1]["eventSource"] = json!("aws:kinesis");
    let mut anonymous = fixture("sqs", &json!({}));
    anonymous["Records"][0]["messageId"] = Value::Null;
    for event in [stream, anonymous, json!({"Records": {}}), json!({"Records": [5]})] {
        let error = given.stub.invoke(&event).await.expect_err("no messages");
        assert_eq!(error.kind, "MalformedEvent", "{error:?}");
    }
    assert_eq!(stored(&given).await, json!([]), "nothing of a batch that is refused is written");
}
