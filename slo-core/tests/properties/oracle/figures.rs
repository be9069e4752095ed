//! Every figure of a report but the forecast.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use slo_core::{BudgetReport, BudgetUnit, Status};

use super::number::{Precision, over, whole};
use super::{Expected, allowed};

/// The budget in words.
pub(super) struct Budget {
    pub(super) total: BigRational,
    pub(super) consumed: BigRational,
    pub(super) remaining: BigRational,
    pub(super) remaining_ratio: Option<BigRational>,
    pub(super) has_data: bool,
}

impl Budget {
    pub(super) fn is_exhausted(&self) -> bool {
        self.has_data && !self.remaining.is_positive()
    }
}

impl Expected<'_> {
    pub(super) fn precision(&self) -> Precision {
        match (self.is_mean(), self.is_mean() && self.many_denominators()) {
            (false, _) => Precision::Exact,
            (true, false) => Precision::Printed,
            (true, true) => Precision::Digits,
        }
    }

    /// The budget at an allowed share of failure.
    pub(super) fn budget(&self, allowed: &BigRational) -> Budget {
        let spent = self.since(self.span.start);
        let (basis, scale) = self.basis(&spent);
        let total = basis * allowed * &scale;
        let consumed = &spent.failed * scale;
        let remaining = &total - &consumed;
        let remaining_ratio = over(&remaining, &total);
        Budget { total, consumed, remaining, remaining_ratio, has_data: !spent.counted.is_zero() }
    }

    /// The burn rate of the last so many minutes; nothing burns in a period without data.
    pub(super) fn burn(&self, minutes: i64, budget: &Budget) -> Option<BigRational> {
        let sli = self.since(self.case.end - minutes).sli().filter(|_| budget.has_data);
        sli.map(|sli| (BigRational::one() - sli) / &self.allowed)
    }

    pub(crate) fn assert_figures(&self, report: &BudgetReport) {
        let (spent, budget, precision) = (self.since(self.span.start), self.budget(&self.allowed), self.precision());
        let check = |what, got, wanted: Option<&BigRational>| precision.check(what, got, wanted);
        assert_eq!(report.at, self.case.at());
        assert_eq!(report.target, self.case.what_if.unwrap_or(self.case.objective.target));
        assert_eq!((report.period.elapsed.start, report.period.elapsed.end), (self.span.start, self.span.end));
        assert_eq!(report.period.full_end, self.span.full_end);

        let inside = self.minutes.range(self.span.start..self.span.end);
        let sums = inside.fold((BigInt::zero(), BigInt::zero()), |(good, total), (_, c)| (good + &c.0, total + &c.1));
        assert_eq!(sums, (report.counts.good().into(), report.counts.total().into()));
        let newest = self.with_data.range(self.span.start..self.span.end).next_back();
        assert_eq!(report.watermark, newest.map(|minute| *minute + 1));

        let unit = if self.width().is_some() { BudgetUnit::Seconds } else { BudgetUnit::Events };
        assert_eq!(report.budget.unit, unit);
        check("total", Some(report.budget.total), Some(&budget.total));
        check("consumed", Some(report.budget.consumed), Some(&budget.consumed));
        check("remaining", Some(report.budget.remaining), Some(&budget.remaining));
        check("consumed ratio", report.budget.consumed_ratio, over(&budget.consumed, &budget.total).as_ref());
        check("remaining ratio", report.budget.remaining_ratio, budget.remaining_ratio.as_ref());
        assert_eq!(report.budget.is_exhausted(), !budget.remaining.is_positive());

        let target = BigRational::one() - &self.allowed;
        let sli = spent.sli();
        check("sli", report.sli, sli.as_ref());
        assert_eq!(report.met, sli.map(|sli| sli >= target));
        assert_eq!(report.exhausted, budget.is_exhausted());
        assert_eq!(report.status, self.status(&budget));
        let coverage = over(&whole(spent.with_data), &whole(spent.elapsed));
        Precision::Exact.check("coverage", report.coverage, coverage.as_ref());
        self.assert_burn_rates(report, &budget, precision);

        // In a whole period like what has elapsed, less than one event or slice may fail.
        let scale = self.basis(&spent).1;
        let elapsed = if self.width().is_some() { self.length() } else { self.span.end - self.span.start };
        let may_fail = &budget.total / scale * whole(self.length()) / whole(elapsed);
        let noted = report.notes.iter().any(|note| note.code == "budgetBelowOne");
        assert_eq!(noted, budget.has_data && may_fail < BigRational::one(), "a note");

        let sla = self.case.objective.sla.as_ref().map(|sla| sla.target);
        assert_eq!(report.sla.map(|(target, _)| target), sla);
        if let (Some(target), Some((_, left))) = (sla, report.sla) {
            check("sla", left, self.budget(&allowed(target)).remaining_ratio.as_ref());
        }
    }

    fn status(&self, budget: &Budget) -> Status {
        let threshold = self.case.objective.warning_threshold.get();
        let warning = BigRational::new(threshold.into(), 1_000_000_000.into());
        match &budget.remaining_ratio {
            _ if !budget.has_data => Status::NoData,
            _ if !budget.remaining.is_positive() => Status::Exhausted,
            Some(left) if *left > warning => Status::Ok,
            _ => Status::Warning,
        }
    }

    fn assert_burn_rates(&self, report: &BudgetReport, budget: &Budget, precision: Precision) {
        let known = [5, 30, 60, 120, 360, 1_440, 4_320].into_iter().filter(|minutes| *minutes <= self.length());
        let got = report.burn_rates.iter().map(|burn| burn.lookback.minutes());
        assert_eq!(got.collect::<Vec<_>>(), known.collect::<Vec<_>>());
        for got in &report.burn_rates {
            let (minutes, name) = (got.lookback.minutes(), got.lookback.name());
            let rate = self.burn(minutes, budget);
            let share = rate.as_ref().and_then(|rate| match self.width() {
                // The volume form.
                None => over(&self.since(self.case.end - minutes).failed, &budget.total),
                Some(_) => Some(rate * whole(minutes) / whole(self.length())),
            });
            let left = budget.remaining_ratio.as_ref().filter(|_| budget.has_data);
            let seconds = match (left, &rate) {
                (None, _) => None,
                (Some(left), _) if !left.is_positive() => Some(0),
                (Some(_), None) => None,
                (Some(_), Some(rate)) if rate.is_zero() => None,
                // Longer than 2^64 seconds is never.
                (Some(left), Some(rate)) => (whole(60 * self.length()) * left / rate).floor().to_integer().to_u64(),
            };
            precision.check(name, got.rate, rate.as_ref());
            precision.check(name, got.budget_consumed, share.as_ref());
            match (precision, got.time_to_exhaustion, seconds) {
                // Rounded down from figures that are rounded.
                (Precision::Printed | Precision::Digits, Some(got), Some(wanted)) if wanted > 0 => {
                    assert!(got.abs_diff(wanted) <= 1 + wanted / 1_000_000_000_000, "{name}: {got}, wanted {wanted}");
                }
                (_, got, wanted) => assert_eq!(got, wanted, "{name}"),
            }
        }
    }
}
