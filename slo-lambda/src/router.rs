//! The whole API.

use std::any::Any;

use axum::Router;
use axum::http::{Method, Uri};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::edge::observe::observe;
use crate::edge::problem::{Kind, Problem};
use crate::resource::{
    alert, burn_down, error_budget, exclusion, incident, indicator, measurement, objective, root, suggested_target,
    user,
};

#[derive(OpenApi)]
#[openapi(info(
    title = "Error budgets",
    description = "Objectives, indicators and error budgets. Every answer links to what can be done next; every error is application/problem+json (RFC 9457)."
))]
struct Document;

/// Everything under `/api/v1`.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // /indicators[/{name}]
        .routes(routes!(indicator::list, indicator::create))
        .routes(routes!(indicator::get, indicator::put, indicator::patch, indicator::delete))
        // /indicators/{name}/measurements
        .routes(routes!(measurement::record, measurement::counts))
        // /indicators/{name}/suggested-target
        .routes(routes!(suggested_target::get))
        // /objectives[/{name}]
        .routes(routes!(objective::list, objective::create))
        .routes(routes!(objective::get, objective::put, objective::patch, objective::delete))
        // /objectives/{name}/revisions
        .routes(routes!(objective::revisions))
        // /objectives/{name}/exclusions[/{id}]
        .routes(routes!(exclusion::list, exclusion::create))
        .routes(routes!(exclusion::get, exclusion::delete))
        // /objectives/{name}/error-budget[/series]
        .routes(routes!(error_budget::get))
        .routes(routes!(burn_down::get))
        // /objectives/{name}/alerts
        .routes(routes!(alert::list))
        // /objectives/{name}/incidents
        .routes(routes!(incident::list))
        // /error-budgets, /error-budgets:batchGet
        .routes(routes!(error_budget::list))
        .routes(routes!(error_budget::batch_get))
        // /users[/{name}]
        .routes(routes!(user::list, user::create))
        .routes(routes!(user::get, user::put, user::patch, user::delete))
}

/// Everything there is.
fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(root::get))
        .routes(routes!(root::openapi))
        .routes(routes!(root::health))
        .nest("/api/v1", api())
}

/// The service over HTTP: the same for Lambda, the local server and tests.
pub fn router(app: App) -> Router {
    let (routes, _) = documented().split_for_parts();
    routes
        // What a client makes of the base path.
        .route("/api/v1/", get(root::get))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(unknown_route)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(observe))
        .with_state(app)
}

/// The OpenAPI document, generated from the handlers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
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
