//! What it does: the use cases.

mod agreed;
mod alert_round;
mod annexes;
mod audit;
mod decide;
mod evaluate;
mod exclusions;
mod glance;
mod judged;
mod kept_alerts;
mod managed;
mod plan;
mod reconcile;
mod tokens;

pub use alert_round::AlertRound;
pub use decide::DecisionRequest;
pub use evaluate::{MAX_PERIODS, Proposal, WhatIf};
pub use managed::Managed;
pub use plan::Planned;
pub use reconcile::Reconciliation;
pub use tokens::{Admitted, UnnotedUse};

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use evaluate::{step_minutes, too_many_steps, unusable};

use crate::counts::EventCounts;
use crate::duration::Shorthand;
use crate::error::Error;
use crate::fault::Fault;
use crate::indicator::Indicator;
use crate::measurement::{Batch, Receipt, Series};
use crate::memory::{MemoryAudit, MemoryDecisions, MemoryDefinitions, MemoryMeasurements, MemoryStates};
use crate::name::Name;
use crate::objective::{Objective, Reference};
use crate::policy::Policy;
use crate::repository::{
    AuditRepository, DecisionRepository, Definition, DefinitionRepository, Filter, Kind, MAX_PAGE,
    MeasurementRepository, Page, RepositoryError, Resolution, StateRepository,
};
use crate::revision::{Change, Precondition, Revision, Stamp, Versioned};
use crate::service_profile::ServiceProfile;
use crate::time::{Minute, Period};
use crate::user::User;

/// The most steps of one answer of [`Service::counts`] or [`Service::burn_down`].
pub const MAX_STEPS: u64 = 1_500;

/// The service: plain use cases over repositories. Clone it freely.
///
/// ```
/// use slo_core::{Indicator, IndicatorKind, Service, Stamp};
///
/// # fn block_on<F: Future>(work: F) -> F::Output {
/// #     let mut work = std::pin::pin!(work);
/// #     loop {
/// #         if let std::task::Poll::Ready(done) =
/// #             work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) { return done; }
/// #     }
/// # }
/// # block_on(async {
/// let service = Service::in_memory();
/// let stamp = Stamp { at: "2026-11-20T12:00:00Z".parse()?, by: None };
/// let site = Indicator::new("site".parse()?, "web".parse()?, IndicatorKind::Ratio);
/// assert_eq!(service.create(site, stamp).await?.revision.get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Service {
    /// Where indicators are kept.
    pub indicators: Arc<dyn DefinitionRepository<Indicator>>,
    /// Where objectives are kept.
    pub objectives: Arc<dyn DefinitionRepository<Objective>>,
    /// Where users are kept.
    pub users: Arc<dyn DefinitionRepository<User>>,
    /// Where it is kept what people are told of services.
    pub services: Arc<dyn DefinitionRepository<ServiceProfile>>,
    /// Where counts are kept.
    pub measurements: Arc<dyn MeasurementRepository>,
    /// Where the state is kept that processes share.
    pub states: Arc<dyn StateRepository>,
    /// Where the policy is kept.
    pub policies: Arc<dyn DefinitionRepository<Policy>>,
    /// Where decisions are kept.
    pub decisions: Arc<dyn DecisionRepository>,
    /// Where it is kept who did what: written by the others, each in the same step as what it tells of.
    pub audit: Arc<dyn AuditRepository>,
}

/// Whether a put made something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It did not exist.
    Created,
    /// It replaced what existed.
    Replaced,
}

impl Service {
    /// Everything in the memory of this process.
    #[must_use]
    pub fn in_memory() -> Self {
        let audit = MemoryAudit::default();
        Self {
            indicators: Arc::new(MemoryDefinitions::audited(&audit)),
            objectives: Arc::new(MemoryDefinitions::audited(&audit)),
            users: Arc::new(MemoryDefinitions::audited(&audit)),
            services: Arc::new(MemoryDefinitions::audited(&audit)),
            measurements: Arc::new(MemoryMeasurements::default()),
            states: Arc::new(MemoryStates::default()),
            policies: Arc::new(MemoryDefinitions::audited(&audit)),
            decisions: Arc::new(MemoryDecisions::audited(&audit)),
            audit: Arc::new(audit),
        }
    }

    /// Refuses when objectives that match the filter exist: they name what is to be deleted.
    async fn unused(&self, kind: Kind, name: &Name, filter: &Filter) -> Result<(), Error> {
        let used = self.objectives.list(filter, None, MAX_PAGE).await?.items;
        if used.is_empty() {
            return Ok(());
        }
        let objectives = used.into_iter().map(|objective| objective.value.name).collect();
        Err(Error::InUse { kind, name: name.clone(), objectives })
    }

    /// A fault for each reference to something that does not exist.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn missing(&self, references: &[Reference]) -> Result<Vec<Fault>, Error> {
        let mut faults = Vec::new();
        for reference in references {
            let name = &reference.name;
            let exists = match reference.kind {
                Kind::Indicator => self.indicators.get(name).await?.is_some(),
                Kind::Objective => self.objectives.get(name).await?.is_some(),
                Kind::User => self.users.get(name).await?.is_some(),
                Kind::Policy => self.policies.get(name).await?.is_some(),
                Kind::Service => self.services.get(name).await?.is_some(),
            };
            if !exists {
                faults.push(reference.fault());
            }
        }
        Ok(faults)
    }

    /// Creates a definition.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Invalid`], [`Error::Repository`].
    pub async fn create<D: Managed>(&self, value: D, stamp: Stamp) -> Result<Versioned<D>, Error> {
        let value = value.prepare(self).await?;
        let name = value.name().clone();
        let stored = D::repository(self).put(value, Precondition::Absent, stamp).await;
        stored.map_err(|error| match error {
            RepositoryError::Precondition { .. } => Error::Exists { kind: D::KIND, name },
            other => other.into(),
        })
    }

    /// Creates a definition, or replaces it given the precondition.
    ///
    /// # Errors
    /// [`Error::PreconditionRequired`] when it exists and no precondition is given,
    /// [`Error::PreconditionFailed`], [`Error::Invalid`], [`Error::Repository`].
    pub async fn put<D: Managed>(
        &self,
        value: D,
        precondition: Option<Precondition>,
        stamp: Stamp,
    ) -> Result<(Versioned<D>, Written), Error> {
        let value = value.prepare(self).await?;
        let name = value.name().clone();
        let demanded = precondition.unwrap_or(Precondition::Absent);
        match D::repository(self).put(value, demanded, stamp).await {
            Ok(stored) if stored.born == stored.revision => Ok((stored, Written::Created)),
            Ok(stored) => Ok((stored, Written::Replaced)),
            Err(RepositoryError::Precondition { current }) => Err(refused::<D>(name, precondition, current)),
            Err(other) => Err(other.into()),
        }
    }

    /// What [`Service::put`] would store; nothing is stored. The revision of a name that was deleted would
    /// be a higher one.
    ///
    /// # Errors
    /// Those of [`Service::put`].
    pub async fn try_put<D: Managed>(
        &self,
        value: D,
        precondition: Option<Precondition>,
        stamp: Stamp,
    ) -> Result<(Versioned<D>, Written), Error> {
        let value = value.prepare(self).await?;
        let current = D::repository(self).get(value.name()).await?;
        let revision = current.as_ref().map(|current| current.revision);
        if !precondition.unwrap_or(Precondition::Absent).holds(revision) {
            return Err(refused::<D>(value.name().clone(), precondition, revision));
        }
        Ok(match current {
            Some(current) => (current.replaced(value, stamp), Written::Replaced),
            None => (Versioned::first(value, Revision::FIRST, stamp), Written::Created),
        })
    }

    /// Deletes a definition given the precondition.
    ///
    /// # Errors
    /// [`Error::NotFound`] or [`Error::PreconditionRequired`] when no precondition is given,
    /// [`Error::PreconditionFailed`], [`Error::InUse`], [`Error::Repository`].
    pub async fn delete<D: Managed>(
        &self,
        name: &Name,
        precondition: Option<Precondition>,
        stamp: Stamp,
    ) -> Result<(), Error> {
        let current = D::repository(self).get(name).await?.map(|stored| stored.revision);
        let demanded = match (precondition, current) {
            (None, None) => return Err(Error::NotFound { kind: D::KIND, name: name.clone() }),
            (Some(demanded), _) if demanded.holds(current) => demanded,
            _ => return Err(refused::<D>(name.clone(), precondition, current)),
        };
        D::release(self, name).await?;
        match D::repository(self).delete(name, demanded, stamp).await {
            Ok(()) => Ok(()),
            Err(RepositoryError::Precondition { current }) => Err(refused::<D>(name.clone(), precondition, current)),
            Err(other) => Err(other.into()),
        }
    }

    /// The current version of a definition.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Repository`].
    pub async fn get<D: Managed>(&self, name: &Name) -> Result<Versioned<D>, Error> {
        let stored = D::repository(self).get(name).await?;
        stored.ok_or_else(|| Error::NotFound { kind: D::KIND, name: name.clone() })
    }

    /// One page of definitions, in order of name.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn list<D: Managed>(
        &self,
        filter: &Filter,
        after: Option<Name>,
        limit: usize,
    ) -> Result<Page<Versioned<D>>, Error> {
        Ok(D::repository(self).list(filter, after, limit).await?)
    }

    /// At most `limit` changes of a definition older than `before`, newest first; those of a deleted
    /// one too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the name never existed, [`Error::Repository`].
    pub async fn changes<D: Managed>(
        &self,
        name: &Name,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Change<D>>, Error> {
        let changes = D::repository(self).changes(name, before, limit).await?;
        if changes.is_empty() && before.is_none() {
            return Err(Error::NotFound { kind: D::KIND, name: name.clone() });
        }
        Ok(changes)
    }

    /// Writes measurements of one source of an indicator. Safe to repeat at any time.
    ///
    /// # Errors
    /// [`Error::Repository`]; after one, part of the batch may be written: write it again.
    pub async fn record(
        &self,
        indicator: &Versioned<Indicator>,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, Error> {
        Ok(self.measurements.write(&series(indicator), source, batch, now).await?)
    }

    /// The counts of an indicator in steps on the epoch grid, all sources added up, empty steps left
    /// out. Only minutes in `[from, to)` count, so the answers of a partition add up to that of the
    /// whole.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the span is empty or longer than [`MAX_STEPS`] steps;
    /// [`Error::NotFound`], [`Error::Repository`].
    pub async fn counts(
        &self,
        name: &Name,
        period: Period,
        step: Shorthand,
    ) -> Result<Vec<(Minute, EventCounts)>, Error> {
        let width = step_minutes(step)?;
        if period.start >= period.end {
            return Err(unusable("from", "it must lie before to"));
        }
        let whole = Period::new(period.start.on_grid(width), (period.end - 1).on_grid(width) + width);
        if whole.minutes() / width.unsigned_abs() > MAX_STEPS {
            return Err(too_many_steps());
        }
        let indicator = self.get::<Indicator>(name).await?;
        let resolution = if width < 60 { Resolution::Minutes } else { Resolution::Hours { cuts: Vec::new() } };
        let mut steps: BTreeMap<Minute, EventCounts> = BTreeMap::new();
        for bucket in self.measurements.read(&series(&indicator), period, &resolution).await? {
            *steps.entry(bucket.start.on_grid(width)).or_default() += bucket.counts;
        }
        Ok(steps.into_iter().collect())
    }
}

fn series(indicator: &Versioned<Indicator>) -> Series {
    Series { indicator: indicator.value.name.clone(), born: indicator.born }
}

fn refused<D: Definition>(name: Name, precondition: Option<Precondition>, current: Option<Revision>) -> Error {
    let kind: Kind = D::KIND;
    match (precondition, current) {
        (None, Some(current)) => Error::PreconditionRequired { kind, name, current },
        // Deleted between two looks.
        (None, None) => Error::NotFound { kind, name },
        (Some(_), current) => Error::PreconditionFailed { kind, name, current },
    }
}
