//! Addresses that nothing is at, as a browser asks for them.

use std::panic::Location;

use axum::body::Body;
use http::Method;

use crate::common::{Answer, Api};

async fn ask(method: Method, path: &str) -> Answer {
    Api::new().under("/prod").send(method, path, &[("accept", "text/html,*/*;q=0.8")], Body::empty()).await
}

#[tokio::test]
async fn a_browser_gets_a_page() {
    for (method, path, status) in [
        (Method::GET, "/nothing", 404),
        (Method::GET, "/users/ana", 404),
        (Method::POST, "/", 405),
        (Method::GET, "/sign-out", 405),
    ] {
        let page = ask(method, path).await;
        assert_eq!(page.status, status, "{path}");
        crate::pages::is_a_page(&page, Location::caller());
        assert!(page.text.contains("href=\"/prod/\""), "{}", page.text);
        assert_eq!(page.text.contains("<h1>There is no such page</h1>"), status == 404, "{}", page.text);
        assert_eq!(page.headers.contains_key("allow"), status == 405, "{path}");
    }
}

#[tokio::test]
async fn others_get_the_problem() {
    let api = Api::new();
    for accept in ["*/*", "application/json"] {
        api.send(Method::GET, "/nothing", &[("accept", accept)], Body::empty()).await.problem(404);
    }
    ask(Method::GET, "/api/v1/nothing").await.problem(404);
    ask(Method::PUT, "/api/v1/objectives").await.problem(405);
}

#[tokio::test]
async fn a_stroke_too_much_is_forgiven() {
    for (path, meant) in [
        ("/objectives", "/prod/"),
        ("/objectives/", "/prod/"),
        ("/objectives/shop/?target=0.9", "/prod/objectives/shop?target=0.9"),
        ("/users/ana/sprint//", "/prod/users/ana/sprint"),
        ("//evil.example/", "/prod/"),
    ] {
        let answer = ask(Method::GET, path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, meant), "{path}");
    }
    assert_eq!(ask(Method::GET, "//evil.example").await.status, 404);
}
