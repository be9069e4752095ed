//! The work on the store.

use serde_json::{Value, json};

use super::events::rest;
use super::process::Running;

const MEASUREMENTS: &str = "/api/v1/indicators/site/measurements";
const BUDGET: &str = "/api/v1/objectives/shop/error-budget";
/// Before any hour that a batch is for.
const AT: &str = "2026-10-29T00:00:00Z";

/// An objective over 28 days with an hour of data on each of them.
pub(crate) async fn define(function: &Running) -> Result<(), Value> {
    let site = json!({"service": "web", "kind": "ratio"});
    let shop = json!({"service": "web", "indicator": "site", "target": 0.99, "budgetingMethod": "Occurrences",
        "timeWindow": {"duration": "28d", "isRolling": true}});
    let definitions = [
        rest("PUT", "/api/v1/indicators/site", &[], Some(&site)),
        rest("PUT", "/api/v1/objectives/shop", &[], Some(&shop)),
    ];
    for event in definitions {
        created(function.invoke(&event).await, 201)?;
    }
    for day in 1..=28 {
        let body = json!({"measurements": minutes(&format!("2026-10-{day:02}T12"))});
        created(function.invoke(&rest("POST", MEASUREMENTS, &[], Some(&body))).await, 200)?;
    }
    Ok(())
}

fn created(answer: Value, status: u16) -> Result<(), Value> {
    if answer["statusCode"] == status { Ok(()) } else { Err(answer) }
}

pub(crate) fn budget() -> Value {
    rest("GET", BUDGET, &[("at", AT)], None)
}

pub(crate) fn direct_budget() -> Value {
    json!({"kind": "errorBudgetRequested", "objective": "shop", "at": AT})
}

/// The `i`th batch, an hour that no other one is for.
pub(crate) fn batch(i: u32) -> Value {
    rest("POST", MEASUREMENTS, &[], Some(&json!({"measurements": minutes(&hour(i, 11))})))
}

pub(crate) fn direct_batch(i: u32) -> Value {
    json!({"kind": "measurementsSubmitted", "indicator": "site", "measurements": minutes(&hour(i, 12))})
}

/// Of a month of 2025, which is long enough ago for nothing to be in it.
fn hour(i: u32, month: u32) -> String {
    format!("2025-{month}-{:02}T{:02}", 1 + i / 24, i % 24)
}

fn minutes(hour: &str) -> Vec<Value> {
    (0..60).map(|minute| json!({"start": format!("{hour}:{minute:02}:00Z"), "good": 990, "total": 1_000})).collect()
}
