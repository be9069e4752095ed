//! The whole API.

use std::any::Any;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::edge::observe::observe;
use crate::edge::problem::{Kind, Problem};
use crate::page::{self, badge, overview, sprint, style};
use crate::resource::{
    alert, burn_down, decision, error_budget, exclusion, incident, indicator, measurement, objective, plan, policy,
    root, suggested_target, user,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Error budgets",
    description = "Objectives, indicators and error budgets. Every answer links to what can be done next; every error is application/problem+json (RFC 9457)."
))]
struct Document;

/// The whole API, once: `$of` makes of it what is served, or what is documented.
macro_rules! routes {
    ($of:ident) => {
        $of! {
            "/api/v1" => get root::get;
            "/api/v1/openapi.json" => get root::openapi;
            "/healthz" => get root::health;

            "/api/v1/indicators" => get indicator::list, post indicator::create;
            "/api/v1/indicators/{name}" =>
                get indicator::get, put indicator::put, patch indicator::patch, delete indicator::delete;
            "/api/v1/indicators/{name}/measurements" => get measurement::counts, post measurement::record;
            "/api/v1/indicators/{name}/suggested-target" => get suggested_target::get;

            "/api/v1/objectives" => get objective::list, post objective::create;
            "/api/v1/objectives/{name}" =>
                get objective::get, put objective::put, patch objective::patch, delete objective::delete;
            "/api/v1/objectives/{name}/revisions" => get objective::revisions;
            "/api/v1/objectives/{name}/exclusions" => get exclusion::list, post exclusion::create;
            "/api/v1/objectives/{name}/exclusions/{id}" => get exclusion::get, delete exclusion::delete;
            "/api/v1/objectives/{name}/error-budget" => get error_budget::get;
            "/api/v1/objectives/{name}/error-budget/series" => get burn_down::get;
            "/api/v1/objectives/{name}/alerts" => get alert::list;
            "/api/v1/objectives/{name}/incidents" => get incident::list;

            "/api/v1/error-budgets" => get error_budget::list;
            "/api/v1/error-budgets:batchGet" => post error_budget::batch_get;

            "/api/v1/policy" => get policy::get, put policy::put;
            "/api/v1/decisions" => get decision::list, post decision::create;
            "/api/v1/decisions/{id}" => get decision::get;
            "/api/v1/decisions/{id}/override" => post decision::grant;

            "/api/v1/users" => get user::list, post user::create;
            "/api/v1/users/{name}" => get user::get, put user::put, patch user::patch, delete user::delete;
            "/api/v1/users/{name}/error-budgets" => get plan::list;
        }
    };
}

/// The pages for people, and what they are dressed in; they are not in the OpenAPI document. Who may see them is to be
/// asked where `router` lays `dressed` around them.
macro_rules! pages {
    ($of:ident) => {
        $of! {
            "/" => get overview::get;
            "/objectives/{name}" => get page::objective::get;
            "/users/{name}/sprint" => get sprint::get;
        }
    };
}

/// What everybody may see: the stylesheet, and the badges of objectives that have a public one.
macro_rules! open {
    ($of:ident) => {
        $of! {
            "/style.css" => get style::get;
            "/badges/{file}" => get badge::get;
        }
    };
}

/// A router of the routes. The documents of the handlers are not touched: to make them takes longer than all else
/// that a function does at its start.
macro_rules! served {
    ($($path:literal => $($method:ident $handler:path),+;)+) => {
        Router::new()$(.route($path, MethodRouter::new()$(.$method($handler))+))+
    };
}

/// Their OpenAPI document, by what stands before each handler.
macro_rules! documented {
    ($($path:literal => $($method:ident $handler:path),+;)+) => {
        OpenApiRouter::<App>::with_openapi(Document::openapi())$(.routes(utoipa_axum::routes!($($handler),+)))+
    };
}

/// Path and methods of each.
macro_rules! listed {
    ($($path:literal => $($method:ident $handler:path),+;)+) => { &[$(($path, &[$(stringify!($method)),+])),+] };
}

/// The routes that are served: path and methods, in lower case.
pub const ROUTES: &[(&str, &[&str])] = routes!(listed);

/// The pages, likewise.
pub const PAGES: &[(&str, &[&str])] = pages!(listed);

/// The service over HTTP: the same for Lambda, the local server and tests.
pub fn router(app: App) -> Router {
    let (routes, pages, open): (Router<App>, Router<App>, Router<App>) =
        (routes!(served), pages!(served), open!(served));
    routes
        .merge(pages.layer(from_fn(page::dressed)))
        .merge(open)
        // What a client makes of the base path.
        .route("/api/v1/", get(root::get))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(observe))
        .with_state(app)
}

/// The OpenAPI document, generated from the handlers; it is checked in as `openapi.json`, which is what is served.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes!(documented).into_openapi()
}

async fn unknown_route(uri: Uri) -> Problem {
    let shown: String = uri.path().chars().take(200).collect();
    Problem::new(Kind::UnknownRoute, format!("nothing is at {shown}; the routes are in the OpenAPI document"))
        .link("api", "GET", "/api/v1")
}

async fn method_not_allowed(method: Method) -> Problem {
    Problem::new(Kind::MethodNotAllowed, format!("{method} is not for this route; Allow says what is"))
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
