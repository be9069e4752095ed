//! Where counts are kept.

use async_trait::async_trait;
use jiff::Timestamp;

use super::RepositoryError;
use crate::counts::Bucket;
use crate::measurement::{Batch, Receipt, Series};
use crate::name::Name;
use crate::time::{Minute, Period};

/// How finely counts are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Every minute by itself.
    Minutes,
    /// Whole UTC hours where no cut lies inside one, minutes where one does.
    Hours {
        /// No bucket may straddle one of these, in order of time; the ends of the period are cuts too.
        cuts: Vec<Minute>,
    },
}

impl Resolution {
    /// Whether the hour that begins at `hour` must be given minute by minute.
    #[must_use]
    pub fn splits(&self, hour: Minute, period: Period) -> bool {
        let inside = |cut: &Minute| hour < *cut && *cut < hour + 60;
        match self {
            Self::Minutes => true,
            Self::Hours { cuts } => {
                let next = cuts.get(cuts.partition_point(|cut| *cut <= hour));
                [period.start, period.end].iter().chain(next).any(inside)
            }
        }
    }
}

/// What a store did to bring a day in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Hours that held what their sums did not tell: a writer died before it was acknowledged.
    pub hours: usize,
    /// Days condensed, so that they are cheaper to read.
    pub days: usize,
}

impl std::ops::AddAssign for Reconciled {
    fn add_assign(&mut self, other: Self) {
        self.hours += other.hours;
        self.days += other.days;
    }
}

/// Keeps the measurements of indicators and answers with their sums.
///
/// A measurement is identified by (series, source, minute).
///
/// # Contract
/// 1. **New counts**: a measurement that was not there is accepted and counts.
/// 2. **A replay changes nothing**: written again with equal content it is `replayed`, any number of
///    times, in any order, by anybody.
/// 3. **A higher revision replaces**, and the old counts are gone.
/// 4. **A lower revision is stale** and changes nothing.
/// 5. **The same revision with other counts is a conflict**: the stored one is reported and stays; the
///    rest of the batch is written.
/// 6. **Sources add up**: the same minute from two sources counts twice, once each.
/// 7. **Half-open**: a read counts minutes whose start lies in `[start, end)` and no others, whether or
///    not the ends lie on the hour.
/// 8. **Buckets**: in order of time, without overlap, without empty ones (neither counts nor minutes
///    with data); with `Minutes` one a minute, otherwise none straddles a cut.
/// 9. **Minutes with data** are those whose total over all sources is above zero.
/// 10. **Series are apart**: other indicators and other lives of the same name are not seen.
/// 11. **Acknowledged is durable and visible**: after a write returned, every read counts it; of
///     concurrent writers of the same measurements each measurement counts once.
/// 12. **Sums are exact** up to the largest counts, and reads are complete however much there is.
/// 13. **Any age**: the time of a measurement does not decide whether it is kept; `now` is the day of
///     writing, from which a store may count its retention, and nothing else.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MeasurementRepository: Send + Sync {
    /// Writes a batch of one source.
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError>;

    /// The counts of a period over all sources.
    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError>;

    /// Brings one UTC day of a series in order, for stores that derive sums from what they keep; answers
    /// do not change by it, save that what was never acknowledged may become visible. A `finished` day, to
    /// which nothing more is expected to be written, may be condensed. It may be called at any time, by many at
    /// once. `now` is the day of writing. Others have nothing to do.
    async fn reconcile(
        &self,
        _series: &Series,
        _day: Minute,
        _finished: bool,
        _now: Timestamp,
    ) -> Result<Reconciled, RepositoryError> {
        Ok(Reconciled::default())
    }

    /// The UTC days of a series to which this process has written since it last reconciled them as `finished`, as far
    /// as it remembers: data that come late are condensed too. A store that condenses nothing has none.
    fn written(&self, _series: &Series) -> Vec<Minute> {
        Vec::new()
    }
}
