//! `slo serve --auth token` and `slo token`: who is let in, with the real binary.

mod server;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use server::{SLO, Server};

/// Whether its health is told without a token.
fn lives(url: &str) -> bool {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").expect("a URL")).expect("it listens");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: slo\r\nconnection: close\r\n\r\n").expect("it reads");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("it answers");
    line.contains(" 200 ")
}

impl Server {
    fn run(&self, token: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(SLO);
        command.args(arguments).args(["--url", &self.url]).env("SLO_TOKEN", token);
        command.output().expect("slo runs")
    }

    /// What a command prints, which succeeds.
    #[track_caller]
    fn prints(&self, token: &str, arguments: &[&str]) -> String {
        let output = self.run(token, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("utf-8").trim_end().to_owned()
    }

    /// What a command says that is refused.
    #[track_caller]
    fn refuses(&self, token: &str, arguments: &[&str]) -> String {
        let output = self.run(token, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("utf-8")
    }
}

#[test]
fn the_first_token_is_printed_once_and_lets_make_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("utf-8");
    let (server, first) = Server::guarded(&["--data", data]);
    assert!(lives(&server.url), "whoever asks");
    let admin = first.expect("a first token");
    assert!(admin.starts_with("slo_admin_"), "{admin}");
    let definitions = directory.path().join("slo.json");
    let text = r#"[{"name": "ana", "displayName": "Ana", "email": "ana@example.org", "role": "engineer", "access": "editor"},
        {"name": "site", "service": "web", "kind": "ratio"}, {"name": "other", "service": "web", "kind": "ratio"}]"#;
    std::fs::write(&definitions, text).expect("written");
    let file = definitions.to_str().expect("utf-8");
    assert!(server.refuses("", &["apply", "-f", file]).contains("slo token create USER"));
    server.prints(&admin, &["apply", "-f", file]);

    let ana = server.prints(&admin, &["token", "create", "ana", "--description", "her laptop", "--expires", "90d"]);
    assert!(ana.starts_with("slo_ana_") && !ana.contains(char::is_whitespace), "{ana}");
    let scoped = ["token", "create", "ana", "--scope", "ingest:site", "--output", "json"];
    let collector: Value = serde_json::from_str(&server.prints(&admin, &scoped)).expect("JSON");
    let collector_token = collector["token"].as_str().expect("a token");
    let csv = directory.path().join("counts.csv");
    std::fs::write(&csv, "time,good,total\n2026-11-20T12:00:00Z,9,10\n").expect("written");
    let csv = csv.to_str().expect("utf-8");
    server.prints(collector_token, &["ingest", "site", "--csv", csv]);
    let refused = server.refuses(collector_token, &["ingest", "other", "--csv", csv]);
    assert!(refused.contains("limited to ingest:site") && refused.contains("the access editor"), "{refused}");
    assert!(server.refuses(&ana, &["token", "create", "ana"]).contains("the access admin"));
    server.prints(&ana, &["get", "indicators"]);

    let listed = server.prints(&ana, &["token", "list", "ana"]);
    let secret = ana.rsplit('_').next().expect("a secret");
    assert!(listed.contains("her laptop") && listed.contains("ingest:site") && !listed.contains(secret), "{listed}");
    server.kill();

    // It was acknowledged, so it is there after a kill -9; and the first one is not printed again.
    let (server, again) = Server::guarded(&["--data", data]);
    assert_eq!(again, None);
    server.prints(&ana, &["get", "indicators"]);
    // Oneself, by the whole token or by how it begins.
    let (prefix, _) = ana.rsplit_once('_').expect("a secret");
    assert!(server.prints(&ana, &["token", "revoke", "ana", prefix]).ends_with("revoked"));
    assert!(server.refuses(&ana, &["get", "indicators"]).contains("this token is not valid"));
    let id = collector["id"].as_str().expect("an identifier");
    server.prints(&admin, &["token", "revoke", "ana", id]);
    assert!(server.refuses(&admin, &["token", "revoke", "ana", id]).contains("there is no token"));
}

#[test]
fn other_addresses_than_loopback_ask_for_tokens_by_themselves() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(SLO)
        .args(["serve", "--listen", "0.0.0.0:0", "--data", directory.path().to_str().expect("utf-8")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("slo starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    assert!(line().starts_with("slo is ready at http://0.0.0.0:"));
    assert!(line().contains("slo_admin_"));
    child.kill().expect("killed");
    child.wait().expect("gone");
}
