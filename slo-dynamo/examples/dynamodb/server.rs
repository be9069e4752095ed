//! DynamoDB's HTTP protocol, answered by what an SDK client speaks to.

use std::error::Error;
use std::sync::{Arc, OnceLock};

use aws_sdk_dynamodb::Client;
use aws_smithy_runtime_api::client::http::{HttpClient as _, HttpConnector as _, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// What a batch may have on DynamoDB.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Hands each request on.
pub(crate) fn router(engine: SharedHttpConnector) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(LARGEST_BODY)).with_state(engine)
}

/// What the engine's client speaks to, by letting it speak once.
pub(crate) async fn connector(client: &Client) -> Result<SharedHttpConnector, Box<dyn Error>> {
    let engine = client.config().http_client().ok_or("the engine's client has no HTTP layer")?;
    let kept = Arc::new(OnceLock::new());
    let keeping = Arc::clone(&kept);
    let http =
        http_client_fn(move |settings, parts| keeping.get_or_init(|| engine.http_connector(settings, parts)).clone());
    Client::from_conf(client.config().to_builder().http_client(http).build()).list_tables().send().await?;
    Ok(kept.get().ok_or("the engine's client has not spoken")?.clone())
}

async fn answer(State(engine): State<SharedHttpConnector>, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = HttpRequest::new(SdkBody::from(body));
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        request.headers_mut().insert("x-amz-target", target.to_owned());
    }
    match engine.call(request).await {
        Ok(reply) => {
            let status = StatusCode::from_u16(reply.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let body = Bytes::copy_from_slice(reply.body().bytes().unwrap_or_default());
            (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
