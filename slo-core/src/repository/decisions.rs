//! Where decisions are kept.

use async_trait::async_trait;
use jiff::Timestamp;

use super::RepositoryError;
use crate::decision::{Decision, DecisionId, DecisionRecord, Override};
use crate::name::Name;
use crate::policy::Verdict;

/// Which decisions of a list are wanted; members that are set must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// About this objective, among others or alone.
    pub objective: Option<Name>,
    /// With this verdict, as it was decided: overrides do not matter.
    pub verdict: Option<Verdict>,
    /// Made at this instant or later.
    pub from: Option<Timestamp>,
    /// Made before this instant.
    pub to: Option<Timestamp>,
}

impl DecisionFilter {
    /// Whether a decision is wanted.
    #[must_use]
    pub fn matches(&self, decision: &Decision) -> bool {
        let made = decision.decided.at;
        self.objective.as_ref().is_none_or(|objective| decision.concerns(objective))
            && self.verdict.is_none_or(|verdict| decision.judgement.verdict == verdict)
            && self.from.is_none_or(|from| made >= from)
            && self.to.is_none_or(|to| made < to)
    }
}

/// Part of a list of decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionPage {
    /// Newest first, with their overrides.
    pub items: Vec<DecisionRecord>,
    /// The decision before which the next page begins; `None` when there is none.
    pub next: Option<DecisionId>,
}

/// Keeps decisions, all of them, for ever as they were made, and tells the audit of each in the same step: see
/// [`AuditRepository`](super::AuditRepository).
///
/// The time in a decision's or override's identifier is that of its making, to the millisecond; who breaks this gets
/// lists in another order.
///
/// # Contract
/// 1. **Absent at first**: what was never appended reads as `None` and is in no list.
/// 2. **Read your writes**: after an append returned, `get` answers with the decision, whole and equal, and lists
///    show it.
/// 3. **Never overwritten**: a second append under an identifier succeeds when the content is equal, and changes
///    nothing; otherwise it fails with `Precondition` and changes nothing. Of concurrent ones with different content
///    exactly one succeeds.
/// 4. **Overrides are beside**: an appended override is in `get` and in every list, in the order of identifiers; the
///    decision stays as it is, and so do all others.
/// 5. **Overrides are never overwritten** either, by the rule of decisions. One of a decision that does not exist
///    fails with `Precondition` naming nothing, and is not kept.
/// 6. **Lists**: newest first, by identifier; at most `limit` (1 to [`MAX_PAGE`](super::MAX_PAGE)) a page, those
///    before `before`. Following `next` shows everything once, however much there is and however far apart in time.
///    A page may be shorter than `limit` when what matches is rare; `next` is absent only when nothing is left.
/// 7. **Filters**: a list shows what matches its filter, all of it, and nothing else.
/// 8. **Size**: decisions whose JSON has up to [`MAX_DECISION`](crate::MAX_DECISION) bytes are kept.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DecisionRepository: Send + Sync {
    /// Keeps a decision.
    async fn append(&self, decision: Decision) -> Result<(), RepositoryError>;

    /// Keeps an override of a decision, and answers with all that is then known of it.
    async fn append_override(&self, id: DecisionId, granted: Override) -> Result<DecisionRecord, RepositoryError>;

    /// A decision and its overrides; strongly consistent.
    async fn get(&self, id: DecisionId) -> Result<Option<DecisionRecord>, RepositoryError>;

    /// Some decisions, those before an identifier.
    async fn list(
        &self,
        filter: &DecisionFilter,
        before: Option<DecisionId>,
        limit: usize,
    ) -> Result<DecisionPage, RepositoryError>;
}
