//! The required level.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::decimal::PartsPerBillion;

/// The required ratio of good to total: an exact decimal strictly between 0 and 1 with at most nine
/// decimals, held as parts per billion.
///
/// 100 % is refused: it leaves no budget to decide with (OpenSLO and Datadog refuse it too).
///
/// ```
/// use slo_core::Target;
///
/// let target: Target = "0.999".parse()?;
/// assert_eq!(target.allowed_failure(), 1_000_000); // parts per billion
/// assert!("1".parse::<Target>().is_err());
/// # Ok::<(), slo_core::TargetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Target(u32);

/// Why a text is no [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a target is a ratio above 0 and below 1 with at most 9 decimals, such as 0.999")]
pub struct TargetError;

impl Target {
    /// From parts per billion; `None` unless it lies in (0,1).
    #[must_use]
    pub const fn from_parts_per_billion(parts: u32) -> Option<Self> {
        if 0 < parts && parts < 1_000_000_000 { Some(Self(parts)) } else { None }
    }

    /// The target T in parts per billion, 1 to 999,999,999.
    #[must_use]
    pub const fn parts_per_billion(self) -> u32 {
        self.0
    }

    /// b = 1 - T in parts per billion, 1 to 999,999,999.
    #[must_use]
    pub const fn allowed_failure(self) -> u32 {
        PartsPerBillion::ONE.get() - self.0
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text.parse::<PartsPerBillion>() {
            Ok(parts) if parts.get() > 0 && parts < PartsPerBillion::ONE => Ok(Self(parts.get())),
            _ => Err(TargetError),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = TargetError;

    fn try_from(text: String) -> Result<Self, TargetError> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl From<Target> for PartsPerBillion {
    fn from(target: Target) -> Self {
        Self::new(target.0).expect("a target is below one billion parts")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PartsPerBillion::from(*self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_one_and_finer_than_a_billionth_are_refused() {
        for bad in ["0", "1", "1.0", "0.0", "1.5", "-0.5", "0.9999999999", "", "99.9%"] {
            assert_eq!(bad.parse::<Target>(), Err(TargetError), "{bad}");
        }
        for (good, parts) in
            [("0.999", 999_000_000), ("0.999999999", 999_999_999), ("0.000000001", 1), (".5", 500_000_000)]
        {
            assert_eq!(good.parse::<Target>().map(Target::parts_per_billion), Ok(parts));
        }
    }
}
