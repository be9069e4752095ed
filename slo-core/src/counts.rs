//! Good and total events.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

use crate::time::{Minute, Period};

/// The largest count of one measurement: 2^53 - 1, the last integer every JSON reader keeps exact.
pub const MAX_COUNT: u64 = (1 << 53) - 1;

/// Good and total events; additive.
///
/// Sums are 128 bits wide. A measurement holds less than 2^53 events, a window less than 2^20
/// minutes, so sums stay below 2^97 for fewer than 2^24 sources and can be multiplied by parts per
/// billion (2^30) in 127 bits.
///
/// ```
/// use slo_core::EventCounts;
///
/// let counts = EventCounts::new(990, 1_000)? + EventCounts::new(10, 10)?;
/// assert_eq!((counts.total(), counts.bad()), (1_010, 10));
/// assert!(EventCounts::new(2, 1).is_err());
/// # Ok::<(), slo_core::CountsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u64, u64)", into = "(u64, u64)")]
pub struct EventCounts {
    good: u128,
    total: u128,
}

/// Why two numbers are no [`EventCounts`] of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountsError {
    /// More good events than events.
    #[error("good is more than total; total counts every event, the good ones too")]
    GoodAboveTotal,
    /// Above [`MAX_COUNT`].
    #[error("a count is at most 9007199254740991 (2^53 - 1); split the measurement over several sources")]
    TooLarge,
}

impl EventCounts {
    /// No events.
    pub const ZERO: Self = Self { good: 0, total: 0 };

    /// The counts of one measurement.
    ///
    /// # Errors
    /// When `good` is above `total` or `total` above [`MAX_COUNT`].
    pub const fn new(good: u64, total: u64) -> Result<Self, CountsError> {
        if total > MAX_COUNT {
            Err(CountsError::TooLarge)
        } else if good > total {
            Err(CountsError::GoodAboveTotal)
        } else {
            Ok(Self { good: good as u128, total: total as u128 })
        }
    }

    /// The sums that a store has kept; `None` when `bad` is above `total`.
    #[must_use]
    pub const fn from_sums(bad: u128, total: u128) -> Option<Self> {
        match total.checked_sub(bad) {
            Some(good) => Some(Self { good, total }),
            None => None,
        }
    }

    /// Events that met the indicator's condition.
    #[must_use]
    pub const fn good(self) -> u128 {
        self.good
    }

    /// All events.
    #[must_use]
    pub const fn total(self) -> u128 {
        self.total
    }

    /// What is left when a part of them is taken away.
    pub(crate) const fn without(self, part: Self) -> Self {
        Self { good: self.good - part.good, total: self.total - part.total }
    }

    /// Events that did not: `total - good`.
    #[must_use]
    pub const fn bad(self) -> u128 {
        self.total - self.good
    }
}

impl Add for EventCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { good: self.good + other.good, total: self.total + other.total }
    }
}

impl AddAssign for EventCounts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for EventCounts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}

impl TryFrom<(u64, u64)> for EventCounts {
    type Error = CountsError;

    fn try_from((good, total): (u64, u64)) -> Result<Self, CountsError> {
        Self::new(good, total)
    }
}

impl From<EventCounts> for (u64, u64) {
    fn from(counts: EventCounts) -> Self {
        let narrow = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        (narrow(counts.good), narrow(counts.total))
    }
}

/// How wide a [`Bucket`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// One minute.
    Minute,
    /// One UTC hour.
    Hour,
}

impl Width {
    /// In minutes.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
        }
    }
}

/// The counts of one minute or one UTC hour over all sources, and which of its minutes had data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Where it begins; an hour begins on the hour.
    pub start: Minute,
    /// One minute or one hour.
    pub width: Width,
    /// The sums.
    pub counts: EventCounts,
    /// Bit i is set when minute `start + i` had events.
    pub with_data: u64,
}

impl Bucket {
    /// One minute's counts.
    #[must_use]
    pub const fn minute(start: Minute, counts: EventCounts) -> Self {
        Self { start, width: Width::Minute, counts, with_data: if counts.total() > 0 { 1 } else { 0 } }
    }

    /// The minutes it spans.
    #[must_use]
    pub fn period(self) -> Period {
        Period::new(self.start, self.start + self.width.minutes())
    }

    /// The end of its newest minute with data.
    #[must_use]
    pub fn watermark(self) -> Option<Minute> {
        (self.with_data != 0).then(|| self.start + i64::from(64 - self.with_data.leading_zeros()))
    }

    /// Its first minute with data.
    #[must_use]
    pub fn first_with_data(self) -> Option<Minute> {
        (self.with_data != 0).then(|| self.start + i64::from(self.with_data.trailing_zeros()))
    }

    /// Adds another source's counts of the same span.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.with_data |= other.with_data;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named() {
        assert_eq!(EventCounts::new(0, MAX_COUNT + 1), Err(CountsError::TooLarge));
        assert_eq!(EventCounts::new(5, 4), Err(CountsError::GoodAboveTotal));
        assert!(EventCounts::new(MAX_COUNT, MAX_COUNT).is_ok());
        assert_eq!(EventCounts::from_sums(2, 1), None);
    }

    #[test]
    fn the_watermark_is_the_end_of_the_newest_minute_with_data() {
        let mut hour = Bucket { start: Minute::new(600), width: Width::Hour, counts: EventCounts::ZERO, with_data: 0 };
        assert_eq!(hour.watermark(), None);
        hour.with_data = 0b101;
        assert_eq!((hour.first_with_data(), hour.watermark()), (Some(Minute::new(600)), Some(Minute::new(603))));
        hour.with_data = 1 << 59;
        assert_eq!((hour.first_with_data(), hour.watermark()), (Some(Minute::new(659)), Some(Minute::new(660))));
    }
}
