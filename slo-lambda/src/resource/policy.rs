//! `/policy`

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    Change, ChangeKind, Condition, Decimal, Fault, Limit, MAX_RULES, Name, Policy, Precondition, Ratio, Rule, Severity,
    Shorthand, Status, Verdict, Versioned, Written,
};
use utoipa::ToSchema;

use super::definition::{self, AppState, PageDto};
use crate::edge::access::By;
use crate::edge::body::JsonBody;
use crate::edge::etag::{Conditions, tag};
use crate::edge::fields::{At, Faults, Fields, choice, decimal, list as list_of, text};
use crate::edge::links::{Base, Links};
use crate::edge::problem::{Problem, ProblemDto};
use crate::edge::query::{NoQuery, Query};

pub(super) const PATH: &str = "/api/v1/policy";

/// The rules of decisions. The verdict is the worst that a matching rule says; every matching rule gives a reason.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Policy)]
pub(crate) struct PolicyDto {
    /// In the order of their reasons.
    #[schema(max_items = 50)]
    rules: Vec<RuleDto>,
    /// When this revision was written; absent as long as the default applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    updated_at: Option<Timestamp>,
    /// The revision; its ETag. 0 is the default, which applies until another policy is put.
    #[schema(read_only)]
    revision: u64,
    /// What can be done next.
    #[schema(read_only)]
    links: Links,
}

/// One rule.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Rule)]
struct RuleDto {
    /// Its name in the policy.
    #[schema(value_type = String, example = "exhausted")]
    name: Name,
    /// The kinds of change that it is about.
    #[schema(value_type = Vec<ChangeKindDto>, min_items = 1)]
    changes: Vec<ChangeKind>,
    /// When it matches.
    condition: ConditionDto,
    /// What it then says: caution or hold.
    #[schema(value_type = String, example = "hold")]
    verdict: Verdict,
}

/// What is to be shipped.
#[derive(ToSchema)]
#[schema(as = ChangeKind, rename_all = "camelCase")]
#[expect(dead_code, reason = "names the words of the schema")]
pub(super) enum ChangeKindDto {
    Feature,
    Fix,
    Reliability,
    Security,
}

/// When a rule matches an objective; `type` says which of the other members there are. What is undefined matches no
/// number.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Condition, example = json!({"type": "status", "in": ["exhausted"]}))]
struct ConditionDto {
    /// remainingRatio (op, value), burnRate (lookback, op, value), timeToExhaustion (lookback, shorterThan), alert
    /// (severity), incidentShare (value: above it), coverage (value: below it) or status (in).
    #[serde(rename = "type")]
    #[schema(example = "status")]
    kind: &'static str,
    /// lt or lte of a remaining ratio, gt or gte of a burn rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<&'static str>,
    /// What is compared with: an exact decimal of at most 9 decimals; a string is accepted too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    value: Option<Ratio>,
    /// One of 5m, 30m, 1h, 2h, 6h, 24h, 72h; an objective whose window is shorter does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "1h")]
    lookback: Option<Shorthand>,
    /// At the look-back's burn rate the budget lasts less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "3d")]
    shorter_than: Option<Shorthand>,
    /// page or ticket: an alert of it fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "page")]
    severity: Option<Severity>,
    /// noData, exhausted, warning.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>, max_items = 3)]
    list: Option<Vec<&'static str>>,
}

fn show_condition(condition: &Condition) -> ConditionDto {
    let ratio = |value: Decimal| Limit { value, inclusive: false }.ratio();
    let none = ConditionDto::default();
    match condition {
        Condition::RemainingRatio(limit) => {
            let op = if limit.inclusive { "lte" } else { "lt" };
            ConditionDto { kind: "remainingRatio", op: Some(op), value: limit.ratio(), ..none }
        }
        Condition::BurnRate { lookback, limit } => {
            let op = if limit.inclusive { "gte" } else { "gt" };
            ConditionDto { kind: "burnRate", lookback: Some(*lookback), op: Some(op), value: limit.ratio(), ..none }
        }
        Condition::TimeToExhaustion { lookback, shorter_than } => ConditionDto {
            kind: "timeToExhaustion",
            lookback: Some(*lookback),
            shorter_than: Some(*shorter_than),
            ..none
        },
        Condition::Alert(severity) => ConditionDto { kind: "alert", severity: Some(*severity), ..none },
        Condition::IncidentShare(share) => ConditionDto { kind: "incidentShare", value: ratio(*share), ..none },
        Condition::Coverage(floor) => ConditionDto { kind: "coverage", value: ratio(*floor), ..none },
        Condition::Status(list) => {
            let names = list.iter().map(|status| status.name()).collect();
            ConditionDto { kind: "status", list: Some(names), ..none }
        }
    }
}

fn show_rule(rule: &Rule) -> RuleDto {
    RuleDto {
        name: rule.name.clone(),
        changes: rule.changes.clone(),
        condition: show_condition(&rule.condition),
        verdict: rule.verdict,
    }
}

fn show(policy: &Policy, stored: Option<&Versioned<Policy>>, base: &Base) -> PolicyDto {
    let href = base.href(PATH);
    PolicyDto {
        rules: policy.rules.iter().map(show_rule).collect(),
        updated_at: stored.map(|stored| stored.updated.at),
        revision: stored.map_or(0, |stored| stored.revision.get()),
        links: Links::default()
            .add("self", "GET", href.clone())
            .add_with_body("replace", "PUT", href, "Policy")
            .add("revisions", "GET", base.href(&format!("{PATH}/revisions")))
            .add("decisions", "GET", base.href(super::decision::PATH))
            .add_with_body("decide", "POST", base.href(super::decision::PATH), "DecisionRequest"),
    }
}

/// A type of condition, and its members besides `type`.
type Shape = (&'static str, &'static [&'static str]);

const fn shape(name: &'static str, members: &'static [&'static str]) -> (&'static str, Shape) {
    (name, (name, members))
}

const SHAPES: [(&str, Shape); 7] = [
    shape("remainingRatio", &["op", "value"]),
    shape("burnRate", &["lookback", "op", "value"]),
    shape("timeToExhaustion", &["lookback", "shorterThan"]),
    shape("alert", &["severity"]),
    shape("incidentShare", &["value"]),
    shape("coverage", &["value"]),
    shape("status", &["in"]),
];

/// A comparison: whether it is of what is above, and whether the limit itself is meant.
const OPS: [(&str, (bool, bool)); 4] =
    [("lt", (false, false)), ("lte", (false, true)), ("gt", (true, false)), ("gte", (true, true))];

fn condition(at: At<'_>, faults: &mut Faults) -> Option<Condition> {
    let mut fields = Fields::open(at, faults)?;
    let kind = fields.required("type", faults, choice(SHAPES));
    let op = fields.optional("op", faults, choice(OPS));
    let value = fields.optional("value", faults, decimal::<Decimal>);
    let lookback = fields.optional("lookback", faults, text::<Shorthand>);
    let shorter_than = fields.optional("shorterThan", faults, text::<Shorthand>);
    let severity = fields.optional("severity", faults, choice(Severity::ALL));
    let statuses = Status::ALL.map(|status| (status.name(), status));
    let list = fields.optional("in", faults, list_of(3, choice(statuses)));
    fields.close(faults);
    let (name, members) = kind?;
    let absent = |member: &str| match member {
        "op" => op == Some(None),
        "value" => value == Some(None),
        "lookback" => lookback == Some(None),
        "shorterThan" => shorter_than == Some(None),
        "severity" => severity == Some(None),
        _ => list == Some(None),
    };
    for member in ["op", "value", "lookback", "shorterThan", "severity", "in"] {
        let pointer = || at.child(member);
        match (members.contains(&member), absent(member)) {
            (true, true) => faults.push(Fault::new(pointer(), "required", format!("{name} needs {member}"))),
            (false, false) => {
                let detail = format!("{name} takes {}, not {member}", members.join(", "));
                faults.push(Fault::new(pointer(), "unexpected", detail));
            }
            _ => {}
        }
    }
    let limit = |above: bool, faults: &mut Faults| {
        let (is_above, inclusive) = op??;
        if is_above != above {
            let words = if above { "gt or gte" } else { "lt or lte" };
            faults.push(Fault::new(at.child("op"), "invalid", format!("write {words} for {name}")));
        }
        Some(Limit { value: value??, inclusive })
    };
    Some(match name {
        "remainingRatio" => Condition::RemainingRatio(limit(false, faults)?),
        "burnRate" => {
            let limit = limit(true, faults);
            Condition::BurnRate { lookback: lookback??, limit: limit? }
        }
        "timeToExhaustion" => Condition::TimeToExhaustion { lookback: lookback??, shorter_than: shorter_than?? },
        "alert" => Condition::Alert(severity??),
        "incidentShare" => Condition::IncidentShare(value??),
        "coverage" => Condition::Coverage(value??),
        _ => Condition::Status(list??),
    })
}

fn rule(at: At<'_>, faults: &mut Faults) -> Option<Rule> {
    let mut fields = Fields::open(at, faults)?;
    let name = fields.required("name", faults, text::<Name>);
    let changes = fields.required("changes", faults, list_of(4, choice(ChangeKind::ALL)));
    let condition = fields.required("condition", faults, condition);
    let verdict = fields.required("verdict", faults, choice(Verdict::ALL));
    fields.close(faults);
    Some(Rule { name: name?, changes: changes?, condition: condition?, verdict: verdict? })
}

fn read(at: At<'_>, faults: &mut Faults) -> Option<Policy> {
    let mut fields = Fields::open(at, faults)?;
    fields.ignore(&["updatedAt", "revision", "links"]);
    // What is at fault is filled in with what breaks no rule, so that the rest is judged as well.
    let filler = Policy::default().rules.swap_remove(0);
    let or_filler = |at: At<'_>, faults: &mut Faults| {
        let place = at.pointer.rsplit('/').next().unwrap_or_default();
        let name = format!("unreadable-rule-{place}").parse().expect("a name");
        Some(rule(at, faults).unwrap_or_else(|| Rule { name, ..filler.clone() }))
    };
    let rules = fields.required("rules", faults, list_of(MAX_RULES, or_filler));
    fields.close(faults);
    let policy = Policy { name: Policy::name(), rules: rules? };
    faults.extend(policy.faults());
    Some(policy)
}

/// The tag of the default, which no stored policy has.
const DEFAULT_TAG: &str = "\"0\"";

fn answer(status: StatusCode, policy: &Policy, stored: Option<&Versioned<Policy>>, base: &Base) -> Response {
    let mut response = (status, JsonAnswer(show(policy, stored, base))).into_response();
    let etag = stored.map_or_else(|| header::HeaderValue::from_static(DEFAULT_TAG), |stored| tag(stored.revision));
    response.headers_mut().insert(header::ETAG, etag);
    if status == StatusCode::CREATED {
        response.headers_mut().insert(header::LOCATION, base.href(PATH).parse().expect("a path is a header"));
    }
    response
}

/// Whether a header says the tag of the default.
fn says_default(headers: &HeaderMap, name: header::HeaderName) -> bool {
    headers.get(name).is_some_and(|value| value == DEFAULT_TAG)
}

/// The policy that applies; before another is put, the default: an exhausted budget holds features and cautions fixes,
/// a firing page holds everything, a warning and missing data caution features and fixes.
#[utoipa::path(get, path = "/api/v1/policy", operation_id = "policyGet", tag = "decisions",
    params(("If-None-Match" = Option<String>, Header)), responses(
    (status = 200, body = PolicyDto, headers(("ETag" = String))),
    (status = 304, description = "It is still in that revision"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn get(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    conditions: Conditions,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (policy, stored) = app.service.policy().await?;
    let mut response = answer(StatusCode::OK, &policy, stored.as_ref(), &base);
    let same = match &stored {
        Some(stored) => conditions.if_none_match.is_some_and(|tags| tags.matches(stored.revision)),
        None => says_default(&headers, header::IF_NONE_MATCH),
    };
    if same {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = axum::body::Body::empty();
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(response)
}

/// Replaces the policy given its ETag; that of the default is "0", and the first one may be put without. Every
/// revision is kept, and decisions say by which they were made.
#[utoipa::path(put, path = "/api/v1/policy", operation_id = "policyPut", tag = "decisions",
    params(("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
    request_body = PolicyDto, responses(
    (status = 200, body = PolicyDto, headers(("ETag" = String))),
    (status = 201, body = PolicyDto, headers(("ETag" = String), ("Location" = String))),
    (status = 400, body = ProblemDto, content_type = "application/problem+json"),
    (status = 412, body = ProblemDto, content_type = "application/problem+json"),
    (status = 413, body = ProblemDto, content_type = "application/problem+json"),
    (status = 415, body = ProblemDto, content_type = "application/problem+json"),
    (status = 422, body = ProblemDto, content_type = "application/problem+json"),
    (status = 428, body = ProblemDto, content_type = "application/problem+json"),
    (status = 503, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn put(
    State(app): AppState,
    base: Base,
    _: NoQuery,
    conditions: Conditions,
    headers: HeaderMap,
    By(stamp): By,
    body: JsonBody,
) -> Result<Response, Problem> {
    let policy = JsonBody::decode(&body.0, read)?;
    let precondition = if says_default(&headers, header::IF_MATCH) {
        Some(Precondition::Absent)
    } else {
        let current =
            if conditions.need_current(true) { app.service.policy().await?.1.map(|s| s.revision) } else { None };
        conditions.precondition(true, current)
    };
    let (stored, written) = app.service.put(policy, precondition, stamp).await?;
    let status = if written == Written::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(status, &stored.value, Some(&stored), &base))
}

/// One version of the policy.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicyRevision)]
pub(crate) struct RevisionDto {
    /// The revision, as decisions name it.
    revision: u64,
    /// When it was written.
    at: Timestamp,
    /// Who wrote it; null: nobody is known.
    #[schema(value_type = Option<String>)]
    by: Option<Name>,
    /// What it said.
    rules: Vec<RuleDto>,
}

/// Every version of the policy, newest first; none as long as the default applies.
#[utoipa::path(get, path = "/api/v1/policy/revisions", operation_id = "policyRevisions", tag = "decisions",
    params(("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "1 to 200; 50 when absent"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, body = PageDto<RevisionDto>),
        (status = 400, body = ProblemDto, content_type = "application/problem+json")))]
pub(crate) async fn revisions(State(app): AppState, base: Base, query: Query) -> Result<Response, Problem> {
    let said = |change: Change<Policy>| RevisionDto {
        revision: change.revision.get(),
        at: change.stamp.at,
        by: change.stamp.by,
        rules: change.value.iter().flat_map(|policy| policy.rules.iter().map(show_rule)).collect(),
    };
    definition::revisions::<Policy, _>(&app, &base, &Policy::name(), ("policy", PATH), query, said).await
}
