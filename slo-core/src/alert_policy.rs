//! Alert conditions: what a policy says.

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, PartsPerBillion};
use crate::duration::{Shorthand, Unit};
use crate::fault::Fault;
use crate::ratio::Ratio;
use crate::target::Target;
use crate::window::TimeWindow;

/// The alert conditions of one objective; they replace the default ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertPolicy {
    /// Each fires on its own.
    pub conditions: Vec<AlertCondition>,
    /// Below this coverage an alert keeps its state.
    #[serde(default = "default_coverage_floor")]
    pub coverage_floor: PartsPerBillion,
}

/// Source: SRE Workbook, chapter 5, table 5-8: severity, long and short window in minutes, and the share
/// of the budget that the long one may spend, in percent.
const MONTHLY: [(Severity, u32, u32, u32); 4] = [
    (Severity::Page, 60, 5, 2),
    (Severity::Page, 360, 30, 5),
    (Severity::Ticket, 1_440, 120, 10),
    (Severity::Ticket, 4_320, 360, 10),
];

/// The same for windows shorter than three weeks.
const WEEKLY: [(Severity, u32, u32, u32); 3] =
    [(Severity::Page, 60, 5, 10), (Severity::Page, 360, 30, 20), (Severity::Ticket, 1_440, 120, 40)];

/// From so many minutes of P on, a window has the monthly conditions.
const THREE_WEEKS: u64 = 21 * 1_440;

/// The default of `coverageFloor`: 0.9.
#[must_use]
pub fn default_coverage_floor() -> PartsPerBillion {
    PartsPerBillion::new(900_000_000).expect("nine tenths is a ratio")
}

/// Fires when the burn rate of both windows exceeds the threshold (SRE Workbook, chapter 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertCondition {
    /// Whom to wake.
    pub severity: Severity,
    /// The window that shows it matters.
    pub long_window: Shorthand,
    /// The window that shows it goes on.
    pub short_window: Shorthand,
    /// What the burn rates are compared with.
    pub threshold: AlertThreshold,
    /// Held back with fewer events than this in the long window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_events: Option<u64>,
}

/// Whom an alert wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody, now.
    Page,
    /// Somebody, in working hours.
    Ticket,
}

impl Severity {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 2] = [("page", Self::Page), ("ticket", Self::Ticket)];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// A burn rate, or the fraction of the budget that the long window may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlertThreshold {
    /// k itself; above 0, with at most nine decimals.
    BurnRate(Decimal),
    /// k = fraction · P / L, never below 1.
    BudgetFraction(PartsPerBillion),
}

impl AlertThreshold {
    /// k for a long window of `long` minutes and a period of `period` minutes; `None` for a fraction
    /// of a window without a length.
    ///
    /// Source: SRE Workbook, chapter 5, table 5-6 and the formula above it.
    #[must_use]
    pub fn factor(&self, long: u64, period: u64) -> Option<Ratio> {
        let raw = self.raw_factor(long, period)?;
        Some(if matches!(self, Self::BudgetFraction(_)) { raw.max(Ratio::ONE) } else { raw })
    }

    /// k as it was asked for: below 1 it fires inside the budget.
    pub(crate) fn raw_factor(&self, long: u64, period: u64) -> Option<Ratio> {
        match self {
            Self::BurnRate(k) => Ratio::new(k.billionths()?, 1_000_000_000),
            Self::BudgetFraction(fraction) => {
                Ratio::new(i128::from(fraction.get()) * i128::from(period), 1_000_000_000 * i128::from(long))
            }
        }
    }
}

impl AlertCondition {
    /// k in the shortest period that a window can have (a month of 28 days); `None` for a long window in civil units.
    ///
    /// ```
    /// use slo_core::{AlertPolicy, RollingWindow, TimeWindow};
    ///
    /// let month = TimeWindow::Rolling(RollingWindow::new("30d".parse()?)?);
    /// let first = &AlertPolicy::default_for(43_200).conditions[0];
    /// assert_eq!(first.factor_in(&month).map(|k| k.to_string()).as_deref(), Some("14.4"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn factor_in(&self, window: &TimeWindow) -> Option<Ratio> {
        self.threshold.factor(self.long_window.minutes()?, shortest_period_minutes(window))
    }
}

impl AlertPolicy {
    /// The conditions of an objective that has none of its own, for a P of so many minutes: multiwindow,
    /// multi-burn-rate.
    #[must_use]
    pub fn default_for(period: u64) -> Self {
        let conditions = if period >= THREE_WEEKS { &MONTHLY[..] } else { &WEEKLY[..] };
        let window = |minutes: u32| {
            let (number, unit) = if minutes < 60 { (minutes, Unit::Minute) } else { (minutes / 60, Unit::Hour) };
            Shorthand::new(number, unit).expect("above zero")
        };
        let condition = |(severity, long, short, percent): &(Severity, u32, u32, u32)| AlertCondition {
            severity: *severity,
            long_window: window(*long),
            short_window: window(*short),
            threshold: AlertThreshold::BudgetFraction(
                PartsPerBillion::new(percent * 10_000_000).expect("less than a hundred percent"),
            ),
            minimum_events: None,
        };
        Self { conditions: conditions.iter().map(condition).collect(), coverage_floor: default_coverage_floor() }
    }

    /// What is wrong with its conditions for an objective of that target and window.
    #[must_use]
    pub fn faults(&self, target: Target, window: &TimeWindow) -> Vec<Fault> {
        let mut faults = Vec::new();
        let ceiling = Ratio::new(1_000_000_000, i128::from(target.allowed_failure())).expect("b is above zero");
        for (i, condition) in self.conditions.iter().enumerate() {
            let at = |member: &str| format!("/alertPolicy/conditions/{i}/{member}");
            let (Some(long), Some(short)) = (condition.long_window.minutes(), condition.short_window.minutes()) else {
                faults.push(Fault::new(at("longWindow"), "unit", "alert windows are written in m, h, d or w"));
                continue;
            };
            if short >= long {
                faults.push(Fault::new(
                    at("shortWindow"),
                    "notShorter",
                    "the short window must be shorter than the long one",
                ));
            }
            let period = shortest_period_minutes(window);
            if condition.threshold.factor(long, period).is_none_or(|k| k >= ceiling) {
                let detail = format!(
                    "a burn rate of {ceiling} is the highest there can be at {target}: choose a threshold below it"
                );
                faults.push(Fault::new(at("threshold"), "unreachable", detail));
            }
        }
        faults
    }
}

/// The shortest P a window can have: civil periods differ in length.
pub(crate) fn shortest_period_minutes(window: &TimeWindow) -> u64 {
    let days = match window.duration().unit() {
        Unit::Month => 28,
        Unit::Quarter => 90,
        Unit::Year => 365,
        Unit::Minute | Unit::Hour | Unit::Day | Unit::Week => return window.duration().minutes().unwrap_or(0),
    };
    days * 1_440
}
