//! The contract of the core's repositories, on the embedded engine.

mod common;

use slo_core::{Definition, Indicator, Objective, Service, ServiceProfile, User};
use slo_dynamo::{DynamoDecisions, DynamoDefinitions, DynamoMeasurements, DynamoStates};

async fn counts() -> Box<DynamoMeasurements> {
    Box::new(common::store().await.measurements())
}

async fn names<D: Definition>() -> Box<DynamoDefinitions<D>> {
    Box::new(common::store().await.definitions())
}

async fn shared() -> Box<DynamoStates> {
    Box::new(common::store().await.states())
}

async fn decided() -> Box<DynamoDecisions> {
    Box::new(common::store().await.decisions())
}

async fn whole() -> Box<Service> {
    Box::new(common::service().await)
}

slo_core::measurement_contract!(counts);
slo_core::state_contract!(shared);
slo_core::decision_contract!(decided);
slo_core::audit_contract!(whole);
slo_core::definition_contract!(indicators: Indicator, names::<Indicator>);
slo_core::definition_contract!(objectives: Objective, names::<Objective>);
slo_core::definition_contract!(users: User, names::<User>);
slo_core::definition_contract!(services: ServiceProfile, names::<ServiceProfile>);
