//! A schema in words: its members with their types and bounds.

use maud::{Markup, html};
use serde_json::Value;

use super::document::Document;
use super::prose;

/// A schema under its name.
pub(super) fn shown(name: &str, schema: &Value, document: &Document) -> Markup {
    html! {
        section aria-labelledby={ "schema-" (name) } {
            h3 id={ "schema-" (name) } { (name) }
            @if let Some(text) = said(schema) { p { (prose(text)) } }
            @if let Some(example) = schema.get("example") { p.note { "Example: " code { (example) } } }
            @if schema.get("properties").is_some() {
                (members(name, schema, document))
            } @else {
                p { (kind(schema, document)) (bounds(schema)) }
            }
        }
    }
}

fn members(name: &str, schema: &Value, document: &Document) -> Markup {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    html! {
        table.lines.reference {
            caption { "Members of " (name) }
            thead { tr { th scope="col" { "Member" } th scope="col" { "Type" } th scope="col" { "What it is" } } }
            tbody {
                @for (member, property) in properties {
                    tr {
                        th scope="row" {
                            code { (member) }
                            @if !required.contains(&member.as_str()) { span.note { "optional" } }
                            @else if property["readOnly"] == true { span.note { "only in answers" } }
                        }
                        td data-label="Type" { (kind(property, document)) (bounds(property)) }
                        td {
                            @if let Some(text) = said(property) { (prose(text)) }
                            @if let Some(example) = property.get("example") {
                                span.note { "Example: " code { (example) } }
                            }
                        }
                    }
                }
                @if let Some(text) = schema.get("additionalProperties").and_then(said) {
                    tr { th scope="row" { "others" } td data-label="Type" { "any" } td { (prose(text)) } }
                }
            }
        }
    }
}

/// What is said of it, also where only the reference inside says something.
fn said(schema: &Value) -> Option<&str> {
    let inside = || schema.get("oneOf")?.as_array()?.iter().find_map(|one| one.get("description"));
    schema.get("description").or_else(inside).and_then(Value::as_str)
}

/// Its type, with links to the schemas that it names.
pub(super) fn kind(schema: &Value, document: &Document) -> Markup {
    if let Some(name) = document.name(schema) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    if let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) {
        return html! { @for (i, one) in kinds.iter().enumerate() { @if i > 0 { " or " } (kind(one, document)) } };
    }
    if schema.get("properties").is_some() {
        let properties = schema["properties"].as_object().into_iter().flatten();
        return html! {
            "object with "
            @for (i, (member, of)) in properties.enumerate() { @if i > 0 { ", " } code { (member) } " " (kind(of, document)) }
        };
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    html! {
        @for (i, name) in names.iter().enumerate() {
            @if i > 0 { " or " }
            @match (*name, schema.get("items"), schema.get("additionalProperties")) {
                ("array", Some(of), _) => { "array of " (kind(of, document)) }
                ("object", _, Some(of)) if of.is_object() => { "object, each member " (kind(of, document)) }
                ("string", ..) if schema["format"] == "date-time" => { "time, RFC 3339" }
                (name, ..) => { (name) }
            }
        }
    }
}

/// The bounds of its values.
pub(super) fn bounds(schema: &Value) -> Markup {
    const BOUNDS: [(&str, &str); 9] = [
        ("minimum", "at least "),
        ("exclusiveMinimum", "more than "),
        ("maximum", "at most "),
        ("exclusiveMaximum", "less than "),
        ("minLength", "characters, at least "),
        ("maxLength", "characters, at most "),
        ("minItems", "items, at least "),
        ("maxItems", "items, at most "),
        ("pattern", "like "),
    ];
    let bounds = BOUNDS.iter().filter_map(|(key, words)| Some((words, schema.get(key)?)));
    let words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! {
        @if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            span.note {
                "one of "
                @for (i, value) in values.iter().enumerate() { @if i > 0 { ", " } code { (words(value)) } }
            }
        }
        @for (bound, value) in bounds { span.note { (bound) code { (words(value)) } } }
    }
}
