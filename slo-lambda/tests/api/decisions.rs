//! `/policy` and `/decisions`

use serde_json::{Value, json};
use slo_core::{DecisionFilter, Service};

use crate::common::{Api, NOW, indicator, objective};

/// `shop` has spent twice its budget an hour ago, `idle` has no data, both of `web`; `calm` of `api` has all of its.
async fn api(service: Service) -> Api {
    let api = Api::with(service);
    for name in ["site", "other", "quiet"] {
        assert_eq!(api.post("/indicators", indicator(name)).await.status, 201);
    }
    let mut idle = objective("idle");
    idle["indicator"] = json!("quiet");
    let mut calm = objective("calm");
    (calm["indicator"], calm["service"]) = (json!("other"), json!("api"));
    for body in [objective("shop"), idle, calm] {
        assert_eq!(api.post("/objectives", body).await.status, 201);
    }
    for (name, bad) in [("site", 20), ("other", 0)] {
        let batch = json!({"measurements": [{"start": "2026-11-19T00:00:00Z", "good": 10_000 - bad, "total": 10_000}]});
        assert_eq!(api.post(&format!("/indicators/{name}/measurements"), batch).await.status, 200);
    }
    api
}

fn ask(objectives: &[&str], kind: &str) -> Value {
    json!({"objectives": objectives, "change": {"kind": kind}})
}

async fn decide(api: &Api, body: Value) -> Value {
    let answer = api.post("/decisions", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let json = answer.json();
    assert_eq!(answer.header("location"), json["links"]["self"]["href"]);
    json
}

#[tokio::test]
async fn an_exhausted_budget_holds_features_and_lets_security_pass() {
    let api = api(Service::in_memory()).await;
    for (kind, verdict) in [("feature", "hold"), ("fix", "caution"), ("reliability", "ship"), ("security", "ship")] {
        let decision = decide(&api, ask(&["shop"], kind)).await;
        assert_eq!((&decision["verdict"], &decision["effectiveVerdict"]), (&json!(verdict), &json!(verdict)), "{kind}");
    }
    let described =
        json!({"objectives": ["calm", "shop"], "change": {"kind": "feature", "description": "A new checkout"}});
    let mut decision = decide(&api, described).await;
    let id = decision["id"].as_str().expect("an id").to_owned();
    assert_eq!(api.get(&format!("/decisions/{id}")).await.json(), decision);
    let members = decision.as_object_mut().expect("an object");
    let links = members.remove("links").expect("links");
    assert_eq!(links["override"]["href"], format!("/api/v1/decisions/{id}/override"));
    assert!(links["override"]["body"]["properties"]["expiresAt"].is_object());
    members.remove("id");
    let start = "2026-11-19T00:00:00Z";
    assert_eq!(
        decision,
        json!({"verdict": "hold", "effectiveVerdict": "hold", "objectives": ["calm", "shop"],
            "change": {"kind": "feature", "description": "A new checkout"}, "at": NOW, "decidedAt": NOW, "by": null,
            "policyRevision": 0, "overrides": [],
            "reasons": [{"objective": "shop", "rule": "exhausted", "verdict": "hold", "observed": "exhausted",
                "limit": "exhausted", "detail": "shop has exhausted its budget: 200 % of it is used"}],
            "postmortemRequired":
                [{"objective": "shop", "start": start, "end": "2026-11-19T00:01:00Z", "share": 2}]})
    );
}

#[tokio::test]
async fn a_service_is_all_of_its_objectives_and_the_past_can_be_judged() {
    let api = api(Service::in_memory()).await;
    let web = decide(&api, json!({"service": "web", "change": {"kind": "feature"}})).await;
    assert_eq!((&web["objectives"], &web["service"]), (&json!(["idle", "shop"]), &json!("web")));
    let rules: Vec<&Value> = web["reasons"].as_array().expect("reasons").iter().map(|r| &r["rule"]).collect();
    assert_eq!(rules, ["no-data", "exhausted"]);
    assert_eq!(web["verdict"], "hold");
    let mut past = ask(&["shop"], "feature");
    past["at"] = json!("2026-11-18T00:00:00Z");
    let past = decide(&api, past).await;
    assert_eq!(
        (&past["verdict"], &past["at"], &past["decidedAt"]),
        (&json!("caution"), &json!("2026-11-18T00:00:00Z"), &json!(NOW))
    );
    assert_eq!(past["reasons"][0]["rule"], "no-data");
    // Just then, and a minute.
    let mut page = ask(&["shop"], "security");
    page["at"] = json!("2026-11-19T00:02:00Z");
    let page = decide(&api, page).await;
    let reason = &page["reasons"][0];
    assert_eq!(
        (&page["verdict"], &reason["rule"], &reason["limit"]),
        (&json!("ship"), &Value::Null, &Value::Null),
        "burns at 2"
    );
}

#[tokio::test]
async fn an_aspirational_objective_informs() {
    let api = api(Service::in_memory()).await;
    assert_eq!(api.patch("/objectives/shop", "*", json!({"aspirational": true})).await.json()["aspirational"], true);
    let decision = decide(&api, ask(&["shop"], "feature")).await;
    assert_eq!((&decision["verdict"], &decision["reasons"][0]["verdict"]), (&json!("ship"), &json!("hold")));
    assert_eq!(decision["reasons"][0]["aspirational"], true);
    let patched = api.patch("/objectives/shop", "*", json!({"aspirational": false})).await.json();
    assert_eq!(patched["aspirational"], Value::Null, "what is false stays absent");
}

#[tokio::test]
async fn every_fault_of_a_question_is_told_at_once() {
    let api = api(Service::in_memory()).await;
    let pointers = async |body: Value| api.post("/decisions", body).await.pointers();
    let wrong = json!({"objectives": ["shop", "nobody", "shop"], "service": "web", "at": "2026-11-20T12:00:01Z",
        "change": {"kind": "wish", "colour": "red"}, "more": 1});
    assert_eq!(pointers(wrong).await, ["/at", "/change/colour", "/change/kind", "/more", "/service"]);
    let unknown = json!({"objectives": ["shop", "nobody", "shop"], "at": "2026-11-20T12:00:01Z", "change": {}});
    assert_eq!(pointers(unknown).await, ["/at", "/change/kind", "/objectives/1", "/objectives/2"]);
    assert_eq!(pointers(json!({"change": {"kind": "fix"}})).await, ["/objectives"]);
    assert_eq!(pointers(ask(&[], "fix")).await, ["/objectives"]);
    let many: Vec<String> = (0..51).map(|i| format!("o-{i}")).collect();
    assert_eq!(pointers(json!({"objectives": many, "change": {"kind": "fix"}})).await, ["/objectives"]);
    assert_eq!(pointers(json!({"service": "nobody", "change": {"kind": "fix"}})).await, ["/service"]);
    assert_eq!(api.get("/decisions").await.json()["items"], json!([]), "nothing was kept");
    for id in ["nobody", "01a1f8d3-ea7b-7707-8707-070707070707"] {
        let problem = api.get(&format!("/decisions/{id}")).await.problem(404);
        assert_eq!(problem["links"]["decisions"]["href"], "/api/v1/decisions");
    }
}

#[tokio::test]
async fn decisions_are_listed_and_filtered() {
    let api = api(Service::in_memory()).await;
    let mut ids = Vec::new();
    for (objective, kind) in [("shop", "feature"), ("calm", "feature"), ("shop", "fix"), ("idle", "fix")] {
        ids.push(decide(&api, ask(&[objective], kind)).await["id"].as_str().expect("an id").to_owned());
    }
    // All are of one millisecond, so their order is that of chance.
    ids.sort();
    ids.reverse();
    let list = async |query: &str| -> Vec<Value> {
        let answer = api.get(&format!("/decisions{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["items"].as_array().expect("items").clone()
    };
    let all: Vec<Value> = list("").await.iter().map(|item| item["id"].clone()).collect();
    assert_eq!(all, ids);
    for (query, count) in [
        ("?objective=shop", 2),
        ("?verdict=caution", 2),
        ("?verdict=hold", 1),
        ("?objective=shop&verdict=caution", 1),
        ("?objective=nobody", 0),
        ("?from=2026-11-20T12:00:00Z", 4),
        ("?to=2026-11-20T12:00:00Z", 0),
        ("?from=2026-11-20T12:00:01Z", 0),
        ("?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", 4),
    ] {
        assert_eq!(list(query).await.len(), count, "{query}");
    }
    let first = api.get("/decisions?limit=3").await.json();
    let next =
        first["links"]["next"]["href"].as_str().expect("a link").strip_prefix("/api/v1").expect("ours").to_owned();
    let second = api.get(&next).await.json();
    assert_eq!((second["items"][0]["id"].as_str(), &second["next"]), (Some(ids[3].as_str()), &Value::Null));
    let cursor = first["next"].as_str().expect("a cursor");
    api.get(&format!("/decisions?verdict=hold&cursor={cursor}")).await.problem(400);
    api.get("/decisions?verdict=maybe").await.problem(400);
    api.get("/decisions?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z").await.problem(400);
    let shop = api.get("/objectives/shop").await.json();
    assert_eq!(shop["links"]["decisions"]["href"], "/api/v1/decisions?objective=shop");
}

#[tokio::test]
async fn overrides_stand_beside_the_decision() {
    let api = api(Service::in_memory()).await;
    let decision = decide(&api, ask(&["shop"], "feature")).await;
    let path = format!("/decisions/{}", decision["id"].as_str().expect("an id"));
    let over = format!("{path}/override");
    assert_eq!(
        api.post(&over, json!({"verdict": "go", "more": 1})).await.pointers(),
        ["/expiresAt", "/more", "/reason", "/verdict"]
    );
    for expires in [NOW, "2026-11-20T11:59:59Z", "2027-02-18T12:00:01Z"] {
        let body = json!({"verdict": "ship", "reason": "it ends the outage", "expiresAt": expires});
        assert_eq!(api.post(&over, body).await.pointers(), ["/expiresAt"], "{expires}");
    }
    // Ninety days.
    let body = json!({"verdict": "ship", "reason": "it ends the outage", "expiresAt": "2027-02-18T12:00:00Z"});
    let answer = api.post(&over, body.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (201, format!("/api/v1{path}").as_str()));
    let overridden = answer.json();
    assert_eq!((&overridden["verdict"], &overridden["effectiveVerdict"]), (&json!("hold"), &json!("ship")));
    assert_eq!(overridden["overrides"][0]["reason"], "it ends the outage");
    assert_eq!(
        (&overridden["overrides"][0]["by"], &overridden["overrides"][0]["grantedAt"]),
        (&Value::Null, &json!(NOW))
    );
    assert_eq!(api.get(&path).await.json(), overridden);
    assert_eq!(api.get("/decisions?verdict=hold").await.json()["items"][0]["effectiveVerdict"], "ship");
    api.post("/decisions/01a1f8d3-ea7b-7707-8707-070707070707/override", body).await.problem(404);
}

#[tokio::test]
async fn the_policy_is_versioned_and_its_default_has_revision_0() {
    let api = api(Service::in_memory()).await;
    let answer = api.get("/policy").await;
    let mut policy = answer.json();
    assert_eq!((answer.header("etag"), &policy["revision"]), ("\"0\"", &json!(0)));
    let same = api.send(http::Method::GET, "/api/v1/policy", &[("if-none-match", "\"0\"")], "").await;
    assert_eq!((same.status.as_u16(), same.text.as_str()), (304, ""));
    let names: Vec<&Value> = policy["rules"].as_array().expect("rules").iter().map(|rule| &rule["name"]).collect();
    assert_eq!(names, ["exhausted", "exhausted-fix", "page-alert", "warning", "no-data"]);

    // Every type of condition, as it was read.
    policy["rules"] = json!([
        {"name": "low", "changes": ["feature"], "condition": {"type": "remainingRatio", "op": "lte", "value": 0.1}, "verdict": "hold"},
        {"name": "fast", "changes": ["fix"], "condition": {"type": "burnRate", "lookback": "72h", "op": "gt", "value": 1.5}, "verdict": "caution"},
        {"name": "soon", "changes": ["feature"], "condition": {"type": "timeToExhaustion", "lookback": "24h", "shorterThan": "3d"}, "verdict": "caution"},
        {"name": "ticket", "changes": ["security"], "condition": {"type": "alert", "severity": "ticket"}, "verdict": "caution"},
        {"name": "large", "changes": ["feature"], "condition": {"type": "incidentShare", "value": 0.2}, "verdict": "caution"},
        {"name": "blind", "changes": ["reliability"], "condition": {"type": "coverage", "value": 0.9}, "verdict": "caution"},
        {"name": "state", "changes": ["fix", "feature"], "condition": {"type": "status", "in": ["exhausted", "noData"]}, "verdict": "hold"}]);
    assert_eq!(api.put("/policy", "\"3\"", policy.clone()).await.status, 412);
    let put = api.put("/policy", "\"0\"", policy.clone()).await;
    assert_eq!(
        (put.status.as_u16(), put.header("etag"), put.header("location")),
        (201, "\"1\"", "/api/v1/policy"),
        "{}",
        put.text
    );
    assert_eq!(put.json()["rules"], policy["rules"]);
    assert_eq!(api.get("/policy").await.json(), put.json());
    api.put("/policy", "\"0\"", policy.clone()).await.problem(412);
    let required = api.put("/policy", "", policy.clone()).await.problem(428);
    assert_eq!(required["links"]["current"]["href"], "/api/v1/policy");
    assert_eq!(api.put("/policy", "\"1\"", policy).await.header("etag"), "\"2\"");

    let decision = decide(&api, ask(&["shop", "calm"], "feature")).await;
    assert_eq!(decision["policyRevision"], 2);
    let reasons: Vec<String> = decision["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|reason| format!("{} {} {} {}", reason["objective"], reason["rule"], reason["observed"], reason["limit"]))
        .collect();
    let wanted = [
        r#""shop" "low" -1 0.1"#,
        r#""shop" "soon" 0 259200"#,
        r#""shop" "large" 2 0.2"#,
        r#""shop" "state" "exhausted" "exhausted, noData""#,
    ];
    assert_eq!(reasons, wanted);
}

#[tokio::test]
async fn every_fault_of_a_policy_is_told_at_once() {
    let api = Api::new();
    let rule = |name: &str, condition: Value| json!({"name": name, "changes": ["fix"], "condition": condition, "verdict": "hold"});
    let wrong = json!({"rules": [
        rule("one", json!({"type": "burnRate", "lookback": "3h", "op": "gt", "value": -1})),
        rule("one", json!({"type": "burnRate", "lookback": "1h", "op": "lt", "value": 1, "in": ["noData"]})),
        rule("two", json!({"type": "status"})),
        rule("three", json!({"type": "status", "in": ["ok", "ok"]})),
        {"name": "Four", "changes": [], "condition": {"type": "luck"}, "verdict": "maybe", "colour": 1},
        {"name": "five", "changes": ["fix", "fix"], "condition": {"type": "coverage", "value": "0"}, "verdict": "ship"}]});
    assert_eq!(
        api.put("/policy", "", wrong).await.pointers(),
        [
            "/rules/0/condition/lookback",
            "/rules/0/condition/value",
            "/rules/1/condition/in",
            "/rules/1/condition/op",
            "/rules/1/name",
            "/rules/2/condition/in",
            "/rules/3/condition/in/0",
            "/rules/3/condition/in/1",
            "/rules/3/condition/in/1",
            "/rules/4/colour",
            "/rules/4/condition/type",
            "/rules/4/name",
            "/rules/4/verdict",
            "/rules/5/changes/1",
            "/rules/5/condition/value",
            "/rules/5/verdict",
        ]
    );
    assert_eq!(api.get("/policy").await.json()["revision"], 0);
}

#[tokio::test]
async fn stored_decisions_can_be_made_again() {
    let service = Service::in_memory();
    let api = api(service.clone()).await;
    let mut policy = api.get("/policy").await.json();
    for (round, limit) in [0.9, 1.0, 0.5].into_iter().enumerate() {
        for kind in ["feature", "fix", "security"] {
            decide(&api, ask(&["shop", "idle", "calm"], kind)).await;
        }
        // What was decided does not follow what is measured, promised or ruled later.
        policy["rules"][0]["condition"] = json!({"type": "remainingRatio", "op": "lt", "value": limit});
        let tag = format!("\"{round}\"");
        assert!(api.put("/policy", &tag, policy.clone()).await.status.is_success());
        assert_eq!(api.patch("/objectives/shop", "*", json!({"target": format!("0.99{round}")})).await.status, 200);
    }
    let page = service.decisions(&DecisionFilter::default(), None, 200).await.expect("a list");
    assert_eq!(page.items.len(), 9);
    let mut reasons = 0;
    for record in page.items {
        let decision = record.decision;
        let policy = service.policy_of(decision.policy_revision).await.expect("a read").expect("it was");
        assert_eq!(decision.replay(&policy), decision.judgement);
        reasons += decision.judgement.reasons.len();
    }
    // Those of idle, then two of the first target and two of the policies after the first.
    assert_eq!(reasons, 10);
    assert_eq!(service.policy_of(9).await.expect("a read"), None);
}
