//! What the use cases need of a definition: where it is kept, and which rules reach beyond it.

use async_trait::async_trait;

use super::Service;
use crate::error::Error;
use crate::indicator::Indicator;
use crate::name::Name;
use crate::objective::{Objective, Reference};
use crate::policy::Policy;
use crate::repository::{Definition, DefinitionRepository, Filter, Kind};
use crate::service_profile::ServiceProfile;
use crate::user::User;

/// A definition as the use cases treat it: where it is kept and which rules reach beyond it.
#[async_trait]
pub trait Managed: Definition {
    /// Where it is kept.
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self>;

    /// Checks the rules that need other definitions, and fills in what follows from them.
    async fn prepare(self, _service: &Service) -> Result<Self, Error> {
        Ok(self)
    }

    /// Whether it may be deleted.
    async fn release(_service: &Service, _name: &Name) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl Managed for Indicator {
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self> {
        &*service.indicators
    }

    async fn release(service: &Service, name: &Name) -> Result<(), Error> {
        let filter = Filter { indicator: Some(name.clone()), ..Filter::default() };
        service.unused(Self::KIND, name, &filter).await
    }
}

#[async_trait]
impl Managed for Objective {
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self> {
        &*service.objectives
    }

    /// The indicator and the owners must exist; the promise is about the indicator's present life.
    async fn prepare(mut self, service: &Service) -> Result<Self, Error> {
        let mut faults = self.faults();
        let (indicator, owners): (Vec<_>, Vec<_>) =
            self.references().into_iter().partition(|reference| reference.kind == Kind::Indicator);
        match service.indicators.get(&self.series.indicator).await? {
            Some(indicator) => self.series.born = indicator.born,
            None => faults.extend(indicator.iter().map(Reference::fault)),
        }
        faults.extend(service.missing(&owners).await?);
        if faults.is_empty() { Ok(self) } else { Err(Error::Invalid { faults }) }
    }
}

#[async_trait]
impl Managed for User {
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self> {
        &*service.users
    }

    async fn release(service: &Service, name: &Name) -> Result<(), Error> {
        let filter = Filter { owner: Some(name.clone()), ..Filter::default() };
        service.unused(Self::KIND, name, &filter).await
    }
}

#[async_trait]
impl Managed for Policy {
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self> {
        &*service.policies
    }

    async fn prepare(self, _: &Service) -> Result<Self, Error> {
        let faults = self.faults();
        if faults.is_empty() { Ok(self) } else { Err(Error::Invalid { faults }) }
    }
}

/// Nothing depends on one: objectives may name a service that has none, and it may be deleted at any time.
impl Managed for ServiceProfile {
    fn repository(service: &Service) -> &dyn DefinitionRepository<Self> {
        &*service.services
    }
}
