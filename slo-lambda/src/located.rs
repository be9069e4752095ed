//! Documents as they were written, and the line of each of their values.

mod lines;
mod yaml;

use std::fmt;

use slo_core::{Json, JsonError, MAX_JSON_DEPTH};

pub use lines::Lines;

/// OpenSLO wraps what the API has in some levels more: a list of documents, `spec`, `ratioMetric`, `metricSource`.
const MAX_DEPTH: usize = MAX_JSON_DEPTH + 8;

/// One document, and where its values stand.
///
/// ```
/// use slo_lambda::Located;
///
/// let documents = Located::parse_yaml("kind: SLO\nspec:\n  target: 0.9990\n---\nkind: SLI\n")?;
/// assert_eq!(documents[0].json.to_string(), r#"{"kind":"SLO","spec":{"target":0.9990}}"#);
/// assert_eq!(documents[0].line("/spec/target"), 3);
/// assert_eq!(documents[1].line("/spec"), 5, "what is not there is missing where its document begins");
/// # Ok::<(), slo_lambda::Malformed>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What it says; numbers keep their text.
    pub json: Json,
    /// The lines of its values, in the shape of the document.
    pub lines: Lines,
}

/// Why a text cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, from 1; `None` when it is the text as a whole.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub fault: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.fault),
            None => f.write_str(&self.fault),
        }
    }
}

impl std::error::Error for Malformed {}

impl Located {
    /// The documents of a YAML stream, without empty ones.
    ///
    /// # Errors
    /// [`Malformed`] for what is no YAML, and for YAML that JSON cannot say: aliases, tags, keys that are no text, members
    /// that stand there twice.
    pub fn parse_yaml(text: &str) -> Result<Vec<Self>, Malformed> {
        yaml::parse_all(text, MAX_DEPTH)
    }

    /// The values of a text of JSON, one after the other.
    ///
    /// # Errors
    /// [`Malformed`] for what is no JSON.
    pub fn parse_json(text: &str) -> Result<Vec<Self>, Malformed> {
        let values = Json::parse_all_within(text, MAX_DEPTH).map_err(|error| match error {
            JsonError::Depth => {
                Malformed { place: None, fault: format!("this is nested deeper than {MAX_DEPTH} levels") }
            }
            syntax @ JsonError::Syntax(_) => Malformed { place: None, fault: syntax.to_string() },
        })?;
        let mut rest = lines::Scanner::new(text);
        Ok(values.into_iter().map(|json| Self { json, lines: rest.value() }).collect())
    }

    /// The line of the value at a pointer (RFC 6901) into the document, from 1; that of what should hold it where there is
    /// none.
    #[must_use]
    pub fn line(&self, pointer: &str) -> usize {
        self.lines.of(&self.json, pointer)
    }

    /// The documents in it: the items of an array, or of an object that has only `items` beside what the API makes.
    #[must_use]
    pub fn flattened(self) -> Vec<Self> {
        match self.json {
            Json::Array(items) => {
                let one = |(json, lines)| Self { json, lines }.flattened();
                items.into_iter().zip(self.lines.below).flat_map(one).collect()
            }
            Json::Object(members) if members.iter().any(|(name, _)| name == "items") => {
                let pairs = members.into_iter().zip(self.lines.below);
                let lists = pairs.filter(|((name, value), _)| name == "items" && matches!(value, Json::Array(_)));
                lists.flat_map(|((_, json), lines)| Self { json, lines }.items()).collect()
            }
            json => vec![Self { json, lines: self.lines }],
        }
    }

    /// The items of an array, as they are.
    fn items(self) -> Vec<Self> {
        let Json::Array(items) = self.json else { return Vec::new() };
        items.into_iter().zip(self.lines.below).map(|(json, lines)| Self { json, lines }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_json_stands_in_its_line() {
        let text = "\n{\"a\": [1,\n  {\"b\\\"]\": \"x}\\\\\",\n   \"c\": null}],\n \"d\":\n  true}\n\n[\n2]";
        let [first, second] = &Located::parse_json(text).expect("JSON")[..] else { panic!("two") };
        for (pointer, line) in [
            ("", 2),
            ("/a", 2),
            ("/a/0", 2),
            ("/a/1", 3),
            ("/a/1/b\"]", 3),
            ("/a/1/c", 4),
            ("/d", 5),
            ("/a/1/none", 3),
            ("/none", 2),
            ("/a/7", 2),
        ] {
            assert_eq!(first.line(pointer), line, "{pointer}");
        }
        assert_eq!((second.line(""), second.line("/0")), (8, 9));
    }

    #[test]
    fn lists_are_taken_apart_with_their_lines() {
        let text = "- a: 1\n- items:\n  - b: 2\n  - c: 3\n  next: x\n---\nd: 4\n";
        let found: Vec<_> = Located::parse_yaml(text).expect("YAML").into_iter().flat_map(Located::flattened).collect();
        let told: Vec<_> = found.iter().map(|one| (one.json.to_string(), one.line(""))).collect();
        let want = [(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 3), (r#"{"c":3}"#, 4), (r#"{"d":4}"#, 7)];
        assert_eq!(told, want.map(|(json, line)| (json.to_owned(), line)));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let error = Located::parse_json("{\"a\":\n]").expect_err("no JSON");
        assert!(error.to_string().contains("line 2 column 1"), "{error}");
        assert!(Located::parse_json(&"[".repeat(100)).is_err());
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        assert!(Located::parse_json(&deep).expect_err("deep").to_string().contains("nested deeper"));
    }
}
