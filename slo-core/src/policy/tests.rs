//! Faults of policies.

use super::*;

fn limit(value: &str) -> Limit {
    Limit { value: value.parse().expect("a decimal"), inclusive: true }
}

fn faults(condition: Condition) -> Vec<String> {
    let mut policy = Policy::default();
    policy.rules.truncate(1);
    policy.rules[0].condition = condition;
    policy.faults().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn every_fault_is_told_at_once() {
    let mut policy = Policy::default();
    policy.rules.truncate(3);
    policy.rules[1].name = policy.rules[0].name.clone();
    policy.rules[1].verdict = Verdict::Ship;
    policy.rules[0].changes.clear();
    policy.rules[2].changes.push(ChangeKind::Fix);
    policy.rules[2].condition = Condition::Status(vec![Status::Ok]);
    let found: Vec<String> = policy.faults().into_iter().map(|fault| fault.pointer).collect();
    let wanted =
        ["/rules/0/changes", "/rules/1/name", "/rules/1/verdict", "/rules/2/changes/4", "/rules/2/condition/in/0"];
    assert_eq!(found, wanted);
}

#[test]
fn fifty_rules_are_enough() {
    let mut policy = Policy::default();
    let one = policy.rules[0].clone();
    let rule = |i: usize| Rule { name: format!("rule-{i}").parse().expect("a name"), ..one.clone() };
    policy.rules = (0..MAX_RULES).map(rule).collect();
    assert_eq!(policy.faults(), []);
    policy.rules.push(rule(MAX_RULES));
    assert_eq!(policy.faults().len(), 1);
    assert_eq!(policy.faults()[0].pointer, "/rules");
}

#[test]
fn numbers_are_of_a_range() {
    let lookback = |text: &str| text.parse::<Shorthand>().expect("a duration");
    let rate = |of: &str, value: &str| Condition::BurnRate { lookback: lookback(of), limit: limit(value) };
    let lasts =
        |of: &str, less: &str| Condition::TimeToExhaustion { lookback: lookback(of), shorter_than: lookback(less) };
    let decimal = |text: &str| text.parse::<Decimal>().expect("a decimal");
    for good in [
        Condition::RemainingRatio(limit("1")),
        Condition::RemainingRatio(limit("-1000")),
        rate("1d", "0"),
        rate("72h", "14.400000001"),
        lasts("5m", "366d"),
        Condition::IncidentShare(decimal("0")),
        Condition::Coverage(decimal("1")),
    ] {
        assert_eq!(faults(good.clone()), [""; 0], "{good:?}");
    }
    for (bad, wanted) in [
        (Condition::RemainingRatio(limit("1.000000001")), "value"),
        (Condition::RemainingRatio(limit("-1000.1")), "value"),
        (Condition::RemainingRatio(limit("0.0000000001")), "value"),
        (rate("3h", "1"), "lookback"),
        (rate("1M", "1"), "lookback"),
        (rate("1h", "-0.1"), "value"),
        (lasts("1Q", "1h"), "lookback"),
        (lasts("1h", "367d"), "shorterThan"),
        (lasts("1h", "1M"), "shorterThan"),
        (Condition::IncidentShare(decimal("-0.1")), "value"),
        (Condition::Coverage(decimal("0")), "value"),
        (Condition::Coverage(decimal("1.1")), "value"),
    ] {
        assert_eq!(faults(bad.clone()), [format!("/rules/0/condition/{wanted} invalid")], "{bad:?}");
    }
    assert_eq!(faults(Condition::Status(Vec::new())), ["/rules/0/condition/in empty"]);
}
