//! The speed of spending, and where it leads.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::budget::{BILLION, BudgetUnit, ErrorBudget, signed};
use crate::evaluation::{Evaluation, Scale, Standing};
use crate::ledger::{Failure, Ledger, Parts};
use crate::ratio::Ratio;
use crate::tally::{Failed, GRID_BITS, Tally, on_grid};
use crate::target::Target;
use crate::time::{Minute, Period};
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

const DAY: i64 = 1_440;

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

/// Where the budget goes from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The rate it is walked at: that of the longest look-back up to 24 h.
    pub burn_rate: Option<Ratio>,
    /// The first instant with nothing left, `at` itself when that is so already; `None` when it does
    /// not come before the horizon.
    pub exhausted_at: Option<Timestamp>,
    /// What is left at some later minutes when nothing more fails.
    pub recovers: Vec<(Minute, Option<Ratio>)>,
}

impl Forecast {
    pub(crate) fn new(
        evaluation: &Evaluation<'_>,
        at: Timestamp,
        period: &WindowPeriod,
        ledger: &Ledger<'_>,
        standing: &Standing<'_>,
        budget: &ErrorBudget,
        burn_rates: &[BurnRate],
    ) -> Self {
        let target = evaluation.target;
        let burn_rate = burn_rates.iter().rev().find(|b| b.lookback.minutes() <= DAY).and_then(|b| b.rate);
        let end = period.elapsed.end;
        let length = i64::try_from(period.whole().minutes()).unwrap_or(i64::MAX);
        let rolling = evaluation.is_rolling();
        let horizon = if rolling { end + length } else { period.full_end };
        let mut recovers = vec![end + DAY, end + 7 * DAY, end + length / 2];
        recovers.retain(|minute| *minute <= horizon);
        recovers.sort_unstable();
        recovers.dedup();
        let future = Future { ledger, period, length: rolling.then_some(length) };
        let left_at = |minute: Minute| standing.remaining_ratio(&future.gone(minute), budget, target);
        let exhausted = standing.is_exhausted(target);
        let walk = || Walk::new(&future, standing, target, burn_rate?);
        Self {
            burn_rate,
            exhausted_at: if exhausted {
                Some(at)
            } else {
                walk().and_then(|walk| walk.first_exhausted(horizon)).map(Minute::timestamp)
            },
            recovers: recovers.into_iter().map(|minute| (minute, left_at(minute))).collect(),
        }
    }
}

/// What happens to a period's failures when nothing more fails.
struct Future<'f> {
    ledger: &'f Ledger<'f>,
    period: &'f WindowPeriod,
    /// P in minutes, when it rolls; nothing leaves a calendar period.
    length: Option<i64>,
}

impl Future<'_> {
    /// Where what is still inside at a minute begins. What begins at m leaves a window of length P at
    /// m + 1 + P; an hour of events leaves with its last minute, so that nothing is given back too early.
    fn left_from(&self, minute: Minute) -> Minute {
        let elapsed = self.period.elapsed;
        self.length.map_or(elapsed.start, |length| self.ledger.left_from(elapsed, minute - length))
    }

    /// What has left at a minute.
    fn gone(&self, minute: Minute) -> Failed<Parts<'_>> {
        self.ledger.tally(Period::new(self.period.elapsed.start, self.left_from(minute))).failed
    }

    /// What leaves after a minute, and the minute from which it is gone, in order.
    fn leaving(&self, after: Minute) -> impl Iterator<Item = (Minute, Failure)> {
        let Self { ledger, period, length } = self;
        let left = Period::new(self.left_from(after), period.elapsed.end);
        length.iter().flat_map(move |length| {
            ledger.failures(left).into_iter().map(move |failure| {
                let last = if ledger.is_of_events() { failure.period.end } else { failure.period.start + 1 };
                (last + *length, failure)
            })
        })
    }
}

/// So many leaps bring most walks near their end.
const LEAPS: usize = 4;

/// A walk into the future, which goes on as fast as the last day.
///
/// There may be half a million steps. So amounts are whole numbers of grains, which are as fine as 128 bits
/// allow, and rounded down; only where that leaves it open whether anything is left, fractions decide.
struct Walk<'w> {
    future: &'w Future<'w>,
    /// What may fail, in billionths.
    allowed: i128,
    rate: Ratio,
    /// P in minutes.
    length: i64,
    /// An event or slice is 2^bits grains.
    bits: u32,
    /// Grains spent per minute, one more at most.
    per_minute: i128,
    /// Grains left, so many more at most.
    left: i128,
    more: i128,
}

impl<'w> Walk<'w> {
    /// `None` when nothing may fail or nothing is spent.
    fn new(future: &'w Future<'w>, standing: &Standing<'_>, target: Target, rate: Ratio) -> Option<Self> {
        let basis = standing.scale.basis;
        let allowed = standing.scale.allowed(target);
        if allowed <= 0 || rate.is_zero_or_less() {
            return None;
        }
        let length = i64::try_from(future.period.whole().minutes()).unwrap_or(i64::MAX);
        // All there is makes less than 2^123 grains.
        let bits = GRID_BITS.min(basis.leading_zeros().saturating_sub(6));
        let per_minute = ((BigInt::from(rate.numerator()) * allowed) << bits)
            / (BigInt::from(rate.denominator()) * BILLION * length);
        let (failed, terms) = grains(&standing.tally.failed, bits);
        let fraction = on_grid((allowed % BILLION).unsigned_abs(), BILLION.unsigned_abs()) >> (GRID_BITS - bits);
        Some(Self {
            future,
            allowed,
            rate,
            length,
            bits,
            per_minute: per_minute.to_i128().expect("no more than everything fails"),
            left: ((allowed / BILLION) << bits) + fraction - failed - terms,
            more: 1 + terms,
        })
    }

    /// Walks from one failure that leaves to the next; in between, less and less is left.
    fn first_exhausted(mut self, horizon: Minute) -> Option<Minute> {
        let end = self.future.period.elapsed.end;
        let (now, mut from) = (self.left, end);
        // Most of the way nothing can happen: it would last so long even if nothing more came back.
        for _ in 0..LEAPS {
            let minutes = (self.left - 1) / (self.per_minute + 1);
            from = horizon.min(end + i64::try_from(minutes).unwrap_or(i64::MAX / 2).max(0) + 1);
            if from == horizon {
                return None;
            }
            self.left = now + grains(&self.future.gone(from), self.bits).0;
        }
        let leaving = self.future.leaving(from).map(|(gone, failure)| (gone, Some(failure)));
        for (gone, failure) in leaving.chain([(horizon, None)]) {
            if self.is_exhausted(gone - 1) {
                // Somewhere in between it began.
                let mut until = gone - 1;
                while from < until {
                    let middle = from + (until - from) / 2;
                    if self.is_exhausted(middle) { until = middle } else { from = middle + 1 }
                }
                return Some(until);
            }
            self.left += failure.map_or(0, |failure| self.grains(&failure));
            from = gone;
        }
        None
    }

    fn grains(&self, failure: &Failure) -> i128 {
        if self.future.ledger.is_of_events() {
            signed(failure.bad) << self.bits
        } else {
            on_grid(failure.bad, failure.total) >> (GRID_BITS - self.bits)
        }
    }

    /// Whether nothing is left at a minute before which no more leaves than has left already.
    fn is_exhausted(&self, minute: Minute) -> bool {
        self.is_exhausted_by_grains(minute).unwrap_or_else(|| self.is_exhausted_exactly(minute))
    }

    /// The same in fractions: failed >= (1 - rate · minutes / P) · allowed.
    #[cold]
    fn is_exhausted_exactly(&self, minute: Minute) -> bool {
        let elapsed = self.future.period.elapsed;
        let inside = self.future.ledger.tally(Period::new(self.future.left_from(minute), elapsed.end));
        let all = BigInt::from(self.rate.denominator()) * self.length;
        let unspent = &all - BigInt::from(self.rate.numerator()) * (minute - elapsed.end);
        inside.failed.compare_big(&(all * BILLION), unspent * self.allowed).is_ge()
    }

    /// The same, where grains can tell.
    fn is_exhausted_by_grains(&self, minute: Minute) -> Option<bool> {
        let minutes = i128::from(minute - self.future.period.elapsed.end);
        let spent = self.per_minute * minutes;
        if self.left > spent + minutes { Some(false) } else { (self.left + self.more <= spent).then_some(true) }
    }
}

/// Whole grains of what failed, and how many more at most.
fn grains<F>(failed: &Failed<F>, bits: u32) -> (i128, i128) {
    match failed {
        Failed::Whole(failed) => (failed << bits, 0),
        Failed::Sum { whole, floor, terms, .. } => ((whole << bits) + floor, *terms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::{Bucket, EventCounts};
    use crate::duration::Shorthand;
    use crate::measurement::Series;
    use crate::objective::Objective;
    use crate::revision::Revision;
    use crate::window::{RollingWindow, TimeWindow};

    const END: i64 = 1_000_000;

    /// A day's window at 99 % with these (minutes ago, good, total).
    fn day(minutes: &[(i64, u64, u64)]) -> crate::budget::BudgetReport {
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

    #[test]
    fn what_ages_out_comes_back() {
        // 10,000 events allow 100 bad; 60 were bad an hour after the window began.
        let report = day(&[(1_380, 4_940, 5_000), (1_000, 5_000, 5_000)]);
        assert_eq!(report.budget.remaining_ratio, Ratio::new(4, 10));
        let recovers = &report.forecast.recovers;
        assert_eq!(recovers[0], (Minute::new(END + 720), Ratio::new(1, 1)), "gone after half the window");
        assert_eq!(recovers[1], (Minute::new(END + 1_440), Ratio::new(1, 1)));
        // The day burns at 0.6, so 0.4 of the budget would last 960 minutes; but the bad hour leaves
        // after 61 minutes and then the whole lasts beyond the horizon of one window.
        assert_eq!(report.forecast.burn_rate, Ratio::new(6, 10));
        assert_eq!(report.forecast.exhausted_at, None);
    }

    #[test]
    fn spending_goes_on_until_nothing_is_left() {
        // The same share of bad events, but in the newest minute: nothing comes back in time.
        let report = day(&[(1, 4_940, 5_000), (1_000, 5_000, 5_000)]);
        assert_eq!(report.forecast.exhausted_at, Some(Minute::new(END + 960).timestamp()));
    }

    #[test]
    fn an_exhausted_budget_is_exhausted_now_and_may_be_overdrawn() {
        let report = day(&[(1, 4_800, 5_000), (1_000, 5_000, 5_000)]);
        assert_eq!(report.budget.remaining_ratio, Ratio::new(-1, 1));
        assert_eq!(report.forecast.exhausted_at, Some(report.at));
    }
}
