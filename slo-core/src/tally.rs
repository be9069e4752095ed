//! What a span of time says by one budgeting method.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::budget::{BILLION, signed};
use crate::counts::{Bucket, EventCounts};
use crate::objective::{BudgetingMethod, NoData};
use crate::ratio::Ratio;
use crate::time::{Minute, Period};

/// Failures among what was counted, so that `sli = 1 - failed / counted` whatever the method:
/// events for Occurrences, slices for the time-based methods.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Events, or slices that count.
    pub(crate) counted: i128,
    /// How many of them failed; not a whole number for `RatioTimeslices`.
    pub(crate) failed: Failed,
    /// Minutes (Occurrences) or slices with data.
    pub(crate) with_data: i128,
    /// Minutes or slices that have begun.
    pub(crate) elapsed: i128,
}

impl Tally {
    /// Tallies the buckets of a span; for the time-based methods each is a minute.
    pub(crate) fn new(method: BudgetingMethod, no_data: NoData, buckets: &[Bucket], span: Period) -> Self {
        let Some(width) = method.slice_width() else {
            let counts: EventCounts = buckets.iter().map(|bucket| bucket.counts).sum();
            let with_data = buckets.iter().map(|bucket| i128::from(bucket.with_data.count_ones())).sum();
            let failed = Failed::Whole(signed(counts.bad()));
            return Self { counted: signed(counts.total()), failed, with_data, elapsed: i128::from(span.minutes()) };
        };
        let elapsed = slices_in(span, width.minutes());
        let mut with_data = 0;
        let (mut whole, mut fractions) = (0, Fractions::default());
        for (_, counts) in slices(buckets, span, width.minutes()) {
            with_data += 1;
            match slice_failure(method, counts) {
                (0, _) => {}
                (bad, 1) => whole += signed(bad),
                (bad, total) => fractions.add(bad, total),
            }
        }
        let missing = elapsed - with_data;
        let counted = if no_data == NoData::Ignore { with_data } else { elapsed };
        whole += if no_data == NoData::Bad { missing } else { 0 };
        let failed = match method {
            BudgetingMethod::RatioTimeslices { .. } => Failed::Sum { whole, fractions },
            BudgetingMethod::Occurrences | BudgetingMethod::Timeslices { .. } => Failed::Whole(whole),
        };
        Self { counted, failed, with_data, elapsed }
    }
}

/// How much of a slice with data failed, as numerator and denominator: all or nothing of it for
/// Timeslices, `1 - g/n` for `RatioTimeslices`.
pub(crate) fn slice_failure(method: BudgetingMethod, counts: EventCounts) -> (u128, u128) {
    match method {
        BudgetingMethod::Timeslices { target, .. } => {
            let good = signed(counts.good()) * BILLION >= i128::from(target.get()) * signed(counts.total());
            (u128::from(!good), 1)
        }
        BudgetingMethod::Occurrences | BudgetingMethod::RatioTimeslices { .. } => (counts.bad(), counts.total()),
    }
}

/// How many slices of `width` minutes begin in a span.
pub(crate) fn slices_in(span: Period, width: i64) -> i128 {
    let before = |minute: Minute| i128::from((minute - 1).on_grid(width).get().div_euclid(width)) + 1;
    (before(span.end) - before(span.start)).max(0)
}

/// The slices with data that begin in a span, each with the counts of its minutes before the end.
pub(crate) fn slices(buckets: &[Bucket], span: Period, width: i64) -> impl Iterator<Item = (Minute, EventCounts)> {
    let groups = buckets.chunk_by(move |a, b| a.start.on_grid(width) == b.start.on_grid(width));
    let slice =
        move |group: &[Bucket]| (group[0].start.on_grid(width), group.iter().map(|b| b.counts).sum::<EventCounts>());
    groups.map(slice).filter(move |(start, counts)| *start >= span.start && counts.total() > 0)
}

/// How much failed.
#[derive(Clone, Debug)]
pub(crate) enum Failed {
    /// Events or slices.
    Whole(i128),
    /// Slices, and parts of slices: Σ(1 - g/n).
    Sum { whole: i128, fractions: Fractions },
}

impl Failed {
    /// Compares with `share · allowed`, exactly; `allowed` is in billionths.
    pub(crate) fn compare(&self, share: Ratio, allowed: i128) -> Ordering {
        let bound = || share.big() * BigRational::new(BigInt::from(allowed), BigInt::from(BILLION));
        match self {
            Self::Whole(failed) if share == Ratio::ONE => (failed * BILLION).cmp(&allowed),
            Self::Whole(failed) => BigRational::from(BigInt::from(*failed)).cmp(&bound()),
            Self::Sum { whole, fractions } => {
                let bound = bound() - BigRational::from(BigInt::from(*whole));
                let (low, high) = fractions.bounds();
                match (low.cmp(&bound), high.cmp(&bound)) {
                    (Ordering::Greater, _) => Ordering::Greater,
                    (_, Ordering::Less) => Ordering::Less,
                    _ => fractions.exact().cmp(&bound),
                }
            }
        }
    }

    /// Its value: exact, but for a sum of very many different fractions, which is right to 2^-80.
    pub(crate) fn value(&self) -> BigRational {
        match self {
            Self::Whole(failed) => BigRational::from(BigInt::from(*failed)),
            Self::Sum { whole, fractions } => BigRational::from(BigInt::from(*whole)) + fractions.value(),
        }
    }
}

/// A sum of fractions, those of equal denominator together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fractions(BTreeMap<u128, u128>);

/// Bounds lie on a grid of 2^-100.
pub(crate) const GRID_BITS: u32 = 100;
/// Up to so many denominators the exact sum is cheap.
pub(crate) const FEW: usize = 256;

impl Fractions {
    fn add(&mut self, bad: u128, total: u128) {
        *self.0.entry(total).or_default() += bad;
    }

    /// The sum on the grid, each term rounded down, and the same with each rounded up.
    fn bounds(&self) -> (BigRational, BigRational) {
        let grid = BigInt::from(1) << GRID_BITS;
        let floors = self.0.iter().map(|(n, bad)| (BigInt::from(*bad) << GRID_BITS) / BigInt::from(*n));
        let low: BigInt = floors.sum();
        let high = &low + BigInt::from(self.0.len());
        (BigRational::new(low, grid.clone()), BigRational::new(high, grid))
    }

    /// The sum itself, halves first: denominators grow only towards the end.
    fn exact(&self) -> BigRational {
        let mut terms: Vec<BigRational> =
            self.0.iter().map(|(n, bad)| BigRational::new(BigInt::from(*bad), BigInt::from(*n))).collect();
        while terms.len() > 1 {
            terms = terms.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        terms.pop().unwrap_or_else(|| BigRational::from(BigInt::from(0)))
    }

    fn value(&self) -> BigRational {
        if self.0.len() <= FEW { self.exact() } else { self.bounds().0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_belongs_to_a_span_when_its_start_does() {
        let span = |start, end| Period::new(Minute::new(start), Minute::new(end));
        assert_eq!(slices_in(span(0, 60), 5), 12);
        assert_eq!(slices_in(span(1, 60), 5), 11);
        assert_eq!(slices_in(span(1, 61), 5), 12);
        assert_eq!(slices_in(span(-7, 3), 5), 2, "-5 and 0");
        assert_eq!(slices_in(span(7, 7), 5), 0);
        let minute = |at| Bucket::minute(Minute::new(at), EventCounts::new(1, 1).expect("counts"));
        let buckets = [minute(4), minute(5), minute(9), minute(10)];
        let starts: Vec<(i64, u128)> = slices(&buckets, span(1, 11), 5).map(|(m, c)| (m.get(), c.total())).collect();
        assert_eq!(starts, [(5, 2), (10, 1)]);
    }

    #[test]
    fn sums_of_fractions_compare_exactly_where_the_grid_cannot_tell() {
        let mut thirds = Fractions::default();
        for _ in 0..3 {
            thirds.add(1, 3);
        }
        thirds.add(1, 7);
        let failed = Failed::Sum { whole: 2, fractions: thirds };
        // 2 + 3/3 + 1/7 = 22/7
        let bound = |n| Ratio::new(n, 7).expect("ratio");
        assert_eq!(failed.compare(bound(22), BILLION), Ordering::Equal);
        assert_eq!(
            failed.compare(Ratio::new(22 * 1_000_000_000_000 + 1, 7_000_000_000_000).expect("ratio"), BILLION),
            Ordering::Less
        );
        assert_eq!(failed.compare(bound(21), BILLION), Ordering::Greater);
        assert_eq!(failed.value(), bound(22).big());
    }

    #[test]
    fn very_many_denominators_are_bounded_and_still_decided() {
        let mut many = Fractions::default();
        for n in 2..2_000 {
            many.add(1, n);
        }
        let (low, high) = many.bounds();
        let exact = many.exact();
        assert!(low <= exact && exact <= high);
        let failed = Failed::Sum { whole: 0, fractions: many };
        // The harmonic number of 1999, less 1.
        let seven = Ratio::from(7);
        assert_eq!(failed.compare(seven, BILLION), Ordering::Greater);
    }
}
