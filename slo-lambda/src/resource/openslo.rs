//! `/openslo`: definitions as OpenSLO documents, in and out.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, VARY};
use serde::Serialize;
use slo_core::Json;
use utoipa::ToSchema;

use crate::App;
use crate::edge::access::By;
use crate::edge::body::Documents;
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::Query;
use crate::openslo::apply::{Outcome, apply};
use crate::openslo::emit;
use crate::openslo::export::export;

pub(crate) const PATH: &str = "/api/v1/openslo";
/// The name of its documents in the OpenAPI document.
pub(crate) const SCHEMA: &str = "OpenSlo";

/// Documents of OpenSLO v1 as JSON.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenSlo)]
pub(crate) struct OpenSloDto {
    /// One after the other.
    #[schema(value_type = Vec<OpenSloDocumentDto>, max_items = 1000)]
    items: Vec<Json>,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

/// A document of OpenSLO v1.
#[derive(ToSchema)]
#[schema(as = OpenSloDocument, rename_all = "camelCase")]
#[expect(dead_code, reason = "names the members of the schema")]
struct OpenSloDocumentDto {
    /// The version of OpenSLO that is spoken here.
    #[schema(example = "openslo/v1")]
    api_version: String,
    /// Service, SLI, SLO, AlertPolicy or AlertCondition.
    #[schema(example = "SLO")]
    kind: String,
    /// Name, display name, labels, and annotations below `slo/` for what OpenSLO has no member for.
    #[schema(value_type = Object)]
    metadata: Json,
    /// What the kind has, as OpenSLO says it.
    #[schema(value_type = Object)]
    spec: Json,
}

/// What was done, or in a dry run would be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Applied)]
pub(crate) struct AppliedDto {
    /// Whether nothing was written.
    dry_run: bool,
    /// A line for each definition, in the order in which they are written.
    #[schema(value_type = Vec<OutcomeDto>)]
    items: Vec<Outcome>,
    /// What can be done next.
    links: Links,
}

/// What was done about one definition.
#[derive(ToSchema)]
#[schema(as = AppliedItem)]
#[expect(dead_code, reason = "names the members of the schema")]
struct OutcomeDto {
    /// service, indicator or objective.
    kind: String,
    /// Its name.
    name: String,
    /// created, updated or unchanged.
    #[schema(example = "updated")]
    action: String,
    /// The members that differ from what was stored.
    changes: Vec<ChangeDto>,
    /// What its author may not have meant.
    #[schema(inline)]
    notes: super::note::NotesDto,
}

/// A member that changes.
#[derive(ToSchema)]
#[schema(as = AppliedChange)]
#[expect(dead_code, reason = "names the members of the schema")]
struct ChangeDto {
    /// Which member of the definition (RFC 6901).
    #[schema(example = "/target")]
    pointer: String,
    /// What was stored; absent if nothing.
    #[schema(value_type = Option<Object>)]
    from: Option<Json>,
    /// What the documents say; absent if nothing.
    #[schema(value_type = Option<Object>)]
    to: Option<Json>,
}

/// Services, SLIs and SLOs as documents of OpenSLO v1: YAML, or JSON where that is accepted and YAML is not.
#[utoipa::path(get, path = "/api/v1/openslo", operation_id = "openslo", tag = "OpenSLO",
    params(("service" = Option<String>, Query, description = "only those of this service, and the SLIs that its SLOs use")),
    responses((status = 200, content((String = "application/yaml"), (OpenSloDto = "application/json"))),
        (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): State<App>,
    base: Base,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let service = query.parse("service");
    query.close()?;
    let documents = export(&app, service).await?;
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("application/json") && !accepted.contains("yaml") {
        let links = Links::default()
            .add("self", "GET", base.href(PATH))
            .add_with_body("apply", "POST", base.href(PATH), SCHEMA)
            .add("api", "GET", base.href("/api/v1"));
        return Ok(([(VARY, "accept")], JsonAnswer(OpenSloDto { items: documents, links })).into_response());
    }
    Ok(([(CONTENT_TYPE, "application/yaml"), (VARY, "accept")], emit::documents(&documents)).into_response())
}

/// Applies documents of OpenSLO v1: creates and replaces what differs, once all of them keep all rules. What cannot be kept here
/// is an error with its line.
#[utoipa::path(post, path = "/api/v1/openslo", operation_id = "opensloApply", tag = "OpenSLO",
    params(("dryRun" = Option<bool>, Query, description = "true: judge them, say what would change, and store nothing")),
    request_body(content((String = "application/yaml"), (OpenSloDto = "application/json"))),
    responses((status = 200, body = AppliedDto),
        (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 412, body = ProblemDto, content_type = "application/problem+json"),
        (status = 413, body = ProblemDto, content_type = "application/problem+json"),
        (status = 415, body = ProblemDto, content_type = "application/problem+json"),
        (status = 422, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn post(
    State(app): State<App>,
    base: Base,
    mut query: Query,
    by: By,
    Documents(documents): Documents,
) -> Result<JsonAnswer<AppliedDto>, Problem> {
    let dry_run = query.choice("dryRun", [("true", true), ("false", false)]).unwrap_or_default();
    query.close()?;
    let items = apply(&app, by.0, &documents, dry_run).await?;
    let links = Links::default()
        .add("export", "GET", base.href(PATH))
        .add("indicators", "GET", base.href("/api/v1/indicators"))
        .add("objectives", "GET", base.href("/api/v1/objectives"))
        .add("errorBudgets", "GET", base.href("/api/v1/error-budgets"));
    Ok(JsonAnswer(AppliedDto { dry_run, items, links }))
}
