//! Measurements in the counts table.
//!
//! All items of a series have `pk = I#indicator#born`.
//!
//! | Item | `sk` | Attributes |
//! |---|---|---|
//! | hour of a source | `H#YYYYMMDDHH#source` | a slot for each minute, named by one byte each; `_`: how often it was updated; `ttl` |
//! | day of a source | `D#YYYYMMDD#source` | a digest for each hour, likewise; `m`: its mark; `ttl` |
//! | sums of a day | `S#YYYYMMDD` | `gen`: the generation; `sums`: by the hour, of all sources; `ttl` |
//! | minutes of a day | `P#YYYYMMDD` | `gen`; `minutes`: of all sources; `ttl` |
//! | day of a source, packed | `M#YYYYMMDD#source` | `hours`: its minutes by the hour, with the `n` of each; `ttl` |
//!
//! # Exactly once
//! A *slot* is `revision ‖ total ‖ bad` and replaces another one under the condition that its revision
//! is higher; `_` counts the updates of the hour, so that number, `n`, names an image of it. A *digest* is
//! `n ‖ total ‖ bad ‖ minutes with data` of that image and replaces another one under the condition that
//! its `n` is higher. Numbers are coded by [`crate::varint`]; those that conditions compare in an order that
//! DynamoDB can. (Bad events rather than good ones: there are fewer, and their number is shorter.)
//!
//! A write is two steps: update the hour, then the day from the image that the first step returned. It
//! is acknowledged after both, and a replay repeats the second one. So what a digest says is what the
//! hour held at its `n`, and no acknowledged write has a higher `n` than the day: a budget is read from
//! the days and from the hours at its edges. Sending again after any failure, at any time, by anybody,
//! settles the write; a writer that died between the steps and never comes back leaves its minutes
//! unacknowledged, perhaps visible by the minute and not by the hour until somebody reconciles the day ([`keep`]).
//! What is acknowledged is in every answer; what is not may be seen or not.
//!
//! # Many sources
//! A day of three sources or more can be *sealed* (see [`keep`]): the sums of its sources are kept beside
//! them, and each source's day carries the generation of the sums as a mark. Who is about to change a marked
//! day takes the sums back first. Who writes to a day the first time, as far as this process remembers, looks
//! whether there are sums of a generation that is not the day's mark, after it has written and before it
//! acknowledges, and takes them back: a source that comes later than the seal is not missed. All of that costs
//! only late data something; an ordinary write is two updates.
//!
//! # By the minute
//! Hours that were read by the minute, or written when they were over, are [kept](kept) in the process, and finished days of
//! few sources are [packed](packed) into one item. Both are used where the day, which is read each time, says the same of
//! an hour.
//!
//! `ttl` counts from the day of writing. Reads do not look at it; an item may outlive it by days.
//!
//! The protocol is checked in all interleavings by `tests/protocol.rs`, the code that follows it by
//! `tests/interleavings.rs`.

mod day;
mod days;
mod hour;
mod keep;
mod kept;
mod key;
mod memory;
mod packed;
mod partition;
mod read;
mod sealed;
mod tell;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use slo_core::{
    Batch, Bucket, Measurement, MeasurementRepository, Minute, Name, Period, Receipt, Reconciled, RepositoryError,
    Resolution, Series,
};

use self::hour::Hour;
use self::keep::Keeper;
use self::kept::Kept;
use self::memory::{Known, Shape};
use self::partition::Partition;
use self::read::Reading;
use self::tell::Told;
use self::write::Writer;
use crate::error::Failure;

/// How many hours of a batch are written at once.
const HOURS_AT_ONCE: usize = 8;

/// The measurements of all indicators.
#[derive(Clone)]
pub struct DynamoMeasurements {
    client: Client,
    table: String,
    retention_days: u32,
    known: Arc<Known>,
    kept: Arc<Kept>,
}

impl DynamoMeasurements {
    pub(crate) fn new(client: Client, table: &str, retention_days: u32) -> Self {
        Self { client, table: table.to_owned(), retention_days, known: Arc::default(), kept: Arc::default() }
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
        let key = key::partition(series);
        if self.known.shapes.get(&key).is_none() {
            let sources = vec![source.as_str().to_owned()];
            self.known.shapes.insert(key.clone(), Shape { sources, sealed: None });
        }
        let partition = Partition { client: &self.client, table: &self.table, key: &key };
        let writer = Writer { partition, source: source.as_str(), expiry: self.expiry(now) };
        // Collected first: the iterator's closure would tie the future to one lifetime.
        let hours: Vec<_> = batch.hours().map(|hour| self.hour(writer, hour)).collect();
        // In this task, because the meter is the task's.
        let mut hours = stream::iter(hours).buffer_unordered(HOURS_AT_ONCE);
        let mut receipt = Receipt::default();
        let (mut unknown, mut over) = (BTreeSet::new(), Vec::new());
        while let Some((hour, image, day)) = hours.try_next().await? {
            receipt.accepted += hour.accepted;
            receipt.replayed += hour.replayed;
            receipt.stale += hour.stale;
            receipt.conflicts.extend(hour.conflicts);
            unknown.extend(day);
            over.extend((image.start + 60 <= Minute::floor(now)).then_some(image));
        }
        self.kept.fill(&key, &over);
        over.iter().for_each(|hour| self.known.late.insert(&key, hour.start.on_grid(key::DAY)));
        receipt.conflicts.sort_by_key(|conflict| conflict.start);
        for (day, mark) in unknown {
            writer.agree(day, mark).await?;
            self.known.open.insert((key.clone(), key::Item::Day.of(day, source.as_str())), ());
        }
        Ok(receipt)
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        let key = key::partition(series);
        let partition = Partition { client: &self.client, table: &self.table, key: &key };
        let shape = self.known.shapes.get(&key).unwrap_or_default();
        let (buckets, shape) = Reading::new(partition, period, resolution, shape, &self.kept).buckets().await?;
        self.known.shapes.insert(key, shape);
        Ok(buckets)
    }

    async fn reconcile(
        &self,
        series: &Series,
        day: Minute,
        finished: bool,
        now: Timestamp,
    ) -> Result<Reconciled, RepositoryError> {
        let key = key::partition(series);
        let (partition, day) =
            (Partition { client: &self.client, table: &self.table, key: &key }, day.on_grid(key::DAY));
        if finished {
            // Before it is looked at, so that what is written meanwhile is remembered.
            self.known.late.remove(&key, day);
        }
        let done = Keeper { partition, expiry: self.expiry(now) }.reconcile(day, finished).await;
        if done.is_err() {
            self.known.late.insert(&key, day);
        }
        Ok(done?)
    }

    fn written(&self, series: &Series) -> Vec<Minute> {
        self.known.late.days(&key::partition(series))
    }
}

impl DynamoMeasurements {
    /// Writes one hour; answers with the hour, and with its day and the mark of that when it is to be looked whether
    /// sums tell of it.
    async fn hour(
        &self,
        writer: Writer<'_>,
        measurements: &[Measurement],
    ) -> Result<(Receipt, Hour, Option<(Minute, Option<u64>)>), Failure> {
        let (receipt, image) = writer.write(measurements).await?;
        // For replays too: whoever wrote this may have died before the day.
        let told = writer.tell(&image).await?;
        let day = image.start.on_grid(key::DAY);
        let place = (writer.partition.key.to_owned(), key::Item::Day.of(day, writer.source));
        let unknown = match told {
            Told::Everywhere => None,
            Told::InDay(mark) => self.known.open.get(&place).is_none().then_some((day, mark)),
            Told::InNewDay => Some((day, None)),
        };
        Ok((receipt, image, unknown))
    }
}

impl fmt::Debug for DynamoMeasurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DynamoMeasurements");
        debug.field("table", &self.table).field("retention_days", &self.retention_days).finish_non_exhaustive()
    }
}
