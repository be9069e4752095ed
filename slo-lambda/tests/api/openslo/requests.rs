//! Requests: media types, dry runs, references, what was written before something failed.

use std::sync::Arc;

use axum::body::Body;
use http::Method;
use serde_json::json;
use slo_core::testing::MockDefinitionRepository;
use slo_core::{Objective, RepositoryError, Service};

use super::{YAML, apply, export, told};
use crate::common::{Api, indicator, objective, user};

const SLO: &str = "\
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  service: web
  indicatorRef: site
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
";

#[tokio::test]
async fn yaml_and_json_are_taken_and_nothing_else() {
    let api = Api::new().with_objective().await;
    let post = async |media: &str, text: &str| {
        let headers = [("content-type", media)];
        let headers = if media.is_empty() { &[][..] } else { &headers[..] };
        api.send(Method::POST, "/api/v1/openslo", headers, text.to_owned()).await
    };
    for media in ["", "application/yaml", "application/x-yaml; charset=utf-8", "Text/YAML"] {
        assert_eq!(told(&post(media, SLO).await), ["objective shop unchanged"], "{media}");
    }
    let exported = api.send(Method::GET, "/api/v1/openslo", &[("accept", "application/json")], Body::empty()).await;
    assert_eq!(exported.json()["links"]["apply"]["method"], "POST");
    let both = ["indicator site unchanged", "objective shop unchanged"];
    assert_eq!(told(&post("application/json", &exported.text).await), both, "as it was exported");
    let items = exported.json()["items"].clone();
    assert_eq!(told(&post("application/json", &items.to_string()).await), both, "an array");
    let lines = items.as_array().expect("items").iter().map(|item| format!("{item}\n")).collect::<String>();
    assert_eq!(told(&post("application/json", &lines).await), both, "one after the other");
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"] {
        post(media, SLO).await.problem(415);
    }
    post("application/yaml", &" ".repeat((1 << 20) + 1)).await.problem(413);
    assert_eq!(post("application/yaml", "# nothing\n").await.pointers(), [""]);
    let malformed = [
        ("application/yaml", "a: 1\nb: [\n", "/problems/malformed-yaml", "line 3"),
        ("application/yaml", "a: &x 1\nb: *x\n", "/problems/malformed-yaml", "line 2, column 4: aliases"),
        ("application/yaml", "a: 1\na: 2\n", "/problems/malformed-yaml", "line 2"),
        ("application/json", "{\n\"a\": }", "/problems/malformed-json", "line 2 column 6"),
    ];
    for (media, text, kind, place) in malformed {
        let problem = post(media, text).await.problem(400);
        assert_eq!(problem["type"], kind);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(place)), "{problem}");
    }
    let latin = api.send(Method::POST, "/api/v1/openslo", &[YAML], Body::from(b"a: 1\nb: \xe9\n".to_vec())).await;
    assert!(
        latin.problem(400)["detail"].as_str().is_some_and(|detail| detail.starts_with("line 2: this is not UTF-8"))
    );
    let repeated = post(
        "application/json",
        r#"{"apiVersion":"openslo/v1","kind":"SLO","kind":"SLI","metadata":{"name":"a"},"spec":{}}"#,
    );
    assert!(repeated.await.pointers().contains(&"/0/kind".to_owned()));
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_writes_nothing() {
    let api = Api::new().with_objective().await;
    let changed = SLO.replace("0.999", "0.99").replace("name: shop}", "name: shop, displayName: Shop}");
    let dry = api.send(Method::POST, "/api/v1/openslo?dryRun=true", &[YAML], changed.clone()).await;
    assert_eq!(told(&dry), ["objective shop updated"]);
    let dry = dry.json();
    assert_eq!(dry["dryRun"], true);
    let changes = json!([{"pointer": "/target", "from": 0.999, "to": 0.99}, {"pointer": "/displayName", "to": "Shop"}]);
    assert_eq!(dry["items"][0]["changes"], changes);
    assert_eq!(api.get("/objectives/shop").await.header("etag"), "\"1\"");
    let done = apply(&api, &changed).await;
    assert_eq!((told(&done), done.json()["dryRun"].clone()), (vec!["objective shop updated".to_owned()], json!(false)));
    assert_eq!(done.json()["items"][0]["changes"], changes);
    assert_eq!(api.get("/objectives/shop").await.header("etag"), "\"2\"");
    assert_eq!(told(&apply(&api, &changed).await), ["objective shop unchanged"]);
    assert_eq!(api.get("/objectives/shop").await.header("etag"), "\"2\"", "what is equal has no new revision");
    let odd = api.send(Method::POST, "/api/v1/openslo?dryRun=yes&x=1", &[YAML], changed).await;
    assert_eq!(odd.problem(400)["errors"].as_array().map(Vec::len), Some(2));
}

/// A week of six days: the service advises against it wherever it is asked.
#[tokio::test]
async fn advice_comes_with_what_is_written_and_with_what_would_be() {
    let api = Api::new().with_objective().await;
    let odd = SLO.replace("28d", "30d");
    let advice = |answer: &serde_json::Value| answer["items"][0]["notes"].clone();
    let dry = api.send(Method::POST, "/api/v1/openslo?dryRun=true", &[YAML], odd.clone()).await.json();
    assert_eq!(advice(&dry)[0]["code"], "weekdaySkew", "{dry}");
    assert_eq!(advice(&apply(&api, &odd).await.json()), api.get("/objectives/shop").await.json()["notes"]);
    let new = SLO
        .replace("28d", "30d")
        .replace("indicatorRef: site", "indicator: {metadata: {name: new}, spec: {ratioMetric: {counter: true}}}");
    let dry =
        api.send(Method::POST, "/api/v1/openslo?dryRun=true", &[YAML], new.replace("name: shop", "name: new")).await;
    assert_eq!(told(&dry), ["indicator new created", "objective new created"]);
    assert_eq!(dry.json()["items"][1]["notes"][0]["code"], "weekdaySkew");
}

#[tokio::test]
async fn references_lead_to_what_is_stored_or_made_by_the_same_request() {
    let api = Api::new();
    let faults = |answer: &crate::common::Answer| answer.problem(422)["errors"].clone();
    let alone = apply(&api, SLO).await;
    assert_eq!(faults(&alone)[0]["code"], "unknown");
    assert_eq!(faults(&alone)[0]["line"], 6);
    assert!(alone.json()["detail"].as_str().is_some_and(|detail| detail.starts_with("line 6, /0/spec/indicatorRef: ")));
    // After the SLO that uses it: the order of documents does not matter.
    let sli = "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: site}\nspec: {ratioMetric: {counter: true}}\n";
    let owned = SLO.replace("name: shop", "name: shop, annotations: {slo/owners: ana}") + sli;
    assert_eq!(faults(&apply(&api, &owned).await)[0]["pointer"], "/0/metadata/annotations/slo~1owners");
    assert_eq!(api.post("/users", user("ana")).await.status, 201);
    assert_eq!(told(&apply(&api, &owned).await), ["indicator site created", "objective shop created"]);
    // An SLI that is sent alone keeps the service that it has.
    assert_eq!(told(&apply(&api, sli).await), ["indicator site unchanged"]);
}

#[tokio::test]
async fn an_slo_judges_values_as_its_stored_indicator_does() {
    let api = Api::new();
    let latency =
        json!({"name": "site", "service": "web", "kind": "threshold", "threshold": {"op": "lte", "value": 300}});
    assert_eq!(api.post("/indicators", latency).await.status, 201);
    let judged = |said: &str| SLO.replace("{target", &format!("{{{said}, target"));
    assert_eq!(told(&apply(&api, &judged("op: lte, value: 300.0")).await), ["objective shop created"]);
    for (said, member) in
        [("op: lt, value: 300", "op"), ("op: lte, value: 301", "value"), ("op: lte", "op"), ("value: 1", "value")]
    {
        assert_eq!(apply(&api, &judged(said)).await.pointers(), [format!("/0/spec/objectives/0/{member}")], "{said}");
    }
    // The SLI beside it says how from now on.
    let sli = "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: site}\nspec: {thresholdMetric: {}}\n";
    let done = apply(&api, &(judged("op: lt, value: 250") + sli)).await;
    assert_eq!(told(&done), ["indicator site updated", "objective shop unchanged"]);
    assert_eq!(told(&apply(&api, sli).await), ["indicator site unchanged"], "alone it keeps the threshold that it has");
    assert_eq!(api.put("/indicators/site", "*", json!({"service": "web", "kind": "ratio"})).await.status, 200);
    assert_eq!(apply(&api, &judged("op: lt, value: 250")).await.pointers(), ["/0/spec/objectives/0/op"]);
}

/// Who wrote a wrong member is not led to one that is refused as well.
#[tokio::test]
async fn the_members_that_are_told_are_those_that_are_taken() {
    let api = Api::new();
    let document = |kind: &str, metadata: &str, spec: &str| {
        format!("apiVersion: openslo/v1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {{{spec}}}\n")
    };
    let documents = [
        (document("SLI", "name: a", "ratioMetric: {counter: true, x: 1}"), "counter, good, bad, total"),
        (
            SLO.replace("{target", "{x: 1, target"),
            "displayName, op, value, target, targetPercent, timeSliceTarget, timeSliceWindow",
        ),
        (document("AlertPolicy", "name: a, x: 1", ""), "name, annotations"),
        (document("SLI", "name: a, x: 1", ""), "name, displayName, labels, annotations"),
        (
            document("AlertPolicy", "name: a", "x: 1"),
            "alertWhenBreaching, alertWhenResolved, alertWhenNoData, notificationTargets, conditions",
        ),
        (document("AlertCondition", "name: a, x: 1", ""), "name, annotations"),
        (document("AlertCondition", "name: a", "x: 1"), "severity, condition"),
    ];
    for (text, members) in documents {
        let problem = apply(&api, &text).await.problem(422);
        let errors = problem["errors"].as_array().expect("errors").iter();
        let told: Vec<_> =
            errors.filter(|error| error["code"] == "unknownField").map(|error| &error["detail"]).collect();
        assert_eq!(told, [&json!(format!("there is no such member; the members are {members}"))], "{text}");
    }
}

#[tokio::test]
async fn one_service_is_exported_with_what_it_uses() {
    let api = Api::new().with_objective().await;
    let mut other = indicator("other");
    other["service"] = json!("shop");
    assert_eq!(api.post("/indicators", other).await.status, 201);
    let mut cart = objective("cart");
    cart["service"] = json!("shop");
    assert_eq!(api.post("/objectives", cart).await.status, 201);
    let names = |yaml: &str| {
        yaml.lines().filter_map(|line| line.strip_prefix("  name: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&export(&api, "?service=web").await), ["site", "shop"]);
    assert_eq!(names(&export(&api, "?service=shop").await), ["other", "site", "cart"]);
    assert_eq!(names(&export(&api, "").await), ["other", "site", "cart", "shop"]);
    assert_eq!(export(&api, "?service=none").await, "");
    api.get("/openslo?service=No").await.problem(400);
    api.get("/openslo?limit=1").await.problem(400);
}

#[tokio::test]
async fn a_request_takes_five_hundred_definitions() {
    let api = Api::new();
    let sli = |i: usize| {
        format!(
            "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: a-{i:03}, annotations: {{slo/service: web}}}}\nspec: {{ratioMetric: {{counter: true}}}}\n"
        )
    };
    let many = |count: usize| (0..count).map(sli).collect::<String>();
    let problem = apply(&api, &many(501)).await.problem(422);
    assert_eq!(problem["errors"][0]["code"], "tooMany");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("these are 501 services")), "{problem}");
    assert_eq!(told(&apply(&api, &many(500)).await).len(), 500);
    assert_eq!(apply(&api, &(many(5) + &sli(550))).await.json()["items"][5]["action"], "created");
    // More than a page of the store.
    assert_eq!(export(&api, "").await.matches("\nkind: SLI\n").count(), 501);
}

#[tokio::test]
async fn the_whole_depth_of_a_definition_fits_into_a_document() {
    let api = Api::new();
    let nested = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"a": inner}));
    let body = |levels| json!({"name": "deep", "service": "web", "kind": "ratio", "metricSource": {"total": {"type": "X", "spec": nested(levels)}}});
    assert_eq!(api.post("/indicators", body(28)).await.status, 201);
    api.put("/indicators/deep", "*", body(29)).await.problem(400);
    let yaml = export(&api, "").await;
    assert_eq!(told(&apply(&api, &yaml).await), ["indicator deep unchanged"]);
    let deeper = yaml.replace("type: X", "type: Y").replacen("{}", "{a: {}}", 1);
    assert_eq!(apply(&api, &deeper).await.problem(422)["errors"][0]["code"], "tooDeep");
}

/// Two definitions are written, the third cannot be: that is told, and the same request again is safe.
#[tokio::test]
async fn what_was_written_before_something_failed_is_told() {
    let documents = format!(
        "apiVersion: openslo/v1\nkind: Service\nmetadata: {{name: web}}\n---\n{}",
        SLO.replace("indicatorRef: site", "indicator: {metadata: {name: site}, spec: {ratioMetric: {counter: true}}}")
    );
    let fails: [(fn() -> RepositoryError, u16); 2] = [
        (|| RepositoryError::Unavailable("10.0.0.7 is throttled".into()), 503),
        (|| RepositoryError::Precondition { current: None }, 412),
    ];
    for (failure, status) in fails {
        let mut objectives = MockDefinitionRepository::<Objective>::new();
        objectives.expect_get().returning(|_| Ok(None));
        objectives.expect_put().returning(move |_, _, _| Err(failure()));
        let service = Service::in_memory();
        let api = Api::with(Service { objectives: Arc::new(objectives), ..service.clone() });
        let answer = apply(&api, &documents).await;
        let problem = answer.problem(status);
        let said = problem["detail"].as_str().expect("a detail");
        assert!(said.starts_with("2 definitions were written before shop, which could not be"), "{said}");
        assert!(!said.contains("10.0.0.7") && (status != 503 || answer.header("retry-after") == "1"), "{said}");
        let items = problem["items"].as_array().expect("items").iter();
        let written: Vec<_> = items.map(|item| (item["name"].as_str(), item["action"].as_str())).collect();
        assert_eq!(written, [(Some("web"), Some("created")), (Some("site"), Some("created"))]);
        let again = told(&apply(&Api::with(service), &documents).await);
        assert_eq!(again, ["service web unchanged", "indicator site unchanged", "objective shop created"]);
    }
}

/// Who wrote between the comparison and the writing is not overwritten.
#[tokio::test]
async fn what_changed_meanwhile_is_not_overwritten() {
    let service = Service::in_memory();
    let api = Api::with(service.clone()).with_objective().await;
    let old = service.objectives.get(&"shop".parse().expect("a name")).await.expect("stored");
    assert_eq!(api.patch("/objectives/shop", "*", json!({"displayName": "New"})).await.status, 200);
    let mut objectives = MockDefinitionRepository::<Objective>::new();
    objectives.expect_get().returning(move |_| Ok(old.clone()));
    let kept = service.objectives.clone();
    objectives.expect_put().returning(move |value, precondition, stamp| {
        futures_util::FutureExt::now_or_never(kept.put(value, precondition, stamp)).expect("memory answers at once")
    });
    let stale = Api::with(Service { objectives: Arc::new(objectives), ..service });
    apply(&stale, &SLO.replace("0.999", "0.99")).await.problem(412);
    assert_eq!(api.get("/objectives/shop").await.json()["displayName"], "New");
}
