//! Spells of bad minutes, one after the other.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use slo_core::{BudgetUnit, Incident, Minute, Period};

use super::Expected;
use super::number::{Precision, over, whole};

struct Spell {
    period: Period,
    failed: BigRational,
}

impl Expected<'_> {
    /// The spells of what begins in `[from, end)`.
    fn spells(&self, from: Minute) -> Vec<Spell> {
        let mut spells: Vec<Spell> = Vec::new();
        for minute in (0..self.span.end - from).map(|i| from + i) {
            let Some(unit) = self.unit(minute) else { continue };
            // Its own burn rate is above 1.
            if unit.failed <= whole(unit.counted) * &self.allowed {
                continue;
            }
            let end = self.span.end.min(minute + self.width().unwrap_or(1));
            match spells.last_mut() {
                Some(last) if last.period.end == minute => {
                    last.period.end = end;
                    last.failed += unit.failed;
                }
                _ => spells.push(Spell { period: Period::new(minute, end), failed: unit.failed }),
            }
        }
        spells
    }

    /// Those of `[from, end)` with their shares of the budget at the end.
    pub(crate) fn assert_incidents(&self, from: Minute, incidents: &[Incident]) {
        let (spent, budget) = (self.since(self.span.start), self.budget(&self.allowed));
        let (_, scale) = self.basis(&spent);
        let mut spells = self.spells(from);
        if !budget.total.is_zero() {
            spells.sort_by(|a, b| b.failed.cmp(&a.failed).then(a.period.start.cmp(&b.period.start)));
        }
        let periods = incidents.iter().map(|incident| incident.period);
        assert_eq!(periods.collect::<Vec<_>>(), spells.iter().map(|spell| spell.period).collect::<Vec<_>>());
        let unit = if self.width().is_some() { BudgetUnit::Seconds } else { BudgetUnit::Events };
        let precision = if self.is_mean() { Precision::Digits } else { Precision::Exact };
        for (got, spell) in incidents.iter().zip(&spells) {
            let consumed = &spell.failed * &scale;
            let share = over(&consumed, &budget.total);
            precision.check("consumed", Some(got.consumed), Some(&consumed));
            precision.check("share", got.share, share.as_ref());
            let large = share.is_some_and(|share| share > BigRational::new(1.into(), 5.into()));
            assert_eq!((got.unit, got.postmortem_required), (unit, large));
            let sums = self.minutes.range(spell.period.start..spell.period.end);
            let sums = sums.fold((BigInt::zero(), BigInt::zero()), |(good, total), (_, c)| (good + &c.0, total + &c.1));
            assert_eq!(sums, (got.counts.good().into(), got.counts.total().into()));
        }
    }

    /// The share of the budget that went in minutes and slices that are not bad.
    pub(crate) fn small_losses(&self) -> BigRational {
        let spells = self.spells(self.span.start);
        let spent = self.since(self.span.start);
        let (_, scale) = self.basis(&spent);
        let bad: BigRational = spells.iter().map(|spell| &spell.failed).sum();
        over(&((spent.failed - bad) * scale), &self.budget(&self.allowed).total).unwrap_or_default()
    }
}
