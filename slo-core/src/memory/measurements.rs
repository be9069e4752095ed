//! Measurements in the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::call;
use crate::counts::{Bucket, Width};
use crate::measurement::{Batch, Measurement, Receipt, Series, WriteEffect};
use crate::name::Name;
use crate::repository::{MeasurementRepository, RepositoryError, Resolution};
use crate::time::{Minute, Period};

type Minutes = BTreeMap<Minute, Measurement>;

/// Measurements in maps: one a minute and source.
#[derive(Debug, Default)]
pub struct MemoryMeasurements(Mutex<HashMap<Series, BTreeMap<Name, Minutes>>>);

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
        let minutes = all.entry(series.clone()).or_default().entry(source.clone()).or_default();
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
        Ok(receipt)
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        let all = call(&self.0);
        let mut buckets: BTreeMap<Minute, Bucket> = BTreeMap::new();
        // `range` panics on a period that ends before it starts.
        let end = period.end.max(period.start);
        let sources = all.get(series).into_iter().flat_map(BTreeMap::values);
        for (minute, measurement) in sources.flat_map(|minutes| minutes.range(period.start..end)) {
            let hour = minute.hour();
            let mut bucket = Bucket::minute(*minute, measurement.counts);
            if bucket.with_data == 0 {
                continue;
            }
            if !resolution.splits(hour, period) {
                bucket = Bucket { start: hour, width: Width::Hour, with_data: 1 << (*minute - hour), ..bucket };
            }
            buckets.entry(bucket.start).and_modify(|b| b.merge(&bucket)).or_insert(bucket);
        }
        Ok(buckets.into_values().collect())
    }
}
