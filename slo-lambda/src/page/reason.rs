//! Why a rule speaks against shipping, in the figures and times of the pages.

use jiff::Timestamp;
use maud::{Markup, html};
use slo_core::{Condition, DecisionReason, Evidence, Policy, Severity, Status};

use super::words;

/// What a rule says of an objective, for where its name stands already: `has used 199.1 % of its budget`.
pub(super) fn because(reason: &DecisionReason, policy: &Policy, seen: &Evidence, now: Timestamp) -> String {
    let left = || seen.remaining_ratio.map(|left| words::remains(left.ratio()));
    let said = match condition(reason, policy) {
        Some(Condition::Status(_)) if seen.status == Status::NoData => Some("has no data".to_owned()),
        Some(Condition::Status(_) | Condition::RemainingRatio(_)) => left(),
        Some(Condition::Alert(severity)) => {
            let alert = seen.alerts.iter().find(|alert| alert.firing && alert.severity == *severity);
            alert.map(|alert| {
                let since = alert.since.map(|since| format!(" since {}", words::time(since, now))).unwrap_or_default();
                format!("has a {} alert firing{since} ({} window)", severity.name(), alert.long_window)
            })
        }
        Some(Condition::IncidentShare(_)) => {
            let largest = seen.incidents.iter().find(|incident| incident.share.is_some());
            largest.map(|incident| {
                let share = words::share(incident.share.map(|share| share.ratio()));
                format!("has lost {share} of its budget in the incident of {}", words::time(incident.start, now))
            })
        }
        _ => None,
    };
    said.unwrap_or_else(|| after_name(reason).unwrap_or(&reason.detail).trim_start().to_owned())
}

/// The alert that a reason speaks of, if it does.
pub(super) fn alert(reason: &DecisionReason, policy: &Policy) -> Option<Severity> {
    match condition(reason, policy)? {
        Condition::Alert(severity) => Some(*severity),
        _ => None,
    }
}

/// A reason as it was stored. The name of an objective is no word to be written with a capital.
pub(super) fn stored(reason: &DecisionReason) -> Markup {
    match after_name(reason) {
        Some(rest) => html! { (reason.objective) (rest) "." },
        None => html! { (words::sentence(&reason.detail)) },
    }
}

fn condition<'p>(reason: &DecisionReason, policy: &'p Policy) -> Option<&'p Condition> {
    policy.rules.iter().find(|rule| rule.name == reason.rule).map(|rule| &rule.condition)
}

fn after_name(reason: &DecisionReason) -> Option<&str> {
    reason.detail.strip_prefix(reason.objective.as_str()).filter(|rest| rest.starts_with(' '))
}
