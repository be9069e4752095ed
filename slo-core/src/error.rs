//! Why a use case did not do what it was asked.

use crate::decision::DecisionId;
use crate::fault::Fault;
use crate::name::Name;
use crate::repository::{Kind, RepositoryError};
use crate::revision::Revision;

/// Each variant is a decision that the caller can take; none knows how it is shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input breaks rules; all of them are listed.
    #[error("{} of the input must be corrected", match faults.len() { 1 => "one member".to_owned(), n => format!("{n} members") })]
    Invalid {
        /// What is wrong, and where.
        faults: Vec<Fault>,
    },
    /// A parameter of the question makes no sense.
    #[error("the parameter {parameter} cannot be used: {detail}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What to do.
        detail: String,
    },
    /// Nothing of that name exists.
    #[error("there is no {kind} {name}; create it first or check the name")]
    NotFound {
        /// What was looked for.
        kind: Kind,
        /// Its name.
        name: Name,
    },
    /// The objective has no such exclusion.
    #[error("there is no exclusion {id} of {objective}; list them to see which there are")]
    NoExclusion {
        /// Where it was looked for.
        objective: Name,
        /// Its identifier.
        id: Name,
    },
    /// There is no such decision.
    #[error("there is no decision {id}; list them to see which there are")]
    NoDecision {
        /// Its identifier.
        id: DecisionId,
    },
    /// The user has no such token.
    #[error("there is no token {id} of {user}; list them to see which there are")]
    NoToken {
        /// Whose it was to be.
        user: Name,
        /// Its identifier.
        id: Name,
    },
    /// Something of that name exists already.
    #[error("the {kind} {name} exists already; replace it with its revision as precondition, or choose another name")]
    Exists {
        /// What was to be created.
        kind: Kind,
        /// Its name.
        name: Name,
    },
    /// It exists, so the caller must say which revision is meant.
    #[error("the {kind} {name} exists; say which revision you mean to change")]
    PreconditionRequired {
        /// What was to be written.
        kind: Kind,
        /// Its name.
        name: Name,
        /// What exists.
        current: Revision,
    },
    /// What is stored does not fit what the caller demands.
    #[error("the {kind} {name} is not as your precondition demands; read it again and decide")]
    PreconditionFailed {
        /// What was to be written.
        kind: Kind,
        /// Its name.
        name: Name,
        /// What exists, if anything.
        current: Option<Revision>,
    },
    /// Objectives name it.
    #[error(
        "the {kind} {name} is used; delete these objectives first or give them another {kind}: {}",
        list(objectives)
    )]
    InUse {
        /// What was to be deleted.
        kind: Kind,
        /// Its name.
        name: Name,
        /// What uses it, in order of name.
        objectives: Vec<Name>,
    },
    /// The store did not do it.
    #[error("the store did not answer the question")]
    Repository(#[from] RepositoryError),
}

fn list(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
