//! The time that an answer may take.

use std::time::Duration;

use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// A request extension, from who serves the router; without it there is no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit(pub(crate) Duration);

/// The answer, or after the time that it could not be made.
pub(crate) async fn within(limit: Option<Limit>, work: impl Future<Output = Response>) -> Response {
    let Some(Limit(limit)) = limit else { return work.await };
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        tracing::error!("the time limit is near; raise it, or ask for less at once");
        let detail = "this took longer than the service may take; it is safe to send it again, or ask for less at once";
        Problem::unavailable(detail).into_response()
    })
}
