//! Exact decimals: read from text, never through a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An exact decimal number of at most 28 significant digits.
///
/// Used for the limit of a threshold indicator and for the raw values judged by it; equality and
/// order are those of the numbers (`0.50` equals `0.5`).
///
/// ```
/// use slo_core::Decimal;
///
/// let limit: Decimal = "0.3".parse()?;
/// let value: Decimal = "3e-1".parse()?;
/// assert_eq!(value, limit);
/// # Ok::<(), slo_core::DecimalError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(rust_decimal::Decimal);

/// Why a text is no [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a plain decimal number of at most 28 digits, such as 300 or 0.25")]
pub struct DecimalError;

impl Decimal {
    /// The number in units of a billionth when it has at most nine decimals, `None` otherwise.
    #[must_use]
    pub fn billionths(self) -> Option<i128> {
        let exact = self.0.normalize();
        let missing = 9u32.checked_sub(exact.scale())?;
        exact.mantissa().checked_mul(10i128.pow(missing))
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let plain = |text: &str| rust_decimal::Decimal::from_str_exact(text).map_err(|_| DecimalError);
        // `from_str_exact` would take the underscores of Rust literals; nobody else writes them.
        if text.contains('_') {
            return Err(DecimalError);
        }
        let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
            return plain(text).map(|d| Self(d.normalize()));
        };
        let exponent: i32 = exponent.parse().map_err(|_| DecimalError)?;
        let mantissa = plain(mantissa)?.normalize();
        if mantissa.is_zero() {
            return Ok(Self(mantissa));
        }
        let scale = i64::from(mantissa.scale()) - i64::from(exponent);
        let digits = mantissa.mantissa();
        let (digits, scale) = if scale < 0 {
            let power = u32::try_from(-scale).map_err(|_| DecimalError)?;
            let factor = 10i128.checked_pow(power).ok_or(DecimalError)?;
            (digits.checked_mul(factor).ok_or(DecimalError)?, 0)
        } else {
            (digits, u32::try_from(scale).map_err(|_| DecimalError)?)
        };
        rust_decimal::Decimal::try_from_i128_with_scale(digits, scale)
            .map(|d| Self(d.normalize()))
            .map_err(|_| DecimalError)
    }
}

impl TryFrom<String> for Decimal {
    type Error = DecimalError;

    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.to_string()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A ratio in \[0, 1\] in whole parts per billion: thresholds and floors.
///
/// ```
/// use slo_core::PartsPerBillion;
///
/// assert_eq!("0.25".parse::<PartsPerBillion>()?.get(), 250_000_000);
/// # Ok::<(), slo_core::PartsPerBillionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartsPerBillion(u32);

/// Why a text is no [`PartsPerBillion`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a ratio from 0 to 1 with at most 9 decimals, such as 0.25")]
pub struct PartsPerBillionError;

impl PartsPerBillion {
    /// The whole: one billion parts.
    pub const ONE: Self = Self(1_000_000_000);

    /// From a number of parts; `None` above one billion.
    #[must_use]
    pub const fn new(parts: u32) -> Option<Self> {
        if parts <= Self::ONE.0 { Some(Self(parts)) } else { None }
    }

    /// The number of parts, 0 to 1,000,000,000.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for PartsPerBillion {
    type Err = PartsPerBillionError;

    fn from_str(text: &str) -> Result<Self, PartsPerBillionError> {
        let parts = text.parse::<Decimal>().ok().and_then(Decimal::billionths);
        parts.and_then(|parts| u32::try_from(parts).ok()).and_then(Self::new).ok_or(PartsPerBillionError)
    }
}

impl TryFrom<String> for PartsPerBillion {
    type Error = PartsPerBillionError;

    fn try_from(text: String) -> Result<Self, PartsPerBillionError> {
        text.parse()
    }
}

impl From<PartsPerBillion> for String {
    fn from(parts: PartsPerBillion) -> Self {
        parts.to_string()
    }
}

impl fmt::Display for PartsPerBillion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:09}", self.0 / Self::ONE.0, self.0 % Self::ONE.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_refused() {
        let same =
            [("1e3", "1000"), ("-2.50E-1", "-0.25"), ("45.751999999999995", "45.751999999999995"), ("0e999", "0")];
        for (text, want) in same {
            assert_eq!(text.parse::<Decimal>().map(|d| d.to_string()), Ok(want.to_owned()));
        }
        for bad in [
            "",
            "1_000",
            "1e",
            "1e999",
            "1e-40",
            "NaN",
            "0x10",
            "1.2.3",
            &"9".repeat(40),
            "0.00000000000000000000000000001",
        ] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_per_billion_have_nine_decimals_at_most() {
        for (text, parts) in [
            ("0", 0),
            ("1", 1_000_000_000),
            ("0.999999999", 999_999_999),
            ("0.5000000000000", 500_000_000),
            ("5e-1", 500_000_000),
        ] {
            assert_eq!(text.parse::<PartsPerBillion>().map(PartsPerBillion::get), Ok(parts));
        }
        for bad in ["1.000000001", "-0.1", "0.0000000001", "x"] {
            assert!(bad.parse::<PartsPerBillion>().is_err(), "{bad}");
        }
        assert_eq!(PartsPerBillion::ONE.to_string(), "1");
        assert_eq!(PartsPerBillion(999_500_000).to_string(), "0.9995");
        assert_eq!(PartsPerBillion(0).to_string(), "0");
    }
}
