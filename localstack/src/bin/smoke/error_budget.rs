//! `/error-budgets`, and what follows from them: series, incidents, alerts. All figures were computed by hand.

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::answer::{Answer, Checked};
use crate::gateway::Ask;
use crate::objective::Objectives;
use crate::page;
use crate::walk::Walk;

/// 28 days before a minute.
fn four_weeks_before(walk: &Walk, minute: i64) -> String {
    walk.minute(minute - 28 * 24 * 60)
}

/// 10,000 events at 99.9 % allow 10 bad ones, 3 were.
pub(crate) fn ten_minutes_later(walk: &Walk) -> Value {
    json!({"objective": walk.name("availability"), "revision": 1, "at": walk.minute(10),
        "period": {"start": four_weeks_before(walk, 10), "end": walk.minute(10), "fullEnd": walk.minute(10)},
        "target": 0.999, "sli": 0.9997, "good": 9_997, "total": 10_000, "bad": 3,
        "budget": {"unit": "events", "total": 10, "consumed": 3, "remaining": 7, "consumedRatio": 0.3,
            "remainingRatio": 0.7},
        "met": true, "exhausted": false, "status": "ok", "watermark": walk.minute(3),
        // 28 days times 0.7, at a burn rate of 0.3, is 5,644,800 s; nothing came in the last five minutes.
        "burnRates": [{"lookback": "5m", "burnRate": null, "budgetConsumed": null, "timeToExhaustionSeconds": null},
            {"lookback": "30m", "burnRate": 0.3, "budgetConsumed": 0.3, "timeToExhaustionSeconds": 5_644_800},
            {"lookback": "1h", "burnRate": 0.3}, {"lookback": "2h", "burnRate": 0.3},
            {"lookback": "6h", "burnRate": 0.3}, {"lookback": "24h", "burnRate": 0.3},
            {"lookback": "72h", "burnRate": 0.3}],
        "forecast": {"burnRate": 0.3, "exhaustedAt": null}, "sla": {"target": 0.995, "remainingRatio": 0.94}})
}

pub(crate) fn walk(walk: &mut Walk, Objectives { availability, month, .. }: &Objectives) -> Checked {
    let href = availability.link("errorBudget")?;
    let at = format!("{href}?at={}", walk.minute(10));
    let budget = walk.get(&at)?.status(200)?.store_asked()?.says(&ten_minutes_later(walk))?;
    walk.follow(&budget, "self")?.says(&ten_minutes_later(walk))?;
    let now = walk.follow(availability, "errorBudget")?;
    now.says(&json!({"total": 10_000, "bad": 3, "budget": {"remaining": 7, "remainingRatio": 0.7}}))?;
    walk.passed("error-budget: 10 of 10,000 may fail, 3 did, 0.7 of the budget is left");

    // The same instant, as it is written elsewhere: in a URL its + is %2B.
    let local = (walk.hour + jiff::SignedDuration::from_mins(10 + 330)).to_string().replace('Z', "%2B05:30");
    walk.get(format!("{href}?at={local}"))?.status(200)?.says(&ten_minutes_later(walk))?;
    let earlier = walk.get(format!("{href}?at={}", walk.minute(0)))?.status(200)?;
    earlier.says(&json!({"status": "noData", "sli": null, "met": null, "exhausted": false, "watermark": null,
        "coverage": 0, "budget": {"total": 0, "consumed": 0, "remaining": 0, "consumedRatio": null, "remainingRatio": null}}))?;
    let what_if = walk.get(format!("{at}&target=0.9998"))?.status(200)?;
    what_if.says(&json!({"target": 0.9998, "met": false, "exhausted": true, "status": "exhausted",
        "budget": {"total": 2, "consumed": 3, "remaining": -1, "consumedRatio": 1.5, "remainingRatio": -0.5}}))?;
    // Looser than the agreement: it is only a question.
    let loose = walk.get(format!("{at}&target=0.9"))?.status(200)?;
    loose.says(&json!({"budget": {"total": 1_000, "remaining": 997, "remainingRatio": 0.997}}))?;
    for bad in ["at=2999-01-01T00:00:00Z", "target=1", "exclusions=maybe", "colour=red"] {
        walk.get(format!("{href}?{bad}"))?.problem(400, "invalid-parameter")?;
    }
    walk.passed("error-budget: at another instant, and what if the target were another");
    by_minutes(walk, month)
}

/// One of three minutes was bad, of a month that is as long as it is in Berlin.
fn by_minutes(walk: &mut Walk, month: &Answer) -> Checked {
    let at = walk.minute(3);
    let budget = walk.get(format!("{}?at={at}", month.link("errorBudget")?))?.status(200)?;
    let broken = |_| budget.failure("an instant of this age");
    let local = walk.hour.to_zoned(TimeZone::get("Europe/Berlin").map_err(broken)?);
    let midnight = |day: Result<Zoned, jiff::Error>| day.and_then(|day| day.start_of_day()).map_err(broken);
    let start = midnight(local.first_of_month())?.timestamp();
    let end = midnight(local.last_of_month().and_then(|day| day.tomorrow()))?.timestamp();
    // A hundredth of the month's seconds: it has whole hours.
    let total = (end.as_second() - start.as_second()) / 100;
    let budget = budget.says(&json!({"period": {"start": start.to_string(), "end": at, "fullEnd": end.to_string()},
        "good": 9_997, "total": 10_000, "sli": 0.666_666_666_666_667, "met": false,
        "budget": {"unit": "seconds", "total": total, "consumed": 60, "remaining": total - 60}}))?;
    budget.demand(budget.json["sla"].is_null(), || "no agreement".to_owned())?;
    walk.passed("error-budget: a bad minute of a month in Berlin is 60 s");
    Ok(())
}

/// Series, incidents and alerts.
pub(crate) fn of_time(walk: &mut Walk, Objectives { availability, speed, .. }: &Objectives) -> Checked {
    let series = availability.link("series")?;
    let span = format!("from={}&to={}&step=1m", walk.minute(0), walk.minute(3));
    let point = |minute: i64, left: Value, good: u64, total: u64| json!({"at": walk.minute(minute), "remainingRatio": left, "good": good, "total": total});
    walk.get(format!("{series}?{span}"))?.status(200)?.says(&json!({"target": 0.999, "items": [
        point(0, Value::Null, 0, 0), point(1, json!(1), 5_000, 5_000), point(2, json!(0.5), 5_997, 6_000),
        point(3, json!(0.7), 9_997, 10_000)]}))?;
    walk.get(format!("{series}?step=2h"))?.problem(400, "invalid-parameter")?;
    walk.passed("error-budget: the burn-down says what each instant said");

    let incidents = speed.link("incidents")?;
    let span = format!("from={}&to={}", walk.minute(0), walk.minute(10));
    walk.get(format!("{incidents}?{span}"))?.status(200)?.says(&json!({"items": [{"start": walk.minute(0),
        "end": walk.minute(1), "minutes": 1, "good": 3, "total": 4, "bad": 1, "unit": "events", "consumed": 1,
        "share": 25, "postmortemRequired": true}]}))?;
    walk.passed("incidents: one, with 25 times the budget, and a postmortem");

    let alerts = speed.link("alerts")?;
    let firing = walk.get(format!("{alerts}?at={}", walk.minute(1)))?.status(200)?;
    // A quarter is bad where a hundredth may be.
    let condition = |severity: &str, long: &str, short: &str, threshold: Value| {
        json!({"severity": severity, "longWindow": long, "shortWindow": short, "longBurnRate": 25, "shortBurnRate": 25,
            "threshold": threshold, "firing": true, "since": walk.minute(1), "heldBack": null})
    };
    firing.says(&json!({"at": walk.minute(1), "items": [condition("page", "1h", "5m", json!(13.44)),
        condition("page", "6h", "30m", json!(5.6)), condition("ticket", "24h", "2h", json!(2.8)),
        condition("ticket", "72h", "6h", json!(1))]}))?;
    let over = walk.get(format!("{alerts}?at={}", walk.minute(10)))?.status(200)?;
    let page = json!({"firing": false, "since": null, "shortBurnRate": null});
    over.says(&json!({"items": [page, {"firing": true}, {"firing": true}, {"firing": true}]}))?;
    walk.passed("alerts: the page fires and is over when its short window is");
    Ok(())
}

/// The list, with filters and cursors, and the batch.
pub(crate) fn of_many(walk: &mut Walk, user: &Answer) -> Checked {
    let list = walk.root()?.link("errorBudgets")?;
    let ours = format!("service={}&at={}", walk.run, walk.minute(10));
    let owned = format!("owner={}&at={}", user.text_at("/name")?, walk.minute(10));
    let [availability, life, month, speed] = ["availability", "life-put", "month", "speed"].map(|what| walk.name(what));
    for (query, wanted) in [
        // 1 bad value of 4, 3 bad events of 10,000 at 99 % and at 99.9 %: the worst first.
        (ours.clone(), vec![&speed, &availability, &life, &month]),
        (format!("{ours}&status=exhausted"), vec![&speed]),
        (format!("{ours}&status=noData"), vec![]),
        (format!("{ours}&label=team:a%20b"), vec![&availability]),
        (owned, vec![&availability]),
    ] {
        let page = walk.get(format!("{list}?{query}"))?.status(200)?;
        let names: Vec<&str> = page.items()?.iter().filter_map(|item| item["objective"].as_str()).collect();
        page.demand(names == wanted, || format!("{wanted:?} for {query}, not {names:?}"))?;
    }
    // Page by page they come by name.
    let paged = page::all(walk, &format!("{list}?{ours}"))?;
    let names: Vec<&Value> = paged.iter().map(|budget| &budget["objective"]).collect();
    user.demand(names == [&availability, &life, &month, &speed], || format!("all four page by page, not {names:?}"))?;
    let budget = |budget: &Value| budget["budget"]["remaining"] == 7 && budget["total"] == 10_000;
    user.demand(budget(&paged[0]), || "the same budget in the list as by itself".to_owned())?;
    walk.get(format!("{list}?status=fine"))?.problem(400, "invalid-parameter")?;
    walk.passed("error-budgets: listed worst first, by service, owner, label and status, page by page");

    let batch = walk.get(&list)?.status(200)?.link("batchGet")?;
    let nothing = walk.name("nothing");
    let body = json!({"objectives": [availability, nothing, speed], "at": walk.minute(10)});
    let answer = walk.send(&Ask::post(&batch, &body))?.status(200)?.store_asked()?;
    answer.says(&json!({"items": [ten_minutes_later(walk),
        {"objective": nothing, "error": {"status": 404, "type": "/problems/not-found"}},
        {"objective": speed, "status": "exhausted", "budget": {"total": 0.04, "consumed": 1, "remaining": -0.96,
            "consumedRatio": 25, "remainingRatio": -24}}]}))?;
    walk.send(&Ask::post(&batch, &json!({"objectives": ["A B"], "at": "soon"})))?
        .points_at(&["/at", "/objectives/0"])?;
    walk.send(&Ask::post(&batch, &json!({"objectives": []})))?.points_at(&["/objectives"])?;
    walk.passed("error-budgets: several at once, with a problem where there is none");
    Ok(())
}
