//! A network with faults, between the SDK and the embedded engine.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use slo_dynamo::client::MAX_ATTEMPTS;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is applied, and the connection breaks before the answer.
    Lost,
    /// It never arrives, and no answer comes.
    Hangs,
    /// 400 ThrottlingException.
    Throttled,
    /// 500.
    Internal,
    /// 400 of another kind.
    Refused(&'static str),
    /// A transaction is cancelled for this reason.
    Cancelled(&'static str),
    /// A batch is answered without doing any of it.
    Unprocessed,
    /// A query or a batch of keys is answered as if nothing had been written yet.
    Behind,
    /// An old DynamoDB Local: a failed condition does not tell the item.
    NoImage,
}

/// Which requests meet which fault: by operation and body.
type Plan = dyn Fn(&str, &str) -> Option<Fault> + Send + Sync;

#[derive(Clone)]
struct Network {
    engine: SharedHttpClient,
    plan: Arc<Plan>,
}

/// The same client over a network with faults, impatient and quick to repeat.
pub(crate) fn faulty(client: &Client, plan: impl Fn(&str, &str) -> Option<Fault> + Send + Sync + 'static) -> Client {
    let engine = client.config().http_client().expect("the engine is one");
    let limits = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(5))
        .build();
    let retries =
        RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(Duration::from_millis(1));
    let network = Network { engine, plan: Arc::new(plan) };
    // The SDK's quota of retries is one for the process: other tests would use it up.
    let quota = RetryPartition::custom("faulty").token_bucket(TokenBucket::unlimited()).build();
    let config = client.config().to_builder().http_client(network).timeout_config(limits);
    Client::from_conf(config.retry_config(retries).retry_partition(quota).build())
}

impl HttpClient for Network {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let engine = self.engine.http_connector(settings, parts);
        SharedHttpConnector::new(Connection { engine, plan: Arc::clone(&self.plan) })
    }
}

struct Connection {
    engine: SharedHttpConnector,
    plan: Arc<Plan>,
}

impl HttpConnector for Connection {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let Some(fault) = (self.plan)(&operation, &body) else { return self.engine.call(request) };
        let engine = self.engine.clone();
        HttpConnectorFuture::new(async move {
            match fault {
                Fault::Lost => {
                    engine.call(request).await?;
                    Err(ConnectorError::io("the connection was reset".into()))
                }
                Fault::Hangs => std::future::pending().await,
                Fault::Throttled => Ok(refusal(400, "ThrottlingException", &json!({}))),
                Fault::Internal => Ok(refusal(500, "InternalServerError", &json!({}))),
                Fault::Refused(code) => Ok(refusal(400, code, &json!({}))),
                Fault::Cancelled(reason) => {
                    let reasons = json!({ "CancellationReasons": [{ "Code": "None" }, { "Code": reason }] });
                    Ok(refusal(400, "TransactionCanceledException", &reasons))
                }
                Fault::Unprocessed => {
                    let asked: Value = serde_json::from_str(&body).expect("the SDK sends JSON");
                    Ok(answer(200, &json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] })))
                }
                Fault::Behind => {
                    let consumed = json!({ "TableName": "counts", "CapacityUnits": 0.5 });
                    let nothing = if operation == "Query" {
                        json!({ "Items": [], "Count": 0, "ScannedCount": 0, "ConsumedCapacity": consumed })
                    } else {
                        json!({ "Responses": {}, "UnprocessedKeys": {}, "ConsumedCapacity": [consumed] })
                    };
                    Ok(answer(200, &nothing))
                }
                Fault::NoImage => {
                    let told = engine.call(request).await?;
                    let status = told.status().as_u16();
                    let mut body: Value =
                        serde_json::from_slice(told.body().bytes().expect("in memory")).expect("JSON");
                    if status == 400 {
                        body.as_object_mut().expect("an error").remove("Item");
                    }
                    Ok(answer(status, &body))
                }
            }
        })
    }
}

fn refusal(status: u16, code: &str, more: &Value) -> HttpResponse {
    let mut body = more.clone();
    body["__type"] = format!("com.amazonaws.dynamodb.v20120810#{code}").into();
    answer(status, &body)
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    let status = status.try_into().expect("a status");
    HttpResponse::new(status, SdkBody::from(body.to_string()))
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}
