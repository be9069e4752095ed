//! `AlertPolicy` and `AlertCondition`: what an SLO tells people of.
//!
//! Both are part of an SLO here: a policy of OpenSLO has one condition, an objective of ours has a list of them.

use slo_core::{Decimal, Fault, Json, Name, Objective};

use super::annotation::{BUDGET_FRACTION, MINIMUM_EVENTS, SHORT_WINDOW};
use super::body::{Body, Given, below, given, refuse};
use super::metadata::Metadata;
use super::{CONDITION, NOT_KEPT, POLICY};
use crate::edge::fields::{At, Faults, Fields, boolean, text};

/// A condition, as a body of ours.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) body: Body,
    /// The threshold, where the annotation of a budget fraction must amount to it.
    threshold: Option<Given>,
}

/// Something of OpenSLO's that stands in its place, or is named there.
#[derive(Clone, Debug)]
pub(crate) enum Placed<T> {
    Inline(T),
    Named(Name, String),
}

/// A policy is its one condition.
pub(crate) type Policy = Placed<Condition>;

/// Reads an AlertPolicy's metadata and spec.
pub(crate) fn policy(metadata: Option<Metadata>, spec: At<'_>, faults: &mut Faults) -> Option<Policy> {
    if let Some(metadata) = metadata {
        metadata.annotations.close(faults);
    }
    let mut fields = Fields::open(spec, faults)?;
    refuse(
        &mut fields,
        faults,
        &[("description", "an alert policy is kept with its SLO and has no description of its own here; remove it")],
    );
    let wanted = [
        (
            "alertWhenBreaching",
            true,
            "an alert here is told when it begins to fire: write true, or leave the policy out",
        ),
        ("alertWhenResolved", true, "the end of an alert is always told here: write true"),
        ("alertWhenNoData", false, "missing data raises no alert here: write false, and look at the coverage"),
    ];
    for (member, kept, why) in wanted {
        let place = fields.pointer(member);
        if fields.optional(member, faults, boolean).flatten().is_some_and(|said| said != kept) {
            faults.push(Fault::new(place, NOT_KEPT, why));
        }
    }
    if let Some(targets) = fields.optional("notificationTargets", faults, given).flatten()
        && targets.json != Json::Array(Vec::new())
    {
        let why = "who is told of alerts is set where the service runs, once for all of them: leave the list empty";
        faults.push(targets.fault(NOT_KEPT, why));
    }
    let one = fields.required("conditions", faults, |at, faults| {
        let Json::Array(items) = at.json else {
            faults.push(at.wrong("an array"));
            return None;
        };
        let [json] = items.as_slice() else {
            let why = "an alert policy has exactly one condition in OpenSLO: write a policy for each";
            faults.push(Fault::new(at.pointer, "invalid", why));
            return None;
        };
        placed_condition(At { json, pointer: &below(at.pointer, "0") }, faults)
    });
    fields.close(faults);
    one
}

fn placed_condition(at: At<'_>, faults: &mut Faults) -> Option<Policy> {
    let mut fields = Fields::open(at, faults)?;
    if at.json.get("conditionRef").is_some() {
        let place = fields.pointer("conditionRef");
        let name = fields.required("conditionRef", faults, text::<Name>);
        fields.close(faults);
        return Some(Placed::Named(name?, place));
    }
    let (metadata, spec) = inline(&mut fields, CONDITION, faults);
    fields.close(faults);
    condition(metadata, spec?.at(), faults).map(Placed::Inline)
}

/// The metadata and spec of a document that stands inside another one.
pub(crate) fn inline(
    fields: &mut Fields<'_>,
    kind: &'static str,
    faults: &mut Faults,
) -> (Option<Metadata>, Option<Given>) {
    for (member, want) in [("apiVersion", super::VERSION), ("kind", kind)] {
        let said = fields.optional(member, faults, given).flatten();
        if let Some(said) = said.filter(|said| said.json.text() != Some(want)) {
            faults.push(said.fault("invalid", format!("write {want} here, or leave it out")));
        }
    }
    (fields.optional("metadata", faults, Metadata::read(kind)).flatten(), fields.required("spec", faults, given))
}

/// An entry of an SLO's `alertPolicies`: a name, `{alertPolicyRef}`, or the policy itself.
pub(crate) fn placed_policy(at: At<'_>, faults: &mut Faults) -> Option<Placed<Policy>> {
    if matches!(at.json, Json::String(_)) {
        return Some(Placed::Named(text(at, faults)?, at.pointer.to_owned()));
    }
    let mut fields = Fields::open(at, faults)?;
    if at.json.get("alertPolicyRef").is_some() {
        let place = fields.pointer("alertPolicyRef");
        let name = fields.required("alertPolicyRef", faults, text::<Name>);
        fields.close(faults);
        return Some(Placed::Named(name?, place));
    }
    let (metadata, spec) = inline(&mut fields, POLICY, faults);
    fields.close(faults);
    policy(metadata, spec?.at(), faults).map(Placed::Inline)
}

/// Reads an AlertCondition's metadata and spec.
pub(crate) fn condition(metadata: Option<Metadata>, spec: At<'_>, faults: &mut Faults) -> Option<Condition> {
    let mut body = Body::default();
    let mut annotations = metadata.map(|metadata| metadata.annotations).unwrap_or_default();
    let mut fields = Fields::open(spec, faults)?;
    refuse(
        &mut fields,
        faults,
        &[("description", "an alert condition is kept with its SLO and has no description of its own here; remove it")],
    );
    body.origin("severity", fields.pointer("severity"), true);
    body.take("severity", fields.optional("severity", faults, given).flatten());
    let inner = fields.required("condition", faults, given);
    fields.close(faults);
    let inner = inner?;
    let mut fields = Fields::open(inner.at(), faults)?;
    let kind = fields.optional("kind", faults, given).flatten();
    if let Some(kind) = kind.filter(|kind| kind.json.text() != Some("burnrate")) {
        faults.push(kind.fault(NOT_KEPT, "an alert here watches the burn rate: write burnrate"));
    }
    let op = fields.required("op", faults, given);
    if let Some(op) = op.filter(|op| op.json.text() != Some("gt")) {
        let why = "an alert here fires when the burn rate is strictly above the threshold: write gt";
        faults.push(op.fault(NOT_KEPT, why));
    }
    let threshold = fields.required("threshold", faults, given);
    body.origin("longWindow", fields.pointer("lookbackWindow"), true);
    body.take("longWindow", fields.optional("lookbackWindow", faults, given).flatten());
    let after = fields.optional("alertAfter", faults, given).flatten();
    if let Some(after) = after.filter(|after| !after.json.text().is_some_and(is_no_time)) {
        let why = "an alert here fires at once and asks its short window whether it goes on: write 0m, or leave it out";
        faults.push(after.fault(NOT_KEPT, why));
    }
    fields.close(faults);
    let short = annotations.take(SHORT_WINDOW);
    if short.is_none() {
        let why = format!(
            "an alert here looks at two windows: say the short one in the condition's annotation {SHORT_WINDOW}, such as 5m for a lookbackWindow of 1h"
        );
        faults.push(Fault::new(below(&inner.pointer, "lookbackWindow"), "required", why));
    }
    match short {
        Some(Given { json, pointer }) => body.make("shortWindow", json, pointer),
        None => body.filled("shortWindow", Some(Json::String("1m".to_owned()))),
    }
    let fraction = annotations.take(BUDGET_FRACTION);
    let amounts_to = fraction.is_some().then(|| threshold.clone()).flatten();
    match fraction {
        Some(Given { json, pointer }) => body.make("budgetFraction", json, pointer),
        None if threshold.is_none() => body.filled("threshold", Json::number("1")),
        None => body.take("threshold", threshold),
    }
    if let Some(events) = annotations.take(MINIMUM_EVENTS) {
        match events.json.text().and_then(Json::number) {
            Some(number) => body.make("minimumEvents", number, events.pointer),
            None => faults.push(events.fault("invalid", "write a whole number, such as \"1000\"")),
        }
    }
    annotations.close(faults);
    // A threshold that breaks a rule between members is found at `threshold`, whatever it was made of.
    body.origin("threshold", below(&inner.pointer, "threshold"), true);
    Some(Condition { body, threshold: amounts_to })
}

/// `0m`, `0h`, …
fn is_no_time(text: &str) -> bool {
    let digits = text.strip_suffix(['m', 'h', 'd', 'w']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte == b'0')
}

/// A threshold beside a budget fraction must say what the fraction amounts to.
pub(crate) fn disagreements(conditions: &[Condition], objective: &Objective, faults: &mut Faults) {
    let ours = objective.alert_policy.iter().flat_map(|policy| &policy.conditions);
    for (condition, ours) in conditions.iter().zip(ours) {
        let (Some(said), Some(factor)) = (&condition.threshold, ours.factor_in(&objective.time_window)) else {
            continue;
        };
        let number = |text: &str| text.parse::<Decimal>().ok();
        let factor = factor.to_string();
        if said.json.text().and_then(number).is_none_or(|said| Some(said) != number(&factor)) {
            let why = format!(
                "the annotation {BUDGET_FRACTION} amounts to a threshold of {factor} here: write that, or remove the annotation"
            );
            faults.push(said.fault("differs", why));
        }
    }
}
