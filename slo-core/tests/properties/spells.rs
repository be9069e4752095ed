//! Cases in which alerts come and go: spells of outage, silence and calm, and what the week before had.

use jiff::civil::Weekday;
use proptest::prelude::*;
use slo_core::{
    AlertCondition, AlertPolicy, AlertThreshold, BudgetingMethod, Minute, NoData, Objective, PartsPerBillion, Severity,
    Shorthand, Unit,
};

use super::cases::{Case, Rule, calendar, rolling, width};
use super::exclusions::exclusions;
use super::oracle::Span;
use super::{DAY, Stored, name, series};

const WEEK: i64 = 10_080;

/// So long in minutes, and each of them so.
type Spell = (i64, Option<(u64, u64)>);

fn lay(stored: &mut Stored, source: usize, end: Minute, spells: &[Spell]) {
    let mut minute = end;
    for (length, counts) in spells {
        for _ in 0..*length {
            minute = minute - 1;
            if let Some(counts) = counts {
                stored.insert((source, minute), *counts);
            }
        }
    }
}

fn windows() -> impl Strategy<Value = Rule> {
    let lengths = vec![60, 120, 360, 1_440, 10_080, 30_180, 30_240, 40_320, 43_200];
    let civil = [Unit::Day, Unit::Month].map(|unit| Rule::Calendar(unit, "America/New_York", Weekday::Monday));
    prop_oneof![
        5 => proptest::sample::select(lengths).prop_map(Rule::Rolling),
        1 => proptest::sample::select(civil.to_vec()),
    ]
}

fn methods() -> impl Strategy<Value = BudgetingMethod> {
    let widths = || proptest::sample::select(vec![1, 5, 15]).prop_map(width);
    let reached = proptest::sample::select(vec![1_000_000_000, 900_000_000, 500_000_000]);
    let reached = reached.prop_map(|parts| PartsPerBillion::new(parts).expect("a ratio"));
    prop_oneof![
        3 => Just(BudgetingMethod::Occurrences),
        2 => (reached, widths()).prop_map(|(target, width)| BudgetingMethod::Timeslices { target, width }),
        2 => widths().prop_map(|width| BudgetingMethod::RatioTimeslices { width }),
    ]
}

pub(crate) fn condition(long: u32, short: u32, threshold: AlertThreshold) -> AlertCondition {
    let minutes = |n| Shorthand::new(n, Unit::Minute).expect("above zero");
    let (long_window, short_window) = (minutes(long), minutes(short));
    AlertCondition { severity: Severity::Page, long_window, short_window, threshold, minimum_events: None }
}

pub(crate) fn rate(k: &str) -> AlertThreshold {
    AlertThreshold::BurnRate(k.parse().expect("a burn rate"))
}

fn policies() -> impl Strategy<Value = AlertPolicy> {
    let rates = vec!["0.1", "0.5", "1", "1.5", "2", "4", "9.99", "10"];
    let fractions = prop_oneof![0_u32..1_000_000_000, proptest::sample::select(vec![20_000_000, 100_000_000])];
    let thresholds = prop_oneof![
        3 => proptest::sample::select(rates).prop_map(rate),
        1 => fractions.prop_map(|f| AlertThreshold::BudgetFraction(PartsPerBillion::new(f).expect("a ratio"))),
    ];
    let windows = (2_u32..90).prop_flat_map(|long| (Just(long), 1..long));
    let condition = (windows, thresholds, proptest::option::weighted(0.3, 0_u64..200), any::<bool>()).prop_map(
        |((long, short), threshold, minimum_events, page)| {
            let severity = if page { Severity::Page } else { Severity::Ticket };
            AlertCondition { severity, minimum_events, ..condition(long, short, threshold) }
        },
    );
    let floors = proptest::sample::select(vec![0, 500_000_000, 900_000_000, 900_000_000, 1_000_000_000]);
    (proptest::collection::vec(condition, 1..4), floors).prop_map(|(conditions, floor)| AlertPolicy {
        conditions,
        coverage_floor: PartsPerBillion::new(floor).expect("a ratio"),
    })
}

fn spells(most: usize) -> impl Strategy<Value = Vec<Spell>> {
    let counts = vec![(1, 1), (12, 12), (0, 1), (0, 12), (1, 2), (5, 6), (11, 12), (3, 4)];
    let counts = proptest::option::weighted(0.75, proptest::sample::select(counts));
    proptest::collection::vec((prop_oneof![1_i64..12, 1_i64..80], counts), 0..most)
}

/// Small windows, mostly; with the usual conditions everything takes twelve times as long.
pub(crate) fn spells_of_alerts() -> impl Strategy<Value = Case> {
    let targets = proptest::sample::select(vec!["0.5", "0.75", "0.9", "0.9", "0.99", "0.999"]);
    let no_data = proptest::sample::select(vec![NoData::Ignore, NoData::Ignore, NoData::Good, NoData::Bad]);
    let policy = proptest::option::weighted(0.85, policies());
    let data = (spells(9), spells(3), spells(9), -20_i64..20);
    let span = |end: Minute| Span { start: end - 200, end, full_end: end };
    let ends = (0_i64..3_000).prop_map(|minutes| DAY + minutes);
    let ends = ends.prop_flat_map(move |end| (Just(end), exclusions(span(end))));
    let promises = (windows(), methods(), no_data, targets, policy);
    (promises, data, ends, 0_i64..60_000_000_000).prop_map(
        |((rule, method, no_data, target, alert_policy), (newest, other, before, later), (end, exclusions), early)| {
            let window = match rule {
                Rule::Rolling(length) => rolling(length),
                Rule::Calendar(unit, zone, anchor) => calendar(unit, zone, anchor),
            };
            let target = target.parse().expect("a target");
            let mut objective = Objective::new(name("shop"), name("web"), series(), target, window);
            let times = if alert_policy.is_some() { 1 } else { 12 };
            (objective.method, objective.no_data, objective.alert_policy) = (method, no_data, alert_policy);
            let mut sparse = Stored::new();
            for (source, end, spells) in [(0, end, newest), (1, end, other), (0, end - WEEK + later, before)] {
                let spells: Vec<Spell> = spells.iter().map(|(length, counts)| (length * times, *counts)).collect();
                lay(&mut sparse, source, end, &spells);
            }
            Case { objective, rule, what_if: None, end, early, sparse, fill: None, exclusions }
        },
    )
}
