//! `/api/v1/docs`: the OpenAPI document for people.

mod document;
mod example;
mod operation;
mod schema;

use std::sync::LazyLock;

use maud::{Markup, PreEscaped, html};

use super::Page;
use super::layout::{Frame, frame};
use crate::edge::links::Base;
use crate::resource::root::DOCUMENT;
use document::{Document, Place};

/// The page's path.
pub(crate) const PATH: &str = "/api/v1/docs";

/// What the page says is the same for everybody who asks, so it is written once.
static CONTENT: LazyLock<String> = LazyLock::new(|| {
    let document: Document = serde_json::from_str(DOCUMENT).expect("it is checked in, and a test reads it");
    content(&document).into_string()
});

/// The document, readable; the store is not asked.
pub(crate) async fn get(base: Base) -> Page {
    let shared = Frame { base: &base, title: "API reference", visitor: None };
    let begin = html! {
        h1 { "API reference" }
        p.lead {
            "Also as an " a href=(base.href("/api/v1/openapi.json")) { "OpenAPI document" } ". In the examples "
            code { "SLO_URL" } " is what stands before " code { "/api/v1" } " in the address of this page, and "
            code { "SLO_TOKEN" } " a token, where the service asks for one. Words in capitals are yours to replace."
        }
    };
    Page(frame(&shared, &html! { (begin) (PreEscaped(CONTENT.as_str())) }))
}

fn content(document: &Document) -> Markup {
    let tags = document.by_tag();
    html! {
        p.lead { (document.info.description) }
        nav aria-label="Contents" {
            @for (tag, places) in &tags {
                details.part open {
                    summary { (capital(tag)) }
                    ul {
                        @for Place { path, method, operation } in places {
                            li { a href={ "#" (operation.operation_id) } { (method.to_uppercase()) " " (path) } }
                        }
                    }
                }
            }
            p { a href="#schemas" { "Schemas" } }
        }
        @for (tag, places) in &tags {
            h2 id={ "tag-" (tag.replace(' ', "-")) } { (capital(tag)) }
            @for place in places { (operation::shown(place, document)) }
        }
        h2 #schemas { "Schemas" }
        @for (name, schema) in &document.components.schemas { (schema::shown(name, schema, document)) }
    }
}

fn capital(tag: &str) -> String {
    let mut letters = tag.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A text with code between backticks.
fn prose(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
