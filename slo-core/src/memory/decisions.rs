//! Decisions in the process.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::{MemoryAudit, call};
use crate::audit::AuditEntry;
use crate::decision::{Decision, DecisionId, DecisionRecord, Override};
use crate::repository::{DecisionFilter, DecisionPage, DecisionRepository, RepositoryError};
use crate::revision::Revision;

/// Decisions in a map.
#[derive(Debug, Default)]
pub struct MemoryDecisions {
    records: Mutex<BTreeMap<DecisionId, DecisionRecord>>,
    audit: MemoryAudit,
}

impl MemoryDecisions {
    /// Without any, telling this audit.
    #[must_use]
    pub fn audited(audit: &MemoryAudit) -> Self {
        Self { audit: audit.clone(), ..Self::default() }
    }
}

/// There is something else under that identifier.
const TAKEN: RepositoryError = RepositoryError::Precondition { current: Some(Revision::FIRST) };

#[async_trait]
impl DecisionRepository for MemoryDecisions {
    async fn append(&self, decision: Decision) -> Result<(), RepositoryError> {
        let mut records = call(&self.records);
        match records.get(&decision.id) {
            Some(stored) if stored.decision == decision => {}
            Some(_) => return Err(TAKEN),
            None => {
                self.audit.tell(AuditEntry::decided(&decision));
                records.insert(decision.id, DecisionRecord { decision, overrides: Vec::new() });
            }
        }
        Ok(())
    }

    async fn append_override(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, RepositoryError> {
        let mut records = call(&self.records);
        let record = records.get_mut(&id).ok_or(RepositoryError::Precondition { current: None })?;
        match record.overrides.binary_search_by_key(&granted.id, |other| other.id) {
            Ok(place) if record.overrides[place] == granted => {}
            Ok(_) => return Err(TAKEN),
            Err(place) => {
                self.audit.tell(AuditEntry::overridden(id, &granted));
                record.overrides.insert(place, granted);
            }
        }
        Ok(record.clone())
    }

    async fn get(&self, id: DecisionId) -> Result<Option<DecisionRecord>, RepositoryError> {
        Ok(call(&self.records).get(&id).cloned())
    }

    async fn list(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, RepositoryError> {
        let records = call(&self.records);
        let mut items: Vec<DecisionRecord> = records
            .iter()
            .rev()
            .filter(|(id, _)| before.is_none_or(|before| **id < before))
            .filter(|(_, record)| filter.matches(&record.decision))
            .take(limit.saturating_add(1))
            .map(|(_, record)| record.clone())
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.decision.id);
        Ok(DecisionPage { items, next })
    }
}
