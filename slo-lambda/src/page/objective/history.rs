//! What was excluded, decided and changed.

use maud::{Markup, html};
use slo_core::{DecisionRecord, Verdict};

use super::super::{icon, words};
use super::Told;

pub(super) fn exclusions(told: &Told) -> Markup {
    let all = &told.objective.annex;
    html! {
        @if !all.is_empty() {
            section aria-labelledby="exclusions" {
                h2 #exclusions { "Exclusions" }
                ul {
                    @for exclusion in all {
                        li {
                            (words::stamp(exclusion.from, told.now)) " to " (words::stamp(exclusion.to, told.now))
                            @if exclusion.recurrence.is_some() { ", again and again" }
                            ", " (words::exclusion(exclusion.mode)) ": " (exclusion.reason)
                        }
                    }
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
                @if let Some(text) = &decision.change.description { ", “" (text) "”" }
                @if let Some(by) = &decision.decided.by { ", asked by " (by) }
            }
            ul {
                @for reason in &decision.judgement.reasons { li { (words::sentence(&reason.detail)) } }
                @for granted in &record.overrides {
                    li {
                        strong { "Overridden" } " " (words::stamp(granted.granted.at, told.now))
                        @if let Some(by) = &granted.granted.by { " by " (by) }
                        ": " (verdict(granted.verdict)) " until " (words::stamp(granted.expires_at, told.now))
                        @if granted.expires_at <= told.now { " (over)" }
                        ", because: " (granted.reason)
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
                        ": " (change.value.as_ref().map_or_else(|| "deleted.".to_owned(), |value| words::sentence(&words::promise(value))))
                    }
                }
            }
        }
    }
}
