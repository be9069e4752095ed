//! Documents of OpenSLO: the service takes them as they are, in one request.

use serde_json::value::RawValue;
use slo_core::Json;
use slo_lambda::{Change, Located};

use super::{Action, Outcome};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::note::Note;
use crate::problem::Problem;
use crate::resource::Kind;
use crate::table::printable;

/// How many faults are shown.
const SHOWN: usize = 50;

/// A document, and the file in which it stands.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: String,
    pub(super) document: Located,
}

/// Whether a document says that it is one of OpenSLO, in whatever version: the service knows which it takes.
pub(super) fn is_openslo(json: &Json) -> bool {
    let version = json.get("apiVersion").and_then(Json::text).unwrap_or_default();
    version.to_ascii_lowercase().starts_with("openslo")
}

impl Source {
    /// `file:line`
    pub(super) fn place(&self, pointer: &str) -> String {
        format!("{}:{}", self.file, self.document.line(pointer))
    }

    /// What it describes, where that stands by itself here too.
    pub(super) fn defines(&self) -> Option<(Kind, &str)> {
        let json = &self.document.json;
        let kind = match json.get("kind").and_then(Json::text)? {
            "Service" => Kind::Service,
            "SLI" => Kind::Indicator,
            "SLO" => Kind::Objective,
            _ => return None,
        };
        Some((kind, json.at(&["metadata", "name"]).and_then(Json::text)?))
    }
}

/// Applies the documents; what was done goes to `outcomes`, also when the rest could not be.
pub(super) fn apply(sources: &[Source], client: &Client, dry_run: bool, outcomes: &mut Vec<Outcome>) -> Result {
    let documents: Vec<&Json> = sources.iter().map(|source| &source.document.json).collect();
    let body = serde_json::value::to_raw_value(&documents).map_err(|error| Error::Failed(error.to_string()))?;
    let answer =
        client.post_for_answer(if dry_run { "/openslo?dryRun=true" } else { "/openslo" }, RawValue::get(&body))?;
    let refused = answer.status != 200;
    // A refusal of something before the service need not be JSON.
    let read = client.read(&answer);
    if let Ok(said) = &read {
        let known = outcomes.iter().any(|outcome| outcome.action == Action::Created);
        for item in said.items("items") {
            outcomes.push(outcome(item).ok_or_else(|| client.nonsense("an item that says nothing"))?);
        }
        if refused {
            return Err(told(Problem::of(answer.status, &answer.body), sources, dry_run && known));
        }
    }
    if refused { Err(Problem::of(answer.status, &answer.body).into()) } else { read.map(drop) }
}

fn outcome(item: &Json) -> Option<Outcome> {
    let word = |json: &Json, name: &str| json.get(name).and_then(Json::text).map(str::to_owned);
    let action = match item.get("action").and_then(Json::text)? {
        "created" => Action::Created,
        "updated" => Action::Updated,
        _ => Action::Unchanged,
    };
    let change = |change: &Json| {
        let side = |name| change.get(name).cloned();
        Some(Change { pointer: word(change, "pointer")?, from: side("from"), to: side("to") })
    };
    let changes = item.items("changes").iter().filter_map(change).collect();
    Some(Outcome { kind: word(item, "kind")?, name: word(item, "name")?, action, changes, notes: Note::all(item) })
}

/// The problem with the file and line of each fault.
fn told(problem: Problem, sources: &[Source], would_create: bool) -> Error {
    let mut unknown = false;
    let line = |(pointer, code, detail): (&str, &str, &str)| {
        unknown |= code == "unknown";
        let (number, rest) = pointer.strip_prefix('/')?.split_once('/').unwrap_or((&pointer[1..], ""));
        let source = sources.get(number.parse::<usize>().ok()?)?;
        let (place, rest) =
            (source.place(&format!("/{rest}")), if rest.is_empty() { "" } else { &pointer[number.len() + 1..] });
        let rest = if rest.is_empty() { String::new() } else { format!("{rest}: ") };
        Some(printable(&format!("{place}: {rest}{detail}")))
    };
    let mut faults: Vec<String> = problem.faults().filter_map(line).collect();
    if faults.is_empty() {
        return problem.into();
    }
    let more = faults.len().saturating_sub(SHOWN);
    faults.truncate(SHOWN);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    if unknown && would_create {
        faults.push(
            "a dry run creates nothing: what these files would create first must be applied before this can be judged"
                .to_owned(),
        );
    }
    // The detail of a single fault is that fault, which is told below with its file.
    let only = problem.only_says_its_fault();
    let said = if only { format!("{}; nothing was stored", problem.title()) } else { problem.said() };
    Error::Documents { said, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str, yaml: &str) -> Source {
        let document = Located::parse_yaml(yaml).expect("YAML").remove(0);
        Source { file: file.to_owned(), document }
    }

    #[test]
    fn a_fault_is_told_in_its_file_and_line() {
        let sources = [source("a.yaml", "a: 1"), source("b.yaml", "# two\nspec:\n  target: 2\n")];
        let problem = |errors: &str| Problem::of(422, &format!(r#"{{"title":"T","detail":"D","errors":[{errors}]}}"#));
        let only = r#"{"title":"T","detail":"line 9, /1/spec/target: write less; nothing was stored","errors":[{"pointer":"/1/spec/target","detail":"write less"}]}"#;
        let said = told(Problem::of(422, only), &sources, false).to_string();
        assert_eq!(said, "T; nothing was stored\n  b.yaml:3: /spec/target: write less");
        let one = r#"{"pointer":"/1/spec/target","line":9,"code":"invalid","detail":"write less"}"#;
        assert_eq!(told(problem(one), &sources, false).to_string(), "T: D\n  b.yaml:3: /spec/target: write less");
        let two = format!(r#"{one},{{"pointer":"/0","code":"unknown","detail":"nothing is there"}}"#);
        let said = told(problem(&two), &sources, true).to_string();
        assert!(
            said.starts_with("T: D\n  b.yaml:3: ") && said.contains("\n  a.yaml:1: nothing is there\n  a dry run"),
            "{said}"
        );
        assert_eq!(told(problem(""), &sources, false).to_string(), "T: D");
        let many = vec![one; 60].join(",");
        assert!(told(problem(&many), &sources, false).to_string().ends_with("\n  and 10 more"));
    }

    #[test]
    fn an_item_is_read_as_the_service_wrote_it() {
        let item = r#"{"kind":"objective","name":"o","action":"updated","changes":[{"pointer":"/target","from":0.990,"to":0.999}],
            "notes":[{"pointer":"/timeWindow","code":"weekdaySkew","detail":"look"}]}"#;
        let outcome = outcome(&Json::parse(item.as_bytes()).expect("JSON")).expect("an outcome");
        assert_eq!((outcome.kind.as_str(), outcome.name.as_str(), outcome.action), ("objective", "o", Action::Updated));
        assert_eq!(super::super::told(&outcome.changes[0]), "/target: 0.990 -> 0.999");
        assert_eq!(outcome.notes.len(), 1);
    }
}
