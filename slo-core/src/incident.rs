//! Spells of bad minutes and what they cost.

use jiff::Timestamp;

use crate::budget::{BudgetUnit, signed};
use crate::burn_rate::share;
use crate::counts::{Bucket, EventCounts};
use crate::evaluation::{Evaluation, Reading};
use crate::ledger::{Failure, Ledger};
use crate::ratio::Ratio;
use crate::tally::{Failed, on_grid};
use crate::time::{Minute, Period};

/// A contiguous spell of bad minutes: minutes whose own burn rate exceeds 1 (Occurrences), or which lie in
/// slices of which that is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// From the first bad minute to the end of the last.
    pub period: Period,
    /// Its events.
    pub counts: EventCounts,
    /// What the budget's amounts count.
    pub unit: BudgetUnit,
    /// What it consumed of the budget.
    pub consumed: Ratio,
    /// The same as a share of the budget at the end of the span that was asked for; `None` when nothing
    /// may fail.
    pub share: Option<Ratio>,
    /// Whether the share is above a fifth. Source: SRE Workbook, appendix B, "Example Error Budget Policy".
    pub postmortem_required: bool,
}

impl Evaluation<'_> {
    /// What [`Evaluation::incidents`] of the minutes in `[from, to)` needs: the minutes there, and sums of
    /// the rest of the budget's period at `to`. For Occurrences whole hours will do where nothing was bad.
    #[must_use]
    pub fn incidents_reading(&self, from: Minute, to: Timestamp) -> Reading {
        let elapsed = self.objective.time_window.period_at(to).elapsed;
        self.reading_cut_at(vec![from.min(elapsed.end), elapsed.start, elapsed.end])
    }

    /// The incidents of the minutes in `[from, to)`, those of the largest share first, from the counts of
    /// their [`Evaluation::incidents_reading`].
    ///
    /// # Panics
    /// When an hour with bad events is not given by its minutes.
    #[must_use]
    pub fn incidents(&self, from: Minute, to: Timestamp, buckets: &[Bucket]) -> Vec<Incident> {
        let period = self.objective.time_window.period_at(to);
        let span = Period::new(from, period.elapsed.end);
        let excluded = self.excluded(Period::new(from.min(period.elapsed.start), period.full_end));
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        let scale = self.standing(&ledger, &excluded, &period).scale;
        let mut failures = ledger.failures(span);
        failures.retain(|failure| failure.is_bad(self.target));
        let spells = failures.chunk_by(|a, b| a.period.end == b.period.start);
        let mut incidents: Vec<Incident> = spells
            .map(|spell| {
                let period = Period::new(spell[0].period.start, spell[spell.len() - 1].period.end);
                if ledger.is_of_events() {
                    assert!(spell.iter().all(|failure| failure.period.minutes() == 1), "{period:?} is given by hours");
                }
                let failed = failed(spell, ledger.is_of_events());
                let allowed = scale.allowed(self.target);
                Incident {
                    period,
                    counts: ledger.events(period),
                    unit: scale.unit,
                    consumed: scale.budget(&failed, self.target).consumed,
                    share: share(&failed, allowed),
                    postmortem_required: allowed > 0 && failed.compare(a_fifth(), allowed).is_gt(),
                }
            })
            .collect();
        incidents.sort_by(|a, b| b.share.cmp(&a.share).then(a.period.start.cmp(&b.period.start)));
        incidents
    }
}

/// What a spell failed: its bad events, or the parts of its slices.
fn failed(spell: &[Failure], events: bool) -> Failed<impl Iterator<Item = (u128, u128)> + Clone> {
    if events {
        return Failed::Whole(spell.iter().map(|failure| signed(failure.bad)).sum());
    }
    let whole = spell.iter().filter(|failure| failure.total == failure.bad).map(|_| 1_i128).sum();
    let parts = spell.iter().filter(|failure| failure.bad < failure.total).map(|failure| (failure.bad, failure.total));
    let floor = parts.clone().map(|(bad, total)| on_grid(bad, total)).sum();
    let terms = parts.clone().map(|_| 1).sum();
    Failed::Sum { whole, floor, terms, parts }
}

/// An incident that consumed more than this of the budget needs a postmortem.
fn a_fifth() -> Ratio {
    Ratio::new(1, 5).expect("five is above zero")
}
