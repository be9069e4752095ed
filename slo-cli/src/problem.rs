//! A refusal of the service, RFC 9457 `application/problem+json`.

use std::fmt;

use serde::Deserialize;

use crate::table::printable;

/// How much of an answer that is no problem document is shown.
const EXCERPT: usize = 200;

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
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.title))?;
        if !self.detail.is_empty() {
            write!(f, ": {}", printable(&self.detail))?;
        }
        for fault in &self.errors {
            let said = if fault.detail.is_empty() { &fault.code } else { &fault.detail };
            let pointer = if fault.pointer.is_empty() { "(the whole)" } else { &fault.pointer };
            write!(f, "\n  {}: {}", printable(pointer), printable(said))?;
        }
        Ok(())
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
    fn an_answer_of_something_else_is_quoted() {
        assert_eq!(Problem::of(502, "<html>\u{1b}[2J").to_string(), "HTTP 502: <html>\u{fffd}[2J");
        assert_eq!(Problem::of(404, "").to_string(), "HTTP 404");
    }
}
