//! Figures and numbers.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};
use slo_core::Ratio;

pub(crate) fn exact(ratio: Ratio) -> BigRational {
    BigRational::new(ratio.numerator().into(), ratio.denominator().into())
}

pub(super) fn over(numerator: &BigRational, denominator: &BigRational) -> Option<BigRational> {
    (!denominator.is_zero()).then(|| numerator / denominator)
}

pub(super) fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from(n.into())
}

/// How a figure must agree with what is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Precision {
    /// In every digit.
    Exact,
    /// In every digit where its parts are small; otherwise in 30 digits, and one less for each power of
    /// ten away from 1.
    Printed,
    /// There are very many denominators, or it follows from rounded figures: in 24 digits, likewise.
    Digits,
}

impl Precision {
    pub(super) fn check(self, what: &str, got: Option<Ratio>, wanted: Option<&BigRational>) {
        let (got, wanted) = match (got.map(exact), wanted) {
            (None, None) => return,
            (Some(got), Some(wanted)) => (got, wanted),
            (got, wanted) => panic!("{what}: {got:?}, wanted {wanted:?}"),
        };
        let small = wanted.numer().bits().max(wanted.denom().bits()) <= 100;
        if self == Self::Exact || small && self == Self::Printed || wanted.is_zero() {
            assert_eq!(&got, wanted, "{what}");
            return;
        }
        let power = |n: u32| BigRational::new(BigInt::one(), BigInt::from(10).pow(n));
        let size = wanted.abs();
        let away = size.clone().max(size.recip());
        let error = (&got - wanted).abs() / size;
        let digits = power(if self == Self::Printed { 30 } else { 24 });
        assert!(error <= (digits * away).min(power(13)), "{what}: {got}, wanted {wanted}");
    }
}
