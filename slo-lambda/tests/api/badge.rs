//! `/badges/{objective}.svg`

use crate::common::{Answer, Api};
use axum::body::Body;
use http::Method;
use serde_json::json;

async fn badge(api: &Api, path: &str) -> Answer {
    api.send(Method::GET, path, &[], Body::empty()).await
}

#[tokio::test]
async fn it_is_there_for_who_asked_for_one() {
    let api = Api::new().with_objective().await;
    let batch = json!({"measurements": [{"start": "2026-11-20T11:00:00Z", "good": 9_998, "total": 10_000}]});
    assert_eq!(api.post("/indicators/site/measurements", batch).await.status, 200);

    // Nothing is told of one without, not even whether it exists.
    let (hidden, unknown) = (badge(&api, "/badges/shop.svg").await, badge(&api, "/badges/nobody.svg").await);
    assert_eq!(hidden.problem(404), unknown.problem(404));
    for path in ["/badges/shop", "/badges/Shop.svg", "/badges/.svg"] {
        assert_eq!(badge(&api, path).await.problem(404)["detail"], unknown.json()["detail"], "{path}");
    }

    let patched = api.patch("/objectives/shop", "*", json!({"publicBadge": true})).await.json();
    assert_eq!(patched["publicBadge"], true);
    let shown = badge(&api, "/badges/shop.svg").await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert_eq!(shown.header("content-type"), "image/svg+xml");
    assert_eq!(shown.header("cache-control"), "public, max-age=60");
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'");
    assert!(shown.text.contains("<title id=\"t\">Error budget of shop: on track, 80 % left</title>"), "{}", shown.text);

    let patched = api.patch("/objectives/shop", "*", json!({"publicBadge": null})).await.json();
    assert!(patched.get("publicBadge").is_none(), "what is false stays absent: {patched}");
    badge(&api, "/badges/shop.svg").await.problem(404);
    assert_eq!(api.patch("/objectives/shop", "*", json!({"publicBadge": "yes"})).await.pointers(), ["/publicBadge"]);
}

#[tokio::test]
async fn without_data_it_says_so() {
    let api = Api::new().with_objective().await;
    api.patch("/objectives/shop", "*", json!({"publicBadge": true})).await;
    let shown = badge(&api, "/badges/shop.svg").await;
    assert!(shown.text.contains(">no data</text>") && !shown.text.contains('%'), "{}", shown.text);
}
