//! An operation as a line for curl.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::document::{Document, Place};
use crate::edge::access::Entry;

/// So deep an example goes; nothing of ours is deeper.
const DEPTH: u32 = 6;

/// The command, over several lines where it is long.
pub(super) fn of(place: &Place<'_>, document: &Document) -> String {
    let operation = place.operation;
    let mut path = place.path.to_owned();
    let mut query = String::new();
    let mut headers = String::new();
    for parameter in &operation.parameters {
        let shown = parameter.example.as_ref().or_else(|| parameter.schema.get("example"));
        let value = shown.map_or_else(|| parameter.name.to_uppercase(), plain);
        match parameter.place.as_str() {
            "path" => path = path.replace(&format!("{{{}}}", parameter.name), &value),
            "query" if parameter.required => {
                let sign = if query.is_empty() { '?' } else { '&' };
                let _ = write!(query, "{sign}{}={value}", parameter.name);
            }
            // Whatever is there now.
            "header" if parameter.required => {
                let _ = write!(headers, " \\\n  -H '{}: *'", parameter.name);
            }
            _ => {}
        }
    }
    let method = if place.method == "get" { String::new() } else { format!(" -X {}", place.method.to_uppercase()) };
    let mut line = format!("curl -s{method} \"$SLO_URL{path}{query}\"");
    if place.entry() != Some(Entry::Open) {
        line.push_str(" \\\n  -H \"Authorization: Bearer $SLO_TOKEN\"");
    }
    line.push_str(&headers);
    if let Some((media, body)) = operation.request_body.as_ref().and_then(|body| body.content.first_key_value()) {
        let body = match document.name(&body.schema) {
            Some(_) => value(&body.schema, document, 0),
            // A merge patch: any member may be in it.
            None => json!({"displayName": "Another name"}),
        };
        // Between the shell's quotes.
        let body = body.to_string().replace('\'', "\\u0027");
        let _ = write!(line, " \\\n  -H 'Content-Type: {media}' \\\n  -d '{body}'");
    }
    line
}

/// A text as it is, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value like that: the example of the document, or the least that will do.
fn value(schema: &Value, document: &Document, depth: u32) -> Value {
    let schema = document.resolved(schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if let Some(first) = schema.get("enum").and_then(|values| values.get(0)) {
        return first.clone();
    }
    if let Some(first) = schema.get("oneOf").and_then(|kinds| kinds.get(0)) {
        return value(first, document, depth + 1);
    }
    let name = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or("object");
    match name {
        _ if depth > DEPTH => Value::Null,
        "array" => json!([value(&schema["items"], document, depth + 1)]),
        "object" => Value::Object(members(schema, document, depth)),
        "string" if schema["format"] == "date-time" => json!("2026-11-20T12:00:00Z"),
        "string" => json!("text"),
        "boolean" => json!(false),
        _ => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
    }
}

/// The members without which it would be refused, and those of which the document has an example.
fn members(schema: &Value, document: &Document, depth: u32) -> Map<String, Value> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let written = schema["properties"].as_object().into_iter().flatten().filter(|(name, property)| {
        property["readOnly"] != true && (required.contains(&name.as_str()) || property.get("example").is_some())
    });
    written.map(|(name, property)| (name.clone(), value(property, document, depth + 1))).collect()
}
