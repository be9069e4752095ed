//! What a span of days lets a team spend.

use jiff::civil::Weekday;
use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{BudgetingMethod, ExclusionMode, MAX_PARTS, Minute, PartsPerBillion, Plan, PlanSpan, Ratio, Unit};

use super::cases::{Case, Rule, cases_of, methods, width};
use super::edges::case;
use super::exclusions::exclusion;
use super::oracle::Expected;
use super::{DAY, config, filled, read, report};

/// The span of the minutes `[from, to)`, `early` nanoseconds before them.
fn span(case: &Case, from: Minute, to: Minute) -> PlanSpan {
    let early = |minute: Minute| minute.timestamp() - jiff::SignedDuration::from_nanos(case.early);
    PlanSpan::new(Some(early(from)), early(to), case.at()).expect("a span")
}

/// As the service reads, or every minute.
fn plan(store: &MemoryMeasurements, case: &Case, span: &PlanSpan, minutes: bool) -> Plan {
    let reading = case.evaluation().plan_reading(span);
    let resolution = if minutes { slo_core::Resolution::Minutes } else { reading.resolution };
    case.evaluation().plan(span, &read(store, reading.period, &resolution))
}

/// The plan once the oracle has agreed.
fn planned(case: &Case, from: Minute, to: Minute) -> Plan {
    let plan = plan(&filled(&case.stored()), case, &span(case, from, to), false);
    Expected::new(case).assert_plan(from, to, &plan);
    plan
}

proptest! {
    #![proptest_config(config(120))]

    /// From any minute, past or to come, until any: within the window, at its end, beyond it; over several resets.
    #[test]
    fn plans_are_those_of_the_oracle(
        case in cases_of(methods(), 3_000),
        begun in -2_000..4_000_i64,
        lasts in prop_oneof![1..120_i64, 1..4_000_i64, Just(1_440), Just(3_000)],
    ) {
        let from = case.end + begun;
        let to = from.max(case.end) + lasts;
        let store = filled(&case.stored());
        let got = plan(&store, &case, &span(&case, from, to), false);
        Expected::new(&case).assert_plan(from, to, &got);
        prop_assert_eq!(&got, &plan(&store, &case, &span(&case, from, to), true));

        // The budget is that of the error budget.
        let report = report(&store, &case, false);
        prop_assert_eq!((got.budget, got.status), (report.budget, report.status));
        // Whatever it is, there are words for it.
        prop_assert!(!got.summary().is_empty());
    }

    /// What comes back is what the forecast says that recovers, where it looks.
    #[test]
    fn what_comes_back_is_what_recovers(case in cases_of(methods(), 3_000)) {
        if !matches!(case.rule, Rule::Rolling(_)) {
            return Ok(());
        }
        let store = filled(&case.stored());
        let report = report(&store, &case, true);
        for (minute, left) in report.forecast.recovers {
            let plan = plan(&store, &case, &span(&case, case.end, minute), false);
            let (Some(left), Some(spendable)) = (left, plan.spendable) else { continue };
            let (wanted, got) = (super::oracle::exact(left) * super::oracle::exact(plan.budget.total), super::oracle::exact(spendable));
            let error = num_traits::Signed::abs(&(&wanted - &got));
            prop_assert!(error <= num_rational::BigRational::new(1.into(), 1_000_000_000_000_u64.into()), "{} and {}", wanted, got);
        }
    }
}

/// A month in Berlin whose minutes may fail by a hundredth, and a sprint over its end.
#[test]
fn a_reset_inside_the_span_has_two_halves() {
    let mut case = case(Rule::Calendar(Unit::Month, "Europe/Berlin", Weekday::Monday), "0.99");
    case.objective.method = BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: width(1) };
    case.sparse.insert((0, DAY - 1), (0, 1));
    case.sparse.insert((0, DAY - 2), (1, 1));
    let to = DAY + 14 * 1_440;
    let plan = planned(&case, DAY, to);
    // November has 720 hours, December 744: a hundredth of them, less a minute.
    let seconds = |n: i128| Ratio::new(n, 1);
    let parts: Vec<_> = plan.parts.iter().map(|part| (part.period.end, part.spendable, part.estimate)).collect();
    let reset = Minute::floor("2026-11-30T23:00Z".parse().expect("a time"));
    assert_eq!(parts, [(reset, seconds(25_860), false), (to, seconds(26_784), false)]);
    assert_eq!((plan.comes_back, plan.spendable), (seconds(26_784), seconds(52_644)));
    // One of two minutes that were seen was bad: half of what lies ahead.
    assert_eq!(plan.expected, seconds(14 * 86_400 / 2));
    // Once the sprint is planned from December on, what is left of November is not its business.
    let december = planned(&case, reset, to);
    assert_eq!((december.parts.len(), december.spendable), (1, seconds(26_784)));
}

/// Planned maintenance is neither part of a new budget nor does anything burn in it.
#[test]
fn what_is_excluded_ahead_is_known() {
    let mut case = case(Rule::Calendar(Unit::Day, "Etc/UTC", Weekday::Monday), "0.9");
    case.sparse = (0..1_440).map(|i| ((0, DAY - 1 - i), (9, 10))).collect();
    let exclude = |mode| exclusion((DAY + 60).timestamp(), (DAY + 1_440).timestamp(), mode);
    let whole = planned(&case, DAY, DAY + 1_440);
    assert_eq!((whole.spendable, whole.expected), (Ratio::new(1_440, 1), Ratio::new(1_440, 1)));
    assert!(whole.parts[0].estimate);
    case.exclusions = vec![exclude(ExclusionMode::Remove)];
    let removed = planned(&case, DAY, DAY + 1_440);
    assert_eq!((removed.spendable, removed.expected), (Ratio::new(60, 1), Ratio::new(60, 1)));
    case.exclusions = vec![exclude(ExclusionMode::CountAsGood)];
    let good = planned(&case, DAY, DAY + 1_440);
    assert_eq!((good.spendable, good.expected), (Ratio::new(1_440, 1), Ratio::new(60, 1)));
}

/// Everything has left at the end of another window, and not a minute before.
#[test]
fn the_newest_failure_leaves_last() {
    let mut case = case(Rule::Rolling(100), "0.9");
    case.sparse.insert((0, DAY - 1), (1, 11));
    for (later, back) in [(99, 0), (100, 10), (101, 10), (100_000, 10)] {
        assert_eq!(planned(&case, DAY - 50, DAY + later).comes_back, Ratio::new(back, 1), "{later}");
    }
}

/// The last part stands for the days that are left.
#[test]
fn a_year_of_days_is_not_told_day_by_day() {
    let mut case = case(Rule::Calendar(Unit::Day, "Etc/UTC", Weekday::Monday), "0.9");
    case.objective.method = BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: width(1) };
    case.end = DAY + 1;
    case.sparse.insert((0, DAY), (0, 1));
    let sprint = span(&case, DAY + 1, DAY + 365 * 1_440);
    let plan = plan(&filled(&case.stored()), &case, &sprint, false);
    let days = i128::try_from(MAX_PARTS).expect("few");
    assert_eq!((plan.parts.len(), plan.parts.iter().map(|part| part.periods).sum::<u32>()), (MAX_PARTS, 365));
    let last = &plan.parts[MAX_PARTS - 1];
    assert_eq!(last.spendable, Ratio::new(8_640 * (366 - days), 1));
    assert_eq!((last.period.end, last.period.minutes()), (DAY + 365 * 1_440, 1_440 * (366 - 100)));
    assert_eq!(plan.spendable, Ratio::new(8_640 * 365 - 60, 1));
    assert!(
        plan.summary().contains("2 hours 24 minutes of downtime at least in each of 364 periods"),
        "{}",
        plan.summary()
    );
}
