//! What is asked: a decision, or an override of one.

use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    ChangeKind, DecisionId, Description, Error, Fault, Json, MAX_DECISION_OBJECTIVES, Name, Objective, Override,
    ProposedChange, Reason, Stamp, Verdict, Versioned,
};
use utoipa::ToSchema;

use super::{ChangeDto, VerdictDto};
use crate::App;
use crate::edge::body::JsonBody;
use crate::edge::fields::{At, Faults, Fields, choice, list as list_of, text, time};
use crate::edge::problem::Problem;

/// May this change be shipped? Either `objectives` or `service`.
#[derive(Serialize, ToSchema)]
#[schema(as = DecisionRequest)]
pub(super) struct DecisionRequestDto {
    /// The objectives that are to be judged.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 50)]
    objectives: Option<Vec<Name>>,
    /// The service all of whose objectives are to be judged, 50 at most.
    #[schema(value_type = Option<String>, example = "web")]
    service: Option<Name>,
    /// What is to be shipped.
    change: ChangeDto,
    /// The instant to judge; now when absent; not in the future.
    at: Option<Timestamp>,
}

/// Somebody knows better, for a while.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OverrideRequest)]
pub(super) struct OverrideRequestDto {
    /// The verdict that counts instead.
    verdict: VerdictDto,
    /// Why.
    #[schema(value_type = String, max_length = 256, example = "ends the outage")]
    reason: Reason,
    /// When it no longer counts: in the future, at most 90 days.
    expires_at: Timestamp,
}

/// What is to be decided.
pub(super) struct Asked {
    pub(super) service: Option<Name>,
    pub(super) objectives: Vec<Versioned<Objective>>,
    pub(super) change: ProposedChange,
    pub(super) at: Timestamp,
}

/// What could be read of the body.
struct Read {
    objectives: Option<Option<Vec<Name>>>,
    service: Option<Option<Name>>,
    change: Option<ProposedChange>,
    at: Option<Option<Timestamp>>,
}

/// Reads what is asked and finds its objectives; everything that is wrong is said at once.
pub(super) async fn read(app: &App, json: &Json, now: Timestamp) -> Result<Asked, Problem> {
    let mut faults = Faults::new();
    let read = JsonBody::judge(json, &mut faults, |at, faults| {
        let mut fields = Fields::open(at, faults)?;
        let objectives = fields.optional("objectives", faults, list_of(MAX_DECISION_OBJECTIVES, text::<Name>));
        let service = fields.optional("service", faults, text::<Name>);
        let change = fields.required("change", faults, change);
        let instant = fields.optional("at", faults, |at, faults| {
            let time = time(at, faults)?;
            if time > now {
                faults.push(Fault::new(at.pointer, "future", "it lies in the future; judge an instant up to now"));
            }
            Some(time)
        });
        fields.close(faults);
        match (&objectives, &service) {
            (Some(None), Some(None)) => {
                faults.push(Fault::new("/objectives", "required", "name objectives, or a service"));
            }
            (Some(Some(_)), Some(Some(_))) => {
                faults.push(Fault::new("/service", "unexpected", "name either objectives or a service, not both"));
            }
            _ => {}
        }
        Some(Read { objectives, service, change, at: instant })
    });
    let Some(Read { objectives, service, change, at }) = read else { return Err(Problem::invalid_body(faults)) };
    let (objectives, service) = (objectives.flatten(), service.flatten());
    let found = match (&objectives, &service) {
        (Some(names), None) => Some(app.service.decided_objectives(names).await),
        (None, Some(service)) => Some(app.service.decided_objectives_of(service).await),
        _ => None,
    };
    let found = match found {
        Some(Err(Error::Invalid { faults: more })) => {
            faults.extend(more);
            None
        }
        Some(found) => Some(found?),
        None => None,
    };
    match (found, change, at) {
        (Some(objectives), Some(change), Some(at)) if faults.is_empty() => {
            Ok(Asked { service, objectives, change, at: at.unwrap_or(now) })
        }
        _ => Err(Problem::invalid_body(faults)),
    }
}

fn change(at: At<'_>, faults: &mut Faults) -> Option<ProposedChange> {
    let mut fields = Fields::open(at, faults)?;
    let kind = fields.required("kind", faults, choice(ChangeKind::ALL));
    let description = fields.optional("description", faults, text::<Description>);
    fields.close(faults);
    Some(ProposedChange { kind: kind?, description: description? })
}

/// Reads an override; when it may expire is the core's rule.
pub(super) fn granted(at: At<'_>, faults: &mut Faults, id: DecisionId, granted: Stamp) -> Option<Override> {
    let mut fields = Fields::open(at, faults)?;
    let verdict = fields.required("verdict", faults, choice(Verdict::ALL));
    let reason = fields.required("reason", faults, text::<Reason>);
    let expires_at = fields.required("expiresAt", faults, time);
    fields.close(faults);
    Some(Override { id, verdict: verdict?, reason: reason?, expires_at: expires_at?, granted })
}
