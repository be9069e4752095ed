//! Creation of the tables, for local use.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, IndexStatus, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::{BY_OWNER, BY_SERVICE, Index, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, TableNames};

/// How long a new table may take to become usable; AWS needs 5 to 20 s.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// Why the tables could not be made ready.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// A request to DynamoDB failed.
    #[error("could not {action} table {table}")]
    Request {
        /// What was asked for.
        action: &'static str,
        /// Of which table.
        table: String,
        /// What the SDK said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table of that name is there, and is not ours.
    #[error("table {0} exists with other keys or indexes; choose another table prefix")]
    Different(String),
    /// It is still being created.
    #[error("table {table} was not active after {} s", .after.as_secs())]
    Late {
        /// Which table.
        table: String,
        /// The bound.
        after: Duration,
    },
}

/// Creates the tables that are not there yet and returns when both can be used.
///
/// Any number of processes may do this at once, and again: a table that exists already is a
/// success if it has our keys and indexes. Billing is on demand.
///
/// # Errors
/// [`TableError::Different`] if the name belongs to a table of another shape, [`TableError::Late`]
/// after a minute without an active table, [`TableError::Request`] for the rest.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use slo_dynamo::{embedded::Engine, table::{TableNames, create_tables}};
///
/// let client = Engine::memory()?.client();
/// create_tables(&client, &TableNames::with_prefix("demo-")?).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
pub async fn create_tables(client: &Client, names: &TableNames) -> Result<(), TableError> {
    let tables = [
        Table { client, name: names.counts(), indexes: &[] },
        Table { client, name: names.definitions(), indexes: &[BY_SERVICE, BY_OWNER] },
    ];
    // Ask for both before waiting for either: on a server each takes seconds.
    for table in &tables {
        table.create().await?;
    }
    for table in &tables {
        table.ready().await?;
    }
    tables[0].expire_items().await
}

struct Table<'a> {
    client: &'a Client,
    name: &'a str,
    indexes: &'a [Index],
}

impl Table<'_> {
    async fn create(&self) -> Result<(), TableError> {
        let broken = |e: BuildError| self.failed("describe the keys of", e);
        let mut request = self
            .client
            .create_table()
            .table_name(self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(keys(PARTITION_KEY).map_err(broken)?))
            .attribute_definitions(string(PARTITION_KEY).map_err(broken)?)
            .attribute_definitions(string(SORT_KEY).map_err(broken)?);
        for index in self.indexes {
            request = request
                .attribute_definitions(string(index.partition_key).map_err(broken)?)
                .global_secondary_indexes(secondary(index).map_err(broken)?);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(e) if e.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => Ok(()),
            Err(e) => Err(self.failed("create", e)),
        }
    }

    async fn ready(&self) -> Result<(), TableError> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let answer = self.client.describe_table().table_name(self.name).send();
            let answer = answer.await.map_err(|e| self.failed("describe", e))?;
            if let Some(found) = answer.table().filter(|t| is_active(t)) {
                return if self.is_ours(found) { Ok(()) } else { Err(TableError::Different(self.name.into())) };
            }
            sleep(PAUSE).await;
        }
        Err(TableError::Late { table: self.name.into(), after: PATIENCE })
    }

    fn is_ours(&self, found: &TableDescription) -> bool {
        has_keys(found.key_schema(), PARTITION_KEY)
            && self.indexes.iter().all(|index| {
                found
                    .global_secondary_indexes()
                    .iter()
                    .any(|i| i.index_name() == Some(index.name) && has_keys(i.key_schema(), index.partition_key))
            })
    }

    /// Asks first, because DynamoDB refuses to enable what is enabled.
    async fn expire_items(&self) -> Result<(), TableError> {
        if self.expires_items().await? {
            return Ok(());
        }
        let spec = TimeToLiveSpecification::builder()
            .attribute_name(TTL_ATTRIBUTE)
            .enabled(true)
            .build()
            .map_err(|e| self.failed("describe the expiry of", e))?;
        let request = self.client.update_time_to_live().table_name(self.name).time_to_live_specification(spec);
        match request.send().await {
            Ok(_) => Ok(()),
            // Another process was faster.
            Err(_) if self.expires_items().await? => Ok(()),
            Err(e) => Err(self.failed("set the expiry of", e)),
        }
    }

    async fn expires_items(&self) -> Result<bool, TableError> {
        let request = self.client.describe_time_to_live().table_name(self.name);
        let answer = request.send().await;
        let answer = answer.map_err(|e| self.failed("read the expiry of", e))?;
        Ok(answer.time_to_live_description().is_some_and(|ttl| {
            ttl.attribute_name() == Some(TTL_ATTRIBUTE)
                && matches!(ttl.time_to_live_status(), Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        }))
    }

    fn failed(&self, action: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> TableError {
        TableError::Request { action, table: self.name.into(), source: Box::new(source) }
    }
}

fn is_active(table: &TableDescription) -> bool {
    table.table_status() == Some(&TableStatus::Active)
        && table.global_secondary_indexes().iter().all(|index| index.index_status() == Some(&IndexStatus::Active))
}

fn has_keys(found: &[KeySchemaElement], partition_key: &str) -> bool {
    keys(partition_key).is_ok_and(|wanted| found == wanted)
}

fn keys(partition_key: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    [(partition_key, KeyType::Hash), (SORT_KEY, KeyType::Range)]
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(name).key_type(kind).build())
        .into_iter()
        .collect()
}

fn string(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn secondary(index: &Index) -> Result<GlobalSecondaryIndex, BuildError> {
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(keys(index.partition_key)?))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
}
