//! Budgets against an oracle that counts minute by minute, and the properties of the domain.

mod alerts;
mod backtest;
mod burn_down;
mod cases;
mod edges;
mod exclusions;
mod incidents;
mod ingest;
mod methods;
mod oracle;
mod plan;
mod recorder;
mod reports;
mod service;
mod spells;

use std::collections::BTreeMap;

use cases::Case;
use futures_util::FutureExt;
use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{
    Batch, Bucket, BudgetReport, EventCounts, Measurement, MeasurementRepository, Minute, Name, Period, Resolution,
    Revision, Series,
};

/// 2026-11-20T00:00Z.
const DAY: Minute = Minute::new(20_777 * 1_440);
const SOURCES: [&str; 3] = ["default", "eu", "eu-west"];

/// What is in a store: one measurement a source and minute, with its source's position.
type Stored = BTreeMap<(usize, Minute), (u64, u64)>;

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn series() -> Series {
    Series { indicator: name("site"), born: Revision::FIRST }
}

/// Memory never waits.
fn now<F: Future>(work: F) -> F::Output {
    work.now_or_never().expect("memory never waits")
}

fn write(store: &MemoryMeasurements, source: usize, measurements: &[Measurement]) {
    let late = (DAY + 400 * 1_440).timestamp();
    for part in measurements.chunks(1_000) {
        let batch = Batch::new(part.to_vec(), late).expect("a valid batch");
        let receipt = now(store.write(&series(), &name(SOURCES[source]), &batch, late)).expect("memory writes");
        assert_eq!(receipt.conflicts, []);
    }
}

fn filled(stored: &Stored) -> MemoryMeasurements {
    let store = MemoryMeasurements::default();
    for source in 0..SOURCES.len() {
        let own = stored.iter().filter(|((of, _), _)| *of == source);
        let measurements = own.map(|((_, start), (good, total))| Measurement {
            start: *start,
            counts: EventCounts::new(*good, *total).expect("valid counts"),
            revision: 0,
        });
        write(&store, source, &measurements.collect::<Vec<_>>());
    }
    store
}

fn read(store: &MemoryMeasurements, period: Period, resolution: &Resolution) -> Vec<Bucket> {
    now(store.read(&series(), period, resolution)).expect("memory reads")
}

/// Evaluates as the service does, or minute by minute.
fn report(store: &MemoryMeasurements, case: &Case, minutes: bool) -> BudgetReport {
    let reading = case.evaluation().reading(case.at());
    let resolution = if minutes { Resolution::Minutes } else { reading.resolution };
    case.evaluation().report(case.at(), &read(store, reading.period, &resolution))
}

/// So many cases, unless `PROPTEST_CASES` says how many.
fn config(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..usual }
}
