//! Definitions in the process.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::{MemoryAudit, call};
use crate::audit::{AuditEntry, Deed};
use crate::name::Name;
use crate::repository::{Definition, DefinitionRepository, Filter, Page, RepositoryError};
use crate::revision::{Annexed, Change, Precondition, Revision, Stamp, Versioned};

/// Definitions of one kind in a map.
#[derive(Debug)]
pub struct MemoryDefinitions<D: Definition> {
    names: Mutex<BTreeMap<Name, History<D>>>,
    audit: MemoryAudit,
}

#[derive(Debug)]
struct History<D: Definition> {
    current: Option<Versioned<D>>,
    /// Oldest first; never empty.
    changes: Vec<Change<D>>,
}

impl<D: Definition> Default for MemoryDefinitions<D> {
    fn default() -> Self {
        Self::audited(&MemoryAudit::default())
    }
}

impl<D: Definition> MemoryDefinitions<D> {
    /// Without any, telling this audit.
    #[must_use]
    pub fn audited(audit: &MemoryAudit) -> Self {
        Self { names: Mutex::default(), audit: audit.clone() }
    }

    fn change(
        &self,
        name: &Name,
        value: Option<D>,
        precondition: Precondition,
        stamp: &Stamp,
    ) -> Result<Option<Versioned<D>>, RepositoryError> {
        let mut names = call(&self.names);
        let stored = names.get(name);
        let current = stored.and_then(|history| history.current.as_ref());
        if !precondition.holds(current.map(|c| c.revision)) {
            return Err(RepositoryError::Precondition { current: current.map(|c| c.revision) });
        }
        if current.is_none() && value.is_none() {
            return Ok(None);
        }
        let last = stored.and_then(|history| history.changes.last()).map(|change| change.revision);
        let revision = last.map_or(Revision::FIRST, Revision::next);
        let version = value.clone().map(|value| match current {
            Some(current) => current.replaced(value, stamp.clone()),
            None => Versioned::first(value, revision, stamp.clone()),
        });
        self.audit.tell(match &version {
            Some(version) => AuditEntry::written(version),
            None => AuditEntry::deleted::<D>(name, revision, stamp.clone()),
        });
        let history = names.entry(name.clone()).or_insert_with(|| History { current: None, changes: Vec::new() });
        history.changes.push(Change { revision, stamp: stamp.clone(), value });
        history.current.clone_from(&version);
        Ok(version)
    }
}

#[async_trait]
impl<D: Definition> DefinitionRepository<D> for MemoryDefinitions<D> {
    async fn put(&self, value: D, precondition: Precondition, stamp: Stamp) -> Result<Versioned<D>, RepositoryError> {
        let name = value.name().clone();
        let version = self.change(&name, Some(value), precondition, &stamp)?;
        Ok(version.expect("a put stores a version"))
    }

    async fn annex(
        &self,
        name: &Name,
        annex: D::Annex,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<D>, RepositoryError> {
        let mut names = call(&self.names);
        match names.get_mut(name).and_then(|history| history.current.as_mut()) {
            Some(current) if current.seen() == seen => {
                *current = current.clone().with_annex(annex);
                if let Some(deed) = deed {
                    self.audit.tell(AuditEntry::annexed(current, deed));
                }
                Ok(current.clone())
            }
            other => Err(RepositoryError::Precondition { current: other.map(|current| current.revision) }),
        }
    }

    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError> {
        self.change(name, None, precondition, &stamp).map(drop)
    }

    async fn get(&self, name: &Name) -> Result<Option<Versioned<D>>, RepositoryError> {
        Ok(call(&self.names).get(name).and_then(|history| history.current.clone()))
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<D>>, RepositoryError> {
        let names = call(&self.names);
        let mut items: Vec<Versioned<D>> = names
            .iter()
            .filter(|(name, _)| after.as_ref().is_none_or(|after| *name > after))
            .filter_map(|(_, history)| history.current.as_ref())
            .filter(|version| filter.matches(&version.value))
            .take(limit.saturating_add(1))
            .cloned()
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.value.name().clone());
        Ok(Page { items, next })
    }

    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<D>>, RepositoryError> {
        let names = call(&self.names);
        let changes = names.get(name).map_or(&[][..], |history| &history.changes);
        let older = |change: &&Change<D>| before.is_none_or(|before| change.revision < before);
        Ok(changes.iter().rev().filter(older).take(limit).cloned().collect())
    }
}
