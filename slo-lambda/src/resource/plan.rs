//! `/users/{name}/error-budgets`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{DisplayName, Error, Filter, Name, Objective, Plan, PlanSpan, Planned, Ratio, Toil, User, Versioned};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use super::error_budget::{AT_ONCE, unit_name};
use super::incident::{self, IncidentDto};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::{Paging, Query};

/// What the budgets of a user's objectives let a team spend of a span of days. Undefined figures are null.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Plan)]
pub(crate) struct PlanDto {
    /// Whose objectives they are.
    #[schema(value_type = String)]
    user: Name,
    /// The instant from which it is seen: now.
    at: Timestamp,
    /// The first instant of the span.
    from: Timestamp,
    /// Its end.
    to: Timestamp,
    /// A plan for each objective, in order of name.
    items: Vec<ObjectivePlanDto>,
    /// What consumed most: objectives by the share of their budget that is consumed in their current window, the
    /// largest first; those of which nothing is consumed are left out.
    toil: Vec<ToilDto>,
    /// Which objectives `toil` ranks: all of the user's, or, where they take several pages, those of this page.
    #[schema(example = "all")]
    toil_scope: &'static str,
    /// The cursor of the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// What can be done next.
    links: Links,
}

/// What one budget lets a team spend. Amounts are in `unit`, signed and never clamped.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ObjectivePlan)]
struct ObjectivePlanDto {
    /// The objective.
    #[schema(value_type = String)]
    objective: Name,
    /// How people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    display_name: Option<DisplayName>,
    /// The service it belongs to.
    #[schema(value_type = String)]
    service: Name,
    /// noData, exhausted, warning or ok, now.
    #[schema(example = "ok")]
    status: &'static str,
    /// events or seconds.
    #[schema(example = "events")]
    unit: &'static str,
    /// What is left now.
    #[schema(value_type = f64)]
    remaining: Ratio,
    /// The same as a share of the budget.
    #[schema(value_type = Option<f64>)]
    remaining_ratio: Option<Ratio>,
    /// What comes back by `to`: what leaves a rolling window, or the new budgets of the calendar periods that begin.
    #[schema(value_type = Option<f64>)]
    comes_back: Option<Ratio>,
    /// One part of a rolling window; of a calendar window one for each period, at most 100.
    parts: Vec<PlanPartDto>,
    /// What may fail until `to` without breaking the objective: the sum over the parts, each to be spent in its own.
    #[schema(value_type = Option<f64>)]
    spendable: Option<Ratio>,
    /// What ordinarily fails in what lies ahead of the span: what failed in the last window, as long as the objective's,
    /// per minute since its first data.
    #[schema(value_type = Option<f64>)]
    expected: Option<Ratio>,
    /// spendable - expected.
    #[schema(value_type = Option<f64>)]
    discretionary: Option<Ratio>,
    /// The plan in a sentence: what may be spent is rounded down, days are UTC.
    #[schema(example = "about 42 minutes of downtime to spend before 4 December")]
    summary: String,
    /// What can be done next.
    links: Links,
}

/// What one budget lets a team spend in one of its periods.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PlanPart)]
struct PlanPartDto {
    /// Its first instant.
    from: Timestamp,
    /// Its end.
    to: Timestamp,
    /// How many of the objective's periods it stands for: 1, but for the last of 100 parts.
    periods: u32,
    /// What may fail in it.
    #[schema(value_type = Option<f64>)]
    spendable: Option<Ratio>,
    /// What ordinarily fails in it.
    #[schema(value_type = Option<f64>)]
    expected: Option<Ratio>,
    /// spendable - expected.
    #[schema(value_type = Option<f64>)]
    discretionary: Option<Ratio>,
    /// Whether `spendable` is what traffic like that of the last window would earn.
    estimate: bool,
}

/// What an objective's budget went into, in its current window.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Toil)]
struct ToilDto {
    /// The objective.
    #[schema(value_type = String)]
    objective: Name,
    /// What `consumed` counts: events or seconds.
    #[schema(example = "events")]
    unit: &'static str,
    /// What failed.
    #[schema(value_type = f64)]
    consumed: Ratio,
    /// consumed / total.
    #[schema(value_type = Option<f64>)]
    consumed_ratio: Option<Ratio>,
    /// The incidents that took the largest shares of the budget, at most three.
    incidents: Vec<IncidentDto>,
    /// The same in a sentence; shares are rounded up, days are UTC.
    #[schema(example = "77.1 % of the budget is consumed; the largest incident, on 12 November, took 45 %")]
    summary: String,
}

fn show(base: &Base, objective: &Objective, plan: &Plan) -> ObjectivePlanDto {
    let path = item::<Objective>(&objective.name);
    let part = |part: &slo_core::PlanPart| PlanPartDto {
        from: part.period.start.timestamp(),
        to: part.period.end.timestamp(),
        periods: part.periods,
        spendable: part.spendable,
        expected: part.expected,
        discretionary: part.discretionary,
        estimate: part.estimate,
    };
    ObjectivePlanDto {
        objective: objective.name.clone(),
        display_name: objective.display_name.clone(),
        service: objective.service.clone(),
        status: plan.status.name(),
        unit: unit_name(plan.budget.unit),
        remaining: plan.budget.remaining,
        remaining_ratio: plan.budget.remaining_ratio,
        comes_back: plan.comes_back,
        parts: plan.parts.iter().map(part).collect(),
        spendable: plan.spendable,
        expected: plan.expected,
        discretionary: plan.discretionary,
        summary: plan.summary(),
        links: Links::default()
            .add("objective", "GET", base.href(&path))
            .add("errorBudget", "GET", base.href(&format!("{path}/error-budget?at={}", plan.at)))
            .add("incidents", "GET", base.href(&format!("{path}/incidents?to={}", plan.at))),
    }
}

fn show_toil((objective, toil): (&Name, &Toil)) -> ToilDto {
    ToilDto {
        objective: objective.clone(),
        unit: unit_name(toil.unit),
        consumed: toil.consumed,
        consumed_ratio: toil.consumed_ratio,
        incidents: toil.incidents.iter().map(incident::show).collect(),
        summary: toil.summary(),
    }
}

/// The span that a query asks for; a fault of it is one of the query.
pub(crate) fn span(query: &mut Query, at: Timestamp) -> Option<PlanSpan> {
    let from = query.day("from");
    let to = query.day_after("to", from.unwrap_or(at))?;
    match PlanSpan::new(from, to, at) {
        Ok(span) => Some(span),
        Err(Error::Parameter { parameter, detail }) => {
            query.fault(parameter, detail);
            None
        }
        Err(_) => None,
    }
}

/// The planning report for a sprint: what the budgets of a user's objectives let a team spend of [from, to), and what
/// they went into so far.
#[utoipa::path(get, path = "/api/v1/users/{name}/error-budgets", operation_id = "plan", tag = "error budgets",
    params(("name" = String, Path),
        ("from" = Option<String>, Query, description = "a time or a date, whose midnight in UTC is meant; now when absent; what is over of the span does not count", example = "2026-11-20"),
        ("to" = String, Query, description = "likewise, or a duration after `from` such as 14d; after now, at most 366 days", example = "2026-12-04"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PlanDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let at = (app.clock)();
    let span = span(&mut query, at);
    let path = format!("{}/error-budgets", item::<User>(&name.0));
    let filter = Filter { owner: Some(name.0.clone()), ..Filter::default() };
    let key = app.cursor_key().await?;
    let paging = Paging::of(query, &path, filter, &key)?;
    let span = span.ok_or_else(Problem::internal)?;
    let user = app.service.get::<User>(&name.0).await?;
    let page = app.service.list::<Objective>(&paging.filter, paging.after.clone(), paging.limit).await?;
    let plan = async |objective: Versioned<Objective>| {
        let planned = app.service.plan(&objective, &span).await?;
        Ok::<_, Error>((objective.value, planned))
    };
    // In this task, because the meter is the task's.
    let plans: Vec<(Objective, Planned)> = stream::iter(page.items).map(plan).buffered(AT_ONCE).try_collect().await?;
    let next = page.next.as_ref().map(|name| paging.next(&key, name));
    let toil = Toil::ranked(plans.iter().map(|(objective, planned)| (&objective.name, &planned.toil)));
    let links = paging.links(&base, next.as_deref()).add("user", "GET", base.href(&item::<User>(&name.0))).add(
        "objectives",
        "GET",
        base.href(&format!("/api/v1/objectives?owner={}", name.0)),
    );
    Ok(JsonAnswer(PlanDto {
        user: user.value.name,
        at,
        from: span.from(),
        to: span.to(),
        toil: toil.into_iter().map(show_toil).collect(),
        toil_scope: if next.is_none() && paging.after.is_none() { "all" } else { "page" },
        items: plans.iter().map(|(objective, planned)| show(&base, objective, &planned.plan)).collect(),
        next,
        links,
    })
    .into_response())
}
