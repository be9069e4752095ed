//! `/indicators/{name}/suggested-target`, and the notes of objectives

use crate::common::{Api, NOW, objective};
use serde_json::{Value, json};

/// One minute a day with 1,000 events, so many of them bad, for the last days before noon.
async fn with_days(bad: &[u64]) -> Api {
    let api = Api::new().with_objective().await;
    let now: jiff::Timestamp = NOW.parse().expect("time");
    let minutes = bad.iter().rev().zip(1..).map(|(bad, days)| {
        let start = now - jiff::SignedDuration::from_hours(24 * days);
        json!({"start": start.to_string(), "good": 1_000 - bad, "total": 1_000})
    });
    let batch = json!({"measurements": minutes.collect::<Vec<_>>()});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);
    api
}

const PATH: &str = "/indicators/site/suggested-target";

#[tokio::test]
async fn the_past_suggests_a_target() {
    let api = with_days(&[7, 2, 3]).await;
    let answer = api.get(&format!("{PATH}?timeWindow=1d")).await.json();
    // The worst day had 7 bad of 1,000; a fourth day has no data.
    assert_eq!(
        json!([
            answer["suggestedTarget"],
            answer["strictestTarget"],
            answer["target"],
            answer["judged"],
            answer["broken"]
        ]),
        json!([0.993, 0.993, 0.993, 3, 0])
    );
    let periods = answer["periods"].as_array().expect("periods");
    let slis: Vec<&Value> = periods.iter().map(|period| &period["sli"]).collect();
    assert_eq!(slis, [&json!(0.997), &json!(0.998), &json!(0.993), &Value::Null]);
    assert_eq!((&periods[0]["end"], &periods[3]["met"]), (&json!(NOW), &Value::Null));

    let proposed = api.get(&format!("{PATH}?timeWindow=1d&target=0.998&periods=2")).await.json();
    assert_eq!(json!([proposed["target"], proposed["judged"], proposed["broken"]]), json!([0.998, 2, 1]));
    assert_eq!(proposed["periods"][0]["consumedRatio"], 1.5);
    assert_eq!((&proposed["periods"][0]["met"], &proposed["periods"][1]["met"]), (&json!(false), &json!(true)));

    // Without a bad event: no stricter than one event of the quietest period.
    let good = with_days(&[0, 0]).await.get(&format!("{PATH}?timeWindow=1d&periods=2")).await.json();
    assert_eq!(json!([good["suggestedTarget"], good["strictestTarget"]]), json!([0.999, 0.999_999_999]));
    let none = Api::new().with_objective().await.get(&format!("{PATH}?timeWindow=28d")).await.json();
    assert_eq!(json!([none["suggestedTarget"], none["target"], none["judged"]]), json!([null, null, 0]));
}

#[tokio::test]
async fn civil_periods_are_finished_ones_of_a_zone() {
    let api = with_days(&[7, 2, 3]).await;
    let months = api.get(&format!("{PATH}?timeWindow=1M&timeZone=America/New_York&periods=2")).await.json();
    assert_eq!(months["periods"][0]["start"], "2026-10-01T04:00:00Z");
    assert_eq!(months["periods"][0]["end"], "2026-11-01T04:00:00Z");
    assert_eq!(months["periods"][1]["start"], "2026-09-01T04:00:00Z");
    let days = api.get(&format!("{PATH}?timeWindow=1d&isRolling=false&periods=3")).await.json();
    assert_eq!(days["periods"][0]["start"], "2026-11-19T00:00:00Z");
    assert_eq!(days["judged"], 3);
}

#[tokio::test]
async fn slices_are_tried_too_and_faults_are_named() {
    let api = with_days(&[7, 2, 3]).await;
    let query = "timeWindow=1d&budgetingMethod=Timeslices&timeSliceTarget=0.995&timeSliceWindow=5m&noData=good";
    let slices = api.get(&format!("{PATH}?{query}&periods=3")).await.json();
    // One bad slice of the day's 288.
    assert_eq!(slices["periods"][2]["sli"], 0.996_527_777_777_778);
    assert_eq!(slices["suggestedTarget"], 0.996_5);

    let problem = api
        .get(&format!("{PATH}?timeWindow=40m&budgetingMethod=Timeslices&periods=25&target=1&x=1"))
        .await
        .problem(400);
    let named: Vec<&str> =
        problem["errors"].as_array().expect("errors").iter().filter_map(|e| e["parameter"].as_str()).collect();
    assert_eq!(named, ["timeWindow", "timeSliceTarget", "target", "periods", "x"]);
    assert_eq!(api.get(PATH).await.problem(400)["errors"][0]["parameter"], "timeWindow");
    api.get(&format!("{PATH}?timeWindow=366d&periods=4")).await.problem(400);
    api.get(&format!("{PATH}?timeWindow=1d&timeZone=UTC")).await.problem(400);
    api.get(&format!("{PATH}?timeWindow=1d&timeSliceTarget=0.9")).await.problem(400);
    // As many periods as fit.
    let years = api.get(&format!("{PATH}?timeWindow=1Y")).await.json();
    assert_eq!(years["periods"].as_array().map(Vec::len), Some(3));
    api.get(&format!("{PATH}?timeWindow=1d&isRolling=false&timeZone=Mars")).await.problem(400);
    api.get("/indicators/none/suggested-target?timeWindow=1d").await.problem(404);
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["notes"].as_array().expect("notes").iter().map(|note| note["code"].as_str().expect("code")).collect()
}

#[tokio::test]
async fn objectives_come_with_notes() {
    let api = with_days(&[0]).await;
    assert_eq!(codes(&api.get("/objectives/shop").await.json()), Vec::<&str>::new());
    // 1,000 events at 99.9 % allow one; at 99.95 % half of one.
    let budget = |target: &str| format!("/objectives/shop/error-budget?target={target}");
    assert_eq!(codes(&api.get(&budget("0.999")).await.json()), Vec::<&str>::new());
    assert_eq!(codes(&api.get(&budget("0.9995")).await.json()), ["budgetBelowOne"]);

    let mut odd = objective("odd");
    odd["timeWindow"]["duration"] = json!("30d");
    odd["alertPolicy"] =
        json!({"conditions": [{"severity": "page", "longWindow": "1h", "shortWindow": "5m", "threshold": 0.5}]});
    let created = api.post("/objectives", odd.clone()).await.json();
    assert_eq!(codes(&created), ["weekdaySkew", "alertFactorBelowOne"]);
    // What was read may be sent back; notes are no part of a revision.
    assert_eq!(api.put("/objectives/odd", "*", created).await.status, 200);
    let revisions = api.get("/objectives/odd/revisions").await.json();
    assert_eq!(revisions["items"][0]["objective"].get("notes"), None);
    let mut loose = objective("loose");
    loose["target"] = json!(0.9);
    assert_eq!(codes(&api.post("/objectives", loose).await.json()), ["alertUnreachable"]);
}

#[tokio::test]
async fn a_dry_run_judges_and_stores_nothing() {
    let api = with_days(&[0]).await;
    let mut strict = objective("strict");
    strict["target"] = json!(0.999_9);
    let judged = api.put("/objectives/strict?dryRun=true", "", strict.clone()).await;
    assert_eq!((judged.status.as_u16(), judged.json()["target"].clone()), (200, json!(0.999_9)));
    assert_eq!(codes(&judged.json()), ["budgetBelowOne"]);
    api.get("/objectives/strict").await.problem(404);
    // It is refused as the write would be.
    strict["indicator"] = json!("none");
    assert_eq!(api.put("/objectives/strict?dryRun=true", "", strict).await.pointers(), ["/indicator"]);
    api.put("/objectives/shop?dryRun=true", "", objective("shop")).await.problem(428);
    api.put("/objectives/shop?dryRun=true", "\"7\"", objective("shop")).await.problem(412);
    let replaced = api.put("/objectives/shop?dryRun=true", "\"1\"", objective("shop")).await.json();
    assert_eq!(replaced["revision"], 2);
    assert_eq!(api.get("/objectives/shop").await.json()["revision"], 1);
    api.put("/objectives/shop?dryRun=maybe", "*", objective("shop")).await.problem(400);
}
