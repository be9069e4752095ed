//! `/objectives/{name}/alerts`, `/incidents` and `/error-budget/series`

use crate::common::{Api, NOW, objective};
use serde_json::{Value, json};

/// Ten events in every minute of the last ten hours; all bad from 09:00 to 09:30, half of them at 11:00.
async fn with_incidents() -> Api {
    let api = Api::new().with_objective().await;
    let minutes = (0..600).map(|i| {
        let good = match i {
            420..450 => 0,
            540 => 5,
            _ => 10,
        };
        json!({"start": format!("2026-11-20T{:02}:{:02}:00Z", 2 + i / 60, i % 60), "good": good, "total": 10})
    });
    let batch = json!({"measurements": minutes.collect::<Vec<_>>()});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    api
}

async fn alerts(api: &Api, at: &str) -> Vec<Value> {
    let answer = api.get(&format!("/objectives/shop/alerts?at={at}")).await.json();
    answer["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn an_alert_fires_and_resolves() {
    let api = with_incidents().await;
    let quiet = alerts(&api, "2026-11-20T09:00:00Z").await;
    let conditions: Vec<Value> =
        quiet.iter().map(|a| json!([a["severity"], a["longWindow"], a["shortWindow"], a["threshold"]])).collect();
    assert_eq!(
        conditions,
        [
            json!(["page", "1h", "5m", 13.44]),
            json!(["page", "6h", "30m", 5.6]),
            json!(["ticket", "24h", "2h", 2.8]),
            json!(["ticket", "72h", "6h", 1])
        ],
        "a month of 28 days"
    );
    assert!(quiet.iter().all(|a| a["firing"] == false && a["since"].is_null() && a["heldBack"].is_null()), "{quiet:?}");
    assert_eq!((&quiet[0]["longBurnRate"], &quiet[0]["shortBurnRate"]), (&json!(0), &json!(0)));

    // The first bad minute is a sixtieth of an hour: 1/60 / 0.001 = 16.7 > 13.44.
    let page = &alerts(&api, "2026-11-20T09:01:00Z").await[0];
    assert_eq!((&page["firing"], &page["since"]), (&json!(true), &json!("2026-11-20T09:01:00Z")));
    assert_eq!(page["longBurnRate"], 16.666_666_666_666_7);
    let later = &alerts(&api, "2026-11-20T09:20:30Z").await[0];
    assert_eq!((&later["firing"], &later["since"]), (&json!(true), &json!("2026-11-20T09:01:00Z")));
    // Over once five good minutes have passed.
    assert_eq!(alerts(&api, "2026-11-20T09:34:00Z").await[0]["firing"], true);
    assert_eq!(alerts(&api, "2026-11-20T09:35:00Z").await[0]["firing"], false);
    api.get("/objectives/shop/alerts?at=2026-11-20T12:00:01Z").await.problem(400);
    api.get("/objectives/none/alerts").await.problem(404);
}

#[tokio::test]
async fn conditions_of_ones_own_are_judged_and_held_back() {
    let api = with_incidents().await;
    let mut own = objective("shop");
    own["alertPolicy"] = json!({"conditions": [
        {"severity": "ticket", "longWindow": "1h", "shortWindow": "5m", "threshold": 999.5},
        {"severity": "page", "longWindow": "1h", "shortWindow": "5m", "budgetFraction": 0.02, "minimumEvents": 601}]});
    assert_eq!(api.put("/objectives/shop", "*", own.clone()).await.status, 200);
    let held = alerts(&api, "2026-11-20T09:20:00Z").await;
    assert_eq!((&held[0]["firing"], &held[0]["heldBack"]), (&json!(false), &Value::Null));
    assert_eq!((&held[1]["firing"], &held[1]["heldBack"]), (&json!(false), &json!("minimumEvents")));
    // Nothing burns faster than all of it: 1/b = 1000.
    own["alertPolicy"]["conditions"][0]["threshold"] = json!(1000);
    assert_eq!(api.put("/objectives/shop", "*", own).await.pointers(), ["/alertPolicy/conditions/0/threshold"]);
    // A default condition that can never fire is listed as such.
    let mut loose = objective("shop");
    loose["target"] = json!(0.9);
    assert_eq!(api.put("/objectives/shop", "*", loose).await.status, 200);
    let unreachable = &alerts(&api, "2026-11-20T09:20:00Z").await[0];
    assert_eq!((&unreachable["firing"], &unreachable["heldBack"]), (&json!(false), &json!("unreachable")));
}

#[tokio::test]
async fn an_alert_keeps_its_state_while_data_is_missing() {
    let api = Api::new().with_objective().await;
    // A week ago every minute had data; today data end in the middle of an outage.
    let minutes = |day: u32, until: u32, bad_from: u32| {
        let minute = move |i: u32| json!({"start": format!("2026-11-{day}T{:02}:{:02}:00Z", i / 60, i % 60), "good": if i < bad_from { 10 } else { 0 }, "total": 10});
        json!({"measurements": (0..until).map(minute).collect::<Vec<_>>()})
    };
    for batch in [minutes(13, 1_440, 1_440), minutes(20, 630, 600)] {
        assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    }
    let mut patient = objective("shop");
    patient["alertPolicy"] =
        json!({"conditions": [{"severity": "page", "longWindow": "1h", "shortWindow": "30m", "threshold": 14.4}]});
    assert_eq!(api.put("/objectives/shop", "*", patient).await.status, 200);
    let page = |alerts: Vec<Value>| json!([alerts[0]["firing"], alerts[0]["since"], alerts[0]["heldBack"]]);
    assert_eq!(page(alerts(&api, "2026-11-20T10:30:00Z").await), json!([true, "2026-11-20T10:01:00Z", null]));
    // At 10:36 a tenth of the hour is missing, which is enough still: kept for an hour after that.
    assert_eq!(page(alerts(&api, "2026-11-20T10:36:00Z").await), json!([true, "2026-11-20T10:01:00Z", null]));
    assert_eq!(page(alerts(&api, "2026-11-20T11:36:00Z").await), json!([true, "2026-11-20T10:01:00Z", "coverage"]));
    assert_eq!(page(alerts(&api, "2026-11-20T11:37:00Z").await), json!([false, null, "coverage"]));
}

#[tokio::test]
async fn incidents_have_their_share_of_the_budget() {
    let api = with_incidents().await;
    let answer = api.get("/objectives/shop/incidents").await.json();
    // 6,000 events allow 6 bad ones.
    assert_eq!(
        answer["items"],
        json!([
            {"start": "2026-11-20T09:00:00Z", "end": "2026-11-20T09:30:00Z", "minutes": 30, "good": 0, "total": 300, "bad": 300,
             "unit": "events", "consumed": 300, "share": 50, "postmortemRequired": true},
            {"start": "2026-11-20T11:00:00Z", "end": "2026-11-20T11:01:00Z", "minutes": 1, "good": 5, "total": 10, "bad": 5,
             "unit": "events", "consumed": 5, "share": 0.833_333_333_333_333, "postmortemRequired": true}
        ])
    );
    let first = api.get("/objectives/shop/incidents?limit=1").await.json();
    assert_eq!((first["items"].as_array().map(Vec::len), &first["items"][0]), (Some(1), &answer["items"][0]));
    let next = first["links"]["next"]["href"].as_str().expect("more").trim_start_matches("/api/v1");
    let second = api.get(next).await.json();
    assert_eq!((&second["items"][0], second.get("next")), (&answer["items"][1], None));
    api.get(&format!("{next}&from=2026-11-20T00:00:00Z")).await.problem(400);

    let part = api.get("/objectives/shop/incidents?from=2026-11-20T09:10:00Z&to=2026-11-20T09:20:00Z").await.json();
    // The budget at 09:20: 4,400 events.
    assert_eq!((&part["items"][0]["bad"], &part["items"][0]["share"]), (&json!(100), &json!(22.727_272_727_272_7)));
    api.get("/objectives/shop/incidents?from=2026-11-20T09:10:00Z&to=2026-11-20T09:10:00Z").await.problem(400);
    api.get("/objectives/shop/incidents?from=2024-11-20T09:10:00Z").await.problem(400);
    api.get("/objectives/shop/incidents?to=2026-11-21T09:10:00Z").await.problem(400);
}

#[tokio::test]
async fn a_burn_down_says_what_the_budget_said() {
    let api = with_incidents().await;
    let series = |query: &str| format!("/objectives/shop/error-budget/series?{query}");
    let answer = api.get(&series("from=2026-11-20T08:30:00Z&to=2026-11-20T11:10:00Z&step=1h")).await.json();
    let items = answer["items"].as_array().expect("items");
    let at: Vec<&str> = items.iter().map(|item| item["at"].as_str().expect("time")).collect();
    assert_eq!(at, ["2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T11:10:00Z"]);
    for item in items {
        let at = item["at"].as_str().expect("time");
        let budget = api.get(&format!("/objectives/shop/error-budget?at={at}")).await.json();
        let figures = json!({"at": at, "remainingRatio": budget["budget"]["remainingRatio"], "sli": budget["sli"], "good": budget["good"], "total": budget["total"]});
        assert_eq!(*item, figures);
    }
    // Over the whole window, at the finest step that is not too fine.
    let whole = api.get("/objectives/shop/error-budget/series").await.json();
    assert_eq!(whole["items"].as_array().map(Vec::len), Some(28 * 24));
    assert_eq!(whole["items"][28 * 24 - 1]["at"], NOW);
    // Seconds that are not over yet do not count, and nothing is said about the future.
    let late = api.get(&series("from=2026-11-20T11:00:00Z&to=2026-11-20T11:00:30Z&step=1m")).await.json();
    assert_eq!(late["items"][1]["at"], "2026-11-20T11:00:30Z");
    // In the first minute of a civil period there is that minute.
    let mut civil = objective("shop");
    civil["timeWindow"] = json!({"duration": "1d", "isRolling": false, "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}});
    assert_eq!(api.put("/objectives/shop", "*", civil).await.status, 200);
    let first = api.get(&series("to=2026-11-20T00:00:30Z")).await.json();
    assert_eq!((first["items"].as_array().map(Vec::len), &first["items"][0]["sli"]), (Some(1), &Value::Null));
    assert_eq!(api.put("/objectives/shop", "*", objective("shop")).await.status, 200);
    for refused in ["step=1m", "step=2h", "to=2026-11-20T12:00:01Z", "from=2026-11-20T12:00:00Z"] {
        api.get(&series(refused)).await.problem(400);
    }
    api.get("/objectives/none/error-budget/series").await.problem(404);
}
