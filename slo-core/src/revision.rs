//! Versions of definitions.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::repository::Definition;

/// The number of a definition's version, from 1. It goes on counting when a deleted name is created
/// again, so that an old one never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The first revision of a name that never existed.
    pub const FIRST: Self = Self(1);

    /// From its number; revisions count from 1.
    #[must_use]
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When and by whom something is written. The core reads no clock: the caller says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When.
    pub at: Timestamp,
    /// The user, where one is known.
    pub by: Option<Name>,
}

/// A definition as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Versioned<D: Definition> {
    /// What it says.
    pub value: D,
    /// Its version.
    pub revision: Revision,
    /// The version with which this life of the name began.
    pub born: Revision,
    /// When this life of the name began.
    pub created_at: Timestamp,
    /// Who wrote this version, and when.
    pub updated: Stamp,
    /// What is kept beside it in this life, whatever the version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub annex: D::Annex,
    /// How often the annex was written in this life.
    #[serde(default, skip_serializing_if = "is_default")]
    pub annexed: u64,
}

/// So that a document without an annex does not speak of one.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<D: Definition> Versioned<D> {
    /// The first version of a life; its annex is empty.
    #[must_use]
    pub fn first(value: D, revision: Revision, stamp: Stamp) -> Self {
        Self {
            value,
            revision,
            born: revision,
            created_at: stamp.at,
            updated: stamp,
            annex: D::Annex::default(),
            annexed: 0,
        }
    }

    /// The version after this one, of the same life and with the same annex.
    #[must_use]
    pub fn replaced(&self, value: D, stamp: Stamp) -> Self {
        Self { value, revision: self.revision.next(), updated: stamp, annex: self.annex.clone(), ..*self }
    }

    /// The same version with another annex.
    #[must_use]
    pub fn with_annex(self, annex: D::Annex) -> Self {
        Self { annex, annexed: self.annexed + 1, ..self }
    }

    /// The state of its annex, for whoever writes the next one.
    #[must_use]
    pub const fn seen(&self) -> Annexed {
        Annexed { born: self.born, annexed: self.annexed }
    }
}

/// The state of a definition's annex, as a writer has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annexed {
    /// The version with which the life began: what was seen in an earlier one never matches.
    pub born: Revision,
    /// How often the annex was written in that life.
    pub annexed: u64,
}

/// One line of a definition's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<D> {
    /// The version that the change made.
    pub revision: Revision,
    /// Who and when.
    pub stamp: Stamp,
    /// What it said from then on; `None` when the change deleted it.
    pub value: Option<D>,
}

/// What must be true of the stored definition for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing of that name exists.
    Absent,
    /// Something of that name exists (`If-Match: *`).
    Present,
    /// It exists in this revision (`If-Match: "3"`).
    Revision(Revision),
}

impl Precondition {
    /// Whether it holds for what is stored now.
    #[must_use]
    pub fn holds(self, current: Option<Revision>) -> bool {
        match self {
            Self::Absent => current.is_none(),
            Self::Present => current.is_some(),
            Self::Revision(revision) => current == Some(revision),
        }
    }
}
