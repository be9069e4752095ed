//! Reports of any case.

use proptest::prelude::*;
use slo_core::{BudgetingMethod, EventCounts, Forecast, Measurement, Period, Ratio, SliceWidth};

use super::cases::{cases, counts};
use super::oracle::{self, Expected};
use super::{config, filled, read, report, write};

proptest! {
    #![proptest_config(config(120))]

    /// Every figure, from what the service reads and from minutes.
    #[test]
    fn reports_are_those_of_the_oracle(case in cases()) {
        let store = filled(&case.stored());
        let wanted = Expected::new(&case);
        let (hours, minutes) = (report(&store, &case, false), report(&store, &case, true));
        wanted.assert_figures(&minutes);
        wanted.assert_forecast(&minutes);
        if case.objective.method != BudgetingMethod::Occurrences {
            prop_assert_eq!(hours, minutes);
            return Ok(());
        }
        wanted.assert_figures(&hours);
        // An hour leaves with its last minute: never more is left than there is.
        let (coarse, fine) = (&hours.forecast, &minutes.forecast);
        prop_assert!(fine.exhausted_at.is_none_or(|at| coarse.exhausted_at.is_some_and(|coarse| coarse <= at)));
        let left_at = |forecast: &Forecast, at| forecast.recovers.iter().find(|entry| entry.0 == at).map(|entry| entry.1);
        for (at, fine) in &fine.recovers {
            if let Some(coarse) = left_at(coarse, *at) {
                prop_assert!(coarse <= *fine, "{coarse:?} and {fine:?} at {at}");
            }
        }
        let back = |forecast: &Forecast| forecast.recovers.iter().find(|(_, left)| *left > Some(Ratio::ZERO)).map(|back| back.0);
        prop_assert!(back(coarse).is_none_or(|coarse| back(fine).is_some_and(|fine| fine <= coarse)));
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// A budget read at `at` never depends on anything recorded for minutes at or after its end.
    #[test]
    fn what_comes_later_changes_nothing(case in cases(), later in proptest::collection::btree_map((0..3_usize, 0..200_i64), counts(), 1..20)) {
        let store = filled(&case.stored());
        let before = report(&store, &case, false);
        for ((source, after), (good, total)) in later {
            let counts = EventCounts::new(good, total).expect("valid counts");
            let measurement = Measurement { start: case.end + after, counts, revision: 1 };
            write(&store, source, &[measurement]);
        }
        prop_assert_eq!(&before, &report(&store, &case, false));
        // Not even when it is among the buckets.
        let reading = case.evaluation().reading(case.at());
        let longer = Period::new(reading.period.start, case.end + 200);
        let buckets = read(&store, longer, &reading.resolution);
        prop_assert_eq!(before, case.evaluation().report(case.at(), &buckets));
    }

    /// One more bad event instead of a good one, anywhere in the window: more is consumed. A time slice
    /// may be bad already or good still, and what is excluded or in a slice that began before the window does
    /// not count.
    #[test]
    fn consumed_is_monotone_in_bad(case in cases(), pick in any::<prop::sample::Index>()) {
        let span = oracle::period(case.rule, case.end);
        let stored = case.stored();
        let inside = |((_, start), (good, _)): &(_, &(u64, u64))| *good > 0 && (span.start..span.end).contains(start);
        let good: Vec<_> = stored.iter().map(|((source, start), counts)| ((*source, *start), counts)).filter(inside).collect();
        prop_assume!(!good.is_empty());
        let (key, (good, total)) = good[pick.index(good.len())];
        let mut worse = case.clone();
        worse.sparse.insert(key, (good - 1, *total));
        let (better, worse) = (report(&filled(&stored), &case, false), report(&filled(&worse.stored()), &worse, false));
        let width = case.objective.method.slice_width().map_or(1, SliceWidth::minutes);
        let counts = key.1.on_grid(width) >= span.start && oracle::mode(&case.exclusions, key.1).is_none();
        let strictly = counts && !matches!(case.objective.method, BudgetingMethod::Timeslices { .. });
        let ordered = |less: Option<Ratio>, more: Option<Ratio>| if strictly { less < more } else { less <= more };
        prop_assert!(ordered(Some(better.budget.consumed), Some(worse.budget.consumed)));
        prop_assert!(ordered(Some(worse.budget.remaining), Some(better.budget.remaining)));
        prop_assert!(ordered(better.budget.consumed_ratio, worse.budget.consumed_ratio));
        prop_assert!(ordered(worse.budget.remaining_ratio, better.budget.remaining_ratio));
        prop_assert!(ordered(worse.sli, better.sli));
        prop_assert!(better.met >= worse.met && better.exhausted <= worse.exhausted);
        for (better, worse) in better.burn_rates.iter().zip(&worse.burn_rates) {
            prop_assert!(better.rate <= worse.rate && better.budget_consumed <= worse.budget_consumed);
        }
    }

    /// Another target than the objective's is that target, but for the agreement.
    #[test]
    fn what_if_is_the_budget_at_that_target(case in cases()) {
        let store = filled(&case.stored());
        let mut promised = case.clone();
        promised.objective.target = case.what_if.unwrap_or(case.objective.target);
        promised.what_if = None;
        prop_assert_eq!(report(&store, &case, false), report(&store, &promised, false));
    }
}

/// The days of 23 hours in which no UTC day begins have no slice of a day, hence no budget.
#[test]
fn a_day_without_a_slice_has_no_data() {
    use jiff::civil::Weekday;
    use slo_core::{Minute, Status, Unit};

    let mut case =
        super::edges::case(super::cases::Rule::Calendar(Unit::Day, "Atlantic/Azores", Weekday::Monday), "0.9");
    case.objective.method = BudgetingMethod::RatioTimeslices { width: super::cases::width(1_440) };
    case.end = Minute::floor("2026-03-29T12:00Z".parse().expect("a timestamp"));
    case.sparse.insert((0, case.end - 1), (1, 2));
    let report: slo_core::BudgetReport = report(&filled(&case.stored()), &case, false);
    Expected::new(&case).assert_figures(&report);
    Expected::new(&case).assert_forecast(&report);
    assert_eq!(report.period.whole().minutes(), 23 * 60);
    assert_eq!((report.status, report.coverage, report.budget.total), (Status::NoData, None, Ratio::ZERO));
    assert_eq!((report.budget.consumed_ratio, report.counts.bad()), (None, 1));
}

/// Ratios are compared without rounding.
#[test]
fn the_oracle_tells_neighbours_apart() {
    let third = |n: i128| Ratio::new(n, 3_000_000_000_000_000_000).expect("above zero");
    assert_ne!(oracle::exact(third(1_000_000_000_000_000_000)), oracle::exact(third(1_000_000_000_000_000_001)));
}
