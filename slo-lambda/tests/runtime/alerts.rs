//! Rounds of alerts, and the topic that is told of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::given::{Given, fixture};

const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:alerts";

/// SNS, as far as publishing goes; it ends when dropped.
struct Sns {
    url: String,
    published: Arc<Mutex<Topic>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Topic {
    refuses: bool,
    /// Each message takes so long.
    takes: Duration,
    messages: Vec<Vec<(String, String)>>,
}

impl Sns {
    async fn start() -> Self {
        let published = Arc::<Mutex<Topic>>::default();
        let router = Router::new().fallback(publish).with_state(Arc::clone(&published));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let server = tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
        Self { url, published, server }
    }

    fn refuse(&self, refuses: bool) {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).refuses = refuses;
    }

    /// What was published since the last look.
    fn messages(&self) -> Vec<Vec<(String, String)>> {
        std::mem::take(&mut self.published.lock().unwrap_or_else(PoisonError::into_inner).messages)
    }
}

impl Drop for Sns {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn publish(State(topic): State<Arc<Mutex<Topic>>>, Form(members): Form<Vec<(String, String)>>) -> Response {
    let takes = topic.lock().unwrap_or_else(PoisonError::into_inner).takes;
    tokio::time::sleep(takes).await;
    let mut topic = topic.lock().unwrap_or_else(PoisonError::into_inner);
    if topic.refuses {
        let fault = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no such topic</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        return (StatusCode::NOT_FOUND, fault).into_response();
    }
    topic.messages.push(members);
    let answer = r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"#;
    ([("content-type", "text/xml")], answer).into_response()
}

fn member<'a>(message: &'a [(String, String)], name: &str) -> &'a str {
    message.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// The last minute, `good` of a hundred.
async fn measured(given: &Given, good: u8, revision: u8, minute: i64) {
    let start = Timestamp::from_second(minute * 60).expect("a time");
    let event = json!({
        "kind": "measurementsSubmitted", "indicator": "site",
        "measurements": [{"start": start, "good": good, "total": 100, "revision": revision}],
    });
    assert_eq!(Given::answered(given.stub.invoke(&event).await)["accepted"], 1);
}

#[tokio::test]
async fn a_topic_is_told_once_when_an_alert_begins_and_when_it_ends() {
    let sns = Sns::start().await;
    let given = Given::with(&[("AWS_ENDPOINT_URL_SNS", &sns.url), ("SLO_ALERT_TOPIC_ARN", ARN)]).await;
    let round = json!({"kind": "alertEvaluationRequested"});
    let evaluated = |firing: u8, changed: u8| {
        json!({
            "kind": "alertsEvaluated", "objectives": 1, "firing": firing, "changed": changed, "delivered": changed,
            "overtaken": false,
        })
    };
    assert_eq!(Given::answered(given.stub.invoke(&round).await), evaluated(0, 0));

    let minute = Timestamp::now().as_second() / 60 - 1;
    measured(&given, 20, 0, minute).await;
    // The schedule asks for it, in its envelope too.
    let schedule = fixture("schedule", &json!({"detail": round.to_string()}));
    assert_eq!(Given::answered(given.stub.invoke(&schedule).await), evaluated(4, 4));
    let messages = sns.messages();
    assert_eq!(messages.len(), 4);
    let first = &messages[0];
    assert_eq!((member(first, "Action"), member(first, "TopicArn")), ("Publish", ARN));
    assert_eq!(member(first, "Subject"), "page: shop burns its error budget too fast (1h and 5m)");
    let attributes: Vec<&str> = (1..=4)
        .map(|i| {
            let name = member(first, &format!("MessageAttributes.entry.{i}.Name"));
            assert_eq!(member(first, &format!("MessageAttributes.entry.{i}.Value.DataType")), "String", "{name}");
            name
        })
        .collect();
    let mut sorted = attributes;
    sorted.sort_unstable();
    assert_eq!(sorted, ["objective", "service", "severity", "state"]);
    let message: Value = serde_json::from_str(member(first, "Message")).expect("JSON");
    for (name, value) in [
        ("kind", json!("alertChanged")),
        ("objective", json!("shop")),
        ("service", json!("web")),
        ("severity", json!("page")),
        ("state", json!("firing")),
        ("longWindow", json!("1h")),
        ("shortWindow", json!("5m")),
        // 80 % of events are bad, 1 % may be.
        ("longBurnRate", json!(80)),
        ("shortBurnRate", json!(80)),
        ("threshold", json!(13.44)),
    ] {
        assert_eq!(message[name], value, "{name}: {message}");
    }

    assert_eq!(Given::answered(given.stub.invoke(&round).await), evaluated(4, 0));
    assert_eq!(sns.messages().len(), 0, "nothing has changed");
    measured(&given, 100, 1, minute).await;
    assert_eq!(Given::answered(given.stub.invoke(&round).await), evaluated(0, 4));
    let subjects: Vec<String> = sns.messages().iter().map(|message| member(message, "Subject").to_owned()).collect();
    assert_eq!(subjects.len(), 4);
    assert!(subjects.iter().all(|subject| subject.starts_with("resolved: shop, ")), "{subjects:?}");
}

#[tokio::test]
async fn what_a_topic_does_not_take_waits_for_the_next_round() {
    let sns = Sns::start().await;
    let given = Given::with(&[("AWS_ENDPOINT_URL_SNS", &sns.url), ("SLO_ALERT_TOPIC_ARN", ARN)]).await;
    let round = json!({"kind": "alertEvaluationRequested"});
    measured(&given, 20, 0, Timestamp::now().as_second() / 60 - 1).await;
    sns.refuse(true);
    for _ in 0..2 {
        let error = given.stub.invoke(&round).await.expect_err("the topic refuses");
        assert_eq!(error.kind, "Unavailable");
        let message = "4 notifications wait for the next round, because the topic did not take them; look whether it exists and the function may publish to it";
        assert_eq!(error.message, message);
    }
    sns.refuse(false);
    let answer = Given::answered(given.stub.invoke(&round).await);
    assert_eq!((&answer["firing"], &answer["changed"], &answer["delivered"]), (&json!(4), &json!(0), &json!(4)));
    assert_eq!(sns.messages().len(), 4);
}

#[tokio::test]
async fn what_a_slow_topic_was_told_is_recorded_before_the_time_is_over() {
    let sns = Sns::start().await;
    let given = Given::with(&[("AWS_ENDPOINT_URL_SNS", &sns.url), ("SLO_ALERT_TOPIC_ARN", ARN)]).await;
    measured(&given, 20, 0, Timestamp::now().as_second() / 60 - 1).await;
    sns.published.lock().unwrap_or_else(PoisonError::into_inner).takes = Duration::from_millis(400);
    // Time for one or two of four.
    let (round, limit) = (json!({"kind": "alertEvaluationRequested"}), Duration::from_secs(3));
    let mut told = Vec::new();
    for _ in 0..10 {
        let answer = given.stub.invoke_within(&round, limit).await;
        told.extend(sns.messages().iter().map(|message| member(message, "Message").to_owned()));
        match answer {
            Ok(_) => break,
            Err(error) => assert_eq!(error.kind, "Unavailable", "{error:?}"),
        }
    }
    let mut ids: Vec<Value> =
        told.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON")["id"].clone()).collect();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), 4);
    // One that was on its way when the time was over may come again, in each round.
    assert!(told.len() <= 8, "{} messages", told.len());
    let answer = Given::answered(given.stub.invoke(&round).await);
    assert_eq!((&answer["firing"], &answer["delivered"]), (&json!(4), &json!(0)));
}

#[tokio::test]
async fn a_topic_that_keeps_order_is_given_a_group() {
    let sns = Sns::start().await;
    let arn = format!("{ARN}.fifo");
    let given = Given::with(&[("AWS_ENDPOINT_URL_SNS", &sns.url), ("SLO_ALERT_TOPIC_ARN", &arn)]).await;
    measured(&given, 20, 0, Timestamp::now().as_second() / 60 - 1).await;
    Given::answered(given.stub.invoke(&json!({"kind": "alertEvaluationRequested"})).await);
    let messages = sns.messages();
    let mut ids: Vec<&str> = messages.iter().map(|message| member(message, "MessageDeduplicationId")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    // What SNS takes for one.
    assert!(ids.iter().all(|id| id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic())), "{ids:?}");
    assert!(messages.iter().all(|message| member(message, "MessageGroupId") == "shop"));
}
