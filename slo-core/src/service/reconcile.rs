//! Looking after what stores derive from measurements.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::Service;
use crate::error::Error;
use crate::indicator::Indicator;
use crate::measurement::Series;
use crate::name::Name;
use crate::repository::{Filter, MAX_PAGE, Reconciled, RepositoryError};
use crate::time::Minute;

const DAY: i64 = 1_440;
/// So long after its end a day counts as finished, in minutes: most late measurements have come.
const LATE: i64 = 120;

/// How many indicators are looked at at once.
const AT_ONCE: usize = 8;

/// What [`Service::reconcile`] has done.
#[derive(Debug, Default)]
pub struct Reconciliation {
    /// How many indicators were looked at.
    pub indicators: usize,
    /// What was done to their days.
    pub done: Reconciled,
    /// Indicators that could not be looked at, or not completely, and why.
    pub failed: Vec<(Name, RepositoryError)>,
}

impl Service {
    /// Brings the newest `days` UTC days of every indicator in order, today among them, and older ones to which this
    /// process has written late: what a writer left half done is completed, and finished days are condensed where that
    /// makes them cheaper to read. No answer changes, save that what was never acknowledged may become visible. Run
    /// it every hour or so; at any time, by many at once.
    ///
    /// An indicator that fails does not keep the others from being looked at.
    ///
    /// # Errors
    /// [`Error::Repository`] when the indicators cannot be listed.
    pub async fn reconcile(&self, days: u16, now: Timestamp) -> Result<Reconciliation, Error> {
        let mut all = Reconciliation::default();
        let mut after = None;
        loop {
            let page = self.list::<Indicator>(&Filter::default(), after, MAX_PAGE).await?;
            let work = page.items.into_iter().map(|indicator| {
                let series = Series { indicator: indicator.value.name, born: indicator.born };
                self.reconcile_one(series, days, now)
            });
            // Collected first: the iterator's closure would tie the future to one lifetime. In this task, because
            // the meter is the task's.
            let mut work = stream::iter(work.collect::<Vec<_>>()).buffered(AT_ONCE);
            while let Some((name, done, failed)) = work.next().await {
                all.indicators += 1;
                all.done += done;
                all.failed.extend(failed.map(|error| (name, error)));
            }
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// What was done, and why no more.
    async fn reconcile_one(
        &self,
        series: Series,
        days: u16,
        now: Timestamp,
    ) -> (Name, Reconciled, Option<RepositoryError>) {
        let mut done = Reconciled::default();
        let minute = Minute::floor(now);
        let is_finished = |day: Minute| day + DAY + LATE <= minute;
        let newest = (0..i64::from(days)).map(|back| minute.on_grid(DAY) - back * DAY);
        let mut all: BTreeSet<Minute> =
            self.measurements.written(&series).into_iter().filter(|day| is_finished(*day)).collect();
        all.extend(newest);
        for day in all.into_iter().rev() {
            let finished = is_finished(day);
            match self.measurements.reconcile(&series, day, finished, now).await {
                Ok(more) => done += more,
                Err(error) => return (series.indicator, done, Some(error)),
            }
        }
        (series.indicator, done, None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use async_trait::async_trait;

    use super::*;
    use crate::counts::Bucket;
    use crate::indicator::IndicatorKind;
    use crate::measurement::{Batch, Receipt};
    use crate::meter::{Consumed, Meter, record};
    use crate::repository::mocks::MockMeasurementRepository;
    use crate::repository::{MeasurementRepository, Resolution};
    use crate::revision::Stamp;
    use crate::time::Period;

    #[tokio::test]
    async fn every_indicator_is_looked_at_whatever_becomes_of_the_others() {
        let now: Timestamp = "2026-11-20T01:59:59Z".parse().expect("a time");
        let mut measurements = MockMeasurementRepository::new();
        let at = |day: &str| Minute::floor(format!("{day}T00:00:00Z").parse().expect("a time"));
        // Late data came to one of the first, and of today there are always some.
        measurements.expect_written().returning(move |series| match series.indicator.as_str() {
            "a" => vec![at("2026-11-10"), at("2026-11-20")],
            _ => Vec::new(),
        });
        measurements.expect_reconcile().times(8).returning(|series, day, finished, _| {
            let day = day.to_string();
            // Two hours after its end, which is in a second.
            assert_eq!(finished, ["2026-11-18", "2026-11-10"].iter().any(|old| day.starts_with(old)), "{day}");
            match series.indicator.as_str() {
                "b" => Err(RepositoryError::Unavailable("no answer".into())),
                _ => Ok(Reconciled { hours: 1, days: usize::from(finished) }),
            }
        });
        let service = Service { measurements: Arc::new(measurements), ..Service::in_memory() };
        let name = |text: &str| text.parse().expect("a name");
        for indicator in ["a", "b", "c"] {
            let indicator = Indicator::new(name(indicator), name("web"), IndicatorKind::Ratio);
            service.create(indicator, Stamp { at: now, by: None }).await.expect("it is new");
        }
        let all = service.reconcile(3, now).await.expect("they can be listed");
        assert_eq!((all.indicators, all.done), (3, Reconciled { hours: 7, days: 3 }));
        assert_eq!(all.failed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    /// Takes the longer, the earlier its name, and fails; knows how many are looked at.
    #[derive(Default)]
    struct Slow {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    #[async_trait]
    impl MeasurementRepository for Slow {
        async fn write(&self, _: &Series, _: &Name, _: &Batch, _: Timestamp) -> Result<Receipt, RepositoryError> {
            Ok(Receipt::default())
        }

        async fn read(&self, _: &Series, _: Period, _: &Resolution) -> Result<Vec<Bucket>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn reconcile(
            &self,
            series: &Series,
            _: Minute,
            _: bool,
            _: Timestamp,
        ) -> Result<Reconciled, RepositoryError> {
            let now = self.now.fetch_add(1, Relaxed) + 1;
            self.most.fetch_max(now, Relaxed);
            let number: usize = series.indicator.as_str()[1..].parse().expect("a number");
            for _ in number..100 {
                tokio::task::yield_now().await;
            }
            record(Consumed { calls: 1, ..Consumed::default() });
            self.now.fetch_sub(1, Relaxed);
            Err(RepositoryError::Unavailable("no answer".into()))
        }
    }

    #[tokio::test]
    async fn some_are_looked_at_at_once_and_told_of_in_order() {
        let now: Timestamp = "2026-11-20T01:59:59Z".parse().expect("a time");
        let slow = Arc::new(Slow::default());
        let measurements: Arc<dyn MeasurementRepository> = slow.clone();
        let service = Service { measurements, ..Service::in_memory() };
        let names: Vec<Name> = (10..50).map(|i| format!("i{i}").parse().expect("a name")).collect();
        for name in &names {
            let indicator = Indicator::new(name.clone(), "web".parse().expect("a name"), IndicatorKind::Ratio);
            service.create(indicator, Stamp { at: now, by: None }).await.expect("it is new");
        }
        let meter = Meter::default();
        let all = meter.measure(service.reconcile(3, now)).await.expect("they can be listed");
        assert_eq!((all.indicators, slow.most.load(Relaxed)), (40, AT_ONCE));
        assert_eq!(all.failed.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        // The list, and each once: it failed.
        assert_eq!(meter.consumed().calls, 41);
    }
}
