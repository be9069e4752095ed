//! A function that does nothing: what `bootstrap` is compared with (`just lambda`).

use axum::routing::get;
use axum::{Json, Router};
use lambda_http::Error;
use serde_json::{Value, json};

async fn hello() -> Json<Value> {
    Json(json!({"hello": "world"}))
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    lambda_http::run(Router::new().route("/", get(hello)).route("/healthz", get(hello))).await
}
