//! JSON as it was written.

use std::fmt;

use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON value whose numbers keep the text they were written with and whose objects keep their order.
///
/// `serde_json::Value` would take 0.12345678901234567890 through a float, and its
/// `arbitrary_precision` is a switch for every crate of the build.
///
/// ```
/// use slo_core::Json;
///
/// let json = Json::parse(br#"{"target":0.99999999999999999999}"#)?;
/// assert_eq!(json.get("target").and_then(Json::text), Some("0.99999999999999999999"));
/// # Ok::<(), slo_core::JsonError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number's text.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object in its order; a name may stand there twice, see [`Json::repeated`].
    Object(Vec<(String, Json)>),
}

/// Deeper than any document of ours; reading recurses, and scans each level once more.
pub const MAX_JSON_DEPTH: usize = 32;

/// Why a text is not JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The parser says where.
    #[error("this is not JSON: {0}")]
    Syntax(String),
    /// Deeper than [`MAX_JSON_DEPTH`], or than the caller allows.
    #[error("this is nested deeper than {MAX_JSON_DEPTH} levels")]
    Depth,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax(error.to_string())
    }
}

impl Json {
    /// Reads one value.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        Self::read(serde_json::from_slice(text)?, MAX_JSON_DEPTH)
    }

    /// Reads the values that stand one after the other.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse_all(text: &str) -> Result<Vec<Self>, JsonError> {
        Self::parse_all_within(text, MAX_JSON_DEPTH)
    }

    /// The same with a depth of the caller's: for what wraps a document of ours in some levels more.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse_all_within(text: &str, depth: usize) -> Result<Vec<Self>, JsonError> {
        let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        values.map(|raw| Self::read(raw?, depth)).collect()
    }

    /// How deeply it is nested: 1 for what holds nothing.
    ///
    /// ```
    /// use slo_core::Json;
    ///
    /// assert_eq!(Json::parse(br#"{"a":[1]}"#)?.depth(), 3);
    /// # Ok::<(), slo_core::JsonError>(())
    /// ```
    #[must_use]
    pub fn depth(&self) -> usize {
        let below = match self {
            Self::Array(items) => items.iter().map(Self::depth).max(),
            Self::Object(members) => members.iter().map(|(_, value)| value.depth()).max(),
            _ => None,
        };
        1 + below.unwrap_or(0)
    }

    /// A text as a number, if JSON would take it as one.
    #[must_use]
    pub fn number(text: &str) -> Option<Self> {
        let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let number = starts && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        number.then(|| Self::Number(text.to_owned()))
    }

    fn read(raw: &RawValue, depth: usize) -> Result<Self, JsonError> {
        let text = raw.get();
        let depth = depth.checked_sub(1).ok_or(JsonError::Depth)?;
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(items.into_iter().map(|item| Self::read(item, depth)).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let read = |(name, value): (String, &RawValue)| Ok((name, Self::read(value, depth)?));
                Self::Object(members.into_iter().map(read).collect::<Result<_, JsonError>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The kind of value, for people.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// A string's or a number's text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The member `name` of an object; `None` also when it is null.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        let (_, value) = members.iter().find(|(member, _)| member == name)?;
        (*value != Self::Null).then_some(value)
    }

    /// The member at the end of a path; `None` where one is missing or null.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The items of the array member `name`; none when there is no such array.
    #[must_use]
    pub fn items(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::Array(items)) => items,
            _ => &[],
        }
    }

    /// The names that stand in an object more than once, each as often as it is repeated.
    #[must_use]
    pub fn repeated(&self) -> Vec<&str> {
        let Self::Object(members) = self else { return Vec::new() };
        let mut seen = std::collections::HashSet::new();
        members.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)).collect()
    }

    /// Applies a JSON merge patch (RFC 7396).
    #[must_use]
    pub fn merge(self, patch: Self) -> Self {
        let Self::Object(changes) = patch else { return patch };
        let mut members = if let Self::Object(members) = self { members } else { Vec::new() };
        for (name, change) in changes {
            let old = members.iter().position(|(n, _)| *n == name).map(|at| members.remove(at).1);
            if change != Self::Null {
                members.push((name, old.unwrap_or(Self::Null).merge(change)));
            }
        }
        Self::Object(members)
    }
}

/// Members in their order, repetitions included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => {
                let raw = RawValue::from_string(digits.clone()).map_err(serde::ser::Error::custom)?;
                raw.serialize(serializer)
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut array = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    array.serialize_element(item)?;
                }
                array.end()
            }
            Self::Object(members) => {
                let mut object = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    object.serialize_entry(name, value)?;
                }
                object.end()
            }
        }
    }
}

/// Compact JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).expect("json")
    }

    #[test]
    fn numbers_and_order_survive() {
        let text = r#"{"z":0.99999999999999999999,"a":[1e-3,-0.50],"s":"é\n","n":null,"t":true}"#;
        assert_eq!(json(text).to_string(), text);
    }

    #[test]
    fn several_documents_in_one_text() {
        assert_eq!(Json::parse_all("{\"a\":1}\n[2] 3").expect("json").len(), 3);
        assert!(Json::parse_all("{\"a\":1} }").is_err());
    }

    #[test]
    fn merge_patch_follows_rfc_7396() {
        // The RFC's appendix A, in part.
        for (target, patch, result) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(json(target).merge(json(patch)).to_string(), result);
        }
    }

    #[test]
    fn deep_nesting_and_bad_syntax_are_refused() {
        assert!(Json::parse("[".repeat(200_000).as_bytes()).is_err());
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert!(matches!(Json::parse(deep.as_bytes()), Err(JsonError::Depth)));
        for bad in ["", "{", "{\"a\":1,}", "01", "nul", "[1] 2", "\"\\ud800\"", "\u{feff}{}"] {
            assert!(Json::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_stands_twice_is_told() {
        assert_eq!(json(r#"{"a":1,"b":2,"a":3}"#).repeated(), ["a"]);
        assert!(json(r#"{"a":{"b":1},"b":1}"#).repeated().is_empty());
    }

    #[test]
    fn a_number_is_what_json_calls_one() {
        for text in ["0", "-1", "45.868", "1e3"] {
            assert_eq!(Json::number(text), Some(Json::Number(text.to_owned())));
        }
        for text in ["", " 1", "1 ", "01", ".5", "1.", "+1", "NaN", "true", "-", "1_000"] {
            assert_eq!(Json::number(text), None, "{text:?}");
        }
    }
}
