//! How reliable the game itself is: measured, promised and answered by the library.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use slo_core::{
    Attempt, BudgetUnit, Error, Indicator, IndicatorKind, Managed, Name, Objective, Ratio, Recorder, Revision,
    RollingWindow, Series, Service, Stamp, TimeWindow, WhatIf,
};
use slo_recorder::RecordLayer;
use uuid::Uuid;

/// What is measured: the share of requests that were answered without a fault of ours.
pub const INDICATOR: &str = "games-availability";
/// What is promised of it: 99.9 % over 28 days.
pub const OBJECTIVE: &str = "games-availability";
/// Counts are flushed this often: so much is lost by a crash at most.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// A player does not wait longer for a flush; what was not flushed is, with the next one.
const PATIENCE: Duration = Duration::from_secs(2);

/// The library as it is embedded here.
pub struct Reliability {
    service: Service,
    recorder: Arc<Recorder>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    flushed: Mutex<Option<Timestamp>>,
}

impl Reliability {
    /// Nothing is sent. The source of the counts is new with each process.
    pub fn new(service: Service, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let source = name(&Uuid::new_v4().to_string());
        let recorder = Arc::new(Recorder::new(name(INDICATOR), source));
        Self { service, recorder, clock: Arc::new(clock), flushed: Mutex::default() }
    }

    /// Records each answer over HTTP.
    #[must_use]
    pub fn layer(&self) -> RecordLayer {
        let clock = Arc::clone(&self.clock);
        RecordLayer::new(Arc::clone(&self.recorder)).clock(move || clock())
    }

    /// A request that does not come over HTTP.
    pub fn begin(&self) -> Attempt {
        self.recorder.begin((self.clock)())
    }

    /// Says what is measured and what is promised, where nobody has said it yet.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn define(&self) -> Result<(), Error> {
        let window = RollingWindow::new("28d".parse().expect("a duration")).expect("it is short enough");
        let indicator = Indicator::new(name(INDICATOR), name("guessing-game"), IndicatorKind::Ratio);
        // The service looks up in which life of its name the indicator is.
        let series = Series { indicator: name(INDICATOR), born: Revision::FIRST };
        let target = "0.999".parse().expect("a target");
        let objective =
            Objective::new(name(OBJECTIVE), name("guessing-game"), series, target, TimeWindow::Rolling(window));
        self.create(indicator).await?;
        self.create(objective).await
    }

    /// What somebody has made of it since stays.
    async fn create<D: Managed>(&self, value: D) -> Result<(), Error> {
        match self.service.create(value, Stamp { at: (self.clock)(), by: None }).await {
            Ok(_) | Err(Error::Exists { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Writes what was recorded. After an error nothing is lost: the next flush has it.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn flush(&self) -> Result<(), Error> {
        let now = (self.clock)();
        match self.recorder.flush(&self.service, now).await {
            Err(Error::NotFound { .. }) => {
                self.define().await?;
                self.recorder.flush(&self.service, now).await.map(drop)
            }
            flushed => flushed.map(drop),
        }
    }

    /// Flushes when it is time to; what goes wrong is logged, because it is no concern of whoever waits for an answer.
    pub async fn flush_when_due(&self) {
        if !self.due() {
            return;
        }
        match tokio::time::timeout(PATIENCE, self.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "counts wait for the next flush")
            }
            Err(_) => tracing::warn!("counts wait for the next flush: the store took too long"),
        }
    }

    fn due(&self) -> bool {
        let now = (self.clock)();
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back is no reason to wait.
        let due = flushed.is_none_or(|last| now.duration_since(last).unsigned_abs() >= INTERVAL);
        if due {
            *flushed = Some(now);
        }
        due
    }

    /// The error budget now, with everything that this process has recorded.
    ///
    /// # Errors
    /// [`Error::Repository`].
    pub async fn budget(&self) -> Result<BudgetAnswer, Error> {
        self.flush().await?;
        let objective = match self.service.get::<Objective>(&name(OBJECTIVE)).await {
            Err(Error::NotFound { .. }) => {
                self.define().await?;
                self.service.get(&name(OBJECTIVE)).await?
            }
            objective => objective?,
        };
        let now = (self.clock)();
        let report = self.service.error_budget(&objective, now, WhatIf::default(), now).await?;
        Ok(BudgetAnswer {
            objective: objective.value.name,
            at: now,
            status: report.status.name(),
            target: Ratio::from(report.target),
            sli: report.sli,
            good: report.counts.good(),
            total: report.counts.total(),
            bad: report.counts.bad(),
            budget: Amounts {
                unit: match report.budget.unit {
                    BudgetUnit::Events => "events",
                    BudgetUnit::Seconds => "seconds",
                },
                total: report.budget.total,
                consumed: report.budget.consumed,
                remaining: report.budget.remaining,
                remaining_ratio: report.budget.remaining_ratio,
            },
            met: report.met,
            exhausted: report.exhausted,
            coverage: report.coverage,
            lost: self.recorder.lost(),
        })
    }
}

/// What `GET /health/error-budget` says; undefined figures are null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetAnswer {
    objective: Name,
    at: Timestamp,
    status: &'static str,
    target: Ratio,
    sli: Option<Ratio>,
    good: u128,
    total: u128,
    bad: u128,
    budget: Amounts,
    met: Option<bool>,
    exhausted: bool,
    coverage: Option<Ratio>,
    /// Events of this process that no store will ever have: it was away for more than a day.
    lost: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Amounts {
    unit: &'static str,
    total: Ratio,
    consumed: Ratio,
    remaining: Ratio,
    remaining_ratio: Option<Ratio>,
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}
