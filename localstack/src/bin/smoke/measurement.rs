//! `/indicators/{name}/measurements`

use serde_json::{Value, json};

use crate::answer::Checked;
use crate::gateway::Ask;
use crate::indicator::Indicators;
use crate::walk::Walk;

/// One minute's counts.
fn counts(walk: &Walk, minute: i64, good: u64, total: u64, revision: u64) -> Value {
    json!({"start": walk.minute(minute), "good": good, "total": total, "revision": revision})
}

fn receipt(accepted: u64, replayed: u64, stale: u64) -> Value {
    json!({"accepted": accepted, "replayed": replayed, "stale": stale, "conflicts": []})
}

/// Afterwards `site` has 10,000 events from the hour on, 3 of them bad, and `latency` one bad value of four.
pub(crate) fn walk(walk: &mut Walk, Indicators { site, latency }: &Indicators) -> Checked {
    let record = site.link("record")?;
    let batch = json!({"source": "zone-a", "measurements":
        [counts(walk, 0, 5_000, 5_000, 0), counts(walk, 1, 990, 1_000, 0), counts(walk, 2, 2_500, 2_500, 0)]});
    let post = |body: &Value| walk.send(&Ask::post(&record, body));
    post(&batch)?.status(200)?.store_asked()?.says(&receipt(3, 0, 0))?;
    let elsewhere = json!({"source": "zone-b", "measurements": [counts(walk, 2, 1_500, 1_500, 0)]});
    post(&elsewhere)?.status(200)?.says(&receipt(1, 0, 0))?;
    post(&batch)?.status(200)?.says(&receipt(0, 3, 0))?;
    let corrected = json!({"source": "zone-a", "measurements": [counts(walk, 1, 997, 1_000, 1)]});
    post(&corrected)?.status(200)?.says(&receipt(1, 0, 0))?;
    post(&corrected)?.status(200)?.says(&receipt(0, 1, 0))?;
    post(&batch)?.status(200)?.says(&receipt(0, 2, 1))?;
    // The second one has no events: stored, but it changes no sum.
    let other = json!({"source": "zone-a", "measurements": [counts(walk, 1, 996, 1_000, 1), counts(walk, 3, 0, 0, 0)]});
    post(&other)?.problem(409, "conflicting-measurements")?.says(&json!({"accepted": 1, "replayed": 0, "stale": 0,
        "conflicts": [{"start": walk.minute(1), "stored": {"good": 997, "total": 1_000, "revision": 1}}]}))?;
    walk.passed("measurements: accepted once, replayed, corrected, stale and in conflict as they should be");

    let post = |body: &Value| walk.send(&Ask::post(&record, body));
    let bad = json!({"source": "Zone", "measurements": [
        counts(walk, 10, 11, 10, 0), counts(walk, 11, 1, 1, 0), counts(walk, 11, 1, 1, 0),
        {"start": "yesterday", "good": -1, "total": 1.5}, counts(walk, 60 * 24 * 365, 1, 1, 0), {"values": [1]}]});
    post(&bad)?.points_at(&[
        "/measurements/0/good",
        "/measurements/2/start",
        "/measurements/3/good",
        "/measurements/3/start",
        "/measurements/3/total",
        "/measurements/4/start",
        "/measurements/5/good",
        "/measurements/5/start",
        "/measurements/5/total",
        "/measurements/5/values",
        "/source",
    ])?;
    post(&json!({"measurements": []}))?.points_at(&["/measurements"])?;
    let long: Vec<Value> = (0..1_441).map(|i| counts(walk, -i, 1, 1, 0)).collect();
    post(&json!({"measurements": long}))?.points_at(&["/measurements"])?;
    walk.passed("measurements: a bad batch is refused with every fault, and as a whole");

    values(walk, &latency.link("record")?)?;
    read_back(walk, &site.link("measurements")?, &latency.link("measurements")?)
}

/// A threshold indicator judges exact decimals, and takes values only.
fn values(walk: &mut Walk, record: &str) -> Checked {
    // As text, because a float would not tell 300 from what is a little above.
    let body = format!(
        r#"{{"measurements":[{{"start":"{}","values":[100,"0.25",3e2,300.000000000000000001]}}]}}"#,
        walk.minute(0)
    );
    let ask = Ask::new(ureq::http::Method::POST, record).body("application/json", body);
    walk.send(&ask)?.status(200)?.says(&receipt(1, 0, 0))?;
    walk.send(&ask)?.status(200)?.says(&receipt(0, 1, 0))?;
    let sent = json!({"measurements": [{"start": walk.minute(1), "good": 1, "total": 1}]});
    let pointers = ["/measurements/0/good", "/measurements/0/total", "/measurements/0/values"];
    walk.send(&Ask::post(record, &sent))?.points_at(&pointers)?;
    walk.passed("measurements: values are judged as exact decimals");
    Ok(())
}

fn read_back(walk: &mut Walk, site: &str, latency: &str) -> Checked {
    let item = |minute: i64, good: u64, total: u64| json!({"start": walk.minute(minute), "good": good, "total": total});
    let span = format!("from={}&to={}", walk.minute(0), walk.minute(60));
    let minutes = json!([item(0, 5_000, 5_000), item(1, 997, 1_000), item(2, 4_000, 4_000)]);
    let all = json!([item(0, 9_997, 10_000)]);
    for (step, wanted) in [("1m", &minutes), ("5m", &all), ("1h", &all)] {
        walk.get(format!("{site}?{span}&step={step}"))?.status(200)?.says(&json!({"items": wanted}))?;
    }
    // Half-open, also inside a step.
    let part = format!("{site}?from={}&to={}&step=1h", walk.minute(1), walk.minute(2));
    walk.get(part)?.status(200)?.says(&json!({"items": [item(0, 997, 1_000)]}))?;
    let day = walk.get(format!("{site}?{span}&step=1d"))?.status(200)?;
    day.says(&json!({"items": [{"good": 9_997, "total": 10_000}]}))?;
    walk.get(format!("{latency}?{span}&step=1h"))?.status(200)?.says(&json!({"items": [item(0, 3, 4)]}))?;
    for bad in ["step=2m", "from=yesterday", "step=1m&from=2020-01-01T00:00:00Z"] {
        walk.get(format!("{site}?{bad}"))?.problem(400, "invalid-parameter")?;
    }
    walk.passed("measurements: read back by minute, 5 minutes, hour and day, the totals are right");
    Ok(())
}
