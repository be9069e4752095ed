//! Errors over HTTP: `application/problem+json` (RFC 9457), the cause once.

use std::error::Error as _;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use slo_core::{Error, RepositoryError};

use crate::games::GameError;

/// What seconds a client should wait while the store is away.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A request that was not done.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// The end of its type, a URN.
    kind: &'static str,
    title: &'static str,
    detail: String,
    links: Value,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, kind, title, detail: detail.into(), links: json!({}) }
    }

    /// With what can be done instead.
    pub(crate) fn with(self, links: Value) -> Self {
        Self { links, ..self }
    }

    pub(crate) fn no_route() -> Self {
        let detail = "there is nothing here; begin at the links";
        Self::new(StatusCode::NOT_FOUND, "no-route", "No such route", detail)
    }

    pub(crate) fn method() -> Self {
        let detail = "this can be asked for by the methods of the header Allow only";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Method not allowed", detail)
    }

    /// A body that is no guess.
    pub(crate) fn body(error: &serde_json::Error) -> Self {
        let detail = format!("send a guess such as {{\"guess\":5}}: {error}");
        if error.is_data() {
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no-guess", "No guess", detail)
        } else {
            Self::new(StatusCode::BAD_REQUEST, "no-json", "No JSON", detail)
        }
    }

    pub(crate) fn large() -> Self {
        let detail = "a guess is no longer than 1 KB";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "large", "Too large", detail)
    }

    /// Whether anything was done is not known.
    pub(crate) fn unavailable() -> Self {
        let detail = "the store is busy or out of reach; look again in a second: what you sent may have been done";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Store not available", detail)
    }

    /// A defect, which the log has.
    pub(crate) fn internal() -> Self {
        let detail = "this is a defect; the log of the request says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail)
    }
}

impl From<GameError> for Problem {
    fn from(error: GameError) -> Self {
        match error {
            GameError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, "no-game", "No such game", error.to_string()),
            GameError::Finished(_) => Self::new(StatusCode::CONFLICT, "finished", "Game over", error.to_string()),
            GameError::Repository(error) => error.into(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Repository(error) => error.into(),
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "the error budget cannot be told");
                Self::internal()
            }
        }
    }
}

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        if matches!(error, RepositoryError::Unavailable(_)) {
            tracing::warn!(error = error.source(), "the store is not available");
            return Self::unavailable();
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the store refused");
        Self::internal()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("urn:guessing-game:{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "links": self.links,
        });
        let json = HeaderValue::from_static("application/problem+json");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], body.to_string()).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}
