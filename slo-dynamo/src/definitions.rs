//! Definitions in the definitions table.
//!
//! | Item | `pk` | `sk` | Attributes |
//! |---|---|---|---|
//! | current version | kind | name | `rev`, `ann`, `doc`, `service_key`, `owner_key` (the first owner's) |
//! | one per further owner | `kind@owner` | name | `doc`, `owner_key` |
//! | one per version, deletions too | `kind#name` | `R#` and the revision in 20 digits | `doc` |
//! | one per objective | `uses#indicator` | name | |
//!
//! One transaction writes all of a version, under the condition that the version before is still the
//! current one. The annex is in the documents of the current version and of its copies, so it is read
//! with them; it is written by a transaction too, without an item of its own. `ann` counts that (absent
//! is 0) and is part of the condition of every write. Each transaction puts the entry of the audit too (see `audit`): revision and
//! `ann` make its key, so that what guards the write guards the entry. The items of past versions are never changed nor deleted; the newest one of a deleted
//! name is the tombstone from which the next life goes on counting.
//!
//! Everything is read strongly consistently, except lists by service or owner: an index lags behind
//! its table, usually by milliseconds.

mod item;
mod list;
mod write;

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use slo_core::{
    Annexed, Change, Deed, Definition, DefinitionRepository, Filter, Name, Page, Precondition, RepositoryError,
    Revision, Stamp, Versioned,
};

use self::write::Write;
use crate::error::Failure;
use crate::item::{limit, s};

/// The definitions of one kind.
pub struct DynamoDefinitions<D> {
    client: Client,
    table: String,
    kind: PhantomData<fn() -> D>,
}

impl<D: Definition> DynamoDefinitions<D> {
    pub(crate) fn new(client: Client, table: &str) -> Self {
        Self { client, table: table.to_owned(), kind: PhantomData }
    }

    async fn current(&self, name: &Name) -> Result<Option<Versioned<D>>, Failure> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(item::current_key::<D>(name)));
        let answer = request.consistent_read(true).send().await?;
        answer.item.as_ref().map(item::doc).transpose()
    }

    /// The newest versions older than `before`, at most `wanted`, read as `T`.
    async fn history<T: serde::de::DeserializeOwned>(
        &self,
        name: &Name,
        before: Option<Revision>,
        wanted: usize,
    ) -> Result<Vec<T>, Failure> {
        let mut changes = Vec::new();
        let mut from = None;
        while changes.len() < wanted {
            let mut query = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression(if before.is_some() { "pk = :pk AND sk < :before" } else { "pk = :pk" })
                .expression_attribute_values(":pk", s(item::history_partition::<D>(name)))
                .consistent_read(true)
                .scan_index_forward(false)
                .limit(limit(wanted - changes.len()))
                .set_exclusive_start_key(from);
            if let Some(before) = before {
                query = query.expression_attribute_values(":before", s(item::history_sort(before)));
            }
            let answer = query.send().await?;
            for found in answer.items() {
                changes.push(item::doc(found)?);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(changes)
    }
}

#[async_trait]
impl<D: Definition> DefinitionRepository<D> for DynamoDefinitions<D> {
    async fn put(&self, value: D, precondition: Precondition, stamp: Stamp) -> Result<Versioned<D>, RepositoryError> {
        let name = value.name().clone();
        let version = self.write(&name, &Write::Version { value: Some(value), precondition, stamp }).await?;
        Ok(version.expect("a put stores a version"))
    }

    async fn annex(
        &self,
        name: &Name,
        annex: D::Annex,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<D>, RepositoryError> {
        let version = self.write(name, &Write::Annex { annex, seen, deed }).await?;
        Ok(version.expect("an annex is beside a version"))
    }

    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError> {
        self.write(name, &Write::Version { value: None, precondition, stamp }).await.map(drop)
    }

    async fn get(&self, name: &Name) -> Result<Option<Versioned<D>>, RepositoryError> {
        Ok(self.current(name).await?)
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<D>>, RepositoryError> {
        Ok(self.page(filter, after.as_ref(), limit).await?)
    }

    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<D>>, RepositoryError> {
        Ok(self.history(name, before, limit).await?)
    }
}

// Not derived: that would ask the same of `D`.
impl<D> Clone for DynamoDefinitions<D> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), table: self.table.clone(), kind: PhantomData }
    }
}

impl<D> fmt::Debug for DynamoDefinitions<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDefinitions").field("table", &self.table).finish_non_exhaustive()
    }
}
