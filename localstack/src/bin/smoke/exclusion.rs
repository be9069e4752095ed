//! `/objectives/{name}/exclusions`

use serde_json::json;

use crate::answer::{Answer, Checked};
use crate::error_budget::ten_minutes_later;
use crate::gateway::Ask;
use crate::page;
use crate::walk::Walk;

/// Leaves the bad minute out, in both ways, and takes it back: then everything is as it was.
pub(crate) fn walk(walk: &mut Walk, objective: &Answer) -> Checked {
    let (list, exclude) = (objective.link("exclusions")?, objective.link("exclude")?);
    let at = format!("{}?at={}", objective.link("errorBudget")?, walk.minute(10));
    let budget = |query: &str| walk.get(format!("{at}{query}"))?.status(200);
    let before = budget("")?.says(&ten_minutes_later(walk))?;

    let good = json!({"from": walk.minute(1), "to": walk.minute(2), "mode": "countAsGood", "reason": "a test of ours"});
    let first = walk.send(&Ask::post(&exclude, &good))?.created()?.says(&good)?.store_asked()?;
    budget("")?.says(&json!({"good": 10_000, "total": 10_000, "bad": 0, "budget": {"total": 10, "remaining": 10}}))?;
    let daily = json!({"from": walk.minute(1), "to": walk.minute(2), "reason": "an upgrade & a restart",
        "rrule": "FREQ=DAILY;COUNT=2", "timeZone": "Europe/Berlin"});
    let second = walk.send(&Ask::post(&exclude, &daily))?.created()?.says(&daily)?.says(&json!({"mode": "remove"}))?;
    budget("")?.says(&json!({"good": 9_000, "total": 9_000, "bad": 0, "sli": 1,
        "budget": {"total": 9, "consumed": 0, "remaining": 9, "consumedRatio": 0, "remainingRatio": 1}}))?;
    let without = budget("&exclusions=false")?;
    without
        .demand(without.json["budget"] == before.json["budget"], || "the budget as without exclusions".to_owned())?;
    walk.passed("exclusions: the bad minute counts as good, then it does not count at all");

    let ids = [first.at("/id")?, second.at("/id")?];
    walk.get(&list)?.status(200)?.says(&json!({"items": [{"id": ids[0]}, {"id": ids[1]}]}))?;
    let paged = page::all(walk, &list)?;
    first.demand(paged.iter().map(|item| &item["id"]).eq(ids), || "both exclusions, page by page".to_owned())?;
    let own = first.link("self")?;
    let again = walk.get(&own)?.status(200)?.says(&good)?;
    walk.send(&Ask::get(&own).header("if-none-match", again.etag()?))?.status(304)?;
    let wrong =
        json!({"from": "now", "to": 7, "mode": "ignore", "reason": "", "rrule": "FREQ=YEARLY", "timeZone": "Mars"});
    let pointers = ["/from", "/mode", "/reason", "/rrule", "/timeZone", "/to"];
    walk.send(&Ask::post(&exclude, &wrong))?.points_at(&pointers)?;
    walk.explore("exclusions")?;

    let budget = |query: &str| walk.get(format!("{at}{query}"))?.status(200);
    walk.send(&Ask::delete(second.link("self")?))?.status(204)?;
    walk.send(&Ask::delete(&own).if_match("\"7\""))?.problem(412, "precondition-failed")?;
    walk.send(&Ask::delete(&own).if_match(&first.etag()?))?.status(204)?;
    let gone = walk.get(&own)?.problem(404, "not-found")?;
    walk.follow(&gone, "exclusions")?.says(&json!({"items": []}))?;
    let after = budget("")?;
    after.demand(after.json == before.json, || format!("the budget as before: {}", before.text))?;
    walk.passed("exclusions: deleted, and everything is as it was");
    Ok(())
}
