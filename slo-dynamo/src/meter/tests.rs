use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::Region;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{KeysAndAttributes, Put, TransactWriteItem, Update};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::*;
use crate::client::{behavior, dummy_credentials};
use crate::embedded::tests::{COUNTS, Checked, b, fresh, key, n, s};

/// A metered client on fresh tables and the sum of what it reported.
struct Metered {
    client: Client,
    total: Arc<Mutex<Consumed>>,
}

impl Metered {
    fn micros(&self) -> u64 {
        self.total.lock().expect("no test panics while it adds").micros
    }

    async fn new() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self::on(&fresh().await?))
    }

    fn on(client: &Client) -> Self {
        let total = Arc::new(Mutex::new(Consumed::default()));
        let sum = Arc::clone(&total);
        let sink = move |part: Consumed| {
            let mut sum = sum.lock().expect("no test panics while it adds");
            sum.calls += part.calls;
            sum.read_milli += part.read_milli;
            sum.write_milli += part.write_milli;
            sum.micros += part.micros;
        };
        Self { client: metered(client, Arc::new(sink)), total }
    }

    /// (calls, read, write) since the last time.
    fn taken(&self) -> (u64, u64, u64) {
        let cost = std::mem::take(&mut *self.total.lock().expect("no test panics while it adds"));
        (cost.calls, cost.read_milli, cost.write_milli)
    }

    fn update(&self, sk: &str, bytes: usize) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(COUNTS)
            .set_key(Some(key("I#a#b", sk)))
            .update_expression("SET payload = :p")
            .expression_attribute_values(":p", b(&vec![0; bytes]))
    }
}

#[tokio::test]
async fn writes_cost_a_unit_per_kilobyte() -> Checked {
    let metered = Metered::new().await?;
    metered.update("H#1", 600).send().await?;
    assert!(metered.micros() > 0);
    assert_eq!(metered.taken(), (1, 0, 1_000));
    metered.update("H#1", 1_500).send().await?;
    assert_eq!(metered.taken(), (1, 0, 2_000));
    // The larger of the old and the new image counts.
    metered.update("H#1", 10).send().await?;
    assert_eq!(metered.taken(), (1, 0, 2_000));
    Ok(())
}

#[tokio::test]
async fn reads_cost_a_unit_per_4_kilobytes_and_half_when_eventual() -> Checked {
    let metered = Metered::new().await?;
    metered.update("H#1", 600).send().await?;
    metered.taken();
    let get = |sk: &str| {
        let get = metered.client.get_item().table_name(COUNTS);
        get.set_key(Some(key("I#a#b", sk)))
    };
    get("H#1").consistent_read(true).send().await?;
    assert_eq!(metered.taken(), (1, 1_000, 0));
    get("H#1").send().await?;
    assert_eq!(metered.taken(), (1, 500, 0));
    get("absent").send().await?;
    assert_eq!(metered.taken(), (1, 500, 0));
    Ok(())
}

#[tokio::test]
async fn a_query_costs_by_the_sum_of_its_items() -> Checked {
    let metered = Metered::new().await?;
    // 12 items of about 1 KB: 3 units by their sum, 12 if each were rounded up.
    for i in 10..22 {
        metered.update(&format!("D#{i}"), 950).send().await?;
    }
    metered.taken();
    let query = || {
        metered
            .client
            .query()
            .table_name(COUNTS)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", s("I#a#b"))
            .limit(100)
    };
    query().consistent_read(true).send().await?;
    assert_eq!(metered.taken(), (1, 3_000, 0));
    query().send().await?;
    assert_eq!(metered.taken(), (1, 1_500, 0));
    Ok(())
}

#[tokio::test]
async fn batches_and_transactions_are_counted() -> Checked {
    let metered = Metered::new().await?;
    let put = Put::builder().table_name("slo").set_item(Some(key("S#1", "R#1"))).build()?;
    let update = Update::builder()
        .table_name(COUNTS)
        .set_key(Some(key("I#a#b", "H#1")))
        .update_expression("ADD n :one")
        .expression_attribute_values(":one", n(1))
        .build()?;
    let transaction = metered
        .client
        .transact_write_items()
        .client_request_token("token")
        .transact_items(TransactWriteItem::builder().put(put).build())
        .transact_items(TransactWriteItem::builder().update(update).build());
    transaction.clone().send().await?;
    // Two tables, two units each.
    assert_eq!(metered.taken(), (1, 0, 4_000));
    // Repeated with its token, it only reads.
    transaction.send().await?;
    assert_eq!(metered.taken(), (1, 4_000, 0));

    let keys = KeysAndAttributes::builder()
        .keys(key("I#a#b", "H#1"))
        .keys(key("I#a#b", "H#2"))
        .consistent_read(true)
        .build()?;
    let batch = metered.client.batch_get_item().request_items(COUNTS, keys);
    batch.send().await?;
    assert_eq!(metered.taken(), (1, 2_000, 0));
    Ok(())
}

#[tokio::test]
async fn indexes_are_part_of_the_total() -> Checked {
    let metered = Metered::new().await?;
    metered
        .client
        .put_item()
        .table_name("slo")
        .set_item(Some(key("S#1", "CURRENT")))
        .item("owner_key", s("O#team"))
        .item("service_key", s("V#api"))
        .send()
        .await?;
    assert_eq!(metered.taken(), (1, 0, 3_000));
    Ok(())
}

#[tokio::test]
async fn failed_conditions_are_counted_by_their_floor() -> Checked {
    let metered = Metered::new().await?;
    let absent = metered.update("H#1", 10).condition_expression("attribute_exists(pk)");
    assert!(absent.send().await.is_err());
    assert_eq!(metered.taken(), (1, 0, 1_000));

    let put = |sk: &str| {
        Put::builder()
            .table_name(COUNTS)
            .set_item(Some(key("I#a#b", sk)))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
    };
    let transaction = metered.client.transact_write_items();
    let transaction = transaction.transact_items(put("H#1")?).transact_items(put("H#2")?);
    assert!(transaction.send().await.is_err());
    assert_eq!(metered.taken(), (1, 0, 4_000));

    // Refused before it reached an item: a call and nothing else.
    let unknown = metered.client.get_item().table_name("nowhere");
    assert!(unknown.set_key(Some(key("a", "b"))).send().await.is_err());
    assert_eq!(metered.taken(), (1, 0, 0));
    Ok(())
}

/// A network that loses every answer.
#[derive(Debug)]
struct Lossy;

impl HttpConnector for Lossy {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(Err(ConnectorError::io("connection reset".into())))
    }
}

#[tokio::test]
async fn each_attempt_is_a_call() {
    let lossy = Config::builder()
        .behavior_version(behavior())
        .region(Region::new("local"))
        .credentials_provider(dummy_credentials())
        .endpoint_url("http://lossy.invalid")
        .http_client(http_client_fn(|_, _| SharedHttpConnector::new(Lossy)))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    let metered = Metered::on(&Client::from_conf(lossy));
    assert!(metered.update("H#1", 10).send().await.is_err());
    // Whether any was applied is unknown, and so is its cost.
    assert_eq!(metered.taken(), (3, 0, 0));
}
