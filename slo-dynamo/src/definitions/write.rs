//! Writing a version or an annex: one transaction.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use serde::de::IgnoredAny;
use slo_core::{
    Annexed, AuditEntry, Change, Deed, Definition, Name, Precondition, RepositoryError, Revision, Stamp, Versioned,
};

use super::{DynamoDefinitions, item};
use crate::audit;
use crate::backoff;
use crate::error::Failure;
use crate::item::{Item, n};
use crate::transaction::{self, ABSENT, COMPLETE, Outcome, outcome};

/// How often a write is begun again because others were faster: more than write one name at once.
const ATTEMPTS: usize = 32;

/// What is to be written, and what it needs.
pub(super) enum Write<D: Definition> {
    /// A version, a deletion when there is no value.
    Version { value: Option<D>, precondition: Precondition, stamp: Stamp },
    /// The annex, and what the audit says of it.
    Annex { annex: D::Annex, seen: Annexed, deed: Option<Deed> },
}

/// What a write makes of what it found.
struct Step<D: Definition> {
    /// The current version, unless the name is free.
    before: Option<Versioned<D>>,
    /// What is to be the current version, unless the name is to be free.
    after: Option<Versioned<D>>,
    /// What goes into the history; of an annex nothing.
    change: Option<Change<D>>,
    /// What goes into the audit.
    entry: Option<AuditEntry>,
}

impl<D: Definition> DynamoDefinitions<D> {
    /// Writes, again from a fresh look when somebody else wrote in between; answers with what is
    /// current then.
    pub(super) async fn write(&self, name: &Name, write: &Write<D>) -> Result<Option<Versioned<D>>, RepositoryError> {
        for attempt in 0..ATTEMPTS {
            let step = self.step(name, write, attempt == 0).await?;
            if step.before.is_none() && step.after.is_none() {
                return Ok(None);
            }
            let actions = self.actions(name, &step)?;
            // The SDK sends one token with all its attempts, so a repeated one is applied once.
            let sent = self.client.transact_write_items().set_transact_items(Some(actions)).send().await;
            match sent.map_err(outcome) {
                Ok(_) => return Ok(step.after),
                // Nothing was written: look again, not all at the same moment.
                Err(Outcome::Raced | Outcome::Busy) => backoff::pause(attempt).await,
                Err(Outcome::Failed(failure)) => return Err(failure.into()),
            }
        }
        Err(Failure::Contended(ATTEMPTS).into())
    }

    /// Looks whether the write may happen, and what it comes to. A name that is to be created is the first
    /// time taken for one that never was: if it was, its first version stands in the way.
    async fn step(&self, name: &Name, write: &Write<D>, first: bool) -> Result<Step<D>, RepositoryError> {
        match write {
            Write::Version { value, precondition, stamp } => {
                let creates = *precondition == Precondition::Absent && value.is_some();
                let (before, last) =
                    if creates && first { (None, None) } else { self.before(name, *precondition).await? };
                let revision = last.map_or(Revision::FIRST, Revision::next);
                let after = value.clone().map(|value| match &before {
                    Some(before) => before.replaced(value, stamp.clone()),
                    None => Versioned::first(value, revision, stamp.clone()),
                });
                let entry = match &after {
                    Some(after) => AuditEntry::written(after),
                    None => AuditEntry::deleted::<D>(name, revision, stamp.clone()),
                };
                let change = Change { revision, stamp: stamp.clone(), value: value.clone() };
                Ok(Step { before, after, change: Some(change), entry: Some(entry) })
            }
            Write::Annex { annex, seen, deed } => match self.current(name).await? {
                Some(before) if before.seen() == *seen => {
                    let after = before.clone().with_annex(annex.clone());
                    let entry = deed.clone().map(|deed| AuditEntry::annexed(&after, deed));
                    Ok(Step { before: Some(before), after: Some(after), change: None, entry })
                }
                other => Err(RepositoryError::Precondition { current: other.map(|current| current.revision) }),
            },
        }
    }

    /// The current version, unless it is to be absent, and the newest revision there ever was, if the
    /// precondition holds.
    async fn before(
        &self,
        name: &Name,
        precondition: Precondition,
    ) -> Result<(Option<Versioned<D>>, Option<Revision>), RepositoryError> {
        let (current, last, found) = if precondition == Precondition::Absent {
            // The newest of the history tells both whether the name is free and how to count on.
            let newest = self.history::<Change<IgnoredAny>>(name, None, 1).await?.pop();
            let last = newest.as_ref().map(|newest| newest.revision);
            let exists = newest.is_some_and(|newest| newest.value.is_some());
            (None, last, last.filter(|_| exists))
        } else {
            let current = self.current(name).await?;
            let last = current.as_ref().map(|current| current.revision);
            (current, last, last)
        };
        if precondition.holds(found) {
            Ok((current, last))
        } else {
            Err(RepositoryError::Precondition { current: found })
        }
    }

    fn actions(&self, name: &Name, step: &Step<D>) -> Result<Vec<TransactWriteItem>, Failure> {
        let (before, after) = (step.before.as_ref(), step.after.as_ref());
        let mut actions = vec![self.current_action(name, before, after)?];
        if let Some(change) = &step.change {
            actions.push(self.put(item::change(name, change)?, ABSENT));
        }
        if let Some(entry) = &step.entry {
            actions.push(self.put(audit::item(entry)?, ABSENT));
        }
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
        let (condition, names, values) = unchanged(before);
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
        transaction::put(&self.table, item, condition)
    }

    fn delete_item(&self, key: Item) -> TransactWriteItem {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(key)).build();
        TransactWriteItem::builder().delete(delete.expect(COMPLETE)).build()
    }
}

/// That a current version is as it was found, its annex too: a write carries over what it does not
/// change. A revision is of one life only, so there is no need to compare `born`.
fn unchanged<D: Definition>(before: Option<&Versioned<D>>) -> (&'static str, Option<Names>, Option<Item>) {
    let Some(before) = before else { return (ABSENT, None, None) };
    let names = [("#rev".to_owned(), item::REVISION.to_owned()), ("#ann".to_owned(), item::ANNEXED.to_owned())];
    let revision = (":rev".to_owned(), n(before.revision));
    let (condition, values) = match before.annexed {
        0 => ("#rev = :rev AND attribute_not_exists(#ann)", Item::from([revision])),
        times => ("#rev = :rev AND #ann = :ann", Item::from([revision, (":ann".to_owned(), n(times))])),
    };
    (condition, Some(names.into()), Some(values))
}

/// What the short names in an expression mean.
type Names = HashMap<String, String>;

/// The owners after the first one, each once.
fn further_owners<D: Definition>(version: Option<&Versioned<D>>) -> BTreeSet<&Name> {
    let owners = version.map_or(&[][..], |version| version.value.owners());
    let Some((first, further)) = owners.split_first() else { return BTreeSet::new() };
    further.iter().filter(|owner| *owner != first).collect()
}
