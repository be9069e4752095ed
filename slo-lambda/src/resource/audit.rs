//! `/audit`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{AuditAction, AuditEntry, AuditFilter, AuditKind, AuditPlace, Name, Objective, Revision};
use utoipa::ToSchema;

use super::definition::{AppState, PageDto, item};
use super::{decision, policy};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::{Query, page_links};

pub(super) const PATH: &str = "/api/v1/audit";

/// One thing that somebody did. It never changes, and stays when what it tells of is deleted.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditEntryDto {
    /// When.
    at: Timestamp,
    /// The user; null: nobody is known.
    #[schema(value_type = Option<String>)]
    by: Option<Name>,
    /// What was done.
    #[schema(value_type = AuditActionSchema)]
    action: AuditAction,
    /// The kind of what was changed.
    #[schema(value_type = AuditKindSchema)]
    kind: AuditKind,
    /// Its name, or a decision's identifier.
    #[schema(value_type = String)]
    name: Name,
    /// The identifier of the exclusion, token or override.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    part: Option<Name>,
    /// The definition's revision from then on, which exclusions and tokens leave as it is; decisions have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    revision: Option<Revision>,
    /// What can be done next.
    links: Links,
}

/// What somebody did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditAction)]
#[expect(dead_code, reason = "names the words of the schema")]
enum AuditActionSchema {
    Created,
    Replaced,
    Deleted,
    ExclusionAdded,
    ExclusionDeleted,
    TokenCreated,
    TokenRevoked,
    Decided,
    Overridden,
}

/// The kind of what was changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditKind)]
#[expect(dead_code, reason = "names the words of the schema")]
enum AuditKindSchema {
    Indicator,
    Objective,
    User,
    Policy,
    Decision,
    Service,
}

/// Links lead to what is never deleted: an entry outlives what it tells of.
fn show(entry: AuditEntry, base: &Base) -> AuditEntryDto {
    let AuditEntry { stamp, action, kind, name, part, revision, .. } = entry;
    let all = base.href(&format!("{PATH}?kind={}&name={name}", kind.name()));
    let links = Links::default().add("collection", "GET", base.href(PATH)).add("history", "GET", all);
    let links = match kind {
        AuditKind::Objective => {
            links.add("revisions", "GET", base.href(&format!("{}/revisions", item::<Objective>(&name))))
        }
        AuditKind::Policy => links.add("policy", "GET", base.href(policy::PATH)),
        AuditKind::Decision => links.add("decision", "GET", base.href(&format!("{}/{name}", decision::PATH))),
        AuditKind::Indicator | AuditKind::User | AuditKind::Service => links,
    };
    AuditEntryDto { at: stamp.at, by: stamp.by, action, kind, name, part, revision, links }
}

/// Who did what, newest first: every change of a definition, an exclusion, the policy or a token, every decision and
/// override. A page may be short where what matches is rare: there is more as long as there is `next`.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "auditList", tag = "audit", params(
    ("user" = Option<String>, Query, description = "only what this user did"),
    ("kind" = Option<String>, Query, description = "only about this kind: indicator, objective, user, policy, decision or service"),
    ("name" = Option<String>, Query, description = "only about what has this name or identifier"),
    ("action" = Option<String>, Query, description = "only this action"),
    ("from" = Option<Timestamp>, Query, description = "only what was done then or later"),
    ("to" = Option<Timestamp>, Query, description = "only what was done before"),
    ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
    ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<AuditEntryDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(State(app): AppState, base: Base, mut query: Query) -> Result<Response, Problem> {
    let filter = AuditFilter {
        user: query.parse("user"),
        kind: query.choice("kind", AuditKind::ALL),
        name: query.parse("name"),
        action: query.choice("action", AuditAction::ALL),
        from: query.time("from"),
        to: query.time("to"),
    };
    let (limit, cursor, raw) = (query.limit(), query.cursor(), query.raw.clone());
    query.close()?;
    let key = app.cursor_key().await?;
    let list = format!("{PATH}?{filter:?}");
    let before = cursor.map(|cursor| key.open(&list, &cursor)).transpose()?;
    let before: Option<AuditPlace> = before.and_then(|place| place.parse().ok());
    let page = app.service.audit(&filter, before, limit).await?;
    let next = page.next.map(|next| key.seal(&list, next.as_str()));
    let links = page_links(&base, PATH, &raw, next.as_deref());
    let items = page.items.into_iter().map(|entry| show(entry, &base)).collect();
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}
