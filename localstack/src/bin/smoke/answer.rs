//! What came back, and what it must be.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use ureq::http::HeaderMap;

/// The most of a body that a failure shows.
const SHOWN: usize = 1_500;

/// The first thing that was not as it must be: all that is needed to look into it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) asked: String,
    pub(crate) expected: String,
    pub(crate) came: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, expected, came } = self;
        write!(f, "  asked     {asked}\n  expected  {expected}\n  came      {came}")
    }
}

/// What a step gives unless something is not as it must be.
pub(crate) type Checked<T = ()> = Result<T, Failure>;

/// An answer. Its checks hand it on, so that they can be written one after the other.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Method, URL and the beginning of the body.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null when the body is none.
    pub(crate) json: Value,
    /// An earlier try may have been carried out, though nothing good was heard of it.
    pub(crate) unsure: bool,
    pub(crate) checks: Arc<AtomicUsize>,
}

impl Answer {
    /// That this answer is not what was expected.
    pub(crate) fn failure(&self, expected: impl Into<String>) -> Failure {
        let kind = self.header("content-type");
        let came = format!("{} {kind}\n            {}", self.status, cut(&self.text));
        Failure { asked: self.asked.clone(), expected: expected.into(), came }
    }

    /// Counts a check, and fails when it does not hold.
    pub(crate) fn demand(&self, holds: bool, expected: impl FnOnce() -> String) -> Checked {
        self.checks.fetch_add(1, Ordering::Relaxed);
        if holds { Ok(()) } else { Err(self.failure(expected())) }
    }

    pub(crate) fn status(self, status: u16) -> Checked<Self> {
        self.demand(self.status == status, || format!("status {status}"))?;
        Ok(self)
    }

    /// A problem of this status and word, with all that problems have.
    pub(crate) fn problem(self, status: u16, word: &str) -> Checked<Self> {
        self.status(status)?.says(&serde_json::json!({"type": format!("/problems/{word}"), "status": status}))
    }

    /// A 422 whose errors point at exactly these members, in any order.
    pub(crate) fn points_at(self, wanted: &[&str]) -> Checked<Self> {
        let answer = self.problem(422, "invalid-body")?;
        let errors = answer.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut pointers: Vec<&str> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
        pointers.sort_unstable();
        answer
            .demand(pointers == wanted, || format!("errors at {}, not at {}", wanted.join(" "), pointers.join(" ")))?;
        let told = errors.iter().all(|error| error["code"].is_string() && error["detail"].is_string());
        answer.demand(told, || "a code and a detail for each error".to_owned())?;
        Ok(answer)
    }

    /// The body has at least these members with exactly these values. Numbers are compared as they are written: 10 is
    /// not 10.0, and no figure is rounded. Arrays have as many items as here.
    pub(crate) fn says(self, wanted: &Value) -> Checked<Self> {
        self.compare("", wanted)?;
        Ok(self)
    }

    /// The same of an answer that is still needed.
    pub(crate) fn compare_all(&self, wanted: &Value) -> Checked {
        self.compare("", wanted)
    }

    fn compare(&self, pointer: &str, wanted: &Value) -> Checked {
        let Some(found) = self.json.pointer(pointer) else {
            return self.demand(false, || format!("{pointer} in the body, with {wanted}"));
        };
        match (wanted, found) {
            (Value::Object(members), Value::Object(_)) => {
                members.iter().try_for_each(|(name, value)| self.compare(&format!("{pointer}/{name}"), value))
            }
            (Value::Array(items), Value::Array(all)) => {
                self.demand(items.len() == all.len(), || format!("{} items in {pointer}", items.len()))?;
                items.iter().enumerate().try_for_each(|(i, item)| self.compare(&format!("{pointer}/{i}"), item))
            }
            _ => self.demand(found == wanted, || format!("{pointer} is {wanted}, not {found}")),
        }
    }

    /// What is at `pointer`; [`Value::Null`] counts as nothing.
    pub(crate) fn at(&self, pointer: &str) -> Checked<&Value> {
        let found = self.json.pointer(pointer).filter(|value| !value.is_null());
        found.ok_or_else(|| self.failure(format!("{pointer} in the body")))
    }

    pub(crate) fn text_at(&self, pointer: &str) -> Checked<String> {
        let text = self.at(pointer)?.as_str();
        text.map(str::to_owned).ok_or_else(|| self.failure(format!("a string at {pointer}")))
    }

    pub(crate) fn items(&self) -> Checked<&[Value]> {
        let items = self.at("/items")?.as_array();
        items.map(Vec::as_slice).ok_or_else(|| self.failure("an array at /items"))
    }

    /// Where the link of this relation leads.
    pub(crate) fn link(&self, rel: &str) -> Checked<String> {
        self.text_at(&format!("/links/{rel}/href"))
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The entity tag, which must be a strong one: a revision in quotes.
    pub(crate) fn etag(&self) -> Checked<String> {
        let tag = self.header("etag");
        let revision = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        let strong = revision.is_some_and(|revision| revision.parse::<u64>().is_ok());
        self.demand(strong, || format!("a strong ETag such as \"3\", not ETag: {tag}"))?;
        Ok(tag.to_owned())
    }

    /// A 201 that says where the new resource is and in which revision.
    pub(crate) fn created(self) -> Checked<Self> {
        let answer = self.status(201)?;
        let (location, own) = (answer.header("location"), answer.link("self")?);
        answer.demand(location == own, || format!("Location: {own} (its own link), not Location: {location}"))?;
        answer.etag()?;
        Ok(answer)
    }

    /// That the store was asked for it, and the answer tells at what cost.
    pub(crate) fn store_asked(self) -> Checked<Self> {
        let calls = timing(self.header("server-timing")).unwrap_or_default();
        self.demand(calls > 0, || "Server-Timing with calls=1 or more".to_owned())?;
        Ok(self)
    }

    /// What every answer of the service must be, whatever was asked.
    pub(crate) fn lawful(self) -> Checked<Self> {
        self.demand(!self.header("x-request-id").is_empty(), || {
            "an X-Request-Id, as all answers of the service have".to_owned()
        })?;
        let timing = timing(self.header("server-timing"));
        self.demand(timing.is_some(), || "Server-Timing: store;dur=…;desc=\"calls=… rcu=… wcu=…\"".to_owned())?;
        if matches!(self.status, 204 | 304) {
            self.demand(self.text.is_empty(), || "no body".to_owned())?;
            return Ok(self);
        }
        if self.status == 200 && self.header("content-type").starts_with("application/openmetrics-text; version=1.0.0;")
        {
            self.demand(self.text.ends_with("# EOF\n"), || "the whole text, which ends with # EOF".to_owned())?;
            return Ok(self);
        }
        if self.status == 200 && self.header("content-type") == "application/yaml" {
            let begun = self.text.is_empty() || self.text.starts_with("---\napiVersion: openslo/v1\n");
            self.demand(begun, || "documents of OpenSLO v1".to_owned())?;
            return Ok(self);
        }
        // The one page that an answer links to.
        if self.status == 200 && self.asked.ends_with("/api/v1/docs") {
            let html = self.header("content-type").starts_with("text/html") && self.text.contains("API reference");
            self.demand(html, || "the API reference as a page".to_owned())?;
            return Ok(self);
        }
        let wanted = if self.status < 400 { "application/json" } else { "application/problem+json" };
        self.demand(self.header("content-type") == wanted, || format!("Content-Type: {wanted}"))?;
        let linked = self.json["links"].as_object().is_some_and(|links| !links.is_empty());
        // The OpenAPI document is somebody else's format.
        self.demand(linked || self.json["openapi"].is_string(), || "a JSON body with links".to_owned())?;
        if self.status >= 400 {
            let complete = self.json["status"] == self.status && self.json["detail"].is_string();
            let named = self.json["type"].is_string() && self.json["title"].is_string();
            self.demand(complete && named, || {
                format!("a problem with type, title, status {} and detail", self.status)
            })?;
        }
        Ok(self)
    }
}

/// The number of calls in `store;dur=3.1;desc="calls=2 rcu=2 wcu=0"`, if it is just that.
fn timing(header: &str) -> Option<u64> {
    let (duration, costs) = header.strip_prefix("store;dur=")?.split_once(";desc=\"calls=")?;
    let (calls, costs) = costs.strip_suffix('"')?.split_once(" rcu=")?;
    let (read, written) = costs.split_once(" wcu=")?;
    let decimals = [duration, read, written].iter().all(|text| text.parse::<f64>().is_ok());
    calls.parse().ok().filter(|_| decimals)
}

/// The beginning of a text.
pub(crate) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} … ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
