//! A JSON number by its text: compared and printed exactly, without a detour through floats.

use std::cmp::Ordering;
use std::fmt;

/// Beyond this many places a number is printed as it came, exponent and all.
const PLAIN_PLACES: i64 = 40;

/// `±digits × 10^exponent`; digits without leading or trailing zeros, so that equal means equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads `-12.50e3`; `None` for anything that is not a decimal number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            // i32: an exponent that needs more is no figure of ours, and sums cannot overflow.
            Some((mantissa, exponent)) => (mantissa, i64::from(exponent.parse::<i32>().ok()?)),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let written = format!("{whole}{fraction}");
        let significant = written.trim_end_matches('0');
        let cut = i64::try_from(written.len() - significant.len()).ok()?;
        let digits = significant.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, exponent: 0 });
        }
        let exponent = exponent - i64::try_from(fraction.len()).ok()? + cut;
        Some(Self { negative, digits, exponent })
    }

    /// The ratio 0.999 as the percentage 99.9.
    pub(crate) fn percent(mut self) -> Self {
        if !self.digits.is_empty() {
            self.exponent += 2;
        }
        self
    }

    /// The whole number at or below it; `None` beyond 128 bits.
    pub(crate) fn floor(&self) -> Option<i128> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let digits: i128 = self.digits.parse().ok()?;
        let signed = if self.negative { -digits } else { digits };
        let ten = 10_i128.checked_pow(u32::try_from(self.exponent.unsigned_abs()).ok()?);
        if self.exponent >= 0 {
            return signed.checked_mul(ten?);
        }
        // What is divided by more than 128 bits hold lies between -1 and 1.
        Some(ten.map_or(if self.negative { -1 } else { 0 }, |ten| signed.div_euclid(ten)))
    }

    /// The whole number at or above it; `None` beyond 128 bits.
    pub(crate) fn ceil(&self) -> Option<i128> {
        let negated = Self { negative: !self.negative, ..self.clone() };
        negated.floor().map(|floor| -floor)
    }

    /// Where the first digit stands: 1 for 1 to 9.99, 2 for 10 to 99.99.
    fn magnitude(&self) -> i64 {
        self.exponent + i64::try_from(self.digits.len()).unwrap_or(i64::MAX / 2)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| match (d.digits.is_empty(), d.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        sign(self).cmp(&sign(other)).then_with(|| {
            // Without trailing zeros the order of texts is the order of fractions.
            let size = self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits));
            if self.negative { size.reverse() } else { size }
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Plain notation with thousands separated: `-1,234.5`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits.is_empty() {
            return f.write_str("0");
        }
        if self.negative {
            f.write_str("-")?;
        }
        let point = self.magnitude();
        if point.abs() > PLAIN_PLACES || self.exponent.abs() > PLAIN_PLACES {
            return write!(f, "{}e{}", self.digits, self.exponent);
        }
        let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or(0));
        let padded = format!("{}{}{}", zeros(-point), self.digits, zeros(self.exponent));
        let (whole, fraction) = padded.split_at(usize::try_from(point).unwrap_or(0));
        f.write_str(&thousands(if whole.is_empty() { "0" } else { whole }))?;
        if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
    }
}

/// A count as people read it: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    thousands(&count.to_string())
}

/// Separates the digits of a whole number in threes.
fn thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).expect(text)
    }

    #[test]
    fn one_value_has_one_form() {
        for same in [["0.999", "0.9990"], ["1e3", "1000"], ["-0.0", "0"], ["12.5E-1", "1.25"]] {
            assert_eq!(decimal(same[0]), decimal(same[1]), "{same:?}");
        }
        for not_a_number in ["", "-", ".5", "1.", "1e", "NaN", "+1", "1,000", "0x1", "1e99999999999"] {
            assert_eq!(Decimal::parse(not_a_number), None, "{not_a_number}");
        }
    }

    #[test]
    fn prints_plainly_with_thousands() {
        for (text, printed) in [
            ("3663253", "3,663,253"),
            ("109897.59", "109,897.59"),
            ("-1e-7", "-0.0000001"),
            ("1.5e6", "1,500,000"),
            ("0.00", "0"),
            ("999", "999"),
            ("1e300", "1e300"),
        ] {
            assert_eq!(decimal(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn percent_shifts_the_point_and_nothing_else() {
        assert_eq!(decimal("0.97123103427").percent().to_string(), "97.123103427");
        assert_eq!(decimal("1").percent().to_string(), "100");
        assert_eq!(decimal("0").percent().to_string(), "0");
        assert_eq!(decimal("-0.00004").percent().to_string(), "-0.004");
    }

    #[test]
    fn whole_numbers_lie_below_and_above() {
        for (text, floor, ceil) in [
            ("0", Some(0), Some(0)),
            ("12", Some(12), Some(12)),
            ("12.000001", Some(12), Some(13)),
            ("-12.5", Some(-13), Some(-12)),
            ("1.5e3", Some(1_500), Some(1_500)),
            ("1e-60", Some(0), Some(1)),
            ("-1e-60", Some(-1), Some(0)),
            ("1e60", None, None),
        ] {
            assert_eq!((decimal(text).floor(), decimal(text).ceil()), (floor, ceil), "{text}");
        }
    }

    #[test]
    fn orders_by_value() {
        let mut values = ["0.5", "-1", "0", "10", "-0.25", "0.05", "9.99"].map(decimal);
        values.sort();
        let printed = values.map(|value| value.to_string());
        assert_eq!(printed, ["-1", "-0.25", "0", "0.05", "0.5", "9.99", "10"]);
    }
}
