//! What the clauses write, and what a read must answer: the naive way.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::counts::{Bucket, EventCounts, Width};
use crate::measurement::{Batch, Measurement, Receipt, Series};
use crate::name::Name;
use crate::repository::{MeasurementRepository, Resolution};
use crate::revision::Revision;
use crate::time::{Minute, Period};

/// 2026-11-20T00:00Z.
pub(super) const DAY: Minute = Minute::new(20_777 * 1_440);

/// The day of writing, far later than what is measured.
pub(super) fn now() -> Timestamp {
    "2100-01-01T00:00:00Z".parse().expect("a timestamp")
}

pub(super) fn name(text: &str) -> Name {
    text.parse().expect("the kit's names are valid")
}

pub(super) fn series(indicator: &str, born: u64) -> Series {
    Series { indicator: name(indicator), born: Revision::new(born).expect("above zero") }
}

pub(super) fn counts(good: u64, total: u64) -> EventCounts {
    EventCounts::new(good, total).expect("the kit's counts are valid")
}

pub(super) fn measurement(start: Minute, good: u64, total: u64) -> Measurement {
    Measurement { start, counts: counts(good, total), revision: 0 }
}

pub(super) fn receipt(accepted: usize, replayed: usize, stale: usize) -> Receipt {
    Receipt { accepted, replayed, stale, conflicts: Vec::new() }
}

/// Writes from one source.
pub(super) async fn write(
    store: &dyn MeasurementRepository,
    series: &Series,
    source: &str,
    measurements: &[Measurement],
) -> Receipt {
    let batch = Batch::new(measurements.to_vec(), now()).expect("the kit's batches are valid");
    store.write(series, &name(source), &batch, now()).await.expect("a write succeeds")
}

/// Reads one period and compares with what its minutes add up to; `stored` is over all sources, so a
/// minute may stand there several times.
pub(super) async fn compare(
    store: &dyn MeasurementRepository,
    series: &Series,
    stored: &[Measurement],
    period: Period,
    resolution: &Resolution,
) {
    let got = store.read(series, period, resolution).await.expect("a read succeeds");
    let want = expected(stored, period, resolution);
    // Not `assert_eq`: there may be 100,000 of them.
    let different = (0..got.len().max(want.len())).find(|i| got.get(*i) != want.get(*i));
    if let Some(i) = different {
        panic!(
            "{}@{} over {}..{}: bucket {i} is {:?}, not {:?}; {} buckets, not {}",
            series.indicator,
            series.born,
            period.start,
            period.end,
            got.get(i),
            want.get(i),
            got.len(),
            want.len(),
        );
    }
}

/// Compares all that is stored, in minutes and in hours, with an hour without data on either side.
pub(super) async fn holds(store: &dyn MeasurementRepository, series: &Series, stored: &[Measurement]) {
    let starts = || stored.iter().map(|m| m.start);
    let first = starts().min().expect("something is stored").hour() - 60;
    let end = starts().max().expect("something is stored").hour() + 120;
    for resolution in [Resolution::Minutes, Resolution::Hours { cuts: Vec::new() }] {
        compare(store, series, stored, Period::new(first, end), &resolution).await;
    }
}

/// Minute by minute: what begins in the period, as [`Resolution`] says it.
fn expected(stored: &[Measurement], period: Period, resolution: &Resolution) -> Vec<Bucket> {
    let mut minutes: BTreeMap<Minute, EventCounts> = BTreeMap::new();
    for measurement in stored.iter().filter(|m| period.contains(m.start)) {
        *minutes.entry(measurement.start).or_default() += measurement.counts;
    }
    let mut buckets: Vec<Bucket> = Vec::new();
    for (minute, counts) in minutes.into_iter().filter(|(_, counts)| counts.total() > 0) {
        let hour = minute.hour();
        let bit = 1_u64 << (minute - hour);
        match buckets.last_mut() {
            _ if resolution.splits(hour, period) => buckets.push(Bucket::minute(minute, counts)),
            Some(last) if last.start == hour => {
                last.counts += counts;
                last.with_data |= bit;
            }
            _ => buckets.push(Bucket { start: hour, width: Width::Hour, counts, with_data: bit }),
        }
    }
    buckets
}
