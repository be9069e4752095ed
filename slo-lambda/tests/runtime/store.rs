//! A DynamoDB for functions: the embedded engine over HTTP, with the tables.

use std::future::pending;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::dynamodb;

/// It ends when dropped.
pub(crate) struct Store {
    /// What `AWS_ENDPOINT_URL_DYNAMODB` is to say.
    pub(crate) url: String,
    server: JoinHandle<()>,
}

impl Store {
    /// Empty, with tables of the usual names.
    pub(crate) async fn start() -> Self {
        Self::slow(Duration::ZERO).await
    }

    /// The same, and takes so long for each answer.
    pub(crate) async fn slow(delay: Duration) -> Self {
        let client = Engine::memory().expect("memory").client();
        create_tables(&client, &TableNames::default()).await.expect("they are new");
        let mut router = dynamodb::router(dynamodb::connector(&client).await.expect("it speaks"));
        if delay > Duration::ZERO {
            router = router.layer(from_fn(move |request: Request, next: Next| async move {
                tokio::time::sleep(delay).await;
                next.run(request).await
            }));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let server = tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
        Self { url, server }
    }

    /// Where nobody listens.
    pub(crate) async fn absent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        Self { url, server: tokio::spawn(async {}) }
    }

    /// Takes connections and never answers.
    pub(crate) async fn silent() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let server = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                held.push(connection);
            }
            pending::<()>().await;
        });
        Self { url, server }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.server.abort();
    }
}
