//! What is promised (SLO).

use serde::{Deserialize, Serialize};

use crate::alert_policy::AlertPolicy;
use crate::decimal::PartsPerBillion;
use crate::fault::Fault;
use crate::measurement::Series;
use crate::name::Name;
use crate::repository::Kind;
use crate::target::Target;
use crate::text::{Description, DisplayName, Labels};
use crate::window::TimeWindow;

/// A promise: this target, of that indicator, over such a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Objective {
    /// Its identifier.
    pub name: Name,
    /// How people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DisplayName>,
    /// What is promised, to whom and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The service it belongs to.
    pub service: Name,
    /// The indicator it is measured by, in the life of that name in which the promise was made.
    pub series: Series,
    /// The required ratio.
    pub target: Target,
    /// The time span it holds for.
    pub time_window: TimeWindow,
    /// How failure is counted.
    pub method: BudgetingMethod,
    /// What a slice without data means; nothing to Occurrences.
    #[serde(default)]
    pub no_data: NoData,
    /// `warning` begins at this remaining ratio.
    #[serde(default = "default_warning_threshold")]
    pub warning_threshold: PartsPerBillion,
    /// The users who answer for it.
    #[serde(default)]
    pub owners: Vec<Name>,
    /// The agreement inside which it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<Sla>,
    /// What replaces the default alert conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_policy: Option<AlertPolicy>,
    /// Whether it is a wish rather than a promise: it informs decisions and never changes a verdict.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub aspirational: bool,
    /// Whether everybody may see its badge: its name, its status and what is left of its budget.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub public_badge: bool,
    /// Free labels.
    #[serde(default)]
    pub labels: Labels,
}

/// The most owners of one objective: a version and all its copies in lists are written in one transaction,
/// with all its exclusions.
pub const MAX_OWNERS: usize = 16;

/// The default of `warningThreshold`: a quarter of the budget.
#[must_use]
pub fn default_warning_threshold() -> PartsPerBillion {
    PartsPerBillion::new(250_000_000).expect("a quarter is a ratio")
}

/// How failure is counted (OpenSLO's words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BudgetingMethod {
    /// Good events of all events.
    Occurrences,
    /// Good slices of all slices; a slice is good when its ratio reaches `target`.
    Timeslices {
        /// The ratio that makes a slice good.
        target: PartsPerBillion,
        /// The slices.
        width: SliceWidth,
    },
    /// The mean of the slices' ratios.
    RatioTimeslices {
        /// The slices.
        width: SliceWidth,
    },
}

impl BudgetingMethod {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Occurrences => "Occurrences",
            Self::Timeslices { .. } => "Timeslices",
            Self::RatioTimeslices { .. } => "RatioTimeslices",
        }
    }

    /// The width of its slices, where it has any.
    #[must_use]
    pub const fn slice_width(&self) -> Option<SliceWidth> {
        match self {
            Self::Occurrences => None,
            Self::Timeslices { width, .. } | Self::RatioTimeslices { width } => Some(*width),
        }
    }
}

/// The width of a time slice in whole minutes; divides the day, so that slices lie on the epoch grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SliceWidth(u32);

impl SliceWidth {
    /// One minute.
    pub const MINUTE: Self = Self(1);

    /// From minutes; `None` unless it divides a day of 1,440.
    #[must_use]
    pub const fn new(minutes: u64) -> Option<Self> {
        if minutes > 0 && minutes <= 1_440 && 1_440 % minutes == 0 {
            #[expect(clippy::cast_possible_truncation, reason = "at most 1,440")]
            Some(Self(minutes as u32))
        } else {
            None
        }
    }

    /// In minutes, 1 to 1,440.
    #[must_use]
    pub fn minutes(self) -> i64 {
        i64::from(self.0)
    }
}

/// What a slice without data means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NoData {
    /// It is not counted and consumes nothing.
    #[default]
    Ignore,
    /// It counts as good.
    Good,
    /// It counts as bad.
    Bad,
}

impl NoData {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 3] = [("ignore", Self::Ignore), ("good", Self::Good), ("bad", Self::Bad)];
}

/// The agreement with a customer (SLA) that the objective must be stricter than.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sla {
    /// The agreed ratio.
    pub target: Target,
    /// What was agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// The name of something else, and where it stands in a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// RFC 6901 pointer to the member.
    pub pointer: String,
    /// What is named.
    pub kind: Kind,
    /// Its name.
    pub name: Name,
}

impl Reference {
    /// That it leads nowhere.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let Self { pointer, kind, name } = self;
        Fault::new(pointer, "unknown", format!("there is no {kind} {name}; create it first"))
    }
}

impl Objective {
    /// What must exist for the promise to make sense: its indicator and its owners.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let reference = |pointer: String, kind, name: &Name| Reference { pointer, kind, name: name.clone() };
        let owners = self.owners.iter().enumerate();
        let owners = owners.map(|(i, owner)| reference(format!("/owners/{i}"), Kind::User, owner));
        let indicator = reference("/indicator".to_owned(), Kind::Indicator, &self.series.indicator);
        std::iter::once(indicator).chain(owners).collect()
    }

    /// A promise with the defaults: Occurrences, no SLA, no owners.
    #[must_use]
    pub fn new(name: Name, service: Name, series: Series, target: Target, time_window: TimeWindow) -> Self {
        Self {
            name,
            display_name: None,
            description: None,
            service,
            series,
            target,
            time_window,
            method: BudgetingMethod::Occurrences,
            no_data: NoData::default(),
            warning_threshold: default_warning_threshold(),
            owners: Vec::new(),
            sla: None,
            alert_policy: None,
            aspirational: false,
            public_badge: false,
            labels: Labels::default(),
        }
    }

    /// The rules between its members; empty when all hold.
    ///
    /// - The target is stricter than the SLA's: an objective is only worth having inside the
    ///   agreement.
    /// - Slices divide the window.
    /// - An alert's threshold is below the highest burn rate there can be, 1/b.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(sla) = &self.sla
            && self.target <= sla.target
        {
            let detail = format!(
                "the target {} must be stricter than the SLA's {}: raise it above, or correct sla.target",
                self.target, sla.target
            );
            faults.push(Fault::new("/target", "notStricterThanSla", detail));
        }
        if let (TimeWindow::Rolling(window), Some(width)) = (&self.time_window, self.method.slice_width())
            && window.minutes() % width.minutes() != 0
        {
            faults.push(Fault::new("/timeSliceWindow", "notADivisor", "the slice must divide the window's duration"));
        }
        if self.owners.len() > MAX_OWNERS {
            let detail = format!("name at most {MAX_OWNERS} owners; who answers for more answers for none");
            faults.push(Fault::new("/owners", "tooMany", detail));
        }
        let mut seen = std::collections::HashSet::new();
        for (i, owner) in self.owners.iter().enumerate() {
            if !seen.insert(owner) {
                faults.push(Fault::new(format!("/owners/{i}"), "repeated", "name each owner once"));
            }
        }
        if let Some(policy) = &self.alert_policy {
            faults.extend(policy.faults(self.target, &self.time_window));
        }
        faults
    }
}
