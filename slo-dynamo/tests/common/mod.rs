//! Stores on an engine in memory.

#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use slo_core::MeasurementRepository as _;
use slo_core::meter::{Consumed, Meter};
use slo_core::{
    Batch, EventCounts, Measurement, Minute, Name, Period, Receipt, Reconciled, RepositoryError, Resolution, Revision,
    Series, Service, Stamp,
};
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use slo_dynamo::{DynamoMeasurements, Store};

pub(crate) type Checked = Result<(), Box<dyn Error>>;

/// 2026-11-02T00:00Z.
pub(crate) const DAY: Minute = Minute::new(20_759 * 1_440);

/// A client of its own engine, with the tables.
pub(crate) async fn client() -> Client {
    let client = Engine::memory().expect("an engine in memory").client();
    create_tables(&client, &TableNames::default()).await.expect("fresh tables");
    client
}

pub(crate) async fn store() -> Store {
    Store::builder(client().await).build()
}

pub(crate) async fn service() -> Service {
    store().await.service()
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn series() -> Series {
    Series { indicator: name("site"), born: Revision::FIRST }
}

pub(crate) fn stamp() -> Stamp {
    Stamp { at: DAY.timestamp(), by: None }
}

/// A minute's counts, of ordinary traffic.
pub(crate) fn measurement(start: Minute) -> Measurement {
    let bad = start.get().unsigned_abs() % 7;
    Measurement { start, counts: EventCounts::new(1_000 - bad, 1_000).expect("counts"), revision: 0 }
}

/// Writes minutes from one source.
pub(crate) async fn write(
    measurements: &DynamoMeasurements,
    source: &str,
    minutes: Vec<Measurement>,
) -> Result<Receipt, RepositoryError> {
    let now = (DAY + 366 * 1_440).timestamp();
    let batch = Batch::new(minutes, now).expect("a valid batch");
    measurements.write(&series(), &name(source), &batch, now).await
}

/// What some work cost: calls, thousandths of read units, thousandths of write units.
pub(crate) async fn cost<T>(work: impl Future<Output = T>) -> (T, (u64, u64, u64)) {
    let meter = Meter::default();
    let answer = meter.measure(work).await;
    let Consumed { calls, read_milli, write_milli, .. } = meter.consumed();
    (answer, (calls, read_milli, write_milli))
}

/// Lets a store know of a sealed day far ahead, so that it reads the sums of all days before. Of few sources
/// it would read their days, sealed or not: that is as cheap, and shows nothing about sums.
pub(crate) async fn look_for_sums(measurements: &DynamoMeasurements) {
    // More than are read at once without being expected.
    const SOURCES: usize = 40;
    let far = DAY + 300 * 1_440;
    let period = Period::new(far, far + 60);
    let total = async || -> u128 {
        let buckets = measurements.read(&series(), period, &Resolution::Hours { cuts: Vec::new() }).await;
        buckets.expect("a read succeeds").iter().map(|bucket| bucket.counts.total()).sum()
    };
    if total().await == 0 {
        for source in 0..SOURCES {
            write(measurements, &format!("far-{source}"), vec![measurement(far)]).await.expect("it is written");
        }
        let sealed = measurements.reconcile(&series(), far, true, far.timestamp()).await.expect("it is sealed");
        assert_eq!(sealed, Reconciled { hours: 0, days: 1 });
    }
    assert_eq!(total().await, 1_000 * SOURCES as u128);
}

/// The key of an item of the series.
pub(crate) fn key(sort: &str) -> HashMap<String, AttributeValue> {
    [("pk", "I#site#1"), ("sk", sort)]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
        .into()
}

/// What expiry does when only this item is old.
pub(crate) async fn expire(client: &Client, sort: &str) {
    client.delete_item().table_name("counts").set_key(Some(key(sort))).send().await.expect("it is gone");
}
