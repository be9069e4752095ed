//! `SLO`: an objective.

use slo_core::{Decimal, Fault, Json, Name, PartsPerBillion};

use super::alert::{Placed, Policy, inline, placed_policy};
use super::annotation::{
    ASPIRATIONAL, COVERAGE_FLOOR, NO_DATA, OBJECTIVE, OWNERS, PUBLIC_BADGE, SLA_DESCRIPTION, SLA_TARGET,
    WARNING_THRESHOLD,
};
use super::body::{Body, Given, below, given, refuse};
use super::metadata::Metadata;
use super::sli::{Sli, sli};
use super::{NOT_KEPT, SLI};
use crate::edge::fields::{At, Faults, Fields, list};

/// An SLO, as a body of ours that still lacks its alert policy.
#[derive(Debug)]
pub(crate) struct Slo {
    pub(crate) body: Body,
    /// The SLI that stands in it.
    pub(crate) inline: Option<Sli>,
    pub(crate) indicator: Option<Name>,
    pub(crate) service: Option<Name>,
    /// `op` and `value` of its objective; `None` when that is at fault.
    pub(crate) threshold: Option<(Option<Given>, Option<Given>)>,
    /// Those that could be read; `None` when the member is absent.
    pub(crate) policies: Option<Vec<Placed<Policy>>>,
    pub(crate) coverage_floor: Option<Given>,
    /// Where its alert policies stand or would stand.
    pub(crate) policies_place: String,
}

/// OpenSLO has no limit; ours is what the API takes.
const MAX_POLICIES: usize = 20;

/// Reads an SLO's metadata and spec.
pub(crate) fn slo(metadata: Option<Metadata>, spec: At<'_>, faults: &mut Faults) -> Option<Slo> {
    let mut body = Body::default();
    let mut metadata = metadata.unwrap_or_default();
    metadata.tell(&mut body);
    let mut fields = Fields::open(spec, faults)?;
    for member in ["service", "timeWindow", "budgetingMethod", "description"] {
        body.origin(member, fields.pointer(member), true);
    }
    let service = fields.optional("service", faults, given).flatten();
    let service_name = service.as_ref().and_then(|service| service.json.text()?.parse().ok());
    body.take("service", service);
    body.take("description", fields.optional("description", faults, given).flatten());
    body.take("budgetingMethod", fields.optional("budgetingMethod", faults, given).flatten());
    match fields.optional("timeWindow", faults, time_window) {
        Some(window) => body.take("timeWindow", window),
        None => body.filled("timeWindow", Json::parse(br#"{"duration":"366d","isRolling":true}"#).ok()),
    }
    let (inline, indicator) = indicator(&mut fields, &mut body, faults);
    let policies_place = fields.pointer("alertPolicies");
    // Those that can be read are followed, so that what they name counts as used.
    let policies =
        fields.optional("alertPolicies", faults, list(MAX_POLICIES, |at, faults| Some(placed_policy(at, faults))));
    let policies = policies.flatten().map(|policies| policies.into_iter().flatten().collect());
    let threshold = fields.required("objectives", faults, only_one("one SLO per objective, each with its own name"));
    fields.close(faults);
    let threshold = threshold.and_then(|one| objective(&one, &mut body, faults));
    if threshold.is_none() {
        body.filled("target", Json::number("0.999999999"));
    }
    let coverage_floor = annotations(metadata, &mut body, faults);
    without_use(&body, faults);
    Some(Slo { body, inline, indicator, service: service_name, threshold, policies, coverage_floor, policies_place })
}

/// An array of exactly one item: that item.
fn only_one(otherwise: &'static str) -> impl Fn(At<'_>, &mut Faults) -> Option<Given> {
    move |at, faults| {
        let Json::Array(items) = at.json else {
            faults.push(at.wrong("an array"));
            return None;
        };
        if let [json] = items.as_slice() {
            return Some(Given { json: json.clone(), pointer: below(at.pointer, "0") });
        }
        let why = format!("{} stand here, and exactly one can be kept: write {otherwise}", items.len());
        faults.push(Fault::new(at.pointer, NOT_KEPT, why));
        None
    }
}

fn time_window(at: At<'_>, faults: &mut Faults) -> Option<Given> {
    let mut window = only_one("one window")(at, faults)?;
    // OpenSLO: false where there is a calendar.
    if window.json.get("calendar").is_some()
        && window.json.get("isRolling").is_none()
        && let Json::Object(members) = &mut window.json
    {
        members.retain(|(name, _)| name != "isRolling");
        members.push(("isRolling".to_owned(), Json::Bool(false)));
    }
    Some(window)
}

fn indicator(fields: &mut Fields<'_>, body: &mut Body, faults: &mut Faults) -> (Option<Sli>, Option<Name>) {
    let place = fields.pointer("indicatorRef");
    let named = fields.optional("indicatorRef", faults, given).flatten();
    let inside = fields.optional("indicator", faults, given).flatten();
    if let (Some(named), Some(_)) = (&named, &inside) {
        faults.push(named.fault("invalid", "indicator and indicatorRef are one too many: keep one of them"));
    }
    let Some(inside) = inside else {
        let name = named.as_ref().and_then(|named| named.json.text()?.parse().ok());
        body.origin("indicator", place, true);
        body.take("indicator", named);
        return (None, name);
    };
    let (sli, name) = inline_sli(&inside, faults);
    // What is wrong with its name was said where it stands.
    let told = name.as_ref().map_or("x", Name::as_str).to_owned();
    body.make("indicator", Json::String(told), below(&below(&inside.pointer, "metadata"), "name"));
    (sli, name)
}

fn inline_sli(inside: &Given, faults: &mut Faults) -> (Option<Sli>, Option<Name>) {
    let Some(mut fields) = Fields::open(inside.at(), faults) else { return (None, None) };
    let (metadata, spec) = inline(&mut fields, SLI, faults);
    fields.close(faults);
    if inside.json.get("metadata").is_none() {
        let why = "give the SLI a name of its own in metadata.name; other SLOs may name it by that";
        faults.push(Fault::new(below(&inside.pointer, "metadata"), "required", why));
    }
    let name = metadata.as_ref().and_then(|metadata| metadata.name.clone());
    (spec.and_then(|spec| sli(metadata, spec.at(), faults)), name)
}

/// The one objective; gives what it compares values with.
fn objective(one: &Given, body: &mut Body, faults: &mut Faults) -> Option<(Option<Given>, Option<Given>)> {
    let mut fields = Fields::open(one.at(), faults)?;
    let display_name = fields.optional("displayName", faults, given).flatten();
    if let Some(display_name) = display_name {
        match body.get("displayName").cloned() {
            // The SLO is its one objective.
            None => body.take("displayName", Some(display_name)),
            Some(same) if same == display_name.json => {}
            Some(_) if body.label(OBJECTIVE, display_name.clone()) => {}
            Some(_) => {
                let why = "the SLO has a display name, and a label slo/objective that says otherwise: keep one of them";
                faults.push(display_name.fault(NOT_KEPT, why));
            }
        }
    }
    let threshold = (fields.optional("op", faults, given).flatten(), fields.optional("value", faults, given).flatten());
    let target = fields.optional("target", faults, given).flatten();
    let percent = fields.optional("targetPercent", faults, given).flatten();
    match (target, percent) {
        (None, Some(percent)) => match of_percent(&percent) {
            Some(target) => body.make("target", Json::Number(target), percent.pointer),
            None => {
                let why = "write a percentage above 0 and below 100 with at most 7 decimals, such as 99.9";
                faults.push(percent.fault("invalid", why));
                body.filled("target", Json::number("0.999999999"));
            }
        },
        (Some(_), Some(percent)) => {
            faults.push(percent.fault("invalid", "target and targetPercent are one too many: keep one of them"));
            body.filled("target", Json::number("0.999999999"));
        }
        (target, None) => {
            body.origin("target", fields.pointer("target"), true);
            body.take("target", target);
        }
    }
    for member in ["timeSliceTarget", "timeSliceWindow"] {
        body.origin(member, fields.pointer(member), true);
    }
    body.take("timeSliceTarget", fields.optional("timeSliceTarget", faults, given).flatten());
    body.take("timeSliceWindow", fields.optional("timeSliceWindow", faults, slice_window).flatten());
    let why = "composite SLOs are not kept here: write an SLO for each indicator";
    refuse(&mut fields, faults, &[("indicator", why), ("indicatorRef", why), ("compositeWeight", why)]);
    fields.close(faults);
    Some(threshold)
}

/// A number is a number of minutes.
fn slice_window(at: At<'_>, _: &mut Faults) -> Option<Given> {
    let json = match at.json {
        Json::Number(minutes) => Json::String(format!("{minutes}m")),
        json => json.clone(),
    };
    Some(Given { json, pointer: at.pointer.to_owned() })
}

/// The ratio of a percentage, exactly.
fn of_percent(percent: &Given) -> Option<String> {
    let billionths = percent.json.text()?.parse::<Decimal>().ok()?.billionths()?;
    let parts = (billionths % 100 == 0).then(|| u32::try_from(billionths / 100).ok()).flatten()?;
    let inside = 0 < parts && parts < PartsPerBillion::ONE.get();
    inside.then(|| PartsPerBillion::new(parts)).flatten().map(|parts| parts.to_string())
}

/// What the budgeting method does not look at: the API takes it and forgets it, and nothing is to be dropped in silence here.
fn without_use(body: &Body, faults: &mut Faults) {
    let members: &[&str] = match body.get("budgetingMethod").and_then(Json::text) {
        Some("Occurrences") => &["timeSliceTarget", "timeSliceWindow", "noData"],
        Some("RatioTimeslices") => &["timeSliceTarget"],
        _ => &[],
    };
    for member in members.iter().filter(|member| body.has(member)) {
        let why = "the budgeting method does not look at it, so it is not kept here; remove it";
        faults.push(body.told(Fault::new(format!("/{member}"), NOT_KEPT, why)));
    }
}

/// What OpenSLO has no members for; the coverage floor belongs to the alert policy.
fn annotations(metadata: Metadata, body: &mut Body, faults: &mut Faults) -> Option<Given> {
    let mut annotations = metadata.annotations;
    if let Some(owners) = annotations.take(OWNERS) {
        let names = owners.json.text().unwrap_or_default().split(',').map(|name| Json::String(name.trim().to_owned()));
        body.make("owners", Json::Array(names.collect()), owners.pointer);
    }
    annotations.text(NO_DATA, body, "noData");
    annotations.text(WARNING_THRESHOLD, body, "warningThreshold");
    annotations.boolean(ASPIRATIONAL, body, "aspirational", faults);
    annotations.boolean(PUBLIC_BADGE, body, "publicBadge", faults);
    let (target, description) = (annotations.take(SLA_TARGET), annotations.take(SLA_DESCRIPTION));
    if target.is_some() || description.is_some() {
        let mut sla = Vec::new();
        for (member, name, given) in [("target", SLA_TARGET, target), ("description", SLA_DESCRIPTION, description)] {
            body.origin(&format!("sla/{member}"), annotations.place(name), false);
            sla.extend(given.map(|given| (member.to_owned(), given.json)));
        }
        body.make("sla", Json::Object(sla), annotations.place(SLA_TARGET));
    }
    let floor = annotations.take(COVERAGE_FLOOR);
    annotations.close(faults);
    floor
}
