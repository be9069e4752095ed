//! The embedded engine behind DynamoDB's HTTP protocol, for tests: data in memory, no signature checked.
//!
//! `cargo run --package slo-dynamo --example dynamodb [ADDRESS]`; the address is `127.0.0.1:8000`
//! unless given. `localstack/dynamodb-image` puts it into a container, in the place of
//! `amazon/dynamodb-local`. It is no part of `slo`.

mod server;

use std::env;
use std::error::Error;

use slo_dynamo::embedded::Engine;
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".into());
    let router = server::router(server::connector(&Engine::memory()?.client()).await?);

    let listener = TcpListener::bind(&address).await?;
    println!("DynamoDB, in memory, at http://{}", listener.local_addr()?);
    // By hand: the first process of a container ends by no signal that it does not wait for.
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        interrupted = ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    Ok(())
}
