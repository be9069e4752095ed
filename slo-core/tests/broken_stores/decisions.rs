//! Stores of decisions that break one promise each: wrappers of the one in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use slo_core::memory::MemoryDecisions;
use slo_core::testing::decisions::{Clause, clauses};
use slo_core::{
    Decision, DecisionFilter, DecisionId, DecisionPage, DecisionRecord, DecisionRepository, Override, RepositoryError,
    Revision,
};
use tokio::task::yield_now;

use super::{Row, judge, keeps};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Answers with another decision where there is none.
    Guesses,
    /// Lists one that was never appended.
    ListsNothing,
    /// Says that it was kept, and keeps nothing.
    Forgets,
    /// Leaves what is optional out.
    Description,
    /// Is not in lists.
    Unlisted,
    /// Refuses what is already there.
    AgainIsRefused,
    /// Takes anything for what is there.
    AnythingIsEqual,
    /// Looks at the identifier, and writes later.
    WritersRace,
    /// A refusal names nothing.
    CurrentUnnamed,
    /// Overrides are not in lists.
    OverridesUnlisted,
    /// The newest comes first.
    OverridesBackwards,
    /// The override's verdict becomes the decision's.
    OverrideIsVerdict,
    /// One of another decision's is shown too.
    Neighbours,
    /// An override under the same identifier is taken for the same.
    OverrideIsEqual,
    /// One of nothing is accepted.
    OverrideOfNothing,
    /// Keeps the last one only.
    OneOverride,
    /// Oldest first.
    Forwards,
    /// A page ends with its own last one once more.
    PagesOverlap,
    /// The first page is all.
    OnePage,
    /// More than was asked for.
    LimitIgnored,
    /// Cuts off what is older than a year.
    OldAreGone,
    /// Any verdict will do.
    VerdictIgnored,
    /// Looks at the first objective only.
    FirstObjective,
    /// The end counts.
    EndIncluded,
    /// The start does not count.
    StartExcluded,
    /// Cuts times to the millisecond.
    Milliseconds,
    /// Keeps 200 KB.
    SizeLimited,
}

const TABLE: [(&str, Fault); 28] = [
    ("decisions_begin_absent", Fault::Guesses),
    ("decisions_begin_absent", Fault::ListsNothing),
    ("decisions_are_read_as_written", Fault::Forgets),
    ("decisions_are_read_as_written", Fault::Description),
    ("decisions_are_read_as_written", Fault::Unlisted),
    ("decisions_are_never_overwritten", Fault::AgainIsRefused),
    ("decisions_are_never_overwritten", Fault::AnythingIsEqual),
    ("decisions_are_never_overwritten", Fault::WritersRace),
    ("decisions_are_never_overwritten", Fault::CurrentUnnamed),
    ("overrides_are_beside_their_decisions", Fault::OverridesUnlisted),
    ("overrides_are_beside_their_decisions", Fault::OverridesBackwards),
    ("overrides_are_beside_their_decisions", Fault::OverrideIsVerdict),
    ("overrides_are_beside_their_decisions", Fault::Neighbours),
    ("overrides_are_beside_their_decisions", Fault::OneOverride),
    ("overrides_are_never_overwritten", Fault::OverrideIsEqual),
    ("overrides_are_never_overwritten", Fault::OverrideOfNothing),
    ("overrides_are_never_overwritten", Fault::OneOverride),
    ("decisions_are_listed_newest_first", Fault::Forwards),
    ("decisions_are_listed_newest_first", Fault::PagesOverlap),
    ("decisions_are_listed_newest_first", Fault::OnePage),
    ("decisions_are_listed_newest_first", Fault::LimitIgnored),
    ("decisions_are_listed_newest_first", Fault::OldAreGone),
    ("decisions_are_filtered", Fault::VerdictIgnored),
    ("decisions_are_filtered", Fault::FirstObjective),
    ("decisions_are_filtered", Fault::EndIncluded),
    ("decisions_are_filtered", Fault::StartExcluded),
    ("decisions_are_filtered", Fault::Milliseconds),
    ("the_largest_decisions_are_kept", Fault::SizeLimited),
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
    keeps(Store { fault, inner: Mutex::default() }, move |store| clause(store)).await
}

/// All records, which a fault may replace.
struct Store {
    fault: Fault,
    inner: Mutex<Arc<MemoryDecisions>>,
}

/// There is something else under that identifier.
const TAKEN: RepositoryError = RepositoryError::Precondition { current: Some(Revision::FIRST) };

impl Store {
    fn inner(&self) -> Arc<MemoryDecisions> {
        self.inner.lock().expect("no panic under the lock").clone()
    }

    /// Everything there is, newest first.
    async fn all(&self) -> Result<Vec<DecisionRecord>, RepositoryError> {
        Ok(self.inner().list(&DecisionFilter::default(), None, 10_000).await?.items)
    }

    /// Changes a record behind the back of the store in memory.
    async fn change(&self, id: DecisionId, change: impl Fn(&mut DecisionRecord)) -> Result<(), RepositoryError> {
        let fresh = MemoryDecisions::default();
        for mut record in self.all().await? {
            if record.decision.id == id {
                change(&mut record);
            }
            let own = record.decision.id;
            fresh.append(record.decision).await?;
            for granted in record.overrides {
                fresh.append_override(own, granted).await?;
            }
        }
        *self.inner.lock().expect("no panic under the lock") = Arc::new(fresh);
        Ok(())
    }

    fn shown(&self, mut record: DecisionRecord) -> DecisionRecord {
        match self.fault {
            Fault::OverridesBackwards => record.overrides.reverse(),
            Fault::OneOverride => drop(record.overrides.drain(..record.overrides.len().saturating_sub(1))),
            Fault::OverrideIsVerdict => {
                if let Some(last) = record.overrides.last() {
                    record.decision.judgement.verdict = last.verdict;
                    record.decision.judgement.reasons.clear();
                }
            }
            _ => {}
        }
        record
    }

    /// The filter that is looked at instead, and what is left out of its answer.
    fn filter(&self, filter: &DecisionFilter) -> DecisionFilter {
        let mut filter = filter.clone();
        let nanosecond = jiff::SignedDuration::from_nanos(1);
        match self.fault {
            Fault::VerdictIgnored => filter.verdict = None,
            Fault::EndIncluded => filter.to = filter.to.map(|to| to + nanosecond),
            Fault::StartExcluded => filter.from = filter.from.map(|from| from + nanosecond),
            Fault::Milliseconds => {
                let cut = |at: jiff::Timestamp| jiff::Timestamp::from_millisecond(at.as_millisecond()).expect("a time");
                (filter.from, filter.to) = (filter.from.map(cut), filter.to.map(cut));
            }
            _ => {}
        }
        filter
    }
}

#[async_trait]
impl DecisionRepository for Store {
    async fn append(&self, mut decision: Decision) -> Result<(), RepositoryError> {
        let there = self.inner().get(decision.id).await?;
        match self.fault {
            Fault::Forgets => return Ok(()),
            Fault::Description => decision.change.description = None,
            Fault::AgainIsRefused if there.is_some() => return Err(TAKEN),
            Fault::AnythingIsEqual if there.is_some() => return Ok(()),
            Fault::SizeLimited => decision.evidence.iter_mut().for_each(|seen| seen.incidents.truncate(1_000)),
            Fault::WritersRace if there.is_none() => {
                yield_now().await;
                if self.inner().get(decision.id).await?.is_some() {
                    return self.change(decision.id, |record| record.decision = decision.clone()).await;
                }
            }
            _ => {}
        }
        match self.inner().append(decision).await {
            Err(RepositoryError::Precondition { .. }) if self.fault == Fault::CurrentUnnamed => {
                Err(RepositoryError::Precondition { current: None })
            }
            other => other,
        }
    }

    async fn append_override(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, RepositoryError> {
        let Some(record) = self.inner().get(id).await? else {
            let made = slo_core::testing::decision(1);
            return match self.fault {
                Fault::OverrideOfNothing => Ok(DecisionRecord { decision: made, overrides: vec![granted] }),
                _ => Err(RepositoryError::Precondition { current: None }),
            };
        };
        let again = record.overrides.iter().any(|other| other.id == granted.id);
        if again && self.fault == Fault::OverrideIsEqual {
            return Ok(record);
        }
        Ok(self.shown(self.inner().append_override(id, granted).await?))
    }

    async fn get(&self, id: DecisionId) -> Result<Option<DecisionRecord>, RepositoryError> {
        let mut found = self.inner().get(id).await?;
        match self.fault {
            Fault::Guesses if found.is_none() => found = self.all().await?.into_iter().next(),
            Fault::Neighbours => {
                let others = self.all().await?.into_iter().flat_map(|record| record.overrides).collect();
                found = found.map(|record| DecisionRecord { overrides: others, ..record });
            }
            _ => {}
        }
        Ok(found.map(|record| self.shown(record)))
    }

    async fn list(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, RepositoryError> {
        let limit = if self.fault == Fault::LimitIgnored { limit + 1 } else { limit };
        let mut page = self.inner().list(&self.filter(filter), before, limit).await?;
        page.items = page.items.into_iter().map(|record| self.shown(record)).collect();
        match self.fault {
            Fault::ListsNothing => {
                page.items.push(DecisionRecord { decision: slo_core::testing::decision(1), overrides: Vec::new() })
            }
            Fault::Unlisted => page.items.clear(),
            Fault::OverridesUnlisted => page.items.iter_mut().for_each(|record| record.overrides.clear()),
            Fault::Forwards => page.items.reverse(),
            Fault::OnePage => page.next = None,
            Fault::PagesOverlap => {
                if let Some(before) = before
                    && let Some(last) = self.inner().get(before).await?
                {
                    page.items.insert(0, last);
                    page.items.truncate(limit);
                }
            }
            Fault::OldAreGone => {
                let year: jiff::Timestamp = "2025-11-20T00:00:00Z".parse().expect("a time");
                page.items.retain(|record| record.decision.decided.at > year);
            }
            Fault::FirstObjective => {
                let wanted = filter.objective.as_ref();
                let first = |record: &DecisionRecord| {
                    wanted.is_none_or(|wanted| record.decision.evidence[0].objective == *wanted)
                };
                page.items.retain(first);
            }
            _ => {}
        }
        Ok(page)
    }
}
