//! What asks for figures and verdicts: `slo budget`, `plan`, `suggest` and `gate`.

use crate::loopback::{Loopback, Reply};
use crate::{posted, problem, slo};

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
