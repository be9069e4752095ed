//! The time that an answer may take.

use std::time::Duration;

use axum::body::Body;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Request;

use super::problem::Problem;

/// A request extension, from who serves the router; without it there is no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Duration);

/// Around what may wait for the store: the answer, or after the time a problem that it could not be made.
pub(crate) async fn limited(request: Request<Body>, next: Next) -> Response {
    let limit = request.extensions().get::<Limit>().copied();
    let work = next.run(request);
    let Some(Limit(limit)) = limit else { return work.await };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        tracing::error!("the time limit is near; raise it, or ask for less at once");
        let detail = "this took longer than the service may take; it is safe to send it again, or ask for less at once";
        Problem::unavailable(detail).into_response()
    })
}
