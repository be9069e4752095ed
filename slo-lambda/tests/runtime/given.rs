//! A function with a store and something in it, and the fixtures: events as AWS sends them.

use serde_json::{Value, json};

use super::function::Function;
use super::store::Store;
use super::stub::{FunctionError, Stub};

/// `bootstrap` on a store with the indicator `site` and the objective `shop`.
pub(crate) struct Given {
    pub(crate) stub: Stub,
    pub(crate) function: Function,
    _store: Store,
}

impl Given {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let (stub, store) = (Stub::start().await, Store::start().await);
        let endpoint = ("AWS_ENDPOINT_URL_DYNAMODB", store.url.as_str());
        let variables: Vec<_> = [endpoint].into_iter().chain(variables.iter().copied()).collect();
        let function = Function::start(&stub, env!("CARGO_BIN_EXE_bootstrap"), &variables);
        stub.ready().await.expect("it initialises");
        let given = Self { stub, function, _store: store };
        given.put("indicators/site", &json!({"service": "web", "kind": "ratio"})).await;
        given
            .put(
                "objectives/shop",
                &json!({
                    "service": "web", "indicator": "site", "target": 0.99, "budgetingMethod": "Occurrences",
                    "timeWindow": {"duration": "28d", "isRolling": true},
                }),
            )
            .await;
        given
    }

    async fn put(&self, path: &str, body: &Value) {
        let patch = json!({
            "rawPath": format!("/api/v1/{path}"), "requestContext": {"http": {"method": "PUT"}}, "body": body.to_string(),
        });
        let answer = self.stub.invoke(&fixture("url", &patch)).await.expect("an answer");
        assert_eq!(answer["statusCode"], 201, "{answer}");
    }

    /// An answer, which is no error.
    #[track_caller]
    pub(crate) fn answered(answer: Result<Value, FunctionError>) -> Value {
        answer.unwrap_or_else(|error| panic!("{error:?}"))
    }
}

/// An event of `fixtures`, changed by a JSON merge patch.
pub(crate) fn fixture(name: &str, patch: &Value) -> Value {
    let text = match name {
        "rest" => include_str!("fixtures/rest.json"),
        "http" => include_str!("fixtures/http.json"),
        "url" => include_str!("fixtures/url.json"),
        "sqs" => include_str!("fixtures/sqs.json"),
        "schedule" => include_str!("fixtures/schedule.json"),
        "rule" => include_str!("fixtures/rule.json"),
        _ => panic!("there is no fixture {name}"),
    };
    let mut event = serde_json::from_str(text).expect("JSON");
    merge(&mut event, patch);
    event
}

/// RFC 7396.
pub(crate) fn merge(value: &mut Value, patch: &Value) {
    let Value::Object(members) = patch else {
        *value = patch.clone();
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    let target = value.as_object_mut().expect("an object");
    for (name, patch) in members {
        if patch.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), patch);
        }
    }
}
