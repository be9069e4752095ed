//! Exactly at the target, for each method.

use jiff::civil::Weekday;
use slo_core::{BudgetReport, BudgetingMethod, NoData, Objective, PartsPerBillion, Ratio, Status, Unit};

use super::cases::{Case, Rule, rolling, width};
use super::oracle::Expected;
use super::{DAY, Stored, filled, name, report, series};

/// A case without data.
pub(crate) fn case(rule: Rule, target: &str) -> Case {
    let window = match rule {
        Rule::Rolling(length) => rolling(length),
        Rule::Calendar(unit, zone, anchor) => super::cases::calendar(unit, zone, anchor),
    };
    let objective = Objective::new(name("shop"), name("web"), series(), target.parse().expect("a target"), window);
    Case {
        objective,
        rule,
        what_if: None,
        end: DAY,
        early: 0,
        sparse: Stored::new(),
        fill: None,
        exclusions: Vec::new(),
    }
}

/// The report of minutes before the end, the newest first, once the oracle has agreed.
fn evaluated(mut case: Case, minutes: impl IntoIterator<Item = (u64, u64)>) -> BudgetReport {
    let end = case.end;
    let minutes = (1..).zip(minutes).map(|(ago, counts)| ((0, end - ago), counts));
    case.sparse = minutes.collect();
    let report = report(&filled(&case.stored()), &case, true);
    Expected::new(&case).assert_figures(&report);
    Expected::new(&case).assert_forecast(&report);
    report
}

fn edge(report: &BudgetReport) -> (Option<bool>, bool) {
    (report.met, report.exhausted)
}

const AT: (Option<bool>, bool) = (Some(true), true);
const INSIDE: (Option<bool>, bool) = (Some(true), false);
const OUTSIDE: (Option<bool>, bool) = (Some(false), true);

fn mean() -> BudgetingMethod {
    BudgetingMethod::RatioTimeslices { width: width(1) }
}

/// Of 100 minutes.
fn hundred(method: BudgetingMethod, target: &str) -> Case {
    let mut case = case(Rule::Rolling(100), target);
    case.objective.method = method;
    case
}

#[test]
fn occurrences_at_the_target() {
    for (bad, wanted) in [(699, INSIDE), (700, AT), (701, OUTSIDE)] {
        let minutes = [(5_000 - bad, 5_000), (1_000, 1_000), (1_000, 1_000)];
        assert_eq!(edge(&evaluated(hundred(BudgetingMethod::Occurrences, "0.9"), minutes)), wanted, "{bad} bad");
    }
}

#[test]
fn timeslices_at_the_target() {
    // A slice exactly at its own target is good.
    let target = PartsPerBillion::new(900_000_000).expect("a ratio");
    let method = BudgetingMethod::Timeslices { target, width: width(1) };
    for (bad, wanted) in [(4, INSIDE), (5, AT), (6, OUTSIDE)] {
        let minutes = (0..100).map(|i| if i < bad { (899, 1_000) } else { (900, 1_000) });
        assert_eq!(edge(&evaluated(hundred(method, "0.95"), minutes)), wanted, "{bad} bad");
    }
}

#[test]
fn ratio_timeslices_at_the_target() {
    // 2/3 + 1/3 + 3/7 + 4/7 + 1/2 + 1/2 + 2 are 5 of 100, and a little less or more.
    let parts = [(1, 3), (2, 3), (4, 7), (3, 7), (1, 2), (1, 2), (0, 9)];
    for (last, wanted) in [((1, 1_000_003), INSIDE), ((0, 1), AT), ((0, 5), AT)] {
        let minutes = parts.into_iter().chain([last]).chain([(1, 1); 92]);
        assert_eq!(edge(&evaluated(hundred(mean(), "0.95"), minutes)), wanted, "{last:?}");
    }
    let minutes = parts.into_iter().chain([(0, 1), (1_000_002, 1_000_003)]).chain([(1, 1); 91]);
    assert_eq!(edge(&evaluated(hundred(mean(), "0.95"), minutes)), OUTSIDE);
}

/// 1/2 + 1/6 + 1/12 + … + 1/(300·301) + 1/301 = 1, of a thousand: more denominators than are summed
/// exactly to be printed.
#[test]
fn very_many_denominators_at_the_target() {
    let mut case = case(Rule::Rolling(1_000), "0.999");
    case.objective.method = mean();
    let sum = |last: (u64, u64)| {
        let parts = (1_u64..=300).map(|k| (k * (k + 1) - 1, k * (k + 1))).chain([last]);
        parts.chain([(1, 1); 699]).collect::<Vec<_>>()
    };
    let at = evaluated(case.clone(), sum((300, 301)));
    assert_eq!(edge(&at), AT);
    assert_eq!((at.budget.remaining, at.budget.remaining_ratio), (Ratio::ZERO, Some(Ratio::ZERO)));
    // A little less and a little more, by 10^-15.
    let near = |bad: u64| (301_000_000_000_000 - bad, 301_000_000_000_000);
    assert_eq!(edge(&evaluated(case.clone(), sum(near(999_999_999_999)))), INSIDE);
    assert_eq!(edge(&evaluated(case, sum(near(1_000_000_000_001)))), OUTSIDE);
}

/// The budget is of the whole period: what is met by the slices there are need not be spent.
#[test]
fn at_the_target_of_half_the_slices() {
    let timeslices = BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: width(1) };
    for method in [timeslices, mean()] {
        let half = || [(0, 1); 5].into_iter().chain([(1, 1); 45]);
        let with = |no_data| {
            let mut case = hundred(method, "0.9");
            case.objective.no_data = no_data;
            evaluated(case, half())
        };
        assert_eq!(edge(&with(NoData::Ignore)), INSIDE);
        assert_eq!(with(NoData::Ignore).sli, Ratio::new(9, 10));
        assert_eq!(with(NoData::Good).sli, Ratio::new(19, 20));
        assert_eq!(edge(&with(NoData::Bad)), OUTSIDE);
        assert_eq!(with(NoData::Bad).sli, Ratio::new(9, 20));
    }
}

/// Without any data: not counted, or counted.
#[test]
fn nothing_at_all() {
    let with = |no_data| {
        let mut case = hundred(mean(), "0.9");
        case.objective.no_data = no_data;
        evaluated(case, [])
    };
    let ignored = with(NoData::Ignore);
    assert_eq!((ignored.status, ignored.sli, ignored.coverage), (Status::NoData, None, Some(Ratio::ZERO)));
    assert_eq!(ignored.budget.remaining_ratio, Some(Ratio::ONE), "the figures are still given");
    assert_eq!((with(NoData::Good).status, with(NoData::Good).sli), (Status::Ok, Some(Ratio::ONE)));
    assert_eq!((with(NoData::Bad).status, with(NoData::Bad).sli), (Status::Exhausted, Some(Ratio::ZERO)));
}

/// At noon, 96 slices of the day's 144 are left: spent by midnight exactly at the rate of 192 bad slices
/// in a day, which is not before the end of the walk.
#[test]
fn a_calendar_budget_that_lasts_until_its_end() {
    let forecast = |more: usize| {
        let mut case = case(Rule::Calendar(Unit::Day, "Etc/UTC", Weekday::Monday), "0.9");
        case.objective.method = BudgetingMethod::Timeslices { target: PartsPerBillion::ONE, width: width(1) };
        case.end = DAY + 720;
        let bad = |i: usize| i < 48 || (720..864 + more).contains(&i);
        let minutes = (0..1_440).map(|i| if bad(i) { (0, 1) } else { (1, 1) });
        evaluated(case, minutes).forecast
    };
    assert_eq!((forecast(0).burn_rate, forecast(0).exhausted_at), (Ratio::new(4, 3), None));
    assert_eq!(forecast(1).exhausted_at, Some((DAY + 720 + 717).timestamp()));
}
