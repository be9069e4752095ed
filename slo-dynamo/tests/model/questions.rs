//! Measurements and what is asked of them.

use std::fmt::Debug;

use jiff::{SignedDuration, Timestamp};
use slo_core::{Indicator, Minute, Name, Objective, Period, Proposal, Resolution, Revision, Series, WhatIf};

use super::both::{Both, Tested, beside};
use super::operation::{DAY, FIRST, NOW, Operation, Run, SOURCES};
use super::values::{batch, method, no_data, nth, shorthand, window};
use crate::common::name;

const STEPS: [&str; 5] = ["1m", "5m", "1h", "1d", "2m"];

impl Both {
    pub(crate) async fn record(&self, what: &Operation, indicator: usize, source: usize, runs: &[Run]) -> Tested {
        let (indicator, source) = (nth(indicator), name(SOURCES[source]));
        let Some(batch) = batch(runs) else { return Ok(()) };
        self.same(what, |service| {
            let (indicator, source, batch) = (indicator.clone(), source.clone(), batch.clone());
            async move {
                let indicator = service.get::<Indicator>(&indicator).await?;
                service.record(&indicator, &source, &batch, NOW.timestamp()).await
            }
        })
        .await
        .map(drop)
    }

    /// What a batch and its like change nothing of: questions.
    pub(crate) async fn ask(&self, question: &Operation) -> Tested {
        match question {
            Operation::Counts { indicator, from, length, step } => {
                let (of, period) = (nth(*indicator), Period::new(from.minute(), from.minute() + *length));
                let step = shorthand(STEPS[*step]);
                self.same(question, |service| {
                    let of = of.clone();
                    async move { service.counts(&of, period, step).await }
                })
                .await?;
            }
            Operation::Read { indicator, born, from, to, cuts } => {
                let indicator = nth(*indicator);
                let current = self.model.indicators.get(&indicator).await.ok().flatten().map(|found| found.born);
                let series = Series { indicator, born: beside(current, *born) };
                let resolution = cuts.as_ref().map_or(Resolution::Minutes, |cuts| Resolution::Hours {
                    cuts: cuts.iter().map(|cut| cut.minute()).collect(),
                });
                self.read(question, &series, Period::new(from.minute(), to.minute()), &resolution).await?;
            }
            Operation::Backtest { indicator, at, window: of, method: how, periods } => {
                let proposal = Proposal {
                    time_window: window(*of),
                    method: method(*how),
                    no_data: no_data(*periods),
                    target: None,
                    periods: Some(*periods),
                };
                let (indicator, at) = (nth(*indicator), at.minute().timestamp());
                self.same(question, |service| {
                    let (indicator, proposal) = (indicator.clone(), proposal.clone());
                    async move {
                        let indicator = service.get::<Indicator>(&indicator).await?;
                        service.backtest(&indicator, &proposal, at, NOW.timestamp()).await
                    }
                })
                .await?;
            }
            of_an_objective => self.evaluate(of_an_objective).await?,
        }
        Ok(())
    }

    async fn evaluate(&self, question: &Operation) -> Tested {
        let now: Timestamp = NOW.timestamp();
        match question {
            Operation::Budget { objective, at, seconds, without_exclusions } => {
                let at = at.minute().timestamp() + SignedDuration::from_secs(*seconds);
                let what_if = WhatIf { target: None, without_exclusions: *without_exclusions };
                self.same(question, |service| async move {
                    let objective = service.get::<Objective>(&nth(*objective)).await?;
                    service.error_budget(&objective, at, what_if, now).await
                })
                .await?;
            }
            Operation::Alerts { objective, at } => {
                self.same(question, |service| async move {
                    let objective = service.get::<Objective>(&nth(*objective)).await?;
                    service.alerts(&objective, at.minute().timestamp(), now).await
                })
                .await?;
            }
            Operation::Incidents { objective, from, to } => {
                let (from, to) = (from.map(|from| from.minute().timestamp()), to.minute().timestamp());
                self.same(question, |service| async move {
                    let objective = service.get::<Objective>(&nth(*objective)).await?;
                    service.incidents(&objective, from, to, now).await
                })
                .await?;
            }
            Operation::BurnDown { objective, from, to, step } => {
                let (from, to) = (from.map(|from| from.minute().timestamp()), to.minute().timestamp());
                let step = step.map(|step| shorthand(STEPS[step]));
                self.same(question, |service| async move {
                    let objective = service.get::<Objective>(&nth(*objective)).await?;
                    service.burn_down(&objective, from, to, step, now).await
                })
                .await?;
            }
            other => unreachable!("{other:?} is no question about an objective"),
        }
        Ok(())
    }

    async fn read(&self, what: &impl Debug, series: &Series, period: Period, resolution: &Resolution) -> Tested {
        self.same(&(what, series), |service| {
            let (series, resolution) = (series.clone(), resolution.clone());
            async move { Ok(service.measurements.read(&series, period, &resolution).await?) }
        })
        .await
        .map(drop)
    }

    /// The sums of one life of an indicator, in several ways.
    pub(crate) async fn everything_of(&self, indicator: &Name, born: Revision) -> Tested {
        let series = Series { indicator: indicator.clone(), born };
        let all = Period::new(FIRST, NOW + 60);
        let hours = |cuts: &[Minute]| Resolution::Hours { cuts: cuts.to_vec() };
        for resolution in [Resolution::Minutes, hours(&[]), hours(&[Minute::new(1), NOW])] {
            self.read(&"at the end", &series, all, &resolution).await?;
        }
        // Ends in the first and the last hours of a day, on the hour and not.
        for (start, end) in [(-1_440, 60), (-60, 1), (-61, 0), (0, 119), (-1_381, -1_320)] {
            let period = Period::new(DAY + start, DAY + end);
            self.read(&("at the end", period), &series, period, &hours(&[])).await?;
        }
        Ok(())
    }
}
