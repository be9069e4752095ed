//! The store and its model side by side: each question goes to both.

use std::fmt::Debug;

use aws_sdk_dynamodb::Client;
use proptest::prop_assert_eq;
use proptest::test_runner::TestCaseError;
use slo_core::testing::Sample as _;
use slo_core::{
    Annexed, AuditFilter, Error, Exclusion, Filter, Indicator, Managed, Name, Objective, Precondition, Revision,
    Series, Service, Stamp, User, Versioned,
};
use slo_dynamo::Store;

use super::operation::{Content, Demand, FEW, How, NAMES, NOW, Operation, Which};
use super::values::{exclusion, filter, indicator, nth, objective};
use crate::common::{client, name};

pub(crate) type Tested = Result<(), TestCaseError>;

pub(crate) struct Both {
    pub(crate) model: Service,
    store: Service,
    client: Client,
    /// So that no two stamps are equal.
    writes: i64,
}

impl Both {
    /// With users, indicators and objectives, so that there is something to work on.
    pub(crate) async fn new() -> Result<Self, TestCaseError> {
        let client = client().await;
        let store = Store::builder(client.clone()).build().service();
        let mut both = Self { model: Service::in_memory(), store, client, writes: 0 };
        for which in [Which::User, Which::Indicator, Which::Objective] {
            for i in 0..FEW {
                let content = Content {
                    number: i,
                    service: i,
                    owners: (0..FEW).map(|more| (i + more) % FEW).collect(),
                    indicator: i,
                    window: i,
                    method: 2 * i,
                    policy: false,
                };
                both.apply(&Operation::Write { which, name: i, content, how: How::Create }).await?;
            }
        }
        Ok(both)
    }

    /// Asks both and demands the same answer; gives what it is unless it is an error.
    pub(crate) async fn same<T: PartialEq + Debug, F: Future<Output = Result<T, Error>>>(
        &self,
        what: &impl Debug,
        ask: impl Fn(Service) -> F,
    ) -> Result<Option<T>, TestCaseError> {
        // An error has no equality; its debug text tells everything of it.
        let told = |answer: Result<T, Error>| answer.map_err(|error| format!("{error:?}"));
        let (model, store) = (told(ask(self.model.clone()).await), told(ask(self.store.clone()).await));
        if model == store {
            return Ok(model.ok());
        }
        Err(TestCaseError::fail(format!("to {what:?}\nthe model says {model:?}\nthe store says {store:?}")))
    }

    fn stamp(&mut self) -> Stamp {
        self.writes += 1;
        let by = usize::try_from(self.writes).ok().filter(|i| i % 2 == 0).map(|i| nth(i / 2 % NAMES.len()));
        Stamp { at: NOW.timestamp() + jiff::SignedDuration::from_nanos(self.writes), by }
    }

    pub(crate) async fn apply(&mut self, operation: &Operation) -> Tested {
        match operation {
            Operation::Restart => self.store = Store::builder(self.client.clone()).build().service(),
            Operation::Write { which: Which::Indicator, name, content, how } => {
                self.write(operation, indicator(nth(*name), content), *how).await?;
            }
            Operation::Write { which: Which::Objective, name, content, how } => {
                self.write(operation, objective(nth(*name), content), *how).await?;
            }
            Operation::Write { which: Which::User, name, content, how } => {
                // One is missing, and asked for all the same.
                let value = User::sample(nth(*name % FEW), content.number);
                self.write(operation, value, *how).await?;
            }
            Operation::Delete { which, name, demand } => match which {
                Which::Indicator => self.delete::<Indicator>(operation, *name, *demand).await?,
                Which::Objective => self.delete::<Objective>(operation, *name, *demand).await?,
                Which::User => self.delete::<User>(operation, *name, *demand).await?,
            },
            Operation::Renew { indicator: name, content } => {
                let (old, new) = (nth(*name), indicator(nth(*name), content));
                let stamp = self.stamp();
                self.same(operation, |service| {
                    let (old, new, stamp) = (old.clone(), new.clone(), stamp.clone());
                    async move {
                        service.indicators.delete(&old, Precondition::Present, stamp.clone()).await?;
                        Ok(service.indicators.put(new, Precondition::Absent, stamp).await?)
                    }
                })
                .await?;
            }
            Operation::Changes { which, name, before, limit } => match which {
                Which::Indicator => self.changes::<Indicator>(operation, &nth(*name), *before, *limit).await?,
                Which::Objective => self.changes::<Objective>(operation, &nth(*name), *before, *limit).await?,
                Which::User => self.changes::<User>(operation, &nth(*name), *before, *limit).await?,
            },
            Operation::List { which, wanted, after, limit } => {
                let (filter, after) = (filter(wanted), after.map(nth));
                match which {
                    Which::Indicator => self.list::<Indicator>(operation, &filter, after, *limit).await?,
                    Which::Objective => self.list::<Objective>(operation, &filter, after, *limit).await?,
                    Which::User => self.list::<User>(operation, &filter, after, *limit).await?,
                }
            }
            Operation::Exclude { .. } | Operation::Include { .. } | Operation::Annex { .. } => {
                self.exclusions(operation).await?;
            }
            Operation::Record { indicator, source, runs } => {
                self.record(operation, *indicator, *source, runs).await?;
            }
            Operation::Reconcile { indicator, day, finished } => {
                let current = self.model.indicators.get(&nth(*indicator)).await.ok().flatten();
                let Some(current) = current else { return Ok(()) };
                let series = Series { indicator: current.value.name, born: current.born };
                let reconciled = self.store.measurements.reconcile(&series, day.minute(), *finished, NOW.timestamp());
                let reconciled = reconciled.await.map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(reconciled.hours, 0, "what is acknowledged is told");
            }
            question => self.ask(question).await?,
        }
        Ok(())
    }

    async fn write<D: Managed>(&mut self, what: &Operation, value: D, how: How) -> Tested {
        let stamp = self.stamp();
        match how {
            How::Create => {
                self.same(what, |service| {
                    let (value, stamp) = (value.clone(), stamp.clone());
                    async move { service.create(value, stamp).await }
                })
                .await?;
            }
            How::Put(demand) | How::Try(demand) => {
                let demand = self.precondition::<D>(value.name(), demand).await?;
                let tried = matches!(how, How::Try(_));
                self.same(what, |service| {
                    let (value, stamp) = (value.clone(), stamp.clone());
                    async move {
                        match tried {
                            true => service.try_put(value, demand, stamp).await,
                            false => service.put(value, demand, stamp).await,
                        }
                    }
                })
                .await?;
            }
        }
        self.get::<D>(what, value.name()).await.map(drop)
    }

    async fn delete<D: Managed>(&mut self, what: &Operation, name: usize, demand: Option<Demand>) -> Tested {
        let (name, stamp) = (nth(name), self.stamp());
        let demand = self.precondition::<D>(&name, demand).await?;
        self.same(what, |service| {
            let (name, stamp) = (name.clone(), stamp.clone());
            async move { service.delete::<D>(&name, demand, stamp).await }
        })
        .await?;
        self.get::<D>(what, &name).await.map(drop)
    }

    /// The newest revision of a name, that of a deletion too.
    async fn newest<D: Managed>(&self, name: &Name) -> Result<Option<Revision>, TestCaseError> {
        let newest = D::repository(&self.model).changes(name, None, 1).await;
        Ok(newest.map_err(|error| TestCaseError::fail(error.to_string()))?.first().map(|change| change.revision))
    }

    async fn precondition<D: Managed>(
        &self,
        name: &Name,
        demand: Option<Demand>,
    ) -> Result<Option<Precondition>, TestCaseError> {
        Ok(match demand {
            None => None,
            Some(Demand::Absent) => Some(Precondition::Absent),
            Some(Demand::Present) => Some(Precondition::Present),
            Some(Demand::Newest(more)) => {
                let newest = self.newest::<D>(name).await?;
                Some(Precondition::Revision(beside(newest, more)))
            }
        })
    }

    async fn get<D: Managed>(&self, what: &impl Debug, name: &Name) -> Result<Option<Versioned<D>>, TestCaseError> {
        self.same(&("get after", what), |service| {
            let name = name.clone();
            async move { service.get::<D>(&name).await }
        })
        .await
    }

    /// All of them, page by page.
    async fn changes<D: Managed>(&self, what: &impl Debug, name: &Name, before: Option<i8>, limit: usize) -> Tested {
        let newest = self.newest::<D>(name).await?;
        let mut before = before.map(|more| beside(newest, more));
        loop {
            let page = self.same(what, |service| {
                let name = name.clone();
                async move { service.changes::<D>(&name, before, limit).await }
            });
            match page.await? {
                Some(page) if !page.is_empty() => before = page.last().map(|change| change.revision),
                _ => return Ok(()),
            }
        }
    }

    /// All of it, page by page.
    async fn list<D: Managed>(&self, what: &impl Debug, filter: &Filter, after: Option<Name>, limit: usize) -> Tested {
        let mut after = after;
        loop {
            let page = self.same(what, |service| {
                let (filter, after) = (filter.clone(), after.clone());
                async move { service.list::<D>(&filter, after, limit).await }
            });
            match page.await?.and_then(|page| page.next) {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn exclusions(&mut self, operation: &Operation) -> Tested {
        let stamp = self.stamp();
        match operation {
            Operation::Exclude { objective, id, from, length, rule } => {
                let new = exclusion(*id, from.minute(), *length, *rule, &stamp);
                self.same(operation, |service| {
                    let (objective, new) = (nth(*objective), new.clone());
                    async move { service.add_exclusion(&objective, new).await }
                })
                .await?;
            }
            Operation::Include { objective, id } => {
                self.same(operation, |service| {
                    let (objective, id, stamp) = (nth(*objective), name(&format!("e{id}")), stamp.clone());
                    async move { service.delete_exclusion(&objective, &id, stamp).await }
                })
                .await?;
            }
            Operation::Annex { objective, number, born, annexed } => {
                let of = nth(*objective);
                let current = self.get::<Objective>(operation, &of).await?;
                let seen = current.map_or(Annexed { born: Revision::FIRST, annexed: 0 }, |current| current.seen());
                let seen = Annexed {
                    born: beside(Some(seen.born), *born),
                    annexed: seen.annexed.saturating_add_signed((*annexed).into()),
                };
                let annex: Vec<Exclusion> = Objective::annex(*number);
                self.same(operation, |service| {
                    let (of, annex) = (of.clone(), annex.clone());
                    async move { Ok(service.objectives.annex(&of, annex, seen, None).await?) }
                })
                .await?;
            }
            _ => unreachable!("it is about exclusions"),
        }
        Ok(())
    }

    /// Looks at everything there is, in every way.
    pub(crate) async fn all(&self) -> Tested {
        self.same(&"who did what", |service| async move { service.audit(&AuditFilter::default(), None, 200).await })
            .await?;
        let mut filters = vec![Filter::default()];
        for of in (0..FEW).map(nth) {
            filters.push(Filter { service: Some(of.clone()), ..Filter::default() });
            filters.push(Filter { owner: Some(of.clone()), ..Filter::default() });
            filters.push(Filter { indicator: Some(of), ..Filter::default() });
        }
        for filter in &filters {
            let what = ("at the end", filter);
            self.list::<Objective>(&what, filter, None, 200).await?;
            if filter.indicator.is_none() {
                self.list::<Indicator>(&what, filter, None, 200).await?;
            }
        }
        self.list::<User>(&"at the end", &Filter::default(), None, 200).await?;
        for of in (0..NAMES.len()).map(nth) {
            let what = ("at the end", &of);
            if self.newest::<Objective>(&of).await?.is_some() {
                self.changes::<Objective>(&what, &of, None, 200).await?;
            }
            if self.newest::<User>(&of).await?.is_some() {
                self.changes::<User>(&what, &of, None, 200).await?;
            }
            let Some(newest) = self.newest::<Indicator>(&of).await? else { continue };
            self.changes::<Indicator>(&what, &of, None, 200).await?;
            for born in 1..=newest.get() {
                self.everything_of(&of, Revision::new(born).expect("from 1")).await?;
            }
        }
        Ok(())
    }
}

/// A revision and so many more; the first when there is none.
pub(crate) fn beside(revision: Option<Revision>, more: i8) -> Revision {
    let number = revision.map_or(1, Revision::get).saturating_add_signed(more.into());
    Revision::new(number.max(1)).expect("at least 1")
}
