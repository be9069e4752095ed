//! What can be done next from an answer.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;
use serde_json::Value;
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
    body: Option<&'static Value>,
}

impl Links {
    pub(crate) fn add(mut self, rel: &'static str, method: &'static str, href: String) -> Self {
        self.0.insert(rel, Link { method, href, body: None });
        self
    }

    /// A link whose body follows the named schema of the OpenAPI document.
    pub(crate) fn add_with_body(mut self, rel: &'static str, method: &'static str, href: String, schema: &str) -> Self {
        self.0.insert(rel, Link { method, href, body: SCHEMAS.get(schema) });
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

/// The document's schemas with every reference resolved, so that one stands by itself in a link.
static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let schemas = &document["components"]["schemas"];
    let resolve = |(name, schema): (&String, &Value)| (name.clone(), inline(schema, schemas));
    schemas.as_object().into_iter().flatten().map(resolve).collect()
});

fn inline(value: &Value, schemas: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
                return inline(&schemas[name], schemas);
            }
            Value::Object(members.iter().map(|(name, value)| (name.clone(), inline(value, schemas))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| inline(item, schemas)).collect()),
        other => other.clone(),
    }
}
