//! How long an evaluation takes. `cargo bench --package slo-core`

mod finished;
mod month;
mod thousand;

use criterion::{Criterion, criterion_group, criterion_main};
use slo_core::{BudgetingMethod, Evaluation};

/// One objective from the counts of its month.
fn months(criterion: &mut Criterion) {
    let methods = [
        ("672 hours, Occurrences", BudgetingMethod::Occurrences),
        ("40,320 minutes, Timeslices", month::timeslices()),
        ("40,320 minutes, RatioTimeslices", month::ratio_timeslices()),
    ];
    for (name, method) in methods {
        let objective = month::objective(method);
        let evaluation = Evaluation::of(&objective);
        let at = month::END.timestamp();
        let buckets = month::buckets(&evaluation.reading(at));
        criterion.bench_function(name, |b| b.iter(|| evaluation.report(at, &buckets)));
    }
}

/// A thousand objectives of a service in memory.
fn services(criterion: &mut Criterion) {
    let service = thousand::service();
    criterion.bench_function("1,000 objectives in memory", |b| b.iter(|| service.budgets()));
}

/// A thousand finished periods, exactly and in slokit's floats.
fn periods(criterion: &mut Criterion) {
    let finished = finished::finished();
    criterion.bench_function("1,000 finished periods", |b| b.iter(|| finished.iter().for_each(|f| f.exactly())));
    criterion
        .bench_function("1,000 finished periods, slokit", |b| b.iter(|| finished.iter().for_each(|f| f.in_floats())));
}

criterion_group!(benches, months, services, periods);
criterion_main!(benches);
