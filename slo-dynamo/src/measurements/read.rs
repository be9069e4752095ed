//! Reading: the days of a period, and the hours that are wanted by the minute.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use slo_core::{Bucket, Minute, Period, Resolution, Series};

use super::hour::Hour;
use super::{DynamoMeasurements, day, key};
use crate::error::Failure;
use crate::item::{Item, MAX_KEYS, get_all, key as item_key, limit, s};

/// How many requests of one read are under way at once.
const AT_ONCE: usize = 16;
/// An hour by its key costs one read unit, an hour in a range a sixth: 0.5 to 0.7 KB of 4.
const RANGE_ADVANTAGE: usize = 6;
const DAY: i64 = 1_440;

/// What is wanted of one series.
struct Reading<'a> {
    client: &'a Client,
    table: &'a str,
    period: Period,
    resolution: &'a Resolution,
}

type Part<'a> = BoxFuture<'a, Result<Vec<Bucket>, Failure>>;

impl DynamoMeasurements {
    pub(super) async fn buckets(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, Failure> {
        let period = within_time(period);
        if period.start >= period.end {
            return Ok(Vec::new());
        }
        let sources = self.sources(series).await?;
        let partitions: Vec<String> = sources.iter().map(|source| key::partition(series, source)).collect();
        let reading = Reading { client: &self.client, table: &self.table, period, resolution };
        // In this task, because the meter is the task's.
        let mut parts = stream::iter(reading.parts(&partitions)).buffer_unordered(AT_ONCE);
        let mut merged: BTreeMap<Minute, Bucket> = BTreeMap::new();
        while let Some(buckets) = parts.try_next().await? {
            for bucket in buckets {
                merged.entry(bucket.start).and_modify(|sum| sum.merge(&bucket)).or_insert(bucket);
            }
        }
        Ok(merged.into_values().collect())
    }
}

impl Reading<'_> {
    /// What to ask for. The parts of one source do not overlap.
    fn parts<'a>(&'a self, partitions: &'a [String]) -> Vec<Part<'a>> {
        let mut parts: Vec<Part<'a>> = Vec::new();
        if *self.resolution == Resolution::Minutes {
            parts.extend(partitions.iter().map(|p| self.hours(p, self.period.start, self.period.end - 1).boxed()));
            return parts;
        }
        // Whole hours: an hour at an end is split.
        let (first, end) = ((self.period.start + 59).hour(), self.period.end.hour());
        if first < end {
            parts.extend(partitions.iter().map(|p| self.days(p, first, end - 1).boxed()));
        }
        let split = self.split_hours();
        if let (Some(&first), Some(&last)) = (split.first(), split.last()) {
            let span = usize::try_from((last - first) / 60 + 1).unwrap_or(usize::MAX);
            if span <= RANGE_ADVANTAGE.saturating_mul(split.len()) {
                parts.extend(partitions.iter().map(|p| self.hours(p, first, last).boxed()));
            } else {
                let keys = partitions.iter().flat_map(|p| split.iter().map(move |hour| item_key(p, key::hour(*hour))));
                let keys: Vec<Item> = keys.collect();
                parts.extend(keys.chunks(MAX_KEYS).map(|keys| self.hours_by_key(keys.to_vec()).boxed()));
            }
        }
        parts
    }

    /// The hours that a cut lies in, in order.
    fn split_hours(&self) -> Vec<Minute> {
        let Resolution::Hours { cuts } = self.resolution else { return Vec::new() };
        let ends = [self.period.start, self.period.end];
        let mut hours: Vec<Minute> = ends.iter().chain(cuts).map(|cut| cut.hour()).collect();
        hours.sort_unstable();
        hours.dedup();
        let touches = |hour: &Minute| *hour < self.period.end && self.period.start < *hour + 60;
        hours.retain(|hour| touches(hour) && self.resolution.splits(*hour, self.period));
        hours
    }

    /// The digests of whole hours, from the days that `first` and `last` are in.
    async fn days(&self, partition: &str, first: Minute, last: Minute) -> Result<Vec<Bucket>, Failure> {
        let days = (last.on_grid(DAY) - first.on_grid(DAY)) / DAY + 1;
        let wanted = |hour| self.period.contains(hour) && !self.resolution.splits(hour, self.period);
        let mut buckets = Vec::new();
        let mut range = Range::new(partition, key::day(first), key::day(last), days);
        while let Some(items) = range.next(self).await? {
            for item in &items {
                let digests = day::digests(item)?.into_iter().filter(|(hour, _)| wanted(*hour));
                let hours = digests.map(|(hour, digest)| digest.bucket(hour));
                buckets.extend(hours.filter(|bucket| bucket.with_data != 0));
            }
        }
        Ok(buckets)
    }

    /// The minutes of the split hours among those from `first` to `last`.
    async fn hours(&self, partition: &str, first: Minute, last: Minute) -> Result<Vec<Bucket>, Failure> {
        let hours = (last.hour() - first.hour()) / 60 + 1;
        let mut buckets = Vec::new();
        let mut range = Range::new(partition, key::hour(first), key::hour(last), hours);
        while let Some(items) = range.next(self).await? {
            self.minutes(&items, &mut buckets)?;
        }
        Ok(buckets)
    }

    async fn hours_by_key(&self, keys: Vec<Item>) -> Result<Vec<Bucket>, Failure> {
        let mut buckets = Vec::new();
        self.minutes(&get_all(self.client, self.table, keys).await?, &mut buckets)?;
        Ok(buckets)
    }

    fn minutes(&self, items: &[Item], buckets: &mut Vec<Bucket>) -> Result<(), Failure> {
        for item in items {
            let hour = Hour::decode(item)?;
            if self.resolution.splits(hour.start, self.period) {
                let inside = hour.measurements.iter().filter(|m| self.period.contains(m.start));
                let minutes = inside.map(|m| Bucket::minute(m.start, m.counts));
                buckets.extend(minutes.filter(|bucket| bucket.with_data != 0));
            }
        }
        Ok(())
    }
}

/// A range of one partition, page by page.
struct Range<'a> {
    partition: &'a str,
    keys: [String; 2],
    limit: i32,
    from: Option<Item>,
    done: bool,
}

impl<'a> Range<'a> {
    fn new(partition: &'a str, first: String, last: String, items: i64) -> Self {
        // One more than there can be: a page that is full says that there might be another one.
        let limit = limit(usize::try_from(items + 1).unwrap_or(usize::MAX));
        Self { partition, keys: [first, last], limit, from: None, done: false }
    }

    async fn next(&mut self, reading: &Reading<'_>) -> Result<Option<Vec<Item>>, Failure> {
        if self.done {
            return Ok(None);
        }
        let [first, last] = &self.keys;
        let answer = reading
            .client
            .query()
            .table_name(reading.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", s(self.partition))
            .expression_attribute_values(":first", s(first))
            .expression_attribute_values(":last", s(last))
            .consistent_read(true)
            .limit(self.limit)
            .set_exclusive_start_key(self.from.take())
            .send()
            .await?;
        self.from = answer.last_evaluated_key;
        self.done = self.from.is_none();
        Ok(Some(answer.items.unwrap_or_default()))
    }
}

/// The part of a period that has keys: four digits of year.
fn within_time(period: Period) -> Period {
    /// 0001-01-01T00:00Z.
    const FIRST: Minute = Minute::new(-1_035_593_280);
    let last = Minute::floor(Timestamp::MAX);
    Period::new(period.start.clamp(FIRST, last), period.end.clamp(FIRST, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_ends_where_keys_do() {
        let all = within_time(Period::new(Minute::new(i64::MIN), Minute::new(i64::MAX)));
        assert_eq!(all.start.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(key::day(all.end), "D#99991230");
        let period = Period::new(Minute::new(1), Minute::new(2));
        assert_eq!(within_time(period), period);
    }
}
