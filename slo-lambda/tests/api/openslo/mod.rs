//! `/openslo`: documents in, definitions out, and back again.

mod documents;
mod identity;
mod requests;

use axum::body::Body;
use http::Method;
use slo_core::Json;

use super::common::{Answer, Api};

const YAML: (&str, &str) = ("content-type", "application/yaml");

/// Applies YAML.
async fn apply(api: &Api, text: &str) -> Answer {
    api.send(Method::POST, "/api/v1/openslo", &[YAML], text.to_owned()).await
}

/// All definitions as YAML.
async fn export(api: &Api, query: &str) -> String {
    let answer = api.send(Method::GET, &format!("/api/v1/openslo{query}"), &[], Body::empty()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/yaml");
    answer.text
}

/// `objective shop created`, for each item.
fn told(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    let word = |item: &serde_json::Value, name: &str| item[name].as_str().expect("a word").to_owned();
    let items = answer.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| ["kind", "name", "action"].map(|name| word(item, name)).join(" ")).collect()
}

/// What the API shows of a definition, without stamps, links and advice; numbers by their text.
async fn definition(api: &Api, kind: &str, name: &str) -> Json {
    let answer = api.get(&format!("/{kind}s/{name}")).await;
    assert_eq!(answer.status.as_u16(), 200, "{kind} {name}");
    let Json::Object(mut members) = Json::parse(answer.text.as_bytes()).expect("JSON") else { panic!("an object") };
    members.retain(|(name, _)| !slo_lambda::MADE_BY_THE_SERVICE.contains(&name.as_str()));
    Json::Object(members)
}

/// The users that documents name.
async fn with_users(api: Api) -> Api {
    for name in ["ana", "bob"] {
        assert_eq!(api.post("/users", super::common::user(name)).await.status.as_u16(), 201);
    }
    api
}
