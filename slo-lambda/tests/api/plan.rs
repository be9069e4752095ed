//! `/users/{name}/error-budgets`

use std::sync::Arc;

use crate::common::{Api, NOW, indicator, objective, user};
use serde_json::{Value, json};
use slo_core::testing::MockMeasurementRepository;
use slo_core::{RepositoryError, Service};

fn owned(name: &str, owner: &str) -> Value {
    let mut body = objective(name);
    body["owners"] = json!([owner]);
    body
}

/// Ana has `shop` by events over 28 days, `month` by minutes over a month, both with 12 bad events of 10,000 on the 1st
/// and 2 of 10,000 an hour ago; and `idle`, which nobody measures. Bob has one that is like `shop`.
async fn with_owners() -> Api {
    let api = Api::new();
    for name in ["site", "other"] {
        assert_eq!(api.post("/indicators", indicator(name)).await.status, 201);
    }
    for name in ["ana", "bob"] {
        assert_eq!(api.post("/users", user(name)).await.status, 201);
    }
    let mut shop = owned("shop", "ana");
    shop["displayName"] = json!("The shop");
    let mut month = owned("month", "ana");
    month["target"] = json!(0.99);
    month["budgetingMethod"] = json!("Timeslices");
    month["timeSliceTarget"] = json!(0.999);
    month["timeWindow"] = json!({"duration": "1M", "isRolling": false,
        "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "UTC"}});
    let mut idle = owned("idle", "ana");
    idle["indicator"] = json!("other");
    for body in [shop, month, idle, owned("bobs", "bob")] {
        assert_eq!(api.post("/objectives", body).await.status, 201);
    }
    let batch = json!({"measurements": [
        {"start": "2026-11-01T00:00:00Z", "good": 9_988, "total": 10_000},
        {"start": "2026-11-20T11:00:00Z", "good": 9_998, "total": 10_000}]});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    api
}

/// An answer's figures without its links, those of an item's name.
fn figures(answer: &Value, objective: &str) -> Value {
    let items = answer["items"].as_array().expect("items");
    let mut item = items.iter().find(|item| item["objective"] == objective).expect("it is there").clone();
    item.as_object_mut().expect("an object").remove("links");
    item
}

#[tokio::test]
async fn a_sprint_of_two_weeks() {
    let api = with_owners().await;
    let ana = api.get("/users/ana").await.json();
    assert_eq!(ana["links"]["plan"], json!({"method": "GET", "href": "/api/v1/users/ana/error-budgets?to=14d"}));
    let answer = api.get("/users/ana/error-budgets?to=2026-12-04").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let plan = answer.json();
    assert_eq!(
        json!([plan["user"], plan["at"], plan["from"], plan["to"], plan["toilScope"], plan["next"]]),
        json!(["ana", NOW, NOW, "2026-12-04T00:00:00Z", "all", null])
    );
    let names: Vec<&Value> = plan["items"].as_array().expect("items").iter().map(|item| &item["objective"]).collect();
    assert_eq!(names, ["idle", "month", "shop"], "not Bob's");

    // 20 of 20,000 may fail and 14 did; 12 of them leave the window on 29 November. 14 in 19.5 days make 9.69… in 13.5.
    assert_eq!(
        figures(&plan, "shop"),
        json!({"objective": "shop", "displayName": "The shop", "service": "web", "status": "ok", "unit": "events",
            "remaining": 6, "remainingRatio": 0.3, "comesBack": 12, "spendable": 18, "expected": 9.692_307_692_307_69,
            "discretionary": 8.307_692_307_692_31,
            "parts": [{"from": NOW, "to": "2026-12-04T00:00:00Z", "periods": 1, "spendable": 18,
                "expected": 9.692_307_692_307_69, "discretionary": 8.307_692_307_692_31, "estimate": false}],
            "summary": "about 18 failed events to spend before 4 December, of which ordinary burn is expected to take \
                about 10 failed events"})
    );
    // A hundredth of November's seconds, less a minute; then a hundredth of December's.
    assert_eq!(
        figures(&plan, "month"),
        json!({"objective": "month", "service": "web", "status": "ok", "unit": "seconds", "remaining": 25_860,
            "remainingRatio": 0.997_685_185_185_185, "comesBack": 26_784, "spendable": 52_644,
            "expected": 41.538_461_538_461_5, "discretionary": 52_602.461_538_461_5,
            "parts": [
                {"from": NOW, "to": "2026-12-01T00:00:00Z", "periods": 1, "spendable": 25_860,
                    "expected": 32.307_692_307_692_3, "discretionary": 25_827.692_307_692_3, "estimate": false},
                {"from": "2026-12-01T00:00:00Z", "to": "2026-12-04T00:00:00Z", "periods": 1, "spendable": 26_784,
                    "expected": 9.230_769_230_769_23, "discretionary": 26_774.769_230_769_2, "estimate": false}],
            "summary": "about 7 hours 11 minutes of downtime to spend before 1 December, then about 7 hours 26 minutes \
                of downtime before 4 December; ordinary burn is expected to take about 42 seconds of downtime in all"})
    );
    let part = json!({"from": NOW, "to": "2026-12-04T00:00:00Z", "periods": 1, "spendable": 0, "expected": null,
        "discretionary": null, "estimate": false});
    assert_eq!(
        figures(&plan, "idle"),
        json!({"objective": "idle", "service": "web", "status": "noData", "unit": "events", "remaining": 0,
            "remainingRatio": null, "comesBack": 0, "spendable": 0, "expected": null, "discretionary": null,
            "parts": [part], "summary": "no data: nothing can be said"})
    );

    // What the links of an item lead to says the same.
    let links = &plan["items"][2]["links"];
    let budget = api.get(links["errorBudget"]["href"].as_str().expect("a link").trim_start_matches("/api/v1")).await;
    assert_eq!(budget.json()["budget"]["remaining"], 6);
    let incidents = api.get(links["incidents"]["href"].as_str().expect("a link").trim_start_matches("/api/v1")).await;
    assert_eq!(plan["toil"][0]["incidents"], incidents.json()["items"]);
}

#[tokio::test]
async fn toil_ranks_what_consumed_most() {
    let plan = with_owners().await.get("/users/ana/error-budgets?to=14d").await.json();
    assert_eq!(plan["to"], "2026-12-04T12:00:00Z");
    let incident = json!({"start": "2026-11-01T00:00:00Z", "end": "2026-11-01T00:01:00Z", "minutes": 1, "good": 9_988,
        "total": 10_000, "bad": 12, "unit": "events", "consumed": 12, "share": 0.6, "postmortemRequired": true});
    let mut of_month = incident.clone();
    of_month["unit"] = json!("seconds");
    of_month["consumed"] = json!(60);
    of_month["share"] = json!(0.002_314_814_814_814_81);
    of_month["postmortemRequired"] = json!(false);
    assert_eq!(
        plan["toil"],
        json!([
            {"objective": "shop", "unit": "events", "consumed": 14, "consumedRatio": 0.7, "incidents": [incident],
                "summary": "70 % of the budget is consumed; the largest incident, on 1 November, took 60 %; a postmortem is due"},
            {"objective": "month", "unit": "seconds", "consumed": 60, "consumedRatio": 0.002_314_814_814_814_81,
                "incidents": [of_month],
                "summary": "0.3 % of the budget is consumed; the largest incident, on 1 November, took 0.3 %"}])
    );
}

#[tokio::test]
async fn the_span_may_have_begun_or_be_ahead() {
    let api = with_owners().await;
    let ask = async |query: &str| api.get(&format!("/users/ana/error-budgets?{query}")).await.json();
    // What is over of it does not count.
    let (now, begun) = (ask("to=2026-12-04").await, ask("from=2026-11-16&to=2026-12-04T00:00:00Z").await);
    assert_eq!((&begun["from"], &begun["items"]), (&json!("2026-11-16T00:00:00Z"), &now["items"]));
    // The next sprint: only what ordinarily burns in it is expected, and November's budget is not its business.
    let next = ask("from=2026-12-04&to=2w").await;
    assert_eq!((&next["from"], &next["to"]), (&json!("2026-12-04T00:00:00Z"), &json!("2026-12-18T00:00:00Z")));
    let shop = figures(&next, "shop");
    assert_eq!((&shop["spendable"], &shop["expected"]), (&json!(18), &json!(10.051_282_051_282_1)));
    let month = figures(&next, "month");
    assert_eq!((&month["spendable"], month["parts"].as_array().map(Vec::len)), (&json!(26_784), Some(1)));
    // Nothing has left the window a minute before.
    let early = ask("to=2026-11-29T00:00:00Z").await;
    assert_eq!(figures(&early, "shop")["comesBack"], 0);
    assert_eq!(figures(&ask("to=2026-11-29T00:01:00Z").await, "shop")["comesBack"], 12);
}

#[tokio::test]
async fn a_plan_comes_in_pages() {
    let api = with_owners().await;
    let first = api.get("/users/ana/error-budgets?to=2026-12-04&limit=2").await.json();
    assert_eq!((first["items"].as_array().map(Vec::len), &first["toilScope"]), (Some(2), &json!("page")));
    assert_eq!(first["toil"].as_array().map(Vec::len), Some(1), "only what is on this page");
    let href = first["links"]["next"]["href"].as_str().expect("a link");
    let second = api.get(href.trim_start_matches("/api/v1")).await.json();
    assert_eq!(
        json!([second["items"][0]["objective"], second["toilScope"], second["to"]]),
        json!(["shop", "page", first["to"]])
    );
    assert!(second.get("next").is_none() && second["links"].get("next").is_none());
    // A cursor is good for this user's list only.
    let cursor = first["next"].as_str().expect("a cursor");
    api.get(&format!("/users/bob/error-budgets?to=14d&cursor={cursor}")).await.problem(400);
    api.get(&format!("/objectives?owner=ana&cursor={cursor}")).await.problem(400);

    let nobody = Api::new();
    assert_eq!(nobody.post("/users", user("eve")).await.status, 201);
    let none = nobody.get("/users/eve/error-budgets?to=14d").await.json();
    assert_eq!(json!([none["items"], none["toil"], none["toilScope"]]), json!([[], [], "all"]));
}

#[tokio::test]
async fn what_cannot_be_planned_is_named() {
    let api = with_owners().await;
    for (query, parameters) in [
        ("", vec!["to"]),
        ("to=", vec!["to"]),
        ("to=tomorrow&from=yesterday", vec!["from", "to"]),
        ("to=1M", vec!["to"]),
        ("to=2026-02-30", vec!["to"]),
        ("to=2026-11-20T12:00:00Z", vec!["to"]),
        ("to=2026-11-20", vec!["to"]),
        ("to=2027-11-21T12:00:01Z", vec!["to"]),
        ("to=4294967295w", vec!["to"]),
        ("from=2026-12-04&to=2026-12-04", vec!["from"]),
        ("from=2026-12-05&to=2026-12-04", vec!["from"]),
        ("to=14d&to=15d", vec!["to"]),
        ("to=14d&owner=bob&limit=0", vec!["limit", "owner"]),
    ] {
        let problem = api.get(&format!("/users/ana/error-budgets?{query}")).await.problem(400);
        let named: Vec<&str> =
            problem["errors"].as_array().expect("errors").iter().filter_map(|e| e["parameter"].as_str()).collect();
        assert_eq!(named, parameters, "{query}: {problem}");
    }
    assert_eq!(api.get("/users/ana/error-budgets?to=366d").await.status, 200);
    api.get("/users/none/error-budgets?to=14d").await.problem(404);
}

/// Half a plan would look like a whole one.
#[tokio::test]
async fn an_objective_that_cannot_be_read_fails_the_plan() {
    let mut measurements = MockMeasurementRepository::new();
    measurements.expect_read().returning(|series, _, _| {
        let fails = series.indicator.as_str() == "other";
        if fails { Err(RepositoryError::Unavailable("throttled".into())) } else { Ok(Vec::new()) }
    });
    let api = Api::with(Service { measurements: Arc::new(measurements), ..Service::in_memory() });
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    for (objective, of) in [("a", "site"), ("b", "other")] {
        assert_eq!(api.post("/indicators", indicator(of)).await.status, 201);
        let mut body = owned(objective, "ana");
        body["indicator"] = json!(of);
        assert_eq!(api.post("/objectives", body).await.status, 201);
    }
    assert_eq!(api.get("/users/ana/error-budgets?to=14d&limit=1").await.status, 200);
    api.get("/users/ana/error-budgets?to=14d").await.problem(503);
}
