//! The SDK's HTTP layer, answered by the engine.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

use super::{Shared, dispatch};

#[derive(Debug, Clone)]
pub(super) struct Local(pub(super) Arc<Shared>);

impl HttpClient for Local {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Local {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let shared = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let target = target.to_owned();
            let body = request.into_body();

            // Waiting here is still undone by a timeout: nothing has been written.
            let permit = Arc::clone(&shared.threads).acquire_owned().await;
            let permit = permit.map_err(|e| ConnectorError::other(e.into(), None))?;
            let reply = tokio::task::spawn_blocking(move || {
                // Moved in, because a dropped request leaves its thread running.
                let _permit = permit;
                // The SDK sends bodies from memory only; none reads as invalid JSON.
                dispatch::answer(&shared.database, &target, body.bytes().unwrap_or_default())
            });
            let reply = reply.await.map_err(|e| ConnectorError::other(e.into(), None))?;
            response(reply)
        })
    }
}

fn response(reply: dispatch::Reply) -> Result<HttpResponse, ConnectorError> {
    let status = reply.status.try_into();
    let status = status.map_err(|e| ConnectorError::other(Box::new(e), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    let headers = response.headers_mut();
    // No x-amz-crc32: this SDK does not read it.
    headers.insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
