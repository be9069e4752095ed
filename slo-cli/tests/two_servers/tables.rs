//! A DynamoDB for several processes: the embedded engine over HTTP, with reads as late as DynamoDB's.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use slo_dynamo::embedded::Engine;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::dynamodb::{connector, router};

/// By how many writes a read is late that does not ask for a consistent answer.
const LATE: usize = 40;

/// The server; it ends with the test.
pub(crate) struct Tables {
    pub(crate) url: String,
    _runtime: Runtime,
}

impl Tables {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let engine = SharedHttpConnector::new(runtime.block_on(Late::new()));
        runtime.spawn(async { axum::serve(listener, router(engine)).await.expect("it serves") });
        Self { url, _runtime: runtime }
    }
}

/// An engine and a copy of it that lags behind.
#[derive(Clone)]
struct Late {
    newest: SharedHttpConnector,
    copy: SharedHttpConnector,
    /// Writes that the copy has not seen yet.
    queue: Arc<Mutex<VecDeque<HttpRequest>>>,
}

impl Late {
    async fn new() -> Self {
        let engine = async || {
            let client = Engine::memory().expect("an engine in memory").client();
            connector(&client).await.expect("it speaks")
        };
        Self { newest: engine().await, copy: engine().await, queue: Arc::default() }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let operation = request.headers().get("x-amz-target").and_then(|target| target.split('.').next_back());
        match operation.unwrap_or_default() {
            "GetItem" | "BatchGetItem" | "Query" | "Scan" => {
                let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
                let consistent = body.contains(r#""ConsistentRead":true"#);
                if consistent { self.newest.call(request).await } else { self.copy.call(request).await }
            }
            "UpdateItem" | "PutItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
                self.write(request, LATE).await
            }
            // Tables: at once.
            _ => self.write(request, 0).await,
        }
    }

    /// Writes, and lets the copy follow until it is so many writes behind.
    async fn write(self, request: HttpRequest, late: usize) -> Result<HttpResponse, ConnectorError> {
        // One after the other, so that the copy sees the same order.
        let mut queue = self.queue.lock().await;
        let again = request.try_clone().expect("it is in memory");
        let answer = self.newest.call(request).await?;
        if answer.status().is_success() {
            queue.push_back(again);
        }
        while queue.len() > late {
            let next = queue.pop_front().expect("there is one");
            let followed = self.copy.call(next).await?;
            assert!(followed.status().is_success(), "the copy is another one: {followed:?}");
        }
        Ok(answer)
    }
}

impl HttpConnector for Late {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // In a task of its own: it must not stop half-way when a process is killed that asked for it.
        let answer = tokio::spawn(self.clone().answer(request));
        HttpConnectorFuture::new(async { answer.await.map_err(|panic| ConnectorError::other(panic.into(), None))? })
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late")
    }
}
