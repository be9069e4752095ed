//! `/audit`

use serde_json::{Value, json};
use ureq::http::Method;

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::page;
use crate::walk::Walk;

/// What became of an objective that was excluded from and taken back, and of nothing else.
pub(crate) fn walk(walk: &mut Walk, objective: &Answer) -> Checked {
    let all = walk.root()?.link("audit")?;
    let list = format!("{all}?kind=objective&name={}", objective.json["name"].as_str().unwrap_or_default());
    let answer = walk.get(&list)?.status(200)?.store_asked()?;
    let told = page::all(walk, &list)?;
    answer.demand(told == *answer.items()?, || format!("the same page by page: {told:?}"))?;
    let first = told.last().cloned().unwrap_or_default();
    let created = json!({"action": "created", "kind": "objective", "name": objective.json["name"], "revision": 1});
    let as_created =
        created.as_object().is_some_and(|members| members.iter().all(|(name, value)| first[name] == *value));
    answer.demand(as_created, || format!("first of all {created}"))?;
    let at = |item: &Value| item["at"].as_str().map(str::to_owned);
    let parts = |action: &str| {
        let mut parts: Vec<&Value> =
            told.iter().filter(|item| item["action"] == action).map(|item| &item["part"]).collect();
        parts.sort_by_key(|part| part.to_string());
        parts
    };
    let (added, deleted) = (parts("exclusionAdded"), parts("exclusionDeleted"));
    answer.demand(added.len() == 2 && added == deleted, || "two exclusions added and deleted".to_owned())?;
    let times: Vec<_> = told.iter().map(at).collect();
    answer.demand(times.is_sorted_by(|a, b| a >= b), || "newest first".to_owned())?;
    walk.get(format!("{list}&action=deleted"))?.status(200)?.says(&json!({"items": []}))?;
    walk.get(format!("{list}&action=wished"))?.problem(400, "invalid-parameter")?;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = walk.send(&Ask::new(method, &all).body("application/json", "{}"))?;
        refused.problem(405, "method-not-allowed")?;
    }
    walk.passed("audit: who did what with an objective, newest first; nothing can be changed");
    walk.explore("audit")
}
