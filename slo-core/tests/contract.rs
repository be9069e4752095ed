//! The in-memory store keeps the contract.

use slo_core::memory::{MemoryDefinitions, MemoryMeasurements};
use slo_core::{Indicator, Objective, User};

async fn counts() -> Box<MemoryMeasurements> {
    Box::default()
}

async fn names<D>() -> Box<MemoryDefinitions<D>> {
    Box::default()
}

slo_core::measurement_contract!(counts);
slo_core::definition_contract!(indicators: Indicator, names::<Indicator>);
slo_core::definition_contract!(objectives: Objective, names::<Objective>);
slo_core::definition_contract!(users: User, names::<User>);
