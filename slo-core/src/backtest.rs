//! What would have been: which target past periods would have met, and which they would have broken.

use jiff::Timestamp;

use crate::budget::BILLION;
use crate::counts::{Bucket, EventCounts};
use crate::evaluation::{Evaluation, Reading};
use crate::excluded::Excluded;
use crate::ledger::Ledger;
use crate::ratio::Ratio;
use crate::target::Target;
use crate::time::{Minute, Period};
use crate::window::{TimeWindow, WindowPeriod};

/// A finished period of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastPeriod {
    /// When it was.
    pub period: Period,
    /// Its events.
    pub counts: EventCounts,
    /// The level reached; `None` when nothing was counted.
    pub sli: Option<Ratio>,
    /// Minutes (Occurrences) or slices with data of all of them.
    pub coverage: Option<Ratio>,
    /// Which share of the judged target's budget it consumed.
    pub consumed_ratio: Option<Ratio>,
    /// Whether it met the judged target.
    pub met: Option<bool>,
}

/// What some past periods say about a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backtest {
    /// The newest first.
    pub periods: Vec<PastPeriod>,
    /// The strictest target that every period with data met, to nine decimals.
    pub strictest: Option<Target>,
    /// The same as people write it: the allowed failure rounded up to two digits, and to no less than one
    /// event or slice of the quietest period.
    pub suggested: Option<Target>,
    /// The target that the periods are judged by: the proposed one, or else the suggested one.
    pub judged: Option<Target>,
    /// How many of them broke it.
    pub broken: usize,
}

impl TimeWindow {
    /// The last finished periods before an instant, the newest first: back to back for a rolling window,
    /// civil ones for a calendar window.
    fn past(&self, at: Timestamp, count: usize) -> Vec<WindowPeriod> {
        let whole = |end: Minute| self.period_at(end.timestamp());
        let end = Minute::floor(at);
        let newest = match self {
            Self::Rolling(_) => whole(end),
            // The one that is over: before the one that contains the newest minute, unless that is its last.
            Self::Calendar(_) => {
                let current = whole(end);
                if current.full_end == end { current } else { whole(current.elapsed.start) }
            }
        };
        std::iter::successors(Some(newest), |period| Some(whole(period.elapsed.start))).take(count).collect()
    }
}

impl Evaluation<'_> {
    /// What [`Evaluation::backtest`] needs; `count` is at least one.
    #[must_use]
    pub fn backtest_reading(&self, at: Timestamp, count: usize) -> Reading {
        let past = self.objective.time_window.past(at, count);
        self.reading_cut_at(past.iter().flat_map(|period| [period.elapsed.start, period.elapsed.end]).collect())
    }

    /// Judges the last finished periods before an instant by a proposed target, or by the one that they
    /// suggest, from the counts of its [`Evaluation::backtest_reading`].
    #[must_use]
    pub fn backtest(&self, at: Timestamp, count: usize, proposed: Option<Target>, buckets: &[Bucket]) -> Backtest {
        let past = self.objective.time_window.past(at, count);
        let span =
            past.last().zip(past.first()).map(|(oldest, newest)| Period::new(oldest.elapsed.start, newest.full_end));
        let excluded = span.map_or_else(Excluded::default, |span| self.excluded(span));
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        let standings: Vec<_> = past.iter().map(|period| self.standing(&ledger, &excluded, period)).collect();
        let with_data = || standings.iter().filter(|standing| standing.has_data());
        let lowest = with_data().filter_map(|standing| standing.sli()).min();
        let strictest = lowest.and_then(|sli| {
            let mut target = floor(sli)?;
            // The printed level of very many different slices may be a little off.
            while with_data().any(|standing| standing.is_met(target) == Some(false)) {
                target = Target::from_parts_per_billion(target.parts_per_billion().checked_sub(1)?)?;
            }
            Some(target)
        });
        let quietest = with_data().map(|standing| standing.scale.basis).min();
        let suggested = strictest.zip(quietest).and_then(|(target, quietest)| rounded(target, quietest));
        let judged = proposed.or(suggested);
        let judge = |(period, standing): (&WindowPeriod, &crate::evaluation::Standing<'_>)| PastPeriod {
            period: period.elapsed,
            counts: ledger.events(period.elapsed),
            sli: standing.sli(),
            coverage: Ratio::new(standing.tally.with_data, standing.tally.elapsed),
            consumed_ratio: judged.and_then(|target| standing.budget(target).consumed_ratio),
            met: judged.and_then(|target| standing.is_met(target)),
        };
        let periods: Vec<PastPeriod> = past.iter().zip(&standings).map(judge).collect();
        let broken = periods.iter().filter(|period| period.met == Some(false)).count();
        Backtest { periods, strictest, suggested, judged, broken }
    }
}

/// The strictest target that a level meets.
fn floor(sli: Ratio) -> Option<Target> {
    let billionths = (sli.big() * num_bigint::BigInt::from(BILLION)).floor().to_integer();
    let most = u32::try_from(BILLION - 1).expect("fits");
    Target::from_parts_per_billion(u32::try_from(billionths).unwrap_or(most).min(most))
}

/// A target as people write it: its allowed failure rounded up to two digits, at least one of `quietest`.
fn rounded(target: Target, quietest: i128) -> Option<Target> {
    let one = (BILLION + quietest - 1) / quietest.max(1);
    let allowed = i128::from(target.allowed_failure()).max(one);
    let mut digit = 1;
    while allowed / digit >= 100 {
        digit *= 10;
    }
    let allowed = (allowed + digit - 1) / digit * digit;
    Target::from_parts_per_billion(u32::try_from(BILLION - allowed).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_rounded_to_what_people_write() {
        let rounded =
            |target: &str, quietest| rounded(target.parse().expect("target"), quietest).map(|t| t.to_string());
        assert_eq!(rounded("0.998731234", 1_000_000).as_deref(), Some("0.9987"));
        assert_eq!(rounded("0.9997", 10_000).as_deref(), Some("0.9997"));
        assert_eq!(rounded("0.999999999", 10_000).as_deref(), Some("0.9999"), "one event in the quietest period");
        assert_eq!(rounded("0.999999999", 3).as_deref(), Some("0.66"));
        assert_eq!(rounded("0.004", 1_000), None, "all of it may fail");
        assert_eq!(floor(Ratio::new(2, 3).expect("ratio")).map(|t| t.to_string()).as_deref(), Some("0.666666666"));
        assert_eq!(floor(Ratio::ONE).map(|t| t.to_string()).as_deref(), Some("0.999999999"));
        assert_eq!(floor(Ratio::ZERO), None);
    }
}
