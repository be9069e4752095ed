//! The real binary: server and client, a durable directory, `kill -9` on the way.

mod server;

use std::fmt::Write as _;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::{SLO, Server};

impl Server {
    /// SIGTERM, and how it ended.
    fn terminate(mut self) -> ExitStatus {
        let signalled = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(signalled.success());
        self.child.wait().expect("gone")
    }

    fn client(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SLO);
        command.args(arguments).args(["--output", "json", "--url", &self.url]).env_remove("SLO_TOKEN");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.client(arguments).output().expect("slo runs")
    }

    /// The JSON that a command prints.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).expect("json")
    }
}

/// A log of `lines` requests, one every `seconds`, of which those at `failed` failed.
fn log(lines: u32, seconds: u32, failed: &[u32]) -> String {
    let start: jiff::Timestamp = "2015-04-24T00:00:00Z".parse().expect("time");
    let mut text = String::new();
    for i in 0..lines {
        let at = start + jiff::SignedDuration::from_secs(i64::from(i * seconds));
        let time = at.strftime("%d/%b/%Y:%H:%M:%S +0000");
        let status = if failed.contains(&i) { 500 } else { 200 };
        writeln!(text, r#"192.0.2.{} - - [{time}] "GET /{i} HTTP/1.1" {status} {i} "-" "test""#, i % 256)
            .expect("text");
    }
    text
}

const DEFINITIONS: &str = r#"[
    {"name": "site", "service": "web", "kind": "ratio"},
    {"name": "shop", "service": "web", "indicator": "site", "target": 0.999,
     "timeWindow": {"duration": "28d", "isRolling": true}, "budgetingMethod": "Occurrences"}]"#;

struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new(log: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("slo.json"), DEFINITIONS).expect("written");
        std::fs::write(directory.path().join("access.log"), log).expect("written");
        Self { directory }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().expect("utf-8").to_owned()
    }
}

#[test]
fn a_log_becomes_a_budget_and_twice_is_once() {
    // 10,000 requests over 23 days, three of which failed.
    let files = Files::new(&log(10_000, 200, &[17, 5_000, 9_999]));
    let server = Server::on(&files.directory.path().join("data"));
    server.json(&["apply", "-f", &files.path("slo.json")]);
    let budget = |server: &Server| server.json(&["budget", "shop", "--at", "2015-05-21T00:00:00Z"]);
    let ingest = ["ingest", "site", "--access-log", &files.path("access.log")];
    let first = server.json(&ingest);
    assert_eq!((&first["replayed"], &first["stale"]), (&0.into(), &0.into()), "{first}");
    let before = budget(&server);
    assert_eq!((&before["total"], &before["good"], &before["bad"]), (&10_000.into(), &9_997.into(), &3.into()));
    assert_eq!((&before["budget"]["total"], &before["budget"]["remaining"]), (&10.into(), &7.into()));
    assert_eq!((before["budget"]["remainingRatio"].as_f64(), &before["status"]), (Some(0.7), &"ok".into()));

    let second = server.json(&ingest);
    assert_eq!((&second["accepted"], &second["replayed"]), (&0.into(), &first["accepted"]));
    assert_eq!(budget(&server), before);

    assert_eq!(server.terminate().code(), Some(0), "SIGTERM ends it well");
    let server = Server::on(&files.directory.path().join("data"));
    assert_eq!(budget(&server), before, "a restart changes nothing");
    let unchanged = server.run(&["apply", "-f", &files.path("slo.json")]);
    assert!(String::from_utf8_lossy(&unchanged.stdout).contains("unchanged"), "{unchanged:?}");
}

#[test]
fn an_exhausted_budget_holds_a_feature_and_lets_a_security_fix_through() {
    // A tenth of 2,000 requests failed, of which a thousandth may.
    let failed: Vec<u32> = (0..2_000).step_by(10).collect();
    let files = Files::new(&log(2_000, 60, &failed));
    let server = Server::on(&files.directory.path().join("data"));
    server.json(&["apply", "-f", &files.path("slo.json")]);
    server.json(&["ingest", "site", "--access-log", &files.path("access.log")]);
    // Three days later, when no alert fires any more.
    let gate = |subject: [&str; 2], change: &str| {
        let output =
            server.run(&[&["gate", "--change", change, "--at", "2015-04-29T00:00:00Z"], &subject[..]].concat());
        let json: Value = serde_json::from_slice(&output.stdout).expect("json");
        (output.status.code(), json)
    };
    let (code, held) = gate(["--objective", "shop"], "feature");
    assert_eq!((code, &held["verdict"], &held["reasons"][0]["rule"]), (Some(20), &"hold".into(), &"exhausted".into()));
    let (code, passed) = gate(["--service", "web"], "security");
    assert_eq!((code, &passed["verdict"], &passed["service"]), (Some(0), &"ship".into(), &"web".into()));
    assert_eq!(gate(["--objective", "shop"], "fix").0, Some(10));
    assert_eq!(server.run(&["gate", "--objective", "nobody"]).status.code(), Some(1));

    // Overridden, the same decision lets it through.
    let id = held["id"].as_str().expect("an id");
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let body = format!(r#"{{"verdict":"ship","reason":"a demonstration","expiresAt":"{until}"}}"#);
    let over = ureq::post(format!("{}/api/v1/decisions/{id}/override", server.url));
    over.content_type("application/json").send(&body).expect("it is granted");
    assert_eq!(server.run(&["gate", "--decision", id]).status.code(), Some(0));
    assert_eq!(get(&format!("{}/api/v1/decisions/{id}", server.url))["verdict"], "hold", "the original stays");
}

#[test]
fn kill_9_in_the_middle_of_an_ingest_loses_and_doubles_nothing() {
    // 27,360 minutes, one request each, in 19 batches.
    let minutes = 19 * 1_440;
    let failed: Vec<u32> = (0..20).map(|i| i * 1_001).collect();
    let files = Files::new(&log(minutes, 60, &failed));
    let data = files.directory.path().join("data");
    let ingest = ["ingest", "site", "--access-log", &files.path("access.log")];
    let days = ["from=2015-04-01T00:00:00Z", "to=2015-06-01T00:00:00Z", "step=1d"].join("&");
    let total = |server: &Server| -> u64 {
        let json = get(&format!("{}/api/v1/indicators/site/measurements?{days}", server.url));
        json["items"].as_array().expect("items").iter().map(|step| step["total"].as_u64().expect("total")).sum()
    };

    let mut server = Server::on(&data);
    server.json(&["apply", "-f", &files.path("slo.json")]);
    let mut interrupted = 0;
    for _ in 0..3 {
        let before = total(&server);
        let mut client = server.client(&ingest).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("slo runs");
        // Kill once some of what is missing has arrived.
        let limit = Instant::now() + Duration::from_secs(60);
        while total(&server) < before + 2_000 && client.try_wait().expect("state").is_none() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(5));
        }
        interrupted += u32::from(client.try_wait().expect("state").is_none());
        server.kill();
        let _ = client.kill();
        client.wait().expect("gone");
        server = Server::on(&data);
        let after = total(&server);
        assert!(before <= after && after <= u64::from(minutes), "{before} <= {after} <= {minutes}");
    }
    assert!(interrupted > 0, "at least one ingest was in flight");

    let last = server.json(&ingest);
    let [accepted, replayed] = ["accepted", "replayed"].map(|member| last[member].as_u64().expect("count"));
    assert_eq!((accepted + replayed, &last["stale"]), (u64::from(minutes), &0.into()));
    assert_eq!(total(&server), u64::from(minutes));
    let budget = server.json(&["budget", "shop", "--at", "2015-05-21T00:00:00Z"]);
    assert_eq!((&budget["total"], &budget["bad"]), (&minutes.into(), &20.into()), "minutes and days say the same");
    let again = server.json(&ingest);
    assert_eq!((&again["accepted"], &again["replayed"]), (&0.into(), &minutes.into()));
}

/// A GET without a client of ours in between.
fn get(url: &str) -> Value {
    let text = ureq::get(url).call().expect("answered").body_mut().read_to_string().expect("text");
    serde_json::from_str(&text).expect("json")
}

#[test]
fn memory_serves_and_forgets() {
    let server = Server::start(&["--memory"]);
    assert_eq!(get(&format!("{}/healthz", server.url))["status"], "ok");
    let files = Files::new("");
    server.json(&["apply", "-f", &files.path("slo.json")]);
    assert_eq!(server.json(&["get", "objective", "shop"])["target"].as_f64(), Some(0.999));
}

#[test]
fn what_cannot_be_served_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("utf-8");
    let first = Server::on(directory.path());
    let taken = first.url.strip_prefix("http://").expect("a URL");
    for (arguments, advice) in [
        (&["--data", data, "--listen", "127.0.0.1:0"][..], "stop it or choose another"),
        (&["--memory", "--auth", "none", "--listen", "0.0.0.0:0"], "listen on a loopback address"),
        (&["--memory", "--listen", taken], "choose another port"),
        (&["--endpoint", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"], "look whether it runs there"),
    ] {
        let mut serve = Command::new(SLO);
        let mut child =
            serve.arg("serve").args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("slo runs");
        let limit = Instant::now() + Duration::from_secs(60);
        while child.try_wait().expect("state").is_none() && Instant::now() < limit {
            std::thread::sleep(Duration::from_millis(20));
        }
        // One that serves after all must not hold up the tests.
        let _ = child.kill();
        let output = child.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(advice), "{arguments:?}: {said}");
    }
}

#[test]
fn calc_needs_no_server() {
    let calc = |arguments: &[&str]| Command::new(SLO).arg("calc").args(arguments).output().expect("slo runs");
    // slokit's README: 1,000,000 requests at 99.9 % with 250 bad; exact where floats say 999.9999999998898.
    let output =
        calc(&["--target", "0.999", "--window", "30d", "--total", "1000000", "--bad", "250", "--output", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("json");
    assert_eq!((&json["budget"]["total"], &json["budget"]["remaining"]), (&1_000.into(), &750.into()));
    assert_eq!((&json["timeToExhaustionSeconds"], json["burnRate"].as_f64()), (&7_776_000.into(), Some(0.25)));
    let table = String::from_utf8(
        calc(&["--target", "0.97", "--window", "28d", "--total", "3663253", "--bad", "105388"]).stdout,
    );
    let table = table.expect("utf-8");
    assert!(table.contains("109897.59 bad events") && table.contains("4.10344758242651 %"), "{table}");
    let told = |total: &str, bad: &str, window: &str| {
        let output = calc(&["--target", "0.9", "--window", window, "--total", total, "--bad", bad]);
        String::from_utf8([output.stdout, output.stderr].concat()).expect("utf-8")
    };
    let (some, none) = (told("100", "3", "28d"), told("0", "0", "28d"));
    assert!(some.contains("lasts        65d 8h at this rate"), "{some}");
    assert!(none.contains("lasts        undefined, no events"), "{none}");
    assert!(told("10", "1", "28d").contains("consumed     1 bad event (100 %)"));
    for window in ["1M", "30m", "28"] {
        let said = told("10", "1", window);
        assert!(
            said.contains("'--window <DURATION>': a length of 1h to 366d in m, h, d or w") && !said.contains("Rolling"),
            "{said}"
        );
    }
    for wrong in [["--target", "1", "--total", "10", "--bad", "0"], ["--target", "0.9", "--total", "10", "--bad", "11"]]
    {
        assert!(!calc(&[&wrong[..], &["--window", "28d"]].concat()).status.success());
    }
}

/// However a document says it, what it says is there already; and to say that there are no alerts is to say something.
#[test]
fn what_is_applied_again_changes_nothing() {
    let server = Server::start(&["--memory"]);
    let files = Files::new("");
    let rolling = r#"{"duration": "28d", "isRolling": true}"#;
    let calendar =
        r#"{"duration": "1M", "isRolling": false, "calendar": {"startTime": "2026-01-05", "timeZone": "UTC"}}"#;
    let page = r#"{"severity": "page", "longWindow": "1h", "shortWindow": "5m", "threshold": 10}"#;
    let apply = |window: &str, more: &str| {
        let objective = format!(
            r#"{{"name": "shop", "service": "web", "indicator": "site", "target": 0.99, "timeWindow": {window},
                "budgetingMethod": "Occurrences"{more}}}"#
        );
        let file = files.directory.path().join("slo.json");
        std::fs::write(&file, format!(r#"{{"name": "site", "service": "web", "kind": "ratio"}} {objective}"#))
            .expect("written");
        let said = server.json(&["apply", "-f", file.to_str().expect("UTF-8")]);
        said["items"][1]["action"].as_str().expect("an action").to_owned()
    };
    assert_eq!(apply(rolling, ""), "created");
    for (window, more) in [
        (rolling, format!(r#", "alertPolicy": {{"conditions": [{page}]}}"#)),
        (rolling, r#", "alertPolicy": {"conditions": []}"#.to_owned()),
        (calendar, r#", "labels": {"a": "b"}"#.to_owned()),
    ] {
        assert_eq!(
            (apply(window, &more), apply(window, &more)),
            ("updated".to_owned(), "unchanged".to_owned()),
            "{more}"
        );
    }
    for more in [r#", "warningThreshold": "0.250""#, r#", "noData": "bad", "timeSliceTarget": 0.9"#] {
        apply(rolling, more);
        assert_eq!(apply(rolling, more), "unchanged", "{more}");
    }
}
