//! May we ship? A decision: what a policy says about some error budgets, and why.

mod evidence;
mod fraction;
mod id;
mod reason;

pub use evidence::{Evidence, MAX_EVIDENT_INCIDENTS, SeenAlert, SeenBurnRate, SeenIncident};
pub use fraction::{Fraction, FractionError};
pub use id::{DecisionId, DecisionIdError};
pub use reason::{DecisionReason, Figure};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::policy::{ChangeKind, Policy, Verdict};
use crate::revision::Stamp;
use crate::text::{Description, Reason};

/// The most objectives of one decision.
pub const MAX_DECISION_OBJECTIVES: usize = 50;
/// The largest decision that every store takes, in bytes of its JSON.
pub const MAX_DECISION: usize = 256 * 1_024;
/// The most overrides of one decision.
pub const MAX_OVERRIDES: usize = 50;
/// The longest that an override counts, in days.
pub const MAX_OVERRIDE_DAYS: i64 = 90;

/// What a policy says of a kind of change, given what is known of some objectives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The worst that a matching rule says of an objective that is not aspirational; `ship` when none does.
    pub verdict: Verdict,
    /// One for each rule that matches an objective, in the order of the objectives, then of the rules.
    pub reasons: Vec<DecisionReason>,
    /// Incidents that took more than a fifth of a budget, in the order of the objectives, the largest first.
    pub postmortem_required: Vec<Postmortem>,
}

/// An incident that needs a postmortem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Postmortem {
    /// The objective whose budget it took.
    pub objective: Name,
    /// The incident.
    pub incident: SeenIncident,
}

impl Policy {
    /// Judges a kind of change. Pure: the same policy and evidence always give the same judgement.
    ///
    /// Aspirational objectives inform: their reasons are listed and never change the verdict.
    ///
    /// ```
    /// use slo_core::{ChangeKind, Policy, Verdict};
    ///
    /// // Nothing is known that speaks against it.
    /// assert_eq!(Policy::default().judge(ChangeKind::Feature, &[]).verdict, Verdict::Ship);
    /// ```
    #[must_use]
    pub fn judge(&self, kind: ChangeKind, evidence: &[Evidence]) -> Judgement {
        let mut judgement = Judgement::default();
        for seen in evidence {
            let rules = self.rules.iter().filter(|rule| rule.changes.contains(&kind));
            for reason in rules.filter_map(|rule| DecisionReason::find(rule, seen)) {
                if !reason.aspirational {
                    judgement.verdict = judgement.verdict.max(reason.verdict);
                }
                judgement.reasons.push(reason);
            }
            let large = seen.incidents.iter().filter(|incident| incident.postmortem_required);
            let postmortem =
                |incident: &SeenIncident| Postmortem { objective: seen.objective.clone(), incident: incident.clone() };
            judgement.postmortem_required.extend(large.map(postmortem));
        }
        judgement
    }
}

/// What is to be shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProposedChange {
    /// Its kind.
    pub kind: ChangeKind,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// A decision with all that it was made of: it can be made again, and is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Its identifier; tells when it was made.
    pub id: DecisionId,
    /// The service whose objectives they are, where it was asked for by its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Name>,
    /// What was to be shipped.
    pub change: ProposedChange,
    /// The instant that was judged.
    pub at: Timestamp,
    /// When it was made, and by whom.
    pub decided: Stamp,
    /// The revision of the policy; 0 is [`Policy::default`].
    pub policy_revision: u64,
    /// What the rules saw, in the order of the objectives.
    pub evidence: Vec<Evidence>,
    /// What they said.
    pub judgement: Judgement,
}

impl Decision {
    /// What the policy of its revision says of what was seen: the decision made again.
    #[must_use]
    pub fn replay(&self, policy: &Policy) -> Judgement {
        policy.judge(self.change.kind, &self.evidence)
    }

    /// Whether an objective was among those judged.
    #[must_use]
    pub fn concerns(&self, objective: &Name) -> bool {
        self.evidence.iter().any(|seen| seen.objective == *objective)
    }
}

/// Somebody knows better, for a while. It never changes; a newer one counts instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// Its identifier; tells when it was granted.
    pub id: DecisionId,
    /// The verdict that counts instead.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The first instant at which it no longer counts.
    pub expires_at: Timestamp,
    /// When it was granted, and by whom.
    pub granted: Stamp,
}

/// A decision as it is stored, and what was later said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionRecord {
    /// The decision; it never changes.
    pub decision: Decision,
    /// In the order of their identifiers: oldest first.
    pub overrides: Vec<Override>,
}

impl DecisionRecord {
    /// The override that counts at an instant: the newest that has not expired.
    #[must_use]
    pub fn counting(&self, at: Timestamp) -> Option<&Override> {
        self.overrides.iter().rev().find(|granted| at < granted.expires_at)
    }

    /// The verdict that counts at an instant.
    #[must_use]
    pub fn effective_verdict(&self, at: Timestamp) -> Verdict {
        self.counting(at).map_or(self.decision.judgement.verdict, |granted| granted.verdict)
    }
}

#[cfg(test)]
mod tests;
