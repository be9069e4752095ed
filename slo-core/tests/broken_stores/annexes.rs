//! Stores of definitions that break one promise about the annex each: wrappers of the one in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::ToSpan as _;
use slo_core::memory::MemoryDefinitions;
use slo_core::testing::definitions::Clause;
use slo_core::{
    Annexed, Change, Deed, Definition, DefinitionRepository, Exclusion, Filter, Name, Objective, Page, Precondition,
    RepositoryError, Revision, Stamp, Versioned,
};
use tokio::task::yield_now;

use super::{Row, keeps};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Lists do not show it.
    Unlisted,
    /// Lists of a further owner do not show it.
    ListedForFirstOwner,
    /// Writing it makes a version.
    MakesVersion,
    /// Writing it moves `updated`.
    MovesUpdated,
    /// Writing it adds a line to the history.
    Recorded,
    /// Writing it is not counted.
    Uncounted,
    /// An empty one is not written.
    NeverEmptied,
    /// A version begins without it.
    LostByVersion,
    /// A name created again still has it.
    OutlivesLife,
    /// A name created again begins with the last count.
    CountGoesOn,
    /// Is written whatever was seen.
    StateIgnored,
    /// Is written whatever life was seen.
    LifeIgnored,
    /// Is written although it is refused.
    RefusedIsWritten,
    /// Is refused once there is another version.
    VersionsRefuse,
    /// Looks at the state, and writes later.
    WritersRace,
    /// A put writes the annex that it read before.
    PutLosesAnnex,
    /// Writes the definition that it read before.
    AnnexLosesPut,
    /// Writes the definition that it read before, although it was deleted.
    BringsBack,
    /// Keeps 64 KB.
    SizeLimited,
}

const TABLE: [(&str, Fault); 19] = [
    ("annexes_are_beside_their_definitions", Fault::Unlisted),
    ("annexes_are_beside_their_definitions", Fault::ListedForFirstOwner),
    ("annexes_are_beside_their_definitions", Fault::MakesVersion),
    ("annexes_are_beside_their_definitions", Fault::MovesUpdated),
    ("annexes_are_beside_their_definitions", Fault::Recorded),
    ("annexes_are_beside_their_definitions", Fault::Uncounted),
    ("annexes_are_beside_their_definitions", Fault::NeverEmptied),
    ("annexes_last_as_long_as_a_life", Fault::LostByVersion),
    ("annexes_last_as_long_as_a_life", Fault::OutlivesLife),
    ("annexes_last_as_long_as_a_life", Fault::CountGoesOn),
    ("annexes_are_written_as_seen", Fault::StateIgnored),
    ("annexes_are_written_as_seen", Fault::LifeIgnored),
    ("annexes_are_written_as_seen", Fault::RefusedIsWritten),
    ("annexes_are_written_as_seen", Fault::VersionsRefuse),
    ("concurrent_annexes_lose_nothing", Fault::WritersRace),
    ("concurrent_annexes_lose_nothing", Fault::PutLosesAnnex),
    ("concurrent_annexes_lose_nothing", Fault::AnnexLosesPut),
    ("concurrent_annexes_lose_nothing", Fault::BringsBack),
    ("the_largest_annex_is_kept", Fault::SizeLimited),
];

/// What the clauses say of each broken store.
pub(crate) async fn rows(clauses: &[(&'static str, Clause<Objective>)]) -> Vec<Row> {
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
    rows
}

async fn passes(clause: Clause<Objective>, fault: Fault) -> bool {
    let store = Store { fault, inner: MemoryDefinitions::default(), last: Mutex::default() };
    keeps(store, move |store| clause(store)).await
}

struct Store {
    fault: Fault,
    inner: MemoryDefinitions<Objective>,
    /// The last annex of each name.
    last: Mutex<BTreeMap<Name, Vec<Exclusion>>>,
}

impl Store {
    /// What is said of a version instead of the truth.
    fn said(&self, version: Versioned<Objective>) -> Versioned<Objective> {
        match self.fault {
            Fault::MovesUpdated if version.annexed > 0 => {
                let updated = Stamp { at: version.updated.at + 1.second(), ..version.updated };
                Versioned { updated, ..version }
            }
            Fault::Uncounted => Versioned { annexed: 0, ..version },
            Fault::CountGoesOn => Versioned { annexed: version.annexed + version.born.get() - 1, ..version },
            _ => version,
        }
    }

    /// The state to write in, instead of the one that was seen.
    async fn state(&self, current: &Versioned<Objective>, seen: Annexed) -> Result<Annexed, RepositoryError> {
        let as_seen = current.seen() == seen;
        let name = current.value.name();
        let again = async |demanded| self.inner.put(current.value.clone(), demanded, current.updated.clone()).await;
        Ok(match self.fault {
            Fault::StateIgnored => current.seen(),
            Fault::LifeIgnored => Annexed { born: current.born, ..seen },
            Fault::VersionsRefuse if current.revision != current.born => Annexed { annexed: u64::MAX, ..seen },
            Fault::MakesVersion if as_seen => again(Precondition::Present).await?.seen(),
            Fault::WritersRace if as_seen => {
                yield_now().await;
                self.inner.get(name).await?.map_or(seen, |now| now.seen())
            }
            Fault::AnnexLosesPut if as_seen => {
                yield_now().await;
                if self.inner.get(name).await?.is_some_and(|now| now.revision != current.revision) {
                    again(Precondition::Present).await?;
                }
                seen
            }
            Fault::BringsBack if as_seen => {
                yield_now().await;
                match self.inner.get(name).await? {
                    None => again(Precondition::Absent).await?.seen(),
                    Some(_) => seen,
                }
            }
            _ => seen,
        })
    }
}

#[async_trait]
impl DefinitionRepository<Objective> for Store {
    async fn put(
        &self,
        value: Objective,
        precondition: Precondition,
        stamp: Stamp,
    ) -> Result<Versioned<Objective>, RepositoryError> {
        let name = value.name.clone();
        let before = self.inner.get(&name).await?;
        if self.fault == Fault::PutLosesAnnex {
            yield_now().await;
        }
        let stored = self.inner.put(value, precondition, stamp).await?;
        let last = self.last.lock().expect("no panic under the lock").get(&name).cloned();
        let annex = match (self.fault, before) {
            (Fault::PutLosesAnnex, Some(before)) if before.seen() != stored.seen() => Some(before.annex),
            (Fault::LostByVersion, Some(before)) if before.annexed > 0 => Some(Vec::new()),
            (Fault::OutlivesLife, None) => last,
            _ => None,
        };
        Ok(self.said(match annex {
            Some(annex) => self.inner.annex(&name, annex, stored.seen(), None).await?,
            None => stored,
        }))
    }

    async fn annex(
        &self,
        name: &Name,
        annex: Vec<Exclusion>,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<Objective>, RepositoryError> {
        let Some(current) = self.inner.get(name).await? else {
            return self.inner.annex(name, annex, seen, deed).await;
        };
        let seen = self.state(&current, seen).await?;
        let size = serde_json::to_string(&annex).expect("json").len();
        let annex = match self.fault {
            Fault::SizeLimited if size > 65_536 => Vec::new(),
            Fault::NeverEmptied if annex.is_empty() => current.annex.clone(),
            _ => annex,
        };
        if self.fault == Fault::RefusedIsWritten && current.seen() != seen {
            self.inner.annex(name, annex.clone(), current.seen(), None).await?;
        }
        let written = self.inner.annex(name, annex.clone(), seen, deed).await?;
        self.last.lock().expect("no panic under the lock").insert(name.clone(), annex);
        Ok(self.said(written))
    }

    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError> {
        self.inner.delete(name, precondition, stamp).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Versioned<Objective>>, RepositoryError> {
        Ok(self.inner.get(name).await?.map(|version| self.said(version)))
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<Objective>>, RepositoryError> {
        let Page { items, next } = self.inner.list(filter, after, limit).await?;
        let shown = |version: Versioned<Objective>| {
            let first = filter.owner.is_none() || filter.owner.as_ref() == version.value.owners.first();
            match self.fault {
                Fault::Unlisted => Versioned { annex: Vec::new(), ..version },
                Fault::ListedForFirstOwner if !first => Versioned { annex: Vec::new(), ..version },
                _ => self.said(version),
            }
        };
        Ok(Page { items: items.into_iter().map(shown).collect(), next })
    }

    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<Objective>>, RepositoryError> {
        let mut changes = self.inner.changes(name, before, limit).await?;
        let annexed = self.inner.get(name).await?.is_some_and(|version| version.annexed > 0);
        if self.fault == Fault::Recorded && annexed {
            changes.insert(0, changes[0].clone());
        }
        Ok(changes)
    }
}
