//! Who asks, and what they may do: the one place where access is decided.

use crate::name::Name;
use crate::token::Scope;
use crate::user::Access;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user, where one is known.
    pub user: Option<Name>,
    /// What they may do.
    pub access: Access,
    /// What their token is limited to; with none it is not.
    pub scopes: Vec<Scope>,
}

/// What something needs of who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// At least this access.
    Access(Access),
    /// At least this access; oneself needs none.
    Oneself(Access, &'a Name),
    /// At least this access; a token limited to ingesting this indicator will do.
    Ingest(Access, &'a Name),
}

impl Caller {
    /// Who asks where nobody needs to say: everything is allowed.
    #[must_use]
    pub const fn anyone() -> Self {
        Self { user: None, access: Access::Admin, scopes: Vec::new() }
    }

    /// Whether they may do what needs this. A token never allows more than its user may do.
    ///
    /// ```
    /// use slo_core::{Access, Caller, Need};
    ///
    /// let (ana, ben) = ("ana".parse()?, "ben".parse()?);
    /// let caller = Caller { user: Some("ana".parse()?), access: Access::Editor, scopes: Vec::new() };
    /// assert!(caller.may(Need::Access(Access::Viewer)));
    /// assert!(!caller.may(Need::Access(Access::Approver)));
    /// assert!(caller.may(Need::Oneself(Access::Admin, &ana)));
    /// assert!(!caller.may(Need::Oneself(Access::Admin, &ben)));
    ///
    /// let collector = Caller { scopes: vec!["ingest:site".parse()?], ..caller };
    /// assert!(collector.may(Need::Ingest(Access::Editor, &"site".parse()?)));
    /// assert!(!collector.may(Need::Ingest(Access::Editor, &"search".parse()?)));
    /// assert!(!collector.may(Need::Access(Access::Viewer)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn may(&self, need: Need<'_>) -> bool {
        let unlimited = self.scopes.is_empty();
        match need {
            Need::Access(access) => unlimited && self.access >= access,
            Need::Oneself(access, user) => unlimited && (self.access >= access || self.user.as_ref() == Some(user)),
            Need::Ingest(access, indicator) => {
                self.access >= access && (unlimited || self.scopes.iter().any(|scope| scope.ingests(indicator)))
            }
        }
    }
}
