//! Rules and evidence.

use super::*;
use crate::alert_policy::Severity;
use crate::budget::Status;
use crate::policy::{Condition, Limit, Rule};
use crate::ratio::Ratio;
use crate::revision::Revision;

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn fraction(text: &str) -> Option<Fraction> {
    Some(text.parse().expect("a fraction"))
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// A budget of which half is left, burning at 1, with a page that does not fire and a small incident.
fn evidence(status: Status) -> Evidence {
    let incident = SeenIncident {
        start: time("2026-11-20T11:00:00Z"),
        end: time("2026-11-20T11:05:00Z"),
        share: fraction("1/5"),
        postmortem_required: false,
    };
    Evidence {
        objective: name("shop"),
        revision: Revision::FIRST,
        aspirational: false,
        status,
        remaining_ratio: fraction("1/2"),
        coverage: fraction("9/10"),
        burn_rates: vec![SeenBurnRate {
            lookback: "24h".parse().expect("a duration"),
            rate: fraction("3/1"),
            seconds_to_exhaustion: Some(7_200),
        }],
        alerts: vec![alert(Severity::Page, false), alert(Severity::Ticket, false)],
        incidents: vec![incident],
    }
}

fn alert(severity: Severity, firing: bool) -> SeenAlert {
    SeenAlert {
        severity,
        long_window: "1h".parse().expect("a duration"),
        long_burn_rate: fraction("20/1"),
        threshold: Ratio::new(72, 5).expect("above zero").into(),
        firing,
        since: firing.then(|| time("2026-11-20T11:00:00Z")),
    }
}

fn limit(value: &str, inclusive: bool) -> Limit {
    Limit { value: value.parse().expect("a decimal"), inclusive }
}

fn rule(name: &str, condition: Condition, verdict: Verdict) -> Rule {
    let changes = ChangeKind::ALL.map(|(_, kind)| kind).to_vec();
    Rule { name: name.parse().expect("a name"), changes, condition, verdict }
}

fn policy(rules: Vec<Rule>) -> Policy {
    Policy { name: Policy::name(), rules }
}

/// The sentence of a condition, if it matches.
fn found(condition: Condition, evidence: &Evidence) -> Option<String> {
    let policy = policy(vec![rule("one", condition, Verdict::Hold)]);
    assert_eq!(policy.faults(), []);
    let judgement = policy.judge(ChangeKind::Feature, std::slice::from_ref(evidence));
    assert_eq!(judgement.verdict == Verdict::Hold, judgement.reasons.len() == 1);
    judgement.reasons.into_iter().next().map(|reason| reason.detail)
}

#[test]
fn the_default_policy_kind_by_state() {
    use ChangeKind::{Feature, Fix, Reliability, Security};
    use Verdict::{Caution, Hold, Ship};
    let kinds = [Feature, Fix, Reliability, Security];
    let mut paged = evidence(Status::Ok);
    paged.alerts[0].firing = true;
    let mut ticketed = evidence(Status::Ok);
    ticketed.alerts[1].firing = true;
    let mut exhausted_and_paged = evidence(Status::Exhausted);
    exhausted_and_paged.alerts[0].firing = true;
    for (state, evidence, verdicts, reasons) in [
        ("ok", evidence(Status::Ok), [Ship; 4], [0; 4]),
        ("warning", evidence(Status::Warning), [Caution, Caution, Ship, Ship], [1, 1, 0, 0]),
        ("noData", evidence(Status::NoData), [Caution, Caution, Ship, Ship], [1, 1, 0, 0]),
        ("exhausted", evidence(Status::Exhausted), [Hold, Caution, Ship, Ship], [1, 1, 0, 0]),
        ("page", paged, [Hold; 4], [1; 4]),
        ("ticket", ticketed, [Ship; 4], [0; 4]),
        ("exhausted and page", exhausted_and_paged, [Hold; 4], [2, 2, 1, 1]),
    ] {
        for (i, kind) in kinds.into_iter().enumerate() {
            let judgement = Policy::default().judge(kind, std::slice::from_ref(&evidence));
            assert_eq!(judgement.verdict, verdicts[i], "{state}, {kind:?}");
            assert_eq!(judgement.reasons.len(), reasons[i], "{state}, {kind:?}");
        }
    }
}

#[test]
fn the_default_policy_never_changes() {
    // Decisions of revision 0 refer to it.
    let text = serde_json::to_string(&Policy::default()).expect("JSON");
    let rules = [
        r#"{"name":"exhausted","changes":["feature"],"condition":{"status":["exhausted"]},"verdict":"hold"}"#,
        r#"{"name":"exhausted-fix","changes":["fix"],"condition":{"status":["exhausted"]},"verdict":"caution"}"#,
        r#"{"name":"page-alert","changes":["feature","fix","reliability","security"],"condition":{"alert":"page"},"verdict":"hold"}"#,
        r#"{"name":"warning","changes":["feature","fix"],"condition":{"status":["warning"]},"verdict":"caution"}"#,
        r#"{"name":"no-data","changes":["feature","fix"],"condition":{"status":["noData"]},"verdict":"caution"}"#,
    ];
    assert_eq!(text, format!(r#"{{"name":"policy","rules":[{}]}}"#, rules.join(",")));
}

#[test]
fn limits_are_exact() {
    let mut seen = evidence(Status::Ok);
    let left = |value: &str, inclusive| Condition::RemainingRatio(limit(value, inclusive));
    assert_eq!(found(left("0.5", true), &seen).as_deref(), Some("shop has 50 % of its budget left: at most 50 %"));
    assert_eq!(found(left("0.5", false), &seen), None);
    assert_eq!(found(left("0.499999999", true), &seen), None);
    // Closer to the limit than a float could tell.
    seen.remaining_ratio = fraction("4999999999999999999999/10000000000000000000000");
    assert!(found(left("0.5", false), &seen).is_some_and(|text| text.contains("less than 50 %")));
    seen.remaining_ratio = fraction("-3/1");
    let spent = found(left("0", true), &seen);
    assert_eq!(spent.as_deref(), Some("shop has -300 % of its budget left: at most 0 %"));
    seen.remaining_ratio = None;
    assert_eq!(found(left("1", true), &seen), None);
}

#[test]
fn burn_rates_are_of_their_look_back() {
    let mut seen = evidence(Status::Ok);
    let burns = |lookback: &str, value: &str, inclusive| Condition::BurnRate {
        lookback: lookback.parse().expect("a duration"),
        limit: limit(value, inclusive),
    };
    assert_eq!(
        found(burns("1d", "3", true), &seen).as_deref(),
        Some("shop burns its budget 3 times as fast as it lasts, seen over 1d: at least 3")
    );
    assert_eq!(found(burns("24h", "3", false), &seen), None);
    assert!(found(burns("24h", "2.999999999", false), &seen).is_some());
    assert_eq!(found(burns("1h", "0", true), &seen), None, "no such look-back");
    seen.burn_rates[0].rate = None;
    assert_eq!(found(burns("24h", "0", true), &seen), None, "nothing counted");
}

#[test]
fn time_to_exhaustion_is_shorter_than() {
    let mut seen = evidence(Status::Ok);
    let lasts = |lookback: &str, less: &str| Condition::TimeToExhaustion {
        lookback: lookback.parse().expect("a duration"),
        shorter_than: less.parse().expect("a duration"),
    };
    assert_eq!(found(lasts("24h", "2h"), &seen), None, "exactly as long");
    assert_eq!(
        found(lasts("24h", "121m"), &seen).as_deref(),
        Some("shop runs out of budget in 2 h at the rate of the last 24h: it should last 121m")
    );
    assert_eq!(found(lasts("5m", "366d"), &seen), None, "no such look-back");
    seen.burn_rates[0].seconds_to_exhaustion = Some(0);
    assert_eq!(found(lasts("24h", "1m"), &seen).as_deref(), Some("shop has no budget left: it should last 1m"));
    seen.burn_rates[0].seconds_to_exhaustion = None;
    assert_eq!(found(lasts("24h", "366d"), &seen), None, "never");
}

#[test]
fn alerts_are_of_their_severity() {
    let mut seen = evidence(Status::Ok);
    assert_eq!(found(Condition::Alert(Severity::Page), &seen), None);
    seen.alerts[1].firing = true;
    assert_eq!(found(Condition::Alert(Severity::Page), &seen), None);
    seen.alerts[0] = alert(Severity::Page, true);
    assert_eq!(
        found(Condition::Alert(Severity::Page), &seen).as_deref(),
        Some("a page alert of shop fires since 2026-11-20T11:00:00Z, by its 1h window")
    );
}

#[test]
fn an_incident_takes_more_than_a_share() {
    let mut seen = evidence(Status::Ok);
    let share = |value: &str| Condition::IncidentShare(value.parse().expect("a decimal"));
    assert_eq!(found(share("0.2"), &seen), None, "exactly as much");
    assert_eq!(
        found(share("0.19"), &seen).as_deref(),
        Some("an incident at 2026-11-20T11:00:00Z took 20 % of the budget of shop: more than 19 %")
    );
    seen.incidents[0].share = None;
    assert_eq!(found(share("0"), &seen), None);
}

#[test]
fn coverage_is_below() {
    let mut seen = evidence(Status::Ok);
    let below = |value: &str| Condition::Coverage(value.parse().expect("a decimal"));
    assert_eq!(found(below("0.9"), &seen), None, "exactly as much");
    assert_eq!(found(below("0.95"), &seen).as_deref(), Some("shop has data for 90 % of its time: less than 95 %"));
    seen.coverage = None;
    assert_eq!(found(below("1"), &seen), None);
}

#[test]
fn a_status_is_in_a_list() {
    let listed = |list: &[Status]| Condition::Status(list.to_vec());
    for (status, sentence) in [
        (Status::NoData, "shop has no data: nobody knows how it is"),
        (Status::Exhausted, "shop has exhausted its budget: 50 % of it is used"),
        (Status::Warning, "shop has 50 % of its budget left, which its objective warns of"),
    ] {
        let all = [Status::NoData, Status::Exhausted, Status::Warning];
        let others: Vec<Status> = all.into_iter().filter(|other| *other != status).collect();
        assert_eq!(found(listed(&all), &evidence(status)).as_deref(), Some(sentence));
        assert_eq!(found(listed(&others), &evidence(status)), None);
    }
    assert_eq!(found(listed(&[Status::Exhausted]), &evidence(Status::Ok)), None);
}

#[test]
fn figures_are_rounded_to_the_careful_side() {
    let mut seen = evidence(Status::Exhausted);
    let status = |seen: &Evidence| found(Condition::Status(vec![seen.status]), seen);
    seen.remaining_ratio = fraction("-99051/100000");
    assert_eq!(status(&seen).as_deref(), Some("shop has exhausted its budget: 199.06 % of it is used"));
    seen.status = Status::Warning;
    for (left, said) in [("99999/1000000", "9.99 %"), ("1/1000000", "less than 0.01 %"), ("0/1", "0 %")] {
        seen.remaining_ratio = fraction(left);
        let sentence = format!("shop has {said} of its budget left, which its objective warns of");
        assert_eq!(status(&seen), Some(sentence));
    }
    seen.coverage = fraction("89999/100000");
    let coverage = found(Condition::Coverage("0.9".parse().expect("a decimal")), &seen);
    assert_eq!(coverage.as_deref(), Some("shop has data for 89.99 % of its time: less than 90 %"));
    seen.incidents[0].share = fraction("200001/1000000");
    let share = found(Condition::IncidentShare("0.2".parse().expect("a decimal")), &seen);
    assert!(share.is_some_and(|text| text.contains("took 20.01 % of the budget of shop: more than 20 %")));
    seen.burn_rates[0].rate = fraction("3001/1000");
    let burn = Condition::BurnRate { lookback: "1d".parse().expect("a duration"), limit: limit("3", false) };
    assert!(found(burn, &seen).is_some_and(|text| text.contains("3.01 times as fast as it lasts")));
}

#[test]
fn every_matching_rule_gives_a_reason_in_the_order_of_objectives_then_rules() {
    let policy = policy(vec![
        rule("low", Condition::RemainingRatio(limit("0.5", true)), Verdict::Caution),
        rule("never", Condition::Coverage("0.1".parse().expect("a decimal")), Verdict::Hold),
        rule(
            "fast",
            Condition::BurnRate { lookback: "24h".parse().expect("it is"), limit: limit("2", false) },
            Verdict::Hold,
        ),
    ]);
    let second = Evidence { objective: name("api"), ..evidence(Status::Ok) };
    let judgement = policy.judge(ChangeKind::Security, &[evidence(Status::Ok), second]);
    let order: Vec<String> =
        judgement.reasons.iter().map(|reason| format!("{} {}", reason.objective, reason.rule)).collect();
    assert_eq!(order, ["shop low", "shop fast", "api low", "api fast"]);
    assert_eq!(judgement.verdict, Verdict::Hold, "the worst");
    let fast = &judgement.reasons[1];
    assert_eq!(fast.observed, fraction("3/1").map(Figure::Ratio));
    assert_eq!(fast.limit, fraction("2/1").map(Figure::Ratio));
}

#[test]
fn a_rule_is_about_its_kinds_of_change() {
    let mut policy = policy(vec![rule("low", Condition::RemainingRatio(limit("1", true)), Verdict::Hold)]);
    policy.rules[0].changes = vec![ChangeKind::Fix];
    for (_, kind) in ChangeKind::ALL {
        let held = policy.judge(kind, &[evidence(Status::Ok)]).verdict == Verdict::Hold;
        assert_eq!(held, kind == ChangeKind::Fix);
    }
}

#[test]
fn aspirational_objectives_inform() {
    let wish = Evidence { aspirational: true, ..evidence(Status::Exhausted) };
    let judgement = Policy::default().judge(ChangeKind::Feature, std::slice::from_ref(&wish));
    assert_eq!(judgement.verdict, Verdict::Ship);
    assert!(judgement.reasons[0].aspirational);
    assert_eq!(judgement.reasons[0].verdict, Verdict::Hold);
    // Beside one that counts.
    let both = Policy::default().judge(ChangeKind::Feature, &[wish, evidence(Status::Warning)]);
    assert_eq!(both.verdict, Verdict::Caution);
    assert_eq!(both.reasons.len(), 2);
}

#[test]
fn postmortems_are_of_large_incidents() {
    let mut seen = evidence(Status::Ok);
    let small = seen.incidents[0].clone();
    let large = SeenIncident { share: fraction("21/100"), postmortem_required: true, ..small.clone() };
    seen.incidents = vec![large.clone(), small];
    // Whatever the kind of change, and without a rule about incidents.
    let judgement = Policy::default().judge(ChangeKind::Security, &[seen]);
    assert_eq!(judgement.postmortem_required, [Postmortem { objective: name("shop"), incident: large }]);
    assert_eq!(judgement.verdict, Verdict::Ship);
}

#[test]
fn the_newest_override_that_has_not_expired_counts() {
    let at = time("2026-11-20T12:00:00Z");
    let hours = |hours: i64| at + jiff::SignedDuration::from_hours(hours);
    let granted = |hour: i64, verdict, lasts: i64| Override {
        id: DecisionId::first_at(hours(hour)),
        verdict,
        reason: Reason::try_from("an outage ends by it".to_owned()).expect("text"),
        expires_at: hours(hour + lasts),
        granted: Stamp { at: hours(hour), by: None },
    };
    let decision = crate::testing::decision(1);
    let original = decision.judgement.verdict;
    let record =
        DecisionRecord { decision, overrides: vec![granted(0, Verdict::Ship, 10), granted(1, Verdict::Caution, 2)] };
    let effective = |hour| record.effective_verdict(hours(hour));
    assert_eq!([effective(1), effective(2)], [Verdict::Caution; 2]);
    assert_eq!([effective(3), effective(9)], [Verdict::Ship; 2], "the newest has expired");
    assert_eq!(effective(10), original);
    assert_eq!(record.decision.judgement.verdict, original);
}
