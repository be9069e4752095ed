//! Errors as `application/problem+json` (RFC 9457).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use slo_core::{Error, Fault, RepositoryError};
use utoipa::ToSchema;

use super::links::{Base, Links};

/// A client that gave up on a throttled store may try again after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The most faults of one answer: a body of a mebibyte can hold far more.
pub(crate) const MAX_FAULTS: usize = 2_000;

/// An error on its way out. It is written once, by [`super::observe`], under the base path of the
/// request.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: Kind,
    detail: String,
    faults: Vec<FaultDto>,
    extra: serde_json::Map<String, serde_json::Value>,
    links: Vec<(&'static str, &'static str, String)>,
    headers: HeaderMap,
}

/// The problems there are: a stable word, a status and a title each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedJson,
    MalformedYaml,
    InvalidParameter,
    InvalidCursor,
    InvalidHeader,
    Unauthenticated,
    Forbidden,
    NotFound,
    UnknownRoute,
    MethodNotAllowed,
    AlreadyExists,
    InUse,
    Conflict,
    PreconditionFailed,
    BodyTooLarge,
    UnsupportedMediaType,
    InvalidBody,
    PreconditionRequired,
    TooManyFailures,
    Internal,
    Unavailable,
}

impl Kind {
    const fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::MalformedJson => ("malformed-json", StatusCode::BAD_REQUEST, "The body is not JSON"),
            Self::MalformedYaml => ("malformed-yaml", StatusCode::BAD_REQUEST, "The body is not YAML"),
            Self::InvalidParameter => ("invalid-parameter", StatusCode::BAD_REQUEST, "A parameter cannot be used"),
            Self::InvalidCursor => {
                ("invalid-cursor", StatusCode::BAD_REQUEST, "The cursor does not belong to this list")
            }
            Self::InvalidHeader => ("invalid-header", StatusCode::BAD_REQUEST, "A header cannot be understood"),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "Say who you are"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "This needs more access"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is nothing of that name"),
            Self::UnknownRoute => ("unknown-route", StatusCode::NOT_FOUND, "There is no such route"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "The route does not take this method")
            }
            Self::AlreadyExists => ("already-exists", StatusCode::CONFLICT, "The name is taken"),
            Self::InUse => ("in-use", StatusCode::CONFLICT, "Objectives use it"),
            Self::Conflict => (
                "conflicting-measurements",
                StatusCode::CONFLICT,
                "Some measurements say something else than what is stored",
            ),
            Self::PreconditionFailed => {
                ("precondition-failed", StatusCode::PRECONDITION_FAILED, "What is stored does not fit the precondition")
            }
            Self::BodyTooLarge => ("body-too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body's media type is not taken here",
            ),
            Self::InvalidBody => ("invalid-body", StatusCode::UNPROCESSABLE_ENTITY, "The body breaks the rules"),
            Self::PreconditionRequired => {
                ("precondition-required", StatusCode::PRECONDITION_REQUIRED, "Say which revision you mean")
            }
            Self::TooManyFailures => {
                ("too-many-failures", StatusCode::TOO_MANY_REQUESTS, "Too many tokens were not valid")
            }
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here"),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "The store is not available"),
        }
    }
}

/// The body of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDto {
    /// A stable URI reference that names the problem.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid-body")]
    kind: String,
    /// What happened.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What to do about it.
    detail: String,
    /// Every fault of the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultDto>,
    /// Members of one kind of problem: `current`, `objectives`, or those of a receipt.
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
    /// What can be done next.
    links: Links,
}

/// One fault.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub(crate) struct FaultDto {
    /// Where in the body (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The line of a body that is written in lines, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Which parameter or header.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// A stable word.
    code: &'static str,
    /// What to do.
    detail: String,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            kind,
            detail: detail.into(),
            faults: Vec::new(),
            extra: serde_json::Map::new(),
            links: vec![("describedby", "GET", "/api/v1/openapi.json".to_owned())],
            headers: HeaderMap::new(),
        }))
    }

    /// A body that breaks rules.
    pub(crate) fn invalid_body(mut faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [only] => format!("{only}; nothing was stored"),
            all if all.len() > MAX_FAULTS => {
                format!(
                    "{} members must be corrected, errors shows the first {MAX_FAULTS}; nothing was stored",
                    all.len()
                )
            }
            all => format!("{} members must be corrected, see errors; nothing was stored", all.len()),
        };
        faults.truncate(MAX_FAULTS);
        let dto = |fault: Fault| FaultDto {
            pointer: Some(fault.pointer),
            line: None,
            parameter: None,
            code: fault.code,
            detail: fault.detail,
        };
        Self::new(Kind::InvalidBody, detail).with_faults(faults.into_iter().map(dto))
    }

    /// Documents that break rules: a pointer begins with the number of a document, which knows the line.
    pub(crate) fn invalid_documents(faults: Vec<Fault>, line: impl Fn(&str) -> Option<usize>) -> Self {
        let mut problem = Self::invalid_body(faults);
        for fault in &mut problem.0.faults {
            fault.line = fault.pointer.as_deref().and_then(&line);
        }
        if let [FaultDto { line: Some(line), .. }] = problem.0.faults.as_slice() {
            problem.0.detail = format!("line {line}, {}", problem.0.detail);
        }
        problem
    }

    /// Parameters that cannot be used: name and what to do.
    pub(crate) fn invalid_parameters(faults: Vec<(String, String)>) -> Self {
        let detail = faults.iter().map(|(name, detail)| format!("{name}: {detail}")).collect::<Vec<_>>().join("; ");
        let dto =
            |(name, detail)| FaultDto { pointer: None, line: None, parameter: Some(name), code: "invalid", detail };
        Self::new(Kind::InvalidParameter, detail).with_faults(faults.into_iter().map(dto))
    }

    fn with_faults(mut self, faults: impl Iterator<Item = FaultDto>) -> Self {
        self.0.faults.extend(faults);
        self
    }

    pub(crate) fn with(mut self, member: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        self.0.extra.insert(member.to_owned(), value);
        self
    }

    /// Says first what happened before it.
    pub(crate) fn after(mut self, said: &str) -> Self {
        self.0.detail = format!("{said}: {}", self.0.detail);
        self
    }

    pub(crate) fn link(mut self, rel: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        self.0.links.push((rel, method, path.into()));
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.kind.parts().1
    }

    /// For a page: its headers, what happened, and what to do about it.
    pub(crate) fn told(self) -> (HeaderMap, &'static str, String) {
        let (_, _, title) = self.0.kind.parts();
        (self.0.headers, title, self.0.detail)
    }

    /// Its body, with links under a base path.
    pub(crate) fn dto(self, base: &Base) -> ProblemDto {
        let problem = *self.0;
        let (word, status, title) = problem.kind.parts();
        let mut links = Links::default();
        for (rel, method, path) in problem.links {
            links = links.add(rel, method, base.href(&path));
        }
        ProblemDto {
            kind: format!("/problems/{word}"),
            title,
            status: status.as_u16(),
            detail: problem.detail,
            errors: problem.faults,
            extra: problem.extra,
            links,
        }
    }

    /// Writes it under a base path.
    pub(crate) fn render(self, base: &Base) -> Response {
        let (status, headers) = (self.status(), self.0.headers.clone());
        let body = serde_json::to_vec(&self.dto(base)).unwrap_or_default();
        let mut response = (status, headers, body).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Carries the problem to where it is written.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn item(kind: slo_core::Kind, name: &slo_core::Name) -> String {
    match kind {
        slo_core::Kind::Policy => "/api/v1/policy".to_owned(),
        kind => format!("/api/v1/{kind}s/{name}"),
    }
}

fn collection(kind: slo_core::Kind) -> String {
    match kind {
        slo_core::Kind::Policy => "/api/v1/policy".to_owned(),
        kind => format!("/api/v1/{kind}s"),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid { faults } => Self::invalid_body(faults),
            Error::Parameter { parameter, detail } => Self::invalid_parameters(vec![(parameter.to_owned(), detail)]),
            Error::NotFound { kind, .. } => {
                Self::new(Kind::NotFound, detail).link("collection", "GET", collection(kind))
            }
            Error::NoExclusion { objective, .. } => {
                let list = format!("{}/exclusions", item(slo_core::Kind::Objective, &objective));
                Self::new(Kind::NotFound, detail).link("exclusions", "GET", list)
            }
            Error::NoDecision { .. } => {
                Self::new(Kind::NotFound, detail).link("decisions", "GET", "/api/v1/decisions".to_owned())
            }
            Error::NoToken { user, .. } => {
                let list = format!("{}/tokens", item(slo_core::Kind::User, &user));
                Self::new(Kind::NotFound, detail).link("tokens", "GET", list)
            }
            Error::Exists { kind, name } => {
                Self::new(Kind::AlreadyExists, detail).link("existing", "GET", item(kind, &name))
            }
            Error::PreconditionRequired { kind, name, current } => {
                let detail = format!("{detail}: send If-Match: \"{current}\" after looking at it, or If-Match: *");
                Self::new(Kind::PreconditionRequired, detail).with("current", current).link(
                    "current",
                    "GET",
                    item(kind, &name),
                )
            }
            Error::PreconditionFailed { kind, name, current } => {
                let problem = Self::new(Kind::PreconditionFailed, detail).with("current", current);
                match current {
                    Some(_) => problem.link("current", "GET", item(kind, &name)),
                    None => problem.link("collection", "GET", collection(kind)),
                }
            }
            Error::InUse { objectives, .. } => {
                let problem = Self::new(Kind::InUse, detail).with("objectives", &objectives);
                match objectives.first() {
                    Some(first) => problem.link("objective", "GET", item(slo_core::Kind::Objective, first)),
                    None => problem,
                }
            }
            Error::Repository(RepositoryError::Unavailable(source)) => {
                tracing::warn!(error = &*source, "the store is not available");
                Self::unavailable(
                    "the store is busy or out of reach; send the same request again, it is safe to repeat",
                )
            }
            Error::Repository(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store refused");
                Self::internal()
            }
        }
    }
}

impl Problem {
    /// Not now, but soon.
    pub(crate) fn unavailable(detail: &str) -> Self {
        let seconds = HeaderValue::from(RETRY_AFTER.as_secs());
        Self::new(Kind::Unavailable, detail).header(header::RETRY_AFTER, seconds)
    }

    /// Whatever went wrong stays in the log, found by the request's id.
    pub(crate) fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "it is logged under the id in X-Request-Id; try again, and report that id if it stays",
        )
    }
}
