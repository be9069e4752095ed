//! The repositories in the process: for tests, trials and embedding without a store.

mod audit;
mod decisions;
mod definitions;
mod measurements;
mod states;

pub use audit::MemoryAudit;
pub use decisions::MemoryDecisions;
pub use definitions::MemoryDefinitions;
pub use measurements::MemoryMeasurements;
pub use states::MemoryStates;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::meter::{Consumed, record};

/// Locks and counts one call. Nothing panics while a lock is held, so poison says nothing.
fn call<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    record(Consumed { calls: 1, ..Consumed::default() });
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
