//! How a budget went down, step by step.

use crate::counts::{Bucket, EventCounts};
use crate::evaluation::{Evaluation, Reading};
use crate::ledger::Ledger;
use crate::ratio::Ratio;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

/// The budget as it was at a minute: the same figures as a report's of that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnDownPoint {
    /// The end of the period.
    pub end: Minute,
    /// What was left of the budget.
    pub remaining_ratio: Option<Ratio>,
    /// The level reached.
    pub sli: Option<Ratio>,
    /// The events of the period.
    pub counts: EventCounts,
}

impl Evaluation<'_> {
    fn periods<'p>(&'p self, ends: &'p [Minute]) -> impl Iterator<Item = WindowPeriod> + 'p {
        ends.iter().map(|end| self.objective.time_window.period_at(end.timestamp()))
    }

    /// What [`Evaluation::burn_down`] needs; there is at least one end.
    #[must_use]
    pub fn burn_down_reading(&self, ends: &[Minute]) -> Reading {
        let cuts = self.periods(ends).flat_map(|period| [period.elapsed.start, period.elapsed.end]);
        self.reading_cut_at(cuts.collect())
    }

    /// The budget at each of some ends, which are in order, from the counts of their
    /// [`Evaluation::burn_down_reading`].
    #[must_use]
    pub fn burn_down(&self, ends: &[Minute], buckets: &[Bucket]) -> Vec<BurnDownPoint> {
        let periods: Vec<WindowPeriod> = self.periods(ends).collect();
        let Some(start) = periods.iter().map(|period| period.elapsed.start).min() else { return Vec::new() };
        let end = periods.iter().map(|period| period.full_end).max().unwrap_or(start);
        let excluded = self.excluded(Period::new(start, end));
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        let point = |period: &WindowPeriod| {
            let standing = self.standing(&ledger, &excluded, period);
            BurnDownPoint {
                end: period.elapsed.end,
                remaining_ratio: standing.budget(self.target).remaining_ratio,
                sli: standing.sli(),
                counts: ledger.events(period.elapsed),
            }
        };
        periods.iter().map(point).collect()
    }
}
