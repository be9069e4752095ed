//! Where to begin, and whether it lives.

use axum::Json as JsonAnswer;
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::links::{Base, Links};

/// Where the API begins.
#[derive(Serialize, ToSchema)]
#[schema(as = Root)]
pub(crate) struct RootDto {
    /// What can be done.
    links: Links,
}

/// Where to begin.
#[utoipa::path(get, path = "/", tag = "service", responses((status = 200, body = RootDto)))]
pub(crate) async fn get(base: Base) -> JsonAnswer<RootDto> {
    let path = |path: &str| base.href(&format!("/api/v1{path}"));
    let links = Links::default()
        .add("self", "GET", path(""))
        .add("describedby", "GET", path("/openapi.json"))
        .add("indicators", "GET", path("/indicators"))
        .add_with_body("createIndicator", "POST", path("/indicators"), "Indicator")
        .add("objectives", "GET", path("/objectives"))
        .add_with_body("createObjective", "POST", path("/objectives"), "Objective")
        .add("errorBudgets", "GET", path("/error-budgets"))
        .add("users", "GET", path("/users"))
        .add_with_body("createUser", "POST", path("/users"), "User");
    JsonAnswer(RootDto { links })
}

/// Whether this process answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthDto {
    /// Always `ok`: a process that cannot answer does not.
    status: &'static str,
    /// What can be done next.
    links: Links,
}

/// Whether this process answers; the store is not asked.
pub(crate) async fn health(base: Base) -> JsonAnswer<HealthDto> {
    JsonAnswer(HealthDto { status: "ok", links: Links::default().add("api", "GET", base.href("/api/v1")) })
}

/// This document.
pub(crate) async fn openapi() -> JsonAnswer<utoipa::openapi::OpenApi> {
    JsonAnswer(crate::openapi())
}
