//! Identifiers of decisions.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Name;

/// A UUID of version 7 (RFC 9562), in lower case with hyphens: it begins with the millisecond of its making, so
/// that its order is that of time.
///
/// ```
/// use slo_core::DecisionId;
///
/// let at = "2026-11-20T12:00:00.123Z".parse()?;
/// let id = DecisionId::new(at, [7; 10]);
/// assert_eq!(id.to_string(), "01a1f8d3-ea7b-7707-8707-070707070707");
/// assert_eq!(id.at(), at);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DecisionId([u8; 16]);

/// Why a text is no [`DecisionId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a decision's identifier is a UUID of version 7 in lower case, such as 01a1f8d3-ea7b-7707-8707-070707070707")]
pub struct DecisionIdError;

/// Where the hyphens are, in bytes before them.
const GROUPS: [usize; 4] = [4, 6, 8, 10];

impl DecisionId {
    /// From the time of its making, cut to the millisecond and from 1970 on, and random bits, of which 74 count.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millisecond = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&millisecond.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = bytes[6] & 0x0f | 0x70;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// The least of a millisecond: none of those that are made then, or later, is before it.
    #[must_use]
    pub fn first_at(at: Timestamp) -> Self {
        Self::new(at, [0; 10])
    }

    /// The millisecond of its making.
    #[must_use]
    pub fn at(self) -> Timestamp {
        let mut millisecond = [0; 8];
        millisecond[2..].copy_from_slice(&self.0[..6]);
        let millisecond = i64::try_from(u64::from_be_bytes(millisecond)).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            if GROUPS.contains(&i) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for DecisionId {
    type Err = DecisionIdError;

    fn from_str(text: &str) -> Result<Self, DecisionIdError> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
        if digits.len() != 32 || !digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DecisionIdError);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| DecisionIdError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| DecisionIdError)?;
        }
        let id = Self(bytes);
        let ours = bytes[6] >> 4 == 7 && bytes[8] >> 6 == 2 && id.to_string() == text && id.at() < Timestamp::MAX;
        if ours { Ok(id) } else { Err(DecisionIdError) }
    }
}

impl TryFrom<String> for DecisionId {
    type Error = DecisionIdError;

    fn try_from(text: String) -> Result<Self, DecisionIdError> {
        text.parse()
    }
}

impl From<DecisionId> for String {
    fn from(id: DecisionId) -> Self {
        id.to_string()
    }
}

impl From<DecisionId> for Name {
    fn from(id: DecisionId) -> Self {
        id.to_string().try_into().expect("hexadecimal digits with hyphens inside are a name")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_time_and_of_the_text() {
        let id = |at: &str, byte| DecisionId::new(at.parse().expect("a time"), [byte; 10]);
        let ids = [
            id("1969-12-31T00:00:00Z", 0),
            id("1970-01-01T00:00:00.001Z", 0),
            id("2026-11-20T12:00:00.001999Z", 0),
            id("2026-11-20T12:00:00.001Z", 255),
            id("2026-11-20T12:00:00.002Z", 0),
            id("9999-12-30T22:00:00Z", 1),
        ];
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert!(ids.is_sorted() && texts.is_sorted(), "{texts:#?}");
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!(text.parse(), Ok(*id));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let good = "01a1f8d3-ea7b-7707-8707-070707070707";
        assert!(good.parse::<DecisionId>().is_ok());
        for bad in [
            "",
            "01a1f8d3ea7b77078707070707070707",
            "01A1F8D3-ea7b-7707-8707-070707070707",
            "01a1f8d3-ea7b-4707-8707-070707070707",
            "01a1f8d3-ea7b-7707-c707-070707070707",
            "01a1f8d3e-a7b-7707-8707-070707070707",
            "ffffffff-ffff-7707-8707-070707070707",
            "01a1f8d3-ea7b-7707-8707-07070707070é",
        ] {
            assert_eq!(bad.parse::<DecisionId>(), Err(DecisionIdError), "{bad}");
        }
    }
}
