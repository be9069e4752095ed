//! What can be done next from an answer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::BasePath;

/// Links by their relation.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Links(BTreeMap<&'static str, Link>);

/// One thing that can be done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// The HTTP method.
    method: &'static str,
    /// Where, under the stage and base path of the request.
    href: String,
    /// The JSON Schema of the body, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<&'static RawValue>,
}

impl Links {
    /// Outside HTTP there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(mut self, rel: &'static str, method: &'static str, href: String) -> Self {
        self.0.insert(rel, Link { method, href, body: None });
        self
    }

    /// A link whose body follows the named schema of the OpenAPI document.
    pub(crate) fn add_with_body(mut self, rel: &'static str, method: &'static str, href: String, schema: &str) -> Self {
        let key = if method == "POST" { schema.to_owned() } else { format!("{method} {schema}") };
        self.0.insert(rel, Link { method, href, body: BODIES.get(key.as_str()).copied() });
        self
    }
}

/// The base path under which the request came in: a stage, a custom domain's mapping, or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(String);

impl Base {
    pub(crate) fn of(extensions: &http::Extensions) -> Self {
        Self(extensions.get::<BasePath>().map(|base| base.0.trim_end_matches('/').to_owned()).unwrap_or_default())
    }

    /// A path of this API as the client must ask for it.
    pub(crate) fn href(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

/// The bodies by their schema, and by method and schema where it is not a POST: generated with the OpenAPI document,
/// because to make them anew takes longer than all else that a function does at its start.
static BODIES: LazyLock<BTreeMap<&str, &RawValue>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../bodies.json")).expect("it is checked in"));

/// Reads the bodies, which the first answer that needs one would wait for.
#[cfg(feature = "bootstrap")]
pub(crate) fn prepare() {
    LazyLock::force(&BODIES);
}
