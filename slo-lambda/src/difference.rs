//! What a document changes in what the service has, member by member.

use serde::Serialize;
use slo_core::{Decimal, Json};

/// Members that the service makes; a document that holds them came from it.
pub const MADE_BY_THE_SERVICE: [&str; 5] = ["createdAt", "updatedAt", "revision", "notes", "links"];

/// What the service fills in for a member that a document leaves out.
const DEFAULTS: [(&str, &str); 3] = [("noData", "ignore"), ("warningThreshold", "0.25"), ("timeSliceWindow", "1m")];

/// A member that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What the service has; absent if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Json>,
    /// What the document says; absent if nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Json>,
}

/// The members in which `wanted` differs from `stored`, without the name and those the service makes; numbers by their
/// values, and a default that is left out is no difference.
///
/// ```
/// use slo_core::Json;
/// use slo_lambda::difference;
///
/// let json = |text: &str| Json::parse(text.as_bytes());
/// let changes = difference(&json(r#"{"target":0.99,"revision":3}"#)?, &json(r#"{"target":0.9990}"#)?);
/// assert_eq!(changes[0].pointer, "/target");
/// # Ok::<(), slo_core::JsonError>(())
/// ```
#[must_use]
pub fn difference(stored: &Json, wanted: &Json) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", Some(stored), Some(wanted), &mut changes);
    changes
}

fn compare(pointer: &str, stored: Option<&Json>, wanted: Option<&Json>, changes: &mut Vec<Change>) {
    // A query is its collector's: nothing in it says nothing, and a text is no number.
    if pointer.starts_with("/metricSource/") && pointer.ends_with("/spec") {
        if stored != wanted {
            changes.push(Change { pointer: pointer.to_owned(), from: stored.cloned(), to: wanted.cloned() });
        }
        return;
    }
    if let (Some(Json::Object(old)), Some(Json::Object(new))) = (stored, wanted) {
        let added = new.iter().filter(|(name, _)| old.iter().all(|(other, _)| other != name));
        for (name, _) in old.iter().chain(added) {
            let top = pointer.is_empty();
            if top && (name == "name" || MADE_BY_THE_SERVICE.contains(&name.as_str())) {
                continue;
            }
            let (old, new) = (find(old, name), find(new, name));
            if top && new.is_none() && old.is_some_and(|old| is_default(name, old)) {
                continue;
            }
            let step = name.replace('~', "~0").replace('/', "~1");
            compare(&format!("{pointer}/{step}"), old, new, changes);
        }
    } else if !same(stored, wanted) {
        let given = |value: Option<&Json>| value.filter(|value| !is_nothing(value)).cloned();
        changes.push(Change { pointer: pointer.to_owned(), from: given(stored), to: given(wanted) });
    }
}

fn find<'a>(members: &'a [(String, Json)], name: &str) -> Option<&'a Json> {
    members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
}

/// Null, `[]` and `{}` say as little as leaving the member out.
fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.iter().all(|(_, value)| is_nothing(value)),
        _ => false,
    }
}

fn is_default(name: &str, value: &Json) -> bool {
    let is = |default: &str| match value {
        Json::Number(text) => text.parse::<Decimal>() == default.parse::<Decimal>(),
        value => value.text() == Some(default),
    };
    DEFAULTS.iter().any(|(member, default)| *member == name && is(default))
}

fn same(stored: Option<&Json>, wanted: Option<&Json>) -> bool {
    match (stored, wanted) {
        (None, None) => true,
        (None, Some(value)) | (Some(value), None) => is_nothing(value),
        (Some(stored), Some(wanted)) => match (stored, wanted) {
            // The API takes an exact number as a string too, and answers with a number.
            (Json::Number(old), Json::Number(new) | Json::String(new)) => {
                old == new || old.parse::<Decimal>().is_ok_and(|old| Ok(old) == new.parse::<Decimal>())
            }
            (Json::Array(old), Json::Array(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(Some(old), Some(new)))
            }
            (Json::Object(_), Json::Object(_)) => {
                let mut changes = Vec::new();
                // Any pointer but the root's: nested members have no defaults.
                compare("/", Some(stored), Some(wanted), &mut changes);
                changes.is_empty()
            }
            (old, new) => old == new || (is_nothing(old) && is_nothing(new)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(stored: &str, wanted: &str) -> Vec<String> {
        let parse = |text: &str| Json::parse(text.as_bytes()).expect("JSON");
        let told = |value: &Option<Json>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), ToString::to_string);
        let tell = |change: Change| format!("{}: {} -> {}", change.pointer, told(&change.from), told(&change.to));
        difference(&parse(stored), &parse(wanted)).into_iter().map(tell).collect()
    }

    #[test]
    fn what_says_the_same_is_no_change() {
        for (stored, wanted) in [
            (
                r#"{"target":0.999,"name":"a","revision":3,"createdAt":"…","updatedAt":"…","links":{"self":1}}"#,
                r#"{"target":0.9990}"#,
            ),
            (r#"{"target":0.999}"#, r#"{"target":"0.999"}"#),
            (r#"{"a":{"x":1,"y":"z"}}"#, r#"{"a":{"y":"z","x":1.0}}"#),
            (r#"{"labels":{},"owners":[],"sla":null}"#, "{}"),
            ("{}", r#"{"labels":{},"owners":[],"sla":null}"#),
            (r#"{"noData":"ignore","warningThreshold":0.250,"timeSliceWindow":"1m"}"#, "{}"),
            (r#"{"c":[{"k":1,"n":null}]}"#, r#"{"c":[{"k":1}]}"#),
        ] {
            assert_eq!(changes(stored, wanted), Vec::<String>::new(), "{stored} {wanted}");
        }
    }

    #[test]
    fn changes_name_the_member() {
        assert_eq!(
            changes(
                r#"{"target":0.99,"timeWindow":{"duration":"28d","isRolling":true},"owners":["ann"],"unit":"ms"}"#,
                r#"{"target":0.999,"timeWindow":{"duration":"30d","isRolling":true},"owners":["ann","bob"],"labels":{"a/b":"c"}}"#,
            ),
            [
                "/target: 0.99 -> 0.999",
                "/timeWindow/duration: \"28d\" -> \"30d\"",
                "/owners: [\"ann\"] -> [\"ann\",\"bob\"]",
                "/unit: \"ms\" -> (nothing)",
                "/labels: (nothing) -> {\"a/b\":\"c\"}",
            ]
        );
        assert_eq!(changes(r#"{"l":{"a/b":"c"}}"#, r#"{"l":{"a/b":"d"}}"#), ["/l/a~1b: \"c\" -> \"d\""]);
    }

    #[test]
    fn a_default_that_was_changed_is_put_back() {
        assert_eq!(changes(r#"{"noData":"bad"}"#, "{}"), ["/noData: \"bad\" -> (nothing)"]);
        // Only where the service has such a default.
        assert_eq!(changes(r#"{"labels":{"noData":"ignore"}}"#, r#"{"labels":{"x":"y"}}"#).len(), 2);
    }

    #[test]
    fn a_query_is_compared_as_it_stands() {
        let spec = |spec: &str| format!(r#"{{"metricSource":{{"good":{{"type":"T","spec":{spec}}}}}}}"#);
        for (stored, wanted) in
            [(r#"{"q":"a"}"#, r#"{"q":"a","flags":[]}"#), (r#"{"n":1}"#, r#"{"n":"1"}"#), ("{}", r#"{"q":null}"#)]
        {
            assert_eq!(
                changes(&spec(stored), &spec(wanted)),
                [format!("/metricSource/good/spec: {stored} -> {wanted}")]
            );
            assert!(changes(&spec(wanted), &spec(wanted)).is_empty());
        }
    }

    #[test]
    fn types_matter_where_the_service_has_text() {
        assert_eq!(changes(r#"{"labels":{"v":"1"}}"#, r#"{"labels":{"v":1}}"#).len(), 1);
        assert_eq!(changes(r#"{"labels":{"v":"1.0"}}"#, r#"{"labels":{"v":"1"}}"#).len(), 1);
    }
}
