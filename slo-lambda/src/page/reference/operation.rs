//! An operation: what it needs, takes and answers.

use maud::{Markup, html};

use super::document::{Answer, Document, Media, Parameter, Place};
use super::{example, prose, schema};
use crate::edge::access::Entry;

/// All of an operation, below its own heading.
pub(super) fn shown(place: &Place<'_>, document: &Document) -> Markup {
    let Place { path, method, operation } = place;
    let id = &operation.operation_id;
    html! {
        section.operation aria-labelledby=(id) {
            h3 id=(id) { code { (method.to_uppercase()) " " (path) } }
            @if !operation.summary.is_empty() { p { (prose(&operation.summary)) } }
            @if !operation.description.is_empty() { p { (prose(&operation.description)) } }
            p.note { (place.entry().map_or("", needed)) }
            @if !operation.parameters.is_empty() { (parameters(path, method, &operation.parameters, document)) }
            @if let Some(body) = &operation.request_body {
                @for (media, Media { schema }) in &body.content {
                    p { "Body: " code { (media) } ", " (schema::kind(schema, document)) }
                }
            }
            (answers(path, method, operation.responses.iter(), document))
            pre { code { (example::of(place, document)) } }
        }
    }
}

/// Who may ask, in words.
fn needed(entry: Entry) -> &'static str {
    use slo_core::Access::{Admin, Approver, Editor, Viewer};
    match entry {
        Entry::Open => "Open to everybody.",
        Entry::Access(Viewer) => "Needs a viewer.",
        Entry::Access(Editor) => "Needs an editor.",
        Entry::Access(Approver) => "Needs an approver.",
        Entry::Access(Admin) => "Needs an admin.",
        Entry::Oneself(_) => "Needs an admin, or the user whom the path names.",
        Entry::Ingest(Viewer) => "Needs a viewer, or a token limited to this indicator.",
        Entry::Ingest(_) => "Needs an editor, or a token limited to this indicator.",
    }
}

fn parameters(path: &str, method: &str, parameters: &[Parameter], document: &Document) -> Markup {
    html! {
        table.lines.reference {
            caption { "Parameters of " (method.to_uppercase()) " " (path) }
            thead { tr { th scope="col" { "Parameter" } th scope="col" { "Type" } th scope="col" { "What it is" } } }
            tbody {
                @for Parameter { name, place, description, required, schema, example } in parameters {
                    tr {
                        th scope="row" {
                            code { (name) }
                            span.note { "in the " (place) @if !*required { ", optional" } }
                        }
                        td data-label="Type" { (schema::kind(schema, document)) (schema::bounds(schema)) }
                        td {
                            (prose(description))
                            @if let Some(example) = example { span.note { "Example: " code { (example) } } }
                        }
                    }
                }
            }
        }
    }
}

fn answers<'a>(
    path: &str,
    method: &str,
    answers: impl Iterator<Item = (&'a String, &'a Answer)>,
    document: &Document,
) -> Markup {
    html! {
        table.lines.reference {
            caption { "Answers of " (method.to_uppercase()) " " (path) }
            thead { tr { th scope="col" { "Status" } th scope="col" { "Body" } th scope="col" { "When" } } }
            tbody {
                @for (status, Answer { description, headers, content }) in answers {
                    tr {
                        th scope="row" { (status) }
                        td data-label="Body" {
                            @if content.is_empty() { "none" }
                            @for (i, (media, Media { schema })) in content.iter().enumerate() {
                                @if i > 0 { ", " }
                                (schema::kind(schema, document))
                                // Nearly all are JSON.
                                @if !media.ends_with("json") { " as " code { (media) } }
                            }
                            @for header in headers.keys() { span.note { "with " code { (header) } } }
                        }
                        td { (prose(description)) }
                    }
                }
            }
        }
    }
}
