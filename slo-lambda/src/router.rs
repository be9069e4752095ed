//! The whole API.

use std::any::Any;

use axum::Router;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::document::{described, guarded};
use crate::edge::access::{
    ADMIN, ADMIN_OR_SELF, APPROVER, EDITOR, Entry, OPEN, READS_COUNTS, VIEWER, WRITES_COUNTS, guard,
};
use crate::edge::limit::limited;
use crate::edge::links::Base;
use crate::edge::observe::observe;
use crate::edge::problem::{Kind, Problem};
use crate::page::{self, badge, overview, reference, sign_in, sprint, style};
use crate::resource::{
    alert, audit, burn_down, decision, error_budget, exclusion, incident, indicator, measurement, metrics, objective,
    openslo, plan, policy, root, service, suggested_target, token, user,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Error budgets",
    description = "Objectives, indicators and error budgets. Every answer links to what can be done next; every error is application/problem+json (RFC 9457)."
))]
struct Document;

/// The whole API, once, with what each route needs of who asks for it: `$of` makes of it what is served, or what is
/// documented.
macro_rules! routes {
    ($of:ident) => {
        $of! {
            "/api/v1" => get VIEWER root::get;
            "/api/v1/openapi.json" => get OPEN root::openapi;
            "/healthz" => get OPEN root::health;
            "/metrics" => get VIEWER metrics::get;

            "/api/v1/indicators" => get VIEWER indicator::list, post EDITOR indicator::create;
            "/api/v1/indicators/{name}" =>
                get VIEWER indicator::get, put EDITOR indicator::put, patch EDITOR indicator::patch,
                delete EDITOR indicator::delete;
            "/api/v1/indicators/{name}/measurements" =>
                get READS_COUNTS measurement::counts, post WRITES_COUNTS measurement::record;
            "/api/v1/indicators/{name}/suggested-target" => get VIEWER suggested_target::get;

            "/api/v1/objectives" => get VIEWER objective::list, post EDITOR objective::create;
            "/api/v1/objectives/{name}" =>
                get VIEWER objective::get, put EDITOR objective::put, patch EDITOR objective::patch,
                delete EDITOR objective::delete;
            "/api/v1/objectives/{name}/revisions" => get VIEWER objective::revisions;
            "/api/v1/objectives/{name}/exclusions" => get VIEWER exclusion::list, post EDITOR exclusion::create;
            "/api/v1/objectives/{name}/exclusions/{id}" => get VIEWER exclusion::get, delete EDITOR exclusion::delete;
            "/api/v1/objectives/{name}/error-budget" => get VIEWER error_budget::get;
            "/api/v1/objectives/{name}/error-budget/series" => get VIEWER burn_down::get;
            "/api/v1/objectives/{name}/alerts" => get VIEWER alert::list;
            "/api/v1/objectives/{name}/incidents" => get VIEWER incident::list;

            "/api/v1/services" => get VIEWER service::list, post EDITOR service::create;
            "/api/v1/services/{name}" =>
                get VIEWER service::get, put EDITOR service::put, patch EDITOR service::patch,
                delete EDITOR service::delete;

            "/api/v1/error-budgets" => get VIEWER error_budget::list;
            "/api/v1/error-budgets:batchGet" => post VIEWER error_budget::batch_get;

            "/api/v1/openslo" => get VIEWER openslo::get, post EDITOR openslo::post;

            "/api/v1/policy" => get VIEWER policy::get, put ADMIN policy::put;
            "/api/v1/policy/revisions" => get VIEWER policy::revisions;
            "/api/v1/decisions" => get VIEWER decision::list, post EDITOR decision::create;
            "/api/v1/decisions/{id}" => get VIEWER decision::get;
            "/api/v1/decisions/{id}/override" => post APPROVER decision::grant;

            "/api/v1/audit" => get ADMIN audit::list;

            "/api/v1/users" => get VIEWER user::list, post ADMIN user::create;
            "/api/v1/users/{name}" =>
                get VIEWER user::get, put ADMIN user::put, patch ADMIN user::patch, delete ADMIN user::delete;
            "/api/v1/users/{name}/error-budgets" => get VIEWER plan::list;
            "/api/v1/users/{name}/tokens" => get ADMIN_OR_SELF token::list, post ADMIN token::create;
            "/api/v1/users/{name}/tokens/{id}" => get ADMIN_OR_SELF token::get, delete ADMIN_OR_SELF token::revoke;
        }
    };
}

/// The pages for people; they are not in the OpenAPI document.
macro_rules! pages {
    ($of:ident) => {
        $of! {
            "/" => get VIEWER overview::get;
            "/objectives/{name}" => get VIEWER page::objective::get;
            "/users/{name}/sprint" => get VIEWER sprint::get;
            "/api/v1/docs" => get OPEN reference::get;
            "/sign-in" => get OPEN sign_in::get, post OPEN sign_in::post;
            "/sign-out" => post OPEN sign_in::out;
        }
    };
}

/// What pages are dressed in, and what is shown on pages of others: badges of objectives that have a public one.
macro_rules! files {
    ($of:ident) => {
        $of! {
            "/style.css" => get OPEN style::get;
            "/badges/{file}" => get OPEN badge::get;
        }
    };
}

/// A router of the routes. The documents of the handlers are not touched: to make them takes longer than all else
/// that a function does at its start.
macro_rules! served {
    ($($path:literal => $($method:ident $need:ident $handler:path),+;)+) => {
        Router::new()$(.route($path, MethodRouter::new()$(.$method($handler))+))+
    };
}

/// Their OpenAPI document, by what stands before each handler.
macro_rules! documented {
    ($($path:literal => $($method:ident $need:ident $handler:path),+;)+) => {
        OpenApiRouter::<App>::with_openapi(Document::openapi())$(.routes(utoipa_axum::routes!($($handler),+)))+
    };
}

/// Path and methods of each.
macro_rules! listed {
    ($($path:literal => $($method:ident $need:ident $handler:path),+;)+) => { &[$(($path, &[$(stringify!($method)),+])),+] };
}

/// What each needs of who asks for it.
macro_rules! needed {
    ($($path:literal => $($method:ident $need:ident $handler:path),+;)+) => {
        [$($((($path, stringify!($method)), $need)),+),+]
    };
}

/// What each route needs of who asks for it, by path and method.
pub(crate) fn entries() -> impl Iterator<Item = ((&'static str, &'static str), Entry)> {
    routes!(needed).into_iter().chain(pages!(needed)).chain(files!(needed))
}

/// The routes that are served: path and methods, in lower case.
pub const ROUTES: &[(&str, &[&str])] = routes!(listed);

/// The pages, likewise.
pub const PAGES: &[(&str, &[&str])] = pages!(listed);

/// What pages are made of, likewise.
pub const FILES: &[(&str, &[&str])] = files!(listed);

/// The service over HTTP: the same for Lambda, the local server and tests.
pub fn router(app: App) -> Router {
    let (routes, pages, files): (Router<App>, Router<App>, Router<App>) =
        (routes!(served), pages!(served), files!(served));
    let guard = from_fn_with_state(app.clone(), guard);
    // What goes wrong inside is dressed as well.
    let pages = pages
        .route_layer(guard.clone())
        .layer(from_fn(limited))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(page::dressed));
    routes
        .merge(files)
        // What a client makes of the base path.
        .route("/api/v1/", get(root::get))
        .route_layer(guard)
        .route_layer(from_fn(limited))
        .merge(pages)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(observe))
        .with_state(app)
}

/// The OpenAPI document, generated from the handlers; it is checked in as `openapi.json`, which is what is served.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(guarded(routes!(documented).into_openapi()))
}

async fn unknown_route(uri: Uri, headers: HeaderMap, base: Base) -> Response {
    let shown: String = uri.path().chars().take(200).collect();
    let problem =
        Problem::new(Kind::UnknownRoute, format!("nothing is at {shown}; the routes are in the OpenAPI document"));
    page::lost(problem.link("api", "GET", "/api/v1"), &uri, &headers, &base)
}

async fn method_not_allowed(method: Method, uri: Uri, headers: HeaderMap, base: Base) -> Response {
    let problem = Problem::new(Kind::MethodNotAllowed, format!("{method} is not for this route; Allow says what is"));
    page::lost(problem, &uri, &headers, &base)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the panic's payload")]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    tracing::error!(panic = said(&*payload), "a handler panicked");
    Problem::internal().into_response()
}

/// What a panic said.
pub(crate) fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message")
}
