//! `slo apply`: what it writes, and in which order.

use crate::loopback::{Loopback, Reply, Request};
use crate::{Files, problem, slo, with_etag};

/// Has user `u`, indicator `i` with another unit, and nothing else.
fn with_two_resources(request: &Request) -> Reply {
    match request.line.as_str() {
        "GET /api/v1/users/u" => {
            with_etag(r#"{"name":"u","role":"engineer","access":"editor","revision":3,"links":{}}"#)
        }
        "GET /api/v1/indicators/i" => with_etag(r#"{"name":"i","kind":"ratio","unit":"ms"}"#),
        line if line.starts_with("PUT") => Reply::json(200, &request.body),
        _ => problem(404, "Not found"),
    }
}

/// Whether a request writes.
fn writes(request: &Request) -> bool {
    request.line.starts_with("PUT") && !request.line.ends_with("?dryRun=true")
}

const THREE: &str = "name: o\nindicator: i\ntarget: 0.9990\n---\nname: i\nkind: ratio\nunit: s\n---\n{name: u, role: engineer, access: editor}\n";

#[test]
fn apply_writes_what_differs_in_order() {
    let server = Loopback::start(|_, request| with_two_resources(request));
    let files = Files::new();
    let (code, stdout, _) = slo(&server.url(), &["apply", "-f", &files.write("all.yaml", THREE)]);
    assert_eq!((code, stdout.as_str()), (0, "user u: unchanged\nindicator i: updated\nobjective o: created\n"));
    let written: Vec<_> = server.requests().into_iter().filter(writes).collect();
    let [indicator, objective] = &written[..] else { panic!("{written:?}") };
    assert_eq!(indicator.body, r#"{"kind":"ratio","unit":"s"}"#);
    assert!(indicator.headers.contains(&"if-match: \"3\"".to_owned()));
    assert_eq!(objective.body, r#"{"indicator":"i","target":0.9990}"#);
    assert!(!objective.headers.iter().any(|header| header.starts_with("if-match")));
}

#[test]
fn apply_can_only_look() {
    let server = Loopback::start(|_, request| with_two_resources(request));
    let files = Files::new();
    let file = files.write("all.yaml", THREE);
    let (code, stdout, _) = slo(&server.url(), &["apply", "--dry-run", "-f", &file]);
    assert_eq!(
        (code, stdout.as_str()),
        (
            0,
            "user u: unchanged\nindicator i: would be updated\n  /unit: \"ms\" -> \"s\"\nobjective o: would be created\n  /indicator: (nothing) -> \"i\"\n  /target: (nothing) -> 0.9990\n"
        )
    );
    let (_, stdout, _) = slo(&server.url(), &["apply", "--dry-run", "-f", &file, "--output", "json"]);
    assert!(stdout.contains(r#""to": 0.9990"#) && stdout.contains(r#""action": "unchanged""#), "{stdout}");
    assert!(server.lines().iter().all(|line| line.starts_with("GET") || line.ends_with("?dryRun=true")));
}

#[test]
fn a_dry_run_tells_what_the_service_says() {
    let server = Loopback::start(|_, request| match request.line.as_str() {
        "PUT /api/v1/objectives/o?dryRun=true" => Reply::json(
            422,
            r#"{"title":"Invalid","errors":[{"pointer":"/indicator","code":"unknown"},{"pointer":"/owners/1","code":"unknown"}]}"#,
        ),
        "PUT /api/v1/objectives/p?dryRun=true" => Reply::json(
            200,
            r#"{"notes":[{"pointer":"/timeWindow/duration","code":"weekdaySkew","detail":"30d is not whole weeks"}]}"#,
        ),
        "GET /api/v1/users/u" => with_two_resources(request),
        line if line.starts_with("GET") => problem(404, "Not found"),
        _ => Reply::json(200, &request.body),
    });
    let files = Files::new();
    // What o names would be there by then.
    let known = "name: o\nindicator: i\ntarget: 0.9\nowners: [u, v]\n---\nname: p\nindicator: i\ntarget: 0.9\n---\n\
                 {name: i, kind: ratio}\n---\n{name: v, role: engineer, access: editor}\n";
    let (code, stdout, stderr) = slo(&server.url(), &["apply", "--dry-run", "-f", &files.write("all.yaml", known)]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("objective o: would be created"), "{stdout}");
    assert!(stdout.ends_with("\n  note: /timeWindow/duration: 30d is not whole weeks\n"), "{stdout}");
    // Without v it never would.
    let (code, _, stderr) = slo(
        &server.url(),
        &["apply", "--dry-run", "-f", &files.write("some.yaml", &known.replace("{name: v", "{name: w"))],
    );
    assert!(code == 1 && stderr.contains("/owners/1"), "{stderr}");
}

#[test]
fn apply_reads_everything_before_it_writes_anything() {
    let server = Loopback::start(|_, request| with_two_resources(request));
    let files = Files::new();
    let pod = files.write("pod.yaml", "apiVersion: v1\nkind: Pod\n");
    let (code, _, stderr) = slo(&server.url(), &["apply", "-f", &files.write("all.yaml", THREE), &pod]);
    assert!(code == 1 && stderr.contains("pod.yaml: documents with apiVersion"), "{stderr}");
    assert!(server.lines().is_empty());
}

#[test]
fn apply_tells_what_was_done_before_it_failed() {
    let server = Loopback::start(|_, request| match request.line.as_str() {
        "PUT /api/v1/objectives/o" => Reply::json(
            422,
            r#"{"title":"Invalid","detail":"correct it","errors":[{"pointer":"/indicator","detail":"is not there"}]}"#,
        ),
        _ => with_two_resources(request),
    });
    let files = Files::new();
    let (code, stdout, stderr) = slo(&server.url(), &["apply", "-f", &files.write("all.yaml", THREE)]);
    assert_eq!((code, stdout.as_str()), (1, "user u: unchanged\nindicator i: updated\n"));
    assert!(stderr.contains("all.yaml, document 1): Invalid: correct it\n  /indicator: is not there"), "{stderr}");
    assert!(
        stderr.trim_end().ends_with("what is listed above was stored; mend this and apply all of it again"),
        "{stderr}"
    );
}
