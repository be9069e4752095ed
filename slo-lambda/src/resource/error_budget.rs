//! `/objectives/{name}/error-budget`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{BudgetReport, BudgetUnit, Error, Fault, Name, Objective, Ratio, Status, Target, Versioned, WhatIf};
use utoipa::ToSchema;

use super::definition::{AppState, PageDto, PathName, item};
use super::note::NotesDto;
use crate::edge::body::JsonBody;
use crate::edge::fields::{Fields, list as list_of, text};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::{NoQuery, Paging, Query, TIME_SYNTAX, parse_time};

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
    /// Minutes (Occurrences) or slices with data of those elapsed, excluded ones left out of both.
    #[schema(value_type = Option<f64>)]
    coverage: Option<Ratio>,
    /// The end of the newest minute with data, excluded or not.
    watermark: Option<Timestamp>,
    /// At the standard look-backs no longer than the window.
    burn_rates: Vec<BurnRateDto>,
    /// Where it goes from here.
    forecast: ForecastDto,
    /// Against the SLA's target; null without SLA.
    sla: Option<SlaDto>,
    /// What the objective's author may not have meant.
    notes: NotesDto,
    /// What can be done next.
    #[serde(skip_serializing_if = "Links::is_empty")]
    #[schema(required)]
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
    /// What is left later when nothing more fails. Where nothing is left of a rolling window's budget, the first minute
    /// with something left is one of them.
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

pub(super) const fn unit_name(unit: BudgetUnit) -> &'static str {
    match unit {
        BudgetUnit::Events => "events",
        BudgetUnit::Seconds => "seconds",
    }
}

/// A report with what can be done next.
pub(crate) fn show(objective: &Versioned<Objective>, report: &BudgetReport, links: Links) -> ErrorBudgetDto {
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
            unit: unit_name(budget.unit),
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
        notes: NotesDto::show(report.notes.clone()),
        links,
    }
}

fn resource(base: &Base, objective: &Versioned<Objective>, what_if: WhatIf, report: &BudgetReport) -> ErrorBudgetDto {
    let path = item::<Objective>(&objective.value.name);
    let target = what_if.target.map_or_else(String::new, |target| format!("&target={target}"));
    let exclusions = if what_if.without_exclusions { "&exclusions=false" } else { "" };
    let indicator = item::<slo_core::Indicator>(&objective.value.series.indicator);
    let links = Links::default()
        .add("self", "GET", base.href(&format!("{path}/error-budget?at={}{target}{exclusions}", report.at)))
        .add("objective", "GET", base.href(&path))
        .add("series", "GET", base.href(&format!("{path}/error-budget/series?to={}", report.at)))
        .add("alerts", "GET", base.href(&format!("{path}/alerts?at={}", report.at)))
        .add("incidents", "GET", base.href(&format!("{path}/incidents?to={}", report.at)))
        .add("measurements", "GET", base.href(&format!("{indicator}/measurements")));
    show(objective, report, links)
}

/// The error budget at an instant, with what led there and what comes.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/error-budget", operation_id = "errorBudget", tag = "error budgets",
    params(("name" = String, Path), ("at" = Option<Timestamp>, Query, description = "now when absent; not in the future"),
        ("target" = Option<f64>, Query, description = "what if this were the target"),
        ("exclusions" = Option<bool>, Query, description = "false: as if there were none")),
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
    let target: Option<Target> = query.parse("target");
    let without_exclusions = query.choice("exclusions", [("true", false), ("false", true)]).unwrap_or_default();
    query.close()?;
    let now = (app.clock)();
    let what_if = WhatIf { target, without_exclusions };
    let objective = app.service.get::<Objective>(&name.0).await?;
    let report = app.service.error_budget(&objective, at.unwrap_or(now), what_if, now).await?;
    Ok(JsonAnswer(resource(&base, &objective, what_if, &report)).into_response())
}

/// The budgets of a page of objectives, worst first; undefined ones last.
#[utoipa::path(get, path = "/api/v1/error-budgets", operation_id = "errorBudgetsList", tag = "error budgets",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("service" = Option<String>, Query, description = "only those of this service"),
        ("owner" = Option<String>, Query, description = "only those with this owner"),
        ("label" = Option<String>, Query, description = "only those with this label, key:value"),
        ("status" = Option<String>, Query, description = "only those in this state: noData, exhausted, warning or ok; a page may be short"),
        ("at" = Option<Timestamp>, Query, description = "now when absent; not in the future")),
    responses((status = 200, body = PageDto<ErrorBudgetDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(State(app): AppState, base: Base, mut query: Query) -> Result<Response, Problem> {
    let now = (app.clock)();
    let at = query.time("at").unwrap_or(now);
    let wanted = query.choice("status", Status::ALL.map(|status| (status.name(), status)));
    let path = "/api/v1/error-budgets";
    let key = app.cursor_key().await?;
    let paging = Paging::read(query, path, &key)?;
    let page = app.service.list::<Objective>(&paging.filter, paging.after.clone(), paging.limit).await?;
    let reports = app.service.error_budgets(&page.items, at, now).await?;
    let mut budgets: Vec<(Versioned<Objective>, BudgetReport)> = page.items.into_iter().zip(reports).collect();
    budgets.retain(|(_, report)| wanted.is_none_or(|wanted| report.status == wanted));
    budgets.sort_by_key(|(_, report)| {
        let left = report.budget.remaining_ratio.filter(|_| report.status != Status::NoData);
        (left.is_none(), left)
    });
    let next = page.next.as_ref().map(|name| paging.next(&key, name));
    let items =
        budgets.iter().map(|(objective, report)| resource(&base, objective, WhatIf::default(), report)).collect();
    let links = paging.links(&base, next.as_deref());
    let links = links.add_with_body("batchGet", "POST", base.href(BATCH_GET), "BudgetBatch");
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}

/// How many budgets of one request are read at once.
pub(crate) const AT_ONCE: usize = 16;
const BATCH_GET: &str = "/api/v1/error-budgets:batchGet";
/// The most objectives of one batch.
const MAX_BATCH: usize = 100;

/// Which budgets are wanted.
#[derive(ToSchema)]
#[schema(as = BudgetBatch)]
#[expect(dead_code, reason = "describes the body; it is read member by member")]
pub(crate) struct BatchDto {
    /// Names of objectives, in the order of the answer.
    #[schema(min_items = 1, max_items = 100)]
    objectives: Vec<String>,
    /// Now when absent; not in the future.
    at: Option<Timestamp>,
}

/// Budgets in the order that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Budgets)]
pub(crate) struct BudgetsDto {
    /// A budget each, or why there is none.
    items: Vec<OutcomeDto>,
    /// What can be done next.
    links: Links,
}

/// A budget, or the problem that stands in its way.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = BudgetOutcome)]
enum OutcomeDto {
    Budget(Box<ErrorBudgetDto>),
    Failed {
        /// The objective.
        #[schema(value_type = String)]
        objective: Name,
        /// Why it has no budget.
        error: ProblemDto,
    },
}

/// The budgets of some objectives by name; where one fails, its problem stands in its place.
#[utoipa::path(post, path = "/api/v1/error-budgets:batchGet", operation_id = "errorBudgetsBatchGet", tag = "error budgets", request_body = BatchDto,
    responses((status = 200, body = BudgetsDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 422, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn batch_get(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    body: JsonBody,
) -> Result<Response, Problem> {
    let now = (app.clock)();
    let (names, at) = JsonBody::decode(&body.0, |at, faults| {
        let mut fields = Fields::open(at, faults)?;
        let names = fields.required("objectives", faults, list_of(MAX_BATCH, text::<Name>));
        let at = fields.optional("at", faults, |at, faults| {
            let time = parse_time(&text::<String>(at, faults)?).filter(|time| *time <= now);
            if time.is_none() {
                faults.push(Fault::new(at.pointer, "invalid", format!("{TIME_SYNTAX}, not in the future")));
            }
            time
        });
        if names.as_ref().is_some_and(Vec::is_empty) {
            faults.push(Fault::new(fields.pointer("objectives"), "empty", "name at least one objective"));
        }
        fields.close(faults);
        Some((names?, at?.unwrap_or(now)))
    })?;
    let budget = async |name: &Name| {
        let objective = app.service.get::<Objective>(name).await?;
        let report = app.service.error_budget(&objective, at, WhatIf::default(), now).await?;
        Ok(resource(&base, &objective, WhatIf::default(), &report))
    };
    let outcome = async |name: Name| match budget(&name).await {
        Ok(budget) => OutcomeDto::Budget(Box::new(budget)),
        Err::<_, Error>(error) => OutcomeDto::Failed { objective: name, error: Problem::from(error).dto(&base) },
    };
    let items = stream::iter(names).map(outcome).buffered(AT_ONCE).collect().await;
    let links = Links::default().add("objectives", "GET", base.href("/api/v1/objectives"));
    Ok(JsonAnswer(BudgetsDto { items, links }).into_response())
}
