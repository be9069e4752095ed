//! Spells of bad minutes and what they cost.

use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{BudgetingMethod, Incident, Minute, PartsPerBillion, Ratio, Resolution, Width};

use super::cases::{Case, Rule, cases_of, methods};
use super::edges::case;
use super::oracle::{self, Expected};
use super::{DAY, config, filled, read, report};

/// As the service reads: minute by minute where an hour has bad events; or every minute.
fn incidents(store: &MemoryMeasurements, case: &Case, from: Minute, minutes: bool) -> Vec<Incident> {
    let reading = case.evaluation().incidents_reading(from, case.at());
    let resolution = if minutes { Resolution::Minutes } else { reading.resolution };
    let buckets = read(store, reading.period, &resolution).into_iter().flat_map(|bucket| {
        let bad = bucket.width == Width::Hour && bucket.counts.bad() > 0 && bucket.start >= from;
        if bad { read(store, bucket.period(), &Resolution::Minutes) } else { vec![bucket] }
    });
    case.evaluation().incidents(from, case.at(), &buckets.collect::<Vec<_>>())
}

fn sum(incidents: &[Incident]) -> BigRational {
    incidents.iter().filter_map(|incident| incident.share).map(oracle::exact).sum()
}

/// Shares of a mean of ratios are rounded in their 24th digit; others are not.
fn assert_agree(case: &Case, one: &BigRational, other: &BigRational) {
    let error = (one - other).abs();
    let mean = matches!(case.objective.method, BudgetingMethod::RatioTimeslices { .. });
    let digits = BigRational::new(1.into(), 10_u64.pow(18).into());
    let allowed = if mean { digits.clone().max(one.abs() * digits) } else { BigRational::zero() };
    assert!(error <= allowed, "{one} and {other}");
}

proptest! {
    #![proptest_config(config(60))]

    /// From any minute, also before the period or in the middle of a slice.
    #[test]
    fn incidents_are_those_of_the_oracle(case in cases_of(methods(), 3_000), anywhere in any::<bool>(), place in 1..3_200_i64) {
        let store = filled(&case.stored());
        let start = oracle::period(case.rule, case.end).start;
        let from = if anywhere { case.end - place } else { start };
        let got = incidents(&store, &case, from, false);
        Expected::new(&case).assert_incidents(from, &got);
        prop_assert_eq!(got, incidents(&store, &case, from, true));
    }

    /// What incidents and all lesser failures burn adds up to what is consumed.
    #[test]
    fn burn_of_incidents_adds_up_to_consumed(case in cases_of(methods(), 3_000)) {
        let store = filled(&case.stored());
        let all = incidents(&store, &case, oracle::period(case.rule, case.end).start, false);
        let consumed = report(&store, &case, false).budget.consumed_ratio.map_or_else(BigRational::zero, oracle::exact);
        assert_agree(&case, &(sum(&all) + Expected::new(&case).small_losses()), &consumed);
    }

    /// A target so strict that every failure is bad.
    #[test]
    fn incidents_at_a_strict_target_are_all_there_is(mut case in cases_of(methods(), 3_000)) {
        case.what_if = Some("0.999999999".parse().expect("a target"));
        case.sparse = case.stored();
        case.fill = None;
        for counts in case.sparse.values_mut().filter(|(_, total)| *total > 10_000) {
            *counts = (1, 2);
        }
        let store = filled(&case.sparse);
        let all = incidents(&store, &case, oracle::period(case.rule, case.end).start, false);
        let report = report(&store, &case, false);
        let consumed = report.budget.consumed_ratio.map_or_else(BigRational::zero, oracle::exact);
        assert_agree(&case, &sum(&all), &consumed);
    }
}

/// A fifth of the budget needs no postmortem yet; a little more does. Neighbours are one incident.
#[test]
fn more_than_a_fifth_needs_a_postmortem() {
    let share = |minutes: [(u64, u64); 3]| {
        let mut case = case(Rule::Rolling(100), "0.9");
        case.objective.method =
            BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: super::cases::width(1) };
        case.sparse = (1..).zip(minutes).map(|(ago, counts)| ((0, DAY - ago), counts)).collect();
        let all = incidents(&filled(&case.sparse), &case, DAY - 100, false);
        Expected::new(&case).assert_incidents(DAY - 100, &all);
        all.iter().map(|incident| (incident.share, incident.postmortem_required)).collect::<Vec<_>>()
    };
    assert_eq!(share([(0, 1), (0, 1), (1, 1)]), [(Ratio::new(2, 10), false)]);
    assert_eq!(share([(0, 1), (0, 1), (0, 1)]), [(Ratio::new(3, 10), true)]);
    assert_eq!(share([(0, 1), (1, 1), (0, 1)]), [(Ratio::new(1, 10), false), (Ratio::new(1, 10), false)]);
}
