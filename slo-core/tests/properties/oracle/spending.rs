//! What a span of minutes holds by each method.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use slo_core::{BudgetingMethod, ExclusionMode, Minute, NoData, SliceWidth};

use super::number::whole;
use super::{Expected, Minutes, mode};

/// `sli = 1 - failed / counted`.
#[derive(Default)]
pub(super) struct Spending {
    /// Events, or slices that count.
    pub(super) counted: BigInt,
    pub(super) failed: BigRational,
    /// Minutes or slices.
    pub(super) with_data: i64,
    pub(super) elapsed: i64,
}

impl Spending {
    pub(super) fn sli(&self) -> Option<BigRational> {
        let counted = whole(self.counted.clone());
        super::number::over(&(&counted - &self.failed), &counted)
    }
}

/// One minute (Occurrences) or slice.
#[derive(Clone, Default)]
pub(super) struct Unit {
    pub(super) counted: BigInt,
    /// Events, or a share of the slice.
    pub(super) failed: BigRational,
    /// Of how many parts that share is, not reduced.
    parts: BigInt,
    has_data: bool,
    /// Not when it is excluded: coverage leaves it out.
    elapsed: bool,
}

fn of(minutes: &Minutes, minute: Minute) -> (BigInt, BigInt) {
    minutes.get(&minute).cloned().unwrap_or_default()
}

impl Expected<'_> {
    pub(super) fn width(&self) -> Option<i64> {
        self.case.objective.method.slice_width().map(SliceWidth::minutes)
    }

    /// What begins at a minute; `None` when no slice does, or when it is gone.
    pub(super) fn unit(&self, minute: Minute) -> Option<Unit> {
        self.unit_before(minute, self.span.end)
    }

    /// The same as seen from a minute, at which what comes later is not known.
    pub(super) fn unit_before(&self, minute: Minute, end: Minute) -> Option<Unit> {
        if minute.get() % self.width().unwrap_or(1) != 0 {
            return None;
        }
        let (mut good, mut total) = (BigInt::zero(), BigInt::zero());
        let (mut kept, mut measured) = (0, 0);
        for minute in (0..self.width().unwrap_or(1)).map(|i| minute + i).filter(|minute| *minute < end) {
            let mode = mode(&self.case.exclusions, minute);
            kept += i64::from(mode != Some(ExclusionMode::Remove));
            measured += i64::from(mode.is_none());
            let counts = of(&self.minutes, minute);
            good += counts.0;
            total += counts.1;
        }
        if kept == 0 {
            return None;
        }
        let elapsed = measured > 0;
        let has_data = elapsed && !total.is_zero();
        if self.width().is_none() {
            let failed = whole(&total - good);
            return Some(Unit { failed, parts: BigInt::one(), counted: total, has_data, elapsed });
        }
        if !elapsed {
            return Some(Unit { counted: BigInt::one(), ..Unit::default() });
        }
        if total.is_zero() {
            let (counted, failed) = match self.case.objective.no_data {
                NoData::Ignore => (0, 0),
                NoData::Good => (1, 0),
                NoData::Bad => (1, 1),
            };
            let (counted, failed) = (counted.into(), whole(failed));
            return Some(Unit { counted, failed, parts: BigInt::one(), has_data, elapsed });
        }
        let ratio = BigRational::new(good, total.clone());
        let failed = match self.case.objective.method {
            BudgetingMethod::Timeslices { target, .. } => {
                let reached = ratio >= BigRational::new(target.get().into(), 1_000_000_000.into());
                if reached { BigRational::zero() } else { BigRational::one() }
            }
            _ => BigRational::one() - ratio,
        };
        Some(Unit { counted: BigInt::one(), failed, parts: total, has_data, elapsed })
    }

    /// What `[from, end)` holds.
    pub(super) fn since(&self, from: Minute) -> Spending {
        let mut sum = Spending::default();
        // Whole failures apart, so that they do not cost a common denominator each.
        let mut whole_failures = BigInt::zero();
        let mut minute = from;
        while minute < self.span.end {
            if let Some(unit) = self.unit(minute) {
                sum.elapsed += i64::from(unit.elapsed);
                sum.with_data += i64::from(unit.has_data);
                sum.counted += unit.counted;
                if unit.failed.is_integer() {
                    whole_failures += unit.failed.to_integer();
                } else {
                    sum.failed += unit.failed;
                }
            }
            minute = minute + 1;
        }
        sum.failed += whole(whole_failures);
        sum
    }

    /// What may fail and what one unit of failure costs: events so far and 1, or the slices of the whole
    /// period and their seconds.
    pub(super) fn basis(&self, elapsed: &Spending) -> (BigRational, BigRational) {
        let Some(width) = self.width() else {
            return (whole(elapsed.counted.clone()), BigRational::one());
        };
        let mut slices = 0;
        let mut minute = self.span.start;
        while minute < self.span.full_end {
            let rest = (0..width).map(|i| minute + i).filter(|minute| *minute < self.span.full_end);
            let kept = |minute: Minute| mode(&self.case.exclusions, minute) != Some(ExclusionMode::Remove);
            slices += i64::from(minute.get() % width == 0 && rest.into_iter().any(kept));
            minute = minute + 1;
        }
        (whole(slices), whole(width * 60))
    }

    /// More than 256 slices whose totals differ.
    pub(super) fn many_denominators(&self) -> bool {
        let from = self.span.start.min(self.span.end - 4_320);
        let units = (0..self.span.end - from).filter_map(|i| self.unit(from + i));
        let denominators: std::collections::BTreeSet<BigInt> = units.map(|unit| unit.parts).collect();
        denominators.len() > 250
    }
}
