//! Who did what, in the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::call;
use crate::audit::{AuditEntry, AuditPlace};
use crate::repository::{AuditFilter, AuditPage, AuditRepository, RepositoryError};

/// The audit in a map. A clone is the same one: the stores that share it write into it.
#[derive(Clone, Debug, Default)]
pub struct MemoryAudit(Arc<Mutex<BTreeMap<AuditPlace, AuditEntry>>>);

impl MemoryAudit {
    /// Part of a write: whoever writes holds the lock on what it tells of.
    pub(super) fn tell(&self, entry: AuditEntry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.place(), entry);
    }
}

#[async_trait]
impl AuditRepository for MemoryAudit {
    async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, RepositoryError> {
        let entries = call(&self.0);
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let mut items: Vec<AuditEntry> = entries
            .range((Bound::Unbounded, end))
            .rev()
            .map(|(_, entry)| entry)
            .filter(|entry| filter.matches(entry))
            .take(limit.saturating_add(1))
            .cloned()
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(AuditEntry::place);
        Ok(AuditPage { items, next })
    }
}
