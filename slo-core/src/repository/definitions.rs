//! Where definitions are kept.

use std::fmt;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RepositoryError;
use crate::audit::Deed;
use crate::exclusion::Exclusion;
use crate::indicator::Indicator;
use crate::name::Name;
use crate::objective::Objective;
use crate::policy::Policy;
use crate::revision::{Annexed, Change, Precondition, Revision, Stamp, Versioned};
use crate::service_profile::ServiceProfile;
use crate::token::Token;
use crate::user::User;

/// The most items of one page.
pub const MAX_PAGE: usize = 200;

/// What is defined by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An [`Indicator`].
    Indicator,
    /// An [`Objective`].
    Objective,
    /// A [`User`].
    User,
    /// The [`Policy`].
    Policy,
    /// A [`ServiceProfile`].
    Service,
}

impl Kind {
    /// In the singular, lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Indicator => "indicator",
            Self::Objective => "objective",
            Self::User => "user",
            Self::Policy => "policy",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a store must know of a definition to find it again.
pub trait Definition: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is.
    const KIND: Kind;
    /// What is kept beside it for as long as a life of it lasts, whatever the version; `()` is nothing.
    type Annex: Clone + fmt::Debug + Default + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Its identifier.
    fn name(&self) -> &Name;
    /// The service it belongs to.
    fn service(&self) -> Option<&Name> {
        None
    }
    /// The users who answer for it.
    fn owners(&self) -> &[Name] {
        &[]
    }
    /// Whether it carries a label.
    fn has_label(&self, _key: &str, _value: &str) -> bool {
        false
    }
    /// The indicator it is measured by.
    fn indicator(&self) -> Option<&Name> {
        None
    }
}

impl Definition for Indicator {
    const KIND: Kind = Kind::Indicator;
    type Annex = ();

    fn name(&self) -> &Name {
        &self.name
    }

    fn service(&self) -> Option<&Name> {
        Some(&self.service)
    }

    fn owners(&self) -> &[Name] {
        self.owner.as_slice()
    }

    fn has_label(&self, key: &str, value: &str) -> bool {
        self.labels.has(key, value)
    }
}

impl Definition for Objective {
    const KIND: Kind = Kind::Objective;
    /// Its exclusions, in order of their making.
    type Annex = Vec<Exclusion>;

    fn name(&self) -> &Name {
        &self.name
    }

    fn service(&self) -> Option<&Name> {
        Some(&self.service)
    }

    fn owners(&self) -> &[Name] {
        &self.owners
    }

    fn has_label(&self, key: &str, value: &str) -> bool {
        self.labels.has(key, value)
    }

    fn indicator(&self) -> Option<&Name> {
        Some(&self.series.indicator)
    }
}

impl Definition for User {
    const KIND: Kind = Kind::User;
    /// Their tokens, in order of their making.
    type Annex = Vec<Token>;

    fn name(&self) -> &Name {
        &self.name
    }
}

impl Definition for Policy {
    const KIND: Kind = Kind::Policy;
    type Annex = ();

    fn name(&self) -> &Name {
        &self.name
    }
}

impl Definition for ServiceProfile {
    const KIND: Kind = Kind::Service;
    type Annex = ();

    fn name(&self) -> &Name {
        &self.name
    }

    fn has_label(&self, key: &str, value: &str) -> bool {
        self.labels.has(key, value)
    }
}

/// Which definitions of a list are wanted; members that are set must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this service.
    pub service: Option<Name>,
    /// With this owner.
    pub owner: Option<Name>,
    /// With this label: key and value.
    pub label: Option<(String, String)>,
    /// Measured by this indicator.
    pub indicator: Option<Name>,
}

impl Filter {
    /// Whether a definition is wanted.
    #[must_use]
    pub fn matches<D: Definition>(&self, definition: &D) -> bool {
        self.service.as_ref().is_none_or(|service| definition.service() == Some(service))
            && self.owner.as_ref().is_none_or(|owner| definition.owners().contains(owner))
            && self.label.as_ref().is_none_or(|(key, value)| definition.has_label(key, value))
            && self.indicator.as_ref().is_none_or(|indicator| definition.indicator() == Some(indicator))
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// In order of their names.
    pub items: Vec<T>,
    /// The name after which the next page begins; `None` when there is none.
    pub next: Option<Name>,
}

/// Keeps definitions of one kind, every version of them, and tells the audit of each write in the same step: see
/// [`AuditRepository`](super::AuditRepository).
///
/// # Contract
/// 1. **Created once**: a write that demands absence stores the first version of a life (`born` is its
///    revision) or fails with `Precondition` naming the current revision; of concurrent ones exactly
///    one succeeds.
/// 2. **Replaced under its revision**: a write that demands a revision, or presence, stores exactly the
///    next revision, keeps `born` and `created_at`, or fails with `Precondition` and changes nothing;
///    of concurrent ones that demand the same revision exactly one succeeds.
/// 3. **Read your writes**: after a write returned, `get` answers with it, whole and equal.
/// 4. **Deleted**: after a delete returned, `get` answers `None` and lists leave it out; it needs its
///    precondition like a replacement. To delete what is demanded to be absent changes nothing.
/// 5. **Never counted twice**: a name created again goes on counting revisions, in a new life.
/// 6. **History**: `changes` answers every version, newest first, deletions included, and no version
///    ever changes.
/// 7. **Lists**: in order of the names' bytes, at most `limit` (1 to [`MAX_PAGE`]) a page, `next` only
///    when there is more; following `next` shows everything once, however much there is.
/// 8. **Filters**: a list shows what matches its filter, all of it, and nothing else.
/// 9. **Annex**: it is beside its definition in `get` and in every list, whole and equal. A new version
///    keeps it; it ends with the life, so that a name created again begins with an empty one, at 0. It
///    is written in the state that the writer has seen: then `annexed` counts one more and neither
///    another member nor the history changes; or that fails with `Precondition` and changes nothing. Of
///    concurrent writers that have seen the same state exactly one succeeds; a put and an annex at the
///    same time lose nothing of each other.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DefinitionRepository<D: Definition>: Send + Sync {
    /// Writes a version if the precondition holds.
    async fn put(&self, value: D, precondition: Precondition, stamp: Stamp) -> Result<Versioned<D>, RepositoryError>;

    /// Writes the annex if it is as the writer has seen it. `deed` is what the audit says of it; `None` for what
    /// nobody audits.
    async fn annex(
        &self,
        name: &Name,
        annex: D::Annex,
        seen: Annexed,
        deed: Option<Deed>,
    ) -> Result<Versioned<D>, RepositoryError>;

    /// Deletes it if the precondition holds.
    async fn delete(&self, name: &Name, precondition: Precondition, stamp: Stamp) -> Result<(), RepositoryError>;

    /// The current version.
    async fn get(&self, name: &Name) -> Result<Option<Versioned<D>>, RepositoryError>;

    /// Some current versions, those after a name.
    async fn list(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<D>>, RepositoryError>;

    /// At most `limit` changes older than the revision `before`, newest first.
    async fn changes(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<D>>, RepositoryError>;
}
