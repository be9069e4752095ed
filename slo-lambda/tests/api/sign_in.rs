//! Signing in: a token becomes a cookie that lets see pages, and nothing else.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use slo_core::{Access, Name, Role, Service, Stamp, TOKEN_RANDOM, TokenRequest, User};
use slo_lambda::{App, BasePath, router};
use tower::ServiceExt;

use super::common::NOW;

fn stamp() -> Stamp {
    Stamp { at: NOW.parse().expect("a time"), by: None }
}

/// A service that asks for tokens, and that of a viewer and of a collector.
async fn given() -> (Router, String, String) {
    let service = Service::in_memory();
    let ana: Name = "ana".parse().expect("a name");
    let user = User {
        name: ana.clone(),
        display_name: "Ana".to_owned().try_into().expect("text"),
        email: "ana@example.org".to_owned().try_into().expect("an address"),
        role: Role::ProductManager,
        access: Access::Viewer,
    };
    service.create(user, stamp()).await.expect("created");
    let token = async |fill: u8, scopes| {
        let request = TokenRequest { scopes, ..TokenRequest::default() };
        let made = service.create_token(&ana, request, [fill; TOKEN_RANDOM], stamp()).await;
        made.expect("made").1.reveal().to_owned()
    };
    let (viewer, collector) = (token(1, vec![]).await, token(2, vec!["ingest".parse().expect("a scope")]).await);
    (router(App::new(service, || NOW.parse().expect("a time")).guarded()), viewer, collector)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

async fn ask(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(path) = path.strip_prefix("/behind") {
        request = request.uri(path).extension(BasePath("/v1".to_owned()));
    }
    let request = request.body(Body::from(body.to_owned())).expect("a request");
    let (parts, body) = router.clone().oneshot(request).await.expect("infallible").into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).expect("text") }
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// The pair of name and value that a browser sends back.
fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

#[tokio::test]
async fn one_signs_in_sees_the_page_one_wanted_and_signs_out() {
    let (router, token, _) = given().await;
    let wanted = ask(&router, "GET", "/?service=web", &[], "").await;
    assert_eq!((wanted.status.as_u16(), wanted.header("location")), (303, "/sign-in?next=%2F%3Fservice%3Dweb"));
    let form = ask(&router, "GET", wanted.header("location"), &[], "").await;
    assert_eq!(form.status, 200);
    assert!(form.text.contains(r#"name="next" value="/?service=web""#) && form.text.contains("type=\"password\""));
    let sent = format!("token={token}&next=%2F%3Fservice%3Dweb");
    let signed = ask(&router, "POST", "/sign-in", &[FORM, ("sec-fetch-site", "same-origin")], &sent).await;
    assert_eq!((signed.status.as_u16(), signed.header("location")), (303, "/?service=web"), "{}", signed.text);
    let set = signed.header("set-cookie");
    assert_eq!(set, format!("slo-token={token}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax"));
    let cookie = cookie(&signed);
    let page = ask(&router, "GET", "/?service=web", &[("cookie", &cookie)], "").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("/users/ana/sprint") && page.text.contains("Sign out"), "{}", page.text);
    for seen in [&page, &form] {
        assert!(!seen.text.contains("as JSON"), "the API does not take the cookie: {}", seen.text);
    }
    let out = ask(&router, "POST", "/sign-out", &[("cookie", &cookie), ("sec-fetch-site", "same-origin")], "").await;
    assert_eq!((out.status.as_u16(), out.header("location")), (303, "/sign-in"));
    assert!(out.header("set-cookie").starts_with("slo-token=; Path=/; Max-Age=0;"));
}

#[tokio::test]
async fn the_cookie_is_of_no_use_for_the_api() {
    let (router, token, _) = given().await;
    let cookie = format!("slo-token={token}");
    for path in ["/api/v1", "/api/v1/objectives", "/api/v1/users/ana/tokens"] {
        assert_eq!(ask(&router, "GET", path, &[("cookie", &cookie)], "").await.status, 401, "{path}");
    }
    for wrong in ["slo-token=x".to_owned(), format!("slo-token={}0", &token[..token.len() - 1])] {
        assert_eq!(ask(&router, "GET", "/", &[("cookie", &wrong)], "").await.status, 303, "{wrong}");
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_told_on_the_form() {
    let (router, token, collector) = given().await;
    for (token, status, why) in [
        ("x".to_owned(), 401, "is not valid"),
        (token.replacen("ana", "ben", 1), 401, "is not valid"),
        (collector, 403, "limited to ingest"),
    ] {
        let answer = ask(&router, "POST", "/sign-in", &[FORM], &format!("token={token}")).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(answer.text.contains(why) && answer.text.contains("role=\"alert\""), "{}", answer.text);
        assert!(
            answer.header("set-cookie").is_empty() && !answer.text.contains(&format!("value=\"{token}")),
            "{}",
            answer.text
        );
    }
    for _ in 0..8 {
        ask(&router, "POST", "/sign-in", &[FORM], "token=x").await;
    }
    let answer = ask(&router, "POST", "/sign-in", &[FORM], &format!("token={token}")).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "60"));
}

#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let (router, token, _) = given().await;
    let sent = format!("token={token}");
    for headers in [
        &[FORM, ("sec-fetch-site", "cross-site")][..],
        &[FORM, ("sec-fetch-site", "same-site")],
        &[FORM, ("origin", "https://evil.example"), ("host", "slo.example.com")],
        &[FORM, ("origin", "null"), ("host", "slo.example.com")],
        &[FORM, ("origin", "https://evil.example")],
    ] {
        for path in ["/sign-in", "/sign-out"] {
            let answer = ask(&router, "POST", path, headers, &sent).await;
            assert_eq!(answer.status, 403, "{headers:?}");
            assert!(answer.header("set-cookie").is_empty());
        }
    }
    let ours = [
        FORM,
        ("origin", "https://slo.example.com"),
        ("host", "slo.example.com"),
        ("x-forwarded-proto", "HTTPS, http"),
    ];
    let signed = ask(&router, "POST", "/sign-in", &ours, &sent).await;
    assert!(signed.header("set-cookie").ends_with("; Secure"), "{}", signed.text);
    // Who stands between may say nothing; the browser does.
    for (origin, secure) in [("https://slo.example.com", true), ("http://slo.example.com", false)] {
        let headers = [FORM, ("origin", origin), ("host", "slo.example.com")];
        let signed = ask(&router, "POST", "/sign-in", &headers, &sent).await;
        assert_eq!(signed.header("set-cookie").ends_with("; Secure"), secure, "{origin}");
    }
    let away = format!("{sent}&next=//evil.example");
    assert_eq!(ask(&router, "POST", "/sign-in", &ours, &away).await.header("location"), "/");
}

#[tokio::test]
async fn a_cookie_of_no_use_goes_and_one_is_told_why() {
    let (router, token, _) = given().await;
    let revoked = format!("slo-token={}", token.replacen("ana", "ben", 1));
    let gone = "slo-token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax";
    let page = ask(&router, "GET", "/?service=web", &[("cookie", &revoked)], "").await;
    assert_eq!((page.status.as_u16(), page.header("set-cookie")), (303, gone));
    let form = ask(&router, "GET", page.header("location"), &[], "").await;
    assert!(
        form.text.contains("Your sign-in has ended") && form.text.contains("value=\"/?service=web\""),
        "{}",
        form.text
    );
    let form = ask(&router, "GET", "/sign-in", &[("cookie", &revoked)], "").await;
    assert_eq!((form.status.as_u16(), form.header("set-cookie")), (200, gone));
    assert!(form.text.contains("Your sign-in has ended"), "{}", form.text);
    // Who comes without one has nothing to lose, and tabs that were left open keep nobody out.
    for _ in 0..20 {
        let stranger = ask(&router, "GET", "/", &[], "").await;
        assert_eq!((stranger.header("location"), stranger.header("set-cookie")), ("/sign-in?next=%2F", ""));
    }
    let bearer = format!("Bearer {}", token.replacen("ana", "ben", 1));
    let api = ask(&router, "GET", "/api/v1", &[("authorization", &bearer), ("cookie", &revoked)], "").await;
    assert_eq!((api.status.as_u16(), api.header("set-cookie")), (401, ""), "the API knows no cookies");
    assert_eq!(ask(&router, "POST", "/sign-in", &[FORM], &format!("token={token}")).await.status, 303);
}

#[tokio::test]
async fn who_has_signed_in_is_not_asked_again() {
    let (router, token, _) = given().await;
    let cookie = format!("slo-token=nonsense; slo-token={token}");
    let answer = ask(&router, "GET", "/sign-in?next=%2F%3Fservice%3Dweb", &[("cookie", &cookie)], "").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/?service=web"));
    assert_eq!(ask(&router, "GET", "/", &[("cookie", &cookie)], "").await.status, 200);
    let circle = ask(&router, "POST", "/sign-in", &[FORM], &format!("token={token}&next=%2Fsign-in")).await;
    assert_eq!(circle.header("location"), "/");
}

#[tokio::test]
async fn behind_a_stage_all_stays_below_it() {
    let (router, token, _) = given().await;
    let wanted = ask(&router, "GET", "/behind/", &[], "").await;
    assert_eq!(wanted.header("location"), "/v1/sign-in?next=%2F");
    let signed = ask(&router, "POST", "/behind/sign-in", &[FORM], &format!("token={token}")).await;
    assert_eq!(signed.header("location"), "/v1/");
    assert!(signed.header("set-cookie").contains("; Path=/v1/;"));
}

#[tokio::test]
async fn where_nobody_has_to_sign_in_there_is_no_form() {
    let router = router(App::new(Service::in_memory(), || NOW.parse().expect("a time")));
    assert_eq!(ask(&router, "GET", "/", &[], "").await.status, 200);
    let answer = ask(&router, "GET", "/sign-in?next=%2Fobjectives%2Fshop", &[], "").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/objectives/shop"));
}
