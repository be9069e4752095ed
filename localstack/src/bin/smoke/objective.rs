//! `/objectives`

use serde_json::{Value, json};

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::indicator::Indicators;
use crate::walk::Walk;
use crate::{definition, page};

/// What is promised on this walk.
pub(crate) struct Objectives {
    /// 99.9 % of the events of 28 days; an agreement on 99.5 %.
    pub(crate) availability: Answer,
    /// 99 % of the events of 28 days.
    pub(crate) speed: Answer,
    /// 99 % of the minutes of a month in Berlin.
    pub(crate) month: Answer,
}

/// An objective of this run over 28 days.
pub(crate) fn rolling(walk: &Walk, what: &str, indicator: &str, target: Value) -> Value {
    json!({"name": walk.name(what), "service": walk.run, "indicator": walk.name(indicator), "target": target,
        "timeWindow": {"duration": "28d", "isRolling": true}, "budgetingMethod": "Occurrences"})
}

pub(crate) fn walk(walk: &mut Walk, user: &Answer, indicators: &Indicators) -> Checked<Objectives> {
    definition::live(walk, "objectives", "createObjective", &rolling(walk, "life", "site", json!(0.99)))?;

    let mut availability = rolling(walk, "availability", "site", json!(0.999));
    availability["owners"] = json!([user.at("/name")?]);
    availability["sla"] = json!({"target": 0.995, "description": "with every customer"});
    availability["labels"] = json!({"team": "a b"});
    refused(walk, &availability)?;
    let availability = walk.create("createObjective", &availability)?.says(&json!({"notes": []}))?;
    walk.passed(&format!("objectives: created {}, with an owner and an agreement", walk.name("availability")));

    let speed = walk.create("createObjective", &rolling(walk, "speed", "latency", json!(0.99)))?;
    let mut month = rolling(walk, "month", "site", json!(0.99));
    month["timeWindow"] = json!({"duration": "1M", "isRolling": false,
        "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "Europe/Berlin"}});
    month["budgetingMethod"] = json!("Timeslices");
    month["timeSliceTarget"] = json!(0.999);
    month["timeSliceWindow"] = json!("1m");
    let month = walk.create("createObjective", &month)?;
    walk.passed(&format!("objectives: created {} by events and {} by minutes", walk.name("speed"), walk.name("month")));

    let site = indicators.site.link("self")?;
    let used = walk.send(&Ask::delete(site).if_match("*"))?.problem(409, "in-use")?;
    used.says(&json!({"objectives": [walk.name("availability"), walk.name("life-put"), walk.name("month")]}))?;
    walk.passed("objectives: an indicator that they use is not deleted");
    lists(walk, user)?;
    revisions(walk, &speed)?;
    Ok(Objectives { availability, speed, month })
}

fn refused(walk: &Walk, valid: &Value) -> Checked {
    let create = walk.root()?.link("createObjective")?;
    let mut wrong = valid.clone();
    wrong["indicator"] = json!(walk.name("nothing"));
    wrong["owners"] = json!([walk.name("nobody")]);
    wrong["target"] = json!(1);
    wrong["timeWindow"]["duration"] = json!("400d");
    wrong["colour"] = json!("red");
    let pointers = ["/colour", "/indicator", "/owners/0", "/target", "/timeWindow/duration"];
    walk.send(&Ask::post(&create, &wrong))?.points_at(&pointers)?;
    let mut loose = valid.clone();
    loose["sla"]["target"] = json!(0.999);
    walk.send(&Ask::post(&create, &loose))?.points_at(&["/target"])?;
    Ok(())
}

fn lists(walk: &mut Walk, user: &Answer) -> Checked {
    let list = walk.root()?.link("objectives")?;
    let owner = user.text_at("/name")?;
    for (filter, wanted) in [
        (format!("service={}", walk.run), &["availability", "life-put", "month", "speed"][..]),
        (format!("owner={owner}"), &["availability"]),
        (format!("service={}&label=team:a%20b", walk.run), &["availability"]),
        (format!("service={}&label=team:other", walk.run), &[]),
    ] {
        let names: Vec<Value> =
            page::all(walk, &format!("{list}?{filter}"))?.into_iter().map(|mut item| item["name"].take()).collect();
        let wanted: Vec<Value> = wanted.iter().map(|what| json!(walk.name(what))).collect();
        user.demand(names == wanted, || format!("{wanted:?} in the list with {filter}, not {names:?}"))?;
    }
    page::two(walk, &list)?;
    walk.passed("objectives: listed page by page, by service, owner and label");
    Ok(())
}

/// What an objective said, version by version.
fn revisions(walk: &mut Walk, objective: &Answer) -> Checked {
    let own = objective.link("self")?;
    let patch = json!({"description": "fast enough"});
    walk.send(&Ask::patch(&own, &patch).if_match(&objective.etag()?))?.status(200)?;
    walk.send(&Ask::patch(&own, &json!({"description": null})).if_match("\"2\""))?.status(200)?;
    let all = walk.follow(objective, "revisions")?.says(&json!({"items": [
        {"revision": 3, "by": walk.by()}, {"revision": 2, "objective": patch}, {"revision": 1, "objective": {"target": 0.99}}]}))?;
    let forgotten = all.json["items"][0]["objective"].get("description").is_none();
    all.demand(forgotten, || "no description in revision 3: a patch with null removed it".to_owned())?;
    let paged = page::all(walk, &objective.link("revisions")?)?;
    all.demand(paged == all.items()?, || "the same revisions page by page".to_owned())?;
    walk.passed("objectives: their revisions are told, the newest first");
    Ok(())
}
