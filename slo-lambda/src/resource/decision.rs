//! `/decisions`

mod request;

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    ChangeKind, DecisionFilter, DecisionId, DecisionReason, DecisionRecord, DecisionRequest, Description, Evidence,
    Figure, Name, Objective, Override, Postmortem, Ratio, Reason, Verdict, Versioned,
};
use utoipa::ToSchema;

use super::definition::{AppState, PageDto, item};
use super::error_budget::AT_ONCE;
use super::policy::{self, ChangeKindDto};
use crate::edge::access::By;
use crate::edge::body::JsonBody;
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Kind, Problem, ProblemDto};
use crate::edge::query::{NoQuery, Query, page_links};
use crate::edge::random::random;

use request::{DecisionRequestDto, OverrideRequestDto};

pub(super) const PATH: &str = "/api/v1/decisions";

/// Whether a change may be shipped, and why. It never changes; overrides stand beside it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Decision)]
pub(crate) struct DecisionDto {
    /// The identifier, a UUID of version 7.
    #[schema(value_type = String, example = "01a1f8d3-ea7b-7707-8707-070707070707")]
    id: DecisionId,
    /// The verdict as it was decided: the worst that a matching rule said of an objective that is not aspirational.
    verdict: VerdictDto,
    /// The verdict that counts now: that of the newest override that has not expired, otherwise `verdict`.
    effective_verdict: VerdictDto,
    /// The service, where it was asked for by its service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    service: Option<Name>,
    /// The objectives that were judged.
    #[schema(value_type = Vec<String>)]
    objectives: Vec<Name>,
    /// What was to be shipped.
    change: ChangeDto,
    /// The instant that was judged.
    at: Timestamp,
    /// When it was decided.
    decided_at: Timestamp,
    /// Who asked; null: nobody is known.
    #[schema(value_type = Option<String>)]
    by: Option<Name>,
    /// The revision of the policy; 0 is the default.
    policy_revision: u64,
    /// One for each rule that matched an objective, in the order of the objectives, then of the rules.
    reasons: Vec<ReasonDto>,
    /// Incidents that took more than 20 % of a budget, at most 20 of each objective.
    postmortem_required: Vec<PostmortemDto>,
    /// Oldest first.
    overrides: Vec<OverrideDto>,
    /// What can be done next.
    links: Links,
}

/// May we ship?
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Verdict)]
pub(super) enum VerdictDto {
    Ship,
    Caution,
    Hold,
}

impl From<Verdict> for VerdictDto {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ship => Self::Ship,
            Verdict::Caution => Self::Caution,
            Verdict::Hold => Self::Hold,
        }
    }
}

/// What is to be shipped.
#[derive(Serialize, ToSchema)]
#[schema(as = Change)]
struct ChangeDto {
    /// Its kind.
    #[schema(value_type = ChangeKindDto)]
    kind: ChangeKind,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1050)]
    description: Option<Description>,
}

/// Why a rule spoke against shipping.
#[derive(Serialize, ToSchema)]
#[schema(as = Reason)]
struct ReasonDto {
    /// The objective that it matched.
    #[schema(value_type = String)]
    objective: Name,
    /// The rule.
    #[schema(value_type = String)]
    rule: Name,
    /// What the rule says.
    verdict: VerdictDto,
    /// true: the objective only informs, and the verdict does not follow; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    aspirational: bool,
    /// What was seen: a number (a time is in seconds), or a status; null when it has no figure.
    #[schema(value_type = Option<FigureSchema>)]
    observed: Option<FigureDto>,
    /// What it was compared with, likewise.
    #[schema(value_type = Option<FigureSchema>)]
    limit: Option<FigureDto>,
    /// The same in a sentence.
    #[schema(example = "shop has exhausted its budget: 120 % of it is used")]
    detail: String,
}

/// A number, or a word.
#[derive(Serialize)]
#[serde(untagged)]
enum FigureDto {
    Number(Ratio),
    Word(String),
}

/// A number, or a word.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Figure)]
#[expect(dead_code, reason = "names the types of the schema")]
enum FigureSchema {
    Number(f64),
    Word(String),
}

/// An incident that took more than 20 % of a budget.
#[derive(Serialize, ToSchema)]
#[schema(as = Postmortem)]
struct PostmortemDto {
    /// The objective whose budget it took.
    #[schema(value_type = String)]
    objective: Name,
    /// Its first minute.
    start: Timestamp,
    /// The end of its last minute.
    end: Timestamp,
    /// What it took of the budget.
    #[schema(value_type = Option<f64>)]
    share: Option<Ratio>,
}

/// Somebody knew better, for a while.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Override)]
struct OverrideDto {
    /// The identifier.
    #[schema(value_type = String)]
    id: DecisionId,
    /// The verdict that counts instead.
    verdict: VerdictDto,
    /// Why.
    #[schema(value_type = String)]
    reason: Reason,
    /// The first instant at which it no longer counts.
    expires_at: Timestamp,
    /// When it was granted.
    granted_at: Timestamp,
    /// By whom; null: nobody is known.
    #[schema(value_type = Option<String>)]
    by: Option<Name>,
}

fn figure(figure: Figure) -> FigureDto {
    match figure {
        Figure::Ratio(fraction) => FigureDto::Number(fraction.ratio()),
        Figure::Seconds(seconds) => FigureDto::Number(seconds.into()),
        Figure::Word(word) => FigureDto::Word(word),
    }
}

fn reason(reason: DecisionReason) -> ReasonDto {
    ReasonDto {
        objective: reason.objective,
        rule: reason.rule,
        verdict: reason.verdict.into(),
        aspirational: reason.aspirational,
        observed: reason.observed.map(figure),
        limit: reason.limit.map(figure),
        detail: reason.detail,
    }
}

fn postmortem(Postmortem { objective, incident }: Postmortem) -> PostmortemDto {
    let share = incident.share.map(slo_core::Fraction::ratio);
    PostmortemDto { objective, start: incident.start, end: incident.end, share }
}

fn granted(granted: Override) -> OverrideDto {
    OverrideDto {
        id: granted.id,
        verdict: granted.verdict.into(),
        reason: granted.reason,
        expires_at: granted.expires_at,
        granted_at: granted.granted.at,
        by: granted.granted.by,
    }
}

fn show(record: DecisionRecord, now: Timestamp, base: &Base) -> DecisionDto {
    let effective_verdict = record.effective_verdict(now).into();
    let DecisionRecord { decision, overrides } = record;
    let path = base.href(&format!("{PATH}/{}", decision.id));
    let mut links = Links::default()
        .add("self", "GET", path.clone())
        .add("collection", "GET", base.href(PATH))
        .add_with_body("override", "POST", format!("{path}/override"), "OverrideRequest")
        .add("policy", "GET", base.href(policy::PATH));
    if let [only] = decision.evidence.as_slice() {
        links = links.add("objective", "GET", base.href(&item::<Objective>(&only.objective)));
    }
    DecisionDto {
        id: decision.id,
        verdict: decision.judgement.verdict.into(),
        effective_verdict,
        service: decision.service,
        objectives: decision.evidence.into_iter().map(|seen| seen.objective).collect(),
        change: ChangeDto { kind: decision.change.kind, description: decision.change.description },
        at: decision.at,
        decided_at: decision.decided.at,
        by: decision.decided.by,
        policy_revision: decision.policy_revision,
        reasons: decision.judgement.reasons.into_iter().map(reason).collect(),
        postmortem_required: decision.judgement.postmortem_required.into_iter().map(postmortem).collect(),
        overrides: overrides.into_iter().map(granted).collect(),
        links,
    }
}

/// 201, and where it is.
fn created(record: DecisionRecord, now: Timestamp, base: &Base) -> Response {
    let location = base.href(&format!("{PATH}/{}", record.decision.id));
    let mut response = (StatusCode::CREATED, JsonAnswer(show(record, now, base))).into_response();
    response.headers_mut().insert(header::LOCATION, location.parse().expect("a path of an identifier is a header"));
    response
}

/// The identifier in the path. What cannot be one cannot exist either.
pub(crate) struct PathId(DecisionId);

impl<S: Sync + Send> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let text = path.map(|axum::extract::Path(text)| text).unwrap_or_default();
        text.parse().map(Self).map_err(|error: slo_core::DecisionIdError| {
            Problem::new(Kind::NotFound, format!("{error}; check it in the path")).link("decisions", "GET", PATH)
        })
    }
}

/// Decides whether a change may be shipped, and keeps the decision with all that its rules saw.
#[utoipa::path(post, path = "/api/v1/decisions", operation_id = "decide", tag = "decisions", request_body = DecisionRequestDto,
    responses((status = 201, body = DecisionDto, headers(("Location" = String))),
    (status = 400, body = ProblemDto, content_type = "application/problem+json"),
    (status = 413, body = ProblemDto, content_type = "application/problem+json"),
    (status = 415, body = ProblemDto, content_type = "application/problem+json"),
    (status = 422, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    By(stamp): By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let now = stamp.at;
    let asked = request::read(&app, &body.0, now).await?;
    let evidence = async |objective: Versioned<Objective>| app.service.evidence(&objective, asked.at, now).await;
    // In this task, because the meter is the task's.
    let evidence: Vec<Evidence> = stream::iter(asked.objectives).map(evidence).buffered(AT_ONCE).try_collect().await?;
    let question = DecisionRequest { service: asked.service, change: asked.change, at: asked.at };
    let decision = app.service.decide(question, evidence, random(), stamp).await?;
    Ok(created(DecisionRecord { decision, overrides: Vec::new() }, now, &base))
}

/// Decisions, newest first. A page may be short where what matches is rare: there is more as long as there is `next`.
#[utoipa::path(get, path = "/api/v1/decisions", operation_id = "decisionsList", tag = "decisions", params(
    ("objective" = Option<String>, Query, description = "only those about this objective, alone or among others"),
    ("verdict" = Option<String>, Query, description = "only those with this verdict, as it was decided: ship, caution or hold"),
    ("from" = Option<Timestamp>, Query, description = "only those decided then or later"),
    ("to" = Option<Timestamp>, Query, description = "only those decided before"),
    ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
    ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<DecisionDto>), (status = 400, body = ProblemDto, content_type = "application/problem+json"),
        (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn list(State(app): AppState, base: Base, mut query: Query) -> Result<Response, Problem> {
    let filter = DecisionFilter {
        objective: query.parse("objective"),
        verdict: query.choice("verdict", Verdict::ALL),
        from: query.time("from"),
        to: query.time("to"),
    };
    let (limit, cursor, raw) = (query.limit(), query.cursor(), query.raw.clone());
    query.close()?;
    let key = app.cursor_key().await?;
    let list = format!("{PATH}?{filter:?}");
    let before = cursor.map(|cursor| key.open(&list, &cursor)).transpose()?.and_then(|place| place.parse().ok());
    let page = app.service.decisions(&filter, before, limit).await?;
    let now = (app.clock)();
    let next = page.next.map(|next| key.seal(&list, &next.to_string()));
    let links = page_links(&base, PATH, &raw, next.as_deref())
        .add("policy", "GET", base.href(policy::PATH))
        .add_with_body("create", "POST", base.href(PATH), "DecisionRequest");
    let items = page.items.into_iter().map(|record| show(record, now, &base)).collect();
    Ok(JsonAnswer(PageDto { items, next, links }).into_response())
}

/// One decision, as it was made, with its overrides.
#[utoipa::path(get, path = "/api/v1/decisions/{id}", operation_id = "decisionsGet", tag = "decisions",
    params(("id" = String, Path)), responses((status = 200, body = DecisionDto),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(State(app): AppState, base: Base, _: NoQuery, id: PathId) -> Result<Response, Problem> {
    let record = app.service.decision(id.0).await?;
    Ok(JsonAnswer(show(record, (app.clock)(), &base)).into_response())
}

/// Overrides a decision until it expires; the decision stays as it is.
#[utoipa::path(post, path = "/api/v1/decisions/{id}/override", operation_id = "decisionsOverride", tag = "decisions",
    params(("id" = String, Path)), request_body = OverrideRequestDto,
    responses((status = 201, body = DecisionDto, headers(("Location" = String))),
    (status = 400, body = ProblemDto, content_type = "application/problem+json"),
    (status = 404, body = ProblemDto, content_type = "application/problem+json"),
    (status = 413, body = ProblemDto, content_type = "application/problem+json"),
    (status = 415, body = ProblemDto, content_type = "application/problem+json"),
    (status = 422, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn grant(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    id: PathId,
    By(stamp): By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let now = stamp.at;
    let id_of_override = DecisionId::new(now, random());
    let granted = JsonBody::decode(&body.0, |at, faults| request::granted(at, faults, id_of_override, stamp))?;
    let record = app.service.override_decision(id.0, granted).await?;
    Ok(created(record, now, &base))
}
