//! Measurements in the counts table.
//!
//! | Item | `pk` | `sk` | Attributes |
//! |---|---|---|---|
//! | hour | `I#indicator#born#source` | `H#YYYYMMDDHH` | `00` to `59`: a slot each; `n`; `ttl` |
//! | day | the same | `D#YYYYMMDD` | `00` to `23`: a digest each; `ttl` |
//! | registry | `I#indicator#born` | `SOURCES` | `sources`: a set of strings |
//!
//! A *slot* is `revision ‖ total ‖ bad` and replaces another one under the condition that its revision
//! is higher; `n` counts the updates of the hour, so `n` names an image of it. A *digest* is `n ‖ total
//! ‖ bad ‖ minutes with data` of that image and replaces another one under the condition that its `n` is
//! higher. Numbers are coded by [`crate::varint`], whose order DynamoDB can compare. (Bad events rather
//! than good ones: there are fewer, and their number is shorter.)
//!
//! A write is two steps: update the hour, then the day from the image that the first step returned. It
//! is acknowledged after both, and a replay repeats the second one. So what a digest says is what the
//! hour held at its `n`, and no acknowledged write has a higher `n` than the day: a budget is read from
//! the days and from the hours at its edges. Sending again after any failure, at any time, by anybody,
//! settles the write; a writer that died between the steps and never comes back leaves its minutes
//! unacknowledged, visible by the minute and not yet by the hour.
//!
//! A source is registered before its first measurement is written, so a read, which begins with the
//! registry, misses none. Registrations are remembered by this process: who deletes the table under it
//! must restart it.
//!
//! `ttl` counts from the day of writing. Reads do not look at it; an item may outlive it by days.

mod day;
mod heal;
mod hour;
mod key;
mod read;
mod sources;
mod write;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use slo_core::{Batch, Bucket, MeasurementRepository, Name, Period, Receipt, RepositoryError, Resolution, Series};

use self::sources::Known;
use self::write::Writer;

/// How many hours of a batch are written at once.
const HOURS_AT_ONCE: usize = 8;

/// The measurements of all indicators.
#[derive(Clone)]
pub struct DynamoMeasurements {
    client: Client,
    table: String,
    retention_days: u32,
    known: Arc<Known>,
}

impl DynamoMeasurements {
    pub(crate) fn new(client: Client, table: &str, retention_days: u32) -> Self {
        Self { client, table: table.to_owned(), retention_days, known: Arc::default() }
    }

    /// The epoch second after which an item written now may go: the end of its last whole day.
    fn expiry(&self, now: Timestamp) -> i64 {
        const DAY: i64 = 86_400;
        (now.as_second().div_euclid(DAY) + 1 + i64::from(self.retention_days)) * DAY
    }
}

#[async_trait]
impl MeasurementRepository for DynamoMeasurements {
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        self.register(series, source).await?;
        let writer = Writer {
            client: &self.client,
            table: &self.table,
            partition: key::partition(series, source.as_str()),
            expiry: self.expiry(now),
        };
        // Collected first: the iterator's closure would tie the future to one lifetime.
        let hours: Vec<_> = batch.hours().map(|hour| writer.write(hour)).collect();
        // In this task, because the meter is the task's.
        let mut hours = stream::iter(hours).buffer_unordered(HOURS_AT_ONCE);
        let mut receipt = Receipt::default();
        while let Some(hour) = hours.try_next().await? {
            receipt.accepted += hour.accepted;
            receipt.replayed += hour.replayed;
            receipt.stale += hour.stale;
            receipt.conflicts.extend(hour.conflicts);
        }
        receipt.conflicts.sort_by_key(|conflict| conflict.start);
        Ok(receipt)
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        Ok(self.buckets(series, period, resolution).await?)
    }
}

impl fmt::Debug for DynamoMeasurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DynamoMeasurements");
        debug.field("table", &self.table).field("retention_days", &self.retention_days).finish_non_exhaustive()
    }
}
