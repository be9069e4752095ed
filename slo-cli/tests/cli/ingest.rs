//! `slo ingest`, against a server that counts what it is sent.

use std::io::Write as _;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::loopback::Reply;
use crate::{Files, measuring, posted, problem, slo};

const LOG: &str = r#"192.0.2.1 - - [01/Mar/2026:00:01:59 +0100] "GET /late HTTP/1.1" 200 5 "-" "x"
2001:db8::1 - - [28/Feb/2026:22:59:00 +0000] "GET /early HTTP/1.1" 503 - "-" "x"
192.0.2.1 - - [28/Feb/2026:23:01:00 +0000] "GET /late HTTP/1.1" 404 5 "-" "x"
"#;

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
    let (one, two) = (files.write("1.log", LOG), files.write("2.log", &format!("\u{feff}{LOG}")));
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
    let directory = std::path::Path::new(&one).parent().expect("a directory");
    let again = directory.join("..").join(directory.file_name().expect("a name")).join("1.log").display().to_string();
    for other in [&one, &again] {
        let (code, _, stderr) = slo(&server.url(), &["ingest", "site", "--access-log", &one, other]);
        assert!(code == 1 && stderr.contains("counted twice"), "{other}: {stderr}");
    }
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
fn ingest_takes_what_aws_delivers() {
    let files = Files::new();
    let alb = r#"https 2026-02-28T22:59:00.5Z app/shop/50dc6c495c0c9188 192.0.2.1:2817 192.0.2.80:80 0.001 0.250 0.049 200 200 34 366 "GET https://shop.example:443/ HTTP/2.0" "x" - -
https 2026-02-28T22:59:01.5Z app/shop/50dc6c495c0c9188 192.0.2.1:2817 192.0.2.80:80 0.001 0.250 0.050 200 200 34 366 "GET https://shop.example:443/ HTTP/2.0" "x" - -
"#;
    let cloudfront = "#Version: 1.0\n#Fields: date time sc-status time-taken\n2026-02-28\t22:59:59\t200\t0.300\n2026-02-28\t22:59:59\t000\t-\n";
    let gateway = r#"{"requestTime":"28/Feb/2026:22:59:00 +0000","status":"200","responseLatency":"300"}
{"requestTimeEpoch":1772319540000,"status":500,"responseLatency":1}
"#;
    let [alb, cloudfront, gateway] =
        [("alb.log", alb), ("cf.log", cloudfront), ("gw.log", gateway)].map(|(name, text)| files.write(name, text));
    let server = measuring("ratio", |_| Reply::json(200, r#"{"accepted":1,"replayed":0,"stale":0}"#));
    let (code, _, stderr) = slo(
        &server.url(),
        &["ingest", "shop", "--access-log", &alb, &cloudfront, &gateway, "--good", "status < 500 and duration <= 300"],
    );
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(posted(&server)[0].body.contains(r#""start":"2026-02-28T22:59:00Z","good":3,"total":6"#));
}

#[test]
fn ingest_unpacks_standard_input() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(LOG.as_bytes()).expect("packed");
    let packed = packed.finish().expect("packed");
    let server = measuring("ratio", |_| Reply::json(200, r#"{"accepted":2,"replayed":0,"stale":0}"#));
    let mut command = Command::new(env!("CARGO_BIN_EXE_slo"));
    command.args(["ingest", "site", "--access-log", "-", "--url", &server.url()]).env_remove("SLO_TOKEN");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("slo runs");
    let mut input = child.stdin.take().expect("piped");
    // Byte by byte at first, as a pipe may.
    input.write_all(&packed[..1]).expect("it reads");
    input.flush().expect("it reads");
    input.write_all(&packed[1..]).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("site: 3 events in 2 minutes"), "{output:?}");
}
