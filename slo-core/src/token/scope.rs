//! What a token is limited to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// A part of what a user may do.
///
/// ```
/// use slo_core::Scope;
///
/// let scope: Scope = "ingest:checkout-requests".parse()?;
/// assert!(scope.ingests(&"checkout-requests".parse()?));
/// assert!(!scope.ingests(&"search-requests".parse()?));
/// assert!("ingest".parse::<Scope>()?.ingests(&"search-requests".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// To write and read the measurements of one indicator, or of any.
    Ingest(Option<Name>),
}

/// Why a text is no [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write ingest:INDICATOR for the measurements of one indicator, or ingest for those of all")]
pub struct ScopeError;

const INGEST: &str = "ingest";

impl Scope {
    /// Whether the measurements of an indicator are within it.
    #[must_use]
    pub fn ingests(&self, indicator: &Name) -> bool {
        let Self::Ingest(only) = self;
        only.as_ref().is_none_or(|only| only == indicator)
    }

    /// The indicator that it names.
    #[must_use]
    pub fn indicator(&self) -> Option<&Name> {
        let Self::Ingest(only) = self;
        only.as_ref()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ingest(None) => f.write_str(INGEST),
            Self::Ingest(Some(indicator)) => write!(f, "{INGEST}:{}", indicator.as_str()),
        }
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text.split_once(':') {
            None if text == INGEST => Ok(Self::Ingest(None)),
            Some((INGEST, indicator)) => indicator.parse().map(|name| Self::Ingest(Some(name))).map_err(|_| ScopeError),
            _ => Err(ScopeError),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_written_as_they_are_read() {
        for text in ["ingest", "ingest:site"] {
            assert_eq!(text.parse::<Scope>().map(|scope| scope.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "read", "ingest:", "ingest:No", "ingest:a:b", "Ingest", "ingest:*"] {
            assert_eq!(text.parse::<Scope>(), Err(ScopeError), "{text}");
        }
    }
}
