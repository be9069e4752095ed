//! YAML as JSON, with numbers kept by their text.
//!
//! Built from the parser's events: every YAML library that hands out values has made an f64
//! of a number by then.

use std::collections::HashSet;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use slo_core::Json;

use super::{Lines, Located, Malformed};

/// A mapping or sequence that is still open, and the line on which it began.
enum Open {
    Sequence(usize, Vec<Located>),
    /// The members, their names, and the key whose value comes next, with its line.
    Mapping(usize, Vec<(String, Located)>, HashSet<String>, Option<(String, usize)>),
}

impl Open {
    fn close(self) -> Located {
        match self {
            Self::Sequence(line, items) => {
                let (items, below) = items.into_iter().map(|item| (item.json, item.lines)).unzip();
                Located { json: Json::Array(items), lines: Lines { line, below } }
            }
            Self::Mapping(line, members, ..) => {
                let apart = |(key, value): (String, Located)| ((key, value.json), value.lines);
                let (members, below) = members.into_iter().map(apart).unzip();
                Located { json: Json::Object(members), lines: Lines { line, below } }
            }
        }
    }
}

/// Reads all documents of a stream.
pub(super) fn parse_all(text: &str, depth: usize) -> Result<Vec<Located>, Malformed> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| at(error.marker(), error.info()))?;
        let refuse = |fault: &str| at(&span.start, fault);
        let line = span.start.line();
        let value = match event {
            Event::Alias(_) => return Err(refuse("aliases (*name) are not taken; write the value out")),
            Event::SequenceStart(..) => {
                open.push(Open::Sequence(line, Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(line, Vec::new(), HashSet::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(open) => Some(open.close()),
                None => return Err(refuse("a collection ends that has not begun")),
            },
            Event::Scalar(text, style, _, tag) => match open.last_mut() {
                // Keys are names, whatever they look like.
                Some(Open::Mapping(_, _, names, key @ None)) => {
                    if !names.insert(text.to_string()) {
                        return Err(refuse(&format!("member {text:?} stands there twice")));
                    }
                    *key = Some((text.into_owned(), line));
                    None
                }
                _ => {
                    let json = scalar(&text, style, tag.as_deref()).map_err(|fault| refuse(&fault))?;
                    Some(Located { json, lines: Lines::at(line) })
                }
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                None
            }
        };
        if open.len() > depth {
            return Err(refuse("nested too deeply"));
        }
        let Some(mut value) = value else { continue };
        match open.last_mut() {
            None => documents.push(value),
            Some(Open::Sequence(_, items)) => items.push(value),
            Some(Open::Mapping(_, members, _, key)) => match key.take() {
                Some((key, line)) => {
                    value.lines.line = line;
                    members.push((key, value));
                }
                None => return Err(refuse("a key must be plain text")),
            },
        }
    }
    // An empty document between two `---` says nothing.
    documents.retain(|document| document.json != Json::Null);
    Ok(documents)
}

fn at(marker: &Marker, fault: &str) -> Malformed {
    Malformed { place: Some((marker.line(), marker.col() + 1)), fault: fault.to_owned() }
}

/// A scalar by the core schema of YAML 1.2, as far as JSON has the value.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Json, String> {
    let string = || Ok(Json::String(text.to_owned()));
    if let Some(tag) = tag {
        return if tag.is_yaml_core_schema() && tag.suffix == "str" || tag.handle.is_empty() && tag.suffix == "!" {
            string()
        } else {
            Err(format!("the tag {tag} is not taken; leave it out"))
        };
    }
    if style != ScalarStyle::Plain {
        return string();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Json::Null),
        "true" | "True" | "TRUE" => return Ok(Json::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Json::Bool(false)),
        _ => {}
    }
    if let Some(number) = Json::number(text) {
        return Ok(number);
    }
    if is_number_of_yaml_only(text) {
        return Err(format!(
            "{text} is a number in YAML but not in JSON; write it as a plain decimal, or quote it if it is text"
        ));
    }
    string()
}

/// `.5`, `+1`, `1.`, `007`, `0x1F`, `0o17`, `.inf`, `.nan`.
fn is_number_of_yaml_only(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let based = |prefix: &str, base| {
        let digits = unsigned.strip_prefix(prefix);
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_digit(base)))
    };
    let decimal = unsigned.starts_with(|c: char| c == '.' || c.is_ascii_digit()) && unsigned.parse::<f64>().is_ok();
    let special = matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan");
    decimal || special || based("0x", 16) || based("0o", 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let documents = parse_all(text, 32).expect(text);
        Json::Array(documents.into_iter().map(|document| document.json).collect()).to_string()
    }

    #[test]
    fn numbers_keep_their_text() {
        assert_eq!(
            json("target: 0.9990\nmany: 12345678901234567890.123456789\nsmall: 1e-9\ncount: -3\n"),
            r#"[{"target":0.9990,"many":12345678901234567890.123456789,"small":1e-9,"count":-3}]"#
        );
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(
            json(
                "a: '0.9'\nb: \"1\"\nc: 28d\nd: 2026-01-01\ne: yes\nf: |\n  two\n  lines\ng: 10:30\nh: !!str 5\n404: key\n"
            ),
            r#"[{"a":"0.9","b":"1","c":"28d","d":"2026-01-01","e":"yes","f":"two\nlines\n","g":"10:30","h":"5","404":"key"}]"#
        );
        assert_eq!(json("[~, null, true, FALSE]\n---\na:\n"), r#"[[null,null,true,false],{"a":null}]"#);
    }

    #[test]
    fn documents_are_separated() {
        assert_eq!(json("---\na: 1\n---\n---\n- b\n...\n"), r#"[{"a":1},["b"]]"#);
        assert_eq!(json("# nothing\n"), "[]");
        assert_eq!(json("{\"a\": [1, {\"b\": null}]}"), r#"[{"a":[1,{"b":null}]}]"#);
    }

    #[test]
    fn what_json_cannot_say_is_refused_with_its_line() {
        for (text, line, fault) in [
            ("a: 1\nb: .5\n", 2, "plain decimal"),
            ("a: 0x1F\n", 1, "plain decimal"),
            ("a: 007\n", 1, "plain decimal"),
            ("a: .inf\n", 1, "plain decimal"),
            ("a: &x 1\nb: *x\n", 2, "aliases"),
            ("a: 1\na: 2\n", 2, "twice"),
            ("? [1, 2]\n: x\n", 1, "a key must be plain text"),
            ("a: !!binary aGk=\n", 1, "tag"),
            ("a: [1\nb: 2\n", 2, ""),
        ] {
            let error = parse_all(text, 32).expect_err(text).to_string();
            assert!(error.starts_with(&format!("line {line}")) && error.contains(fault), "{text:?}: {error}");
        }
        assert!(parse_all(&"[".repeat(1000), 32).is_err());
    }

    #[test]
    fn each_value_stands_in_its_line() {
        let text = "# first\na: 1\nb:\n  c: |\n    two\n    lines\n  d:\n  - x\n  - e: y\n---\n? f\n: {g: 1,\n   h: [1,\n 2]}\n";
        let [first, second] = &parse_all(text, 32).expect(text)[..] else { panic!("two") };
        for (pointer, line) in [("", 2), ("/a", 2), ("/b", 3), ("/b/c", 4), ("/b/d", 7), ("/b/d/0", 8), ("/b/d/1/e", 9)]
        {
            assert_eq!(first.line(pointer), line, "{pointer}");
        }
        assert_eq!(["/f", "/f/g", "/f/h", "/f/h/1"].map(|pointer| second.line(pointer)), [11, 12, 13, 14]);
    }
}
