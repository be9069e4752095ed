//! `/objectives/{name}/error-budget`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{BudgetReport, BudgetUnit, Name, Objective, Ratio, Target, Versioned};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;

/// How close an objective is to being broken, and why. Undefined figures are null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ErrorBudget)]
pub(crate) struct ErrorBudgetDto {
    /// The objective.
    #[schema(value_type = String)]
    objective: Name,
    /// Its revision.
    revision: u64,
    /// The instant.
    at: Timestamp,
    /// The span of time evaluated.
    period: PeriodDto,
    /// The target, or the what-if.
    #[schema(value_type = f64)]
    target: Ratio,
    /// The reached level: good / total.
    #[schema(value_type = Option<f64>)]
    sli: Option<Ratio>,
    /// Good events of the period.
    good: u128,
    /// All events of the period.
    total: u128,
    /// Events that were not good.
    bad: u128,
    /// Allowed failure, spent and left.
    budget: BudgetDto,
    /// Whether the level reaches the target.
    met: Option<bool>,
    /// Whether nothing is left.
    exhausted: bool,
    /// noData, exhausted, warning or ok.
    #[schema(example = "ok")]
    status: &'static str,
    /// Minutes with data of those elapsed.
    #[schema(value_type = Option<f64>)]
    coverage: Option<Ratio>,
    /// The end of the newest minute with data.
    watermark: Option<Timestamp>,
    /// At the standard look-backs no longer than the window.
    burn_rates: Vec<BurnRateDto>,
    /// Where it goes from here.
    forecast: ForecastDto,
    /// Against the SLA's target; null without SLA.
    sla: Option<SlaDto>,
    /// What can be done next.
    links: Links,
}

/// A half-open span of time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Period)]
struct PeriodDto {
    /// Its first instant.
    start: Timestamp,
    /// The instant of evaluation, rounded up to a minute.
    end: Timestamp,
    /// The end of the whole period.
    full_end: Timestamp,
}

/// Allowed failure, spent and left; signed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Budget)]
struct BudgetDto {
    /// events or seconds.
    #[schema(example = "events")]
    unit: &'static str,
    /// What may fail.
    #[schema(value_type = f64)]
    total: Ratio,
    /// What failed.
    #[schema(value_type = f64)]
    consumed: Ratio,
    /// What is left.
    #[schema(value_type = f64)]
    remaining: Ratio,
    /// consumed / total.
    #[schema(value_type = Option<f64>)]
    consumed_ratio: Option<Ratio>,
    /// remaining / total.
    #[schema(value_type = Option<f64>)]
    remaining_ratio: Option<Ratio>,
}

/// The speed of spending over a look-back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BurnRate)]
struct BurnRateDto {
    /// The look-back.
    #[schema(example = "1h")]
    lookback: &'static str,
    /// 1 lands exactly on the target.
    #[schema(value_type = Option<f64>)]
    burn_rate: Option<Ratio>,
    /// The share of the period's budget that it spent.
    #[schema(value_type = Option<f64>)]
    budget_consumed: Option<Ratio>,
    /// Until nothing is left, at this rate.
    time_to_exhaustion_seconds: Option<u64>,
}

/// Where the budget goes at the rate of the longest look-back up to 24 h.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Forecast)]
struct ForecastDto {
    /// That rate.
    #[schema(value_type = Option<f64>)]
    burn_rate: Option<Ratio>,
    /// When nothing is left; null when that is not to be expected.
    exhausted_at: Option<Timestamp>,
    /// What is left later when nothing more fails.
    recovers: Vec<RecoveryDto>,
}

/// What is left at a later instant when nothing more fails.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Recovery)]
struct RecoveryDto {
    /// The instant.
    at: Timestamp,
    /// The share of the budget.
    #[schema(value_type = Option<f64>)]
    remaining_ratio: Option<Ratio>,
}

/// The distance to the SLA.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SlaBudget)]
struct SlaDto {
    /// The agreed ratio.
    #[schema(value_type = f64)]
    target: Ratio,
    /// What is left of the budget that it allows.
    #[schema(value_type = Option<f64>)]
    remaining_ratio: Option<Ratio>,
}

fn show(objective: &Versioned<Objective>, report: &BudgetReport, links: Links) -> ErrorBudgetDto {
    let budget = &report.budget;
    ErrorBudgetDto {
        objective: objective.value.name.clone(),
        revision: objective.revision.get(),
        at: report.at,
        period: PeriodDto {
            start: report.period.elapsed.start.timestamp(),
            end: report.period.elapsed.end.timestamp(),
            full_end: report.period.full_end.timestamp(),
        },
        target: report.target.into(),
        sli: report.sli,
        good: report.counts.good(),
        total: report.counts.total(),
        bad: report.counts.bad(),
        budget: BudgetDto {
            unit: match budget.unit {
                BudgetUnit::Events => "events",
                BudgetUnit::Seconds => "seconds",
            },
            total: budget.total,
            consumed: budget.consumed,
            remaining: budget.remaining,
            consumed_ratio: budget.consumed_ratio,
            remaining_ratio: budget.remaining_ratio,
        },
        met: report.met,
        exhausted: report.exhausted,
        status: report.status.name(),
        coverage: report.coverage,
        watermark: report.watermark.map(slo_core::Minute::timestamp),
        burn_rates: report
            .burn_rates
            .iter()
            .map(|burn| BurnRateDto {
                lookback: burn.lookback.name(),
                burn_rate: burn.rate,
                budget_consumed: burn.budget_consumed,
                time_to_exhaustion_seconds: burn.time_to_exhaustion,
            })
            .collect(),
        forecast: ForecastDto {
            burn_rate: report.forecast.burn_rate,
            exhausted_at: report.forecast.exhausted_at,
            recovers: report
                .forecast
                .recovers
                .iter()
                .map(|(at, left)| RecoveryDto { at: at.timestamp(), remaining_ratio: *left })
                .collect(),
        },
        sla: report.sla.map(|(target, left)| SlaDto { target: target.into(), remaining_ratio: left }),
        links,
    }
}

/// The error budget at an instant, with what led there and what comes.
#[utoipa::path(get, path = "/objectives/{name}/error-budget", tag = "error budgets",
    params(("name" = String, Path), ("at" = Option<Timestamp>, Query, description = "now when absent; not in the future"),
        ("target" = Option<f64>, Query, description = "what if this were the target")),
    responses((status = 200, body = ErrorBudgetDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = query.time("at");
    let what_if: Option<Target> = query.parse("target");
    query.close()?;
    let now = (app.clock)();
    let (objective, report) = app.service.error_budget(&name.0, at.unwrap_or(now), what_if, now).await?;
    let (path, indicator) =
        (item::<Objective>(&name.0), item::<slo_core::Indicator>(&objective.value.series.indicator));
    let links = Links::default()
        .add("self", "GET", base.href(&format!("{path}/error-budget?at={}", report.at)))
        .add("objective", "GET", base.href(&path))
        .add("measurements", "GET", base.href(&format!("{indicator}/measurements")));
    Ok(JsonAnswer(show(&objective, &report, links)).into_response())
}
