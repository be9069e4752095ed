//! A refusal of the service, RFC 9457 `application/problem+json`.

use std::fmt;

use serde::Deserialize;

use crate::decimal::grouped;
use crate::table::printable;

/// How much of an answer that is no problem document is shown.
const EXCERPT: usize = 200;
/// How many faults are shown.
const SHOWN: usize = 10;

/// What the service said about a request that it refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    /// The HTTP status, from the response itself.
    #[serde(skip)]
    pub(crate) status: u16,
    title: String,
    detail: String,
    errors: Vec<Fault>,
}

/// One fault of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fault {
    pointer: String,
    parameter: String,
    detail: String,
    code: String,
}

impl Problem {
    /// Reads a problem document, or makes one of whatever came (a proxy's page, say).
    pub(crate) fn of(status: u16, body: &str) -> Self {
        let read: Option<Self> = serde_json::from_str(body).ok();
        let mut problem = read.unwrap_or_default();
        problem.status = status;
        if problem.title.is_empty() {
            problem.title = format!("HTTP {status}");
            if problem.detail.is_empty() {
                problem.detail = body.trim().chars().take(EXCERPT).collect();
            }
        }
        problem
    }

    /// Where names stand that the service does not know; `None` when anything else is wrong.
    pub(crate) fn only_unknown(&self) -> Option<Vec<&str>> {
        let unknown = self.errors.iter().map(|fault| (fault.code == "unknown").then_some(fault.pointer.as_str()));
        unknown.collect::<Option<Vec<_>>>().filter(|pointers| !pointers.is_empty())
    }

    /// Each fault: where in the body, its stable word, and what to do.
    pub(crate) fn faults(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.errors.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str(), fault.detail.as_str()))
    }

    /// Whether it is about one fault and says nothing else.
    pub(crate) fn only_says_its_fault(&self) -> bool {
        matches!(&self.errors[..], [fault] if self.detail.starts_with("line ") && self.detail.contains(&fault.detail))
    }

    /// What happened.
    pub(crate) fn title(&self) -> String {
        printable(&self.title)
    }

    /// What happened and what to do about it, without the faults.
    pub(crate) fn said(&self) -> String {
        printable(&format!("{}: {}", self.title, self.detail))
    }

    /// Where in the body the first fault is.
    pub(crate) fn pointer(&self) -> Option<&str> {
        self.errors.iter().map(|fault| fault.pointer.as_str()).find(|pointer| !pointer.is_empty())
    }
}

impl Fault {
    /// What `detail` does not say already.
    fn told_beside(&self, detail: &str) -> Option<String> {
        let said = if self.detail.is_empty() { &self.code } else { &self.detail };
        let place = if self.pointer.is_empty() { &self.parameter } else { &self.pointer };
        let line = if place.is_empty() { said.clone() } else { format!("{place}: {said}") };
        let told = said == detail || detail.contains(&line);
        (!told).then_some(line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.title))?;
        if !self.detail.is_empty() {
            write!(f, ": {}", printable(&self.detail))?;
        }
        let faults: Vec<_> = self.errors.iter().filter_map(|fault| fault.told_beside(&self.detail)).collect();
        faults.iter().take(SHOWN).try_for_each(|fault| write!(f, "\n  {}", printable(fault)))?;
        match faults.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {} more", grouped(u64::try_from(more).unwrap_or(u64::MAX))),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_line() {
        let body = r#"{"type":"/problems/invalid","title":"Invalid","status":422,"detail":"Correct these members.",
            "errors":[{"pointer":"/target","code":"range","detail":"must be below 1"},{"pointer":"/name","code":"name"}],"links":{}}"#;
        assert_eq!(
            Problem::of(422, body).to_string(),
            "Invalid: Correct these members.\n  /target: must be below 1\n  /name: name"
        );
    }

    #[test]
    fn a_parameter_has_its_name_and_nothing_is_said_twice() {
        let body = r#"{"title":"A parameter","detail":"at: write a time; ","errors":[{"parameter":"at","detail":"write a time"},
            {"parameter":"target","detail":"must be below 1"},{"pointer":"","detail":"is no object"}]}"#;
        assert_eq!(
            Problem::of(400, body).to_string(),
            "A parameter: at: write a time; \n  target: must be below 1\n  is no object"
        );
    }

    #[test]
    fn of_many_faults_the_first_are_shown() {
        let fault = |n| format!(r#"{{"pointer":"/measurements/{n}","detail":"must hold values"}}"#);
        let faults: Vec<_> = (0..1_440).map(fault).collect();
        let problem = Problem::of(422, &format!(r#"{{"title":"Invalid","errors":[{}]}}"#, faults.join(",")));
        let told = problem.to_string();
        assert!(told.lines().count() == 12 && told.ends_with("/9: must hold values\n  and 1,430 more"), "{told}");
        assert_eq!(problem.pointer(), Some("/measurements/0"));
    }

    #[test]
    fn an_answer_of_something_else_is_quoted() {
        assert_eq!(Problem::of(502, "<html>\u{1b}[2J").to_string(), "HTTP 502: <html>\u{fffd}[2J");
        assert_eq!(Problem::of(404, "").to_string(), "HTTP 404");
    }
}
