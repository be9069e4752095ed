//! Shared state in the definitions table.
//!
//! | Item | `pk` | `sk` | Attributes |
//! |---|---|---|---|
//! | a piece of state | `state` | its key | `rev`, `value` (bytes), `mark` |
//!
//! A read is one strongly consistent `GetItem`, a write one `PutItem` under the condition that `rev` is the
//! expected one, or that there is no item. `mark` is a random number of each write: when a condition has
//! failed because an earlier attempt of the same write succeeded and its answer was lost, the item has it.
//! The items are in neither index and do not expire.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use slo_core::{Name, RepositoryError, Revision, StateRepository};

use crate::error::Failure;
use crate::item::{Item, b, bytes, key, n, number, s, text, unreadable};

/// Where all pieces of state are.
const PARTITION: &str = "state";
const REVISION: &str = "rev";
const VALUE: &str = "value";
const MARK: &str = "mark";
/// An item has up to 400 KB, its key and our attributes included.
const LONGEST: usize = 409_600 - 1_024;

/// Small pieces of state, each replaced whole by compare-and-swap.
#[derive(Clone, Debug)]
pub struct DynamoStates {
    client: Client,
    table: String,
}

impl DynamoStates {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned() }
    }

    async fn current(&self, name: &Name) -> Result<Option<Item>, Failure> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key(PARTITION, name.as_str())));
        Ok(request.consistent_read(true).send().await?.item)
    }

    /// Puts it if the condition holds.
    async fn put(&self, item: Item, expected: Option<Revision>) -> Result<bool, Failure> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(expected) => put
                .condition_expression("#rev = :rev")
                .expression_attribute_names("#rev", REVISION)
                .expression_attribute_values(":rev", n(expected)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl StateRepository for DynamoStates {
    async fn read(&self, key: &Name) -> Result<Option<(Revision, Vec<u8>)>, RepositoryError> {
        let Some(item) = self.current(key).await? else { return Ok(None) };
        Ok(Some((revision(&item)?, bytes(&item, VALUE)?.to_vec())))
    }

    async fn write(
        &self,
        name: &Name,
        expected: Option<Revision>,
        value: Vec<u8>,
    ) -> Result<Revision, RepositoryError> {
        if value.len() > LONGEST {
            let source = format!("{} bytes are more than an item holds", value.len()).into();
            return Err(Failure::Value { what: "so long a state", source }.into());
        }
        let next = expected.map_or(Revision::FIRST, Revision::next);
        let mark = mark();
        let mut item = key(PARTITION, name.as_str());
        item.insert(REVISION.to_owned(), n(next));
        item.insert(VALUE.to_owned(), b(value));
        item.insert(MARK.to_owned(), s(&mark));
        if self.put(item, expected).await? {
            return Ok(next);
        }
        let Some(stored) = self.current(name).await? else {
            return Err(RepositoryError::Precondition { current: None });
        };
        let current = revision(&stored)?;
        // By an earlier attempt, whose answer was lost.
        if current == next && text(&stored, MARK)? == mark {
            return Ok(next);
        }
        Err(RepositoryError::Precondition { current: Some(current) })
    }
}

fn revision(item: &Item) -> Result<Revision, Failure> {
    let number = number(item, REVISION)?.and_then(Revision::new);
    number.ok_or_else(|| unreadable(item, REVISION, "it is not a revision"))
}

/// 122 random bits of the system, which a process that is restored from a snapshot has anew: no two writes have the
/// same.
fn mark() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
