//! `/audit`

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};
use slo_core::{
    AuditFilter, AuditPage, DecisionFilter, Indicator, IndicatorKind, Name, RepositoryError, Service, Stamp,
};

use crate::common::{Api, NOW, indicator, objective, user};

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// The items of a list, without their links.
async fn items(api: &Api, query: &str) -> Vec<Value> {
    let answer = api.get(&format!("/audit{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut items = answer.json()["items"].as_array().expect("items").clone();
    items.iter_mut().for_each(|item| drop(item.as_object_mut().expect("an object").remove("links")));
    items
}

#[tokio::test]
async fn every_change_is_told_newest_first() {
    let api = Api::new().with_objective().await;
    assert_eq!(api.patch("/objectives/shop", "*", json!({"target": 0.99})).await.status, 200);
    let exclusion =
        json!({"from": "2026-11-19T00:00:00Z", "to": "2026-11-19T01:00:00Z", "mode": "remove", "reason": "new disks"});
    let exclusion = api.post("/objectives/shop/exclusions", exclusion).await.json();
    let exclusion = exclusion["id"].as_str().expect("an id").to_owned();
    assert_eq!(api.delete(&format!("/objectives/shop/exclusions/{exclusion}"), "").await.status, 204);
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    assert_eq!(api.delete("/users/ana", "*").await.status, 204);
    assert_eq!(api.post("/services", json!({"name": "web"})).await.status, 201);
    let policy = api.get("/policy").await.json();
    assert_eq!(api.put("/policy", "", json!({"rules": policy["rules"]})).await.status, 201);
    let asked = json!({"objectives": ["shop"], "change": {"kind": "fix"}});
    let decision = api.post("/decisions", asked).await.json();
    let decision = decision["id"].as_str().expect("an id").to_owned();
    let granted = json!({"verdict": "ship", "reason": "it is urgent", "expiresAt": "2026-11-21T12:00:00Z"});
    let granted = api.post(&format!("/decisions/{decision}/override"), granted).await.json();
    // What was refused, or only looked at, is not told.
    assert_eq!(api.post("/users", json!({})).await.status, 422);
    assert_eq!(api.post("/indicators", indicator("site")).await.status, 409);
    assert_eq!(api.delete("/indicators/site", "*").await.status, 409);
    assert_eq!(api.put("/objectives/other?dryRun=true", "", objective("other")).await.status, 200);

    let entry = |action: &str, kind: &str, name: &str| json!({"at": NOW, "by": null, "action": action, "kind": kind, "name": name});
    let with = |mut entry: Value, member: &str, value: Value| {
        entry[member] = value;
        entry
    };
    let version = |action, kind, name, revision: u64| with(entry(action, kind, name), "revision", json!(revision));
    let part = |entry: Value, part: &str| with(entry, "part", json!(part));
    let override_id = granted["overrides"][0]["id"].as_str().expect("an id");
    // All of one instant: by kind, then name, then as they were written; newest first.
    let wanted = [
        version("deleted", "user", "ana", 2),
        version("created", "user", "ana", 1),
        version("created", "service", "web", 1),
        version("created", "policy", "policy", 1),
        part(version("exclusionDeleted", "objective", "shop", 2), &exclusion),
        part(version("exclusionAdded", "objective", "shop", 2), &exclusion),
        version("replaced", "objective", "shop", 2),
        version("created", "objective", "shop", 1),
        version("created", "indicator", "site", 1),
        part(entry("overridden", "decision", &decision), override_id),
        entry("decided", "decision", &decision),
    ];
    let policy_name = slo_core::Policy::name();
    let wanted =
        wanted.map(|item| if item["kind"] == "policy" { with(item, "name", json!(policy_name)) } else { item });
    assert_eq!(items(&api, "").await, wanted);
    for (query, places) in [
        ("?kind=user", &[0, 1][..]),
        ("?name=shop&action=replaced", &[6]),
        ("?kind=service", &[2]),
        ("?action=created", &[1, 2, 3, 7, 8]),
        ("?user=ana", &[]),
        ("?to=2026-11-20T12:00:00Z", &[]),
        ("?from=2026-11-20T12:00:00Z&kind=decision", &[9, 10]),
    ] {
        let wanted: Vec<&Value> = places.iter().map(|place| &wanted[*place]).collect();
        assert_eq!(items(&api, query).await.iter().collect::<Vec<_>>(), wanted, "{query}");
    }

    // Page by page.
    let (mut seen, mut path) = (Vec::new(), "/audit?limit=3".to_owned());
    loop {
        let page = api.get(&path).await.json();
        seen.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["links"]["next"]["href"].as_str() else { break };
        path = next.strip_prefix("/api/v1").expect("ours").to_owned();
    }
    assert_eq!(seen, *api.get("/audit").await.json()["items"].as_array().expect("items"));
    // Links lead somewhere, also from what is deleted.
    for link in seen.iter().flat_map(|item| item["links"].as_object().expect("links").values()) {
        let href = link["href"].as_str().expect("an href").strip_prefix("/api/v1").expect("ours");
        assert_eq!(api.get(href).await.status, 200, "{href}");
    }
    assert_eq!(api.get("").await.json()["links"]["audit"]["href"], "/api/v1/audit");
}

#[tokio::test]
async fn who_did_it_is_told() {
    let service = Service::in_memory();
    let stamp = Stamp { at: "2026-11-20T11:00:00.000000001Z".parse().expect("a time"), by: Some(name("ana")) };
    let site = Indicator::new(name("site"), name("web"), IndicatorKind::Ratio);
    service.create(site, stamp).await.expect("it is created");
    let api = Api::with(service);
    let item = &items(&api, "?user=ana").await[0];
    assert_eq!((&item["by"], &item["at"]), (&json!("ana"), &json!("2026-11-20T11:00:00.000000001Z")));
    assert_eq!(items(&api, "?user=bob").await, [] as [Value; 0]);
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let api = Api::new().with_objective().await;
    let before = items(&api, "").await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = api.send(method, "/api/v1/audit", &[("if-match", "*")], Body::from("{}")).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), "GET,HEAD");
        for path in ["/api/v1/audit/", "/api/v1/audit/shop"] {
            api.send(Method::DELETE, path, &[], Body::empty()).await.problem(404);
        }
    }
    assert_eq!(items(&api, "").await, before);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_at_once() {
    let api = Api::new().with_objective().await;
    let wrong = "/audit?user=A&kind=month&name=-&action=wished&from=then&to=now&limit=0&colour=red";
    let problem = api.get(wrong).await.problem(400);
    let detail = problem.to_string();
    for parameter in ["user", "kind", "name", "action", "from", "to", "limit", "colour"] {
        assert!(detail.contains(parameter), "{parameter}: {detail}");
    }
    api.get("/audit?from=2026-11-20T12:00:00Z&to=2026-11-20T12:00:00Z").await.problem(400);
    let page = api.get("/audit?limit=1&kind=objective").await.json();
    assert_eq!(page["next"], Value::Null, "there is one");
    let cursor = api.get("/audit?limit=1").await.json()["next"].as_str().expect("there are two").to_owned();
    assert_eq!(api.get(&format!("/audit?limit=1&cursor={cursor}")).await.status, 200);
    for path in [format!("/audit?kind=objective&cursor={cursor}"), format!("/decisions?cursor={cursor}")] {
        api.get(&path).await.problem(400);
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told() {
    let mut audit = slo_core::testing::MockAuditRepository::new();
    audit.expect_list().returning(|_: &AuditFilter, _, _| -> Result<AuditPage, RepositoryError> {
        Err(RepositoryError::Unavailable("it is away".into()))
    });
    let service = Service { audit: std::sync::Arc::new(audit), ..Service::in_memory() };
    let page = service.decisions(&DecisionFilter::default(), None, 1).await.expect("decisions are there");
    assert_eq!(page.items, []);
    let answer = Api::with(service).get("/audit").await;
    answer.problem(503);
    assert!(!answer.header("retry-after").is_empty());
}
