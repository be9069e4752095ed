//! `/badges/{objective}.svg`: the state of an objective for whoever reads a page of its team.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header;
use maud::html;
use slo_core::{BudgetReport, Error, Kind, Name, Objective, Status, Versioned, WhatIf};

use super::words;
use crate::edge::problem::Problem;
use crate::edge::query::NoQuery;
use crate::resource::definition::AppState;

/// The badge of an objective that has a public one. Of all others nothing is told, not even whether they exist.
pub(crate) async fn get(State(app): AppState, Path(file): Path<String>, _: NoQuery) -> Result<Response, Problem> {
    let absent = || {
        let detail = "no objective of that name has a public badge; set publicBadge to true to give it one";
        Problem::new(crate::edge::problem::Kind::NotFound, detail)
    };
    let name: Name = file.strip_suffix(".svg").and_then(|name| name.parse().ok()).ok_or_else(absent)?;
    let objective = match app.service.get::<Objective>(&name).await {
        Ok(objective) if objective.value.public_badge => objective,
        Ok(_) | Err(Error::NotFound { kind: Kind::Objective, .. }) => return Err(absent()),
        Err(error) => return Err(error.into()),
    };
    let now = (app.clock)();
    let report = app.service.error_budget(&objective, now, WhatIf::default(), now).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "public, max-age=60"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, draw(&objective, &report)).into_response())
}

/// About what a letter of 11 pixels takes; the text is fitted to it, whatever the font.
const LETTER: usize = 7;
const ROOM: usize = 16;

/// The name on the left, the state on the right.
fn draw(objective: &Versioned<Objective>, report: &BudgetReport) -> String {
    let name = objective.value.name.as_str();
    let state = words::status(report.status).to_lowercase();
    let said = match report.budget.remaining_ratio {
        Some(left) if report.status != Status::NoData => format!("{state}, {}", words::left_or_used(left)),
        _ => state,
    };
    // White on each of them is read easily: at least 4.5 to 1.
    let colour = match report.status {
        Status::Ok => "#17693a",
        Status::Warning => "#8a5300",
        Status::Exhausted => "#b3261e",
        Status::NoData => "#595f69",
    };
    let width = |text: &str| text.chars().count() * LETTER;
    let (left, right) = (width(name) + ROOM, width(&said) + ROOM);
    let text = |x: usize, text: &str| {
        html! {
            text x=(x + ROOM / 2) y="14" textLength=(width(text)) lengthAdjust="spacingAndGlyphs" { (text) }
        }
    };
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(left + right) height="20" role="img" aria-labelledby="t" {
            title #t { "Error budget of " (name) ": " (said) }
            rect width=(left) height="20" fill="#3b4049" {}
            rect x=(left) width=(right) height="20" fill=(colour) {}
            g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" {
                (text(0, name))
                (text(left, &said))
            }
        }
    }
    .into_string()
}
