//! The body of a request as JSON.

use axum::body::Body;
use axum::extract::FromRequest;
use http::{Request, header};

use super::fields::{At, Faults, repeated};
use super::problem::{Kind, Problem};
use slo_core::Json;

/// The largest body: 1 MiB.
pub(crate) const MAX_BODY: usize = 1 << 20;

/// A body of `application/json`; a PATCH may say `application/merge-patch+json`.
pub(crate) struct JsonBody(pub(crate) Json);

impl JsonBody {
    /// Decodes the whole body, or says everything that is wrong with it.
    pub(crate) fn decode<T>(json: &Json, read: impl FnOnce(At<'_>, &mut Faults) -> Option<T>) -> Result<T, Problem> {
        let mut faults = Faults::new();
        let value = Self::judge(json, &mut faults, read);
        value.filter(|_| faults.is_empty()).ok_or_else(|| Problem::invalid_body(faults))
    }

    /// Decodes what can be decoded, and gathers everything that is wrong.
    pub(crate) fn judge<T>(
        json: &Json,
        faults: &mut Faults,
        read: impl FnOnce(At<'_>, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        let at = At { json, pointer: "" };
        repeated(at, faults);
        read(at, faults)
    }
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let patch = request.method() == http::Method::PATCH;
        let media =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !(essence == "application/json" || patch && essence == "application/merge-patch+json") {
            let detail = "send the body as JSON with Content-Type: application/json";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        let encoding = request.headers().get(header::CONTENT_ENCODING);
        if encoding.is_some_and(|encoding| encoding != "identity") {
            return Err(Problem::new(Kind::UnsupportedMediaType, "send the body as it is, without Content-Encoding"));
        }
        let too_large =
            || Problem::new(Kind::BodyTooLarge, "a body is at most 1 MiB (1048576 bytes); send it in parts");
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        if announced.is_some_and(|length: usize| length > MAX_BODY) {
            return Err(too_large());
        }
        let bytes = axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(|error| {
            let broken =
                std::error::Error::source(&error).is_none_or(|source| !source.is::<http_body_util::LengthLimitError>());
            if broken { Problem::new(Kind::MalformedJson, "the body ended early; send it again") } else { too_large() }
        })?;
        Json::parse(&bytes).map(Self).map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))
    }
}
