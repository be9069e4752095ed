//! JSON whose numbers keep the text they were written with.
//!
//! `serde_json::Value` would take 0.12345678901234567890 through an f64, and its
//! `arbitrary_precision` is a switch for every crate of the build.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Deeper documents are refused: none of ours is, and reading recurses.
pub(crate) const MAX_DEPTH: usize = 64;

/// A JSON value; members keep their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number's text, valid JSON.
    Number(String),
    /// A string, unescaped.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, each name once.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads one value.
    pub(crate) fn parse(text: &str) -> serde_json::Result<Self> {
        Self::of(serde_json::from_str(text)?, 0)
    }

    /// Reads the values that stand one after the other in `text`.
    pub(crate) fn parse_all(text: &str) -> serde_json::Result<Vec<Self>> {
        serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().map(|raw| Self::of(raw?, 0)).collect()
    }

    /// `text` as a number, if JSON would take it as one.
    pub(crate) fn number(text: &str) -> Option<Self> {
        let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let number = starts && serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        number.then(|| Self::Number(text.to_owned()))
    }

    fn of(raw: &RawValue, depth: usize) -> serde_json::Result<Self> {
        let text = raw.get();
        if depth > MAX_DEPTH {
            return Err(serde_json::Error::custom("nested too deeply"));
        }
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                let items = items.into_iter().map(|item| Self::of(item, depth + 1));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let members = members.into_iter().map(|(name, value)| Ok((name, Self::of(value, depth + 1)?)));
                Self::Object(members.collect::<serde_json::Result<_>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The member `name` of an object; `None` also when it is null.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        let Self::Object(members) = self else { return None };
        let (_, value) = members.iter().find(|(member, _)| member == name)?;
        (*value != Self::Null).then_some(value)
    }

    /// The member at the end of `path`, or `None` where one is missing or null.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    /// A string's or a number's text.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Number(text) => Some(text),
            _ => None,
        }
    }

    /// The items of the array member `name`; none when there is no such array.
    pub(crate) fn items(&self, name: &str) -> &[Json] {
        match self.get(name) {
            Some(Self::Array(items)) => items,
            _ => &[],
        }
    }
}

/// Compact JSON.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => {
                RawValue::from_string(text.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
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

/// An object's members in their order, each name once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, _>()? {
                    if members.iter().any(|(member, _)| *member == name) {
                        return Err(A::Error::custom(format!("member {name:?} stands there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_order_survive() {
        let text = r#"{"z":0.9990,"a":[1e-3,12345678901234567890.5,-0],"s":"é\n","n":null,"t":true}"#;
        assert_eq!(Json::parse(text).expect("JSON").to_string(), text);
    }

    #[test]
    fn several_documents_in_one_text() {
        let all = Json::parse_all("{\"a\":1}\n[2] 3").expect("JSON");
        assert_eq!(all.len(), 3);
        assert!(Json::parse_all("{\"a\":1} }").is_err());
    }

    #[test]
    fn nothing_is_overwritten_in_silence() {
        let error = Json::parse(r#"{"a":1,"b":{"c":1,"c":2}}"#).expect_err("twice");
        assert!(error.to_string().contains("\"c\" stands there twice"), "{error}");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(Json::parse(&deep).is_err());
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
