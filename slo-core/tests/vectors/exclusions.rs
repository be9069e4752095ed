//! Corrections: the same downtime by both modes.

use slo_core::{
    Bucket, BudgetingMethod, Evaluation, EventCounts, Exclusion, ExclusionMode, Minute, NoData, PartsPerBillion, Ratio,
    SliceWidth, Stamp,
};

use super::{END, objective, ratio, rolling};

fn correction(from: Minute, to: Minute, mode: ExclusionMode) -> Exclusion {
    let reason = "correction".to_owned().try_into().expect("a reason");
    let created = Stamp { at: to.timestamp(), by: None };
    let (from, to) = (from.timestamp(), to.timestamp());
    Exclusion { id: "day".parse().expect("a name"), from, to, mode, reason, recurrence: None, zone: None, created }
}

/// excl-01: Datadog time_slice.md, corrections. A week of minutes with 60 bad ones, and a day of correction:
/// 0.694 % of downtime when the day is removed, 0.595 % when it counts as uptime.
#[test]
fn a_day_of_seven_is_corrected() {
    let mut objective = objective("0.99", rolling("7d"));
    let target = PartsPerBillion::new(950_000_000).expect("a ratio");
    let methods = [
        BudgetingMethod::Occurrences,
        BudgetingMethod::Timeslices { target, width: SliceWidth::MINUTE },
        BudgetingMethod::RatioTimeslices { width: SliceWidth::MINUTE },
    ];
    // An hour of downtime yesterday, and all of the day of the correction.
    let counts = |ago: i64| EventCounts::new(u64::from(!(1_441..=1_500).contains(&ago) && ago <= 8_640), 1);
    let bucket = |ago| Bucket::minute(END - ago, counts(ago).expect("counts"));
    let buckets: Vec<Bucket> = (1..=10_080).rev().map(bucket).collect();
    for (mode, downtime, counted) in
        [(ExclusionMode::Remove, (1, 144), 8_640), (ExclusionMode::CountAsGood, (1, 168), 10_080)]
    {
        let day = [correction(END - 10_080, END - 8_640, mode)];
        for method in methods {
            (objective.method, objective.no_data) = (method, NoData::Bad);
            let report = Evaluation::of(&objective).excluding(&day).report(END.timestamp(), &buckets);
            assert_eq!(report.sli, Some(ratio(downtime.1 - downtime.0, downtime.1)), "{mode:?}, {method:?}");
            assert_eq!(report.budget.consumed_ratio, Some(ratio(100 * downtime.0, downtime.1)), "{mode:?}, {method:?}");
            assert_eq!((report.counts.bad(), report.counts.total()), (60, counted), "{mode:?}, {method:?}");
            assert_eq!(report.coverage, Some(Ratio::ONE), "{mode:?}, {method:?}");
        }
    }
}
