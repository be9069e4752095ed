//! The future, minute by minute.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use slo_core::BudgetReport;

use super::Expected;
use super::number::{Precision, whole};
use crate::cases::Rule;

impl Expected<'_> {
    /// Walks the future: each minute spends at the rate and gives back what leaves.
    pub(crate) fn assert_forecast(&self, report: &BudgetReport) {
        let (budget, precision) = (self.budget(&self.allowed), self.precision());
        let longest = [1_440, 360, 120, 60].into_iter().find(|minutes| *minutes <= self.length());
        let rate = longest.and_then(|minutes| self.burn(minutes, &budget));
        precision.check("forecast", report.forecast.burn_rate, rate.as_ref());

        let end = self.case.end;
        let (_, scale) = self.basis(&self.since(self.span.start));
        let (steps, leaves) = match self.case.rule {
            Rule::Rolling(length) => (length, true),
            Rule::Calendar(..) => (self.span.full_end - end, false),
        };
        // The window that ends a minute later begins a minute later: what began in between has left.
        let left_behind = |later: i64| {
            let unit = self.unit(self.span.start + later - 1).filter(|_| leaves);
            unit.map(|unit| unit.failed * &scale).unwrap_or_default()
        };
        let gone: Vec<BigRational> = (1..=steps).map(left_behind).collect();
        let per_minute = rate.unwrap_or_default() * &budget.total / whole(self.length());
        // Everything in parts of one size, so that each step is an addition.
        let mut size = budget.remaining.denom().clone();
        for amount in gone.iter().chain([&per_minute, &budget.total]) {
            if !(&size % amount.denom()).is_zero() {
                // The denominator without what the two have in common.
                size *= BigRational::new(size.clone(), amount.denom().clone()).denom();
            }
        }
        let parts = |amount: &BigRational| -> BigInt { amount.numer() * (&size / amount.denom()) };
        let (mut left, mut unspent) = (parts(&budget.remaining), parts(&budget.remaining));
        let (per_minute, total) = (parts(&per_minute), parts(&budget.total));
        let mut exhausted = budget.is_exhausted().then(|| self.case.at());
        let mut recovers = Vec::new();
        // Where nothing is left of what rolls, the first minute with something left is listed besides.
        let mut waiting = exhausted.is_some() && leaves;
        for (later, gone) in (1..).zip(&gone) {
            let gone = parts(gone);
            left += &gone;
            unspent += gone;
            if !per_minute.is_zero() {
                left -= &per_minute;
                if exhausted.is_none() && !left.is_positive() && later < steps {
                    exhausted = Some((end + later).timestamp());
                }
            }
            let is_back = waiting && unspent.is_positive();
            waiting &= !is_back;
            if is_back || [self.length() / 2, 1_440, 10_080].contains(&later) {
                let ratio = (!total.is_zero()).then(|| BigRational::new(unspent.clone(), total.clone()));
                recovers.push((end + later, ratio));
            }
        }
        assert_eq!(report.forecast.exhausted_at, exhausted);
        let got = &report.forecast.recovers;
        let minutes = |all: &mut dyn Iterator<Item = slo_core::Minute>| all.collect::<Vec<_>>();
        assert_eq!(minutes(&mut got.iter().map(|r| r.0)), minutes(&mut recovers.iter().map(|r| r.0)));
        // What comes back is added to a rounded figure.
        let precision = if precision == Precision::Exact { precision } else { Precision::Digits };
        for ((minute, got), (_, wanted)) in got.iter().zip(&recovers) {
            precision.check(&format!("at {minute}"), *got, wanted.as_ref());
        }
    }
}
