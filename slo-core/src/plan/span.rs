//! The span of days that is planned.

use jiff::{SignedDuration, Timestamp};

use crate::error::Error;
use crate::time::{Minute, Period};

/// The most days that are planned ahead: the longest window.
const MAX_DAYS: i64 = 366;

/// A span of days to be planned, `[from, to)`, as it looks from an instant.
///
/// ```
/// use slo_core::PlanSpan;
///
/// let at = "2026-11-20T12:00:00Z".parse()?;
/// let sprint = PlanSpan::new(None, "2026-12-04T00:00:00Z".parse()?, at)?;
/// assert_eq!(sprint.from(), at, "now, when nothing else is said");
/// assert!(PlanSpan::new(None, at, at).is_err(), "it is over");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanSpan {
    at: Timestamp,
    from: Timestamp,
    to: Timestamp,
}

impl PlanSpan {
    /// The span `[from, to)` as it looks at `at`; from `at` on when `from` is `None`. It may have begun.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `from < to`, `to` lies after `at`, and at most 366 days after it.
    pub fn new(from: Option<Timestamp>, to: Timestamp, at: Timestamp) -> Result<Self, Error> {
        let unusable = |parameter, detail: String| Err(Error::Parameter { parameter, detail });
        if to <= at {
            return unusable("to", format!("{to} is over; plan for a day after now, {at}"));
        }
        if to.duration_since(at) > SignedDuration::from_hours(MAX_DAYS * 24) {
            return unusable("to", format!("plan at most {MAX_DAYS} days ahead; it is {at} now"));
        }
        let from = from.unwrap_or(at);
        if from >= to {
            return unusable("from", "it must lie before to".to_owned());
        }
        Ok(Self { at, from, to })
    }

    /// The instant from which it is seen.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Its first instant.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// Its end.
    #[must_use]
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// What of it lies ahead. Its ends are rounded up, as `at` is everywhere: the figures are those of a budget
    /// that is read at `to`.
    pub(super) fn ahead(&self) -> Period {
        Period::new(Minute::ceil(self.from).max(Minute::ceil(self.at)), Minute::ceil(self.to))
    }
}
