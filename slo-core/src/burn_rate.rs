//! The speed of spending, and where it leads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::{ToPrimitive, Zero};

use crate::budget::{BILLION, BudgetUnit, ErrorBudget, Scale};
use crate::counts::Bucket;
use crate::objective::{NoData, Objective, SliceWidth};
use crate::ratio::Ratio;
use crate::tally::{FEW, Failed, GRID_BITS, Tally, slice_failure, slices};
use crate::target::Target;
use crate::time::Minute;
use crate::window::{TimeWindow, WindowPeriod};

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
        spent: Option<&Tally>,
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
fn share(failed: &Failed, allowed: i128) -> Option<Ratio> {
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
        _ => (BigRational::from(BigInt::from(period_seconds)) * remaining.big() / rate.big()).to_integer().to_u64(),
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

/// What leaves a rolling window, and when; in whole numbers, because there may be half a million of it.
struct Ageing {
    /// An amount of one is so many parts.
    parts: BigInt,
    /// The minute from which a number of parts is gone, in order.
    steps: Vec<(Minute, BigInt)>,
}

impl Forecast {
    pub(crate) fn new(
        objective: &Objective,
        at: Timestamp,
        period: &WindowPeriod,
        inside: &[Bucket],
        budget: &ErrorBudget,
        exhausted: bool,
        burn_rates: &[BurnRate],
    ) -> Self {
        let burn_rate = burn_rates.iter().rev().find(|b| b.lookback.minutes() <= DAY).and_then(|b| b.rate);
        let end = period.elapsed.end;
        let length = i64::try_from(period.whole().minutes()).unwrap_or(i64::MAX);
        let (horizon, ageing) = match objective.time_window {
            TimeWindow::Calendar(_) => (period.full_end, Ageing { parts: BigInt::from(1), steps: Vec::new() }),
            TimeWindow::Rolling(_) => (end + length, ageing(objective, inside, period, length)),
        };
        let mut recovers = vec![end + DAY, end + 7 * DAY, end + length / 2];
        recovers.retain(|minute| *minute <= horizon);
        recovers.sort_unstable();
        recovers.dedup();
        let left_at = |minute: Minute| {
            budget.remaining_ratio?;
            let gone: BigInt = ageing.steps.iter().take_while(|(at, _)| *at <= minute).map(|(_, parts)| parts).sum();
            let gone = BigRational::new(gone, ageing.parts.clone());
            Some(Ratio::nearest(&((budget.remaining.big() + gone) / budget.total.big())))
        };
        Self {
            burn_rate,
            exhausted_at: if exhausted {
                Some(at)
            } else {
                let first = burn_rate.and_then(|rate| first_exhausted(end, horizon, length, budget, rate, &ageing));
                first.map(Minute::timestamp)
            },
            recovers: recovers.into_iter().map(|minute| (minute, left_at(minute))).collect(),
        }
    }
}

/// When what is inside leaves: a minute or slice that begins at m leaves a window of length P at
/// m + 1 + P. An hour of events leaves with its last minute, so that nothing is given back too early.
fn ageing(objective: &Objective, inside: &[Bucket], period: &WindowPeriod, length: i64) -> Ageing {
    let Some(width) = objective.method.slice_width().map(SliceWidth::minutes) else {
        let bad = inside.iter().filter(|bucket| bucket.counts.bad() > 0);
        let steps = bad.map(|bucket| (bucket.period().end + length, BigInt::from(bucket.counts.bad()))).collect();
        return Ageing { parts: BigInt::from(1), steps };
    };
    let mut with_data = slices(inside, period.elapsed, width).peekable();
    let missing = if objective.no_data == NoData::Bad { (1, 1) } else { (0, 1) };
    let mut failures: Vec<(Minute, u128, u128)> = Vec::new();
    let mut start = (period.elapsed.start + (width - 1)).on_grid(width);
    while start < period.elapsed.end {
        let slice = with_data.next_if(|(slice, _)| *slice == start);
        let (bad, total) = slice.map_or(missing, |(_, counts)| slice_failure(objective.method, counts));
        if bad > 0 {
            failures.push((start + 1 + length, bad, total));
        }
        start = start + width;
    }
    let denominators: BTreeSet<u128> = failures.iter().map(|(_, _, total)| *total).collect();
    let parts = if denominators.len() <= FEW {
        denominators.iter().fold(BigInt::from(1), |lcm, n| lcm.lcm(&BigInt::from(*n)))
    } else {
        // As in a tally: rounded down on the grid, 2^-100 of a slice each.
        BigInt::from(1) << GRID_BITS
    };
    let seconds = BigInt::from(width * 60);
    let part = |bad: u128, total: u128| &parts * BigInt::from(bad) / BigInt::from(total) * &seconds;
    let steps = failures.into_iter().map(|(at, bad, total)| (at, part(bad, total))).collect();
    Ageing { parts, steps }
}

/// Walks from one ageing to the next; in between, spending is a straight line.
fn first_exhausted(
    end: Minute,
    horizon: Minute,
    length: i64,
    budget: &ErrorBudget,
    rate: Ratio,
    ageing: &Ageing,
) -> Option<Minute> {
    // Spent per minute: rate · total / P.
    let per_minute = rate.big() * budget.total.big() / BigRational::from(BigInt::from(length));
    if per_minute.is_zero() {
        return None;
    }
    // Everything in whole numbers of the finest part.
    let left = budget.remaining.big();
    let scale = left.denom().lcm(per_minute.denom()).lcm(&ageing.parts);
    let whole = |amount: &BigRational| (amount * BigRational::from(scale.clone())).to_integer();
    let (mut left, per_minute, part) = (whole(&left), whole(&per_minute), &scale / &ageing.parts);
    let nothing = BigInt::zero();
    let stops = ageing.steps.iter().map(|(at, parts)| (*at, parts)).chain([(horizon, &nothing)]);
    for (until, given_back) in stops {
        // Nothing is left from the first minute t on with left <= per_minute · (t - end).
        if left <= &per_minute * BigInt::from(until - end - 1) {
            return left.div_ceil(&per_minute).to_i64().map(|minutes| end + minutes);
        }
        left += given_back * &part;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::evaluate;
    use crate::counts::EventCounts;
    use crate::duration::Shorthand;
    use crate::measurement::Series;
    use crate::revision::Revision;
    use crate::window::RollingWindow;

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
        evaluate(&objective, Minute::new(END).timestamp(), None, &buckets)
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
