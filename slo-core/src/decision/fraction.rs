//! Exact quotients as text.

use std::fmt;
use std::str::FromStr;

use num_integer::Integer as _;
use serde::{Deserialize, Serialize};

use crate::ratio::Ratio;

/// A [`Ratio`] that is stored as what it is, `9/10`, and so is the same when it is read.
///
/// ```
/// use slo_core::{Fraction, Ratio};
///
/// let left = Fraction::from(Ratio::new(-90, 100).unwrap());
/// assert_eq!(left.to_string(), "-9/10");
/// assert_eq!("-9/10".parse(), Ok(left));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fraction(Ratio);

/// Why a text is no [`Fraction`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write two whole numbers and a slash, such as 9/10; the second is above 0")]
pub struct FractionError;

impl Fraction {
    /// The number.
    #[must_use]
    pub const fn ratio(self) -> Ratio {
        self.0
    }
}

impl From<Ratio> for Fraction {
    fn from(ratio: Ratio) -> Self {
        Self(ratio)
    }
}

/// In lowest terms.
impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (numerator, denominator) = (self.0.numerator(), self.0.denominator());
        // The divisor of i128::MIN might not be an i128; no count comes near.
        let divisor = if numerator == i128::MIN { 1 } else { numerator.gcd(&denominator) };
        write!(f, "{}/{}", numerator / divisor, denominator / divisor)
    }
}

impl FromStr for Fraction {
    type Err = FractionError;

    fn from_str(text: &str) -> Result<Self, FractionError> {
        let (numerator, denominator) = text.split_once('/').ok_or(FractionError)?;
        let number = |text: &str| text.parse().map_err(|_| FractionError);
        Ratio::new(number(numerator)?, number(denominator)?).map(Self).ok_or(FractionError)
    }
}

impl TryFrom<String> for Fraction {
    type Error = FractionError;

    fn try_from(text: String) -> Result<Self, FractionError> {
        text.parse()
    }
}

impl From<Fraction> for String {
    fn from(fraction: Fraction) -> Self {
        fraction.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_read_as_it_was_written() {
        for (n, d, text) in [
            (0, 7, "0/1"),
            (10, 4, "5/2"),
            (-3, 9, "-1/3"),
            (
                i128::MAX,
                i128::MAX - 1,
                "170141183460469231731687303715884105727/170141183460469231731687303715884105726",
            ),
            (i128::MIN, 2, "-170141183460469231731687303715884105728/2"),
        ] {
            let fraction = Fraction::from(Ratio::new(n, d).expect("above zero"));
            assert_eq!(fraction.to_string(), text);
            assert_eq!(text.parse(), Ok(fraction));
        }
        for bad in ["", "1", "1/0", "1/-2", "a/1", "0.5/1", "1/2/3"] {
            assert_eq!(bad.parse::<Fraction>(), Err(FractionError), "{bad}");
        }
    }
}
