//! For those who write a store: the contract kit, samples and mocks.

pub use crate::repository::mocks::{MockDefinitionRepository, MockMeasurementRepository};
