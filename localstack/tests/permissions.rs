//! The policies of the Terraform module allow exactly what the functions ask of the tables.

mod common;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use jiff::Timestamp;
use serde_json::{Value, json};
use slo_core::{AlertChange, Batch, EventCounts, Measurement, Minute, Name, Notifier, Service, Source};
use slo_dynamo::Store;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use slo_lambda::{App, router};
use tokio::net::TcpListener;

use common::plan;

/// One thing that a request needs to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    action: String,
    /// `slo` or `counts`, and the index if it is one.
    resource: String,
    /// The partition key, where an action has one.
    partition: String,
}

/// What was asked of the tables.
#[derive(Clone, Debug, Default)]
struct Asked(Arc<Mutex<BTreeSet<Need>>>);

impl Intercept for Asked {
    fn name(&self) -> &'static str {
        "Asked"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let operation = request.headers().get("x-amz-target").and_then(|target| target.split('.').nth(1));
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default())?;
        self.0.lock().expect("unpoisoned").extend(needs(operation.expect("an operation"), &body));
        Ok(())
    }
}

/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB"; a
/// transaction needs what its parts need.
fn needs(operation: &str, body: &Value) -> Vec<Need> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let need = |action: &str, table: &str, partition: &Value| Need {
        action: format!("dynamodb:{action}"),
        resource: table.to_owned(),
        partition: text(&partition["S"]),
    };
    let table = text(&body["TableName"]);
    match operation {
        "GetItem" | "UpdateItem" | "DeleteItem" => vec![need(operation, &table, &body["Key"]["pk"])],
        "PutItem" => vec![need(operation, &table, &body["Item"]["pk"])],
        "Query" => {
            let index = body["IndexName"].as_str().map_or_else(String::new, |index| format!("/index/{index}"));
            vec![need(operation, &(table + &index), &body["ExpressionAttributeValues"][":pk"])]
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().expect("tables");
            let keys = |wanted: &Value| wanted["Keys"].as_array().expect("keys").clone();
            let wanted =
                tables.iter().flat_map(|(table, wanted)| keys(wanted).into_iter().map(move |key| (table, key)));
            wanted.map(|(table, key)| need(operation, table, &key["pk"])).collect()
        }
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().expect("items");
            let parts = items.iter().flat_map(|item| item.as_object().expect("an action"));
            let part = |(kind, part): (&String, &Value)| {
                let (action, key) = match kind.as_str() {
                    "Put" => ("PutItem", &part["Item"]),
                    "Delete" => ("DeleteItem", &part["Key"]),
                    other => panic!("a {other} in a transaction"),
                };
                need(action, &text(&part["TableName"]), &key["pk"])
            };
            parts.map(part).collect()
        }
        other => panic!("{other} is new: say here what it needs"),
    }
}

impl Asked {
    /// A store that records, on tables of its own.
    async fn store(&self) -> Store {
        let client = Engine::memory().expect("memory").client();
        create_tables(&client, &TableNames::default()).await.expect("they are new");
        let recording = client.config().to_builder().interceptor(self.clone()).build();
        Store::builder(Client::from_conf(recording)).build()
    }

    fn all(&self) -> BTreeSet<Need> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

/// The statements of a role's policy about the tables.
fn statements(role: &str) -> Vec<Value> {
    let plan = plan(&json!({"target": "aws", "measurement_queue": true}));
    let policy =
        plan.resources[&format!("aws_iam_role_policy.{role}")]["policy"].as_str().expect("a policy").to_owned();
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    let statements = policy["Statement"].as_array().expect("statements").iter();
    let about_tables = |statement: &&Value| strings(&statement["Action"]).iter().any(|a| a.starts_with("dynamodb:"));
    statements.filter(about_tables).cloned().collect()
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// Whether a statement names what is needed.
fn covers(statement: &Value, need: &Need) -> bool {
    let resource = need.resource.replacen("slo", "${aws_dynamodb_table.definitions.arn}", 1);
    let resource = resource.replacen("counts", "${aws_dynamodb_table.counts.arn}", 1);
    let mut met = true;
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, patterns) in keys.as_object().expect("keys") {
            assert_eq!((operator.as_str(), key.as_str()), ("ForAllValues:StringLike", "dynamodb:LeadingKeys"));
            met &= strings(patterns).iter().any(|pattern| like(&need.partition, pattern));
        }
    }
    met && strings(&statement["Action"]).contains(&need.action.as_str())
        && strings(&statement["Resource"]).contains(&resource.as_str())
}

/// `*` stands for any characters.
fn like(text: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => text == pattern,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|&at| text.is_char_boundary(at)).any(|at| like(&text[at..], rest))
        }),
    }
}

/// Allowed is what was asked for, and no action on no table that was not.
#[track_caller]
fn exact(role: &str, asked: &BTreeSet<Need>) {
    let statements = statements(role);
    for statement in &statements {
        assert_eq!(statement["Effect"], "Allow");
    }
    for need in asked {
        assert!(statements.iter().any(|statement| covers(statement, need)), "{role} may not: {need:?}");
    }
    for statement in &statements {
        for action in strings(&statement["Action"]) {
            for resource in strings(&statement["Resource"]) {
                let one = json!({
                    "Action": action, "Resource": resource,
                    "Condition": statement["Condition"].as_object().cloned().unwrap_or_default(),
                });
                assert!(asked.iter().any(|need| covers(&one, need)), "{role} never needs {action} on {resource}");
            }
        }
    }
}

/// The API on a store, at the URL that it answers.
async fn serve(service: Service) -> String {
    let app = App::new(service, Timestamp::now);
    // As a function does at its start.
    app.warm_up().await.expect("the store answers");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async { axum::serve(listener, router(app)).await.expect("it serves") });
    url
}

/// An indicator, and an objective of that name.
fn define(url: &str, name: &str) {
    let put = |path: &str, body: Value| {
        ureq::put(format!("{url}/api/v1/{path}/{name}")).send_json(body).expect("it is created");
    };
    put("indicators", json!({"service": "web", "kind": "ratio"}));
    put(
        "objectives",
        json!({
            "service": "web", "indicator": name, "target": 0.999, "budgetingMethod": "Occurrences",
            "timeWindow": {"duration": "28d", "isRolling": true},
        }),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_may_do_what_the_whole_api_needs_and_no_more() {
    let asked = Asked::default();
    let url = serve(asked.store().await.service()).await;
    let smoke = url.clone();
    let smoke = move || Command::new(env!("CARGO_BIN_EXE_smoke")).arg(smoke).output().expect("it runs");
    let walked = tokio::task::spawn_blocking(smoke).await.expect("no panic");
    assert!(walked.status.success(), "{}", String::from_utf8_lossy(&walked.stdout));
    // Which items a window begins and ends in depends on the hour, and so do the requests: each hour of yesterday.
    tokio::task::spawn_blocking(move || {
        define(&url, "one");
        let yesterday = Minute::floor(Timestamp::now()).on_grid(1_440) - 1_440;
        let batch = json!({"measurements": [{"start": yesterday.timestamp().to_string(), "good": 9, "total": 10}]});
        ureq::post(format!("{url}/api/v1/indicators/one/measurements")).send_json(batch).expect("it is written");
        for hour in 0..24 {
            let at = (yesterday + 60 * hour + 34).timestamp();
            ureq::get(format!("{url}/api/v1/objectives/one/error-budget?at={at}")).call().expect("a budget");
        }
    })
    .await
    .expect("no panic");
    exact("api", &asked.all());
}

#[tokio::test]
async fn no_policy_lets_history_be_deleted() {
    for role in ["api", "worker"] {
        let history = ["indicator#site", "objective#shop", "service#web", "user#ann", "policy#policy"];
        // And what was decided, by which policy, and in which months; and who did what.
        for partition in history.into_iter().chain(["policy", "decision#2026-11", "decision", "audit"]) {
            let need = Need {
                action: "dynamodb:DeleteItem".to_owned(),
                resource: "slo".to_owned(),
                partition: partition.to_owned(),
            };
            assert!(!statements(role).iter().any(|statement| covers(statement, &need)), "{role}: {partition}");
        }
    }
}

/// Takes every change of an alert.
struct Heard;

#[async_trait]
impl Notifier for Heard {
    async fn notify(&self, _: &AlertChange) -> Result<(), Source> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_may_do_what_its_events_need_and_no_more() {
    let asked = Asked::default();
    let store = asked.store().await;
    let url = serve(store.service()).await;
    tokio::task::spawn_blocking(move || ["many", "one"].map(|name| define(&url, name))).await.expect("no panic");
    // What came so far is the API's work.
    asked.0.lock().expect("unpoisoned").clear();

    let service = store.service();
    App::new(service.clone(), Timestamp::now).warm_up().await.expect("the store answers");
    // Which items a window begins and ends in depends on the hour, and so do the requests: yesterday, 12:34.
    let today = Minute::floor(Timestamp::now()).on_grid(1_440);
    let now = (today - 1_440 + 12 * 60 + 34).timestamp();
    // As messages of a queue: one source, and more than are read one by one; a bad hour now and one long ago.
    for (indicator, sources) in [("many", 20), ("one", 1)] {
        let indicator = service.get(&indicator.parse::<Name>().expect("a name")).await.expect("it is there");
        for source in 0..sources {
            let source = format!("source-{source}").parse().expect("a name");
            for first in [Minute::floor(now) - 60, Minute::floor(now) - 3 * 1_440] {
                let counts = EventCounts::new(0, 10).expect("counts");
                let bad = |minute| Measurement { start: first + minute, counts, revision: 0 };
                let batch = Batch::new((0..60).map(bad).collect(), now).expect("a batch");
                service.record(&indicator, &source, &batch, now).await.expect("it is written");
            }
        }
    }
    for _ in 0..2 {
        let reconciled = service.reconcile(7, now).await.expect("the store answers");
        assert!(reconciled.failed.is_empty());
        let round = service.evaluate_alerts(Some(&Heard), now).await.expect("the store answers");
        assert!(round.failed.is_empty() && round.firing > 0, "{round:?}");
    }
    exact("worker", &asked.all());
}
