//! The resources of the API: their kinds and names.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;

use crate::error::{Error, Result};

/// A kind of resource, in the order in which they must be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub(crate) enum Kind {
    /// What people are told of a service.
    #[value(alias = "services")]
    Service,
    /// Someone who owns objectives and decides.
    #[value(alias = "users")]
    User,
    /// A measured aspect of behaviour (SLI).
    #[value(alias = "indicators")]
    Indicator,
    /// What is promised (SLO).
    #[value(alias = "objectives")]
    Objective,
}

impl Kind {
    /// The collection's path below `/api/v1`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Service => "/services",
            Self::User => "/users",
            Self::Indicator => "/indicators",
            Self::Objective => "/objectives",
        }
    }

    /// The item's path below `/api/v1`.
    pub(crate) fn item(self, name: &Name) -> String {
        format!("{}/{name}", self.path())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "service",
            Self::User => "user",
            Self::Indicator => "indicator",
            Self::Objective => "objective",
        })
    }
}

/// A name as the API has them (RFC 1123 label); safe in a path as it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(String);

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let valid = (1..=63).contains(&text.len())
            && text.bytes().all(allowed)
            && !text.starts_with('-')
            && !text.ends_with('-');
        if valid {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::Failed(format!(
            "{text:?} is no name: use 1 to 63 of a-z, 0-9 and '-', with a letter or digit first and last"
        )))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_path() {
        for good in ["a", "checkout-availability", "9", &"x".repeat(63)] {
            assert_eq!(good.parse::<Name>().expect(good).to_string(), good);
        }
        for bad in ["", "A", "a/b", "..", "a b", "-a", "a-", "a?x", "é", &"x".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }
}
