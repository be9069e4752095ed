//! Stores of definitions that break one promise each: wrappers of the one in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{RoundMode, TimestampRound, Unit};
use slo_core::memory::MemoryDefinitions;
use slo_core::testing::definitions::{Clause, clauses};
use slo_core::{
    Annexed, Change, Deed, Definition, DefinitionRepository, Filter, Name, Objective, Page, Precondition,
    RepositoryError, Revision, Stamp, Versioned,
};

use super::{Row, annexes, judge, keeps};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Creating what exists replaces it.
    CreationReplaces,
    /// Looks whether the name is free, and writes later.
    CreatorsRace,
    /// A refusal does not say what there is.
    CurrentUnnamed,
    /// Any revision is the right one.
    RevisionIgnored,
    /// Looks at the revision, and writes later.
    ReplacersRace,
    /// A replacement begins a life.
    BornMoves,
    /// A replacement counts two.
    RevisionSkipped,
    /// A refused write is in the history.
    RefusalsRecorded,
    /// `get` is one write behind.
    ReadsBehind,
    /// Keeps milliseconds.
    TimesRounded,
    /// Deletes whatever the precondition.
    DeletionUnconditional,
    /// `get` goes on answering.
    DeletedAnswered,
    /// Lists go on showing.
    DeletedListed,
    /// Looks at the revision, and deletes later.
    DeletersRace,
    /// A name created again begins at revision 1.
    RevisionsRestart,
    /// A name created again goes on with its first life.
    LifeGoesOn,
    /// `changes` begins with the oldest.
    OldestFirst,
    /// Every version says what the last one does.
    HistoryRewritten,
    /// Deletions leave no trace.
    DeletionsUnrecorded,
    /// `changes` knows the present life only.
    HistoryOfOneLife,
    /// `changes` ends after a page.
    HistoryOfOnePage,
    /// `changes` answers up to and with `before`.
    BeforeIncluded,
    /// In order of their first writing.
    ListedByAge,
    /// There is always more.
    NextAlways,
    /// A page begins with the last of the page before.
    PagesOverlap,
    /// More than `limit` on a page.
    LimitIgnored,
    /// Ends at 1 MB.
    ListOfOneMegabyte,
    /// Lists are one write behind.
    ListsBehind,
    /// The first owner is the owner.
    FirstOwnerOnly,
    /// Labels are not looked at.
    LabelIgnored,
    /// One member of the filter is enough.
    AnyMember,
    /// Finds by what a definition said once.
    FoundByOldVersions,
    /// Filters what a page of everything holds, and takes a short page for the last.
    FilteredAfterLimit,
    /// Filters the first megabyte.
    FilteredMegabyte,
}

const TABLE: [(&str, Fault); 38] = [
    ("created_once", Fault::CreationReplaces),
    ("created_once", Fault::CreatorsRace),
    ("created_once", Fault::CurrentUnnamed),
    ("replaced_under_its_revision", Fault::RevisionIgnored),
    ("replaced_under_its_revision", Fault::ReplacersRace),
    ("replaced_under_its_revision", Fault::BornMoves),
    ("replaced_under_its_revision", Fault::RevisionSkipped),
    ("replaced_under_its_revision", Fault::RefusalsRecorded),
    ("writes_are_read", Fault::ReadsBehind),
    ("writes_are_read", Fault::TimesRounded),
    ("deleted_is_gone", Fault::DeletionUnconditional),
    ("deleted_is_gone", Fault::DeletedAnswered),
    ("deleted_is_gone", Fault::DeletedListed),
    ("deleted_is_gone", Fault::DeletersRace),
    ("revisions_go_on_after_deletion", Fault::RevisionsRestart),
    ("revisions_go_on_after_deletion", Fault::LifeGoesOn),
    ("history_is_complete_and_fixed", Fault::OldestFirst),
    ("history_is_complete_and_fixed", Fault::HistoryRewritten),
    ("history_is_complete_and_fixed", Fault::DeletionsUnrecorded),
    ("history_is_complete_and_fixed", Fault::HistoryOfOneLife),
    ("history_is_complete_and_fixed", Fault::HistoryOfOnePage),
    ("history_is_complete_and_fixed", Fault::BeforeIncluded),
    ("lists_are_ordered_and_complete", Fault::ListedByAge),
    ("lists_are_ordered_and_complete", Fault::NextAlways),
    ("lists_are_ordered_and_complete", Fault::PagesOverlap),
    ("lists_are_ordered_and_complete", Fault::LimitIgnored),
    ("lists_are_ordered_and_complete", Fault::ListOfOneMegabyte),
    ("lists_are_ordered_and_complete", Fault::ListsBehind),
    ("filters_show_what_matches", Fault::FirstOwnerOnly),
    ("filters_show_what_matches", Fault::LabelIgnored),
    ("filters_show_what_matches", Fault::AnyMember),
    ("filters_show_what_matches", Fault::FoundByOldVersions),
    ("filters_show_what_matches", Fault::FilteredAfterLimit),
    ("filters_show_what_matches", Fault::FilteredMegabyte),
    ("filters_show_what_matches", Fault::DeletedListed),
    ("annexes_are_beside_their_definitions", Fault::ReadsBehind),
    ("annexes_are_beside_their_definitions", Fault::ListsBehind),
    ("annexes_are_written_as_seen", Fault::CurrentUnnamed),
];

#[tokio::test]
async fn every_clause_catches_its_broken_stores() {
    let clauses = clauses::<Objective>();
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
    rows.extend(annexes::rows(&clauses).await);
    judge(&clauses.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &rows);
}

async fn passes(clause: Clause<Objective>, fault: Fault) -> bool {
    keeps(Store::new(fault), move |store| clause(store)).await
}

const MEGABYTE: usize = 1_000_000;

struct Store<D: Definition> {
    fault: Fault,
    inner: MemoryDefinitions<D>,
    notes: Mutex<Notes<D>>,
}

/// What some faults need to go wrong with.
struct Notes<D: Definition> {
    /// Each name's version before its last write.
    before: BTreeMap<Name, Versioned<D>>,
    /// All versions before the last write.
    list_before: Vec<Versioned<D>>,
    /// Names in order of their first writing.
    order: Vec<Name>,
    /// What was refused.
    refusals: Vec<Change<D>>,
}

impl<D: Definition> Store<D> {
    fn new(fault: Fault) -> Self {
        let notes = Notes { before: BTreeMap::new(), list_before: vec![], order: vec![], refusals: vec![] };
        Self { fault, inner: MemoryDefinitions::default(), notes: Mutex::new(notes) }
    }

    async fn everything(&self) -> Vec<Versioned<D>> {
        self.inner.list(&Filter::default(), None, usize::MAX).await.expect("memory answers").items
    }

    /// Notes how things are before a write, and says which precondition to write under.
    async fn begin(&self, name: &Name, demanded: Precondition) -> Result<Precondition, RepositoryError> {
        let current = self.inner.get(name).await?;
        let list_before = self.everything().await;
        {
            let mut notes = self.notes.lock().expect("no panic under the lock");
            if !notes.order.contains(name) {
                notes.order.push(name.clone());
            }
            notes.list_before = list_before;
            if let Some(current) = &current {
                notes.before.insert(name.clone(), current.clone());
            }
        }
        let revision = current.as_ref().map(|current| current.revision);
        // The first life's revisions are the right ones anyway.
        let demanded = match (self.fault, demanded, &current) {
            (Fault::RevisionsRestart, Precondition::Revision(r), Some(c)) => {
                Precondition::Revision(Revision::new(r.get() + c.born.get() - 1).expect("above zero"))
            }
            _ => demanded,
        };
        let present = if revision.is_some() { Precondition::Present } else { Precondition::Absent };
        let races = match demanded {
            Precondition::Absent => self.fault == Fault::CreatorsRace,
            Precondition::Revision(_) => self.fault == Fault::ReplacersRace,
            Precondition::Present => false,
        };
        if races && demanded.holds(revision) {
            tokio::task::yield_now().await;
            let there = self.inner.get(name).await?.is_some();
            return Ok(if there { Precondition::Present } else { Precondition::Absent });
        }
        Ok(match (self.fault, demanded) {
            (Fault::CreationReplaces, Precondition::Absent) => present,
            (Fault::RevisionIgnored, Precondition::Revision(_)) => Precondition::Present,
            _ => demanded,
        })
    }

    /// What is said of a version instead of the truth.
    fn said(&self, version: Versioned<D>) -> Versioned<D> {
        match self.fault {
            Fault::BornMoves => Versioned { born: version.revision, ..version },
            Fault::LifeGoesOn => Versioned { born: Revision::FIRST, ..version },
            Fault::RevisionsRestart => {
                let since = version.revision.get() - version.born.get() + 1;
                let revision = Revision::new(since).expect("above zero");
                Versioned { revision, born: Revision::FIRST, ..version }
            }
            _ => version,
        }
    }

    fn refusal(&self, error: RepositoryError) -> RepositoryError {
        match error {
            RepositoryError::Precondition { .. } if self.fault == Fault::CurrentUnnamed => {
                RepositoryError::Precondition { current: None }
            }
            other => other,
        }
    }

    fn matches(&self, filter: &Filter, value: &D) -> bool {
        let alone = |only: Filter| only != Filter::default() && only.matches(value);
        match self.fault {
            Fault::FirstOwnerOnly => {
                let first = filter.owner.as_ref().is_none_or(|owner| value.owners().first() == Some(owner));
                first && filter.matches(value)
            }
            Fault::LabelIgnored => Filter { label: None, ..filter.clone() }.matches(value),
            Fault::AnyMember => {
                *filter == Filter::default()
                    || alone(Filter { service: filter.service.clone(), ..Filter::default() })
                    || alone(Filter { owner: filter.owner.clone(), ..Filter::default() })
                    || alone(Filter { label: filter.label.clone(), ..Filter::default() })
                    || alone(Filter { indicator: filter.indicator.clone(), ..Filter::default() })
            }
            _ => filter.matches(value),
        }
    }

    async fn found(&self, filter: &Filter, version: &Versioned<D>) -> bool {
        let old = self.inner.changes(version.value.name(), None, usize::MAX).await.expect("memory answers");
        let old =
            old.iter().filter_map(|change| change.value.as_ref()).filter(|_| self.fault == Fault::FoundByOldVersions);
        self.matches(filter, &version.value) || old.into_iter().any(|value| filter.matches(value))
    }
}

/// As many as fit into a megabyte of JSON.
fn megabyte<T: serde::Serialize>(items: &[T]) -> usize {
    let mut size = 0;
    let fits = |item: &&T| {
        size += serde_json::to_string(item).expect("json").len();
        size <= MEGABYTE
    };
    items.iter().take_while(fits).count()
}

#[async_trait]
impl<D: Definition> DefinitionRepository<D> for Store<D> {
    async fn put(&self, value: D, precondition: Precondition, stamp: Stamp) -> Result<Versioned<D>, RepositoryError> {
        let name = value.name().clone();
        let demanded = self.begin(&name, precondition).await?;
        match self.inner.put(value.clone(), demanded, stamp.clone()).await {
            Ok(stored) if self.fault == Fault::RevisionSkipped && stored.born != stored.revision => {
                Ok(self.said(self.inner.put(value, Precondition::Present, stamp).await?))
            }
            Ok(stored) => Ok(self.said(stored)),
            Err(error) => {
                let mut notes = self.notes.lock().expect("no panic under the lock");
                notes.refusals.push(Change { revision: Revision::FIRST, stamp, value: Some(value) });
                Err(self.refusal(error))
            }
        }
    }

    async fn annex(
        &self,
        name: &Name,
        annex: D::Annex,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<D>, RepositoryError> {
        self.begin(name, Precondition::Present).await?;
        match self.inner.annex(name, annex, seen, deed).await {
            Ok(written) => Ok(self.said(written)),
            Err(error) => Err(self.refusal(error)),
        }
    }

    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError> {
        let demanded = self.begin(name, precondition).await?;
        let demanded = match self.fault {
            Fault::DeletionUnconditional => Precondition::Present,
            Fault::DeletersRace if demanded.holds(self.inner.get(name).await?.map(|c| c.revision)) => {
                tokio::task::yield_now().await;
                return match self.inner.delete(name, Precondition::Present, stamp).await {
                    // Somebody was faster; it is gone all the same.
                    Err(RepositoryError::Precondition { .. }) => Ok(()),
                    other => other,
                };
            }
            _ => demanded,
        };
        self.inner.delete(name, demanded, stamp).await.map_err(|error| self.refusal(error))
    }

    async fn get(&self, name: &Name) -> Result<Option<Versioned<D>>, RepositoryError> {
        let current = self.inner.get(name).await?;
        let before = self.notes.lock().expect("no panic under the lock").before.get(name).cloned();
        let mut got = match self.fault {
            Fault::ReadsBehind => before,
            Fault::DeletedAnswered => current.or(before),
            _ => current,
        };
        if let (Fault::TimesRounded, Some(version)) = (self.fault, &mut got) {
            let milliseconds = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Floor);
            version.updated.at = version.updated.at.round(milliseconds).expect("milliseconds divide a second");
        }
        Ok(got.map(|version| self.said(version)))
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<D>>, RepositoryError> {
        let mut all = self.everything().await;
        let order = {
            let notes = self.notes.lock().expect("no panic under the lock");
            if self.fault == Fault::ListsBehind {
                all.clone_from(&notes.list_before);
            }
            if self.fault == Fault::DeletedListed {
                let there: Vec<Name> = all.iter().map(|version| version.value.name().clone()).collect();
                all.extend(notes.before.iter().filter(|(name, _)| !there.contains(name)).map(|(_, v)| v.clone()));
                all.sort_by(|a, b| a.value.name().cmp(b.value.name()));
            }
            notes.order.clone()
        };
        let age = |name: &Name| order.iter().position(|n| n == name);
        let after = after.as_ref();
        if self.fault == Fault::ListedByAge {
            all.sort_by_key(|version| age(version.value.name()));
        }
        all.retain(|version| {
            let name = version.value.name();
            match self.fault {
                Fault::ListedByAge => after.is_none_or(|after| age(name) > age(after)),
                Fault::PagesOverlap => after.is_none_or(|after| name >= after),
                _ => after.is_none_or(|after| name > after),
            }
        });
        match self.fault {
            Fault::FilteredAfterLimit => all.truncate(limit),
            Fault::FilteredMegabyte if *filter != Filter::default() => all.truncate(megabyte(&all)),
            _ => {}
        }
        let mut items = Vec::new();
        for version in all {
            if self.found(filter, &version).await {
                items.push(self.said(version));
            }
        }
        let mut more = items.len() > limit;
        if self.fault == Fault::ListOfOneMegabyte && megabyte(&items) < limit.min(items.len()) {
            items.truncate(megabyte(&items));
            more = false;
        }
        if self.fault != Fault::LimitIgnored {
            items.truncate(limit);
        }
        more |= self.fault == Fault::NextAlways;
        let next = items.last().filter(|_| more).map(|last| last.value.name().clone());
        Ok(Page { items, next })
    }

    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<D>>, RepositoryError> {
        let before = if self.fault == Fault::BeforeIncluded { before.map(Revision::next) } else { before };
        let mut changes = self.inner.changes(name, before, usize::MAX).await?;
        let current = self.inner.get(name).await?;
        match self.fault {
            Fault::OldestFirst => changes.reverse(),
            Fault::HistoryRewritten => {
                for change in changes.iter_mut().filter(|change| change.value.is_some()) {
                    change.value = current.as_ref().map(|current| current.value.clone());
                }
            }
            Fault::DeletionsUnrecorded => changes.retain(|change| change.value.is_some()),
            Fault::HistoryOfOneLife => {
                changes.retain(|change| current.as_ref().is_none_or(|current| change.revision >= current.born));
            }
            Fault::HistoryOfOnePage => changes.truncate(megabyte(&changes)),
            Fault::RefusalsRecorded => {
                changes.extend(self.notes.lock().expect("no panic under the lock").refusals.iter().cloned());
            }
            _ => {}
        }
        changes.truncate(limit);
        Ok(changes)
    }
}
