//! The speed of spending, and where it leads.

mod forecast;

pub use forecast::Forecast;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::budget::{BILLION, BudgetUnit};
use crate::evaluation::Scale;
use crate::ledger::Parts;
use crate::ratio::Ratio;
use crate::tally::{Failed, Tally};
use crate::target::Target;
use crate::window::WindowPeriod;

/// A standard look-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookback {
    minutes: u16,
    name: &'static str,
}

/// The look-backs of every answer, shortest first.
pub const LOOKBACKS: [Lookback; 7] = [
    Lookback { minutes: 5, name: "5m" },
    Lookback { minutes: 30, name: "30m" },
    Lookback { minutes: 60, name: "1h" },
    Lookback { minutes: 120, name: "2h" },
    Lookback { minutes: 360, name: "6h" },
    Lookback { minutes: 1_440, name: "24h" },
    Lookback { minutes: 4_320, name: "72h" },
];

impl Lookback {
    /// Its length in minutes.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        self.minutes as i64
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// How fast the budget was spent over a look-back. 1 lands exactly on the target; the ceiling is 1/b.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnRate {
    /// The look-back.
    pub lookback: Lookback,
    /// `(1 - sli) / b`; `None` when nothing is counted in the look-back or in the period, whose start
    /// a look-back may cross.
    pub rate: Option<Ratio>,
    /// The share of the period's budget that the look-back spent: `bad / (b·n_P)`, the volume form, for
    /// Occurrences, `BR·L/P` for the time-based methods; `None` whenever the rate is.
    pub budget_consumed: Option<Ratio>,
    /// Seconds until nothing is left at this rate; `None` when it never is.
    pub time_to_exhaustion: Option<u64>,
}

impl BurnRate {
    /// The burn rate of a look-back in which so much was spent; `None` when the period has no data.
    ///
    /// Source: SRE Workbook, chapter 5; the time to exhaustion is P·remainingRatio/BR, which
    /// subtracts what is already spent.
    pub(crate) fn new(
        lookback: Lookback,
        spent: Option<&Tally<Parts<'_>>>,
        scale: &Scale,
        target: Target,
        period: &WindowPeriod,
        left: Option<Ratio>,
    ) -> Self {
        let b = i128::from(target.allowed_failure());
        let spent = spent.filter(|spent| spent.counted > 0);
        let rate = spent.and_then(|spent| share(&spent.failed, spent.counted * b));
        let minutes = period.whole().minutes();
        let budget_consumed = match scale.unit {
            BudgetUnit::Events => spent.and_then(|spent| share(&spent.failed, scale.basis * b)),
            BudgetUnit::Seconds => rate.and_then(|rate| {
                let length = Ratio::new(i128::from(lookback.minutes()), i128::from(minutes))?;
                Some(Ratio::nearest(&(rate.big() * length.big())))
            }),
        };
        Self { lookback, rate, budget_consumed, time_to_exhaustion: time_to_exhaustion(minutes * 60, left, rate) }
    }
}

/// `failed / allowed`; `allowed` is in billionths.
pub(crate) fn share<F>(failed: &Failed<F>, allowed: i128) -> Option<Ratio>
where
    F: Iterator<Item = (u128, u128)> + Clone,
{
    if let Failed::Whole(failed) = failed {
        return Ratio::new(failed * BILLION, allowed);
    }
    let allowed = Ratio::new(allowed, BILLION).filter(|allowed| !allowed.is_zero_or_less())?;
    Some(Ratio::nearest(&(failed.value() / allowed.big())))
}

/// `P·remainingRatio/BR` in seconds, rounded down; 0 when nothing is left, `None` when it is not
/// defined or never comes.
///
/// ```
/// use slo_core::{Ratio, time_to_exhaustion};
///
/// // SRE Workbook, table 5-4: burning at 10, a month's budget lasts three days.
/// let seconds = time_to_exhaustion(30 * 86_400, Some(Ratio::ONE), Some(Ratio::from(10)));
/// assert_eq!(seconds, Some(259_200));
/// ```
#[must_use]
pub fn time_to_exhaustion(period_seconds: u64, remaining: Option<Ratio>, rate: Option<Ratio>) -> Option<u64> {
    let remaining = remaining?;
    if remaining.is_zero_or_less() {
        return Some(0);
    }
    let rate = rate.filter(|rate| !rate.is_zero_or_less())?;
    let top = i128::from(period_seconds)
        .checked_mul(remaining.numerator())
        .and_then(|top| top.checked_mul(rate.denominator()));
    let bottom = remaining.denominator().checked_mul(rate.numerator());
    match (top, bottom) {
        (Some(top), Some(bottom)) => u64::try_from(top / bottom).ok(),
        _ => {
            let top = BigInt::from(period_seconds) * remaining.numerator() * rate.denominator();
            (top / (BigInt::from(remaining.denominator()) * rate.numerator())).to_u64()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::{Bucket, EventCounts};
    use crate::duration::Shorthand;
    use crate::evaluation::Evaluation;
    use crate::measurement::Series;
    use crate::objective::Objective;
    use crate::revision::Revision;
    use crate::time::Minute;
    use crate::window::{RollingWindow, TimeWindow};

    pub(super) const END: i64 = 1_000_000;

    /// A day's window at 99 % with these (minutes ago, good, total).
    pub(super) fn day(minutes: &[(i64, u64, u64)]) -> crate::budget::BudgetReport {
        let name = |text: &str| text.parse().expect("name");
        let length: Shorthand = "24h".parse().expect("length");
        let objective = Objective::new(
            name("checkout"),
            name("shop"),
            Series { indicator: name("site"), born: Revision::FIRST },
            "0.99".parse().expect("target"),
            TimeWindow::Rolling(RollingWindow::new(length).expect("window")),
        );
        let mut buckets: Vec<Bucket> = minutes
            .iter()
            .map(|(ago, good, total)| {
                Bucket::minute(Minute::new(END - ago), EventCounts::new(*good, *total).expect("counts"))
            })
            .collect();
        buckets.sort_by_key(|b| b.start);
        Evaluation::of(&objective).report(Minute::new(END).timestamp(), &buckets)
    }

    #[test]
    fn look_backs_longer_than_the_window_are_left_out() {
        let names: Vec<&str> = day(&[]).burn_rates.iter().map(|b| b.lookback.name()).collect();
        assert_eq!(names, ["5m", "30m", "1h", "2h", "6h", "24h"]);
    }

    #[test]
    fn a_look_back_without_events_has_no_rate() {
        let report = day(&[(40, 9, 10)]);
        let (short, long) = (report.burn_rates[1], report.burn_rates[2]);
        assert_eq!((short.rate, short.budget_consumed), (None, None));
        assert_eq!(long.rate, Ratio::new(10, 1));
        assert_eq!(long.budget_consumed, Ratio::new(10, 1));
        // Nothing is left: that is tested before the rate.
        assert_eq!((short.time_to_exhaustion, long.time_to_exhaustion), (Some(0), Some(0)));
    }

    #[test]
    fn time_to_exhaustion_subtracts_what_is_spent() {
        let half = Ratio::new(1, 2);
        assert_eq!(time_to_exhaustion(1_000, half, Ratio::new(3, 1)), Some(166));
        assert_eq!(time_to_exhaustion(1_000, half, Some(Ratio::ZERO)), None);
        assert_eq!(time_to_exhaustion(1_000, Some(Ratio::ZERO), None), Some(0));
        assert_eq!(time_to_exhaustion(1_000, None, Some(Ratio::ONE)), None);
        let wide = Ratio::new(i128::MAX - 1, i128::MAX);
        assert_eq!(time_to_exhaustion(1_000, wide, wide), Some(1_000));
    }
}
