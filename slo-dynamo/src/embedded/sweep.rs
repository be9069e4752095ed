//! Deletion of expired items, which DynamoDB does by itself and the engine does not.
//!
//! Through the client like any other work, one short request after the other: the engine's own
//! sweep reads its own clock, and the core's rule is that `now` is an argument.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveStatus};

use super::EmbeddedError;

/// Items read under one hold of the database.
const PAGE: i32 = 100;
const EXPIRED: &str = "#ttl < :now";

pub(super) async fn expired(client: &Client, now: u64) -> Result<u64, EmbeddedError> {
    let now = AttributeValue::N(now.to_string());
    let mut tables = client.list_tables().into_paginator().items().send();
    let mut deleted = 0;
    while let Some(table) = tables.next().await {
        let table = table.map_err(EmbeddedError::sweep)?;
        if let Some(ttl) = ttl_attribute(client, &table).await? {
            deleted += sweep_table(client, &table, &ttl, &now).await?;
        }
    }
    Ok(deleted)
}

async fn ttl_attribute(client: &Client, table: &str) -> Result<Option<String>, EmbeddedError> {
    let answer = client.describe_time_to_live().table_name(table).send();
    let answer = answer.await.map_err(EmbeddedError::sweep)?;
    let enabled =
        answer.time_to_live_description.filter(|ttl| ttl.time_to_live_status == Some(TimeToLiveStatus::Enabled));
    Ok(enabled.and_then(|ttl| ttl.attribute_name))
}

async fn sweep_table(client: &Client, table: &str, ttl: &str, now: &AttributeValue) -> Result<u64, EmbeddedError> {
    let description = client.describe_table().table_name(table).send().await;
    let description = description.map_err(EmbeddedError::sweep)?;
    let keys = description.table().map(|t| t.key_schema());
    let keys: Vec<&str> = keys.unwrap_or_default().iter().map(|k| k.attribute_name()).collect();

    let mut items = client
        .scan()
        .table_name(table)
        .filter_expression(EXPIRED)
        .expression_attribute_names("#ttl", ttl)
        .expression_attribute_values(":now", now.clone())
        .limit(PAGE)
        .into_paginator()
        .items()
        .send();
    let mut deleted = 0;
    while let Some(item) = items.next().await {
        let mut item = item.map_err(EmbeddedError::sweep)?;
        item.retain(|name, _| keys.contains(&name.as_str()));
        let deletion = client
            .delete_item()
            .table_name(table)
            .set_key(Some(item))
            .condition_expression(EXPIRED)
            .expression_attribute_names("#ttl", ttl)
            .expression_attribute_values(":now", now.clone())
            .send();
        match deletion.await {
            Ok(_) => deleted += 1,
            // Written again since it was read.
            Err(e) if e.as_service_error().is_some_and(DeleteItemError::is_conditional_check_failed_exception) => {}
            Err(e) => return Err(EmbeddedError::sweep(e)),
        }
    }
    Ok(deleted)
}
