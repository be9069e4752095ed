//! What the rules see of an objective.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fraction::Fraction;
use crate::alert::Alert;
use crate::alert_policy::Severity;
use crate::budget::{BudgetReport, Status};
use crate::duration::{Shorthand, Unit};
use crate::incident::Incident;
use crate::name::Name;
use crate::objective::Objective;
use crate::ratio::Ratio;
use crate::revision::{Revision, Versioned};

/// The most incidents of one objective that a decision holds: those of the largest share.
pub const MAX_EVIDENT_INCIDENTS: usize = 20;

/// What is known of an objective at an instant: everything that a rule can ask about. Figures are exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The objective.
    pub objective: Name,
    /// Its revision.
    pub revision: Revision,
    /// Whether it only informs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aspirational: bool,
    /// Its budget in one word.
    #[serde(with = "status")]
    pub status: Status,
    /// What is left of its budget, as a share; `None` when it is not defined.
    pub remaining_ratio: Option<Fraction>,
    /// Minutes or slices with data of those elapsed; `None` when none has.
    pub coverage: Option<Fraction>,
    /// Shortest look-back first.
    pub burn_rates: Vec<SeenBurnRate>,
    /// In the order of the objective's policy of alerts.
    pub alerts: Vec<SeenAlert>,
    /// Those of the budget's period, the largest share first; at most [`MAX_EVIDENT_INCIDENTS`].
    pub incidents: Vec<SeenIncident>,
}

/// A burn rate, as a rule sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenBurnRate {
    /// The look-back.
    pub lookback: Shorthand,
    /// The rate; `None` when nothing is counted.
    pub rate: Option<Fraction>,
    /// Seconds until nothing is left at this rate; `None` when it never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_to_exhaustion: Option<u64>,
}

/// An alert condition, as a rule sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenAlert {
    /// Whom it wakes.
    pub severity: Severity,
    /// The longer of its windows.
    pub long_window: Shorthand,
    /// The burn rate of that window; `None` when nothing is counted in it.
    pub long_burn_rate: Option<Fraction>,
    /// What burn rates must exceed.
    pub threshold: Fraction,
    /// Whether it fires.
    pub firing: bool,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// An incident, as a rule sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenIncident {
    /// Its first minute.
    pub start: Timestamp,
    /// The end of its last minute.
    pub end: Timestamp,
    /// What it took of the budget, as a share; `None` when nothing may fail.
    pub share: Option<Fraction>,
    /// Whether that is above a fifth.
    pub postmortem_required: bool,
}

impl Evidence {
    /// What is known of an objective: its report, its alerts, and the incidents of its period, largest first, all
    /// at the same instant.
    ///
    /// # Panics
    /// Never: look-backs are durations.
    #[must_use]
    pub fn new(
        objective: &Versioned<Objective>,
        report: &BudgetReport,
        alerts: &[Alert],
        incidents: &[Incident],
    ) -> Self {
        let fraction = |ratio: Option<Ratio>| ratio.map(Fraction::from);
        let lookback = |minutes: i64| {
            let whole = if minutes % 60 == 0 { (minutes / 60, Unit::Hour) } else { (minutes, Unit::Minute) };
            let number = u32::try_from(whole.0).ok();
            number.and_then(|number| Shorthand::new(number, whole.1)).expect("look-backs are durations")
        };
        let burn_rate = |burn: &crate::burn_rate::BurnRate| SeenBurnRate {
            lookback: lookback(burn.lookback.minutes()),
            rate: fraction(burn.rate),
            seconds_to_exhaustion: burn.time_to_exhaustion,
        };
        let alert = |alert: &Alert| SeenAlert {
            severity: alert.severity,
            long_window: alert.long_window,
            long_burn_rate: fraction(alert.long_burn_rate),
            threshold: alert.threshold.into(),
            firing: alert.firing,
            since: alert.since,
        };
        let incident = |incident: &Incident| SeenIncident {
            start: incident.period.start.timestamp(),
            end: incident.period.end.timestamp(),
            share: fraction(incident.share),
            postmortem_required: incident.postmortem_required,
        };
        Self {
            objective: objective.value.name.clone(),
            revision: objective.revision,
            aspirational: objective.value.aspirational,
            status: report.status,
            remaining_ratio: fraction(report.budget.remaining_ratio),
            coverage: fraction(report.coverage),
            burn_rates: report.burn_rates.iter().map(burn_rate).collect(),
            alerts: alerts.iter().map(alert).collect(),
            incidents: incidents.iter().take(MAX_EVIDENT_INCIDENTS).map(incident).collect(),
        }
    }
}

/// A status by its name on the wire.
mod status {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::budget::Status;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(status.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Status, D::Error> {
        let word = String::deserialize(deserializer)?;
        let status = Status::ALL.into_iter().find(|status| status.name() == word);
        status.ok_or_else(|| D::Error::custom("an unknown status"))
    }
}
