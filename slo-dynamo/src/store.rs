//! The repositories on one pair of tables.

use std::sync::Arc;

use aws_sdk_dynamodb::{Client, config};
use slo_core::{Definition, Service, meter};

use crate::audit::DynamoAudit;
use crate::decisions::DynamoDecisions;
use crate::definitions::DynamoDefinitions;
use crate::measurements::DynamoMeasurements;
use crate::states::DynamoStates;
use crate::table::TableNames;

/// How long measurements are kept after they were written, unless the builder says otherwise: the
/// longest window of two years, and some weeks.
pub const RETENTION_DAYS: u32 = 800;

/// The two tables as repositories. Clone it freely.
///
/// What it asks of DynamoDB is reported to [`slo_core::meter`].
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    tables: TableNames,
    measurements: DynamoMeasurements,
    decisions: DynamoDecisions,
}

/// Makes a [`Store`]; see [`Store::builder`].
#[derive(Clone, Debug)]
pub struct StoreBuilder {
    config: config::Builder,
    tables: TableNames,
    retention_days: u32,
}

impl Store {
    /// A store that speaks through `client`; see [`crate::client::connect`] for one with limits.
    #[must_use]
    pub fn builder(client: Client) -> StoreBuilder {
        Self::configured(client.config().to_builder())
    }

    /// A store with a client of its own, which saves making two; see [`crate::client::settings`].
    #[must_use]
    pub fn configured(config: impl Into<config::Builder>) -> StoreBuilder {
        StoreBuilder { config: config.into(), tables: TableNames::default(), retention_days: RETENTION_DAYS }
    }

    /// The use cases on this store.
    #[must_use]
    pub fn service(&self) -> Service {
        Service {
            indicators: Arc::new(self.definitions()),
            objectives: Arc::new(self.definitions()),
            users: Arc::new(self.definitions()),
            services: Arc::new(self.definitions()),
            measurements: Arc::new(self.measurements()),
            states: Arc::new(self.states()),
            policies: Arc::new(self.definitions()),
            decisions: Arc::new(self.decisions()),
            audit: Arc::new(self.audit()),
        }
    }

    /// The definitions of one kind.
    #[must_use]
    pub fn definitions<D: Definition>(&self) -> DynamoDefinitions<D> {
        DynamoDefinitions::new(self.client.clone(), self.tables.definitions())
    }

    /// The state that processes share.
    #[must_use]
    pub fn states(&self) -> DynamoStates {
        DynamoStates::new(self.client.clone(), self.tables.definitions())
    }

    /// The decisions. All that come from one store share what they have told the table.
    #[must_use]
    pub fn decisions(&self) -> DynamoDecisions {
        self.decisions.clone()
    }

    /// Who did what.
    #[must_use]
    pub fn audit(&self) -> DynamoAudit {
        DynamoAudit::new(self.client.clone(), self.tables.definitions())
    }

    /// The measurements. All that come from one store share what they remember of the tables.
    #[must_use]
    pub fn measurements(&self) -> DynamoMeasurements {
        self.measurements.clone()
    }
}

impl StoreBuilder {
    /// The tables; `counts` and `slo` otherwise.
    #[must_use]
    pub fn tables(self, tables: TableNames) -> Self {
        Self { tables, ..self }
    }

    /// How many days measurements are kept after the day of their writing; [`RETENTION_DAYS`]
    /// otherwise.
    #[must_use]
    pub fn retention_days(self, retention_days: u32) -> Self {
        Self { retention_days, ..self }
    }

    /// The store. Nothing is sent.
    #[must_use]
    pub fn build(self) -> Store {
        let client = crate::meter::configured(self.config, Arc::new(meter::record));
        let measurements = DynamoMeasurements::new(client.clone(), self.tables.counts(), self.retention_days);
        let decisions = DynamoDecisions::new(client.clone(), self.tables.definitions());
        Store { client, tables: self.tables, measurements, decisions }
    }
}
