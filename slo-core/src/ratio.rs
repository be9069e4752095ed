//! Exact quotients.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed as _, ToPrimitive};

use crate::decimal::PartsPerBillion;
use crate::target::Target;

/// An exact quotient of two 128-bit integers.
///
/// Every comparison the service makes is made on these; a float appears only when a finished result
/// is printed.
///
/// ```
/// use slo_core::Ratio;
///
/// let burn = Ratio::new(3, 1).unwrap();
/// assert!(burn > Ratio::new(29, 10).unwrap());
/// assert_eq!(Ratio::new(2, 4), Ratio::new(1, 2));
/// assert_eq!(Ratio::new(2, 3).unwrap().to_string(), "0.666666666666667");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    numerator: i128,
    /// Above zero.
    denominator: i128,
}

/// A printed figure has this many significant digits: as many as an f64 carries unharmed.
const PRINTED_DIGITS: u32 = 15;

impl Ratio {
    /// Zero.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// One.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`; `None` unless the denominator is above zero.
    #[must_use]
    pub const fn new(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator > 0 { Some(Self { numerator, denominator }) } else { None }
    }

    /// `1 - self`.
    ///
    /// # Panics
    /// When the numerator is within the denominator of the end of 128 bits; counts end at 2^97.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self { numerator: self.denominator - self.numerator, denominator: self.denominator }
    }

    /// The numerator, not reduced.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator, not reduced, above zero.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Whether it is 0 or below.
    #[must_use]
    pub const fn is_zero_or_less(self) -> bool {
        self.numerator <= 0
    }

    /// `self * per` as a whole number, rounded down; beyond 128 bits, the last that fits.
    ///
    /// ```
    /// use slo_core::Ratio;
    ///
    /// let third = Ratio::new(1, 3).unwrap();
    /// assert_eq!((third.times_down(100), third.times_up(100)), (33, 34));
    /// ```
    #[must_use]
    pub fn times_down(self, per: i128) -> i128 {
        if let Some(top) = self.numerator.checked_mul(per) {
            return top.div_euclid(self.denominator);
        }
        let whole = (self.big() * BigInt::from(per)).floor().to_integer();
        whole.to_i128().unwrap_or(if whole.is_negative() { i128::MIN } else { i128::MAX })
    }

    /// Likewise, rounded up.
    #[must_use]
    pub fn times_up(self, per: i128) -> i128 {
        let opposite = Self { numerator: self.numerator.saturating_neg(), denominator: self.denominator };
        opposite.times_down(per).saturating_neg()
    }

    /// The ratio nearest to a number: the number itself where its parts fit 126 bits, otherwise the one
    /// with the upper 126 bits of its parts. For printing only.
    #[must_use]
    pub(crate) fn nearest(number: &BigRational) -> Self {
        let bits = number.numer().bits().max(number.denom().bits());
        let surplus = bits.saturating_sub(126);
        let narrow = |n: &BigInt| (n >> surplus).to_i128().unwrap_or(0);
        let (mut numerator, denominator) = (narrow(number.numer()), narrow(number.denom()));
        if numerator == 0 && number.is_positive() {
            // However little it is, it is not nothing.
            numerator = 1;
        }
        Self::new(numerator, denominator).unwrap_or(Self { numerator: i128::MAX, denominator: 1 })
    }

    /// The same number with room to multiply.
    #[must_use]
    pub(crate) fn big(self) -> BigRational {
        BigRational::new_raw(BigInt::from(self.numerator), BigInt::from(self.denominator))
    }
}

/// Rounds half away from zero to 15 significant digits.
impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, numerator) =
            if self.numerator < 0 { ("-", self.numerator.unsigned_abs()) } else { ("", self.numerator.unsigned_abs()) };
        if numerator == 0 {
            return f.write_str("0");
        }
        let (numerator, denominator) = (BigInt::from(numerator), BigInt::from(self.denominator));
        let ten = BigInt::from(10);
        // The exponent of the first digit, from the integer part or by scaling up a fraction.
        let mut exponent = decimal_length(&numerator) - decimal_length(&denominator);
        let reaches = |exponent: i64| {
            if exponent >= 0 {
                numerator >= &denominator * ten.pow(exponent.unsigned_abs().to_u32().unwrap_or(u32::MAX))
            } else {
                &numerator * ten.pow(exponent.unsigned_abs().to_u32().unwrap_or(u32::MAX)) >= denominator
            }
        };
        if !reaches(exponent) {
            exponent -= 1;
        }
        let shift = i64::from(PRINTED_DIGITS) - 1 - exponent;
        let power = ten.pow(shift.unsigned_abs().to_u32().unwrap_or(u32::MAX));
        let (top, bottom) =
            if shift >= 0 { (numerator * power, denominator) } else { (numerator, denominator * power) };
        let digits: BigInt = (top * 2 + &bottom) / (bottom * 2);
        let digits = digits.to_string();
        // Rounding up may have made one more digit: 999… to 1000….
        let point = exponent + 1 + i64::try_from(digits.len()).unwrap_or(0) - i64::from(PRINTED_DIGITS);
        f.write_str(sign)?;
        f.write_str(&place_point(&digits, point))
    }
}

fn decimal_length(n: &BigInt) -> i64 {
    i64::try_from(n.to_string().len()).unwrap_or(0)
}

/// `digits` with the decimal point before position `point`, no trailing zeros.
fn place_point(digits: &str, point: i64) -> String {
    let significant = digits.trim_end_matches('0');
    match usize::try_from(point) {
        Ok(0) | Err(_) => format!("0.{}{significant}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        Ok(whole) if whole >= significant.len() => format!("{significant}{}", "0".repeat(whole - significant.len())),
        Ok(whole) => format!("{}.{}", &significant[..whole], &significant[whole..]),
    }
}

/// As a JSON number with the printed digits: no float on the way out either.
impl serde::Serialize for Ratio {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = serde_json::value::RawValue::from_string(self.to_string());
        number.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl From<PartsPerBillion> for Ratio {
    fn from(parts: PartsPerBillion) -> Self {
        Self { numerator: i128::from(parts.get()), denominator: i128::from(PartsPerBillion::ONE.get()) }
    }
}

impl From<Target> for Ratio {
    fn from(target: Target) -> Self {
        PartsPerBillion::from(target).into()
    }
}

impl From<u64> for Ratio {
    fn from(n: u64) -> Self {
        Self { numerator: i128::from(n), denominator: 1 }
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = self.numerator.checked_mul(other.denominator);
        let right = other.numerator.checked_mul(self.denominator);
        match (left, right) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.big().cmp(&other.big()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(n: i128, d: i128) -> Ratio {
        Ratio::new(n, d).expect("positive denominator")
    }

    #[test]
    fn order_is_exact_where_a_float_is_not() {
        assert!(ratio(9_007_199_254_740_993, 9_007_199_254_740_992) > Ratio::ONE);
        assert!(ratio(1, 3) > ratio(333_333_333_333_333_333, 1_000_000_000_000_000_000));
        assert!(ratio(i128::MAX, i128::MAX - 1) > ratio(i128::MAX - 1, i128::MAX - 1));
        assert!(ratio(i128::MAX - 1, i128::MAX) < ratio(i128::MAX, i128::MAX));
        assert_eq!(ratio(i128::MAX, i128::MAX), Ratio::ONE);
        assert!(ratio(-1, 2) < Ratio::ZERO);
    }

    #[test]
    fn whole_parts_are_exact_however_wide() {
        assert_eq!((ratio(-1, 3).times_down(100), ratio(-1, 3).times_up(100)), (-34, -33));
        assert_eq!((ratio(7, 2).times_down(2), ratio(7, 2).times_up(2)), (7, 7));
        let wide = i128::MAX / 2;
        assert_eq!((ratio(-wide, wide).times_down(1_000), ratio(2 * wide, wide).times_up(1_000)), (-1_000, 2_000));
        assert_eq!((ratio(1 - wide, wide).times_down(1_000), ratio(1 - wide, wide).times_up(1_000)), (-1_000, -999));
        assert_eq!((ratio(i128::MAX, 1).times_down(2), ratio(i128::MIN, 1).times_down(2)), (i128::MAX, i128::MIN));
    }

    #[test]
    fn prints_fifteen_significant_digits_and_no_more_than_needed() {
        let cases = [
            (ratio(10_989_759, 100), "109897.59"),
            (ratio(10_538_800, 10_989_759), "0.958965524175735"),
            (ratio(-999, 1), "-999"),
            (ratio(1, 1_000_000_000), "0.000000001"),
            (ratio(999_999_999_999_999_999, 1_000_000_000_000_000_000), "1"),
            (ratio(1, 3_000_000), "0.000000333333333333333"),
            (ratio(123_456_789_012_345_678, 1), "123456789012346000"),
            (ratio(0, 7), "0"),
            (ratio(10, 1), "10"),
            (ratio(99, 100), "0.99"),
        ];
        for (value, text) in cases {
            assert_eq!(value.to_string(), text);
        }
    }
}
