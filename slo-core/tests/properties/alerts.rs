//! When alerts fire, and since when.

use jiff::Timestamp;
use proptest::prelude::*;
use slo_core::memory::MemoryMeasurements;
use slo_core::{Alert, AlertPolicy, Alerts, HeldBack, Minute, PartsPerBillion, default_coverage_floor};

use super::cases::{Case, Rule};
use super::edges::case;
use super::oracle::Expected;
use super::spells::{condition, rate, spells_of_alerts};
use super::{DAY, config, filled, read};

/// Further back nothing is asked for.
const FURTHEST: u32 = 12_000;

fn asked(store: &MemoryMeasurements, case: &Case, back: u32) -> Alerts {
    let evaluation = case.evaluation();
    let readings = evaluation.alerts_reading(case.at(), back).into_iter();
    let buckets = readings.flat_map(|reading| read(store, reading.period, &reading.resolution));
    evaluation.alerts(case.at(), back, &buckets.collect::<Vec<_>>())
}

/// As the service does: first the end alone, then so many minutes, then ever more.
pub(crate) fn alerts(store: &MemoryMeasurements, case: &Case, step: u32) -> (Vec<Alert>, u32) {
    let mut back = 0;
    loop {
        let alerts = asked(store, case, back);
        if !alerts.further || back >= FURTHEST {
            return (alerts.items, back);
        }
        back = if back == 0 { step } else { (back * 3).min(FURTHEST) };
    }
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn alerts_are_those_of_the_oracle(case in spells_of_alerts(), step in 1_u32..200, more in 1_u32..1_000) {
        let store = filled(&case.stored());
        let (items, back) = alerts(&store, &case, step);
        let followed = back < FURTHEST;
        Expected::new(&case).assert_alerts(&items, (!followed).then(|| case.end - i64::from(back)));
        if followed {
            // Whoever reads more knows no more.
            prop_assert_eq!(Alerts { items, further: false, open: false }, asked(&store, &case, back + more));
        }
    }
}

/// A condition of an hour and five minutes at a burn rate of 2 of at most 10, with data from so many minutes
/// before midnight on.
fn hourly(minutes: i64, counts: impl Fn(i64) -> Option<(u64, u64)>) -> Case {
    let mut case = case(Rule::Rolling(40_320), "0.9");
    let conditions = vec![condition(60, 5, rate("2"))];
    case.objective.alert_policy = Some(AlertPolicy { conditions, coverage_floor: default_coverage_floor() });
    let minutes = (-minutes..0).filter_map(|at| Some(((0, DAY + at), counts(at)?)));
    case.sparse = minutes.collect();
    case
}

/// What it says so many minutes after midnight, once the oracle has agreed.
fn after(case: &Case, minutes: i64) -> (bool, Option<Timestamp>, Option<HeldBack>) {
    let mut case = case.clone();
    case.end = DAY + minutes;
    let (items, _) = alerts(&filled(&case.stored()), &case, 100);
    Expected::new(&case).assert_alerts(&items, None);
    (items[0].firing, items[0].since, items[0].held_back)
}

/// Good for long, then bad for the last twenty minutes before midnight.
fn outage(at: i64) -> (u64, u64) {
    if at < -20 { (1, 1) } else { (0, 1) }
}

/// Of an hour, 20 % bad is a burn rate of 2, and the thirteenth bad minute is more. With as many minutes as
/// the floor asks for, an alert resolves as soon as nothing is counted in its five minutes.
#[test]
fn an_alert_begins_and_ends_with_its_burn_rates() {
    let case = hourly(20_000, |at| Some(outage(at)));
    let since = Some((DAY - 7).timestamp());
    assert_eq!(after(&case, -8), (false, None, None));
    assert_eq!(after(&case, -7), (true, since, None));
    assert_eq!(after(&case, 4), (true, since, None));
    assert_eq!(after(&case, 5), (false, None, None));
    let seldom = hourly(20_000, |at| (at < -20 || at % 7 == 0).then(|| outage(at)));
    assert_eq!(after(&seldom, -8), (false, None, Some(HeldBack::Coverage)));
}

/// The last end with enough data is a minute before midnight: what was then is kept for the hour that reaches
/// it.
#[test]
fn silence_keeps_an_alert_for_its_long_window() {
    let mut case = hourly(20_000, |at| (at < -2).then(|| outage(at)));
    let policy = case.objective.alert_policy.as_mut().expect("there is one");
    policy.coverage_floor = PartsPerBillion::new(980_000_000).expect("a ratio");
    let since = Some((DAY - 7).timestamp());
    assert_eq!(after(&case, -1), (true, since, None), "59 of 60");
    assert_eq!(after(&case, 0), (true, since, Some(HeldBack::Coverage)), "58 of 60");
    assert_eq!(after(&case, 59), (true, since, Some(HeldBack::Coverage)));
    assert_eq!(after(&case, 60), (false, None, Some(HeldBack::Coverage)));
}

/// A spell that began more than a week before it is asked for, and so before what is read first.
#[test]
fn a_spell_of_eight_days() {
    let case = hourly(40_000, |at| Some(if at < -8 * 1_440 { (1, 1) } else { (0, 1) }));
    assert_eq!(after(&case, 0), (true, Some((DAY - 8 * 1_440 + 13).timestamp()), None));
}

/// A condition that would fire, and what it lacks.
#[test]
fn what_holds_a_condition_back() {
    let case = hourly(20_000, |at| Some(outage(at)));
    let with = |change: &dyn Fn(&mut slo_core::AlertCondition)| {
        let mut case = case.clone();
        case.objective.alert_policy.iter_mut().for_each(|policy| policy.conditions.iter_mut().for_each(change));
        after(&case, 0)
    };
    let since = |ago: i64| Some(Minute::timestamp(DAY - ago));
    assert_eq!(with(&|condition| condition.minimum_events = Some(60)), (true, since(7), None));
    assert_eq!(with(&|condition| condition.minimum_events = Some(61)), (false, None, Some(HeldBack::MinimumEvents)));
    assert_eq!(with(&|condition| condition.threshold = rate("3.333333333")), (true, since(0), None));
    assert_eq!(with(&|condition| condition.threshold = rate("9.999999999")), (false, None, None));
    assert_eq!(with(&|condition| condition.threshold = rate("10")), (false, None, Some(HeldBack::Unreachable)));
}
