//! `/objectives/{name}/exclusions`

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    Error, Exclusion, ExclusionMode, Name, Objective, Reason, Recurrence, Revision, Stamp, Versioned, Zone,
};
use utoipa::ToSchema;
use uuid::{NoContext, Uuid};

use super::definition::{AppState, PageDto, PathName, item};
use super::time_window::zone;
use crate::edge::access::By;
use crate::edge::body::JsonBody;
use crate::edge::etag::{Conditions, tag};
use crate::edge::fields::{At, Faults, Fields, choice, text, time};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Kind, Problem, ProblemDto};
use crate::edge::query::{NoQuery, Query};

/// A span of time that an objective leaves out, once or again and again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Exclusion)]
pub(crate) struct ExclusionDto {
    /// The identifier.
    #[schema(value_type = String, read_only)]
    id: Name,
    /// Where the first occurrence begins. A minute is excluded when its start lies in [from, to).
    #[schema(example = "2026-11-20T02:00:00Z")]
    from: Timestamp,
    /// Where it is over; an occurrence lasts to - from in elapsed time.
    #[schema(example = "2026-11-20T03:00:00Z")]
    to: Timestamp,
    /// remove (when absent): in neither numerator nor denominator nor the slices of the whole period;
    /// countAsGood: bad events count as good, slices as good. Where both apply, remove wins.
    #[schema(value_type = String, required = false, example = "remove")]
    mode: ExclusionMode,
    /// Why.
    #[schema(value_type = String, max_length = 256, example = "database upgrade")]
    reason: Reason,
    /// How it comes back (RFC 5545): FREQ of DAILY, WEEKLY or MONTHLY, with INTERVAL, COUNT, UNTIL, BYDAY.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "FREQ=WEEKLY;BYDAY=FR")]
    rrule: Option<Recurrence>,
    /// The IANA zone whose local time a recurrence keeps; UTC when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<Zone>,
    /// When it was created.
    #[schema(read_only)]
    created_at: Timestamp,
    /// Who created it; absent when nobody had to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, read_only)]
    created_by: Option<Name>,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

/// The members that only answers carry.
const READ_ONLY: [&str; 4] = ["id", "createdAt", "createdBy", "links"];

/// An exclusion never changes; this is its revision.
const REVISION: Revision = Revision::FIRST;

fn collection(objective: &Name) -> String {
    format!("{}/exclusions", item::<Objective>(objective))
}

fn show(exclusion: &Exclusion, objective: &Name, base: &Base) -> ExclusionDto {
    let list = collection(objective);
    let path = base.href(&format!("{list}/{}", exclusion.id));
    let links = Links::default()
        .add("self", "GET", path.clone())
        .add("delete", "DELETE", path)
        .add("collection", "GET", base.href(&list))
        .add("errorBudget", "GET", base.href(&format!("{}/error-budget", item::<Objective>(objective))));
    let exclusion = exclusion.clone();
    ExclusionDto {
        id: exclusion.id,
        from: exclusion.from,
        to: exclusion.to,
        mode: exclusion.mode,
        reason: exclusion.reason,
        rrule: exclusion.recurrence,
        time_zone: exclusion.zone,
        created_at: exclusion.created.at,
        created_by: exclusion.created.by,
        links,
    }
}

fn answer(status: StatusCode, exclusion: &Exclusion, objective: &Name, base: &Base) -> Response {
    let mut response = (status, JsonAnswer(show(exclusion, objective, base))).into_response();
    response.headers_mut().insert(header::ETAG, tag(REVISION));
    if status == StatusCode::CREATED {
        let location = base.href(&format!("{}/{}", collection(objective), exclusion.id));
        response.headers_mut().insert(header::LOCATION, location.parse().expect("a path of names is a header"));
    }
    response
}

/// The names of an objective and of one of its exclusions in the path.
pub(crate) struct PathNames(Name, Name);

impl<S: Sync + Send> FromRequestParts<S> for PathNames {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let (objective, id) = path.map(|axum::extract::Path(texts)| texts).unwrap_or_default();
        // What cannot be a name cannot exist either.
        let name = |text: String| {
            text.parse::<Name>()
                .map_err(|error| Problem::new(Kind::NotFound, format!("{error}; check the name in the path")))
        };
        Ok(Self(name(objective)?, name(id)?))
    }
}

async fn find(app: &crate::App, PathNames(objective, id): &PathNames) -> Result<Exclusion, Error> {
    let found = app.service.get::<Objective>(objective).await?.annex.into_iter().find(|exclusion| exclusion.id == *id);
    found.ok_or_else(|| Error::NoExclusion { objective: objective.clone(), id: id.clone() })
}

fn read(at: At<'_>, created: &Stamp, faults: &mut Faults) -> Option<Exclusion> {
    let mut fields = Fields::open(at, faults)?;
    fields.ignore(&READ_ONLY);
    let from = fields.required("from", faults, time);
    let to = fields.required("to", faults, time);
    let mode = fields.optional("mode", faults, choice(ExclusionMode::ALL));
    let reason = fields.required("reason", faults, text::<Reason>);
    let recurrence = fields.optional("rrule", faults, text::<Recurrence>);
    let zone = fields.optional("timeZone", faults, zone);
    fields.close(faults);
    // In the order of their creation, so that lists keep theirs.
    let seconds = created.at.as_second().max(0).unsigned_abs();
    let nanoseconds = created.at.subsec_nanosecond().max(0).unsigned_abs();
    let id = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanoseconds));
    let exclusion = Exclusion {
        id: id.to_string().parse().expect("digits and hyphens are a name"),
        from: from?,
        to: to?,
        mode: mode?.unwrap_or_default(),
        reason: reason?,
        recurrence: recurrence?,
        zone: zone?,
        created: created.clone(),
    };
    faults.extend(exclusion.faults());
    Some(exclusion)
}

/// The exclusions of an objective, in the order of their creation.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/exclusions", operation_id = "exclusionsList", tag = "exclusions",
    params(("name" = String, Path), ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<ExclusionDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): AppState,
    base: Base,
    name: PathName,
    mut query: Query,
) -> Result<Response, Problem> {
    let (limit, cursor) = (query.limit(), query.cursor());
    query.close()?;
    let key = app.cursor_key().await?;
    let path = collection(&name.0);
    let after = cursor.map(|cursor| key.open(&path, &cursor)).transpose()?;
    let Versioned { annex: mut exclusions, .. } = app.service.get::<Objective>(&name.0).await?;
    exclusions.sort_by(|a, b| a.id.cmp(&b.id));
    exclusions.retain(|exclusion| after.as_ref().is_none_or(|after| exclusion.id.as_str() > after.as_str()));
    let more = exclusions.len() > limit;
    exclusions.truncate(limit);
    let next = exclusions.last().filter(|_| more).map(|last| key.seal(&path, last.id.as_str()));
    let mut links = Links::default()
        .add("self", "GET", base.href(&path))
        .add("objective", "GET", base.href(&item::<Objective>(&name.0)))
        .add_with_body("create", "POST", base.href(&path), "Exclusion");
    if let Some(next) = &next {
        links = links.add("next", "GET", base.href(&format!("{path}?limit={limit}&cursor={next}")));
    }
    let items: Vec<ExclusionDto> = exclusions.iter().map(|exclusion| show(exclusion, &name.0, &base)).collect();
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}

/// Leaves a span of time out of an objective, of its past as well: every answer follows at once. An
/// objective has at most 100 exclusions.
#[utoipa::path(post, path = "/api/v1/objectives/{name}/exclusions", operation_id = "exclusionsCreate", tag = "exclusions",
    params(("name" = String, Path)), request_body = ExclusionDto, responses(
    (status = 201, body = ExclusionDto, headers(("ETag" = String), ("Location" = String))),
    (status = 400, body = ProblemDto, content_type = "application/problem+json"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 413, body = ProblemDto, content_type = "application/problem+json"),
    (status = 415, body = ProblemDto, content_type = "application/problem+json"),
    (status = 422, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    name: PathName,
    by: By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let exclusion = JsonBody::decode(&body.0, |at, faults| read(at, &by.0, faults))?;
    let exclusion = app.service.add_exclusion(&name.0, exclusion).await?;
    Ok(answer(StatusCode::CREATED, &exclusion, &name.0, &base))
}

/// One exclusion.
#[utoipa::path(get, path = "/api/v1/objectives/{name}/exclusions/{id}", operation_id = "exclusionsGet", tag = "exclusions",
    params(("name" = String, Path), ("id" = String, Path), ("If-None-Match" = Option<String>, Header)), responses(
    (status = 200, body = ExclusionDto, headers(("ETag" = String))),
    (status = 304, description = "It never changes"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    names: PathNames,
    conditions: Conditions,
) -> Result<Response, Problem> {
    let exclusion = find(&app, &names).await?;
    if conditions.if_none_match.is_some_and(|tags| tags.matches(REVISION)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag(REVISION))]).into_response());
    }
    Ok(answer(StatusCode::OK, &exclusion, &names.0, &base))
}

/// Deletes one: everything is as if it had never been. It never changes, so `If-Match` may be left out.
#[utoipa::path(delete, path = "/api/v1/objectives/{name}/exclusions/{id}", operation_id = "exclusionsDelete", tag = "exclusions",
    params(("name" = String, Path), ("id" = String, Path), ("If-Match" = Option<String>, Header)), responses(
    (status = 204, description = "It is gone"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 412, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn delete(
    State(app): AppState,
    _: NoQuery,
    names: PathNames,
    by: By,
    conditions: Conditions,
) -> Result<Response, Problem> {
    if let Some(demanded) = conditions.if_match {
        let exists = find(&app, &names).await;
        if !demanded.matches(REVISION) || matches!(exists, Err(Error::NoExclusion { .. } | Error::NotFound { .. })) {
            let detail = "the exclusion is not as your precondition demands; leave If-Match out, it never changes";
            return Err(Problem::new(Kind::PreconditionFailed, detail));
        }
        exists?;
    }
    app.service.delete_exclusion(&names.0, &names.1, by.0).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
