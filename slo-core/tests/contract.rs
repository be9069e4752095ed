//! The in-memory store keeps the contract.

use std::ops::Deref;
use std::sync::Arc;

use slo_core::memory::{MemoryDecisions, MemoryDefinitions, MemoryMeasurements, MemoryStates};
use slo_core::{Definition, DefinitionRepository, Indicator, Objective, Service, ServiceProfile, User};

/// A store and what it needs to live, as an adapter's fixture would hold a temporary directory.
#[derive(Default)]
struct Guard {
    store: MemoryMeasurements,
}

impl Deref for Guard {
    type Target = MemoryMeasurements;

    fn deref(&self) -> &MemoryMeasurements {
        &self.store
    }
}

async fn counts() -> Guard {
    Guard::default()
}

async fn names<D: Definition>() -> Box<MemoryDefinitions<D>> {
    Box::default()
}

async fn users() -> Arc<dyn DefinitionRepository<User>> {
    Arc::new(MemoryDefinitions::default())
}

async fn shared() -> Box<MemoryStates> {
    Box::default()
}

async fn decided() -> Box<MemoryDecisions> {
    Box::default()
}

async fn whole() -> Box<Service> {
    Box::new(Service::in_memory())
}

slo_core::measurement_contract!(counts);
slo_core::state_contract!(shared);
slo_core::decision_contract!(decided);
slo_core::audit_contract!(whole);
slo_core::definition_contract!(indicators: Indicator, names::<Indicator>);
slo_core::definition_contract!(objectives: Objective, names::<Objective>);
slo_core::definition_contract!(users: User, users);
slo_core::definition_contract!(services: ServiceProfile, names::<ServiceProfile>);
