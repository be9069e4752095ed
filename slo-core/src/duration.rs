//! Lengths of time in OpenSLO's shorthand.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A unit of OpenSLO's duration shorthand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
    /// `w`
    Week,
    /// `M`
    Month,
    /// `Q`
    Quarter,
    /// `Y`
    Year,
}

impl Unit {
    const ALL: [(char, Self); 7] = [
        ('m', Self::Minute),
        ('h', Self::Hour),
        ('d', Self::Day),
        ('w', Self::Week),
        ('M', Self::Month),
        ('Q', Self::Quarter),
        ('Y', Self::Year),
    ];

    /// Its length in minutes; `None` for the civil units, whose lengths differ.
    #[must_use]
    pub const fn minutes(self) -> Option<u64> {
        match self {
            Self::Minute => Some(1),
            Self::Hour => Some(60),
            Self::Day => Some(24 * 60),
            Self::Week => Some(7 * 24 * 60),
            Self::Month | Self::Quarter | Self::Year => None,
        }
    }
}

/// A number and a unit: `5m`, `1h`, `28d`, `4w`, `1M`, `1Q`, `1Y`. Kept as it was written.
///
/// ```
/// use slo_core::Shorthand;
///
/// let month: Shorthand = "28d".parse()?;
/// assert_eq!(month.minutes(), Some(40_320));
/// assert_eq!(month.to_string(), "28d");
/// # Ok::<(), slo_core::ShorthandError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shorthand {
    number: u32,
    unit: Unit,
}

/// Why a text is no [`Shorthand`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a whole number above 0 and a unit (m, h, d, w, M, Q or Y), such as 5m, 28d or 1M")]
pub struct ShorthandError;

impl Shorthand {
    /// From its parts; `None` when the number is 0.
    #[must_use]
    pub const fn new(number: u32, unit: Unit) -> Option<Self> {
        if number == 0 { None } else { Some(Self { number, unit }) }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// The unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// Its length in minutes; `None` for civil units.
    #[must_use]
    pub const fn minutes(self) -> Option<u64> {
        match self.unit.minutes() {
            Some(minutes) => Some(minutes * self.number as u64),
            None => None,
        }
    }
}

impl FromStr for Shorthand {
    type Err = ShorthandError;

    fn from_str(text: &str) -> Result<Self, ShorthandError> {
        let letter = text.chars().next_back().ok_or(ShorthandError)?;
        let digits = &text[..text.len() - letter.len_utf8()];
        let (_, unit) = Unit::ALL.into_iter().find(|(l, _)| *l == letter).ok_or(ShorthandError)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ShorthandError);
        }
        digits.parse().ok().and_then(|number| Self::new(number, unit)).ok_or(ShorthandError)
    }
}

impl TryFrom<String> for Shorthand {
    type Error = ShorthandError;

    fn try_from(text: String) -> Result<Self, ShorthandError> {
        text.parse()
    }
}

impl From<Shorthand> for String {
    fn from(shorthand: Shorthand) -> Self {
        shorthand.to_string()
    }
}

impl fmt::Display for Shorthand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = Unit::ALL.into_iter().find(|(_, unit)| *unit == self.unit).map_or('m', |(l, _)| l);
        write!(f, "{}{letter}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand_is_read_and_printed_as_written() {
        for text in ["5m", "1h", "28d", "1w", "1M", "1Q", "1Y", "4294967295d"] {
            assert_eq!(text.parse::<Shorthand>().map(|s| s.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "m", "0d", "+5m", "-5m", "5", "5 m", "5s", "1.5h", "4294967296d", "5µ"] {
            assert_eq!(bad.parse::<Shorthand>(), Err(ShorthandError), "{bad}");
        }
    }
}
