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
        self.0.insert(rel, Link { method, href, body: SCHEMAS.get(&key) });
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

/// The document's schemas as bodies: every reference resolved, so that one stands by itself in a link,
/// without what only answers carry. A PUT takes the name from the path, a PATCH needs nothing.
static SCHEMAS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let document = serde_json::to_value(crate::openapi()).unwrap_or_default();
    let schemas = &document["components"]["schemas"];
    let mut bodies = BTreeMap::new();
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let post = body(schema, schemas);
        let (mut put, mut patch) = (post.clone(), post.clone());
        if let Some(required) = put.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|member| member != "name");
        }
        if let Some(members) = patch.as_object_mut() {
            members.remove("required");
        }
        bodies.extend([(name.clone(), post), (format!("PUT {name}"), put), (format!("PATCH {name}"), patch)]);
    }
    bodies
});

/// Makes the bodies, which the first answer that needs one would wait for.
#[cfg(feature = "bootstrap")]
pub(crate) fn prepare() {
    LazyLock::force(&SCHEMAS);
}

fn body(value: &Value, schemas: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
                return body(&schemas[name], schemas);
            }
            let read_only: Vec<&String> = members
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter(|(_, property)| property["readOnly"] == true)
                .map(|(name, _)| name)
                .collect();
            let written = |name: &str, value: &Value| match (name, value) {
                ("required", Value::Array(names)) => {
                    let kept = names.iter().filter(|name| !read_only.iter().any(|r| name.as_str() == Some(r)));
                    Value::Array(kept.cloned().collect())
                }
                ("properties", Value::Object(properties)) => {
                    let kept = properties.iter().filter(|(name, _)| !read_only.contains(name));
                    Value::Object(kept.map(|(name, value)| (name.clone(), body(value, schemas))).collect())
                }
                (_, value) => body(value, schemas),
            };
            Value::Object(members.iter().map(|(name, value)| (name.clone(), written(name, value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| body(item, schemas)).collect()),
        other => other.clone(),
    }
}
