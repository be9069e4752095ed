//! What the adapter needs from DynamoDB, through a real SDK client on the engine.

mod durability;
mod items;
mod queries;
mod sweep;
mod transactions;

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::Engine;
use crate::table::{TableNames, create_tables};

pub(crate) type Checked = Result<(), Box<dyn Error>>;
pub(crate) type Key = HashMap<String, AttributeValue>;

pub(crate) const COUNTS: &str = "counts";

/// An engine in memory with the two tables under their default names.
pub(crate) async fn fresh() -> Result<Client, Box<dyn Error>> {
    let client = Engine::memory()?.client();
    create_tables(&client, &TableNames::default()).await?;
    Ok(client)
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn b(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(crate) fn key(pk: &str, sk: &str) -> Key {
    HashMap::from([("pk".into(), s(pk)), ("sk".into(), s(sk))])
}
