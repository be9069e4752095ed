//! Whether a change may be shipped.

use jiff::{SignedDuration, Timestamp};

use super::evaluate::{not_after, unusable};
use super::{Service, WhatIf};
use crate::budget::BudgetReport;
use crate::decision::{
    Decision, DecisionId, DecisionRecord, Evidence, MAX_DECISION, MAX_DECISION_OBJECTIVES, MAX_OVERRIDE_DAYS,
    MAX_OVERRIDES, Override, ProposedChange,
};
use crate::error::Error;
use crate::fault::Fault;
use crate::name::Name;
use crate::objective::{Objective, Reference};
use crate::policy::{ChangeKind, Condition, Policy};
use crate::repository::{DecisionFilter, DecisionPage, Filter, Kind, RepositoryError};
use crate::revision::{Revision, Stamp, Versioned};

/// What is asked: may this change be shipped, seen by these objectives?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRequest {
    /// The service whose objectives they are, where it was asked for by its service.
    pub service: Option<Name>,
    /// What is to be shipped.
    pub change: ProposedChange,
    /// The instant that is judged.
    pub at: Timestamp,
}

impl Service {
    /// The policy that applies, and its revision: [`Policy::default`] and 0 before there is another.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn policy(&self) -> Result<(Policy, Option<Versioned<Policy>>), Error> {
        let stored = self.policies.get(&Policy::name()).await?;
        Ok((stored.as_ref().map(|stored| stored.value.clone()).unwrap_or_default(), stored))
    }

    /// The policy as it was in a revision; `None` when there never was one.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn policy_of(&self, revision: u64) -> Result<Option<Policy>, Error> {
        let Some(revision) = Revision::new(revision) else { return Ok(Some(Policy::default())) };
        let changes = self.policies.changes(&Policy::name(), Some(revision.next()), 1).await?;
        Ok(changes.into_iter().find(|change| change.revision == revision).and_then(|change| change.value))
    }

    /// The objectives of these names, in their order; every fault of the names at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] for names that are unknown, repeated, none or more than [`MAX_DECISION_OBJECTIVES`];
    /// [`Error::Repository`].
    pub async fn decided_objectives(&self, names: &[Name]) -> Result<Vec<Versioned<Objective>>, Error> {
        if names.is_empty() || names.len() > MAX_DECISION_OBJECTIVES {
            let detail = format!("name 1 to {MAX_DECISION_OBJECTIVES} objectives");
            return Err(Error::Invalid { faults: vec![Fault::new("/objectives", "invalid", detail)] });
        }
        let (mut objectives, mut faults) = (Vec::new(), Vec::new());
        for (i, name) in names.iter().enumerate() {
            let pointer = format!("/objectives/{i}");
            if names[..i].contains(name) {
                faults.push(Fault::new(pointer, "repeated", "name each objective once"));
                continue;
            }
            match self.objectives.get(name).await? {
                Some(objective) => objectives.push(objective),
                None => faults.push(Reference { pointer, kind: Kind::Objective, name: name.clone() }.fault()),
            }
        }
        if faults.is_empty() { Ok(objectives) } else { Err(Error::Invalid { faults }) }
    }

    /// The objectives of a service, in order of name.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are none or more than [`MAX_DECISION_OBJECTIVES`]; [`Error::Repository`].
    pub async fn decided_objectives_of(&self, service: &Name) -> Result<Vec<Versioned<Objective>>, Error> {
        let filter = Filter { service: Some(service.clone()), ..Filter::default() };
        let page = self.objectives.list(&filter, None, MAX_DECISION_OBJECTIVES).await?;
        let (code, detail) = if page.items.is_empty() {
            ("unknown", format!("no objective is of the service {service}; check its name or create one"))
        } else if page.next.is_some() {
            ("tooMany", format!("{service} has more than {MAX_DECISION_OBJECTIVES} objectives; name some of them"))
        } else {
            return Ok(page.items);
        };
        Err(Error::Invalid { faults: vec![Fault::new("/service", code, detail)] })
    }

    /// What the rules see of an objective at an instant.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a future instant; [`Error::Repository`].
    pub async fn evidence(
        &self,
        objective: &Versioned<Objective>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Evidence, Error> {
        not_after("at", at, now)?;
        let report = self.error_budget(objective, at, WhatIf::default(), now).await?;
        let alerts = self.alerts(objective, at, now).await?;
        let incidents = self.incidents(objective, None, at, now).await?;
        Ok(Evidence::new(objective, &report, &alerts, &incidents))
    }

    /// The budget of an objective at an instant, and what the rules of a policy about a kind of change see of it: of the
    /// same verdict as [`Service::evidence`], but what no rule asks about is neither read nor in the evidence.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a future instant; [`Error::Repository`].
    pub async fn seen_by(
        &self,
        policy: &Policy,
        kind: ChangeKind,
        objective: &Versioned<Objective>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<(BudgetReport, Evidence), Error> {
        let report = self.error_budget(objective, at, WhatIf::default(), now).await?;
        let (mut alerts, mut incidents) = (Vec::new(), Vec::new());
        if policy.conditions(kind).any(|condition| matches!(condition, Condition::Alert(_))) {
            alerts = self.alerts(objective, at, now).await?;
        }
        if policy.conditions(kind).any(|condition| matches!(condition, Condition::IncidentShare(_))) {
            incidents = self.incidents(objective, None, at, now).await?;
        }
        let evidence = Evidence::new(objective, &report, &alerts, &incidents);
        Ok((report, evidence))
    }

    /// Judges by the policy that applies, and keeps the decision. `random` makes its identifier unique.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the decision is larger than [`MAX_DECISION`]; [`Error::Repository`].
    pub async fn decide(
        &self,
        request: DecisionRequest,
        evidence: Vec<Evidence>,
        random: [u8; 10],
        decided: Stamp,
    ) -> Result<Decision, Error> {
        let (policy, stored) = self.policy().await?;
        let DecisionRequest { service, change, at } = request;
        let decision = Decision {
            id: DecisionId::new(decided.at, random),
            service,
            at,
            decided,
            policy_revision: stored.map_or(0, |stored| stored.revision.get()),
            judgement: policy.judge(change.kind, &evidence),
            change,
            evidence,
        };
        let size = serde_json::to_string(&decision).map_or(usize::MAX, |text| text.len());
        if size > MAX_DECISION {
            let pointer = if decision.service.is_some() { "/service" } else { "/objectives" };
            let detail = "so much is to be said of so many objectives that it cannot be kept; name fewer of them";
            return Err(Error::Invalid { faults: vec![Fault::new(pointer, "tooLarge", detail)] });
        }
        self.decisions.append(decision.clone()).await?;
        Ok(decision)
    }

    /// A decision and its overrides.
    ///
    /// # Errors
    /// [`Error::NoDecision`], [`Error::Repository`].
    pub async fn decision(&self, id: DecisionId) -> Result<DecisionRecord, Error> {
        self.decisions.get(id).await?.ok_or(Error::NoDecision { id })
    }

    /// One page of decisions, newest first.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an empty span; [`Error::Repository`].
    pub async fn decisions(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, Error> {
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from >= to
        {
            return Err(unusable("from", "it must lie before to"));
        }
        Ok(self.decisions.list(filter, before, limit).await?)
    }

    /// Overrides a decision for a while. The decision stays as it is.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it does not expire within [`MAX_OVERRIDE_DAYS`] days of the future, or there are
    /// [`MAX_OVERRIDES`] of them; [`Error::NoDecision`], [`Error::Repository`].
    pub async fn override_decision(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, Error> {
        let invalid =
            |pointer: &str, code, detail: &str| Err(Error::Invalid { faults: vec![Fault::new(pointer, code, detail)] });
        let lasts = granted.expires_at.duration_since(granted.granted.at);
        if lasts <= SignedDuration::ZERO {
            return invalid("/expiresAt", "past", "it must lie in the future");
        }
        if lasts > SignedDuration::from_hours(24 * MAX_OVERRIDE_DAYS) {
            return invalid("/expiresAt", "tooFar", "an override lasts at most 90 days");
        }
        let record = self.decision(id).await?;
        if record.overrides.len() >= MAX_OVERRIDES {
            return invalid("", "tooMany", "a decision has at most 50 overrides; ask for another decision");
        }
        match self.decisions.append_override(id, granted).await {
            Err(RepositoryError::Precondition { current: None }) => Err(Error::NoDecision { id }),
            other => Ok(other?),
        }
    }
}
