//! Answers of the service: it reads what its evaluation needs.

use std::sync::Arc;

use proptest::prelude::*;
use slo_core::{
    BudgetingMethod, ChangeKind, Condition, Definition, Indicator, IndicatorKind, Minute, NoData, Objective, PlanSpan,
    Policy, Proposal, Reading, Resolution, Revision, Service, Shorthand, SliceWidth, Stamp, Unit, Versioned, WhatIf,
};

use super::alerts::alerts;
use super::cases::{Case, Rule, cases_of, methods};
use super::oracle::Expected;
use super::spells::spells_of_alerts;
use super::{config, filled, name, now, oracle, read, report};

/// The service with a case's data, and its objective with its exclusions.
fn served(case: &Case) -> (Service, Versioned<Objective>) {
    let service = Service { measurements: Arc::new(filled(&case.stored())), ..Service::in_memory() };
    (service, stored(case.objective.clone(), case).with_annex(case.exclusions.clone()))
}

fn stored<D: Definition>(value: D, case: &Case) -> Versioned<D> {
    Versioned::first(value, Revision::FIRST, Stamp { at: case.at(), by: None })
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn budgets_incidents_and_backtests_are_those_of_the_minutes(
        mut case in cases_of(methods(), 3_000), ago in 1..3_200_i64, periods in 1..4_usize,
    ) {
        let (service, objective) = served(&case);
        let (store, at) = (filled(&case.stored()), case.at());
        let what_if = WhatIf { target: case.what_if, without_exclusions: false };
        prop_assert_eq!(now(service.error_budget(&objective, at, what_if, at)).expect("a budget"), report(&store, &case, false));

        case.what_if = None;
        let evaluation = case.evaluation();
        for from in [Some(case.end - ago), None] {
            let start = from.unwrap_or_else(|| oracle::period(case.rule, case.end).start);
            let reading = evaluation.incidents_reading(start, at);
            let wanted = evaluation.incidents(start, at, &read(&store, reading.period, &Resolution::Minutes));
            let got = now(service.incidents(&objective, from.map(Minute::timestamp), at, at)).expect("incidents");
            prop_assert_eq!(got, wanted);
        }

        let reading = evaluation.backtest_reading(at, periods);
        if reading.period.minutes() <= 100 * 1_440 {
            // What is only proposed has no exclusions.
            let wanted = evaluation.excluding(&[]).backtest(at, periods, case.what_if, &read(&store, reading.period, &Resolution::Minutes));
            let (time_window, method) = (case.objective.time_window.clone(), case.objective.method);
            let (no_data, target) = (case.objective.no_data, case.what_if);
            let proposal = Proposal { time_window, method, no_data, target, periods: Some(periods) };
            let indicator = stored(Indicator::new(name("site"), name("web"), IndicatorKind::Ratio), &case);
            prop_assert_eq!(now(service.backtest(&indicator, &proposal, at, at)).expect("a backtest"), wanted);
        }
    }

    /// A plan and the three largest incidents of the current window.
    #[test]
    fn plans_and_toil_are_those_of_the_minutes(mut case in cases_of(methods(), 3_000), days in 1..10_i64) {
        case.what_if = None;
        let (service, objective) = served(&case);
        let (store, at, evaluation) = (filled(&case.stored()), case.at(), case.evaluation());
        let span = PlanSpan::new(None, at + jiff::SignedDuration::from_hours(24 * days), at).expect("a span");
        let planned = now(service.plan(&objective, &span)).expect("a plan");
        let minutes = |reading: Reading| read(&store, reading.period, &Resolution::Minutes);
        prop_assert_eq!(&planned.plan, &evaluation.plan(&span, &minutes(evaluation.plan_reading(&span))));
        let start = oracle::period(case.rule, case.end).start;
        let mut incidents = evaluation.incidents(start, at, &minutes(evaluation.incidents_reading(start, at)));
        incidents.truncate(3);
        prop_assert_eq!(planned.toil.incidents, incidents);
        prop_assert_eq!(planned.toil.consumed_ratio, planned.plan.budget.consumed_ratio);
    }

    /// The steps of the epoch grid from a minute on, and the end.
    #[test]
    fn steps_are_reports(mut case in cases_of(methods(), 3_000), width in proptest::sample::select(vec![1_u32, 5, 60]), steps in 0..4_i64, rest in 1..60_i64) {
        case.what_if = None;
        let (service, objective) = served(&case);
        let store = filled(&case.stored());
        let (step, length) = (i64::from(width), Shorthand::new(width, Unit::Minute));
        let from = case.end - step * steps - rest.min(step);
        let points = now(service.burn_down(&objective, Some(from.timestamp()), case.at(), length, case.at())).expect("points");
        let on_grid = (0..case.end - from).map(|i| from + i).filter(|minute| minute.get() % step == 0);
        let ends: Vec<Minute> = on_grid.chain([case.end]).collect();
        prop_assert_eq!(points.iter().map(|point| point.end).collect::<Vec<_>>(), ends);
        for point in points {
            let report = report(&store, &case.seen_from(point.end), false);
            prop_assert_eq!((point.remaining_ratio, point.sli, point.counts), (report.budget.remaining_ratio, report.sli, report.counts));
        }
    }

    /// However far back it asks.
    #[test]
    fn alerts_are_followed_to_their_start(mut case in spells_of_alerts(), step in 1_u32..200) {
        // Where missing slices are bad, a spell would be followed to the bound.
        if case.objective.no_data == NoData::Bad {
            case.objective.no_data = NoData::Good;
        }
        let (service, objective) = served(&case);
        let got = now(service.alerts(&objective, case.at(), case.at())).expect("alerts");
        prop_assert_eq!(got, alerts(&filled(&case.stored()), &case, step).0);
    }
}

proptest! {
    #![proptest_config(config(15))]

    /// What no rule asks about changes no verdict and no reason.
    #[test]
    fn a_policy_sees_what_matters_to_it(case in cases_of(methods(), 3_000)) {
        let (service, objective) = served(&case);
        let (at, mut large) = (case.at(), Policy::default());
        large.rules[2].condition = Condition::IncidentShare("0.01".parse().expect("a share"));
        let all = now(service.evidence(&objective, at, at)).expect("evidence");
        for (policy, (_, kind)) in [Policy::default(), large].iter().flat_map(|policy| ChangeKind::ALL.map(|kind| (policy, kind))) {
            let (report, seen) = now(service.seen_by(policy, kind, &objective, at, at)).expect("evidence");
            prop_assert_eq!(report, now(service.error_budget(&objective, at, WhatIf::default(), at)).expect("a budget"));
            let (got, wanted) = (policy.judge(kind, &[seen]), policy.judge(kind, std::slice::from_ref(&all)));
            prop_assert_eq!((got.verdict, got.reasons), (wanted.verdict, wanted.reasons));
        }
    }
}

/// More hours with bad events, apart from each other, than are read one by one.
#[test]
fn incidents_of_many_hours() {
    let mut case = super::edges::case(Rule::Rolling(4_320), "0.9");
    let minutes = (1..4_320).step_by(30).map(|ago| ((0, case.end - ago), (u64::from(ago % 120 > 1), 1)));
    case.sparse = minutes.collect();
    let (service, objective) = served(&case);
    let got = now(service.incidents(&objective, None, case.at(), case.at())).expect("incidents");
    Expected::new(&case).assert_incidents(case.end - 4_320, &got);
    assert_eq!(got.len(), 36);
}

proptest! {
    #![proptest_config(config(40))]

    /// The same of many at once, which share what they read, but for the start of spells.
    #[test]
    fn many_are_seen_like_each(case in prop_oneof![spells_of_alerts(), cases_of(methods(), 3_000)], late in prop_oneof![Just(0), 0..200_i64]) {
        let (service, objective) = served(&case);
        let at = case.at() + jiff::SignedDuration::from_mins(late);
        let (mut other, mut slices) = (objective.clone(), objective.clone());
        other.annex.clear();
        slices.value.method = BudgetingMethod::Timeslices { target: "0.9".parse().expect("a share"), width: SliceWidth::MINUTE };
        let (policy, kind, all) = (Policy::default(), ChangeKind::Feature, [objective, other, slices]);
        let seen = now(service.all_seen_by(&policy, kind, &all, at, at)).expect("evidence");
        let reports = now(service.error_budgets(&all, at, at)).expect("budgets");
        let glances = now(service.budgets_and_alerts(&all, at, at)).expect("budgets and alerts");
        prop_assert_eq!((seen.len(), reports.len(), glances.len()), (all.len(), all.len(), all.len()));
        for (((objective, got), report), glance) in all.iter().zip(seen).zip(reports).zip(glances) {
            let mut wanted = now(service.seen_by(&policy, kind, objective, at, at)).expect("evidence");
            wanted.1.alerts.iter_mut().for_each(|alert| alert.since = None);
            prop_assert_eq!(&report, &wanted.0);
            let mut alerts = now(service.alerts(objective, at, at)).expect("alerts");
            alerts.iter_mut().for_each(|alert| alert.since = None);
            prop_assert_eq!(glance, (report, alerts));
            prop_assert_eq!(got, wanted);
        }
    }
}
