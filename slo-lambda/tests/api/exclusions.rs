//! `/objectives/{name}/exclusions`

use crate::common::{Api, NOW};
use http::Method;
use serde_json::{Value, json};

const PATH: &str = "/objectives/shop/exclusions";

fn window(from: &str, to: &str) -> Value {
    json!({"from": from, "to": to, "reason": "database upgrade"})
}

/// Every minute of the last two hours: ten events, all bad in the ten minutes from 11:00.
async fn with_outage() -> Api {
    let api = Api::new().with_objective().await;
    let minutes = (0..120).map(|i| {
        let bad = (60..70).contains(&i);
        json!({"start": format!("2026-11-20T{}:{:02}:00Z", 10 + i / 60, i % 60), "good": if bad { 0 } else { 10 }, "total": 10})
    });
    let batch = json!({"measurements": minutes.collect::<Vec<_>>()});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    api
}

async fn budget(api: &Api, query: &str) -> Value {
    let mut budget = api.get(&format!("/objectives/shop/error-budget?at={NOW}{query}")).await.json();
    budget.as_object_mut().expect("an object").remove("links");
    budget
}

fn counted(budget: &Value) -> Value {
    json!([budget["good"], budget["total"], budget["bad"], budget["budget"]["remaining"]])
}

#[tokio::test]
async fn what_is_excluded_does_not_count_and_counts_again_when_that_is_deleted() {
    let api = with_outage().await;
    let before = budget(&api, "").await;
    assert_eq!(counted(&before), json!([1100, 1200, 100, -98.8]));

    let created = api.post(PATH, window("2026-11-20T11:00:00Z", "2026-11-20T11:05:00Z")).await;
    assert_eq!((created.status.as_u16(), created.header("etag")), (201, "\"1\""));
    let exclusion = created.json();
    assert_eq!(
        (&exclusion["mode"], &exclusion["createdAt"], exclusion.get("rrule")),
        (&json!("remove"), &json!(NOW), None)
    );
    let path = created.header("location").strip_prefix("/api/v1").expect("under the API").to_owned();
    assert_eq!(api.get(&path).await.json(), exclusion);
    let without = budget(&api, "").await;
    assert_eq!(counted(&without), json!([1100, 1150, 50, -48.85]));
    assert_eq!(without["revision"], before["revision"], "the objective is the same");
    assert_eq!(budget(&api, "&exclusions=false").await, before);
    assert_eq!(budget(&api, "&exclusions=true").await, without);

    // The other mode, and where both apply, remove wins.
    let mut good = window("2026-11-20T11:00:00Z", "2026-11-20T11:10:00Z");
    good["mode"] = json!("countAsGood");
    let good = api.post(PATH, good).await.json();
    assert_eq!(counted(&budget(&api, "").await), json!([1150, 1150, 0, 1.15]));

    assert_eq!(api.delete(&path, "").await.status, 204);
    assert_eq!(counted(&budget(&api, "").await), json!([1200, 1200, 0, 1.2]));
    let other = format!("{PATH}/{}", good["id"].as_str().expect("id"));
    assert_eq!(api.delete(&other, "\"1\"").await.status, 204);
    assert_eq!(budget(&api, "").await, before);
    assert_eq!(api.get(&path).await.problem(404)["type"], "/problems/not-found");
    api.delete(&path, "").await.problem(404);
    api.delete(&path, "*").await.problem(412);
}

#[tokio::test]
async fn recurring_ones_keep_the_local_time_of_their_zone() {
    let api = with_outage().await;
    // 06:00 in New York is 10:00Z in summer and 11:00Z in winter: all of the outage.
    let mut daily = window("2026-07-01T10:00:00Z", "2026-07-01T10:10:00Z");
    daily["rrule"] = json!("FREQ=DAILY;INTERVAL=1");
    let utc = api.post(PATH, daily.clone()).await;
    assert_eq!(counted(&budget(&api, "").await), json!([1000, 1100, 100, -98.9]));
    let utc = utc.header("location").trim_start_matches("/api/v1").to_owned();
    api.delete(&utc, "*").await;
    daily["timeZone"] = json!("America/New_York");
    let created = api.post(PATH, daily).await.json();
    assert_eq!(
        (&created["rrule"], &created["timeZone"]),
        (&json!("FREQ=DAILY;INTERVAL=1"), &json!("America/New_York"))
    );
    assert_eq!(counted(&budget(&api, "").await), json!([1100, 1100, 0, 1.1]));
}

#[tokio::test]
async fn every_fault_is_named() {
    let api = Api::new().with_objective().await;
    let bad = json!({"from": "today", "to": 7, "mode": "ignore", "reason": "", "rrule": "FREQ=YEARLY", "timeZone": "Mars", "why": 1});
    assert_eq!(
        api.post(PATH, bad).await.pointers(),
        ["/from", "/mode", "/reason", "/rrule", "/timeZone", "/to", "/why"]
    );
    assert_eq!(api.post(PATH, json!({})).await.pointers(), ["/from", "/reason", "/to"]);
    let empty = window("2026-11-20T11:00:00Z", "2026-11-20T11:00:00Z");
    assert_eq!(api.post(PATH, empty).await.pointers(), ["/to"]);
    // A Friday is no Monday.
    let mut weekly = window("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z");
    weekly["rrule"] = json!("FREQ=WEEKLY;BYDAY=MO");
    assert_eq!(api.post(PATH, weekly).await.pointers(), ["/rrule"]);
    api.post("/objectives/other/exclusions", window("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z")).await.problem(404);
    api.get("/objectives/other/exclusions").await.problem(404);
    api.get(&format!("{PATH}/Nothing")).await.problem(404);
    let put = api.send(Method::PUT, &format!("/api/v1{PATH}/x"), &[], "").await;
    put.problem(405);
    assert_eq!(put.header("allow"), "GET,HEAD,DELETE");
}

#[tokio::test]
async fn they_are_listed_page_by_page_and_go_with_the_objective() {
    let api = Api::new().with_objective().await;
    for day in 10..15 {
        let from = format!("2026-11-{day}T00:00:00Z");
        let created = api.post(PATH, window(&from, &format!("2026-11-{day}T01:00:00Z"))).await;
        assert_eq!(created.status, 201);
    }
    let mut seen = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let page = api.get(&path).await.json();
        seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["id"].clone()));
        let Some(next) = page["links"]["next"]["href"].as_str() else { break };
        assert!(page["next"].is_string());
        path = next.trim_start_matches("/api/v1").to_owned();
    }
    let all = api.get(PATH).await.json();
    let ids: Vec<Value> = all["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect();
    assert_eq!((seen.len(), &seen), (5, &ids));
    api.get(&format!("{PATH}?cursor=made-up")).await.problem(400);

    // A replaced objective keeps them, one that is created again begins without.
    let objective = crate::common::objective("shop");
    assert_eq!(api.put("/objectives/shop", "*", objective.clone()).await.status, 200);
    assert_eq!(api.get(PATH).await.json()["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(api.delete("/objectives/shop", "*").await.status, 204);
    api.get(PATH).await.problem(404);
    assert_eq!(api.post("/objectives", objective).await.status, 201);
    assert_eq!(api.get(PATH).await.json()["items"], json!([]));
}

#[tokio::test]
async fn there_are_not_endlessly_many() {
    let api = Api::new().with_objective().await;
    for _ in 0..slo_core::MAX_EXCLUSIONS {
        let created = api.post(PATH, window("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z")).await;
        assert_eq!(created.status, 201);
    }
    let refused = api.post(PATH, window("2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z")).await.problem(422);
    assert_eq!(refused["errors"][0]["code"], "tooMany");
}
