//! Measurements in the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::call;
use crate::counts::{Bucket, EventCounts, Width};
use crate::measurement::{Batch, Measurement, Receipt, Series, WriteEffect};
use crate::name::Name;
use crate::repository::{MeasurementRepository, RepositoryError, Resolution};
use crate::time::{Minute, Period};

/// Measurements in maps: one a minute and source.
#[derive(Debug, Default)]
pub struct MemoryMeasurements(Mutex<HashMap<Series, Kept>>);

/// What is kept of a series.
#[derive(Debug, Default)]
struct Kept {
    sources: BTreeMap<Name, BTreeMap<Minute, Measurement>>,
    /// The sums over all sources, in order of time; only hours with events.
    hours: Vec<Hour>,
}

/// An hour's sums: a month is read from hundreds of them, not from tens of thousands of measurements.
#[derive(Debug)]
struct Hour {
    whole: Bucket,
    minutes: Vec<Bucket>,
}

impl Hour {
    /// Of minutes in order of time; `None` without any.
    fn new(minutes: Vec<Bucket>) -> Option<Self> {
        let start = minutes.first()?.start.hour();
        let mut whole = Bucket { start, width: Width::Hour, counts: EventCounts::ZERO, with_data: 0 };
        for minute in &minutes {
            whole.counts += minute.counts;
            whole.with_data |= 1 << (minute.start - start);
        }
        Some(Self { whole, minutes })
    }

    fn minutes_in(&self, period: Period) -> impl Iterator<Item = Bucket> {
        self.minutes.iter().copied().filter(move |minute| period.contains(minute.start))
    }
}

impl Kept {
    /// The position of the first hour at or after a minute.
    fn position(&self, minute: Minute) -> usize {
        self.hours.partition_point(|hour| hour.whole.start < minute)
    }

    /// Sums an hour anew.
    fn sum(&mut self, start: Minute) {
        let mut minutes: BTreeMap<Minute, EventCounts> = BTreeMap::new();
        for (minute, measurement) in self.sources.values().flat_map(|source| source.range(start..start + 60)) {
            *minutes.entry(*minute).or_default() += measurement.counts;
        }
        let minutes = minutes.into_iter().map(|(minute, counts)| Bucket::minute(minute, counts));
        let hour = Hour::new(minutes.filter(|minute| minute.with_data != 0).collect());
        let stored = self.position(start)..self.position(start + 60);
        self.hours.splice(stored, hour);
    }
}

#[async_trait]
impl MeasurementRepository for MemoryMeasurements {
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        _now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        let mut all = call(&self.0);
        let kept = all.entry(series.clone()).or_default();
        let minutes = kept.sources.entry(source.clone()).or_default();
        let mut receipt = Receipt::default();
        for measurement in batch.measurements() {
            let stored = minutes.entry(measurement.start);
            let effect = match &stored {
                std::collections::btree_map::Entry::Vacant(_) => WriteEffect::Accepted,
                std::collections::btree_map::Entry::Occupied(stored) => measurement.effect_on(stored.get()),
            };
            let stored = stored.or_insert(*measurement);
            if effect == WriteEffect::Accepted {
                *stored = *measurement;
            }
            receipt.record(effect, stored);
        }
        for hour in batch.hours() {
            kept.sum(hour[0].start.hour());
        }
        Ok(receipt)
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        let all = call(&self.0);
        let Some(kept) = all.get(series).filter(|_| period.minutes() > 0) else { return Ok(Vec::new()) };
        let hours = &kept.hours[kept.position(period.start.hour())..kept.position(period.end)];
        let mut buckets = Vec::with_capacity(hours.len());
        for hour in hours {
            if resolution.splits(hour.whole.start, period) {
                buckets.extend(hour.minutes_in(period));
            } else {
                buckets.push(hour.whole);
            }
        }
        Ok(buckets)
    }
}
