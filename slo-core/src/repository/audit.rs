//! Where it is kept who did what.

use async_trait::async_trait;
use jiff::Timestamp;

use super::RepositoryError;
use crate::audit::{AuditAction, AuditEntry, AuditKind, AuditPlace};
use crate::name::Name;

/// Which entries of the audit are wanted; members that are set must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// What this user did.
    pub user: Option<Name>,
    /// About something of this kind.
    pub kind: Option<AuditKind>,
    /// About something of this name or identifier.
    pub name: Option<Name>,
    /// Of this action.
    pub action: Option<AuditAction>,
    /// Done at this instant or later.
    pub from: Option<Timestamp>,
    /// Done before this instant.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn matches(&self, entry: &AuditEntry) -> bool {
        let at = entry.stamp.at;
        self.user.as_ref().is_none_or(|user| entry.stamp.by.as_ref() == Some(user))
            && self.kind.is_none_or(|kind| entry.kind == kind)
            && self.name.as_ref().is_none_or(|name| entry.name == *name)
            && self.action.is_none_or(|action| entry.action == action)
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
    }
}

/// Part of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// Newest first.
    pub items: Vec<AuditEntry>,
    /// The place before which the next page begins; `None` when there is none.
    pub next: Option<AuditPlace>,
}

/// Shows who did what. Nothing is written through it: whoever keeps definitions and decisions writes the entry in the
/// same atomic step as what it tells of, and nobody changes or removes one.
///
/// # Contract
/// Of a [`Service`](crate::Service), because it is about several of its repositories:
/// 1. **Versions**: after a put or delete of a definition returned, exactly one entry says who, when and what. It stays,
///    whatever becomes of the definition. A delete of what is demanded to be absent leaves none.
/// 2. **Annexes**: the same of an annex with a deed; without one it leaves none.
/// 3. **Decisions**: the same of a decision and of each override; repeated equal ones leave no other.
/// 4. **Refused**: what failed with `Precondition` leaves none; of concurrent writers those who succeeded leave one each.
/// 5. **Lists**: newest first, by [`AuditPlace`]; at most `limit` (1 to [`MAX_PAGE`](super::MAX_PAGE)) a page, those
///    before `before`. Following `next` shows everything once, however much there is. A page may be shorter than `limit`
///    when what matches is rare; `next` is absent only when nothing is left.
/// 6. **Filters**: a list shows what matches its filter, all of it, and nothing else.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditRepository: Send + Sync {
    /// Some entries, those before a place; strongly consistent.
    async fn list(
        &self,
        filter: &AuditFilter,
        before: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, RepositoryError>;
}
