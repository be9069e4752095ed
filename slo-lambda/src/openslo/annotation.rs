//! What we keep and OpenSLO has no member for: annotations below `slo/`.

use slo_core::{Fault, Json};

use super::NOT_KEPT;
use super::body::{Body, Given, below};
use crate::edge::fields::{At, Faults, Fields};

/// Of an SLI: its service.
pub(crate) const SERVICE: &str = "slo/service";
/// Of an SLI: the unit of raw values.
pub(crate) const UNIT: &str = "slo/unit";
/// Of an SLI: the user who answers for it.
pub(crate) const OWNER: &str = "slo/owner";
/// Of an SLI: the comparison by which a value is good.
pub(crate) const THRESHOLD_OP: &str = "slo/threshold-op";
/// Of an SLI: what it is compared with.
pub(crate) const THRESHOLD_VALUE: &str = "slo/threshold-value";
/// Of an SLI: metric sources that its metric has no place for, as JSON by their role.
pub(crate) const METRIC_SOURCE: &str = "slo/metric-source";
/// Of an SLO: the users who answer for it.
pub(crate) const OWNERS: &str = "slo/owners";
/// Of an SLO: what a slice without data means.
pub(crate) const NO_DATA: &str = "slo/no-data";
/// Of an SLO: the remaining ratio at which it warns.
pub(crate) const WARNING_THRESHOLD: &str = "slo/warning-threshold";
/// Of an SLO: the agreed ratio.
pub(crate) const SLA_TARGET: &str = "slo/sla-target";
/// Of an SLO: what was agreed.
pub(crate) const SLA_DESCRIPTION: &str = "slo/sla-description";
/// Of an SLO: the coverage below which its alerts keep their state.
pub(crate) const COVERAGE_FLOOR: &str = "slo/coverage-floor";
/// Of an SLO: whether it is a wish.
pub(crate) const ASPIRATIONAL: &str = "slo/aspirational";
/// Of an SLO: whether everybody may see its badge.
pub(crate) const PUBLIC_BADGE: &str = "slo/public-badge";
/// A label, not an annotation, of an SLO with a display name: that of its one objective.
pub(crate) const OBJECTIVE: &str = "slo/objective";
/// Of an AlertCondition: the window that shows that it goes on.
pub(crate) const SHORT_WINDOW: &str = "slo/short-window";
/// Of an AlertCondition: the share of the budget that its threshold was made of.
pub(crate) const BUDGET_FRACTION: &str = "slo/budget-fraction";
/// Of an AlertCondition: held back with fewer events.
pub(crate) const MINIMUM_EVENTS: &str = "slo/minimum-events";

/// The annotations of a document. Each is asked for by name; what nobody asked for is a fault.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    given: Vec<(String, Given)>,
    known: Vec<&'static str>,
    /// Where they stand, or would.
    pub(crate) pointer: String,
}

impl Annotations {
    /// None, where they would stand.
    pub(crate) fn none(pointer: String) -> Self {
        Self { pointer, ..Self::default() }
    }

    /// Reads `metadata.annotations`.
    pub(crate) fn read(at: At<'_>, faults: &mut Faults) -> Option<Self> {
        let mut given = Vec::new();
        for (name, json) in Fields::open(at, faults)?.rest() {
            let pointer = below(at.pointer, name);
            if matches!(json, Json::String(_)) {
                given.push((name.to_owned(), Given { json: json.clone(), pointer }));
            } else {
                let detail = format!("an annotation is a string, not {}: put its value in quotes", json.kind());
                faults.push(Fault::new(pointer, "wrongType", detail));
            }
        }
        Some(Self { given, known: Vec::new(), pointer: at.pointer.to_owned() })
    }

    /// The annotation, if it is there.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Given> {
        self.known.push(name);
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone())
    }

    /// Where an annotation stands or would stand.
    pub(crate) fn place(&self, name: &str) -> String {
        below(&self.pointer, name)
    }

    /// Makes a member of an annotation: its text as it is.
    pub(crate) fn text(&mut self, name: &'static str, body: &mut Body, member: &str) {
        if let Some(Given { json, pointer }) = self.take(name) {
            body.make(member, json, pointer);
        }
    }

    /// Makes a member of an annotation that says `true` or `false`.
    pub(crate) fn boolean(&mut self, name: &'static str, body: &mut Body, member: &str, faults: &mut Faults) {
        let Some(given) = self.take(name) else { return };
        match given.json.text() {
            Some(word @ ("true" | "false")) => body.make(member, Json::Bool(word == "true"), given.pointer),
            _ => faults.push(given.fault("invalid", "write \"true\" or \"false\"")),
        }
    }

    /// Whatever was not asked for is a fault.
    pub(crate) fn close(self, faults: &mut Faults) {
        for (name, value) in self.given.iter().filter(|(name, _)| !self.known.contains(&name.as_str())) {
            let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
            let shown: String = name.chars().take(80).collect();
            let detail =
                format!("the annotation {shown:?} is not kept here, remove it; those of this kind are: {known}");
            faults.push(value.fault(NOT_KEPT, detail));
        }
    }
}
