//! What is written: one minute's counts from one source.

use jiff::Timestamp;

use crate::counts::EventCounts;
use crate::name::Name;
use crate::revision::Revision;
use crate::time::Minute;

/// Minutes into the future that a sender's clock may be ahead.
pub const CLOCK_SKEW_MINUTES: i64 = 5;
/// The most measurements in one batch: a day of minutes.
pub const MAX_BATCH: usize = 1_440;
/// The largest revision of a measurement: 2^53 - 1.
pub const MAX_REVISION: u64 = (1 << 53) - 1;

/// One life of an indicator's name: what measurements belong to.
///
/// `born` is the revision at which the indicator was created. Deleting an indicator and creating it
/// again begins another series, so the old measurements are gone for every reader at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Series {
    /// The indicator.
    pub indicator: Name,
    /// The revision with which this life of the name began.
    pub born: Revision,
}

/// One minute's counts from one source.
///
/// Its identity is (series, source, start). Written again, equal content is a replay, a higher
/// revision replaces, a lower one is stale, the same revision with other counts is a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// The minute.
    pub start: Minute,
    /// What happened in it.
    pub counts: EventCounts,
    /// Which correction this is, from 0; at most [`MAX_REVISION`].
    pub revision: u64,
}

impl Measurement {
    /// What writing `self` over `stored` would do.
    ///
    /// ```
    /// use slo_core::{EventCounts, Measurement, Minute, WriteEffect};
    ///
    /// let counts = EventCounts::new(9, 10)?;
    /// let stored = Measurement { start: Minute::new(0), counts, revision: 1 };
    /// assert_eq!(stored.effect_on(&stored), WriteEffect::Replayed);
    /// let older = Measurement { revision: 0, ..stored };
    /// assert_eq!(older.effect_on(&stored), WriteEffect::Stale);
    /// # Ok::<(), slo_core::CountsError>(())
    /// ```
    #[must_use]
    pub fn effect_on(&self, stored: &Self) -> WriteEffect {
        match self.revision.cmp(&stored.revision) {
            std::cmp::Ordering::Greater => WriteEffect::Accepted,
            std::cmp::Ordering::Less => WriteEffect::Stale,
            std::cmp::Ordering::Equal if self.counts == stored.counts => WriteEffect::Replayed,
            std::cmp::Ordering::Equal => WriteEffect::Conflict,
        }
    }
}

/// What a write of one measurement did or would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteEffect {
    /// It is new or replaces a lower revision.
    Accepted,
    /// Equal content was there already.
    Replayed,
    /// A higher revision was there already.
    Stale,
    /// The same revision with other counts was there already; it stays.
    Conflict,
}

/// Measurements of one source that are written together: 1 to [`MAX_BATCH`], each minute once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch(Vec<Measurement>);

/// Why measurements make no [`Batch`]; positions are those of the given list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Nothing to write.
    #[error("a batch needs at least one measurement")]
    Empty,
    /// More than [`MAX_BATCH`].
    #[error("a batch has at most 1,440 measurements; send the rest in another one")]
    TooLong,
    /// The same minute again.
    #[error("the minute of measurement {first} stands here again; add the two up or send two sources")]
    Repeated {
        /// The position of the first.
        first: usize,
        /// The position of the repetition.
        second: usize,
    },
    /// Beyond the clock skew.
    #[error("the minute lies more than 5 minutes in the future; check the sender's clock")]
    Future {
        /// The position.
        position: usize,
    },
}

impl Batch {
    /// Checks a batch as a whole; every fault is reported.
    ///
    /// # Errors
    /// See [`BatchError`].
    pub fn new(mut measurements: Vec<Measurement>, now: Timestamp) -> Result<Self, Vec<BatchError>> {
        let mut faults = Vec::new();
        if measurements.is_empty() {
            faults.push(BatchError::Empty);
        }
        if measurements.len() > MAX_BATCH {
            faults.push(BatchError::TooLong);
        }
        let last = Minute::floor(now) + CLOCK_SKEW_MINUTES;
        let mut seen = std::collections::HashMap::new();
        for (position, measurement) in measurements.iter().enumerate() {
            if measurement.start > last {
                faults.push(BatchError::Future { position });
            }
            if let Some(first) = seen.insert(measurement.start, position) {
                faults.push(BatchError::Repeated { first, second: position });
            }
        }
        if faults.is_empty() {
            measurements.sort_by_key(|m| m.start);
            Ok(Self(measurements))
        } else {
            Err(faults)
        }
    }

    /// In order of time.
    #[must_use]
    pub fn measurements(&self) -> &[Measurement] {
        &self.0
    }

    /// The measurements of each UTC hour together, in order of time.
    pub fn hours(&self) -> impl Iterator<Item = &[Measurement]> {
        self.0.chunk_by(|a, b| a.start.hour() == b.start.hour())
    }
}

/// What became of a batch. Everything but the conflicts is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// How many were new or replaced a lower revision.
    pub accepted: usize,
    /// How many were there already, equal.
    pub replayed: usize,
    /// How many came after a higher revision.
    pub stale: usize,
    /// What is stored where the same revision says something else, in order of time.
    pub conflicts: Vec<Measurement>,
}

impl Receipt {
    /// Counts one more measurement whose write found `stored`.
    pub fn record(&mut self, effect: WriteEffect, stored: &Measurement) {
        match effect {
            WriteEffect::Accepted => self.accepted += 1,
            WriteEffect::Replayed => self.replayed += 1,
            WriteEffect::Stale => self.stale += 1,
            WriteEffect::Conflict => self.conflicts.push(*stored),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Measurement {
        Measurement { start: Minute::new(minute), counts: EventCounts::ZERO, revision: 0 }
    }

    #[test]
    fn every_fault_of_a_batch_is_named_at_once() {
        let now = Minute::new(100).timestamp();
        let faults = Batch::new(vec![at(1), at(106), at(1), at(105)], now).expect_err("faults");
        assert_eq!(faults, [BatchError::Future { position: 1 }, BatchError::Repeated { first: 0, second: 2 }]);
        assert_eq!(Batch::new(vec![], now), Err(vec![BatchError::Empty]));
        let long = (0..1_441).map(|m| at(m - 2_000)).collect();
        assert_eq!(Batch::new(long, now), Err(vec![BatchError::TooLong]));
    }

    #[test]
    fn hours_come_together_in_order_of_time() {
        let batch = Batch::new(vec![at(61), at(5), at(60), at(59)], Minute::new(100).timestamp()).expect("valid");
        let hours: Vec<Vec<i64>> = batch.hours().map(|h| h.iter().map(|m| m.start.get()).collect()).collect();
        assert_eq!(hours, [vec![5, 59], vec![60, 61]]);
    }
}
