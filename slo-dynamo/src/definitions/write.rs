//! Writing a version: one transaction.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::de::IgnoredAny;
use slo_core::{Change, Definition, Name, Precondition, RepositoryError, Revision, Stamp, Versioned};

use super::{DynamoDefinitions, item};
use crate::backoff;
use crate::error::Failure;
use crate::item::{Item, n};

/// How often a write is begun again because others were faster: more than write one name at once.
const ATTEMPTS: usize = 32;

/// What a write starts from.
struct Before<D> {
    /// The current version, unless the name is free.
    current: Option<Versioned<D>>,
    /// The newest version there ever was.
    last: Option<Revision>,
}

impl<D: Definition> DynamoDefinitions<D> {
    /// Writes a version, a deletion when there is no value.
    pub(super) async fn write(
        &self,
        name: &Name,
        value: Option<D>,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Option<Versioned<D>>, RepositoryError> {
        for attempt in 0..ATTEMPTS {
            let before = self.before(name, precondition).await?;
            let revision = before.last.map_or(Revision::FIRST, Revision::next);
            let after = value.clone().map(|value| Versioned {
                value,
                revision,
                born: before.current.as_ref().map_or(revision, |current| current.born),
                created_at: before.current.as_ref().map_or(stamp.at, |current| current.created_at),
                updated: stamp.clone(),
            });
            if before.current.is_none() && after.is_none() {
                return Ok(None);
            }
            let change = Change { revision, stamp: stamp.clone(), value: value.clone() };
            let actions = self.actions(name, before.current.as_ref(), after.as_ref(), &change)?;
            // The SDK sends one token with all its attempts, so a repeated one is applied once.
            let sent = self.client.transact_write_items().set_transact_items(Some(actions)).send().await;
            match sent.map_err(outcome) {
                Ok(_) => return Ok(after),
                // Nothing was written: look again, not all at the same moment.
                Err(Outcome::Raced | Outcome::Busy) => backoff::pause(attempt).await,
                Err(Outcome::Failed(failure)) => return Err(failure.into()),
            }
        }
        Err(Failure::Contended(ATTEMPTS).into())
    }

    /// Looks whether the precondition holds.
    async fn before(&self, name: &Name, precondition: Precondition) -> Result<Before<D>, RepositoryError> {
        let (before, found) = if precondition == Precondition::Absent {
            // The newest of the history tells both whether the name is free and how to count on.
            let newest = self.history::<Change<IgnoredAny>>(name, None, 1).await?.pop();
            let last = newest.as_ref().map(|newest| newest.revision);
            let exists = newest.is_some_and(|newest| newest.value.is_some());
            (Before { current: None, last }, last.filter(|_| exists))
        } else {
            let current = self.current(name).await?;
            let last = current.as_ref().map(|current| current.revision);
            (Before { current, last }, last)
        };
        if precondition.holds(found) { Ok(before) } else { Err(RepositoryError::Precondition { current: found }) }
    }

    fn actions(
        &self,
        name: &Name,
        before: Option<&Versioned<D>>,
        after: Option<&Versioned<D>>,
        change: &Change<D>,
    ) -> Result<Vec<TransactWriteItem>, Failure> {
        let mut actions = vec![
            self.current_action(name, before, after)?,
            self.put(item::change(name, change)?, "attribute_not_exists(pk)"),
        ];
        let (had, has) = (further_owners(before), further_owners(after));
        for owner in had.difference(&has) {
            actions.push(self.delete_item(item::share_key::<D>(name, owner)));
        }
        if let Some(after) = after {
            for owner in has {
                actions.push(self.put(item::share(after, owner)?, ""));
            }
        }
        let indicator = |version: Option<&Versioned<D>>| version.and_then(|v| v.value.indicator().cloned());
        let (had, has) = (indicator(before), indicator(after));
        if had != has {
            actions.extend(had.map(|indicator| self.delete_item(item::reference(name, &indicator))));
            actions.extend(has.map(|indicator| self.put(item::reference(name, &indicator), "")));
        }
        Ok(actions)
    }

    /// The action whose condition guards all others.
    fn current_action(
        &self,
        name: &Name,
        before: Option<&Versioned<D>>,
        after: Option<&Versioned<D>>,
    ) -> Result<TransactWriteItem, Failure> {
        let condition = if before.is_some() { "#rev = :rev" } else { "attribute_not_exists(pk)" };
        let names = before.map(|_| [("#rev".to_owned(), item::REVISION.to_owned())].into());
        let values = before.map(|before| [(":rev".to_owned(), n(before.revision))].into());
        let action = TransactWriteItem::builder();
        let action = if let Some(after) = after {
            let put = Put::builder().table_name(&self.table).set_item(Some(item::current(after)?));
            let put = put.condition_expression(condition);
            let put = put.set_expression_attribute_names(names).set_expression_attribute_values(values).build();
            action.put(put.expect(COMPLETE))
        } else {
            let delete = Delete::builder().table_name(&self.table).set_key(Some(item::current_key::<D>(name)));
            let delete = delete.condition_expression(condition);
            let delete = delete.set_expression_attribute_names(names).set_expression_attribute_values(values).build();
            action.delete(delete.expect(COMPLETE))
        };
        Ok(action.build())
    }

    fn put(&self, item: Item, condition: &str) -> TransactWriteItem {
        let condition = (!condition.is_empty()).then(|| condition.to_owned());
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).set_condition_expression(condition);
        TransactWriteItem::builder().put(put.build().expect(COMPLETE)).build()
    }

    fn delete_item(&self, key: Item) -> TransactWriteItem {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key)).build();
        TransactWriteItem::builder().delete(delete.expect(COMPLETE)).build()
    }
}

const COMPLETE: &str = "table and item are set";

/// The owners after the first one, each once.
fn further_owners<D: Definition>(version: Option<&Versioned<D>>) -> BTreeSet<&Name> {
    let owners = version.map_or(&[][..], |version| version.value.owners());
    let Some((first, further)) = owners.split_first() else { return BTreeSet::new() };
    further.iter().filter(|owner| *owner != first).collect()
}

/// What became of a transaction that did not succeed.
enum Outcome {
    /// Cancelled because another version was written.
    Raced,
    /// Cancelled because others were at the same items, or by throttling.
    Busy,
    /// Refused, or nobody knows.
    Failed(Failure),
}

fn outcome(error: SdkError<TransactWriteItemsError>) -> Outcome {
    let Some(TransactWriteItemsError::TransactionCanceledException(why)) = error.as_service_error() else {
        return Outcome::Failed(error.into());
    };
    let codes = why.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let mut outcome = None;
    for code in codes.filter(|code| *code != "None") {
        outcome = Some(match (code, outcome) {
            ("ConditionalCheckFailed", None) => Outcome::Raced,
            ("ConditionalCheckFailed", Some(other)) => other,
            ("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded", _) => Outcome::Busy,
            _ => return Outcome::Failed(error.into()),
        });
    }
    outcome.unwrap_or_else(|| Outcome::Failed(error.into()))
}
