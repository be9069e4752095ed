//! Alert conditions: what a policy says.

use serde::{Deserialize, Serialize};

use crate::decimal::{Decimal, PartsPerBillion};
use crate::duration::Shorthand;
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
        match self {
            Self::BurnRate(k) => Ratio::new(k.billionths()?, 1_000_000_000),
            Self::BudgetFraction(fraction) => {
                let numerator = i128::from(fraction.get()) * i128::from(period);
                let k = Ratio::new(numerator, 1_000_000_000 * i128::from(long))?;
                Some(k.max(Ratio::ONE))
            }
        }
    }
}

impl AlertPolicy {
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
            if long > period {
                faults.push(Fault::new(
                    at("longWindow"),
                    "longerThanPeriod",
                    "the long window is longer than the objective's window",
                ));
            }
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
fn shortest_period_minutes(window: &TimeWindow) -> u64 {
    use crate::duration::Unit;
    let days = match window.duration().unit() {
        Unit::Month => 28,
        Unit::Quarter => 90,
        Unit::Year => 365,
        Unit::Minute | Unit::Hour | Unit::Day | Unit::Week => return window.duration().minutes().unwrap_or(0),
    };
    days * 1_440
}
