//! `/indicators`

use serde_json::{Value, json};

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::walk::Walk;
use crate::{definition, page};

/// What is measured on this walk.
pub(crate) struct Indicators {
    /// Good and total counts.
    pub(crate) site: Answer,
    /// Raw values, good up to 300.
    pub(crate) latency: Answer,
}

/// A label that must be escaped in a URL, as it is and as it is written there.
pub(crate) const ODD_LABEL: (&str, &str) = ("1+1&2=3 é", "1%2B1%262%3D3%20%C3%A9");

/// A ratio indicator of this run.
pub(crate) fn ratio(walk: &Walk, what: &str) -> Value {
    json!({"name": walk.name(what), "service": walk.run, "kind": "ratio"})
}

pub(crate) fn walk(walk: &mut Walk) -> Checked<Indicators> {
    let mut all = ratio(walk, "life");
    all["unit"] = json!("requests");
    all["metricSource"] = json!({"good": {"type": "Prometheus", "spec": {"query": "sum(up)"}}});
    definition::live(walk, "indicators", "createIndicator", &all)?;

    let mut site = ratio(walk, "site");
    site["labels"] = json!({"team": "a b", "odd": ODD_LABEL.0});
    site["owner"] = json!(walk.name("ana"));
    let site = walk.create("createIndicator", &site)?;
    walk.passed(&format!("indicators: created {}, of counts", walk.name("site")));
    let mut latency = ratio(walk, "latency");
    latency["kind"] = json!("threshold");
    walk.send(&Ask::post(walk.root()?.link("createIndicator")?, &latency))?.points_at(&["/threshold"])?;
    latency["threshold"] = json!({"op": "lte", "value": 300});
    latency["unit"] = json!("ms");
    let latency = walk.create("createIndicator", &latency)?;
    walk.passed(&format!("indicators: created {}, of values", walk.name("latency")));

    let list = walk.root()?.link("indicators")?;
    let names: Vec<Value> = page::all(walk, &format!("{list}?service={}", walk.run))?
        .into_iter()
        .map(|mut item| item["name"].take())
        .collect();
    let wanted = ["latency", "life-put", "site"].map(|what| json!(walk.name(what)));
    latency.demand(names == wanted, || format!("a list of {wanted:?}, not {names:?}"))?;
    page::two(walk, &list)?;
    walk.passed("indicators: listed page by page, in order of name");
    Ok(Indicators { site, latency })
}

/// What the measurements of [`crate::measurement`] suggest: 3 bad of 10,000.
pub(crate) fn suggested_target(walk: &mut Walk, Indicators { site, .. }: &Indicators) -> Checked {
    let path = site.link("suggestedTarget")?;
    let path = path.split('?').next().unwrap_or_default();
    let query = format!("timeWindow=1h&periods=1&at={}", walk.minute(60));
    walk.get(format!("{path}?{query}"))?.status(200)?.store_asked()?.says(&json!({
        "timeWindow": "1h", "suggestedTarget": 0.9997, "strictestTarget": 0.9997, "target": 0.9997, "judged": 1,
        "broken": 0, "periods": [{"start": walk.minute(0), "end": walk.minute(60), "sli": 0.9997, "good": 9_997,
            "total": 10_000, "consumedRatio": 1, "met": true}]}))?;
    let proposed = walk.get(format!("{path}?{query}&target=0.9999"))?.status(200)?;
    proposed.says(&json!({"target": 0.9999, "broken": 1, "periods": [{"consumedRatio": 3, "met": false}]}))?;
    walk.get(format!("{path}?timeWindow=7m&target=2"))?.problem(400, "invalid-parameter")?;
    walk.passed("indicators: the past suggests a target of 0.9997");
    Ok(())
}
