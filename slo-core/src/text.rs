//! Text for people, and labels.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Text for people: 1 to `MAX` characters, no control characters but line breaks and tabs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// A name as people say it.
pub type DisplayName = Text<256>;
/// A description; OpenSLO's limit is 1,050 characters.
pub type Description = Text<1050>;
/// Why something was done.
pub type Reason = Text<256>;

/// Why a text is no [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write 1 to {max} characters without control characters")]
pub struct TextError {
    max: usize,
}

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
        let length = text.chars().count();
        if length == 0 || length > MAX || text.chars().any(control) {
            Err(TextError { max: MAX })
        } else {
            Ok(Self(text))
        }
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Free key and value pairs to find definitions by.
///
/// A key is 1 to 63 letters, digits, `.`, `_`, `-` or `/`; a value up to 256 characters of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Labels(BTreeMap<String, String>);

/// Why a pair is no label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The key.
    #[error("a label's key is 1 to 63 letters, digits or . _ - /")]
    Key(String),
    /// The value.
    #[error("a label's value is at most 256 characters without control characters")]
    Value(String),
    /// Too many.
    #[error("at most 64 labels")]
    TooMany,
}

impl Labels {
    /// The pairs, in order of their keys.
    #[must_use]
    pub const fn pairs(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Whether `key` is there with exactly `value`.
    #[must_use]
    pub fn has(&self, key: &str, value: &str) -> bool {
        self.0.get(key).is_some_and(|v| v == value)
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = LabelError;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<Self, LabelError> {
        if pairs.len() > 64 {
            return Err(LabelError::TooMany);
        }
        for (key, value) in &pairs {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
            if key.is_empty() || key.len() > 63 || !key.bytes().all(allowed) {
                return Err(LabelError::Key(key.clone()));
            }
            if value.chars().count() > 256 || value.chars().any(char::is_control) {
                return Err(LabelError::Value(key.clone()));
            }
        }
        Ok(Self(pairs))
    }
}

impl From<Labels> for BTreeMap<String, String> {
    fn from(labels: Labels) -> Self {
        labels.0
    }
}
