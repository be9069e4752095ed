//! JSON as it was written.

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq};
use serde_json::value::RawValue;

/// A JSON text whose numbers keep their exact digits: a target never passes through a float.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The digits as written.
    Number(String),
    String(String),
    Array(Vec<Json>),
    /// In the order as written; a name may stand there twice.
    Object(Vec<(String, Json)>),
}

/// Deeper than any body of this API; each level is scanned once more.
const MAX_DEPTH: usize = 32;

/// Why a text is not JSON.
#[derive(Debug)]
pub(crate) enum JsonError {
    Syntax(serde_json::Error),
    Depth,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "the body is not JSON: {error}"),
            Self::Depth => write!(f, "the body is nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

impl Json {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, JsonError> {
        let raw: &RawValue = serde_json::from_slice(text).map_err(JsonError::Syntax)?;
        Self::read(raw, MAX_DEPTH)
    }

    fn read(raw: &RawValue, depth: usize) -> Result<Self, JsonError> {
        let text = raw.get();
        let depth = depth.checked_sub(1).ok_or(JsonError::Depth)?;
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text).map_err(JsonError::Syntax)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(JsonError::Syntax)?;
                Self::Array(items.into_iter().map(|item| Self::read(item, depth)).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text).map_err(JsonError::Syntax)?;
                let read = |(name, value): (String, &RawValue)| Ok((name, Self::read(value, depth)?));
                Self::Object(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The kind of value, for people.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Applies a JSON merge patch (RFC 7396).
    pub(crate) fn merge(self, patch: Self) -> Self {
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

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

        deserializer.deserialize_map(Visitor)
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => {
                RawValue::from_string(digits.clone()).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).expect("json")
    }

    fn text(json: &Json) -> String {
        serde_json::to_string(json).expect("text")
    }

    #[test]
    fn numbers_keep_their_digits() {
        let given = r#"{"a":0.99999999999999999999,"b":[1e3,-0.50],"c":{"d":null,"e":"\u00e4"}}"#;
        assert_eq!(text(&json(given)), given.replace("\\u00e4", "ä"));
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
            (r#"{"a":"foo"}"#, r#"null"#, "null"),
            (r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(text(&json(target).merge(json(patch))), result);
        }
    }

    #[test]
    fn deep_nesting_and_bad_syntax_are_refused() {
        let deep = "[".repeat(200_000);
        assert!(Json::parse(deep.as_bytes()).is_err());
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert!(matches!(Json::parse(deep.as_bytes()), Err(JsonError::Depth)));
        for bad in ["", "{", "{\"a\":1,}", "01", "nul", "[1] 2", "\"\\ud800\"", "\u{feff}{}"] {
            assert!(Json::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
