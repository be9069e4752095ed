//! What the page needs of the OpenAPI document.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::edge::access::Entry;
use crate::router::{self, ROUTES};

/// The document.
#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) info: Info,
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    pub(super) components: Components,
}

#[derive(Deserialize)]
pub(super) struct Info {
    pub(super) description: String,
}

#[derive(Deserialize)]
pub(super) struct Components {
    pub(super) schemas: BTreeMap<String, Value>,
}

/// What can be asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    pub(super) operation_id: String,
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    pub(super) parameters: Vec<Parameter>,
    pub(super) request_body: Option<Body>,
    pub(super) responses: BTreeMap<String, Answer>,
}

#[derive(Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) schema: Value,
    pub(super) example: Option<Value>,
}

/// A body by its media types.
#[derive(Deserialize)]
pub(super) struct Body {
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Deserialize)]
pub(super) struct Media {
    #[serde(default)]
    pub(super) schema: Value,
}

#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Value>,
    #[serde(default)]
    pub(super) content: BTreeMap<String, Media>,
}

/// An operation where it is.
pub(super) struct Place<'d> {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    pub(super) operation: &'d Operation,
}

impl Place<'_> {
    /// What it needs of who asks.
    pub(super) fn entry(&self) -> Option<Entry> {
        router::entries().find(|(route, _)| *route == (self.path, self.method)).map(|(_, entry)| entry)
    }
}

impl Document {
    /// The operations by their tags, in the order of the routes.
    pub(super) fn by_tag(&self) -> Vec<(&str, Vec<Place<'_>>)> {
        let mut tags: Vec<(&str, Vec<Place<'_>>)> = Vec::new();
        for (path, methods) in ROUTES {
            for method in *methods {
                let Some(operation) = self.paths.get(*path).and_then(|methods| methods.get(*method)) else { continue };
                let tag = operation.tags.first().map_or("other", String::as_str);
                let at = tags.iter().position(|(known, _)| *known == tag).unwrap_or_else(|| {
                    tags.push((tag, Vec::new()));
                    tags.len() - 1
                });
                tags[at].1.push(Place { path, method, operation });
            }
        }
        tags
    }

    /// The name of the schema that a reference leads to, or that an inline one repeats.
    pub(super) fn name<'s>(&'s self, schema: &'s Value) -> Option<&'s str> {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.rsplit('/').next(),
            None if schema.get("properties").is_some() => {
                let same = |(_, named): &(&String, &Value)| named.get("properties") == schema.get("properties");
                self.components.schemas.iter().find(same).map(|(name, _)| name.as_str())
            }
            None => None,
        }
    }

    /// What is meant by it.
    pub(super) fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| self.components.schemas.get(reference.rsplit('/').next()?))
            .unwrap_or(schema)
    }
}
