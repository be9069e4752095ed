//! Services whose audit breaks one promise each: wrappers of the one in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use slo_core::testing::audit::{Clause, clauses};
use slo_core::{
    Annexed, AuditAction, AuditEntry, AuditFilter, AuditKind, AuditPage, AuditPlace, AuditRepository, Change, Decision,
    DecisionFilter, DecisionId, DecisionPage, DecisionRecord, DecisionRepository, Deed, DefinitionRepository,
    Exclusion, Filter, Name, Objective, Override, Page, Precondition, RepositoryError, Revision, Service, Stamp,
    Versioned,
};

use super::{Row, judge, keeps};

/// What is wrong with a service.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// There is no entry of these.
    Untold(AuditAction),
    /// There is no entry of this kind.
    KindUntold(AuditKind),
    /// Every version is a new one.
    AllCreated,
    /// Nobody did it.
    Nobody,
    /// Cuts times to the millisecond.
    Cut,
    /// Tells the first revision.
    FirstRevision,
    /// Tells everything twice.
    Twice,
    /// Forgets what is deleted.
    DeletedForgotten,
    /// Tells of what was not there to delete.
    NothingDeleted,
    /// Does not tell of what.
    NoPart,
    /// Tells of annexes without a deed.
    NoDeed,
    /// Keeps the last annex of each version.
    LastAnnex,
    /// Goes on counting in another life.
    Uncounted,
    /// Tells again what is there already.
    Again,
    /// The same of overrides.
    OverrideAgain,
    /// Tells of what was refused.
    RefusedPut,
    RefusedDelete,
    RefusedAnnex,
    RefusedDecision,
    RefusedOverride,
    /// Keeps one entry of each instant and kind.
    OneAnInstant,
    /// Oldest first.
    Forwards,
    /// A page ends with its own last one once more.
    PagesOverlap,
    /// The first page is all.
    OnePage,
    /// More than was asked for.
    LimitIgnored,
    /// In order of second and name.
    Seconds,
    /// Looks at the newest 400.
    LooksOnce,
    /// These are not looked at.
    UserIgnored,
    KindIgnored,
    NameIgnored,
    ActionIgnored,
    /// The end counts.
    EndIncluded,
    /// The start does not count.
    StartExcluded,
}

const TABLE: [(&str, Fault); 45] = [
    ("versions_are_audited", Fault::Untold(AuditAction::Created)),
    ("versions_are_audited", Fault::Untold(AuditAction::Replaced)),
    ("versions_are_audited", Fault::Untold(AuditAction::Deleted)),
    ("versions_are_audited", Fault::KindUntold(AuditKind::Policy)),
    ("versions_are_audited", Fault::KindUntold(AuditKind::Service)),
    ("versions_are_audited", Fault::AllCreated),
    ("versions_are_audited", Fault::Nobody),
    ("versions_are_audited", Fault::Cut),
    ("versions_are_audited", Fault::FirstRevision),
    ("versions_are_audited", Fault::Twice),
    ("versions_are_audited", Fault::DeletedForgotten),
    ("versions_are_audited", Fault::NothingDeleted),
    ("annexes_are_audited", Fault::Untold(AuditAction::ExclusionAdded)),
    ("annexes_are_audited", Fault::Untold(AuditAction::ExclusionDeleted)),
    ("annexes_are_audited", Fault::Untold(AuditAction::TokenCreated)),
    ("annexes_are_audited", Fault::Untold(AuditAction::TokenRevoked)),
    ("annexes_are_audited", Fault::NoPart),
    ("annexes_are_audited", Fault::NoDeed),
    ("annexes_are_audited", Fault::LastAnnex),
    ("annexes_are_audited", Fault::Uncounted),
    ("decisions_are_audited", Fault::Untold(AuditAction::Decided)),
    ("decisions_are_audited", Fault::Untold(AuditAction::Overridden)),
    ("decisions_are_audited", Fault::NoPart),
    ("decisions_are_audited", Fault::Again),
    ("decisions_are_audited", Fault::OverrideAgain),
    ("refused_writes_are_not_audited", Fault::RefusedPut),
    ("refused_writes_are_not_audited", Fault::RefusedDelete),
    ("refused_writes_are_not_audited", Fault::RefusedAnnex),
    ("refused_writes_are_not_audited", Fault::RefusedDecision),
    ("refused_writes_are_not_audited", Fault::RefusedOverride),
    ("races_are_audited_as_won", Fault::RefusedPut),
    ("races_are_audited_as_won", Fault::RefusedAnnex),
    ("races_are_audited_as_won", Fault::OneAnInstant),
    ("audits_are_listed_newest_first", Fault::Forwards),
    ("audits_are_listed_newest_first", Fault::PagesOverlap),
    ("audits_are_listed_newest_first", Fault::OnePage),
    ("audits_are_listed_newest_first", Fault::LimitIgnored),
    ("audits_are_listed_newest_first", Fault::Seconds),
    ("audits_are_complete", Fault::LooksOnce),
    ("audits_are_filtered", Fault::UserIgnored),
    ("audits_are_filtered", Fault::KindIgnored),
    ("audits_are_filtered", Fault::NameIgnored),
    ("audits_are_filtered", Fault::ActionIgnored),
    ("audits_are_filtered", Fault::EndIncluded),
    ("audits_are_filtered", Fault::StartExcluded),
];

#[tokio::test]
async fn each_clause_catches_the_services_that_break_it() {
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
    let inner = Service::in_memory();
    let store = Arc::new(Store { fault, inner: inner.clone(), more: Mutex::default() });
    let service = Service { objectives: store.clone(), decisions: store.clone(), audit: store, ..inner };
    keeps(service, move |service| clause(service)).await
}

/// What is told beside the truth, or left out of it.
struct Store {
    fault: Fault,
    inner: Service,
    more: Mutex<Vec<AuditEntry>>,
}

impl Store {
    /// Tells something that nobody did.
    fn tell(&self, stamp: &Stamp, action: AuditAction) {
        let mut more = self.more.lock().expect("no panic under the lock");
        // None is at the place of another.
        let annexed = 1_000 + u64::try_from(more.len()).expect("few");
        let (kind, name) = (AuditKind::Objective, "fast".parse().expect("a name"));
        let (stamp, revision) = (stamp.clone(), Some(Revision::FIRST));
        more.push(AuditEntry { stamp, action, kind, name, part: None, revision, annexed });
    }

    /// The same, if it was refused and the fault is to tell of that.
    fn judge<T>(&self, fault: Fault, stamp: &Stamp, answer: Result<T, RepositoryError>) -> Result<T, RepositoryError> {
        if answer.is_err() && self.fault == fault {
            self.tell(stamp, AuditAction::Replaced);
        }
        answer
    }

    /// Everything that is shown, newest first.
    async fn shown(&self) -> Result<Vec<AuditEntry>, RepositoryError> {
        let mut all = self.inner.audit.list(&AuditFilter::default(), None, 100_000).await?.items;
        all.extend(self.more.lock().expect("no panic under the lock").clone());
        all.sort_by_key(|entry| std::cmp::Reverse(entry.place()));
        let later: Vec<AuditEntry> = all.clone();
        let gone = |entry: &AuditEntry| {
            let same = |other: &&AuditEntry| other.kind == entry.kind && other.name == entry.name;
            later.iter().find(same).is_some_and(|last| last.action == AuditAction::Deleted)
        };
        match self.fault {
            Fault::Untold(action) => all.retain(|entry| entry.action != action),
            Fault::KindUntold(kind) => all.retain(|entry| entry.kind != kind),
            Fault::Twice => all = all.into_iter().flat_map(|entry| [entry.clone(), entry]).collect(),
            Fault::DeletedForgotten => all.retain(|entry| !gone(entry)),
            Fault::LastAnnex => all.dedup_by_key(|entry| (entry.kind, entry.name.clone(), entry.revision)),
            Fault::OneAnInstant => all.dedup_by_key(|entry| (entry.kind, entry.stamp.at)),
            Fault::LooksOnce => all.truncate(400),
            Fault::Seconds => all.sort_by_key(|entry| {
                std::cmp::Reverse((entry.stamp.at.as_second(), entry.kind.name(), entry.name.clone(), entry.revision))
            }),
            _ => {}
        }
        for entry in &mut all {
            match self.fault {
                Fault::AllCreated if entry.action == AuditAction::Replaced => entry.action = AuditAction::Created,
                Fault::Nobody => entry.stamp.by = None,
                Fault::Cut => {
                    entry.stamp.at = Timestamp::from_millisecond(entry.stamp.at.as_millisecond()).expect("a time");
                }
                Fault::FirstRevision => entry.revision = entry.revision.map(|_| Revision::FIRST),
                Fault::NoPart => entry.part = None,
                Fault::Uncounted => entry.annexed = 0,
                _ => {}
            }
        }
        Ok(all)
    }

    /// The filter that is looked at instead.
    fn filter(&self, filter: &AuditFilter) -> AuditFilter {
        let (mut filter, nanosecond) = (filter.clone(), SignedDuration::from_nanos(1));
        match self.fault {
            Fault::UserIgnored => filter.user = None,
            Fault::KindIgnored => filter.kind = None,
            Fault::NameIgnored => filter.name = None,
            Fault::ActionIgnored => filter.action = None,
            Fault::EndIncluded => filter.to = filter.to.map(|to| to + nanosecond),
            Fault::StartExcluded => filter.from = filter.from.map(|from| from + nanosecond),
            _ => {}
        }
        filter
    }
}

#[async_trait]
impl AuditRepository for Store {
    async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, RepositoryError> {
        let filter = self.filter(filter);
        let mut all = self.shown().await?;
        all.retain(|entry| filter.matches(entry));
        let begin = match &before {
            None => 0,
            Some(before) => all
                .iter()
                .position(|entry| entry.place() == *before)
                .map_or(all.len(), |place| place + usize::from(self.fault != Fault::PagesOverlap)),
        };
        let limit = if self.fault == Fault::LimitIgnored { limit + 1 } else { limit };
        // A place that is not shown, as after a filter or in a test of the place itself.
        let rest = match before {
            Some(before) if begin == all.len() => all.into_iter().filter(|entry| entry.place() < before).collect(),
            _ => all.split_off(begin),
        };
        let mut items: Vec<AuditEntry> = rest.iter().take(limit).cloned().collect();
        let next = items.last().filter(|_| rest.len() > limit).map(AuditEntry::place);
        if self.fault == Fault::Forwards {
            items.reverse();
        }
        Ok(AuditPage { items, next: next.filter(|_| self.fault != Fault::OnePage) })
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
        let answer = self.inner.objectives.put(value, precondition, stamp.clone()).await;
        self.judge(Fault::RefusedPut, &stamp, answer)
    }

    async fn annex(
        &self,
        name: &Name,
        annex: Vec<Exclusion>,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<Objective>, RepositoryError> {
        let stamp = deed.as_ref().map(|deed| deed.stamp.clone());
        let answer = self.inner.objectives.annex(name, annex, seen, deed).await;
        match stamp {
            Some(stamp) => self.judge(Fault::RefusedAnnex, &stamp, answer),
            None => {
                if let (Fault::NoDeed, Ok(version)) = (self.fault, &answer) {
                    self.tell(&version.updated, AuditAction::ExclusionAdded);
                }
                answer
            }
        }
    }

    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError> {
        if self.fault == Fault::NothingDeleted && self.inner.objectives.get(name).await?.is_none() {
            self.tell(&stamp, AuditAction::Deleted);
        }
        let answer = self.inner.objectives.delete(name, precondition, stamp.clone()).await;
        self.judge(Fault::RefusedDelete, &stamp, answer)
    }

    async fn get(&self, name: &Name) -> Result<Option<Versioned<Objective>>, RepositoryError> {
        self.inner.objectives.get(name).await
    }

    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<Objective>>, RepositoryError> {
        self.inner.objectives.list(filter, after, limit).await
    }

    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<Objective>>, RepositoryError> {
        self.inner.objectives.changes(name, before, limit).await
    }
}

#[async_trait]
impl DecisionRepository for Store {
    async fn append(&self, decision: Decision) -> Result<(), RepositoryError> {
        let stamp = decision.decided.clone();
        if self.fault == Fault::Again && self.inner.decisions.get(decision.id).await?.is_some() {
            self.tell(&stamp, AuditAction::Decided);
        }
        let answer = self.inner.decisions.append(decision).await;
        self.judge(Fault::RefusedDecision, &stamp, answer)
    }

    async fn append_override(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, RepositoryError> {
        let stamp = granted.granted.clone();
        let there = self.inner.decisions.get(id).await?.is_some_and(|record| record.overrides.contains(&granted));
        if self.fault == Fault::OverrideAgain && there {
            self.tell(&stamp, AuditAction::Overridden);
        }
        let answer = self.inner.decisions.append_override(id, granted).await;
        self.judge(Fault::RefusedOverride, &stamp, answer)
    }

    async fn get(&self, id: DecisionId) -> Result<Option<DecisionRecord>, RepositoryError> {
        self.inner.decisions.get(id).await
    }

    async fn list(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, RepositoryError> {
        self.inner.decisions.list(filter, before, limit).await
    }
}
