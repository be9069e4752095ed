//! What an objective says: read what the evaluation needs, then evaluate.

use jiff::Timestamp;

use super::{MAX_STEPS, Service, series};
use crate::alert::Alert;
use crate::backtest::Backtest;
use crate::budget::BudgetReport;
use crate::burn_down::BurnDownPoint;
use crate::counts::{Bucket, Width};
use crate::duration::Shorthand;
use crate::error::Error;
use crate::evaluation::{Evaluation, Reading};
use crate::incident::Incident;
use crate::indicator::Indicator;
use crate::measurement::Series;
use crate::objective::{BudgetingMethod, NoData, Objective};
use crate::repository::Resolution;
use crate::revision::Versioned;
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::TimeWindow;

/// What is assumed instead of what is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// Another target; free of the rule that it be stricter than the SLA's.
    pub target: Option<Target>,
    /// As if there were no exclusions.
    pub without_exclusions: bool,
}

/// An objective that is only thought of, to be tried on the past of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its window.
    pub time_window: TimeWindow,
    /// How failure would be counted.
    pub method: BudgetingMethod,
    /// What a slice without data would mean.
    pub no_data: NoData,
    /// Its target; the suggested one when there is none.
    pub target: Option<Target>,
    /// How many finished periods are tried, 1 to [`MAX_PERIODS`]; four, or as many as fit, when `None`.
    pub periods: Option<usize>,
}

/// The most periods of a [`Proposal`].
pub const MAX_PERIODS: usize = 24;
/// How many are tried when nothing is said.
const PERIODS: usize = 4;
/// The most days that one answer looks at: what stores keep, and the longest window before it.
const MAX_DAYS: u64 = 800 + 366;
/// Likewise where every minute is looked at.
const MAX_DAYS_OF_SLICES: u64 = 400;
/// The longest look for incidents, in days: the longest window.
const MAX_INCIDENT_DAYS: u64 = 366;
/// The longest look back for the start of an alert's spell, in minutes, unless its long window is longer.
const MAX_BACK: u32 = 31 * 1_440;
/// So many spans with bad minutes are read one by one.
const FEW_SPANS: usize = 16;

impl Service {
    /// The error budget of an objective at an instant.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a future instant; [`Error::Repository`].
    pub async fn error_budget(
        &self,
        objective: &Versioned<Objective>,
        at: Timestamp,
        what_if: WhatIf,
        now: Timestamp,
    ) -> Result<BudgetReport, Error> {
        not_after("at", at, now)?;
        let mut evaluation = evaluation(objective);
        if let Some(target) = what_if.target {
            evaluation = evaluation.with_target(target);
        }
        if what_if.without_exclusions {
            evaluation = evaluation.excluding(&[]);
        }
        let buckets = self.read(&objective.value.series, evaluation.reading(at)).await?;
        Ok(evaluation.report(at, &buckets))
    }

    /// The state of an objective's alert conditions at an instant. A spell of firing is followed back for
    /// 31 days, or the longest of their windows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a future instant; [`Error::Repository`].
    pub async fn alerts(
        &self,
        objective: &Versioned<Objective>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Alert>, Error> {
        not_after("at", at, now)?;
        self.alerts_back(objective, at, 0).await
    }

    /// The same with a first look so far back.
    pub(super) async fn alerts_back(
        &self,
        objective: &Versioned<Objective>,
        at: Timestamp,
        first: u32,
    ) -> Result<Vec<Alert>, Error> {
        let evaluation = evaluation(objective);
        let most = evaluation.longest_alert_window(at).max(MAX_BACK);
        let mut back = first;
        loop {
            let mut buckets = Vec::new();
            for reading in evaluation.alerts_reading(at, back) {
                buckets.extend(self.read(&objective.value.series, reading).await?);
            }
            let alerts = evaluation.alerts(at, back, &buckets);
            if !alerts.further || back >= most {
                return Ok(alerts.items);
            }
            // Most spells are short: three days, a week, two, all.
            back = back.saturating_mul(3).clamp(4_320, most);
        }
    }

    /// The incidents of an objective in `[from, to)`, those of the largest share of the budget at `to`
    /// first; since the start of that budget's period when `from` is `None`.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the span is empty, longer than 366 days or reaches into the future;
    /// [`Error::Repository`].
    pub async fn incidents(
        &self,
        objective: &Versioned<Objective>,
        from: Option<Timestamp>,
        to: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Incident>, Error> {
        not_after("to", to, now)?;
        let evaluation = evaluation(objective);
        let elapsed = objective.value.time_window.period_at(to).elapsed;
        let from = from.map_or(elapsed.start, Minute::ceil);
        let span = Period::new(from, elapsed.end);
        if span.minutes() == 0 {
            return Err(unusable("from", "it must lie before to"));
        }
        if span.minutes() > MAX_INCIDENT_DAYS * 1_440 {
            return Err(unusable("from", "look at 366 days at most; ask for a shorter span"));
        }
        let series = &objective.value.series;
        let buckets = self.read(series, evaluation.incidents_reading(from, to)).await?;
        let buckets = self.with_bad_minutes(series, buckets, span).await?;
        Ok(evaluation.incidents(from, to, &buckets))
    }

    /// The budget of an objective step by step: at each step of the epoch grid in `[from, to]`, and at
    /// `to`. Without `from`, over the budget's period at `to`, its start left out; without `step`, the finest
    /// of 1m, 5m, 1h and 1d that makes no more than [`MAX_STEPS`] steps.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the span is empty, has too many steps or reaches into the future;
    /// [`Error::Repository`].
    pub async fn burn_down(
        &self,
        objective: &Versioned<Objective>,
        from: Option<Timestamp>,
        to: Timestamp,
        step: Option<Shorthand>,
        now: Timestamp,
    ) -> Result<Vec<BurnDownPoint>, Error> {
        not_after("to", to, now)?;
        let elapsed = objective.value.time_window.period_at(to).elapsed;
        if from.is_some_and(|from| Minute::ceil(from) >= elapsed.end) {
            return Err(unusable("from", "it must lie before to"));
        }
        // With the start of a period the one before it ends.
        let from = from.map_or(elapsed.start + 1, Minute::ceil);
        let span = Period::new(from, elapsed.end);
        let few = |width: &i64| span.minutes() <= MAX_STEPS * width.unsigned_abs();
        let width = match step {
            Some(step) => step_minutes(step)?,
            None => STEPS.into_iter().find(few).unwrap_or(1_440),
        };
        if !few(&width) {
            return Err(too_many_steps());
        }
        let mut ends: Vec<Minute> = std::iter::successors(Some(from.on_grid(width)), |end| Some(*end + width))
            .take_while(|end| *end < span.end)
            .collect();
        ends.retain(|end| *end >= from);
        ends.push(span.end);
        let evaluation = evaluation(objective);
        let reading = evaluation.burn_down_reading(&ends);
        if reading.period.minutes() > most_days(objective.value.method) * 1_440 {
            return Err(unusable("from", "the span and the window before it are too long; ask for a later from"));
        }
        let buckets = self.read(&objective.value.series, reading).await?;
        Ok(evaluation.burn_down(&ends, &buckets))
    }

    /// What the past of an indicator says about a proposed objective, and which target it would have met.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the periods are too many or too long, or `at` lies in the future;
    /// [`Error::Repository`].
    pub async fn backtest(
        &self,
        indicator: &Versioned<Indicator>,
        proposal: &Proposal,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Backtest, Error> {
        not_after("at", at, now)?;
        if proposal.periods.is_some_and(|periods| !(1..=MAX_PERIODS).contains(&periods)) {
            return Err(unusable("periods", "write a whole number from 1 to 24"));
        }
        let name = indicator.value.name.clone();
        // The target plays no part before there is one.
        let target = proposal.target.unwrap_or(Target::from_parts_per_billion(1).expect("it lies in (0,1)"));
        let mut objective = Objective::new(
            name,
            indicator.value.service.clone(),
            series(indicator),
            target,
            proposal.time_window.clone(),
        );
        (objective.method, objective.no_data) = (proposal.method, proposal.no_data);
        let evaluation = Evaluation::of(&objective);
        let most = most_days(proposal.method);
        let fits = |periods: &usize| evaluation.backtest_reading(at, *periods).period.minutes() <= most * 1_440;
        let periods = match proposal.periods {
            Some(periods) => Some(periods).filter(fits),
            None => (1..=PERIODS).rev().find(fits),
        };
        let Some(periods) = periods else {
            let detail = format!("so many periods span more than {most} days; ask for fewer or a shorter window");
            return Err(Error::Parameter { parameter: "periods", detail });
        };
        let buckets = self.read(&objective.series, evaluation.backtest_reading(at, periods)).await?;
        Ok(evaluation.backtest(at, periods, proposal.target, &buckets))
    }

    /// The same buckets, but with the minutes of those hours of a span in which anything was bad.
    pub(super) async fn with_bad_minutes(
        &self,
        series: &Series,
        mut buckets: Vec<Bucket>,
        span: Period,
    ) -> Result<Vec<Bucket>, Error> {
        for bad in bad_hours(&buckets, span) {
            let minutes = self.read(series, Reading { period: bad, resolution: Resolution::Minutes }).await?;
            let inside = |minute: Minute| buckets.partition_point(|bucket| bucket.start < minute);
            let range = inside(bad.start)..inside(bad.end);
            buckets.splice(range, minutes);
        }
        Ok(buckets)
    }

    pub(super) async fn read(&self, series: &Series, reading: Reading) -> Result<Vec<Bucket>, Error> {
        Ok(self.measurements.read(series, reading.period, &reading.resolution).await?)
    }
}

/// With the objective's exclusions.
pub(super) fn evaluation(objective: &Versioned<Objective>) -> Evaluation<'_> {
    Evaluation::of(&objective.value).excluding(&objective.annex)
}

/// The hours of a span that have bad events and must be looked at minute by minute: neighbours together,
/// and when they are many, everything from the first to the last.
fn bad_hours(buckets: &[Bucket], span: Period) -> Vec<Period> {
    let mut spans: Vec<Period> = Vec::new();
    let bad = |bucket: &&Bucket| bucket.width == Width::Hour && bucket.counts.bad() > 0 && span.contains(bucket.start);
    for hour in buckets.iter().filter(bad).map(|bucket| bucket.period()) {
        match spans.last_mut() {
            Some(last) if last.end == hour.start => last.end = hour.end,
            _ => spans.push(hour),
        }
    }
    match (spans.first(), spans.last()) {
        (Some(first), Some(last)) if spans.len() > FEW_SPANS => vec![Period::new(first.start, last.end)],
        _ => spans,
    }
}

/// The most days that one answer looks at.
const fn most_days(method: BudgetingMethod) -> u64 {
    if method.slice_width().is_some() { MAX_DAYS_OF_SLICES } else { MAX_DAYS }
}

/// The steps that answers are made in, in minutes.
const STEPS: [i64; 4] = [1, 5, 60, 1_440];

/// The width of a step in minutes.
pub(super) fn step_minutes(step: Shorthand) -> Result<i64, Error> {
    let minutes = step.minutes().and_then(|minutes| i64::try_from(minutes).ok());
    minutes.filter(|minutes| STEPS.contains(minutes)).ok_or_else(|| unusable("step", "use 1m, 5m, 1h or 1d"))
}

pub(super) fn too_many_steps() -> Error {
    unusable("step", "the span has more than 1,500 steps; ask for a shorter one or a longer step")
}

pub(super) fn unusable(parameter: &'static str, detail: &str) -> Error {
    Error::Parameter { parameter, detail: detail.to_owned() }
}

pub(super) fn not_after(parameter: &'static str, at: Timestamp, now: Timestamp) -> Result<(), Error> {
    if at <= now {
        return Ok(());
    }
    Err(Error::Parameter { parameter, detail: format!("{at} lies in the future; ask for an instant up to now") })
}
