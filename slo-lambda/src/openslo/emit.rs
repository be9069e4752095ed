//! JSON as YAML that readers of YAML 1.1 and 1.2 read alike.
//!
//! Our own few lines, because every library takes numbers through floats on the way, or leaves unquoted what only one of the
//! two versions takes as text (`yes`, `12:30`, dates).

use slo_core::Json;

/// Longer keys are not recognised where they stand (YAML: 1,024 characters); they are announced by a question mark.
const MAX_SIMPLE_KEY: usize = 1_000;

/// Words that are no text to some reader.
const WORDS: [&str; 10] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan"];

/// The documents, each after a line of three dashes.
pub(crate) fn documents(documents: &[Json]) -> String {
    documents.iter().map(|document| format!("---\n{}", block(document, 0))).collect()
}

/// What stands in lines of its own, indented.
fn block(json: &Json, indent: usize) -> String {
    let margin = " ".repeat(indent);
    match json {
        Json::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(name, value)| format!("{margin}{}{}", key(name, &margin), after(value, indent)))
            .collect(),
        Json::Array(items) if !items.is_empty() => {
            let item = |item: &Json| match item {
                Json::Object(_) | Json::Array(_) if !is_empty(item) => {
                    // Its first line follows the dash.
                    format!("{margin}- {}", block(item, indent + 2).trim_start_matches(' '))
                }
                item => format!("{margin}-{}", after(item, indent)),
            };
            items.iter().map(item).collect()
        }
        scalar => format!("{margin}{}\n", self::scalar(scalar)),
    }
}

/// What follows a colon or a dash.
fn after(value: &Json, indent: usize) -> String {
    match value {
        Json::Object(_) | Json::Array(_) if !is_empty(value) => format!("\n{}", block(value, indent + 2)),
        Json::String(text) if is_literal(text) => {
            let margin = " ".repeat(indent + 2);
            let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{margin}{line}\n") };
            let chomped = if text.ends_with('\n') { "|" } else { "|-" };
            format!(" {chomped}\n{}", text.strip_suffix('\n').unwrap_or(text).split('\n').map(line).collect::<String>())
        }
        value => format!(" {}\n", scalar(value)),
    }
}

fn is_empty(json: &Json) -> bool {
    matches!(json, Json::Object(members) if members.is_empty())
        || matches!(json, Json::Array(items) if items.is_empty())
}

fn key(name: &str, margin: &str) -> String {
    let written = string(name);
    if written.chars().count() > MAX_SIMPLE_KEY { format!("? {written}\n{margin}:") } else { format!("{written}:") }
}

fn scalar(json: &Json) -> String {
    match json {
        Json::String(text) => string(text),
        // Without members and items: the same in both languages.
        other => other.to_string(),
    }
}

fn string(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Letters and a few signs that mean nothing, or a duration: no reader takes it for anything but text.
fn is_plain(text: &str) -> bool {
    let duration = text.strip_suffix(['m', 'h', 'd', 'w', 'M', 'Q', 'Y']);
    if duration.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())) {
        return true;
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" _./-".contains(&b);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(plain)
        && !text.ends_with(' ')
        && text.len() <= MAX_SIMPLE_KEY
        && WORDS.iter().all(|word| !word.eq_ignore_ascii_case(text))
}

/// Several lines that need no escape: shown as they are.
fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let clean = |line: &str| {
        !line.contains(must_be_escaped) && !line.ends_with(' ') && (line.is_empty() || !line.trim().is_empty())
    };
    body.contains('\n') && !body.ends_with('\n') && !body.starts_with([' ', '\n']) && body.split('\n').all(clean)
}

/// Control characters, the line breaks of Unicode, the byte order mark and what is no character.
fn must_be_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if must_be_escaped(c) => written.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::located::Located;

    fn yaml(json: &str) -> String {
        documents(&[Json::parse(json.as_bytes()).expect("JSON")])
    }

    #[test]
    fn it_reads_as_people_write_it() {
        let json = r#"{"kind":"SLO","metadata":{"name":"a-b","labels":{"no":"yes","1.5":"two words"}},"spec":{"description":"First.\n\n  Second: # here\n",
            "list":[{"duration":"28d","isRolling":true},["x",[]],"y"],"op":{},"start":"2026-01-05 00:00:00","number":0.9990,"none":null,"at":"12:30"}}"#;
        assert_eq!(
            yaml(json),
            r#"---
kind: SLO
metadata:
  name: a-b
  labels:
    "no": "yes"
    "1.5": two words
spec:
  description: |
    First.

      Second: # here
  list:
    - duration: 28d
      isRolling: true
    - - x
      - []
    - "y"
  op: {}
  start: "2026-01-05 00:00:00"
  number: 0.9990
  none: null
  at: "12:30"
"#
        );
    }

    #[test]
    fn what_could_be_something_else_is_quoted() {
        for text in [
            "",
            " ",
            "~",
            "null",
            "True",
            "YES",
            "Off",
            "y",
            "N",
            "1",
            "0x1f",
            "1e3",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "%",
            "@",
            "`",
            "'",
            "\"",
            "{",
            "[",
            "a,b",
            "12:30",
            "2026-01-01",
            ".inf",
            ".5",
            "=",
            "<<",
            "?",
            "a ",
            "é",
            "---",
            "...",
        ] {
            assert!(string(text).starts_with('"'), "{text:?}");
        }
        for text in ["a", "28d", "openslo/v1", "two words", "a-b_c.d"] {
            assert_eq!(string(text), text);
        }
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let text = prop_oneof![
            "[ -~]{0,12}",
            "[a-z: #\\-\n]{0,16}",
            "\\PC{0,8}",
            proptest::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter),
            proptest::sample::select(vec![
                "yes", "no", "on", "1e3", "0x10", "~", "a\n", "\na", " a\nb", "a\n\n", "a \nb", "a\n \nb"
            ])
            .prop_map(str::to_owned),
            Just("k".repeat(1_100)),
        ];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::Bool),
            proptest::sample::select(vec!["0", "-0.50", "1e400", "12345678901234567890.0", "1E-7"])
                .prop_map(|number| Json::Number(number.to_owned())),
            text.clone().prop_map(Json::String),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            let members = proptest::collection::btree_map(text.clone(), inner.clone(), 0..4);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Json::Array),
                members.prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(first in any_json(), second in any_json()) {
            let wrap = |json| Json::Object(vec![("a".to_owned(), json)]);
            let values = [wrap(first), wrap(second)];
            let text = documents(&values);
            let read = Located::parse_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let read: Vec<Json> = read.into_iter().map(|document| document.json).collect();
            prop_assert_eq!(&read[..], &values[..], "{}", text);
        }
    }
}
