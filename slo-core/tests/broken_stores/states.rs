//! Stores of shared state that break one promise each: wrappers of the one in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use slo_core::memory::MemoryStates;
use slo_core::testing::states::{Clause, clauses};
use slo_core::{Name, RepositoryError, Revision, StateRepository};
use tokio::task::yield_now;

use super::{Row, judge, keeps};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// What was never written is there, and empty.
    BeginsEmpty,
    /// Replaces what is not there.
    ReplacesNothing,
    /// Any version is the right one.
    ExpectationIgnored,
    /// Who expects nothing replaces what is there.
    AbsenceIgnored,
    /// A version from before is the right one.
    OlderMatches,
    /// A refusal does not say what there is.
    CurrentUnnamed,
    /// Every write makes the same version.
    VersionsStand,
    /// Is written although it is refused.
    RefusedIsWritten,
    /// Looks at the version, and writes later.
    WritersRace,
    /// Takes another writer's value, where it is the same, for its own.
    SameValueWins,
    /// Reads are one write behind.
    ReadsBehind,
    /// Keeps text.
    TextOnly,
    /// Nothing is the same as an empty value.
    EmptyIsAbsent,
    /// Keeps 64 KB.
    SizeLimited,
    /// One version for all keys.
    OneVersion,
    /// Looks at the beginning of a key.
    KeysCut,
}

const TABLE: [(&str, Fault); 16] = [
    ("states_begin_absent", Fault::BeginsEmpty),
    ("states_begin_absent", Fault::ReplacesNothing),
    ("states_are_swapped_as_seen", Fault::ExpectationIgnored),
    ("states_are_swapped_as_seen", Fault::AbsenceIgnored),
    ("states_are_swapped_as_seen", Fault::OlderMatches),
    ("states_are_swapped_as_seen", Fault::CurrentUnnamed),
    ("states_are_swapped_as_seen", Fault::VersionsStand),
    ("states_are_swapped_as_seen", Fault::RefusedIsWritten),
    ("one_swap_wins", Fault::WritersRace),
    ("one_swap_wins", Fault::SameValueWins),
    ("states_are_read_as_written", Fault::ReadsBehind),
    ("states_are_read_as_written", Fault::TextOnly),
    ("states_are_read_as_written", Fault::EmptyIsAbsent),
    ("the_largest_state_is_kept", Fault::SizeLimited),
    ("keys_are_apart", Fault::OneVersion),
    ("keys_are_apart", Fault::KeysCut),
];

#[tokio::test]
async fn each_clause_catches_the_stores_that_break_it() {
    let clauses = clauses();
    let names: Vec<&str> = clauses.iter().map(|(name, _)| *name).collect();
    let mut rows = Vec::new();
    for (name, fault) in TABLE {
        let (_, clause) = clauses.iter().find(|(clause, _)| *clause == name).expect("a clause of the contract");
        rows.push(Row {
            clause: name,
            fault: format!("{fault:?}"),
            broken_passes: passes(*clause, fault).await,
            healthy_passes: passes(*clause, Fault::None).await,
        });
    }
    judge(&names, &rows);
}

async fn passes(clause: Clause, fault: Fault) -> bool {
    let store = Store { fault, inner: MemoryStates::default(), before: Mutex::default() };
    keeps(store, move |store| clause(store)).await
}

/// What a read answers.
type Read = Option<(Revision, Vec<u8>)>;

struct Store {
    fault: Fault,
    inner: MemoryStates,
    /// What each key held before the last write.
    before: Mutex<BTreeMap<Name, Read>>,
}

impl Store {
    /// The key that is looked at instead.
    fn key(&self, key: &Name) -> Name {
        match self.fault {
            Fault::KeysCut => key.as_str()[..key.as_str().len().min(40)].parse().expect("a name"),
            _ => key.clone(),
        }
    }

    /// The version that is expected instead.
    async fn expected(&self, key: &Name, expected: Option<Revision>) -> Result<Option<Revision>, RepositoryError> {
        let current = self.inner.read(key).await?.map(|(version, _)| version);
        Ok(match self.fault {
            Fault::ReplacesNothing if current.is_none() => None,
            Fault::ExpectationIgnored => current,
            Fault::AbsenceIgnored if expected.is_none() => current,
            Fault::OlderMatches if expected.is_some() && expected < current => current,
            Fault::WritersRace if expected == current => {
                yield_now().await;
                self.inner.read(key).await?.map(|(version, _)| version)
            }
            _ => expected,
        })
    }
}

#[async_trait]
impl StateRepository for Store {
    async fn read(&self, key: &Name) -> Result<Option<(Revision, Vec<u8>)>, RepositoryError> {
        let key = self.key(key);
        let read = self.inner.read(&key).await?;
        Ok(match (self.fault, read) {
            (Fault::BeginsEmpty, None) => Some((Revision::FIRST, Vec::new())),
            (Fault::EmptyIsAbsent, Some((_, value))) if value.is_empty() => None,
            (Fault::VersionsStand, Some((_, value))) => Some((Revision::FIRST, value)),
            (Fault::ReadsBehind, read) => {
                self.before.lock().expect("no panic under the lock").remove(&key).unwrap_or(read)
            }
            (_, read) => read,
        })
    }

    async fn write(
        &self,
        key: &Name,
        expected: Option<Revision>,
        mut value: Vec<u8>,
    ) -> Result<Revision, RepositoryError> {
        let key = self.key(key);
        let before = self.inner.read(&key).await?;
        match self.fault {
            Fault::SizeLimited => value.truncate(65_536),
            Fault::TextOnly => value = String::from_utf8_lossy(&value).into_owned().into_bytes(),
            _ => {}
        }
        if self.fault == Fault::OneVersion {
            // All under one key, each with its own value.
            let shared: Name = "shared".parse().expect("a name");
            let version = self.inner.write(&shared, expected, Vec::new()).await?;
            let current = before.map(|(version, _)| version);
            self.inner.write(&key, current, value).await?;
            return Ok(version);
        }
        let seen = self.expected(&key, expected).await?;
        match self.inner.write(&key, seen, value.clone()).await {
            Ok(version) => {
                self.before.lock().expect("no panic under the lock").insert(key, before);
                Ok(if self.fault == Fault::VersionsStand { Revision::FIRST } else { version })
            }
            Err(RepositoryError::Precondition { current }) => match self.fault {
                Fault::CurrentUnnamed => Err(RepositoryError::Precondition { current: None }),
                Fault::RefusedIsWritten => {
                    self.inner.write(&key, current, value).await?;
                    Err(RepositoryError::Precondition { current })
                }
                Fault::SameValueWins => match self.inner.read(&key).await? {
                    Some((version, stored)) if stored == value => Ok(version),
                    _ => Err(RepositoryError::Precondition { current }),
                },
                _ => Err(RepositoryError::Precondition { current }),
            },
            Err(other) => Err(other),
        }
    }
}
