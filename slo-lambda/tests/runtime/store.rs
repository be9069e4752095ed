//! Stores for a function: the embedded engine over HTTP, and some that are of no use.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};

use super::dynamodb::{connector, router};

/// How the names of the tables begin.
pub(crate) const PREFIX: &str = "test-";

/// What a function must be told to find the store.
pub(crate) fn variables(url: &str) -> [(&str, &str); 2] {
    [("AWS_ENDPOINT_URL_DYNAMODB", url), ("SLO_TABLE_PREFIX", PREFIX)]
}

/// Serves an engine with empty tables that takes so long for each answer, and says where.
pub(crate) async fn serve(delay: Duration) -> String {
    let client = Engine::memory().expect("an engine in memory").client();
    let names = TableNames::with_prefix(PREFIX).expect("a prefix");
    create_tables(&client, &names).await.expect("tables");
    let late = move |request: Request, next: Next| async move {
        tokio::time::sleep(delay).await;
        next.run(request).await
    };
    let mut router = router(connector(&client).await.expect("it speaks"));
    if delay > Duration::ZERO {
        router = router.layer(from_fn(late));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
    format!("http://{address}")
}

/// Accepts every connection and never says anything.
pub(crate) fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    format!("http://{address}")
}

/// Where nobody listens.
pub(crate) fn absent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("bound"))
}
