//! What was excluded, decided and changed.

use maud::{Markup, html};
use slo_core::{DecisionRecord, Exclusion, Verdict};

use super::super::{icon, reason, words};
use super::Told;

pub(super) fn exclusions(told: &Told) -> Markup {
    let all = &told.objective.annex;
    let shown = told.shown();
    let (seen, others): (Vec<&Exclusion>, Vec<_>) = all.iter().partition(|one| !one.periods(shown).is_empty());
    html! {
        @if !all.is_empty() {
            section aria-labelledby="exclusions" {
                h2 #exclusions { "Exclusions" }
                @if seen.is_empty() { p { "None in the window." } } @else { (listed(&seen, told)) }
                @if !others.is_empty() {
                    details {
                        summary { (words::counted(others.len(), "exclusion")) " outside of it" }
                        (listed(&others, told))
                    }
                }
            }
        }
    }
}

fn listed(exclusions: &[&Exclusion], told: &Told) -> Markup {
    html! {
        ul {
            @for exclusion in exclusions {
                li {
                    (words::stamp(exclusion.from, told.now)) " to " (words::stamp(exclusion.to, told.now))
                    @if let Some(rule) = &exclusion.recurrence { ", and then " (rule.how_often()) }
                    ", " (words::exclusion(exclusion.mode)) ": " bdi { (exclusion.reason) }
                }
            }
        }
    }
}

pub(super) fn decisions(told: &Told) -> Markup {
    html! {
        section aria-labelledby="decisions" {
            h2 #decisions { "Decisions" }
            @if told.decisions.is_empty() { p { "None yet: " code { "slo gate --objective " (told.objective.value.name) } " asks for one." } }
            ul.history { @for record in &told.decisions { (decision(record, told)) } }
        }
    }
}

fn decision(record: &DecisionRecord, told: &Told) -> Markup {
    let decision = &record.decision;
    let verdict = |verdict: Verdict| {
        html! { span.status.(verdict.name()) { (icon::verdict(verdict)) " " (words::verdict(verdict)) } }
    };
    html! {
        li {
            p {
                (words::stamp(decision.decided.at, told.now)) ": " (verdict(decision.judgement.verdict)) " for a "
                (decision.change.kind.name())
                @if let Some(text) = &decision.change.description { ", “" bdi { (text) } "”" }
                @if let Some(by) = &decision.decided.by { ", asked by " (by) }
            }
            ul {
                @for said in &decision.judgement.reasons { li { (reason::stored(said)) } }
                @for granted in &record.overrides {
                    li {
                        strong { "Overridden" } " " (words::stamp(granted.granted.at, told.now))
                        @if let Some(by) = &granted.granted.by { " by " (by) }
                        ": " (verdict(granted.verdict)) " until " (words::stamp(granted.expires_at, told.now))
                        @if granted.expires_at <= told.now { " (over)" }
                        ", because: " bdi { (granted.reason) }
                    }
                }
            }
        }
    }
}

pub(super) fn changes(told: &Told) -> Markup {
    html! {
        section aria-labelledby="revisions" {
            h2 #revisions { "Revisions" }
            ol.history reversed[told.changes.len() > 1] start=[told.changes.first().map(|change| change.revision)] {
                @for change in &told.changes {
                    li {
                        (words::stamp(change.stamp.at, told.now))
                        @if let Some(by) = &change.stamp.by { " by " (by) }
                        ": " (change.value.as_ref().map_or_else(|| "deleted".to_owned(), words::promise)) "."
                    }
                }
            }
        }
    }
}
