//! The commands as a shell sees them, against a server on the loopback.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use loopback::{Loopback, Reply, Request, nobody};
use slo_dynamo::embedded::Engine;
use tempfile::TempDir;

mod loopback;

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

const LOG: &str = r#"192.0.2.1 - - [01/Mar/2026:00:01:59 +0100] "GET /late HTTP/1.1" 200 5 "-" "x"
2001:db8::1 - - [28/Feb/2026:22:59:00 +0000] "GET /early HTTP/1.1" 503 - "-" "x"
192.0.2.1 - - [28/Feb/2026:23:01:00 +0000] "GET /late HTTP/1.1" 404 5 "-" "x"
"#;

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
fn help_is_for_every_command() {
    for command in
        ["serve", "apply", "get", "delete", "ingest", "budget", "demo", "plan", "gate", "suggest", "reconcile", "calc"]
    {
        let (code, stdout, _) = slo("http://x", &[command, "--help"]);
        assert!(code == 0 && stdout.contains("Example"), "{stdout}");
    }
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

/// Has user `u`, indicator `i` with another unit, and nothing else.
fn with_two_resources(request: &Request) -> Reply {
    match request.line.as_str() {
        "GET /api/v1/users/u" => {
            with_etag(r#"{"name":"u","role":"engineer","access":"editor","revision":3,"links":{}}"#)
        }
        "GET /api/v1/indicators/i" => with_etag(r#"{"name":"i","kind":"ratio","unit":"ms"}"#),
        line if line.starts_with("PUT") => Reply::json(200, "{}"),
        _ => problem(404, "Not found"),
    }
}

const THREE: &str = "name: o\nindicator: i\ntarget: 0.9990\n---\nname: i\nkind: ratio\nunit: s\n---\n{name: u, role: engineer, access: editor}\n";

#[test]
fn apply_writes_what_differs_in_order() {
    let server = Loopback::start(|_, request| with_two_resources(request));
    let files = Files::new();
    let (code, stdout, _) = slo(&server.url(), &["apply", "-f", &files.write("all.yaml", THREE)]);
    assert_eq!((code, stdout.as_str()), (0, "user u: unchanged\nindicator i: updated\nobjective o: created\n"));
    let written: Vec<_> = server.requests().into_iter().filter(|request| request.line.starts_with("PUT")).collect();
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
        _ => Reply::json(200, "{}"),
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
fn suggest_asks_for_what_was_said() {
    let server = Loopback::start(|_, _| {
        Reply::json(200, r#"{"timeWindow":"1M","suggestedTarget":0.999,"judged":2,"broken":0,"periods":[]}"#)
    });
    let args =
        ["suggest", "site", "--window", "1M", "--time-zone", "Europe/Berlin", "--periods", "2", "--target", "0.9990"];
    let (code, stdout, _) = slo(&server.url(), &args);
    assert!(code == 0 && stdout.starts_with("Suggested target  99.9 %\n"), "{stdout}");
    assert_eq!(
        server.lines(),
        ["GET /api/v1/indicators/site/suggested-target?timeWindow=1M&periods=2&timeZone=Europe%2FBerlin&target=0.999"]
    );
    assert_eq!(slo(&server.url(), &["suggest", "site", "--periods", "25"]).0, 2);
}

#[test]
fn plan_asks_for_what_was_said_and_reads_every_page() {
    let item = |name: &str| {
        format!(
            r#"{{"objective":"{name}","status":"ok","unit":"seconds","spendable":2520.5,"summary":"some of {name}"}}"#
        )
    };
    let server = Loopback::start(move |n, request| match n {
        0 => Reply::json(200, format!(r#"{{"user":"ana","to":"x","items":[{}],"toil":[],"next":"2"}}"#, item("a"))),
        _ if request.line.contains("/nobody/") => problem(404, "Not found"),
        _ => Reply::json(200, format!(r#"{{"items":[{}],"toil":[]}}"#, item("b"))),
    });
    let (code, stdout, _) = slo(&server.url(), &["plan", "ana", "--from", "2026-11-20", "--to", "2026-12-04"]);
    assert!(code == 0 && stdout.contains("\nb          ok      42m        -         -\n"), "{stdout}");
    assert!(stdout.ends_with("a:  some of a.\nb:  some of b.\n"), "{stdout}");
    let path = "GET /api/v1/users/ana/error-budgets?limit=200&from=2026-11-20&to=2026-12-04";
    assert_eq!(server.lines(), [path.to_owned(), format!("{path}&cursor=2")]);
    let (_, stdout, _) = slo(&server.url(), &["plan", "ana", "--to", "14d", "--output", "json"]);
    assert_eq!(stdout, format!("{{\"items\":[{}],\"toil\":[]}}\n", item("b")), "as the service wrote it");
    assert_eq!(server.lines()[2], "GET /api/v1/users/ana/error-budgets?limit=200&to=14d");

    let (code, _, stderr) = slo(&server.url(), &["plan", "nobody", "--to", "14d"]);
    assert_eq!((code, stderr.as_str()), (1, "slo: Not found: do something\n"));
    assert_eq!(slo(&server.url(), &["plan", "ana"]).0, 2);
    let (code, _, stderr) = slo(&server.url(), &["plan", "ana", "--to", "tomorrow"]);
    assert!(code == 2 && stderr.contains("write a date such as 2026-12-04"), "{stderr}");
}

#[test]
fn apply_reads_everything_before_it_writes_anything() {
    let server = Loopback::start(|_, request| with_two_resources(request));
    let files = Files::new();
    let openslo = files.write("slo.yaml", "apiVersion: openslo/v1\nkind: SLO\n");
    let (code, _, stderr) = slo(&server.url(), &["apply", "-f", &files.write("all.yaml", THREE), &openslo]);
    assert!(code == 1 && stderr.contains("slo.yaml: this is an OpenSLO document"), "{stderr}");
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
}

#[test]
fn ingest_counts_minutes_of_lines_in_any_order() {
    let server = measuring("ratio", |_| Reply::json(200, r#"{"accepted":2,"replayed":0,"stale":0,"conflicts":[]}"#));
    let files = Files::new();
    let log = files.write("access.log", LOG);
    let (code, stdout, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &log, "--source", "web1"]);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (
            0,
            "site: 3 events in 2 minutes from 28 Feb 2026 22:59 to 28 Feb 2026 23:01 UTC: 2 accepted, 0 replayed, 0 stale, 0 conflicts\n",
            ""
        )
    );
    assert_eq!(server.lines(), ["GET /api/v1/indicators/site", "POST /api/v1/indicators/site/measurements"]);
    assert_eq!(
        posted(&server)[0].body,
        r#"{"source":"web1","measurements":[{"start":"2026-02-28T22:59:00Z","good":0,"total":1,"revision":0},{"start":"2026-02-28T23:01:00Z","good":2,"total":2,"revision":0}]}"#
    );
}

#[test]
fn ingest_adds_up_files_and_judges_by_the_expression() {
    let server = measuring("ratio", |_| Reply::json(200, r#"{"accepted":2,"replayed":0,"stale":0,"conflicts":[]}"#));
    let files = Files::new();
    let (one, two) = (files.write("1.log", LOG), files.write("2.log", LOG));
    let args = [
        "ingest",
        "site",
        "--access-log",
        &one,
        &two,
        "--good",
        "path == '/late'",
        "--revision",
        "2",
        "--output",
        "json",
    ];
    let (code, stdout, _) = slo(&server.url(), &args);
    assert_eq!(code, 0);
    assert!(stdout.contains("\"count\": 6") && stdout.contains("\"good\": 4"), "{stdout}");
    assert!(posted(&server)[0].body.contains(r#""good":4,"total":4,"revision":2"#));
    let (code, _, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &one, &one]);
    assert!(code == 1 && stderr.contains("counted twice"), "{stderr}");
}

#[test]
fn ingest_refuses_unreadable_lines_unless_told() {
    let server = measuring("ratio", |_| Reply::json(200, r#"{"accepted":2,"replayed":0,"stale":0,"conflicts":[]}"#));
    let files = Files::new();
    let log = files.write("access.log", &format!("{LOG}\nrubbish\n{}", "more rubbish\n".repeat(1200)));
    let (code, stdout, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &log]);
    assert_eq!((code, stdout.as_str()), (1, ""));
    assert!(stderr.starts_with("slo: cannot read 1,201 lines") && stderr.contains("access.log, line 5: "), "{stderr}");
    assert!(stderr.contains("--skip-unreadable") && stderr.lines().count() == 5, "{stderr}");
    assert!(server.lines().is_empty());
    let (code, stdout, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &log, "--skip-unreadable"]);
    assert!(code == 0 && stdout.starts_with("site: 3 events") && stderr.contains("1,201"), "{stdout}{stderr}");
}

#[test]
fn ingest_tells_conflicts_after_it_has_sent_the_rest() {
    let server = measuring("ratio", |_| {
        let conflict = r#"{"start":"2026-02-28T23:01:00Z","stored":{"good":1,"total":2,"revision":0}}"#;
        Reply::json(
            409,
            format!(r#"{{"title":"Conflict","accepted":1,"replayed":0,"stale":0,"conflicts":[{conflict}]}}"#),
        )
    });
    let files = Files::new();
    let (code, stdout, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &files.write("a.log", LOG)]);
    assert!(code == 1 && stdout.ends_with("1 accepted, 0 replayed, 0 stale, 1 conflict\n"), "{stdout}");
    assert!(stderr.contains("2026-02-28T23:01:00Z: stored 1 good of 2 (revision 0), sent 2 good of 2"), "{stderr}");
    assert!(stderr.contains("1 of 2 minutes contradicts") && stderr.contains("--revision 1"), "{stderr}");
}

#[test]
fn ingest_survives_a_busy_service_and_says_how_far_it_came() {
    let receipt = r#"{"accepted":1,"replayed":0,"stale":0}"#;
    let server = measuring("ratio", move |n| match n {
        1 => Reply::Answer(503, vec!["Retry-After: 0".to_owned()], String::new()),
        3 => Reply::json(
            422,
            r#"{"title":"Invalid","errors":[{"pointer":"/measurements/61/good","detail":"too much"}]}"#,
        ),
        _ => Reply::json(200, receipt),
    });
    let files = Files::new();
    let days = |n: u32| {
        (1..=n).map(|day| {
            (0..1440)
                .map(move |m| format!("2026-01-{day:02}T{:02}:{:02}:00Z,1,1\n", m / 60, m % 60))
                .collect::<String>()
        })
    };
    let csv = files.write("c.csv", &format!("time,good,total\n{}", days(3).collect::<String>()));
    let (code, stdout, stderr) = slo(&server.url(), &["ingest", "site", "--csv", &csv]);
    assert_eq!((code, stdout.as_str(), posted(&server).len()), (1, "", 4));
    assert!(stderr.contains("try 2 of 5") && stderr.contains("stopped after 2,880 of 4,320 minutes"), "{stderr}");
    assert!(stderr.contains("; correct the lines of 2026-01-03T01:01:00Z") && !stderr.contains("again"), "{stderr}");
    assert!(stderr.ends_with("Invalid\n  /measurements/61/good: too much\n"), "{stderr}");
}

#[test]
fn ingest_sends_values_with_their_text() {
    let server =
        measuring("threshold", |_| Reply::json(200, r#"{"accepted":1,"replayed":0,"stale":0,"conflicts":[]}"#));
    let files = Files::new();
    let csv = files.write("v.csv", "timestamp,value\n2026-01-01 00:00:30,45.8680\n2026-01-01 00:00:00,1e-3\n");
    let (code, stdout, _) = slo(&server.url(), &["ingest", "latency", "--csv", &csv]);
    assert!(code == 0 && stdout.starts_with("latency: 2 values in 1 minute "), "{stdout}");
    assert!(posted(&server)[0].body.contains(r#""values":[45.8680,1e-3]"#));
}

#[test]
fn ingest_says_to_run_it_again_only_when_that_helps() {
    let files = Files::new();
    let log = files.write("access.log", LOG);
    for (status, advice, again) in [
        (500, "run the same command again, nothing is counted twice", true),
        (403, "give a token", false),
        (404, "create the indicator with `slo apply`", false),
        (413, "correct what the service refuses", false),
    ] {
        let server = measuring("ratio", move |_| problem(status, "No"));
        let (code, _, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &log]);
        assert!(code == 1 && stderr.contains(&format!("after 0 of 2 minutes; {advice}")), "{status}: {stderr}");
        assert_eq!(stderr.contains("same command again"), again, "{status}: {stderr}");
    }
}

#[test]
fn ingest_sends_nothing_that_the_indicator_does_not_take() {
    let files = Files::new();
    let log = files.write("access.log", LOG);
    let csv = files.write("v.csv", "time,value\n2026-01-01T00:00:30Z,45\n");
    for (kind, option, file, advice) in [
        ("threshold", "--access-log", &log, "site is a threshold indicator, which takes --csv with time,value"),
        ("ratio", "--csv", &csv, "site is a ratio indicator, which takes --access-log, or --csv with time,good,total"),
    ] {
        let server = measuring(kind, |_| problem(422, "Invalid"));
        let (code, _, stderr) = slo(&server.url(), &["ingest", "site", option, file]);
        assert_eq!((code, stderr), (1, format!("slo: {advice}; nothing was sent\n")));
        assert!(posted(&server).is_empty());
    }
}

#[test]
fn nobody_to_complain_to_is_no_panic() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_slo"));
    command.args(["ingest", "site", "--access-log", "/absent"]).stderr(writer);
    assert_eq!(command.status().expect("slo runs").code(), Some(1));
}

#[test]
fn budget_of_one_and_of_all() {
    let server = Loopback::start(|_, request| {
        let of = |name: &str, remaining: &str| {
            format!(r#"{{"objective":"{name}","status":"ok","target":0.99,"budget":{{"remainingRatio":{remaining}}}}}"#)
        };
        match request.line.split('?').next().unwrap_or_default() {
            "GET /api/v1/error-budgets" => {
                Reply::json(200, format!(r#"{{"items":[{},{}]}}"#, of("fine", "0.50"), of("bad", "-0.5")))
            }
            "GET /api/v1/objectives/fine/error-budget" => Reply::json(200, of("fine", "0.50")),
            _ => problem(409, "Odd"),
        }
    });
    let (code, stdout, _) =
        slo(&server.url(), &["budget", "fine", "--target", "0.990", "--at", "2026-01-01T00:00:00Z"]);
    assert!(code == 0 && stdout.contains("Target       99 % (what if)"), "{stdout}");
    assert_eq!(server.lines(), ["GET /api/v1/objectives/fine/error-budget?at=2026-01-01T00%3A00%3A00Z&target=0.99"]);
    let (_, stdout, _) = slo(&server.url(), &["budget", "fine", "--output", "json"]);
    assert_eq!(
        stdout,
        "{\"objective\":\"fine\",\"status\":\"ok\",\"target\":0.99,\"budget\":{\"remainingRatio\":0.50}}\n"
    );
    let (code, stdout, _) = slo(&server.url(), &["budget"]);
    let names: Vec<_> = stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!((code, names), (0, vec!["OBJECTIVE", "bad", "fine"]));
    assert_eq!(slo(&server.url(), &["budget", "fine", "--target", "1"]).0, 2);
    let (code, _, stderr) = slo(&server.url(), &["budget", "--at", "yesterday"]);
    assert!(code == 2 && stderr.contains("write a time in RFC 3339, such as 2026-11-20T12:00:00Z"), "{stderr}");
    let (code, _, stderr) = slo(&server.url(), &["budget", "odd"]);
    assert!(code == 1 && stderr.contains("Odd: do something"), "{stderr}");
}

#[test]
fn reconcile_leaves_data_alone_that_a_server_uses() {
    let files = Files::new();
    let data = files.0.path().join("data");
    let reconcile = || slo("http://x", &["reconcile", "--data", data.to_str().expect("UTF-8")]);
    let (code, stdout, stderr) = reconcile();
    assert!(code == 1 && stdout.is_empty() && stderr.contains("there are no data in"), "{stderr}");
    assert!(!data.exists(), "a mistyped directory is not made");
    let _server = Engine::open(&data).expect("it opens");
    let (code, stdout, stderr) = reconcile();
    assert!(code == 1 && stdout.is_empty() && stderr.contains("the newest 3 days of its data by itself"), "{stderr}");
    assert!(stderr.contains("stop it and run this again") && stderr.lines().count() == 1, "{stderr}");
}

#[test]
fn reconcile_says_which_tables_it_cannot_use_and_makes_none() {
    let reconcile = |url: &str| slo("http://x", &["reconcile", "--endpoint", url, "--table-prefix", "x-"]);
    let (code, _, stderr) = reconcile("localhost:8000");
    assert!(code == 2 && stderr.contains("write it as in http://localhost:8000"), "{stderr}");
    let absent = Loopback::start(|_, _| {
        Reply::json(400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#)
    });
    for (url, why) in [(nobody(), "Connection refused"), (absent.url(), "a table or an index does not exist")] {
        let (code, stdout, stderr) = reconcile(&url);
        assert!(code == 1 && stdout.is_empty() && stderr.contains(why), "{stderr}");
        let advice = format!("in the DynamoDB at {url}; look whether it runs there, and at --endpoint");
        assert!(stderr.contains(&advice), "{stderr}");
    }
    let requests = absent.requests();
    assert!(requests.iter().all(|request| request.headers.iter().any(|header| header.ends_with(".Query"))));
}

#[test]
fn gate_says_its_verdict_by_its_exit_code() {
    for (verdict, code) in [("ship", 0), ("caution", 10), ("hold", 20), ("perhaps", 1)] {
        let body = format!(
            r#"{{"id":"i","verdict":"hold","effectiveVerdict":"{verdict}","reasons":[{{"rule":"exhausted","verdict":"hold","detail":"why"}}]}}"#
        );
        let server = Loopback::start(move |_, _| Reply::json(201, body.clone()));
        let (found, stdout, stderr) =
            slo(&server.url(), &["gate", "--objective", "a", "--objective", "b", "--change", "fix"]);
        assert_eq!(found, code, "{stderr}");
        assert_eq!(stdout.contains("  hold: why (exhausted)"), code != 1, "{stdout}");
        let asked = &posted(&server)[0];
        assert_eq!(asked.line, "POST /api/v1/decisions");
        assert_eq!(asked.body, r#"{"objectives":["a","b"],"change":{"kind":"fix"}}"#);
    }
    let server = Loopback::start(|_, _| problem(422, "no"));
    assert_eq!(slo(&server.url(), &["gate", "--service", "web"]).0, 1);
    for usage in
        [&["gate"][..], &["gate", "--service", "a", "--objective", "b"], &["gate", "--service", "a", "--change", "x"]]
    {
        assert_eq!(slo("http://x", usage).0, 2, "{usage:?}");
    }
}
