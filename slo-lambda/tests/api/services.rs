//! `/services`

use serde_json::{Value, json};

use crate::common::Api;

/// Nobody needs a profile to name a service, and a profile needs nobody who does.
#[tokio::test]
async fn a_profile_comes_and_goes_as_it_likes() {
    let api = Api::new().with_objective().await;
    let shop = api.get("/objectives/shop").await.json();
    assert_eq!(shop["service"], "web");
    api.get("/services/web").await.problem(404);
    let bare = json!({"name": "web"});
    let created = api.post("/services", bare.clone()).await;
    assert_eq!((created.status.as_u16(), created.header("location")), (201, "/api/v1/services/web"));
    let members = created.json();
    let members: Vec<&String> = members.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["createdAt", "links", "name", "revision", "updatedAt"], "what is not said is absent");
    for (rel, path) in [("objectives", "objectives"), ("indicators", "indicators"), ("errorBudgets", "error-budgets")] {
        let link = json!({"method": "GET", "href": format!("/api/v1/{path}?service=web")});
        assert_eq!(created.json()["links"][rel], link);
        let found = api.get(&format!("/{path}?service=web")).await.json();
        assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{rel}");
    }
    api.post("/services", bare).await.problem(409);
    assert_eq!(api.delete("/services/web", "\"1\"").await.status, 204);
    assert_eq!(api.get("/objectives/shop").await.json(), shop, "it names the service as before");
}

#[tokio::test]
async fn profiles_are_listed_by_label() {
    let api = Api::new();
    for (name, team) in [("cart", "a b"), ("pay", "c"), ("web", "a b")] {
        assert_eq!(api.post("/services", json!({"name": name, "labels": {"team": team}})).await.status, 201);
    }
    let names = async |query: &str| -> Vec<Value> {
        let page = api.get(&format!("/services{query}")).await.json();
        page["items"].as_array().expect("items").iter().map(|item| item["name"].clone()).collect()
    };
    assert_eq!(names("").await, ["cart", "pay", "web"]);
    assert_eq!(names("?label=team:a%20b").await, ["cart", "web"]);
    assert_eq!(names("?label=team:d").await, [Value::Null; 0]);
}
