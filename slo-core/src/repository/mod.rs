//! What the core needs of a store.
//!
//! Five small traits, each with a numbered contract. [`crate::memory`] implements them in the
//! process; the contract kit (`slo_core::testing`, feature `testing`) has named tests for each clause,
//! for every other store.

mod audit;
mod decisions;
mod definitions;
mod measurements;
mod states;

pub use audit::{AuditFilter, AuditPage, AuditRepository};
pub use decisions::{DecisionFilter, DecisionPage, DecisionRepository};
pub use definitions::{Definition, DefinitionRepository, Filter, Kind, MAX_PAGE, Page};
pub use measurements::{MeasurementRepository, Reconciled, Resolution};
pub use states::{MAX_STATE, StateRepository};

use crate::revision::Revision;

/// The cause that a store gives for an error.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked. Each variant is a decision for the caller.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The precondition did not hold, nothing was changed: read again and decide.
    #[error("the precondition does not hold")]
    Precondition {
        /// The revision that exists, if any.
        current: Option<Revision>,
    },
    /// Throttled, timed out or out of reach: try again later. A write may have happened; writing
    /// the same again settles it.
    #[error("the store is not available; try again later")]
    Unavailable(#[source] Source),
    /// The store refused a call or holds what cannot be read: somebody must look.
    #[error("the store cannot do this: {what}")]
    Broken {
        /// What was attempted.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: Source,
    },
}

/// `mockall` mocks of the traits.
#[cfg(any(test, feature = "testing"))]
pub(crate) mod mocks {
    pub use super::audit::MockAuditRepository;
    pub use super::decisions::MockDecisionRepository;
    pub use super::definitions::MockDefinitionRepository;
    pub use super::measurements::MockMeasurementRepository;
    pub use super::states::MockStateRepository;
}
