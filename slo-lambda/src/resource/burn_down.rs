//! `/objectives/{name}/error-budget/series`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{BurnDownPoint, Name, Objective, Ratio, Shorthand};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;

/// A budget step by step.
#[derive(Serialize, ToSchema)]
#[schema(as = BurnDown)]
pub(crate) struct BurnDownDto {
    /// The objective.
    #[schema(value_type = String)]
    objective: Name,
    /// What must be reached.
    #[schema(value_type = f64)]
    target: Ratio,
    /// In order of time.
    items: Vec<PointDto>,
    /// What can be done next.
    links: Links,
}

/// The budget as it was at an instant: the figures that `error-budget?at=` gives.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BurnDownPoint)]
struct PointDto {
    /// The instant.
    at: Timestamp,
    /// What was left of the budget; null when nothing could fail yet.
    #[schema(value_type = Option<f64>)]
    remaining_ratio: Option<Ratio>,
    /// The level reached; null when nothing was counted.
    #[schema(value_type = Option<f64>)]
    sli: Option<Ratio>,
    /// Good events of the period that ended there.
    good: u128,
    /// All events of that period.
    total: u128,
}

fn show(point: BurnDownPoint, to: Timestamp) -> PointDto {
    PointDto {
        // The end of the last period may be some seconds ahead.
        at: point.end.timestamp().min(to),
        remaining_ratio: point.remaining_ratio,
        sli: point.sli,
        good: point.counts.good(),
        total: point.counts.total(),
    }
}

/// How the budget went down: at each step of the epoch grid from `from`, and at `to`.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/error-budget/series", operation_id = "errorBudgetSeries", tag = "error budgets",
    params(("name" = String, Path),
        ("from" = Option<Timestamp>, Query, description = "the start of the budget's period at `to` when absent"),
        ("to" = Option<Timestamp>, Query, description = "now when absent; not in the future"),
        ("step" = Option<String>, Query, description = "1m, 5m, 1h or 1d; at most 1,500 steps, the finest such when absent")),
    responses((status = 200, body = BurnDownDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (from, to) = (query.time("from"), query.time("to"));
    let step: Option<Shorthand> = query.parse("step");
    query.close()?;
    let now = (app.clock)();
    let to = to.unwrap_or(now);
    let objective = app.service.get::<Objective>(&name.0).await?;
    let points = app.service.burn_down(&objective, from, to, step, now).await?;
    let path = item::<Objective>(&name.0);
    let links = Links::default()
        .add("objective", "GET", base.href(&path))
        .add("errorBudget", "GET", base.href(&format!("{path}/error-budget?at={to}")))
        .add("incidents", "GET", base.href(&format!("{path}/incidents?to={to}")));
    let items = points.into_iter().map(|point| show(point, to)).collect();
    let target = objective.value.target.into();
    Ok(JsonAnswer(BurnDownDto { objective: name.0, target, items, links }).into_response())
}
