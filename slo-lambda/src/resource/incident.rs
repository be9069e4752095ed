//! `/objectives/{name}/incidents`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{Incident, Objective, Ratio};
use utoipa::ToSchema;

use super::definition::{AppState, PageDto, PathName, item};
use super::error_budget::unit_name;
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::{Query, parse_time};

/// A contiguous spell of minutes in which the budget burnt faster than it lasts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Incident)]
pub(crate) struct IncidentDto {
    /// Its first minute.
    start: Timestamp,
    /// The end of its last minute.
    end: Timestamp,
    /// Its length in minutes.
    minutes: u64,
    /// Good events.
    good: u128,
    /// All events.
    total: u128,
    /// Events that were not good.
    bad: u128,
    /// What `consumed` counts: events or seconds.
    #[schema(example = "events")]
    unit: &'static str,
    /// What it consumed of the budget.
    #[schema(value_type = f64)]
    consumed: Ratio,
    /// The same as a share of the budget at `to`; null when nothing may fail.
    #[schema(value_type = Option<f64>)]
    share: Option<Ratio>,
    /// Whether the share is above 20 %.
    postmortem_required: bool,
}

pub(super) fn show(incident: &Incident) -> IncidentDto {
    IncidentDto {
        start: incident.period.start.timestamp(),
        end: incident.period.end.timestamp(),
        minutes: incident.period.minutes(),
        good: incident.counts.good(),
        total: incident.counts.total(),
        bad: incident.counts.bad(),
        unit: unit_name(incident.unit),
        consumed: incident.consumed,
        share: incident.share,
        postmortem_required: incident.postmortem_required,
    }
}

/// What a cursor holds: the span of the first page, and how much of its list was shown.
struct Place {
    from: Option<Timestamp>,
    to: Timestamp,
    shown: usize,
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let (from, to, shown) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { from: parse_time(from), to: parse_time(to)?, shown: shown.parse().ok()? })
    }

    fn write(&self) -> String {
        let from = self.from.map_or_else(|| "-".to_owned(), |from| from.to_string());
        format!("{from} {} {}", self.to, self.shown)
    }
}

/// The incidents in [from, to), those with the largest share of the budget at `to` first.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/incidents", operation_id = "incidents", tag = "error budgets",
    params(("name" = String, Path),
        ("from" = Option<Timestamp>, Query, description = "the start of the budget's period at `to` when absent; at most 366 days before it"),
        ("to" = Option<Timestamp>, Query, description = "now when absent; not in the future"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before; from and to are those of the first page")),
    responses((status = 200, body = PageDto<IncidentDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (from, to, limit, cursor) = (query.time("from"), query.time("to"), query.limit(), query.cursor());
    query.close()?;
    let key = app.cursor_key().await?;
    let now = (app.clock)();
    let path = format!("{}/incidents", item::<Objective>(&name.0));
    let mut place = Place { from, to: to.unwrap_or(now), shown: 0 };
    if let Some(cursor) = cursor {
        let begun = Place::read(&key.open(&path, &cursor)?);
        let same = |begun: &Place| (from.is_none() || from == begun.from) && (to.is_none() || to == Some(begun.to));
        place = begun.filter(same).ok_or_else(|| {
            let detail = "the cursor belongs to another span; leave from and to out, or begin without a cursor";
            Problem::new(crate::edge::problem::Kind::InvalidCursor, detail)
        })?;
    }
    let objective = app.service.get::<Objective>(&name.0).await?;
    let incidents = app.service.incidents(&objective, place.from, place.to, now).await?;
    let items: Vec<IncidentDto> = incidents.iter().skip(place.shown).take(limit).map(show).collect();
    let shown = place.shown + items.len();
    let next = (shown < incidents.len()).then(|| key.seal(&path, &Place { shown, ..place }.write()));
    let since = place.from.map_or_else(String::new, |from| format!("from={from}&"));
    let mut links = Links::default()
        .add("self", "GET", base.href(&format!("{path}?{since}to={}", place.to)))
        .add("objective", "GET", base.href(&item::<Objective>(&name.0)))
        .add("alerts", "GET", base.href(&format!("{}/alerts", item::<Objective>(&name.0))));
    if let Some(next) = &next {
        links = links.add("next", "GET", base.href(&format!("{path}?limit={limit}&cursor={next}")));
    }
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}
