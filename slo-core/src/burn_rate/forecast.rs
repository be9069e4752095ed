//! Where a budget goes from here.

use jiff::Timestamp;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::{BurnRate, Lookback};
use crate::budget::{BILLION, ErrorBudget, signed};
use crate::evaluation::{Evaluation, Standing};
use crate::ledger::{Failure, Ledger, Parts};
use crate::ratio::Ratio;
use crate::tally::{Failed, GRID_BITS, on_grid};
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

const DAY: i64 = 1_440;

/// Where the budget goes from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// The longest look-back up to 24 h.
    pub lookback: Option<Lookback>,
    /// The rate it is walked at: that of the look-back.
    pub burn_rate: Option<Ratio>,
    /// The first instant with nothing left, `at` itself when that is so already; `None` when it does
    /// not come before the horizon.
    pub exhausted_at: Option<Timestamp>,
    /// What is left at some later minutes when nothing more fails. Where nothing is left of a rolling window's budget,
    /// the first minute with something left is one of them, unless there is none before the horizon.
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
        let longest = burn_rates.iter().rev().find(|burn| burn.lookback.minutes() <= DAY);
        let burn_rate = longest.and_then(|burn| burn.rate);
        let end = period.elapsed.end;
        let length = i64::try_from(period.whole().minutes()).unwrap_or(i64::MAX);
        let rolling = evaluation.is_rolling();
        let horizon = if rolling { end + length } else { period.full_end };
        let future = Future { ledger, period, length: rolling.then_some(length) };
        let exhausted = standing.is_exhausted(target);
        let mut recovers = vec![end + DAY, end + 7 * DAY, end + length / 2];
        recovers.extend(exhausted.then(|| future.first_left(standing.scale.allowed(target), horizon)).flatten());
        recovers.retain(|minute| *minute <= horizon);
        recovers.sort_unstable();
        recovers.dedup();
        let left_at = |minute: Minute| standing.remaining_ratio(&future.gone(minute), budget, target);
        let walk = || Walk::new(&future, standing, target, burn_rate?);
        Self {
            lookback: longest.map(|burn| burn.lookback),
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

    /// The first minute with something left of what may fail, in billionths.
    fn first_left(&self, allowed: i128, horizon: Minute) -> Option<Minute> {
        self.length?;
        let end = self.period.elapsed.end;
        let is_left = |minute: Minute| {
            let inside = self.ledger.tally(Period::new(self.left_from(minute), end));
            inside.failed.compare(Ratio::ONE, allowed).is_lt()
        };
        if !is_left(horizon) {
            return None;
        }
        // Failures only leave: once something is left, something stays left.
        let (mut from, mut until) = (end, horizon);
        while from < until {
            let middle = from + (until - from) / 2;
            if is_left(middle) { until = middle } else { from = middle + 1 }
        }
        Some(until)
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
    use super::super::tests::{END, day};
    use super::*;

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

    #[test]
    fn the_first_minute_with_something_left_is_told() {
        // 100 of 10,000 may fail, and 101 did: when the first 60 leave, 41 are inside.
        let report = day(&[(1_380, 4_939, 4_999), (1_379, 0, 1), (1_000, 4_960, 5_000)]);
        assert!(report.exhausted);
        assert_eq!(report.forecast.recovers.len(), 3);
        assert_eq!(report.forecast.recovers[0], (Minute::new(END + 61), Ratio::new(59, 100)));
        // Of 160, exactly 100 are inside then; the next one leaves a minute later.
        let report = day(&[(1_380, 4_939, 4_999), (1_379, 0, 1), (1_000, 4_901, 5_000)]);
        assert_eq!(report.forecast.recovers[0], (Minute::new(END + 62), Ratio::new(1, 100)));
        let fine = day(&[(1_380, 4_940, 5_000), (1_000, 5_000, 5_000)]);
        assert_eq!((fine.exhausted, fine.forecast.recovers.len()), (false, 2), "it has not run out");
    }
}
