//! What every route answers to whatever comes in.

use std::sync::Arc;

use crate::common::{Api, NOW, indicator};
use axum::body::Body;
use http::Method;
use slo_core::testing::{MockDefinitionRepository, MockMeasurementRepository};
use slo_core::{Batch, RepositoryError, Service};

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let api = Api::new();
    for path in [
        "/nowhere",
        "/api",
        "/api/v2/indicators",
        "/api/v1/nowhere",
        "/api/v1/indicators/a/b",
        "/api/v1/indicators/A",
        "/api/v1/indicators/%FF",
    ] {
        api.send(Method::GET, path, &[], Body::empty()).await.problem(404);
    }
    let answer = api.send(Method::DELETE, "/api/v1/indicators", &[], Body::empty()).await;
    answer.problem(405);
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    assert_eq!(api.send(Method::GET, "/healthz", &[], Body::empty()).await.json()["status"], "ok");
    let head = api.send(Method::HEAD, "/api/v1/indicators", &[], Body::empty()).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn bodies_that_are_no_json_say_why() {
    let api = Api::new();
    let post = async |headers: &[(&str, &str)], body: Vec<u8>| {
        api.send(Method::POST, "/api/v1/indicators", headers, body).await
    };
    let json = [("content-type", "application/json")];
    for bad in ["", "{", "{\"a\":1,}", "nul", "\u{feff}{}"] {
        post(&json, bad.into()).await.problem(400);
    }
    post(&json, b"\"\xff\"".to_vec()).await.problem(400);
    post(&json, "[".repeat(300_000).into()).await.problem(400);
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json", "application/jsonx"]
    {
        post(&[("content-type", media)], indicator("site").to_string().into()).await.problem(415);
    }
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    post(&packed, indicator("site").to_string().into()).await.problem(415);
    post(&[], indicator("site").to_string().into()).await.problem(415);
    let with_charset = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(post(&with_charset, indicator("site").to_string().into()).await.status, 201);
}

#[tokio::test]
async fn a_body_above_one_mebibyte_is_refused() {
    let api = Api::new();
    let json = [("content-type", "application/json")];
    let padded = |size: usize| {
        let body = indicator("site").to_string();
        let padding = " ".repeat(size - body.len());
        body + &padding
    };
    api.send(Method::POST, "/api/v1/indicators", &json, padded((1 << 20) + 1)).await.problem(413);
    let announced = [("content-type", "application/json"), ("content-length", "1048577")];
    api.send(Method::POST, "/api/v1/indicators", &announced, "{}").await.problem(413);
    assert_eq!(api.send(Method::POST, "/api/v1/indicators", &json, padded(1 << 20)).await.status, 201);
}

#[tokio::test]
async fn a_plain_request_id_is_kept_and_another_replaced() {
    let api = Api::new();
    let id = async |given: &str| {
        let answer = api.send(Method::GET, "/healthz", &[("x-request-id", given)], Body::empty()).await;
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(id("Root=1-67891233-abcdef012345678912345678").await, "Root=1-67891233-abcdef012345678912345678");
    assert_eq!(id("a b").await.len(), 36);
    assert_eq!(id(&"x".repeat(129)).await.len(), 36);
    assert_ne!(id("").await, id("").await);
}

/// A service whose indicators answer like this.
fn broken(answer: impl Fn() -> RepositoryError + Send + Sync + 'static) -> Service {
    let mut indicators = MockDefinitionRepository::new();
    indicators.expect_get().returning(move |_| Err(answer()));
    indicators.expect_list().returning(|_, _, _| panic!("the secret of the handler"));
    Service { indicators: Arc::new(indicators), ..Service::in_memory() }
}

#[tokio::test]
async fn an_unavailable_store_is_503_and_says_when_to_come_back() {
    let api = Api::with(broken(|| RepositoryError::Unavailable("connection reset by 10.0.0.7".into())));
    let answer = api.get("/indicators/site").await;
    answer.problem(503);
    assert_eq!(answer.header("retry-after"), "1");
    assert!(!answer.text.contains("10.0.0.7"), "nothing internal leaks");
}

#[tokio::test]
async fn what_is_broken_is_500_and_leaks_nothing() {
    let api = Api::with(broken(|| RepositoryError::Broken { what: "decoding", source: "secret item".into() }));
    let answer = api.get("/indicators/site").await;
    answer.problem(500);
    assert!(!answer.text.contains("secret"));
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_next_request_works() {
    let api = Api::with(broken(|| RepositoryError::Unavailable("".into())));
    let answer = api.get("/indicators").await;
    answer.problem(500);
    assert!(!answer.text.contains("secret"));
    assert_eq!(api.get("/users").await.status, 200);
}

#[tokio::test]
async fn an_unavailable_store_of_counts_is_503() {
    let mut measurements = MockMeasurementRepository::new();
    measurements.expect_write().returning(|_, _, _: &Batch, _| Err(RepositoryError::Unavailable("throttled".into())));
    let api = Api::with(Service { measurements: Arc::new(measurements), ..Service::in_memory() });
    api.post("/indicators", indicator("site")).await;
    let body = serde_json::json!({"measurements": [{"start": NOW, "good": 1, "total": 1}]});
    api.post("/indicators/site/measurements", body).await.problem(503);
}

/// The document is checked in, so that a change of the surface shows in review.
#[tokio::test]
async fn every_operation_has_an_id_of_its_own() {
    let document = serde_json::to_value(slo_lambda::openapi()).expect("json");
    let paths = document["paths"].as_object().expect("paths");
    let mut ids: Vec<&str> = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            ids.push(operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}")));
        }
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), all), (all, 57), "{ids:?}");
}

/// Every member of the documented bodies is known to the reader, and is judged by it.
#[tokio::test]
async fn the_documented_members_are_those_that_are_read() {
    let api = Api::new().with_objective().await;
    let document = api.get("/openapi.json").await.json();
    let all = [
        ("Indicator", "/indicators"),
        ("Objective", "/objectives"),
        ("User", "/users"),
        ("Service", "/services"),
        ("Exclusion", "/objectives/shop/exclusions"),
    ];
    for (schema, collection) in all {
        let properties = document["components"]["schemas"][schema]["properties"].as_object().expect("properties");
        let bodies = properties.iter().filter(|(_, property)| property["readOnly"] != true);
        let mut body = serde_json::Map::new();
        for (member, _) in bodies {
            // Nothing takes this shape, so each member must complain about its type, none about its name.
            body.insert(member.clone(), serde_json::json!([[]]));
        }
        let problem = api.post(collection, body.clone().into()).await.problem(422);
        for member in body.keys() {
            let faults = problem["errors"].as_array().expect("errors").iter();
            let codes: Vec<&str> = faults
                .filter(|fault| fault["pointer"].as_str().is_some_and(|p| p.starts_with(&format!("/{member}"))))
                .filter_map(|fault| fault["code"].as_str())
                .collect();
            assert_eq!(codes, ["wrongType"], "{schema}.{member}");
        }
        for read_only in ["createdAt", "updatedAt", "revision", "id", "notes", "links"] {
            let property = properties.get(read_only);
            assert!(property.is_none_or(|property| property["readOnly"] == true), "{schema}.{read_only}");
        }
    }
}
