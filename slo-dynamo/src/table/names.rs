//! Table names that DynamoDB accepts.

use thiserror::Error;

/// The names of the two tables: valid for DynamoDB, and different from each other.
///
/// ```
/// use slo_dynamo::table::TableNames;
///
/// assert_eq!(TableNames::default().counts(), "counts");
/// assert_eq!(TableNames::with_prefix("prod-")?.definitions(), "prod-slo");
/// assert!(TableNames::new("counts", "no/slash").is_err());
/// # Ok::<(), slo_dynamo::table::TableNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    counts: String,
    definitions: String,
}

/// Why a table name cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableNameError {
    /// Outside DynamoDB's rule.
    #[error("table name {0:?} is not 3 to 255 letters, digits, '_', '.' or '-'")]
    Invalid(String),
    /// One table cannot hold both: their keys collide and one of them expires items.
    #[error("both tables are named {0:?}; they must be two tables")]
    Same(String),
}

impl TableNames {
    /// The tables `counts` and `definitions`.
    pub fn new(counts: impl Into<String>, definitions: impl Into<String>) -> Result<Self, TableNameError> {
        let (counts, definitions) = (valid(counts.into())?, valid(definitions.into())?);
        if counts == definitions {
            return Err(TableNameError::Same(counts));
        }
        Ok(Self { counts, definitions })
    }

    /// `{prefix}counts` and `{prefix}slo`.
    pub fn with_prefix(prefix: &str) -> Result<Self, TableNameError> {
        Self::new(format!("{prefix}counts"), format!("{prefix}slo"))
    }

    /// The table of measurements.
    pub fn counts(&self) -> &str {
        &self.counts
    }

    /// The table of objectives and their revisions, and of what processes share.
    pub fn definitions(&self) -> &str {
        &self.definitions
    }
}

impl Default for TableNames {
    fn default() -> Self {
        Self { counts: "counts".into(), definitions: "slo".into() }
    }
}

fn valid(name: String) -> Result<String, TableNameError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    if (3..=255).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(name)
    } else {
        Err(TableNameError::Invalid(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_dynamodbs_rule() {
        for (name, ok) in [
            ("abc", true),
            ("A.b_c-9", true),
            (&"x".repeat(255), true),
            ("ab", false),
            (&"x".repeat(256), false),
            ("a b", false),
            ("größe", false),
        ] {
            assert_eq!(TableNames::new(name, "other").is_ok(), ok, "{name:?}");
        }
    }

    #[test]
    fn one_table_is_not_both() {
        assert_eq!(TableNames::new("one", "one"), Err(TableNameError::Same("one".into())));
        assert_eq!(TableNames::with_prefix(""), Ok(TableNames::default()));
    }
}
