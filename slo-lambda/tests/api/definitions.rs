//! `/indicators`, `/objectives`, `/services`, `/users`: create, read, replace, patch, delete, list.

use crate::common::{Api, NOW, indicator, objective, user};
use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn post_creates_once() {
    let api = Api::new();
    let created = api.post("/indicators", indicator("site")).await;
    assert_eq!(
        (created.status.as_u16(), created.header("location"), created.header("etag")),
        (201, "/api/v1/indicators/site", "\"1\"")
    );
    let json = created.json();
    assert_eq!((&json["createdAt"], &json["revision"]), (&json!(NOW), &json!(1)));
    let again = api.post("/indicators", indicator("site")).await.problem(409);
    assert_eq!(again["links"]["existing"], json!({"method": "GET", "href": "/api/v1/indicators/site"}));
}

#[tokio::test]
async fn every_member_comes_back_as_it_was_written() {
    let api = Api::new();
    let mut full = json!({"name": "latency", "displayName": "Latency", "description": "Wie schnell?\n\"Sehr\".", "service": "web",
        "kind": "threshold", "unit": "ms", "threshold": {"op": "lte", "value": 300.25},
        "metricSource": {"threshold": {"type": "Prometheus", "spec": {"query": "x", "big": 12345678901234567890_u64}}},
        "labels": {"team": "a b", "tier": "1"}, "owner": "ana"});
    assert_eq!(api.post("/indicators", full.clone()).await.status, 201);
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    expect_same(&full, &api.get("/indicators/latency").await.json());

    full = json!({"name": "shop", "displayName": "Shop", "description": "Checkout works", "service": "web", "indicator": "latency",
        "target": 0.999999999, "timeWindow": {"duration": "4w", "isRolling": true}, "budgetingMethod": "Occurrences",
        "warningThreshold": 0.1, "owners": ["ana"], "sla": {"target": 0.9, "description": "Contract 7"},
        "alertPolicy": {"conditions": [
            {"severity": "page", "longWindow": "1h", "shortWindow": "5m", "threshold": 14.4, "minimumEvents": 100},
            {"severity": "ticket", "longWindow": "3d", "shortWindow": "6h", "budgetFraction": 0.1}], "coverageFloor": 0.8},
        "labels": {"tier": "1"}});
    assert_eq!(api.post("/objectives", full.clone()).await.status, 201);
    expect_same(&full, &api.get("/objectives/shop").await.json());
    expect_same(&user("ana"), &api.get("/users/ana").await.json());

    full =
        json!({"name": "web", "displayName": "The shop", "description": "Sells.\nAlways.", "labels": {"team": "a b"}});
    assert_eq!(api.post("/services", full.clone()).await.status, 201);
    expect_same(&full, &api.get("/services/web").await.json());
}

#[track_caller]
fn expect_same(written: &Value, read: &Value) {
    for (member, value) in written.as_object().expect("object") {
        assert_eq!(&read[member], value, "{member}");
    }
}

#[tokio::test]
async fn a_target_keeps_its_exact_text() {
    let api = Api::new().with_objective().await;
    let send = async |target: &str, name: &str| {
        let body = objective(name).to_string().replace("0.999", target);
        api.send(Method::POST, "/api/v1/objectives", &[("content-type", "application/json")], body).await
    };
    assert!(send("0.999999999", "a").await.text.contains("\"target\":0.999999999,"));
    assert!(send("\"0.97\"", "b").await.text.contains("\"target\":0.97,"));
    assert!(send("0.9990000000000000000000", "c").await.text.contains("\"target\":0.999,"));
    for bad in ["0.9999999999", "0.99999999999999999999", "1", "1.0", "0", "-0.5", "\"99.9%\"", "\"\""] {
        assert_eq!(send(bad, "d").await.pointers(), ["/target"], "{bad}");
    }
}

#[tokio::test]
async fn put_creates_and_replaces_under_its_etag() {
    let api = Api::new();
    let mut body = indicator("site");
    let created = api.put("/indicators/site", "", body.clone()).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, "/api/v1/indicators/site"));
    let required = api.put("/indicators/site", "", body.clone()).await.problem(428);
    assert_eq!(required["current"], 1);
    body["displayName"] = json!("Site");
    let replaced = api.put("/indicators/site", "\"1\"", body.clone()).await;
    assert_eq!((replaced.status.as_u16(), replaced.header("etag")), (200, "\"2\""));
    let stale = api.put("/indicators/site", "\"1\"", body.clone()).await.problem(412);
    assert_eq!(stale["current"], 2);
    assert_eq!(api.put("/indicators/site", "*", body.clone()).await.status, 200);
    assert_eq!(api.put("/indicators/site", "\"7\", \"3\"", body.clone()).await.status, 200);
    api.put("/indicators/site", "W/\"4\"", body.clone()).await.problem(412);
    api.put("/indicators/site", "\"abc\"", body.clone()).await.problem(412);
    api.put("/indicators/site", "4", body.clone()).await.problem(400);
    api.put("/indicators/other", "\"1\"", indicator("other")).await.problem(412);
    api.put("/indicators/other", "*", indicator("other")).await.problem(412);
    let only_new = [("content-type", "application/json"), ("if-none-match", "*")];
    let exists = api.send(Method::PUT, "/api/v1/indicators/site", &only_new, indicator("site").to_string()).await;
    exists.problem(412);
}

#[tokio::test]
async fn put_takes_the_name_from_the_path_and_what_was_read_may_be_sent_back() {
    let api = Api::new().with_objective().await;
    let mut read = api.get("/objectives/shop").await.json();
    assert_eq!(api.put("/objectives/shop", "\"1\"", read.clone()).await.status, 200);
    read["name"] = json!("other");
    assert_eq!(api.put("/objectives/shop", "\"2\"", read.clone()).await.pointers(), ["/name"]);
    read.as_object_mut().expect("object").remove("name");
    assert_eq!(api.put("/objectives/shop", "\"2\"", read).await.status, 200);
    assert_eq!(api.put("/objectives/Shop", "", objective("shop")).await.pointers(), ["/name"]);
}

#[tokio::test]
async fn patch_merges() {
    let api = Api::new().with_objective().await;
    api.patch("/objectives/shop", "", json!({"target": 0.99})).await.problem(428);
    api.patch("/objectives/none", "", json!({"target": 0.99})).await.problem(404);
    api.patch("/objectives/none", "*", json!({"target": 0.99})).await.problem(412);
    let patched = api.patch("/objectives/shop", "\"1\"", json!({"target": 0.99, "description": "Now easier"})).await;
    assert_eq!((patched.status.as_u16(), patched.header("etag")), (200, "\"2\""));
    assert_eq!((&patched.json()["target"], &patched.json()["description"]), (&json!(0.99), &json!("Now easier")));
    let cleared = api.patch("/objectives/shop", "*", json!({"description": null})).await.json();
    assert_eq!((&cleared["description"], &cleared["revision"]), (&Value::Null, &json!(3)));
    api.patch("/objectives/shop", "\"1\"", json!({"target": 0.9})).await.problem(412);
    assert_eq!(api.patch("/objectives/shop", "*", json!({"service": null})).await.pointers(), ["/service"]);
    assert_eq!(api.patch("/objectives/shop", "*", json!({"name": "other"})).await.pointers(), ["/name"]);
    assert_eq!(
        api.patch("/objectives/shop", "*", json!({"timeWindow": {"duration": "1M"}})).await.pointers(),
        ["/timeWindow/duration"]
    );
    assert_eq!(api.patch("/objectives/shop", "*", json!(["target"])).await.pointers(), [""]);
    let twice = [("content-type", "application/json"), ("if-match", "*")];
    let twice = api
        .send(
            Method::PATCH,
            "/api/v1/objectives/shop",
            &twice,
            r#"{"service":"a","service":"b","sla":{"target":0.1,"target":0.2}}"#,
        )
        .await;
    assert_eq!(twice.pointers(), ["/service", "/sla/target"]);
    let merge = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
    assert_eq!(api.send(Method::PATCH, "/api/v1/objectives/shop", &merge, r#"{"target":0.95}"#).await.status, 200);
}

#[tokio::test]
async fn delete_needs_its_etag_and_the_count_goes_on() {
    let api = Api::new();
    api.delete("/users/ana", "").await.problem(404);
    api.delete("/users/ana", "\"1\"").await.problem(412);
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    api.delete("/users/ana", "").await.problem(428);
    api.delete("/users/ana", "\"2\"").await.problem(412);
    let deleted = api.delete("/users/ana", "\"1\"").await;
    assert_eq!((deleted.status.as_u16(), deleted.text.as_str()), (204, ""));
    api.get("/users/ana").await.problem(404);
    assert_eq!(api.post("/users", user("ana")).await.header("etag"), "\"3\"", "an old tag never matches");
}

#[tokio::test]
async fn conditions_that_hold_and_that_do_not() {
    let api = Api::new().with_objective().await;
    let put = async |condition: &str, tags: &str, extra: &[(&str, &str)]| {
        let headers = [&[("content-type", "application/json"), (condition, tags)], extra].concat();
        api.send(Method::PUT, "/api/v1/objectives/shop", &headers, objective("shop").to_string()).await
    };
    assert_eq!(put("if-none-match", "\"99\"", &[("if-match", "*")]).await.status, 200, "it is not in revision 99");
    put("if-none-match", "\"2\"", &[("if-match", "*")]).await.problem(412);
    put("if-none-match", "\"99\"", &[]).await.problem(428);
    let delete = |path: &'static str| api.send(Method::DELETE, path, &[("if-none-match", "*")], Body::empty());
    delete("/api/v1/indicators/ghost").await.problem(404);
    delete("/api/v1/objectives/shop").await.problem(428);
    assert_eq!(api.put("/indicators/ghost", "", indicator("ghost")).await.header("etag"), "\"1\"");
}

#[tokio::test]
async fn parameters_that_do_not_exist_change_nothing() {
    let api = Api::new().with_objective().await;
    let faults = api.post("/indicators?dryRun=true&x=1", indicator("new")).await.problem(400)["errors"].clone();
    assert_eq!((&faults[0]["parameter"], &faults[1]["parameter"]), (&json!("dryRun"), &json!("x")));
    api.put("/indicators/site?dry=true", "*", indicator("site")).await.problem(400);
    api.patch("/indicators/site?dryRun=true", "*", json!({})).await.problem(400);
    api.delete("/objectives/shop?dryRun=true", "*").await.problem(400);
    api.get("/objectives/shop?dryRun=true").await.problem(400);
    api.get("?dryRun=true").await.problem(400);
    assert_eq!(api.get("/objectives/shop").await.header("etag"), "\"1\"");
    api.get("/indicators/new").await.problem(404);
}

#[tokio::test]
async fn an_owner_of_objectives_stays() {
    let api = Api::new().with_objective().await;
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    assert_eq!(api.patch("/objectives/shop", "*", json!({"owners": ["ana"]})).await.status, 200);
    assert_eq!(api.delete("/users/ana", "*").await.problem(409)["objectives"], json!(["shop"]));
    assert_eq!(api.patch("/objectives/shop", "*", json!({"owners": null})).await.status, 200);
    assert_eq!(api.delete("/users/ana", "*").await.status, 204);
}

#[tokio::test]
async fn an_indicator_in_use_stays() {
    let api = Api::new().with_objective().await;
    let problem = api.delete("/indicators/site", "*").await.problem(409);
    assert_eq!(problem["objectives"], json!(["shop"]));
    assert_eq!(api.delete("/objectives/shop", "*").await.status, 204);
    assert_eq!(api.delete("/indicators/site", "*").await.status, 204);
}

#[tokio::test]
async fn get_honours_if_none_match() {
    let api = Api::new().with_objective().await;
    let get = async |tags: &str| {
        api.send(Method::GET, "/api/v1/objectives/shop", &[("if-none-match", tags)], Body::empty()).await
    };
    for unchanged in ["\"1\"", "W/\"1\"", "*", "\"9\", \"1\""] {
        let answer = get(unchanged).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag"), answer.text.as_str()),
            (304, "\"1\"", ""),
            "{unchanged}"
        );
    }
    assert_eq!(get("\"2\"").await.status, 200);
}

#[tokio::test]
async fn lists_page_in_order_of_name() {
    let api = Api::new();
    for i in (0..7).rev() {
        let mut body = indicator(&format!("i{i}"));
        body["labels"] = json!({"tier": (i % 2).to_string()});
        body["service"] = json!(if i < 5 { "web" } else { "db" });
        assert_eq!(api.post("/indicators", body).await.status, 201);
    }
    let first = api.get("/indicators?limit=5&service=web&label=tier:0").await.json();
    assert_eq!(first["links"]["self"]["href"], "/api/v1/indicators?limit=5&service=web&label=tier:0");
    assert_eq!(first["links"]["next"], Value::Null);
    let first = api.get("/indicators?service=web&limit=2").await.json();
    let next = first["links"]["next"]["href"].as_str().and_then(|href| href.strip_prefix("/api/v1")).expect("more");
    let second = api.get(next).await.json();
    assert_eq!(second["items"][0]["name"], "i2");
    assert_eq!(second["links"]["self"]["href"], format!("/api/v1{next}"));
    let names = async |query: &str| {
        let (mut names, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/indicators?{query}{cursor}")).await.json();
            let items = page["items"].as_array().expect("items");
            assert!(items.len() <= 3);
            names.extend(items.iter().map(|item| item["name"].as_str().expect("name").to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return names.join(" "),
            }
        }
    };
    assert_eq!(names("limit=3").await, "i0 i1 i2 i3 i4 i5 i6");
    assert_eq!(names("limit=1&label=tier:1").await, "i1 i3 i5");
    assert_eq!(names("limit=2&service=web&label=tier:0").await, "i0 i2 i4");
    assert_eq!(names("limit=3&owner=nobody").await, "");
}

#[tokio::test]
async fn a_cursor_is_good_for_its_list_only() {
    let api = Api::new();
    for name in ["a", "b"] {
        assert_eq!(api.post("/indicators", indicator(name)).await.status, 201);
    }
    let page = api.get("/indicators?limit=1").await.json();
    let cursor = page["next"].as_str().expect("more");
    api.get(&format!("/users?cursor={cursor}")).await.problem(400);
    api.get(&format!("/indicators?service=web&cursor={cursor}")).await.problem(400);
    api.get(&format!("/indicators?cursor={}A", &cursor[..cursor.len() - 1])).await.problem(400);
    api.get("/indicators?cursor=b").await.problem(400);
    for bad in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1&limit=2",
        "label=tier",
        "service=Web",
        "lmit=1",
    ] {
        api.get(&format!("/indicators?{bad}")).await.problem(400);
    }
    let faults = api.get("/indicators?limit=0&service=W&label=x").await.problem(400);
    assert_eq!(faults["errors"].as_array().map(Vec::len), Some(3), "every fault at once: {faults}");
}

#[tokio::test]
async fn every_fault_of_a_body_is_named_at_once_and_nothing_is_stored() {
    let api = Api::new().with_objective().await;
    let bad = json!({"name": "Bad Name", "service": 7, "indicator": "nowhere", "target": 1.5, "colour": "red", "a/b": 1,
        "timeWindow": {"duration": "28d", "isRolling": "yes", "zone": "UTC"}, "budgetingMethod": "Guessing",
        "owners": ["ana", 3], "labels": {"ok": "1", "bad key": "x", "n": 1}, "warningThreshold": 2});
    let answer = api.post("/objectives", bad).await;
    assert_eq!(
        answer.pointers(),
        [
            "/a~1b",
            "/budgetingMethod",
            "/colour",
            "/indicator",
            "/labels/bad key",
            "/labels/n",
            "/name",
            "/owners/1",
            "/service",
            "/target",
            "/timeWindow/isRolling",
            "/timeWindow/zone",
            "/warningThreshold"
        ]
    );
    let mut bad = objective("new");
    bad["indicator"] = json!("nowhere");
    bad["owners"] = json!(["ana"]);
    bad["sla"] = json!({"target": 0.999});
    assert_eq!(api.post("/objectives", bad.clone()).await.pointers(), ["/indicator", "/owners/0", "/target"]);
    bad["displayName"] = json!(5);
    bad["timeWindow"] = json!(7);
    let all = ["/displayName", "/indicator", "/owners/0", "/target", "/timeWindow"];
    assert_eq!(api.post("/objectives", bad).await.pointers(), all, "rules and references are judged beside bad types");
    let mut bad = objective("new");
    bad["indicator"] = json!("nowhere");
    bad["owners"] = json!(["ana"]);
    assert_eq!(api.post("/objectives", bad).await.pointers(), ["/indicator", "/owners/0"]);
    assert_eq!(api.get("/objectives").await.json()["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        api.post("/users", json!({"name": "x"})).await.pointers(),
        ["/access", "/displayName", "/email", "/role"]
    );
    assert_eq!(api.post("/users", json!([])).await.pointers(), [""]);
    let twice = r#"{"name":"a","name":"b","service":"web","kind":"ratio"}"#;
    let answer = api.send(Method::POST, "/api/v1/indicators", &[("content-type", "application/json")], twice).await;
    assert_eq!(answer.pointers(), ["/name"]);
}

#[tokio::test]
async fn rules_between_members() {
    let api = Api::new().with_objective().await;
    let with = |member: &str, value: Value| {
        let mut body = objective("new");
        body[member] = value;
        body
    };
    let window = |duration: &str, rolling: bool, calendar: Value| json!({"duration": duration, "isRolling": rolling, "calendar": calendar});
    let berlin = json!({"startTime": "2026-01-05 00:00:00", "timeZone": "Europe/Berlin"});
    for (body, pointer) in [
        (with("timeWindow", window("1M", true, Value::Null)), "/timeWindow/duration"),
        (with("timeWindow", window("367d", true, Value::Null)), "/timeWindow/duration"),
        (with("timeWindow", window("30m", true, Value::Null)), "/timeWindow/duration"),
        (with("timeWindow", window("2M", false, berlin.clone())), "/timeWindow/duration"),
        (with("timeWindow", window("1M", false, Value::Null)), "/timeWindow/calendar"),
        (with("timeWindow", window("28d", true, berlin.clone())), "/timeWindow/calendar"),
        (
            with("timeWindow", window("1M", false, json!({"startTime": "soon", "timeZone": "UTC"}))),
            "/timeWindow/calendar/startTime",
        ),
        (
            with(
                "timeWindow",
                window("1M", false, json!({"startTime": "2026-01-05 00:00:00", "timeZone": "Mars/Base"})),
            ),
            "/timeWindow/calendar/timeZone",
        ),
        (with("sla", json!({"target": 0.9995})), "/target"),
        (with("owners", json!(["nobody"])), "/owners/0"),
        (
            with(
                "alertPolicy",
                json!({"conditions": [{"severity": "page", "longWindow": "1h", "shortWindow": "5m", "threshold": 1000}]}),
            ),
            "/alertPolicy/conditions/0/threshold",
        ),
        (
            with(
                "alertPolicy",
                json!({"conditions": [{"severity": "page", "longWindow": "5m", "shortWindow": "1h", "threshold": 2}]}),
            ),
            "/alertPolicy/conditions/0/shortWindow",
        ),
    ] {
        assert_eq!(api.post("/objectives", body.clone()).await.pointers(), [pointer], "{body}");
    }
    assert_eq!(api.post("/objectives", with("timeWindow", window("1M", false, berlin))).await.status, 201);
    let mut threshold = indicator("latency");
    threshold["kind"] = json!("threshold");
    assert_eq!(api.post("/indicators", threshold.clone()).await.pointers(), ["/threshold"]);
    let mut long = indicator("long");
    long["metricSource"] = json!({"good": {"type": "Prometheus", "spec": {"query": "x".repeat(20_000)}}});
    assert_eq!(api.post("/indicators", long).await.pointers(), ["/metricSource/good/spec"]);
    let owners: Vec<String> = (0..21).map(|i| format!("o{i}")).collect();
    assert_eq!(api.post("/objectives", with("owners", json!(owners))).await.pointers(), ["/owners"]);
    threshold["kind"] = json!("ratio");
    threshold["threshold"] = json!({"op": "lt", "value": "0.3"});
    assert_eq!(api.post("/indicators", threshold).await.pointers(), ["/threshold"]);
}

#[tokio::test]
async fn revisions_tell_what_it_said() {
    let api = Api::new().with_objective().await;
    api.patch("/objectives/shop", "*", json!({"target": 0.99})).await;
    api.delete("/objectives/shop", "*").await;
    let page = api.get("/objectives/shop/revisions?limit=2").await.json();
    let items = page["items"].as_array().expect("items");
    assert_eq!(
        (&items[0]["revision"], &items[0]["objective"], &items[0]["by"]),
        (&json!(3), &Value::Null, &Value::Null)
    );
    assert_eq!((&items[1]["revision"], &items[1]["objective"]["target"]), (&json!(2), &json!(0.99)));
    let next = page["next"].as_str().expect("more");
    let rest = format!("/api/v1/objectives/shop/revisions?limit=2&cursor={next}");
    assert_eq!(page["links"]["next"]["href"], rest);
    let last = api.get(&format!("/objectives/shop/revisions?limit=2&cursor={next}")).await.json();
    assert_eq!((&last["items"][0]["objective"]["target"], &last["next"]), (&json!(0.999), &Value::Null));
    api.get("/objectives/none/revisions").await.problem(404);
}

#[tokio::test]
async fn links_can_be_followed_under_any_base_path() {
    let api = Api::new().with_objective().await.under("/prod");
    let item = api.get("/objectives/shop").await.json();
    assert_eq!(item["links"]["errorBudget"]["href"], "/prod/api/v1/objectives/shop/error-budget");
    let body = |rel: &str| item["links"][rel]["body"].clone();
    assert_eq!(body("replace")["required"], json!(["service", "indicator", "target", "timeWindow", "budgetingMethod"]));
    assert_eq!(body("patch")["required"], Value::Null);
    assert_eq!(body("replace")["properties"]["revision"], Value::Null, "what only answers carry is not asked for");
    let schema = &item["links"]["replace"]["body"];
    assert_eq!(
        schema["properties"]["timeWindow"]["properties"]["isRolling"]["type"], "boolean",
        "the schema stands by itself"
    );
    let created = api.post("/indicators", indicator("other")).await;
    assert_eq!(created.header("location"), "/prod/api/v1/indicators/other");
    assert_eq!(api.get("/nowhere").await.problem(404)["links"]["api"]["href"], "/prod/api/v1");
    for start in [
        "",
        "/indicators",
        "/indicators/site",
        "/objectives/shop",
        "/objectives/shop/error-budget",
        "/objectives/shop/revisions",
    ] {
        let links = api.get(start).await.json()["links"].clone();
        for (rel, link) in links.as_object().expect("links") {
            if link["method"] == "GET" {
                let path = link["href"].as_str().expect("href").strip_prefix("/prod").expect("base");
                let answer = api.send(Method::GET, path, &[], Body::empty()).await;
                assert_eq!(answer.status, 200, "{rel} of {start}: {path}");
            }
        }
    }
}
