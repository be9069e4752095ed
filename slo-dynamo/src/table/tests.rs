use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TimeToLiveStatus,
};

use super::*;
use crate::embedded::Engine;
use crate::embedded::tests::Checked;

#[tokio::test]
async fn tables_are_created_once_by_any_number_of_processes() -> Checked {
    let client = Engine::memory()?.client();
    let names = TableNames::with_prefix("twice-")?;
    let (one, other) = futures_util::future::join(create_tables(&client, &names), create_tables(&client, &names)).await;
    one?;
    other?;
    create_tables(&client, &names).await?;

    let tables = client.list_tables().send().await?;
    assert_eq!(tables.table_names(), ["twice-counts", "twice-slo"]);
    Ok(())
}

#[tokio::test]
async fn tables_have_the_keys_indexes_expiry_and_billing_of_the_design() -> Checked {
    let client = Engine::memory()?.client();
    create_tables(&client, &TableNames::default()).await?;

    let ttl = client.describe_time_to_live().table_name("counts").send().await?;
    let ttl = ttl.time_to_live_description.ok_or("no description")?;
    assert_eq!(ttl.attribute_name(), Some("ttl"));
    assert_eq!(ttl.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));

    let slo = client.describe_table().table_name("slo").send().await?;
    let slo = slo.table.ok_or("no table")?;
    let billing = slo.billing_mode_summary().and_then(|b| b.billing_mode());
    assert_eq!(billing, Some(&BillingMode::PayPerRequest));
    let mut indexes: Vec<_> = slo
        .global_secondary_indexes()
        .iter()
        .map(|i| {
            let keys = i.key_schema().iter().map(|k| k.attribute_name());
            (i.index_name().unwrap_or_default(), keys.collect::<Vec<_>>())
        })
        .collect();
    indexes.sort();
    assert_eq!(indexes, [("by-owner", vec!["owner_key", "sk"]), ("by-service", vec!["service_key", "sk"]),]);
    Ok(())
}

#[tokio::test]
async fn a_table_of_another_shape_is_refused() -> Checked {
    let client = Engine::memory()?.client();
    client
        .create_table()
        .table_name("counts")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build()?)
        .attribute_definitions(
            AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build()?,
        )
        .send()
        .await?;
    let refused = create_tables(&client, &TableNames::default()).await;
    assert!(matches!(refused, Err(TableError::Different(name)) if name == "counts"));
    Ok(())
}
