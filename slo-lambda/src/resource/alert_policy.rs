//! `alertPolicy` of an objective.

use serde::Serialize;
use serde_json::value::RawValue;
use slo_core::{
    AlertCondition, AlertPolicy, AlertThreshold, Decimal, Fault, MAX_COUNT, PartsPerBillion, Ratio, Severity,
    Shorthand, default_coverage_floor,
};
use utoipa::ToSchema;

use crate::edge::fields::{At, Faults, Fields, choice, decimal, integer, list as list_of, text};

/// Alert conditions.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertPolicy)]
pub(super) struct AlertPolicyDto {
    /// Each fires on its own.
    conditions: Vec<AlertConditionDto>,
    /// Below this coverage an alert keeps its state; 0.9 when absent.
    #[schema(value_type = f64, required = false)]
    coverage_floor: Ratio,
}

/// Fires when the burn rate of both windows exceeds the threshold.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertCondition)]
struct AlertConditionDto {
    /// page or ticket.
    #[schema(value_type = String)]
    severity: Severity,
    /// The window that shows it matters.
    #[schema(value_type = String, example = "1h")]
    long_window: Shorthand,
    /// The window that shows it goes on.
    #[schema(value_type = String, example = "5m")]
    short_window: Shorthand,
    /// A burn rate; this or budgetFraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    threshold: Option<Box<RawValue>>,
    /// The fraction of the budget that the long window may spend; this or threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    budget_fraction: Option<Ratio>,
    /// Held back with fewer events in the long window.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_events: Option<u64>,
}

impl AlertPolicyDto {
    pub(super) fn show(policy: AlertPolicy) -> Self {
        Self {
            conditions: policy.conditions.into_iter().map(show_condition).collect(),
            coverage_floor: policy.coverage_floor.into(),
        }
    }
}

fn show_condition(condition: AlertCondition) -> AlertConditionDto {
    let (threshold, budget_fraction) = match condition.threshold {
        // With all of its digits: a burn rate may have more than a printed figure.
        AlertThreshold::BurnRate(k) => (RawValue::from_string(k.to_string()).ok(), None),
        AlertThreshold::BudgetFraction(fraction) => (None, Some(fraction.into())),
    };
    AlertConditionDto {
        severity: condition.severity,
        long_window: condition.long_window,
        short_window: condition.short_window,
        threshold,
        budget_fraction,
        minimum_events: condition.minimum_events,
    }
}

pub(super) fn alert_policy(at: At<'_>, faults: &mut Faults) -> Option<AlertPolicy> {
    let mut fields = Fields::open(at, faults)?;
    let conditions = fields.required("conditions", faults, list_of(20, alert_condition));
    let coverage_floor = fields.optional("coverageFloor", faults, decimal::<PartsPerBillion>);
    fields.close(faults);
    Some(AlertPolicy {
        conditions: conditions?,
        coverage_floor: coverage_floor?.unwrap_or_else(default_coverage_floor),
    })
}

fn alert_condition(at: At<'_>, faults: &mut Faults) -> Option<AlertCondition> {
    let mut fields = Fields::open(at, faults)?;
    let severity = fields.required("severity", faults, choice(Severity::ALL));
    let long_window = fields.required("longWindow", faults, text::<Shorthand>);
    let short_window = fields.required("shortWindow", faults, text::<Shorthand>);
    let burn_rate = fields.optional("threshold", faults, |at, faults| {
        let k: Decimal = decimal(at, faults)?;
        let valid = k.billionths().is_some_and(|k| k > 0);
        if !valid {
            faults.push(Fault::new(
                at.pointer,
                "invalid",
                "write a burn rate above 0 with at most 9 decimals, such as 14.4",
            ));
        }
        valid.then_some(k)
    });
    let fraction = fields.optional("budgetFraction", faults, decimal::<PartsPerBillion>);
    let minimum_events = fields.optional("minimumEvents", faults, integer(MAX_COUNT));
    fields.close(faults);
    let threshold = match (burn_rate?, fraction?) {
        (Some(k), None) => AlertThreshold::BurnRate(k),
        (None, Some(fraction)) => AlertThreshold::BudgetFraction(fraction),
        _ => {
            faults.push(Fault::new(at.child("threshold"), "required", "write either threshold or budgetFraction"));
            return None;
        }
    };
    Some(AlertCondition {
        severity: severity?,
        long_window: long_window?,
        short_window: short_window?,
        threshold,
        minimum_events: minimum_events?,
    })
}
