//! What a span of minutes holds by each method.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use slo_core::{BudgetingMethod, Minute, NoData, SliceWidth};

use super::number::whole;
use super::{Expected, Minutes};

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
    counted: BigInt,
    /// Events, or a share of the slice.
    pub(super) failed: BigRational,
    has_data: bool,
}

fn of(minutes: &Minutes, minute: Minute) -> (BigInt, BigInt) {
    minutes.get(&minute).cloned().unwrap_or_default()
}

impl Expected<'_> {
    pub(super) fn width(&self) -> Option<i64> {
        self.case.objective.method.slice_width().map(SliceWidth::minutes)
    }

    /// What begins at a minute; `None` when no slice does.
    pub(super) fn unit(&self, minute: Minute) -> Option<Unit> {
        let Some(width) = self.width() else {
            let (good, total) = of(&self.minutes, minute);
            let has_data = !total.is_zero();
            return Some(Unit { failed: whole(&total - good), counted: total, has_data });
        };
        if minute.get() % width != 0 {
            return None;
        }
        let (mut good, mut total) = (BigInt::zero(), BigInt::zero());
        for i in 0..width {
            if minute + i < self.case.end {
                let counts = of(&self.minutes, minute + i);
                good += counts.0;
                total += counts.1;
            }
        }
        if total.is_zero() {
            return Some(match self.case.objective.no_data {
                NoData::Ignore => Unit::default(),
                NoData::Good => Unit { counted: BigInt::one(), ..Unit::default() },
                NoData::Bad => Unit { counted: BigInt::one(), failed: BigRational::one(), has_data: false },
            });
        }
        let ratio = BigRational::new(good, total);
        let failed = match self.case.objective.method {
            BudgetingMethod::Timeslices { target, .. } => {
                let reached = ratio >= BigRational::new(target.get().into(), 1_000_000_000.into());
                if reached { BigRational::zero() } else { BigRational::one() }
            }
            _ => BigRational::one() - ratio,
        };
        Some(Unit { counted: BigInt::one(), failed, has_data: true })
    }

    /// What `[from, end)` holds.
    pub(super) fn since(&self, from: Minute) -> Spending {
        let mut sum = Spending::default();
        // Whole failures apart, so that they do not cost a common denominator each.
        let mut whole_failures = BigInt::zero();
        let mut minute = from;
        while minute < self.case.end {
            if let Some(unit) = self.unit(minute) {
                sum.elapsed += 1;
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
            slices += i64::from(minute.get() % width == 0);
            minute = minute + 1;
        }
        (whole(slices), whole(width * 60))
    }

    /// More than 256 slices whose totals differ.
    pub(super) fn many_denominators(&self) -> bool {
        let from = self.span.start.min(self.case.end - 4_320);
        let units = (0..self.case.end - from).filter_map(|i| self.unit(from + i));
        let denominators: std::collections::BTreeSet<BigInt> = units.map(|unit| unit.failed.denom().clone()).collect();
        denominators.len() > 250
    }
}
