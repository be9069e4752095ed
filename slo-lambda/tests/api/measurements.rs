//! `/indicators/{name}/measurements` and `/objectives/{name}/error-budget`

use crate::common::{Api, indicator, objective};
use http::Method;
use serde_json::{Value, json};

fn one(start: &str, good: u64, total: u64) -> Value {
    json!({"measurements": [{"start": start, "good": good, "total": total}]})
}

#[tokio::test]
async fn the_same_again_changes_nothing() {
    let api = Api::new().with_objective().await;
    let path = "/indicators/site/measurements";
    let batch = json!({"source": "eu-west-1a", "measurements": [
        {"start": "2026-11-20T11:58:00Z", "good": 990, "total": 1000, "revision": 0},
        {"start": "2026-11-20T11:59:30Z", "good": 10, "total": 10}]});
    let first = api.post(path, batch.clone()).await;
    assert_eq!(first.status, 200);
    let counts = |json: &Value| {
        [json["accepted"].clone(), json["replayed"].clone(), json["stale"].clone(), json["conflicts"].clone()]
    };
    assert_eq!(counts(&first.json()), [json!(2), json!(0), json!(0), json!([])]);
    assert_eq!(counts(&api.post(path, batch).await.json()), [json!(0), json!(2), json!(0), json!([])]);
    let items =
        api.get(&format!("{path}?from=2026-11-20T11:00:00Z&to=2026-11-20T12:00:00Z&step=1m")).await.json()["items"]
            .clone();
    assert_eq!(
        items,
        json!([{"start": "2026-11-20T11:58:00Z", "good": 990, "total": 1000}, {"start": "2026-11-20T11:59:00Z", "good": 10, "total": 10}])
    );
}

#[tokio::test]
async fn conflicts_are_told_and_the_rest_is_stored() {
    let api = Api::new().with_objective().await;
    let path = "/indicators/site/measurements";
    api.post(path, one("2026-11-20T11:00:00Z", 9, 10)).await;
    let batch = json!({"measurements": [{"start": "2026-11-20T11:00:59Z", "good": 8, "total": 10}, {"start": "2026-11-20T11:01:00Z", "good": 1, "total": 1}]});
    let problem = api.post(path, batch).await.problem(409);
    assert_eq!((&problem["accepted"], &problem["replayed"], &problem["stale"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(
        problem["conflicts"],
        json!([{"start": "2026-11-20T11:00:00Z", "stored": {"good": 9, "total": 10, "revision": 0}}])
    );
    let mut corrected = one("2026-11-20T11:00:00Z", 8, 10);
    corrected["measurements"][0]["revision"] = json!(1);
    assert_eq!(api.post(path, corrected).await.json()["accepted"], 1);
    assert_eq!(api.post(path, one("2026-11-20T11:00:00Z", 9, 10)).await.json()["stale"], 1);
    let day = api.get(&format!("{path}?from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&step=1d")).await.json();
    assert_eq!(day["items"], json!([{"start": "2026-11-20T00:00:00Z", "good": 9, "total": 11}]));
}

#[tokio::test]
async fn a_batch_is_valid_or_refused_as_a_whole() {
    let api = Api::new().with_objective().await;
    let path = "/indicators/site/measurements";
    let bad = json!({"source": "EU", "extra": 1, "measurements": [
        {"start": "2026-11-20T11:00:00Z", "good": 11, "total": 10},
        {"start": "2026-11-20T11:01:00Z", "good": 1, "total": 1},
        {"start": "2026-11-20T11:01:59Z", "good": 1, "total": 1},
        {"start": "yesterday", "good": -1, "total": 1.0},
        {"start": "2026-11-20T12:06:00Z", "good": 1, "total": 9_007_199_254_740_992_u64},
        {"start": "2026-11-20T12:06:00Z", "good": 1, "total": 1},
        {"start": "2026-11-20T11:02:00Z", "values": [1]},
        7,
        {"start": 1_763_640_000, "good": "1", "total": 1, "revision": -1}]});
    assert_eq!(
        api.post(path, bad).await.pointers(),
        [
            "/extra",
            "/measurements/0/good",
            "/measurements/2/start",
            "/measurements/3/good",
            "/measurements/3/start",
            "/measurements/3/total",
            "/measurements/4/start",
            "/measurements/4/total",
            "/measurements/5/start",
            "/measurements/5/start",
            "/measurements/6/good",
            "/measurements/6/total",
            "/measurements/6/values",
            "/measurements/7",
            "/measurements/8/good",
            "/measurements/8/revision",
            "/measurements/8/start",
            "/source"
        ]
    );
    assert_eq!(api.post(path, json!({"measurements": []})).await.pointers(), ["/measurements"]);
    let minute = |i: i64| json!({"start": format!("2026-10-{:02}T{:02}:{:02}:00Z", 1 + i / 1_440, i / 60 % 24, i % 60), "good": 1, "total": 1});
    let long: Vec<Value> = (0..1_441).map(minute).collect();
    let problem = api.post(path, json!({"measurements": long})).await.problem(422);
    assert_eq!(
        (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
        (&json!("/measurements"), &json!("tooLong"))
    );
    let worst: Vec<Value> = (0..5_000).map(|_| json!({})).collect();
    let problem = api.post(path, json!({"measurements": worst})).await.problem(422);
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(2_000), "an answer is bounded too");
    let both = json!({"measurements": [{"start": "2030-11-20T12:00:00Z", "good": 2, "total": 1},
        {"start": "2026-11-20T11:00:00Z", "good": 2, "total": 1}, {"start": "2026-11-20T11:00:30Z", "good": 1, "total": 1}]});
    assert_eq!(
        api.post(path, both).await.pointers(),
        ["/measurements/0/good", "/measurements/0/start", "/measurements/1/good", "/measurements/2/start"]
    );
    assert_eq!(api.post(path, json!({})).await.pointers(), ["/measurements"]);
    api.post("/indicators/none/measurements", one("2026-11-20T11:00:00Z", 1, 1)).await.problem(404);
    let nothing = api.get(&format!("{path}?from=2026-11-01T00:00:00Z&step=1d")).await.json();
    assert_eq!(nothing["items"], json!([]), "nothing was stored");
    assert_eq!(api.post(path, one("2026-11-20T12:05:59Z", 1, 1)).await.status, 200, "five minutes ahead are allowed");
    assert_eq!(api.post(path, one("1970-01-01T00:00:00Z", 1, 1)).await.status, 200, "any age is allowed");
}

#[tokio::test]
async fn a_threshold_indicator_judges_exact_decimals() {
    let api = Api::new();
    let mut latency = indicator("latency");
    latency["kind"] = json!("threshold");
    latency["threshold"] = json!({"op": "lte", "value": 0.3});
    assert_eq!(api.post("/indicators", latency).await.status, 201);
    let path = "/api/v1/indicators/latency/measurements";
    let headers = [("content-type", "application/json")];
    let body =
        r#"{"measurements":[{"start":"2026-11-20T11:00:00Z","values":[0.3,0.30000000000000000001,3e-1,"0.1"]}]}"#;
    assert_eq!(api.send(Method::POST, path, &headers, body).await.json()["accepted"], 1);
    let items =
        api.get("/indicators/latency/measurements?from=2026-11-20T11:00:00Z&step=1h").await.json()["items"].clone();
    assert_eq!(items, json!([{"start": "2026-11-20T11:00:00Z", "good": 3, "total": 4}]));
    let counts = api.post("/indicators/latency/measurements", one("2026-11-20T11:01:00Z", 1, 1)).await;
    assert_eq!(counts.pointers(), ["/measurements/0/good", "/measurements/0/total", "/measurements/0/values"]);
}

#[tokio::test]
async fn steps_are_bounded_and_add_up() {
    let api = Api::new().with_objective().await;
    let path = "/indicators/site/measurements";
    for (start, good) in [
        ("2026-11-20T10:59:00Z", 1),
        ("2026-11-20T11:00:00Z", 2),
        ("2026-11-20T11:04:00Z", 4),
        ("2026-11-20T11:05:00Z", 8),
    ] {
        api.post(path, one(start, good, 10)).await;
    }
    let goods = async |query: &str| {
        let json = api.get(&format!("{path}?{query}")).await.json();
        json["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["good"].as_u64().expect("good"))
            .collect::<Vec<_>>()
    };
    assert_eq!(goods("from=2026-11-20T10:00:00Z&to=2026-11-20T12:00:00Z&step=5m").await, [1, 6, 8]);
    assert_eq!(
        goods("from=2026-11-20T11:00:00Z&to=2026-11-20T11:05:00Z&step=1h").await,
        [6],
        "half-open, also inside a step"
    );
    assert_eq!(goods("").await, [1, 14], "the last day in hours when nothing is said");
    for bad in [
        "step=2m",
        "step=1M",
        "step=x",
        "from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:00Z",
        "from=x",
        "from=2026-11-01T00:00:00Z&step=1m",
        "to=2026-11-20",
        "from=-009999-01-01T00:00:00Z",
    ] {
        api.get(&format!("{path}?{bad}")).await.problem(400);
    }
    api.get("/indicators/none/measurements").await.problem(404);
}

#[tokio::test]
async fn the_error_budget_explains_itself() {
    let api = Api::new().with_objective().await;
    // SRE Workbook, table 2-4, with an SLA.
    let patch = json!({"target": 0.97, "sla": {"target": 0.95}});
    assert_eq!(api.patch("/objectives/shop", "*", patch).await.status, 200);
    api.post("/indicators/site/measurements", one("2026-11-20T11:59:00Z", 3_557_865, 3_663_253)).await;
    let answer = api.get("/objectives/shop/error-budget").await;
    let json = answer.json();
    let expect = json!({"objective": "shop", "revision": 2, "at": "2026-11-20T12:00:00Z",
        "period": {"start": "2026-10-23T12:00:00Z", "end": "2026-11-20T12:00:00Z", "fullEnd": "2026-11-20T12:00:00Z"},
        "target": 0.97, "sli": 0.971_231_034_274_728, "good": 3_557_865, "total": 3_663_253, "bad": 105_388,
        "budget": {"unit": "events", "total": 109_897.59, "consumed": 105_388, "remaining": 4_509.59,
            "consumedRatio": 0.958_965_524_175_735, "remainingRatio": 0.041_034_475_824_265_1},
        "met": true, "exhausted": false, "status": "warning", "watermark": "2026-11-20T12:00:00Z",
        "sla": {"target": 0.95, "remainingRatio": 0.424_620_685_494_559}});
    for (member, value) in expect.as_object().expect("object") {
        assert_eq!(&json[member], value, "{member}");
    }
    assert_eq!(json["coverage"], json!(0.000_024_801_587_301_587_3));
    let lookbacks: Vec<&str> =
        json["burnRates"].as_array().expect("rates").iter().map(|b| b["lookback"].as_str().expect("text")).collect();
    assert_eq!(lookbacks, ["5m", "30m", "1h", "2h", "6h", "24h", "72h"]);
    assert_eq!(json["burnRates"][0]["burnRate"], json!(0.958_965_524_175_735));
    assert_eq!(json["forecast"]["recovers"][1]["remainingRatio"], json!(0.041_034_475_824_265_1));
    assert!(answer.header("server-timing").contains("calls=2"), "{}", answer.header("server-timing"));
}

#[tokio::test]
async fn without_data_nothing_is_claimed() {
    let api = Api::new().with_objective().await;
    api.post("/indicators/site/measurements", one("2026-11-20T11:00:00Z", 0, 0)).await;
    let json = api.get("/objectives/shop/error-budget").await.json();
    for undefined in ["sli", "met", "watermark", "sla"] {
        assert_eq!(json.get(undefined), Some(&Value::Null), "{undefined}");
    }
    assert_eq!((&json["status"], &json["exhausted"], &json["coverage"]), (&json!("noData"), &json!(false), &json!(0)));
    assert_eq!(
        json["budget"],
        json!({"unit": "events", "total": 0, "consumed": 0, "remaining": 0, "consumedRatio": null, "remainingRatio": null})
    );
    assert_eq!(
        json["burnRates"][0],
        json!({"lookback": "5m", "burnRate": null, "budgetConsumed": null, "timeToExhaustionSeconds": null})
    );
    assert_eq!((&json["forecast"]["burnRate"], &json["forecast"]["exhaustedAt"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn the_past_and_what_if() {
    let api = Api::new().with_objective().await;
    api.post("/indicators/site/measurements", one("2026-11-20T11:00:00Z", 998, 1000)).await;
    let past = api.get("/objectives/shop/error-budget?at=2026-11-20T11:00:00Z").await.json();
    assert_eq!(past["status"], "noData", "the minute at the instant is not yet in");
    let just = api.get("/objectives/shop/error-budget?at=2026-11-20T13:00:00.5%2B02:00").await.json();
    assert_eq!((&just["status"], &just["period"]["end"]), (&json!("exhausted"), &json!("2026-11-20T11:01:00Z")));
    let what_if = api.get("/objectives/shop/error-budget?target=0.99").await.json();
    assert_eq!(
        (&what_if["target"], &what_if["budget"]["remainingRatio"], &what_if["status"]),
        (&json!(0.99), &json!(0.8), &json!("ok"))
    );
    assert_eq!(
        what_if["links"]["self"]["href"],
        "/api/v1/objectives/shop/error-budget?at=2026-11-20T12:00:00Z&target=0.99"
    );
    for bad in [
        "exclusions=no",
        "at=0002-01-01T00:00:00Z",
        "at=2026-11-20T12:00:01Z",
        "at=now",
        "target=1",
        "target=x",
        "when=now",
    ] {
        api.get(&format!("/objectives/shop/error-budget?{bad}")).await.problem(400);
    }
    api.get("/objectives/none/error-budget").await.problem(404);
}

#[tokio::test]
async fn a_created_again_indicator_begins_without_measurements() {
    let api = Api::new().with_objective().await;
    api.post("/indicators/site/measurements", one("2026-11-20T11:00:00Z", 1, 1)).await;
    api.delete("/objectives/shop", "*").await;
    assert_eq!(api.delete("/indicators/site", "*").await.status, 204);
    assert_eq!(api.post("/indicators", indicator("site")).await.header("etag"), "\"3\"");
    assert_eq!(api.post("/objectives", objective("shop")).await.header("etag"), "\"3\"");
    assert_eq!(api.get("/indicators/site/measurements").await.json()["items"], json!([]));
    assert_eq!(api.get("/objectives/shop/error-budget").await.json()["status"], "noData");
}

/// One set of counts, three methods: the published comparison of Nobl9, with its figures made exact.
#[tokio::test]
async fn the_same_counts_by_three_methods() {
    let api = Api::new().with_objective().await;
    let counts = [2, 10, 12, 13, 13, 12, 13, 13, 12, 11].into_iter().zip([4, 10, 12, 13, 14, 15, 14, 13, 12, 11]);
    let minute = |(i, (good, total)): (usize, (u64, u64))| json!({"start": format!("2026-11-20T11:{}:00Z", 50 + i), "good": good, "total": total});
    let batch: Vec<Value> = counts.enumerate().map(minute).collect();
    assert_eq!(api.post("/indicators/site/measurements", json!({"measurements": batch})).await.json()["accepted"], 10);
    let mut body = objective("shop");
    body["target"] = json!(0.95);
    body["timeWindow"] = json!({"duration": "1h", "isRolling": true});
    body["timeSliceTarget"] = json!(0.95);
    for (method, sli, unit, total, consumed) in [
        ("Occurrences", 0.940_677_966_101_695, "events", 5.9, 7.0),
        ("Timeslices", 0.6, "seconds", 180.0, 240.0),
        ("RatioTimeslices", 0.915_714_285_714_286, "seconds", 180.0, 50.571_428_571_428_6),
    ] {
        body["budgetingMethod"] = json!(method);
        let put = api.put("/objectives/shop", "*", body.clone()).await;
        assert_eq!((put.status.as_u16(), &put.json()["budgetingMethod"]), (200, &json!(method)));
        let json = api.get("/objectives/shop/error-budget").await.json();
        assert_eq!((json["sli"].as_f64(), &json["budget"]["unit"]), (Some(sli), &json!(unit)), "{method}");
        let figures = [&json["budget"]["total"], &json["budget"]["consumed"]].map(|figure| figure.as_f64());
        assert_eq!(figures, [Some(total), Some(consumed)], "{method}");
    }
}

#[tokio::test]
async fn missing_slices_mean_what_the_objective_says() {
    let api = Api::new().with_objective().await;
    api.post("/indicators/site/measurements", one("2026-11-20T11:31:00Z", 1, 1)).await;
    let mut body = objective("shop");
    body["timeWindow"] = json!({"duration": "1h", "isRolling": true});
    body["budgetingMethod"] = json!("Timeslices");
    body["timeSliceTarget"] = json!(1);
    body["timeSliceWindow"] = json!("30m");
    for (no_data, sli, status) in [("ignore", 1.0, "ok"), ("good", 1.0, "ok"), ("bad", 0.5, "exhausted")] {
        body["noData"] = json!(no_data);
        assert_eq!(api.put("/objectives/shop", "*", body.clone()).await.status, 200);
        let json = api.get("/objectives/shop/error-budget").await.json();
        assert_eq!(
            (json["sli"].as_f64(), &json["status"], json["coverage"].as_f64()),
            (Some(sli), &json!(status), Some(0.5))
        );
    }
    for (member, wrong, pointer) in [
        ("timeSliceWindow", json!("7m"), "/timeSliceWindow"),
        ("timeSliceWindow", json!("2d"), "/timeSliceWindow"),
        ("timeSliceWindow", json!("40m"), "/timeSliceWindow"),
        ("timeSliceTarget", json!(0), "/timeSliceTarget"),
        ("timeSliceTarget", Value::Null, "/timeSliceTarget"),
        ("noData", json!("maybe"), "/noData"),
    ] {
        let mut bad = body.clone();
        bad[member] = wrong;
        assert_eq!(api.put("/objectives/shop", "*", bad).await.pointers(), [pointer], "{member}");
    }
}

#[tokio::test]
async fn a_calendar_month_of_a_zone() {
    let api = Api::new().with_objective().await;
    api.post("/indicators/site/measurements", one("2026-11-01T04:00:00Z", 1, 2)).await;
    api.post("/indicators/site/measurements", one("2026-11-01T03:59:00Z", 1, 2)).await;
    let mut body = objective("shop");
    body["timeWindow"] = json!({"duration": "1M", "isRolling": false,
        "calendar": {"startTime": "2026-01-01 00:00:00", "timeZone": "America/New_York"}});
    assert_eq!(api.put("/objectives/shop", "*", body).await.status, 200);
    let json = api.get("/objectives/shop/error-budget").await.json();
    assert_eq!(
        json["period"],
        json!({"start": "2026-11-01T04:00:00Z", "end": "2026-11-20T12:00:00Z", "fullEnd": "2026-12-01T05:00:00Z"})
    );
    assert_eq!(json["total"], 2, "the minute before belongs to October");
}

#[tokio::test]
async fn the_worst_budget_comes_first() {
    let api = Api::new().with_objective().await;
    for (name, target) in [("strict", 0.9999), ("loose", 0.9), ("idle", 0.5)] {
        let mut body = objective(name);
        body["target"] = json!(target);
        if name == "idle" {
            assert_eq!(api.post("/indicators", indicator("other")).await.status, 201);
            body["indicator"] = json!("other");
        }
        assert_eq!(api.post("/objectives", body).await.status, 201);
    }
    api.post("/indicators/site/measurements", one("2026-11-20T11:00:00Z", 9_992, 10_000)).await;
    let names = async |query: &str| {
        let json = api.get(&format!("/error-budgets{query}")).await.json();
        let items = json["items"].as_array().expect("items").iter();
        items.map(|item| item["objective"].as_str().expect("name").to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("").await, "strict shop loose idle");
    assert_eq!(names("?status=warning").await, "shop");
    assert_eq!(names("?service=none").await, "");
    assert_eq!(names("?limit=2").await, "loose idle", "a page is made by name, then sorted");
    assert_eq!(names("?at=2026-11-20T11:00:00Z&status=noData").await, "idle loose shop strict");
    for bad in ["status=fine", "at=2027-01-01T00:00:00Z", "limit=0"] {
        api.get(&format!("/error-budgets?{bad}")).await.problem(400);
    }
    let batch = api.post("/error-budgets:batchGet", json!({"objectives": ["shop", "none", "loose"]})).await.json();
    let items = batch["items"].as_array().expect("items");
    assert_eq!((&items[0]["objective"], &items[0]["status"]), (&json!("shop"), &json!("warning")));
    assert_eq!((&items[1]["objective"], &items[1]["error"]["status"]), (&json!("none"), &json!(404)));
    assert_eq!(items[2], api.get("/objectives/loose/error-budget").await.json());
    for (bad, pointer) in [
        (json!({"objectives": []}), "/objectives"),
        (json!({"objectives": ["A"]}), "/objectives/0"),
        (json!({"objectives": ["a"], "at": "2027-01-01T00:00:00Z"}), "/at"),
        (json!({"objectives": vec!["a"; 101]}), "/objectives"),
    ] {
        assert_eq!(api.post("/error-budgets:batchGet", bad).await.pointers(), [pointer]);
    }
}
