//! The links of answers: which there are, and which are still to be followed.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::answer::{Answer, Checked};

/// A link that waits to be followed.
pub(crate) struct Waiting {
    pub(crate) href: String,
    /// Who offered it, for the failure.
    pub(crate) offered_by: String,
    /// Offered by a resource, so it must lead somewhere; a problem may link to what is not there.
    pub(crate) leads: bool,
}

/// The GET links that were offered, each once.
pub(crate) struct Links {
    /// What stands before the API's own paths in the URL: the stage.
    prefix: String,
    /// What is ours has this in its path or query.
    run: String,
    seen: BTreeSet<String>,
    waiting: VecDeque<Waiting>,
}

impl Links {
    pub(crate) fn new(prefix: &str, run: &str) -> Self {
        Self { prefix: prefix.to_owned(), run: run.to_owned(), seen: BTreeSet::new(), waiting: VecDeque::new() }
    }

    /// Checks the links of an answer and remembers those that can be followed.
    pub(crate) fn note(&mut self, answer: &Answer) -> Checked {
        let mut found = Vec::new();
        if answer.json.get("openapi").is_none() {
            gather(&answer.json, answer.status < 400, &mut found);
        }
        for (link, leads) in found {
            let (method, href) =
                (link["method"].as_str().unwrap_or_default(), link["href"].as_str().unwrap_or_default());
            // They are beside the API, and have a step of their own.
            if href == format!("{}/metrics", self.prefix) {
                continue;
            }
            let root = format!("{}/api/v1", self.prefix);
            let below = href.strip_prefix(&root).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
            answer.demand(below, || format!("links below {root}, not {href}"))?;
            let takes_body = matches!(method, "POST" | "PUT" | "PATCH");
            answer.demand(takes_body == link["body"].is_object(), || {
                format!("a schema of the body of {method} {href}")
            })?;
            let path = href.split('?').next().unwrap_or_default();
            let collection = path[root.len()..].matches('/').count() < 2 && !href.contains('?');
            // What others have there is theirs, and may be gone by now.
            if method == "GET" && (collection || href.contains(&self.run)) && self.seen.insert(shape(href)) {
                let offered_by = answer.asked.clone();
                self.waiting.push_back(Waiting { href: href.to_owned(), offered_by, leads });
            }
        }
        Ok(())
    }

    pub(crate) fn next(&mut self) -> Option<Waiting> {
        self.waiting.pop_front()
    }
}

/// An href without its instants: each answer about now links to another one, and so for ever.
fn shape(href: &str) -> String {
    let instant = |pair: &&str| !["at=", "from=", "to="].iter().any(|name| pair.starts_with(name));
    let (path, query) = href.split_once('?').unwrap_or((href, ""));
    query.split('&').filter(instant).fold(path.to_owned(), |shape, pair| shape + "&" + pair)
}

/// The links of a body and of what is inside it; with each whether it must lead somewhere.
fn gather<'a>(json: &'a Value, leads: bool, found: &mut Vec<(&'a Value, bool)>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("links", Value::Object(links)) => found.extend(links.values().map(|link| (link, leads))),
                    // A problem inside a list of budgets.
                    ("error", value) => gather(value, false, found),
                    (_, value) => gather(value, leads, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, leads, found)),
        _ => {}
    }
}
