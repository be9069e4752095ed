//! The grid of whole UTC minutes on which everything is stored and computed.

use std::fmt;
use std::ops::{Add, Sub};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const SECONDS: i64 = 60;
const NANOSECONDS: i128 = 60_000_000_000;

/// A whole UTC minute, counted from the Unix epoch.
///
/// ```
/// use slo_core::Minute;
///
/// let at = "2015-05-21T00:00:30Z".parse()?;
/// assert_eq!(Minute::floor(at).to_string(), "2015-05-21T00:00:00Z");
/// assert_eq!(Minute::ceil(at).to_string(), "2015-05-21T00:01:00Z");
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minute(i64);

impl Minute {
    /// The minute `minutes` after 1970-01-01T00:00Z.
    #[must_use]
    pub const fn new(minutes: i64) -> Self {
        Self(minutes)
    }

    /// The minute that contains `at`.
    #[must_use]
    pub fn floor(at: Timestamp) -> Self {
        let minutes = at.as_nanosecond().div_euclid(NANOSECONDS);
        Self(i64::try_from(minutes).expect("a timestamp lies within 10,000 years of the epoch"))
    }

    /// The first whole minute at or after `at`.
    #[must_use]
    pub fn ceil(at: Timestamp) -> Self {
        let floor = Self::floor(at);
        if floor.timestamp() < at { floor + 1 } else { floor }
    }

    /// Minutes since the epoch.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The minute 0 of the UTC hour that contains this minute.
    #[must_use]
    pub const fn hour(self) -> Self {
        self.on_grid(60)
    }

    /// The start of the step of `width` minutes on the epoch grid that contains this minute.
    #[must_use]
    pub const fn on_grid(self, width: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(width))
    }

    /// The instant at which the minute begins, kept within what a timestamp can say.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let seconds = self.0.saturating_mul(SECONDS);
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        Timestamp::from_second(seconds.clamp(first, last)).expect("clamped to the range of timestamps")
    }
}

impl Add<i64> for Minute {
    type Output = Self;

    fn add(self, minutes: i64) -> Self {
        Self(self.0 + minutes)
    }
}

impl Sub<i64> for Minute {
    type Output = Self;

    fn sub(self, minutes: i64) -> Self {
        Self(self.0 - minutes)
    }
}

impl Sub for Minute {
    type Output = i64;

    fn sub(self, other: Self) -> i64 {
        self.0 - other.0
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// The half-open span of minutes `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// The first minute inside.
    pub start: Minute,
    /// The first minute no longer inside.
    pub end: Minute,
}

impl Period {
    /// `[start, end)`; empty when `end` is not after `start`.
    #[must_use]
    pub const fn new(start: Minute, end: Minute) -> Self {
        Self { start, end }
    }

    /// Its length in minutes, 0 when empty.
    #[must_use]
    pub fn minutes(self) -> u64 {
        u64::try_from(self.end - self.start).unwrap_or(0)
    }

    /// Whether the minute lies inside.
    #[must_use]
    pub fn contains(self, minute: Minute) -> bool {
        self.start <= minute && minute < self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_epoch_minutes_still_round_down() {
        let at: Timestamp = "1969-12-31T23:59:30Z".parse().expect("time");
        assert_eq!(Minute::floor(at), Minute::new(-1));
        assert_eq!(Minute::ceil(at), Minute::new(0));
        assert_eq!(Minute::new(-1).hour(), Minute::new(-60));
    }

    #[test]
    fn an_instant_on_a_minute_stays() {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().expect("time");
        assert_eq!(Minute::floor(at), Minute::ceil(at));
        let later: Timestamp = "2026-11-20T12:00:00.000000001Z".parse().expect("time");
        assert_eq!(Minute::ceil(later), Minute::ceil(at) + 1);
    }
}
