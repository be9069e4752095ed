//! The body of a request as JSON.

use axum::body::{Body, Bytes};
use axum::extract::FromRequest;
use http::{Request, header};

use super::fields::{At, Faults, repeated};
use super::problem::{Kind, Problem};
use crate::located::{Located, Malformed};
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

/// What a Content-Type says, without parameters, in lower case; empty when there is none.
fn media_type(request: &Request<Body>) -> String {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The bytes of a body; `broken` is the problem of one that ended early.
async fn bytes(request: Request<Body>, broken: Kind) -> Result<Bytes, Problem> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| encoding != "identity") {
        return Err(Problem::new(Kind::UnsupportedMediaType, "send the body as it is, without Content-Encoding"));
    }
    let too_large = || Problem::new(Kind::BodyTooLarge, "a body is at most 1 MiB (1048576 bytes); send it in parts");
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    axum::body::to_bytes(request.into_body(), MAX_BODY).await.map_err(|error| {
        let ended =
            std::error::Error::source(&error).is_none_or(|source| !source.is::<http_body_util::LengthLimitError>());
        if ended { Problem::new(broken, "the body ended early; send it again") } else { too_large() }
    })
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let patch = request.method() == http::Method::PATCH;
        let essence = media_type(&request);
        if !(essence == "application/json" || patch && essence == "application/merge-patch+json") {
            let detail = "send the body as JSON with Content-Type: application/json";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        let bytes = bytes(request, Kind::MalformedJson).await?;
        Json::parse(&bytes).map(Self).map_err(|error| Problem::new(Kind::MalformedJson, error.to_string()))
    }
}

/// A body of documents, as YAML or JSON; without a Content-Type it is YAML.
pub(crate) struct Documents(pub(crate) Vec<Located>);

impl<S: Sync> FromRequest<S> for Documents {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let (kind, read): (Kind, fn(&str) -> Result<Vec<Located>, Malformed>) = match media_type(&request).as_str() {
            "application/json" => (Kind::MalformedJson, Located::parse_json),
            "" | "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => {
                (Kind::MalformedYaml, Located::parse_yaml)
            }
            _ => {
                let detail = "send the documents as YAML with Content-Type: application/yaml, or as application/json";
                return Err(Problem::new(Kind::UnsupportedMediaType, detail));
            }
        };
        let bytes = bytes(request, kind).await?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            Problem::new(kind, format!("line {line}: this is not UTF-8; save the file in that encoding"))
        })?;
        let documents =
            read(text.trim_start_matches('\u{feff}')).map_err(|error| Problem::new(kind, error.to_string()))?;
        Ok(Self(documents.into_iter().flat_map(Located::flattened).collect()))
    }
}
