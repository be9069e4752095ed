//! Where to begin, and whether it lives.

use axum::Json as JsonAnswer;
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use utoipa::ToSchema;

use crate::edge::links::{Base, Links};
use crate::edge::query::NoQuery;
use crate::page::reference;

/// The OpenAPI document as it is checked in.
pub(crate) static DOCUMENT: &str = include_str!("../../openapi.json");

/// Where the API begins.
#[derive(Serialize, ToSchema)]
#[schema(as = Root)]
pub(crate) struct RootDto {
    /// What can be done.
    links: Links,
}

/// Where to begin.
#[utoipa::path(get, path = "/api/v1", operation_id = "root", tag = "service", responses((status = 200, body = RootDto)))]
pub(crate) async fn get(base: Base, _: NoQuery) -> JsonAnswer<RootDto> {
    let path = |path: &str| base.href(&format!("/api/v1{path}"));
    let links = Links::default()
        .add("self", "GET", path(""))
        .add("describedby", "GET", path("/openapi.json"))
        .add("docs", "GET", base.href(reference::PATH))
        .add("indicators", "GET", path("/indicators"))
        .add_with_body("createIndicator", "POST", path("/indicators"), "Indicator")
        .add("objectives", "GET", path("/objectives"))
        .add_with_body("createObjective", "POST", path("/objectives"), "Objective")
        .add("services", "GET", path("/services"))
        .add_with_body("createService", "POST", path("/services"), "Service")
        .add("openslo", "GET", base.href(super::openslo::PATH))
        .add_with_body("applyOpenslo", "POST", base.href(super::openslo::PATH), super::openslo::SCHEMA)
        .add("errorBudgets", "GET", path("/error-budgets"))
        .add("policy", "GET", path("/policy"))
        .add("decisions", "GET", path("/decisions"))
        .add_with_body("decide", "POST", path("/decisions"), "DecisionRequest")
        .add("metrics", "GET", base.href("/metrics"))
        .add("audit", "GET", base.href(super::audit::PATH))
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
#[utoipa::path(get, path = "/healthz", operation_id = "health", tag = "service", responses((status = 200, body = HealthDto)))]
pub(crate) async fn health(base: Base, _: NoQuery) -> JsonAnswer<HealthDto> {
    JsonAnswer(HealthDto { status: "ok", links: Links::default().add("api", "GET", base.href("/api/v1")) })
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "openapi", tag = "service", responses((status = 200, body = Object)))]
pub(crate) async fn openapi(_: NoQuery) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}
