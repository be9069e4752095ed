//! Looking after what stores derive from measurements.

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
    /// Brings the newest `days` UTC days of every indicator in order, today among them: what a writer left
    /// half done is completed, and finished days are condensed where that makes them cheaper to read. No answer
    /// changes, save that what was never acknowledged may become visible. Run it every hour or so; at any
    /// time, by many at once.
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
            for indicator in page.items {
                all.indicators += 1;
                let series = Series { indicator: indicator.value.name, born: indicator.born };
                if let Err(error) = self.reconcile_one(&series, days, now, &mut all.done).await {
                    all.failed.push((series.indicator, error));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    async fn reconcile_one(
        &self,
        series: &Series,
        days: u16,
        now: Timestamp,
        done: &mut Reconciled,
    ) -> Result<(), RepositoryError> {
        let minute = Minute::floor(now);
        for back in 0..i64::from(days) {
            let day = minute.on_grid(DAY) - back * DAY;
            let finished = day + DAY + LATE <= minute;
            *done += self.measurements.reconcile(series, day, finished, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::indicator::IndicatorKind;
    use crate::repository::mocks::MockMeasurementRepository;
    use crate::revision::Stamp;

    #[tokio::test]
    async fn every_indicator_is_looked_at_whatever_becomes_of_the_others() {
        let now: Timestamp = "2026-11-20T01:59:59Z".parse().expect("a time");
        let mut measurements = MockMeasurementRepository::new();
        measurements.expect_reconcile().times(7).returning(|series, day, finished, _| {
            let day = day.to_string();
            // Two hours after its end, which is in a second.
            assert_eq!(finished, day.starts_with("2026-11-18"), "{day}");
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
        assert_eq!((all.indicators, all.done), (3, Reconciled { hours: 6, days: 2 }));
        assert_eq!(all.failed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b"]);
    }
}
