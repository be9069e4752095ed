//! Many objectives at once: what those of one indicator read alike is read once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::Service;
use super::evaluate::{evaluation, not_after};
use crate::alert::Alert;
use crate::budget::BudgetReport;
use crate::counts::Bucket;
use crate::decision::Evidence;
use crate::error::Error;
use crate::evaluation::{Evaluation, Reading};
use crate::measurement::Series;
use crate::objective::Objective;
use crate::policy::{ChangeKind, Condition, Policy};
use crate::revision::Versioned;

/// Of so many indicators the counts are in memory at once.
const AT_ONCE: usize = 16;
/// How many minutes back the last state of an alert is looked for at first.
const LATE: u32 = 60;

/// The budget of an objective, and its alerts where they are asked for.
type Glance = (BudgetReport, Vec<Alert>);

impl Service {
    /// The error budgets of objectives at an instant, each as [`Service::error_budget`] says it, in their order.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a future instant; [`Error::Repository`].
    pub async fn error_budgets(
        &self,
        objectives: &[Versioned<Objective>],
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<BudgetReport>, Error> {
        let glances = self.glances(objectives, false, at, now).await?;
        Ok(glances.into_iter().map(|(report, _)| report).collect())
    }

    /// The same with their alerts, each as [`Service::alerts`] says them; only since when one fires is left out, because
    /// it may lie a month back.
    ///
    /// # Errors
    /// Those of [`Service::error_budgets`].
    pub async fn budgets_and_alerts(
        &self,
        objectives: &[Versioned<Objective>],
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(BudgetReport, Vec<Alert>)>, Error> {
        self.glances(objectives, true, at, now).await
    }

    /// What [`Service::seen_by`] says of each of some objectives, in their order; only since when an alert fires is
    /// left out, because no verdict depends on it and it may lie a month back.
    ///
    /// # Errors
    /// Those of [`Service::seen_by`].
    pub async fn all_seen_by(
        &self,
        policy: &Policy,
        kind: ChangeKind,
        objectives: &[Versioned<Objective>],
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(BudgetReport, Evidence)>, Error> {
        let asks = |asked: fn(&Condition) -> bool| policy.conditions(kind).any(asked);
        let glances = self.glances(objectives, asks(|rule| matches!(rule, Condition::Alert(_))), at, now).await?;
        let incidents = asks(|rule| matches!(rule, Condition::IncidentShare(_)));
        let mut seen = Vec::with_capacity(glances.len());
        for (objective, (report, alerts)) in objectives.iter().zip(glances) {
            let incidents = if incidents { self.incidents(objective, None, at, now).await? } else { Vec::new() };
            let evidence = Evidence::new(objective, &report, &alerts, &incidents);
            seen.push((report, evidence));
        }
        Ok(seen)
    }

    async fn glances(
        &self,
        objectives: &[Versioned<Objective>],
        alerts: bool,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Glance>, Error> {
        not_after("at", at, now)?;
        let mut places: BTreeMap<&Series, Vec<usize>> = BTreeMap::new();
        for (place, objective) in objectives.iter().enumerate() {
            places.entry(&objective.value.series).or_default().push(place);
        }
        let work: Vec<_> = places
            .into_iter()
            .map(|(series, places)| self.glances_of(series, objectives, places, alerts, at))
            .collect();
        // In this task, because the meter is the task's.
        let glances: Vec<Vec<(usize, Glance)>> = stream::iter(work).buffered(AT_ONCE).try_collect().await?;
        let in_order: BTreeMap<usize, Glance> = glances.into_iter().flatten().collect();
        Ok(in_order.into_values().collect())
    }

    /// Those of one series, which are at these places among the objectives.
    async fn glances_of(
        &self,
        series: &Series,
        objectives: &[Versioned<Objective>],
        places: Vec<usize>,
        alerts: bool,
        at: Timestamp,
    ) -> Result<Vec<(usize, Glance)>, Error> {
        let asked: Vec<Asked<'_>> =
            places.iter().map(|place| Asked::of(evaluation(&objectives[*place]), alerts, at)).collect();
        let readings = asked.iter().flat_map(|asked| [&asked.window].into_iter().chain(&asked.alerts)).cloned();
        let found = self.found(series, readings.collect()).await?;
        let mut glances: Vec<Glance> = Vec::with_capacity(asked.len());
        let mut open = Vec::new();
        for (i, Asked { evaluation, window, alerts }) in asked.iter().enumerate() {
            let mut items = Vec::new();
            // Nothing is to be read where no condition applies, or none is asked for.
            if !alerts.is_empty() {
                let said = evaluation.alerts(at, 0, &found.all_of(alerts));
                open.extend(said.open.then_some(i));
                items = said.items;
            }
            glances.push((evaluation.report(at, found.of(window)), items));
        }
        // Where data is late a state is kept, mostly that of some minutes ago; for the length of the long window at most.
        let mut back = LATE;
        while !open.is_empty() {
            let of = |i: usize| {
                let evaluation = asked[i].evaluation;
                let back = back.min(evaluation.longest_alert_window(at));
                (i, back, evaluation.alerts_reading(at, back))
            };
            let further: Vec<(usize, u32, Vec<Reading>)> = open.drain(..).map(of).collect();
            let readings = further.iter().flat_map(|(.., readings)| readings).cloned();
            let found = self.found(series, readings.collect()).await?;
            for (i, back, readings) in &further {
                let said = asked[*i].evaluation.alerts(at, *back, &found.all_of(readings));
                glances[*i].1 = said.items;
                open.extend(said.open.then_some(*i));
            }
            back = back.saturating_mul(9);
        }
        glances.iter_mut().flat_map(|(_, items)| items).for_each(|alert| alert.since = None);
        Ok(places.into_iter().zip(glances).collect())
    }

    /// Reads what is wanted of a series, equal readings once.
    async fn found(&self, series: &Series, wanted: Vec<Reading>) -> Result<Found, Error> {
        let mut readings: Vec<Reading> = Vec::new();
        for reading in wanted {
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        let mut work = Vec::with_capacity(readings.len());
        for reading in &readings {
            work.push(self.read(series, reading.clone()));
        }
        let buckets = try_join_all(work).await?;
        Ok(Found { readings, buckets })
    }
}

/// What must be read for an objective.
struct Asked<'a> {
    evaluation: Evaluation<'a>,
    window: Reading,
    /// For its alerts, in order of time: the window where that will do.
    alerts: Vec<Reading>,
}

impl<'a> Asked<'a> {
    fn of(evaluation: Evaluation<'a>, alerts: bool, at: Timestamp) -> Self {
        let window = evaluation.reading(at);
        let mut alerts = if alerts { evaluation.alerts_reading(at, 0) } else { Vec::new() };
        if alerts.pop_if(|recent| window.serves(recent)).is_some() {
            alerts.retain(|earlier| !window.serves(earlier));
            alerts.push(window.clone());
        }
        Self { evaluation, window, alerts }
    }
}

/// What has been read of a series.
struct Found {
    readings: Vec<Reading>,
    buckets: Vec<Vec<Bucket>>,
}

impl Found {
    fn of(&self, reading: &Reading) -> &[Bucket] {
        let place = self.readings.iter().position(|read| read == reading);
        place.map_or(&[], |place| &self.buckets[place])
    }

    fn all_of(&self, readings: &[Reading]) -> Cow<'_, [Bucket]> {
        match readings {
            [reading] => self.of(reading).into(),
            _ => readings.iter().map(|reading| self.of(reading)).collect::<Vec<_>>().concat().into(),
        }
    }
}
