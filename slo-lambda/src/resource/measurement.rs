//! `/indicators/{name}/measurements`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    Batch, BatchError, CountsError, Decimal, Error, EventCounts, Fault, Indicator, IndicatorKind, MAX_COUNT,
    MAX_REVISION, Measurement, Minute, Name, Period, Receipt, Shorthand,
};
use utoipa::ToSchema;

use super::definition::{AppState, PathName, item};
use crate::App;
use crate::edge::body::JsonBody;
use crate::edge::fields::{At, Faults, Fields, decimal, integer, list, text};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Kind, Problem, ProblemDto};
use crate::edge::query::{NoQuery, Query, TIME_SYNTAX, parse_time};

/// The most raw values of one measurement.
const MAX_VALUES: usize = 100_000;

/// Measurements of one source.
#[derive(ToSchema)]
#[schema(as = MeasurementBatch)]
#[expect(dead_code, reason = "describes the body; it is read member by member")]
pub(crate) struct BatchDto {
    /// Who measured; `default` when absent. Different senders of the same minute need different sources.
    #[schema(example = "eu-west-1a")]
    source: Option<String>,
    /// Each minute once.
    #[schema(min_items = 1, max_items = 1440)]
    measurements: Vec<MeasurementDto>,
}

/// One minute's counts.
#[derive(ToSchema)]
#[schema(as = Measurement)]
#[expect(dead_code, reason = "describes the body; it is read member by member")]
struct MeasurementDto {
    /// RFC 3339; floored to its minute, at most 5 minutes in the future.
    start: Timestamp,
    /// Good events; for a ratio indicator.
    #[schema(maximum = 9_007_199_254_740_991_u64, example = 990)]
    good: Option<u64>,
    /// All events; for a ratio indicator.
    #[schema(maximum = 9_007_199_254_740_991_u64, example = 1_000)]
    total: Option<u64>,
    /// Raw values, judged here; for a threshold indicator.
    values: Option<Vec<f64>>,
    /// A higher one replaces; 0 when absent.
    revision: Option<u64>,
}

/// What became of a batch.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(crate) struct ReceiptDto {
    /// New, or in place of a lower revision.
    accepted: usize,
    /// There already, equal.
    replayed: usize,
    /// There already in a higher revision.
    stale: usize,
    /// There already in the same revision with other counts; those stay.
    conflicts: Vec<ConflictDto>,
    /// What can be done next.
    #[serde(skip_serializing_if = "Links::is_empty")]
    #[schema(required)]
    links: Links,
}

/// A measurement that says something else than what is stored.
#[derive(Serialize, ToSchema)]
#[schema(as = Conflict)]
struct ConflictDto {
    /// The minute.
    start: Timestamp,
    /// What is stored.
    stored: StoredDto,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StoredMeasurement)]
struct StoredDto {
    good: u128,
    total: u128,
    revision: u64,
}

fn links(name: &Name, base: &Base) -> Links {
    let path = base.href(&item::<Indicator>(name));
    let measurements = format!("{path}/measurements");
    Links::default().add("indicator", "GET", path).add("measurements", "GET", measurements.clone()).add_with_body(
        "record",
        "POST",
        measurements,
        "MeasurementBatch",
    )
}

/// Writes measurements; the same again changes nothing. Valid or refused as a whole.
#[utoipa::path(post, path = "/api/v1/indicators/{name}/measurements", operation_id = "measurementsRecord", tag = "measurements", params(("name" = String, Path)), request_body = BatchDto,
    responses((status = 200, body = ReceiptDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json"),
        (status = 409, description = "Some conflict, see `conflicts`; all others are stored", body = ProblemDto, content_type = "application/problem+json"),
        (status = 413, body = ProblemDto, content_type = "application/problem+json"),
        (status = 415, body = ProblemDto, content_type = "application/problem+json"),
        (status = 422, description = "Nothing is stored", body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, description = "Send it again", body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn record(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    name: PathName,
    body: JsonBody,
) -> Result<Response, Problem> {
    let now = (app.clock)();
    let indicator = app.service.get::<Indicator>(&name.0).await?;
    let (source, batch) = JsonBody::decode(&body.0, |at, faults| {
        let mut fields = Fields::open(at, faults)?;
        let read = batch(&mut fields, &indicator.value, now, faults);
        fields.close(faults);
        read
    })?;
    let receipt = show(app.service.record(&indicator, &source, &batch, now).await?, links(&name.0, &base));
    if receipt.conflicts.is_empty() {
        return Ok(JsonAnswer(receipt).into_response());
    }
    let ReceiptDto { accepted, replayed, stale, conflicts, .. } = receipt;
    let detail = "these minutes are stored with other counts in the same revision, which stay; send a higher revision to correct them; all others are stored";
    let problem =
        Problem::new(Kind::Conflict, detail).with("accepted", accepted).with("replayed", replayed).with("stale", stale);
    let path = format!("{}/measurements", item::<Indicator>(&name.0));
    Err(problem.with("conflicts", conflicts).link("measurements", "GET", path))
}

/// A receipt with what can be done next.
pub(crate) fn show(receipt: Receipt, links: Links) -> ReceiptDto {
    let Receipt { accepted, replayed, stale, conflicts } = receipt;
    let conflict = |stored: Measurement| ConflictDto {
        start: stored.start.timestamp(),
        stored: StoredDto { good: stored.counts.good(), total: stored.counts.total(), revision: stored.revision },
    };
    ReceiptDto { accepted, replayed, stale, conflicts: conflicts.into_iter().map(conflict).collect(), links }
}

/// The members of a batch, from an object that may have others.
pub(crate) fn batch(
    fields: &mut Fields<'_>,
    indicator: &Indicator,
    now: Timestamp,
    faults: &mut Faults,
) -> Option<(Name, Batch)> {
    let source = fields.optional("source", faults, text::<Name>);
    // One at fault is still judged by the rules of the batch, as far as its minute could be read.
    let read = |at: At<'_>, faults: &mut Faults| Some(measurement(at, indicator, faults));
    let read = fields.required("measurements", faults, list(usize::MAX, read));
    let pointer = fields.pointer("measurements");
    let read = read?;
    let positions: Vec<usize> = (0..read.len()).filter(|i| read[*i].is_some()).collect();
    let measurements: Vec<Measurement> = read.iter().flatten().copied().collect();
    if measurements.is_empty() && !read.is_empty() {
        return None;
    }
    let mut place = |error: BatchError| {
        let (pointer, code) = match error {
            BatchError::Empty => (pointer.clone(), "empty"),
            BatchError::TooLong => (pointer.clone(), "tooLong"),
            BatchError::Repeated { second, .. } => (format!("{pointer}/{}/start", positions[second]), "repeated"),
            BatchError::Future { position } => (format!("{pointer}/{}/start", positions[position]), "future"),
        };
        let detail = match error {
            BatchError::Repeated { first, .. } => {
                BatchError::Repeated { first: positions[first], second: 0 }.to_string()
            }
            other => other.to_string(),
        };
        faults.push(Fault::new(pointer, code, detail));
    };
    let batch = Batch::new(measurements, now).map_err(|errors| errors.into_iter().for_each(&mut place)).ok();
    let default = || "default".parse().expect("a name");
    Some((source?.unwrap_or_else(default), batch?))
}

fn measurement(at: At<'_>, indicator: &Indicator, faults: &mut Faults) -> Option<Measurement> {
    let mut fields = Fields::open(at, faults)?;
    let start = fields.required("start", faults, |at, faults| {
        let text: String = text(at, faults)?;
        let time = parse_time(&text);
        if time.is_none() {
            faults.push(Fault::new(at.pointer, "invalid", TIME_SYNTAX));
        }
        time.map(Minute::floor)
    });
    let counts = match indicator.kind {
        IndicatorKind::Ratio => {
            let good = fields.required("good", faults, integer(MAX_COUNT));
            let total = fields.required("total", faults, integer(MAX_COUNT));
            let fault = |error| match error {
                CountsError::GoodAboveTotal => Fault::new(at.child("good"), "aboveTotal", error),
                CountsError::TooLarge => Fault::new(at.child("total"), "tooLarge", error),
            };
            good.zip(total)
                .and_then(|(good, total)| EventCounts::new(good, total).map_err(|e| faults.push(fault(e))).ok())
        }
        IndicatorKind::Threshold(threshold) => {
            let values = fields.required("values", faults, list(MAX_VALUES, decimal::<Decimal>));
            values.map(|values| threshold.judge(&values))
        }
    };
    let revision = fields.optional("revision", faults, integer(MAX_REVISION));
    fields.close(faults);
    // Whatever is missing here has left its fault.
    Some(Measurement { start: start?, counts: counts.unwrap_or_default(), revision: revision.flatten().unwrap_or(0) })
}

/// The counts of an indicator in steps.
#[derive(Serialize, ToSchema)]
#[schema(as = Counts)]
pub(crate) struct CountsDto {
    /// In order of time; empty steps are left out.
    items: Vec<StepDto>,
    /// What can be done next.
    #[serde(skip_serializing_if = "Links::is_empty")]
    #[schema(required)]
    links: Links,
}

/// The counts of one step over all sources.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
struct StepDto {
    /// Where the step begins on the epoch grid.
    start: Timestamp,
    /// Good events.
    good: u128,
    /// All events.
    total: u128,
}

/// Counts in steps on the epoch grid, all sources added up. Only minutes in [from, to) count.
#[utoipa::path(get, path = "/api/v1/indicators/{name}/measurements", operation_id = "measurementsCount", tag = "measurements",
    params(("name" = String, Path), ("from" = Option<Timestamp>, Query, description = "a day before `to` when absent"),
        ("to" = Option<Timestamp>, Query, description = "now when absent"),
        ("step" = Option<String>, Query, description = "1m, 5m, 1h (when absent) or 1d; at most 1,500 steps")),
    responses((status = 200, body = CountsDto), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn counts(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (from, to) = (query.time("from"), query.time("to"));
    let step: Option<Shorthand> = query.parse("step");
    query.close()?;
    let links = links(&name.0, &base);
    Ok(JsonAnswer(look(&app, &name.0, (from, to), step, links).await?).into_response())
}

/// The counts of a day up to now, in hours, where nothing else is said.
pub(crate) async fn look(
    app: &App,
    name: &Name,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    step: Option<Shorthand>,
    links: Links,
) -> Result<CountsDto, Error> {
    let end = Minute::ceil(to.unwrap_or_else(|| (app.clock)()));
    let start = from.map_or(end - 1_440, Minute::ceil);
    let step = step.or_else(|| Shorthand::new(1, slo_core::Unit::Hour)).expect("one hour is a duration");
    let steps = app.service.counts(name, Period::new(start, end), step).await?;
    let item = |(start, counts): (Minute, EventCounts)| StepDto {
        start: start.timestamp(),
        good: counts.good(),
        total: counts.total(),
    };
    Ok(CountsDto { items: steps.into_iter().map(item).collect(), links })
}
