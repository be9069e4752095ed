//! The commands as a shell sees them, against a server on the loopback.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use loopback::{Loopback, Reply, Request, nobody};
use tempfile::TempDir;

mod apply;
mod budget;
mod completions;
mod errors;
mod get;
mod ingest;
#[path = "../loopback/mod.rs"]
mod loopback;
mod reconcile;
mod screen;
#[path = "../server/mod.rs"]
mod server;

/// What a run left: exit code, standard output, standard error.
fn slo(url: &str, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slo"));
    command.args(args).env("SLO_URL", url).env_remove("SLO_TOKEN");
    let Output { status, stdout, stderr } = command.output().expect("slo runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

/// Files that live as long as the test.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }
}

fn with_etag(body: &str) -> Reply {
    Reply::Answer(200, vec!["ETag: \"3\"".to_owned()], body.to_owned())
}

fn problem(status: u16, title: &str) -> Reply {
    Reply::json(status, format!(r#"{{"title":"{title}","detail":"do something"}}"#))
}

/// A server with indicators of one kind, which answers the n-th POST (from 0) as told.
fn measuring(kind: &'static str, mut answer: impl FnMut(usize) -> Reply + Send + 'static) -> Loopback {
    let mut posts = 0..;
    Loopback::start(move |_, request| match request.line.split(' ').next() {
        Some("POST") => answer(posts.next().expect("endless")),
        _ => Reply::json(200, format!(r#"{{"kind":"{kind}"}}"#)),
    })
}

/// What was posted.
fn posted(server: &Loopback) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.line.starts_with("POST")).collect()
}

#[test]
fn usage_is_two_and_an_absent_service_is_one() {
    assert_eq!(slo("http://x", &["get", "nonsense"]).0, 2);
    assert_eq!(slo("http://x", &["ingest", "site"]).0, 2);
    let (code, _, stderr) = slo("http://x", &["ingest", "site", "--access-log", "x", "--good", "status <"]);
    assert!(code == 2 && stderr.contains("  status <\n          ^"), "{stderr}");
    let (code, stdout, stderr) = slo(&nobody(), &["get", "users"]);
    assert!(code == 1 && stdout.is_empty() && stderr.contains("start it with `slo serve`"), "{stderr}");
}

#[test]
fn demo_does_not_mix_with_what_is_there() {
    let server = Loopback::start(|_, request| match request.line.as_str() {
        "GET /api/v1/objectives?limit=1" => Reply::json(200, r#"{"items":[{"name":"shop"}]}"#),
        line if line.contains("/users/") => Reply::json(404, r#"{"type":"x","title":"x","status":404,"detail":"x"}"#),
        _ => Reply::json(200, r#"{"items":[]}"#),
    });
    let (code, stdout, stderr) = slo(&server.url(), &["demo"]);
    assert!(code == 1 && stdout.is_empty(), "{stdout}");
    assert!(stderr.contains("it has the objective shop") && stderr.contains("slo serve --memory"), "{stderr}");
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")), "nothing was written: {:?}", server.lines());
}

#[test]
fn nobody_to_complain_to_is_no_panic() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_slo"));
    command.args(["ingest", "site", "--access-log", "/absent"]).stderr(writer);
    assert_eq!(command.status().expect("slo runs").code(), Some(1));
}
