//! `/objectives/{name}/alerts`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{Alert, Name, Objective, Ratio, Severity, Shorthand};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;

/// The alert conditions of an objective at an instant.
#[derive(Serialize, ToSchema)]
#[schema(as = Alerts)]
pub(crate) struct AlertsDto {
    /// The objective.
    #[schema(value_type = String)]
    objective: Name,
    /// The instant.
    at: Timestamp,
    /// In the order of the policy; conditions whose long window is longer than the objective's are left
    /// out.
    items: Vec<AlertDto>,
    /// What can be done next.
    links: Links,
}

/// One condition: it fires when both burn rates exceed the threshold.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Alert)]
struct AlertDto {
    /// page or ticket.
    #[schema(value_type = String, example = "page")]
    severity: Severity,
    /// The window that shows it matters.
    #[schema(value_type = String, example = "1h")]
    long_window: Shorthand,
    /// The window that shows it goes on.
    #[schema(value_type = String, example = "5m")]
    short_window: Shorthand,
    /// The burn rate of the long window; null when nothing is counted in it.
    #[schema(value_type = Option<f64>)]
    long_burn_rate: Option<Ratio>,
    /// The burn rate of the short window, likewise.
    #[schema(value_type = Option<f64>)]
    short_burn_rate: Option<Ratio>,
    /// What both must exceed.
    #[schema(value_type = f64, example = 14.4)]
    threshold: Ratio,
    /// Whether it fires.
    firing: bool,
    /// The first minute of the unbroken spell of firing, which is followed back for 31 days or the longest
    /// of the windows; null when it does not fire.
    since: Option<Timestamp>,
    /// Why it does not follow its burn rates: null, minimumEvents (too few in the long window), coverage
    /// (too little data: the last state is kept) or unreachable (no burn rate can exceed the threshold).
    held_back: Option<&'static str>,
}

fn show(alert: Alert) -> AlertDto {
    AlertDto {
        severity: alert.severity,
        long_window: alert.long_window,
        short_window: alert.short_window,
        long_burn_rate: alert.long_burn_rate,
        short_burn_rate: alert.short_burn_rate,
        threshold: alert.threshold,
        firing: alert.firing,
        since: alert.since,
        held_back: alert.held_back.map(slo_core::HeldBack::name),
    }
}

/// Which alert conditions fire at an instant, since when, and which are held back.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/alerts", operation_id = "alerts", tag = "error budgets",
    params(("name" = String, Path), ("at" = Option<Timestamp>, Query, description = "now when absent; not in the future")),
    responses((status = 200, body = AlertsDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = query.time("at");
    query.close()?;
    let now = (app.clock)();
    let at = at.unwrap_or(now);
    let objective = app.service.get::<Objective>(&name.0).await?;
    let alerts = app.service.alerts(&objective, at, now).await?;
    let path = item::<Objective>(&name.0);
    let links = Links::default()
        .add("self", "GET", base.href(&format!("{path}/alerts?at={at}")))
        .add("objective", "GET", base.href(&path))
        .add("incidents", "GET", base.href(&format!("{path}/incidents")));
    let items = alerts.into_iter().map(show).collect();
    Ok(JsonAnswer(AlertsDto { objective: name.0, at, items, links }).into_response())
}
