//! Shared state in the process.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::call;
use crate::name::Name;
use crate::repository::{RepositoryError, StateRepository};
use crate::revision::Revision;

/// Pieces of state in a map.
#[derive(Debug, Default)]
pub struct MemoryStates(Mutex<BTreeMap<Name, (Revision, Vec<u8>)>>);

#[async_trait]
impl StateRepository for MemoryStates {
    async fn read(&self, key: &Name) -> Result<Option<(Revision, Vec<u8>)>, RepositoryError> {
        Ok(call(&self.0).get(key).cloned())
    }

    async fn write(&self, key: &Name, expected: Option<Revision>, value: Vec<u8>) -> Result<Revision, RepositoryError> {
        let mut states = call(&self.0);
        let current = states.get(key).map(|(revision, _)| *revision);
        if current != expected {
            return Err(RepositoryError::Precondition { current });
        }
        let revision = current.map_or(Revision::FIRST, Revision::next);
        states.insert(key.clone(), (revision, value));
        Ok(revision)
    }
}
