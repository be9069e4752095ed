//! `slo get` and `slo delete`.

use crate::loopback::{Loopback, Reply};
use crate::{problem, slo, with_etag};

#[test]
fn get_prints_the_answer_untouched_or_a_table() {
    let body = r#"{"name":"o","target":0.9990,"links":{}}"#;
    let server = Loopback::start(move |_, _| Reply::json(200, body));
    assert_eq!(slo(&server.url(), &["get", "objective", "o", "--output", "json"]).1, format!("{body}\n"));
    assert_eq!(slo(&server.url(), &["--output", "table", "get", "objectives", "o"]).1, "name    o\ntarget  0.9990\n");
}

#[test]
fn get_lists_every_page() {
    let server = Loopback::start(|n, _| match n {
        0 | 2 => Reply::json(200, r#"{"items":[{"name":"a","role":"engineer"}],"next":"2"}"#),
        _ => Reply::json(200, r#"{"items":[{"name":"b","target":0.9990}]}"#),
    });
    let (code, stdout, _) = slo(&server.url(), &["get", "users", "--owner", "ann"]);
    assert_eq!((code, stdout.lines().count()), (0, 3), "{stdout}");
    let (_, stdout, _) = slo(&server.url(), &["get", "users", "--output", "json"]);
    assert!(stdout.contains("\"name\": \"a\"") && stdout.contains("\"target\": 0.9990"), "{stdout}");
}

#[test]
fn delete_names_the_revision_it_saw() {
    let server = Loopback::start(|n, _| match n {
        0 => with_etag("{}"),
        1 => Reply::json(204, ""),
        _ => problem(404, "Not found"),
    });
    assert_eq!(slo(&server.url(), &["delete", "indicator", "i"]).1, "indicator i: deleted\n");
    assert!(server.requests()[1].headers.contains(&"if-match: \"3\"".to_owned()));
    let (code, _, stderr) = slo(&server.url(), &["delete", "indicator", "i"]);
    assert_eq!((code, stderr.as_str()), (1, "slo: Not found: do something\n"));
}
