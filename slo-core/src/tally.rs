//! What a span of time says by one budgeting method.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::BigRational;
use num_traits::ToPrimitive as _;

use crate::budget::BILLION;
use crate::ratio::Ratio;

/// Failures among what was counted, so that `sli = 1 - failed / counted` whatever the method:
/// events for Occurrences, slices for the time-based methods.
#[derive(Clone, Debug)]
pub(crate) struct Tally<F> {
    /// Events, or slices that count.
    pub(crate) counted: i128,
    /// How many of them failed; not a whole number for `RatioTimeslices`.
    pub(crate) failed: Failed<F>,
    /// Minutes (Occurrences) or slices with data, excluded ones left out.
    pub(crate) with_data: i128,
    /// Minutes or slices that have begun, excluded ones left out.
    pub(crate) elapsed: i128,
}

/// How much failed.
#[derive(Clone, Debug)]
pub(crate) enum Failed<F> {
    /// Events or slices.
    Whole(i128),
    /// Slices, and parts of slices: Σ(1 - g/n).
    Sum {
        /// Whole slices.
        whole: i128,
        /// The parts on the grid, each rounded down.
        floor: i128,
        /// How many parts there are.
        terms: i128,
        /// The parts once more, bad and total of each.
        parts: F,
    },
}

/// Sums of parts of slices are bounded on a grid of 2^-100; half a million of them stay below 2^120.
pub(crate) const GRID_BITS: u32 = 100;
/// Up to so many denominators are added up by themselves, for more digits than the grid has.
const FEW: usize = 256;
/// As long as so many bits hold their common multiple the sum is exact; otherwise its parts are rounded
/// down to 2^-192.
const FEW_BITS: u64 = 192;

/// `bad / total` on the grid, rounded down; `bad` is at most `total`, which is at most 2^97.
pub(crate) fn on_grid(bad: u128, total: u128) -> i128 {
    let parts = if bad.leading_zeros() >= GRID_BITS {
        (bad << GRID_BITS) / total
    } else {
        // As on paper, 25 digits of two at a time.
        let digits = |(parts, rest): (u128, u128), _| {
            let rest = rest << 25;
            ((parts << 25) + rest / total, rest % total)
        };
        (0..GRID_BITS / 25).fold((0, bad), digits).0
    };
    i128::try_from(parts).expect("at most 2^100")
}

impl<F: Iterator<Item = (u128, u128)> + Clone> Failed<F> {
    /// Compares with `share · allowed`, exactly; `allowed` is in billionths.
    pub(crate) fn compare(&self, share: Ratio, allowed: i128) -> Ordering {
        // failed ? share · allowed / 10^9, both sides times the denominators.
        if let Self::Whole(failed) = self {
            let left = failed.checked_mul(BILLION).and_then(|failed| failed.checked_mul(share.denominator()));
            if let (Some(left), Some(right)) = (left, allowed.checked_mul(share.numerator())) {
                return left.cmp(&right);
            }
        }
        self.compare_big(&(BigInt::from(share.denominator()) * BILLION), BigInt::from(share.numerator()) * allowed)
    }

    /// Compares with `bound / unit`, exactly; `unit` is above zero.
    pub(crate) fn compare_big(&self, unit: &BigInt, bound: BigInt) -> Ordering {
        match self {
            Self::Whole(failed) => (unit * *failed).cmp(&bound),
            Self::Sum { whole, floor, terms, parts } => {
                let bound = bound - unit * *whole;
                let on_grid = &bound << GRID_BITS;
                match ((unit * *floor).cmp(&on_grid), (unit * (floor + terms)).cmp(&on_grid)) {
                    (Ordering::Greater, _) => Ordering::Greater,
                    (_, Ordering::Less) => Ordering::Less,
                    _ => {
                        let exact = sum(&by_denominator(parts.clone(), usize::MAX).expect("any number will do"));
                        (exact * unit).cmp(&BigRational::from(bound))
                    }
                }
            }
        }
    }

    /// Its value: exact, but for a sum of many different fractions, which is right to 2^-184, and of very
    /// many, to 2^-80.
    pub(crate) fn value(&self) -> BigRational {
        match self {
            Self::Whole(failed) => BigRational::from(BigInt::from(*failed)),
            Self::Sum { whole, floor, terms, parts } => {
                let few = (*terms <= FEW_PARTS).then(|| by_denominator(parts.clone(), FEW)).flatten();
                let parts = match few {
                    Some(few) => nearly(&few),
                    None => BigRational::new(BigInt::from(*floor), BigInt::from(1) << GRID_BITS),
                };
                BigRational::from(BigInt::from(*whole)) + parts
            }
        }
    }
}

/// Up to so many parts are looked at for that: a figure is printed for every step of a burn-down.
const FEW_PARTS: i128 = 5_000;

/// Fractions of equal denominator together; `None` when there are more than `most` denominators.
fn by_denominator(parts: impl Iterator<Item = (u128, u128)>, most: usize) -> Option<BTreeMap<u128, u128>> {
    let mut sums = BTreeMap::new();
    for (bad, total) in parts {
        *sums.entry(total).or_default() += bad;
        if sums.len() > most {
            return None;
        }
    }
    Some(sums)
}

/// The sum, exact or rounded down; see [`FEW_BITS`].
fn nearly(parts: &BTreeMap<u128, u128>) -> BigRational {
    let multiple = |common: BigInt, n: &u128| {
        let rest = (&common % n).to_u128().expect("less than its divisor");
        let common = common * (n / n.gcd(&rest));
        (common.bits() <= FEW_BITS).then_some(common)
    };
    let common = parts.keys().try_fold(BigInt::from(1), multiple).unwrap_or_else(|| BigInt::from(1) << FEW_BITS);
    let sum: BigInt = parts.iter().map(|(n, bad)| &common * bad / n).sum();
    BigRational::new(sum, common)
}

/// The sum itself, halves first: denominators grow only towards the end.
fn sum(parts: &BTreeMap<u128, u128>) -> BigRational {
    let mut terms: Vec<BigRational> =
        parts.iter().map(|(n, bad)| BigRational::new(BigInt::from(*bad), BigInt::from(*n))).collect();
    while terms.len() > 1 {
        terms = terms.chunks(2).map(|pair| pair.iter().sum()).collect();
    }
    terms.pop().unwrap_or_else(|| BigRational::from(BigInt::from(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts = Vec<(u128, u128)>;

    fn failed(whole: i128, parts: &Parts) -> Failed<impl Iterator<Item = (u128, u128)> + Clone> {
        let floor = parts.iter().map(|(bad, total)| on_grid(*bad, *total)).sum();
        let terms = i128::try_from(parts.len()).expect("few");
        Failed::Sum { whole, floor, terms, parts: parts.iter().copied() }
    }

    #[test]
    fn sums_of_fractions_compare_exactly_where_the_grid_cannot_tell() {
        // 2 + 3/3 + 1/7 = 22/7
        let parts = vec![(1, 3), (1, 3), (1, 3), (1, 7)];
        let failed = failed(2, &parts);
        let bound = |n| Ratio::new(n, 7).expect("ratio");
        assert_eq!(failed.compare(bound(22), BILLION), Ordering::Equal);
        let little_more = Ratio::new(22 * 1_000_000_000_000 + 1, 7_000_000_000_000).expect("ratio");
        assert_eq!(failed.compare(little_more, BILLION), Ordering::Less);
        assert_eq!(failed.compare(bound(21), BILLION), Ordering::Greater);
        assert_eq!(failed.value(), bound(22).big());
    }

    #[test]
    fn very_many_denominators_are_bounded_and_still_decided() {
        let parts: Parts = (2..2_000).map(|n| (1, n)).collect();
        let failed = failed(0, &parts);
        let exact = sum(&by_denominator(parts.iter().copied(), usize::MAX).expect("all"));
        let Failed::Sum { floor, terms, .. } = &failed else { panic!("a sum") };
        let grid = |n: i128| BigRational::new(BigInt::from(n), BigInt::from(1) << GRID_BITS);
        assert!(grid(*floor) <= exact && exact <= grid(floor + terms));
        // The harmonic number of 1999, less 1.
        assert_eq!(failed.compare(Ratio::from(7), BILLION), Ordering::Greater);
    }
}
