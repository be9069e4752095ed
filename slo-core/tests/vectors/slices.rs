//! The same data by each method, and slices that are missing.

use slo_core::{
    Bucket, BudgetReport, BudgetUnit, BudgetingMethod, Evaluation, EventCounts, NoData, PartsPerBillion, Ratio,
    SliceWidth, Status,
};

use super::{END, objective, ratio, rolling};

fn width(minutes: u64) -> SliceWidth {
    SliceWidth::new(minutes).expect("a divisor of the day")
}

/// Slices that are good at 95 %.
fn timeslices(minutes: u64) -> BudgetingMethod {
    let target = PartsPerBillion::new(950_000_000).expect("a ratio");
    BudgetingMethod::Timeslices { target, width: width(minutes) }
}

/// The report of slices at `END`: each has so many (good, total) in its first minute, oldest first.
fn sliced(target: &str, length: &str, method: BudgetingMethod, no_data: NoData, slices: &[(u64, u64)]) -> BudgetReport {
    let mut objective = objective(target, rolling(length));
    (objective.method, objective.no_data) = (method, no_data);
    let minutes = objective.time_window.period_at(END.timestamp()).elapsed;
    let step = method.slice_width().map_or(1, SliceWidth::minutes);
    let starts = (0..).map(|i| minutes.start + i * step);
    let bucket = |(start, (good, total)): (_, &(u64, u64))| {
        Bucket::minute(start, EventCounts::new(*good, *total).expect("counts"))
    };
    let buckets: Vec<Bucket> = starts.zip(slices).map(bucket).collect();
    Evaluation::of(&objective).report(END.timestamp(), &buckets)
}

/// (id, source, window, target, slices of a minute, seconds that may fail)
type Seconds = (&'static str, &'static str, &'static str, &'static str, u64, (i128, i128));

const SECONDS: [Seconds; 2] = [
    ("ts-01", "OpenSLO examples, budgeting-method: two weeks at 95 %, 16 h 48 min", "2w", "0.95", 20_160, (60_480, 1)),
    (
        "ts-02",
        "OpenSLO examples, treat-low-traffic: a week at 99.95 %, 5 min 2.4 s",
        "1w",
        "0.9995",
        10_080,
        (1_512, 5),
    ),
];

#[test]
fn budgets_in_seconds() {
    for (id, source, window, target, slices, seconds) in SECONDS {
        for method in [timeslices(1), BudgetingMethod::RatioTimeslices { width: width(1) }] {
            // Whether or not there is data yet.
            let report = sliced(target, window, method, NoData::Ignore, &[]);
            assert_eq!(report.budget.unit, BudgetUnit::Seconds, "{id}: {source}");
            assert_eq!(report.budget.total, ratio(seconds.0, seconds.1), "{id}: {source}");
            assert_eq!((report.budget.remaining_ratio, report.status), (Some(Ratio::ONE), Status::NoData), "{id}");
            // Each slice of the period, missing and bad, costs its minute.
            let report = sliced(target, window, method, NoData::Bad, &[]);
            assert_eq!(report.budget.consumed, Ratio::from(slices * 60), "{id}: {source}");
        }
    }
}

/// methods-01: Nobl9's gist a1a55d97, ten slices at 95 %, good from 95 %. It prints 94.0677 % and,
/// rounded wrongly, 118.646 %; the other methods by its rules.
#[test]
fn the_same_data_by_three_methods() {
    let slices = [(2, 4), (10, 10), (12, 12), (13, 13), (13, 14), (12, 15), (13, 14), (13, 13), (12, 12), (11, 11)];
    let methods = [
        (BudgetingMethod::Occurrences, (111, 118), (70, 59)),
        (timeslices(6), (3, 5), (8, 1)),
        (BudgetingMethod::RatioTimeslices { width: width(6) }, (641, 700), (59, 35)),
    ];
    for (method, sli, consumed) in methods {
        let report = sliced("0.95", "1h", method, NoData::Ignore, &slices);
        assert_eq!(report.sli, Some(ratio(sli.0, sli.1)), "{method:?}");
        assert_eq!(report.budget.consumed_ratio, Some(ratio(consumed.0, consumed.1)), "{method:?}");
        assert_eq!(report.budget.remaining_ratio, Some(ratio(consumed.1 - consumed.0, consumed.1)), "{method:?}");
        assert_eq!((report.met, report.status), (Some(false), Status::Exhausted), "{method:?}");
        assert_eq!((report.counts.good(), report.counts.total()), (111, 118), "{method:?}");
        // Ten of sixty minutes have data, and ten of ten slices.
        let coverage = if method == BudgetingMethod::Occurrences { ratio(10, 60) } else { Ratio::ONE };
        assert_eq!(report.coverage, Some(coverage), "{method:?}");
    }
}

/// ts-missing: Elastic's README of its SLOs, 7 days of 2,016 slices of 5 minutes; 1,800 were observed,
/// 1,750 of them good. Elastic and Datadog count missing slices as good, AWS and OpenObserve leave them
/// out; coverage is OpenObserve's.
#[test]
fn missing_slices() {
    let policies = [(NoData::Good, (983, 1_008)), (NoData::Ignore, (35, 36)), (NoData::Bad, (125, 144))];
    let slices: Vec<(u64, u64)> = (0..1_800).map(|i| (u64::from(i >= 50), 1)).collect();
    for (policy, sli) in policies {
        for method in [timeslices(5), BudgetingMethod::RatioTimeslices { width: width(5) }] {
            let report = sliced("0.99", "7d", method, policy, &slices);
            assert_eq!(report.sli, Some(ratio(sli.0, sli.1)), "{policy:?}");
            assert_eq!(report.coverage, Some(ratio(25, 28)), "{policy:?}");
        }
    }
}
