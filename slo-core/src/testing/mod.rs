//! For those who write a store: the contract kit, samples and mocks.
//!
//! [`MeasurementRepository`], [`DefinitionRepository`], [`StateRepository`], [`DecisionRepository`] and
//! [`AuditRepository`] each have a numbered contract. Here are named functions, one for each clause and a few for that of the annex, in
//! [`measurements`], [`definitions`], [`states`], [`decisions`] and [`audit`]; each takes an empty store (those of the
//! audit a whole service on empty stores) and panics when the store breaks that clause. Clauses
//! about concurrency interleave their calls, and clauses about completeness exceed what one answer of a
//! store usually holds (1 MB).
//!
//! Five macros make one test of each clause:
//!
//! ```
//! use slo_core::memory::{MemoryDecisions, MemoryDefinitions, MemoryMeasurements, MemoryStates};
//! use slo_core::{Definition, Indicator, Objective, Service, ServiceProfile, User};
//!
//! // Everything the store needs lives as long as what the fixture returns: put a temporary
//! // directory or an engine into a type of your own that dereferences to the store.
//! async fn counts() -> Box<MemoryMeasurements> {
//!     Box::default()
//! }
//!
//! async fn names<D: Definition>() -> Box<MemoryDefinitions<D>> {
//!     Box::default()
//! }
//!
//! async fn shared() -> Box<MemoryStates> {
//!     Box::default()
//! }
//!
//! async fn decided() -> Box<MemoryDecisions> {
//!     Box::default()
//! }
//!
//! async fn whole() -> Box<Service> {
//!     Box::new(Service::in_memory())
//! }
//!
//! slo_core::measurement_contract!(counts);
//! slo_core::state_contract!(shared);
//! slo_core::decision_contract!(decided);
//! slo_core::audit_contract!(whole);
//! slo_core::definition_contract!(indicators: Indicator, names::<Indicator>);
//! slo_core::definition_contract!(objectives: Objective, names::<Objective>);
//! slo_core::definition_contract!(users: User, names::<User>);
//! slo_core::definition_contract!(services: ServiceProfile, names::<ServiceProfile>);
//! # fn main() {}
//! ```
//!
//! The tests run on `tokio`, with its features `macros` and `rt-multi-thread`. Under another runtime
//! go through [`measurements::clauses`], [`definitions::clauses`], [`states::clauses`], [`decisions::clauses`] and
//! [`audit::clauses`]:
//!
//! ```
//! # async fn run() {
//! use slo_core::memory::MemoryMeasurements;
//!
//! for (name, clause) in slo_core::testing::measurements::clauses() {
//!     println!("{name}");
//!     clause(&MemoryMeasurements::default()).await;
//! }
//! # }
//! # let mut work = std::pin::pin!(run());
//! # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
//! # assert!(work.as_mut().poll(&mut context).is_ready(), "memory never waits");
//! ```
//!
//! Measurements lie in 1970, 2015, 2026 and 2100 and are written in 2100, so a store that counts its
//! retention from the time of a measurement or from a clock of its own fails.
//!
//! [`MeasurementRepository`]: crate::MeasurementRepository
//! [`DefinitionRepository`]: crate::DefinitionRepository
//! [`StateRepository`]: crate::StateRepository
//! [`DecisionRepository`]: crate::DecisionRepository
//! [`AuditRepository`]: crate::AuditRepository

mod annexes;
pub mod audit;
mod audit_lists;
pub mod decisions;
pub mod definitions;
pub mod measurements;
mod reference;
mod sample;
mod sample_decision;
mod state;
pub mod states;

pub use crate::repository::mocks::{
    MockAuditRepository, MockDecisionRepository, MockDefinitionRepository, MockMeasurementRepository,
    MockStateRepository,
};
pub use sample::Sample;
pub use sample_decision::{decision, override_of};

use std::pin::Pin;

/// A clause on its way.
pub type Running<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The clauses of [`MeasurementRepository`](crate::MeasurementRepository), one test each.
///
/// Takes an async function (or closure) without arguments that returns a fresh store behind a
/// pointer, or anything else that dereferences to one and keeps it alive. The tests are in a module
/// `measurements`, or one whose name is given: `measurement_contract!(on_disk: fixture)`. What the
/// fixture names must be in scope where the macro stands.
#[macro_export]
macro_rules! measurement_contract {
    ($module:ident: $fixture:expr) => {
        $crate::__measurement_clauses! {
            [$crate::__contract_tests] $module measurements (dyn $crate::MeasurementRepository) $fixture
        }
    };
    ($fixture:expr) => {
        $crate::measurement_contract!(measurements: $fixture);
    };
}

/// The clauses of [`DefinitionRepository`](crate::DefinitionRepository), one test each.
///
/// Takes a name for the module of the tests, the type of definition (see
/// [`Sample`](crate::testing::Sample)) and a fixture as [`measurement_contract!`] does:
/// `definition_contract!(indicators: Indicator, fixture)`.
#[macro_export]
macro_rules! definition_contract {
    ($module:ident: $definition:ty, $fixture:expr) => {
        $crate::__definition_clauses! {
            [$crate::__contract_tests] $module definitions (dyn $crate::DefinitionRepository<$definition>) $fixture
        }
    };
}

/// The clauses of [`StateRepository`](crate::StateRepository), one test each.
///
/// Takes a fixture as [`measurement_contract!`] does; the tests are in a module `states`, or one whose name
/// is given.
#[macro_export]
macro_rules! state_contract {
    ($module:ident: $fixture:expr) => {
        $crate::__state_clauses! {
            [$crate::__contract_tests] $module states (dyn $crate::StateRepository) $fixture
        }
    };
    ($fixture:expr) => {
        $crate::state_contract!(states: $fixture);
    };
}

/// The clauses of [`DecisionRepository`](crate::DecisionRepository), one test each.
///
/// Takes a fixture as [`measurement_contract!`] does; the tests are in a module `decisions`, or one whose name
/// is given.
#[macro_export]
macro_rules! decision_contract {
    ($module:ident: $fixture:expr) => {
        $crate::__decision_clauses! {
            [$crate::__contract_tests] $module decisions (dyn $crate::DecisionRepository) $fixture
        }
    };
    ($fixture:expr) => {
        $crate::decision_contract!(decisions: $fixture);
    };
}

/// The clauses of [`AuditRepository`](crate::AuditRepository), one test each.
///
/// Takes a fixture as [`measurement_contract!`] does, of which comes a [`Service`](crate::Service); the tests are in a
/// module `audit`, or one whose name is given.
#[macro_export]
macro_rules! audit_contract {
    ($module:ident: $fixture:expr) => {
        $crate::__audit_clauses! {
            [$crate::__contract_tests] $module audit ($crate::Service) $fixture
        }
    };
    ($fixture:expr) => {
        $crate::audit_contract!(audit: $fixture);
    };
}

/// Makes the tests of some clauses.
#[doc(hidden)]
#[macro_export]
macro_rules! __contract_tests {
    ([$($clause:ident)*] $module:ident $kind:ident ($store:ty) $fixture:expr) => {
        mod $module {
            #[allow(unused_imports, reason = "a fixture given by its full path needs nothing from here")]
            use super::*;
            $(
                #[::tokio::test(flavor = "multi_thread")]
                async fn $clause() {
                    let guard = ($fixture)().await;
                    let store: &$store = &*guard;
                    $crate::testing::$kind::$clause(store).await;
                }
            )*
        }
    };
}

/// Makes the list of some clauses: name and function.
macro_rules! clause_list {
    ([$($clause:ident)*] $type:ty) => {
        vec![$({
            let clause: $type = |store| Box::pin($clause(store));
            (stringify!($clause), clause)
        }),*]
    };
}
use clause_list;

/// The clauses of measurements, in the order of the contract: the one list of their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __measurement_clauses {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! {
            [
                new_counts_count
                replays_change_nothing
                higher_revisions_replace
                lower_revisions_are_stale
                other_counts_conflict
                sources_add_up
                reads_are_half_open
                buckets_respect_cuts
                minutes_with_data_have_events
                series_are_apart
                acknowledged_counts_once
                sums_are_exact_and_complete
                any_age_is_kept
            ]
            $($with)*
        }
    };
}

/// The clauses of shared state, in the order of the contract: the one list of their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __state_clauses {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! {
            [
                states_begin_absent
                states_are_swapped_as_seen
                one_swap_wins
                states_are_read_as_written
                the_largest_state_is_kept
                keys_are_apart
            ]
            $($with)*
        }
    };
}

/// The clauses of definitions, in the order of the contract: the one list of their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __definition_clauses {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! {
            [
                created_once
                replaced_under_its_revision
                writes_are_read
                deleted_is_gone
                revisions_go_on_after_deletion
                history_is_complete_and_fixed
                lists_are_ordered_and_complete
                filters_show_what_matches
                annexes_are_beside_their_definitions
                annexes_last_as_long_as_a_life
                annexes_are_written_as_seen
                concurrent_annexes_lose_nothing
                the_largest_annex_is_kept
            ]
            $($with)*
        }
    };
}

/// The clauses of decisions, in the order of the contract: the one list of their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __decision_clauses {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! {
            [
                decisions_begin_absent
                decisions_are_read_as_written
                decisions_are_never_overwritten
                overrides_are_beside_their_decisions
                overrides_are_never_overwritten
                decisions_are_listed_newest_first
                decisions_are_filtered
                the_largest_decisions_are_kept
            ]
            $($with)*
        }
    };
}

/// The clauses of the audit, in the order of the contract: the one list of their names.
#[doc(hidden)]
#[macro_export]
macro_rules! __audit_clauses {
    ([$($then:tt)*] $($with:tt)*) => {
        $($then)*! {
            [
                versions_are_audited
                annexes_are_audited
                decisions_are_audited
                refused_writes_are_not_audited
                races_are_audited_as_won
                audits_are_listed_newest_first
                audits_are_complete
                audits_are_filtered
            ]
            $($with)*
        }
    };
}
