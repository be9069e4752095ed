//! What documents say of each other.

use std::collections::{BTreeMap, BTreeSet};

use slo_core::{Decimal, Fault, Indicator, IndicatorKind, Json, Name, Versioned};

use super::super::alert::Condition;
use super::super::annotation::{SERVICE, THRESHOLD_OP, THRESHOLD_VALUE};
use super::super::body::{Body, Given};
use super::super::sli::Sli;
use super::super::slo::Slo;
use super::super::{CONDITION, POLICY, SLI};
use super::{Documents, follow, word};
use crate::edge::fields::Faults;

/// Bodies of ours, in the order in which they can be written.
#[derive(Debug)]
pub(crate) struct Bodies {
    pub(crate) services: Vec<Body>,
    pub(crate) indicators: Vec<Body>,
    pub(crate) objectives: Vec<Objective>,
    /// The indicators that documents describe, those at fault included.
    pub(crate) described: BTreeSet<Name>,
    pub(crate) faults: Faults,
}

/// The body of an objective, and what its alert conditions said.
#[derive(Debug)]
pub(crate) struct Objective {
    pub(crate) body: Body,
    pub(crate) conditions: Vec<Condition>,
}

type Stored = BTreeMap<Name, Versioned<Indicator>>;

impl Documents {
    /// Fills in what follows from other documents and from what is stored.
    pub(crate) fn resolve(self, stored: &Stored) -> Bodies {
        let Self { services, slis, slos, policies, conditions, names, perhaps_used, mut faults } = self;
        let slis_named = names.into_iter().filter(|(kind, _)| *kind == SLI);
        let mut described: BTreeSet<Name> = slis_named.map(|(_, name)| name).collect();
        let mut indicators = Vec::new();
        for mut sli in slis {
            let name: Option<Name> = sli.body.get("name").and_then(Json::text).and_then(|name| name.parse().ok());
            let users: Vec<&Slo> = slos.iter().filter(|slo| name.is_some() && slo.indicator == name).collect();
            let stored = name.as_ref().and_then(|name| stored.get(name));
            let lost = users.is_empty() && name.as_ref().is_some_and(|name| perhaps_used.contains(name));
            give_service(&mut sli, &users, lost, stored, &mut faults);
            give_threshold(&mut sli, &users, lost, stored, &mut faults);
            described.extend(name);
            indicators.push(sli.body);
        }
        // Who would have used it has a fault to mend first.
        let (mut used_policies, mut used_conditions) = (perhaps_used.clone(), perhaps_used);
        let mut objectives = Vec::new();
        for mut slo in slos {
            if let Some(indicator) = slo.indicator.as_ref().filter(|name| !described.contains(*name)) {
                same_as_stored(&slo, stored.get(indicator), &mut faults);
            }
            let mut watched = Vec::new();
            if let Some(placed) = slo.policies.take() {
                for policy in placed {
                    let policy = follow(policy, &policies, &mut used_policies, POLICY, &mut faults);
                    let condition = policy
                        .and_then(|policy| follow(policy, &conditions, &mut used_conditions, CONDITION, &mut faults));
                    watched.extend(condition);
                }
                give_policy(&mut slo, &watched);
            } else if let Some(floor) = &slo.coverage_floor {
                let why = "a coverage floor belongs to alert policies: write spec.alertPolicies, or remove it";
                faults.push(floor.fault("notAllowed", why));
            }
            objectives.push(Objective { body: slo.body, conditions: watched });
        }
        // A condition is used by a policy that is used; one of a policy that is not is told with it.
        for (_, policy) in policies.values() {
            if let Some(super::Placed::Named(condition, _)) = policy {
                used_conditions.insert(condition.clone());
            }
        }
        unused(&policies, &used_policies, "name it in alertPolicies of an SLO of this request", &mut faults);
        unused(&conditions, &used_conditions, "name it in an AlertPolicy of this request", &mut faults);
        Bodies { services, indicators, objectives, described, faults }
    }
}

/// What nothing uses would be dropped.
fn unused<T>(known: &BTreeMap<Name, (String, T)>, used: &BTreeSet<Name>, what: &str, faults: &mut Faults) {
    for (_, (place, _)) in known.iter().filter(|(name, _)| !used.contains(*name)) {
        faults.push(Fault::new(place, "notUsed", format!("nothing uses it, and it is kept with what does: {what}")));
    }
}

/// `lost` where the one that uses it may be a document at fault.
fn give_service(sli: &mut Sli, users: &[&Slo], lost: bool, stored: Option<&Versioned<Indicator>>, faults: &mut Faults) {
    if sli.body.has("service") {
        return;
    }
    let place = sli.service_place.clone();
    let services: BTreeSet<&Name> = users.iter().filter_map(|slo| slo.service.as_ref()).collect();
    let mut services = services.into_iter();
    let service = match (services.next(), services.next(), stored) {
        (Some(only), None, _) => only,
        (None, _, Some(stored)) => &stored.value.service,
        (one, other, _) => {
            // What is filled in breaks no rule: the fault is told here, or where one that uses it does not say its own.
            sli.body.filled("service", Some(word("x")));
            let why = match (one, other) {
                (Some(one), Some(other)) => {
                    format!(
                        "SLOs of several services use it ({one}, {other}): say whose it is in the annotation {SERVICE}"
                    )
                }
                _ if lost || !users.is_empty() => return,
                _ => format!(
                    "say in the annotation {SERVICE} which service it belongs to, or send an SLO that uses it along"
                ),
            };
            faults.push(Fault::new(place, "required", why));
            return;
        }
    };
    sli.body.make("service", word(service), place);
}

/// Likewise.
fn give_threshold(
    sli: &mut Sli,
    users: &[&Slo],
    lost: bool,
    stored: Option<&Versioned<Indicator>>,
    faults: &mut Faults,
) {
    let own = [&sli.threshold].into_iter();
    let said = own.chain(users.iter().filter_map(|slo| slo.threshold.as_ref()));
    let mut first: Option<(Given, Given)> = None;
    let mut at_fault = lost || users.iter().any(|slo| slo.threshold.is_none());
    for pair in said {
        let (op, value) = match pair {
            (None, None) => continue,
            (Some(op), Some(value)) => (op, value),
            (Some(alone), None) | (None, Some(alone)) => {
                at_fault = true;
                faults.push(alone.fault("required", "op and value belong together: write both"));
                continue;
            }
        };
        if !sli.is_threshold {
            faults.push(op.fault("notAllowed", "this is for an SLI with a thresholdMetric: remove op and value"));
            continue;
        }
        match &first {
            None => first = Some((op.clone(), value.clone())),
            Some((same_op, _)) if same_op.json != op.json => faults.push(differs(op, same_op)),
            Some((_, same_value)) if !same(value, same_value) => faults.push(differs(value, same_value)),
            Some(_) => {}
        }
    }
    if !sli.is_threshold {
        return;
    }
    let kept = stored.and_then(|stored| match stored.value.kind {
        IndicatorKind::Threshold(threshold) => Some(threshold),
        IndicatorKind::Ratio => None,
    });
    let threshold = match (first, kept) {
        (Some((op, value)), _) => {
            sli.body.origin("threshold/op", op.pointer, false);
            sli.body.origin("threshold/value", value.pointer, false);
            (op.json, value.json)
        }
        (None, Some(kept)) => (word(kept.op.name()), word(kept.value)),
        (None, None) => {
            if !at_fault {
                let why = format!(
                    "say which values are good: op and value in the objective of an SLO of this request, or the annotations {THRESHOLD_OP} and {THRESHOLD_VALUE}"
                );
                faults.push(Fault::new(sli.spec.clone(), "required", why));
            }
            (word("lt"), word(1))
        }
    };
    let (op, value) = threshold;
    let members = vec![("op".to_owned(), op), ("value".to_owned(), value)];
    sli.body.make("threshold", Json::Object(members), sli.spec.clone());
}

fn number(given: &Given) -> Option<Decimal> {
    given.json.text()?.parse().ok()
}

fn same(one: &Given, other: &Given) -> bool {
    one.json == other.json || number(one).is_some_and(|one| Some(one) == number(other))
}

fn differs(one: &Given, other: &Given) -> Fault {
    let said = |given: &Given| given.json.text().unwrap_or_default().chars().take(40).collect::<String>();
    let why = format!(
        "an SLI judges its values in one way, and it says {} elsewhere: write the same here, not {}",
        said(other),
        said(one)
    );
    one.fault("differs", why)
}

/// An SLO of an indicator that is only stored judges values as the indicator does.
fn same_as_stored(slo: &Slo, stored: Option<&Versioned<Indicator>>, faults: &mut Faults) {
    let (op, value) = match &slo.threshold {
        Some((Some(op), Some(value))) => (op, value),
        Some((Some(alone), None) | (None, Some(alone))) => {
            faults.push(alone.fault("required", "op and value belong together: write both"));
            return;
        }
        Some((None, None)) | None => return,
    };
    // What is not there is told where it is named.
    let Some(stored) = stored else { return };
    match stored.value.kind {
        IndicatorKind::Ratio => {
            faults.push(op.fault("notAllowed", "this is for an SLI with a thresholdMetric: remove op and value"));
        }
        IndicatorKind::Threshold(kept) => {
            let same_op = op.json.text() == Some(kept.op.name());
            if !same_op || number(value) != Some(kept.value) {
                let why = format!(
                    "the indicator {} judges values by {} {}: write the same, or send its SLI along",
                    stored.value.name,
                    kept.op.name(),
                    kept.value
                );
                faults.push(if same_op { value } else { op }.fault("differs", why));
            }
        }
    }
}

fn give_policy(slo: &mut Slo, conditions: &[Condition]) {
    let bodies: Vec<Body> = conditions.iter().map(|condition| condition.body.clone()).collect();
    let conditions = slo.body.list("alertPolicy/conditions", &bodies);
    let mut members = vec![("conditions".to_owned(), conditions)];
    if let Some(floor) = slo.coverage_floor.take() {
        slo.body.origin("alertPolicy/coverageFloor", floor.pointer, false);
        members.push(("coverageFloor".to_owned(), floor.json));
    }
    slo.body.make("alertPolicy", Json::Object(members), slo.policies_place.clone());
}
