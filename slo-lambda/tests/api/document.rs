//! What is generated from the handlers and checked in: the OpenAPI document, and the bodies of links.

use std::collections::BTreeMap;

use serde_json::Value;
use slo_lambda::ROUTES;

use super::common::Api;

/// Compares with a file; `UPDATE_OPENAPI=1 cargo test -p slo-lambda --test api` writes it anew.
fn checked_in(file: &str, text: &str) {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, text).expect("writable");
    }
    let same = std::fs::read_to_string(&path).unwrap_or_default() == text;
    assert!(same, "{file}: run it again with UPDATE_OPENAPI=1 and review the difference");
}

fn document() -> Value {
    serde_json::to_value(slo_lambda::openapi()).expect("JSON")
}

#[tokio::test]
async fn the_openapi_document_is_the_one_checked_in() {
    let text = serde_json::to_string_pretty(&slo_lambda::openapi()).expect("JSON") + "\n";
    checked_in("openapi.json", &text);
    assert!(
        Api::new().get("/openapi.json").await.json() == document(),
        "what is served was built from the file of before: run it again"
    );
}

/// OpenAPI demands a description of every answer; one of every parameter is what people need.
#[test]
fn every_answer_and_parameter_says_what_it_is() {
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            for part in parameters.chain(operation["responses"].as_object().expect("answers").values()) {
                let said = part["description"].as_str().unwrap_or_default();
                assert!(!said.is_empty(), "{method} {path}: {part}");
            }
        }
    }
}

#[test]
fn what_is_served_is_what_is_documented() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let sorted = |mut methods: Vec<String>| {
        methods.sort();
        methods
    };
    let mut documented: Vec<(String, Vec<String>)> = paths
        .iter()
        .map(|(path, methods)| (path.clone(), sorted(methods.as_object().expect("methods").keys().cloned().collect())))
        .collect();
    let mut served: Vec<(String, Vec<String>)> = ROUTES
        .iter()
        .map(|(path, methods)| ((*path).to_owned(), sorted(methods.iter().map(|m| (*m).to_owned()).collect())))
        .collect();
    documented.sort();
    served.sort();
    assert_eq!(served, documented);
}

/// The schemas of request bodies stand by themselves in links: every reference resolved, without what only answers
/// carry. A PUT takes the name from the path, a PATCH needs nothing.
#[test]
fn the_bodies_of_links_are_those_of_the_document() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let mut bodies = BTreeMap::new();
    for (_, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            if operation["requestBody"].is_null() {
                continue;
            }
            // The document says of a PATCH that it takes any object; here, what its answer is.
            let media = if method == "patch" { &operation["responses"]["200"] } else { &operation["requestBody"] };
            let schema = &media["content"]["application/json"]["schema"];
            let name = name(schema).expect("a reference");
            let mut body = body(schema, schemas);
            let key = if method == "post" { name.to_owned() } else { format!("{} {name}", method.to_uppercase()) };
            if method == "put" {
                let required = body.get_mut("required").and_then(Value::as_array_mut).expect("members");
                required.retain(|member| member != "name");
            }
            if method == "patch" {
                body.as_object_mut().expect("a schema").remove("required");
            }
            bodies.insert(key, body);
        }
    }
    // A line each, as links carry them.
    let lines: Vec<String> =
        bodies.iter().map(|(key, body)| format!("{}: {body}", Value::from(key.as_str()))).collect();
    checked_in("bodies.json", &format!("{{\n{}\n}}\n", lines.join(",\n")));
}

/// What a reference leads to.
fn name(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
}

fn body(value: &Value, schemas: &Value) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(name) = name(value) {
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
