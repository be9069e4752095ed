//! Whatever goes wrong: nothing on standard output, an exit code that tells whose fault it is, and what to do.

use crate::loopback::nobody;
use crate::server::Server;
use crate::{Files, slo};

/// What is run, and what it advises.
type Case<'a> = (Vec<&'a str>, &'a str);

#[track_caller]
fn check(url: &str, code: i32, cases: &[Case<'_>]) {
    for (args, advice) in cases {
        let (found, stdout, stderr) = slo(url, args);
        assert_eq!((found, stdout.as_str()), (code, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(advice), "{args:?}: {stderr}");
    }
}

#[test]
fn wrong_usage_is_two() {
    check(
        &nobody(),
        2,
        &[
            (vec!["frobnicate"], "try '--help'"),
            (vec!["get", "things"], "possible values: service, user, indicator, objective"),
            (vec!["get", "users", "--output", "xml"], "possible values: table, json"),
            (vec!["get", "users", "--color", "red"], "possible values: auto, always, never"),
            (vec!["budget", "--at", "yesterday"], "write a time in RFC 3339, such as"),
            (vec!["budget", "a", "--target", "99.9"], "above 0 and below 1"),
            (vec!["budget", "A"], "use 1 to 63 of a-z"),
            (vec!["ingest", "site"], "--access-log"),
            (vec!["ingest", "site", "--csv", "x", "--format", "alb"], "cannot be used with"),
            (vec!["ingest", "site", "--access-log", "x", "--good", "latency < 1"], "expected status, bytes, duration"),
            (
                vec!["ingest", "site", "--access-log", "x", "--good", "duration < 1s"],
                "expected milliseconds such as 300",
            ),
            (vec!["ingest", "site", "--access-log", "x", "--format", "nginx"], "possible values: common, alb"),
            (
                vec!["calc", "--target", "0.9", "--window", "28d", "--total", "many", "--bad", "1"],
                "write a whole number",
            ),
            (vec!["suggest", "site", "--window", "3"], "write a whole number above 0 and a unit"),
            (vec!["serve", "--listen", "99"], "write an IP address and a port"),
            (vec!["serve", "--endpoint", "localhost"], "write it as in http://localhost:8000"),
            (vec!["token", "create", "ana", "--expires", "soon"], "or a duration such as 90d"),
            (vec!["token", "create", "ana", "--scope", "x"], "write ingest:INDICATOR"),
            (vec!["gate"], "--objective <OBJECTIVE>"),
            (vec!["completions", "tcsh"], "possible values: bash"),
        ],
    );
}

#[test]
fn what_fails_on_this_side_is_one() {
    let files = Files::new();
    let absent = "/absent/access.log";
    let [bad, nothing, log] =
        [("bad.csv", "when,what\n"), ("none.csv", "time,good,total\n"), ("access.log", "rubbish\n")]
            .map(|(name, text)| files.write(name, text));
    let common = files.write("c.log", r#"192.0.2.1 - - [28/Feb/2026:22:59:00 +0000] "GET / HTTP/1.1" 200 5"#);
    let unnamed = files.write("unnamed.yaml", "kind: ratio\n");
    check(
        &nobody(),
        1,
        &[
            (vec!["get", "users"], "start it with `slo serve`, or say where it is with --url or SLO_URL"),
            (vec!["get", "users", "--url", "ftp://x"], "must look like http://127.0.0.1:8080"),
            (vec!["get", "users", "--token", "two words"], "must be one word"),
            (vec!["get", "alerts"], "say of which objective: slo get alerts OBJECTIVE"),
            (vec!["get", "audit", "x"], "leave the name out"),
            (vec!["get", "audit", "--owner", "ana"], "leave them out"),
            (vec!["get", "users", "--from", "2026-01-01T00:00:00Z"], "leave them out"),
            (vec!["ingest", "site", "--access-log", absent], "check its name"),
            (vec!["ingest", "site", "--access-log", &log], "correct the lines, or send the others"),
            (vec!["ingest", "site", "--access-log", &common, "--good", "duration < 1"], "leave duration out of --good"),
            (vec!["ingest", "site", "--access-log", &common, &common], "leave one out"),
            (vec!["ingest", "site", "--csv", &bad], "header time,good,total or time,value; add one"),
            (vec!["ingest", "site", "--csv", &nothing], "look whether these are the files you mean"),
            (vec!["apply", "-f", absent], "check its name"),
            (vec!["apply", "-f", &unnamed], "add the member `name`"),
            (vec!["reconcile", "--data", "/absent"], "say with --data where"),
            (
                vec!["calc", "--target", "0.9", "--window", "28d", "--total", "1", "--bad", "2"],
                "total counts every event",
            ),
        ],
    );
}

#[test]
fn what_the_service_refuses_is_one() {
    let server = Server::start(&["--memory"]);
    let files = Files::new();
    let indicators =
        files.write("i.yaml", "{name: speed, service: web, kind: threshold, threshold: {op: lt, value: 1}}\n");
    assert_eq!(slo(&server.url, &["apply", "-f", &indicators]).0, 0);
    let counts = files.write("c.csv", "time,good,total\n2026-02-28T22:59:00Z,1,1\n");
    let objective = files.write("o.yaml", "{name: o, service: web, indicator: absent, target: 0.9}\n");
    check(
        &server.url,
        1,
        &[
            (vec!["budget", "nobody"], "create it first or check the name"),
            (vec!["get", "objective", "nobody"], "create it first or check the name"),
            (vec!["get", "incidents", "nobody"], "create it first or check the name"),
            (vec!["delete", "user", "nobody"], "create it first or check the name"),
            (vec!["plan", "nobody", "--to", "14d"], "create it first or check the name"),
            (vec!["gate", "--service", "nobody"], "check its name or create one"),
            (vec!["token", "create", "nobody"], "create it first or check the name"),
            (vec!["ingest", "speed", "--csv", &counts], "takes --csv with time,value"),
            (vec!["ingest", "nobody", "--csv", &counts], "create it first or check the name"),
            (vec!["apply", "-f", &objective], "/indicator"),
            (vec!["serve", "--listen", server.url.trim_start_matches("http://"), "--memory"], "choose another port"),
        ],
    );
    let (guarded, _) = Server::guarded(&["--memory"]);
    check(
        &guarded.url,
        1,
        &[
            (vec!["get", "users"], "slo token create USER"),
            (vec!["get", "users", "--token", "slo_ana_x_y"], "this token is not valid"),
        ],
    );
}
