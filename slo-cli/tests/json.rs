//! `--output json` of every command that prints results, against the real service.

mod server;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
use server::{SLO, Server};

const DEFINITIONS: &str = r#"[
    {"name": "ana", "displayName": "Ana", "email": "ana@example.org", "role": "engineer", "access": "editor"},
    {"name": "site", "service": "web", "kind": "ratio"}, {"name": "spare", "service": "web", "kind": "ratio"},
    {"name": "shop", "service": "web", "indicator": "site", "target": 0.999, "owners": ["ana"],
     "timeWindow": {"duration": "28d", "isRolling": true}, "budgetingMethod": "Occurrences"}]"#;

/// Runs `slo … --output json`; what it printed is JSON and has these members.
#[track_caller]
fn json(url: &str, args: &str, members: &[&str]) -> Value {
    let mut command = Command::new(SLO);
    command.args(args.split(' ')).args(["--output", "json", "--url", url]).env_remove("SLO_TOKEN");
    let output = command.output().expect("slo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 10 | 20)), "{args}: {said}");
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{args}: {error}"));
    for member in members {
        assert!(printed.get(member).is_some(), "{args}: no {member} in {printed}");
    }
    printed
}

/// The commands that the help lists.
fn commands() -> BTreeSet<String> {
    let output = Command::new(SLO).arg("--help").output().expect("slo runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn every_command_prints_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
    let (definitions, counts) = (path("slo.json"), path("counts.csv"));
    fs::write(&definitions, DEFINITIONS).expect("written");
    fs::write(&counts, "time,good,total\n2026-02-28T22:59:00Z,9,10\n").expect("written");
    let server = Server::on(&directory.path().join("data"));
    let url = &server.url;
    let list = &["items"][..];
    let at = "--at 2026-03-01T00:00:00Z";
    let mut seen = BTreeSet::new();
    let mut run = |args: &str, members: &[&str]| {
        seen.insert(args.split(' ').next().expect("a command").to_owned());
        json(url, args, members)
    };
    run(&format!("apply -f {definitions}"), &["dryRun", "items"]);
    run(&format!("apply -f {definitions} --dry-run"), &["dryRun", "items"]);
    run(
        &format!("ingest site --csv {counts}"),
        &["indicator", "source", "unit", "count", "good", "minutes", "accepted", "replayed", "stale", "conflicts"],
    );
    run(&format!("budget shop {at}"), &["objective", "status", "budget", "burnRates", "forecast"]);
    run("budget", list);
    run("plan ana --to 14d", &["user", "from", "to", "items", "toil"]);
    run("suggest site --periods 1", &["suggestedTarget", "judged", "periods"]);
    let decision = run("gate --service web --change fix", &["id", "verdict", "effectiveVerdict", "reasons"]);
    let token = run("token create ana", &["token", "id", "scopes"]);
    run("token list ana", list);
    run(&format!("token revoke ana {}", token["id"].as_str().expect("an id")), &["kind", "user", "id", "action"]);
    for kind in ["users", "indicators", "objectives", "decisions", "audit", "incidents shop", "exclusions shop"] {
        run(&format!("get {kind}"), list);
    }
    run("export", list);
    run("get objective shop", &["name", "target", "revision"]);
    run("get alerts shop", &["objective", "at", "items"]);
    run(&format!("get decision {}", decision["id"].as_str().expect("an id")), &["id", "verdict"]);
    run("delete indicator spare", &["kind", "name", "action"]);
    run("calc --target 0.999 --window 28d --total 1000 --bad 1", &["sli", "budget", "burnRate"]);
    let empty = Server::start(&["--memory"]);
    seen.insert("demo".to_owned());
    let made = json(&empty.url, "demo", &["services", "users", "objectives", "minutes", "dashboard", "sprint"]);
    assert_eq!(made["services"], 4);
    server.kill();
    seen.insert("reconcile".to_owned());
    let members = &["indicators", "repairedHours", "condensedDays", "failed"];
    json("http://x", &format!("reconcile --data {}", path("data")), members);

    // One prints its address, one a script.
    let others = ["serve", "completions", "help"].map(str::to_owned);
    assert_eq!(commands(), seen.into_iter().chain(others).collect());
}
