//! Who may do what: every route times everybody who may ask.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use slo_core::{Access, Name, Role, Service, Stamp, TOKEN_RANDOM, TokenRequest, User};
use slo_lambda::{App, ClientAddress, FILES, PAGES, ROUTES, router};
use tower::ServiceExt;

use super::common::NOW;
use Needs::{AdminOrSelf, Least, Nothing, Reads, Writes};

/// What a route needs.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    Least(Access),
    AdminOrSelf,
    /// Of counts: a viewer, or a token for this indicator.
    Reads,
    /// Of counts: an editor, or a token for this indicator.
    Writes,
}

const VIEWER: Needs = Least(Access::Viewer);
const EDITOR: Needs = Least(Access::Editor);
const APPROVER: Needs = Least(Access::Approver);
const ADMIN: Needs = Least(Access::Admin);

/// Every route, as it is promised; written by hand, so that a route that is not in it fails.
const TABLE: [(&str, &str, Needs); 66] = [
    ("get", "/api/v1", VIEWER),
    ("get", "/api/v1/openapi.json", Nothing),
    ("get", "/healthz", Nothing),
    ("get", "/metrics", VIEWER),
    ("get", "/api/v1/indicators", VIEWER),
    ("post", "/api/v1/indicators", EDITOR),
    ("get", "/api/v1/indicators/{name}", VIEWER),
    ("put", "/api/v1/indicators/{name}", EDITOR),
    ("patch", "/api/v1/indicators/{name}", EDITOR),
    ("delete", "/api/v1/indicators/{name}", EDITOR),
    ("get", "/api/v1/indicators/{name}/measurements", Reads),
    ("post", "/api/v1/indicators/{name}/measurements", Writes),
    ("get", "/api/v1/indicators/{name}/suggested-target", VIEWER),
    ("get", "/api/v1/objectives", VIEWER),
    ("post", "/api/v1/objectives", EDITOR),
    ("get", "/api/v1/objectives/{name}", VIEWER),
    ("put", "/api/v1/objectives/{name}", EDITOR),
    ("patch", "/api/v1/objectives/{name}", EDITOR),
    ("delete", "/api/v1/objectives/{name}", EDITOR),
    ("get", "/api/v1/objectives/{name}/revisions", VIEWER),
    ("get", "/api/v1/objectives/{name}/exclusions", VIEWER),
    ("post", "/api/v1/objectives/{name}/exclusions", EDITOR),
    ("get", "/api/v1/objectives/{name}/exclusions/{id}", VIEWER),
    ("delete", "/api/v1/objectives/{name}/exclusions/{id}", EDITOR),
    ("get", "/api/v1/objectives/{name}/error-budget", VIEWER),
    ("get", "/api/v1/objectives/{name}/error-budget/series", VIEWER),
    ("get", "/api/v1/objectives/{name}/alerts", VIEWER),
    ("get", "/api/v1/objectives/{name}/incidents", VIEWER),
    ("get", "/api/v1/services", VIEWER),
    ("post", "/api/v1/services", EDITOR),
    ("get", "/api/v1/services/{name}", VIEWER),
    ("put", "/api/v1/services/{name}", EDITOR),
    ("patch", "/api/v1/services/{name}", EDITOR),
    ("delete", "/api/v1/services/{name}", EDITOR),
    ("get", "/api/v1/error-budgets", VIEWER),
    ("post", "/api/v1/error-budgets:batchGet", VIEWER),
    ("get", "/api/v1/openslo", VIEWER),
    ("post", "/api/v1/openslo", EDITOR),
    ("get", "/api/v1/policy", VIEWER),
    ("put", "/api/v1/policy", ADMIN),
    ("get", "/api/v1/policy/revisions", VIEWER),
    ("get", "/api/v1/decisions", VIEWER),
    ("post", "/api/v1/decisions", EDITOR),
    ("get", "/api/v1/decisions/{id}", VIEWER),
    ("post", "/api/v1/decisions/{id}/override", APPROVER),
    ("get", "/api/v1/audit", ADMIN),
    ("get", "/api/v1/users", VIEWER),
    ("post", "/api/v1/users", ADMIN),
    ("get", "/api/v1/users/{name}", VIEWER),
    ("put", "/api/v1/users/{name}", ADMIN),
    ("patch", "/api/v1/users/{name}", ADMIN),
    ("delete", "/api/v1/users/{name}", ADMIN),
    ("get", "/api/v1/users/{name}/error-budgets", VIEWER),
    ("get", "/api/v1/users/{name}/tokens", AdminOrSelf),
    ("post", "/api/v1/users/{name}/tokens", ADMIN),
    ("get", "/api/v1/users/{name}/tokens/{id}", AdminOrSelf),
    ("delete", "/api/v1/users/{name}/tokens/{id}", AdminOrSelf),
    ("get", "/", VIEWER),
    ("get", "/objectives/{name}", VIEWER),
    ("get", "/users/{name}/sprint", VIEWER),
    ("get", "/api/v1/docs", Nothing),
    ("get", "/sign-in", Nothing),
    ("post", "/sign-in", Nothing),
    ("post", "/sign-out", Nothing),
    ("get", "/style.css", Nothing),
    ("get", "/badges/{file}", Nothing),
];

/// Everybody who may ask: what they show, and what of it counts.
const CALLERS: [(&str, Option<Access>, Option<&str>); 11] = [
    ("no token", None, None),
    ("no such token", None, None),
    ("revoked", None, None),
    ("expired", None, None),
    ("viewer", Some(Access::Viewer), None),
    ("editor", Some(Access::Editor), None),
    ("approver", Some(Access::Approver), None),
    ("admin", Some(Access::Admin), None),
    ("editor", Some(Access::Editor), Some("ingest:site")),
    ("admin", Some(Access::Admin), Some("ingest:other")),
    ("viewer", Some(Access::Viewer), Some("ingest")),
];

/// What the table promises to a caller who asks about themselves, or about others.
fn allowed(needs: Needs, access: Option<Access>, scope: Option<&str>, own: bool) -> bool {
    let least = |least: Access| access.is_some_and(|access| access >= least);
    let site = matches!(scope, None | Some("ingest:site" | "ingest"));
    match needs {
        Nothing => true,
        Least(access) => least(access) && scope.is_none(),
        AdminOrSelf => (least(Access::Admin) || own && access.is_some()) && scope.is_none(),
        Reads => least(Access::Viewer) && site,
        Writes => least(Access::Editor) && site,
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// One process of the service, whose clock is in the test's hands.
struct Guarded {
    router: Router,
    clock: Arc<AtomicI64>,
    /// Every request comes from another address unless it is said.
    address: AtomicU32,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Guarded {
    fn new(service: &Service) -> Self {
        let clock = Arc::new(AtomicI64::new(NOW.parse::<Timestamp>().expect("a time").as_second()));
        let seconds = Arc::clone(&clock);
        let now = move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).expect("a time");
        let app = App::new(service.clone(), now).guarded();
        Self { router: router(app), clock, address: AtomicU32::new(1) }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let address = Ipv4Addr::from_bits(self.address.fetch_add(1, Ordering::Relaxed));
        self.ask_from(address, method, path, token, body).await
    }

    async fn ask_from(&self, from: Ipv4Addr, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        // That of the policy by default.
        let tag = if path == "/api/v1/policy" { "\"0\"" } else { "*" };
        let request = Request::builder().method(&*method.to_uppercase()).uri(path).header("if-match", tag);
        let request = request.header("content-type", "application/json").extension(ClientAddress(IpAddr::V4(from)));
        let request = match token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(Body::from(body.to_string())).expect("a request");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("infallible").into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn status(&self, path: &str, token: &str) -> u16 {
        self.ask("get", path, Some(token), &json!({})).await.status.as_u16()
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// All that could tell one refusal from another.
    fn told(&self) -> (StatusCode, Value, Vec<(String, String)>) {
        let incidental = ["x-request-id"];
        let headers = self.headers.iter().filter(|(name, _)| !incidental.contains(&name.as_str()));
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            (name.to_string(), value.to_str().expect("text").to_owned())
        };
        (self.status, self.body.clone(), headers.map(text).collect())
    }
}

fn stamp() -> Stamp {
    Stamp { at: NOW.parse().expect("a time"), by: None }
}

/// A token of a user, who is made if absent.
async fn token(service: &Service, access: Access, fill: u8, request: TokenRequest) -> String {
    let user = User {
        name: name(access.name()),
        display_name: access.name().to_owned().try_into().expect("text"),
        email: "somebody@example.org".to_owned().try_into().expect("an address"),
        role: Role::Engineer,
        access,
    };
    let (user, name) = (service.create(user, stamp()).await, name(access.name()));
    drop(user);
    let (_, text) = service.create_token(&name, request, [fill; TOKEN_RANDOM], stamp()).await.expect("it is made");
    text.reveal().to_owned()
}

async fn plain(service: &Service, access: Access) -> String {
    token(service, access, access as u8 + 1, TokenRequest::default()).await
}

/// A service with indicators, and with what each caller shows.
async fn everybody() -> (Service, Vec<Option<String>>) {
    let service = Service::in_memory();
    for indicator in ["site", "other"] {
        let indicator = slo_core::Indicator::new(name(indicator), name("web"), slo_core::IndicatorKind::Ratio);
        service.create(indicator, stamp()).await.expect("created");
    }
    let mut shown = Vec::new();
    for (i, (who, access, scope)) in CALLERS.into_iter().enumerate() {
        let fill = 100 + u8::try_from(i).expect("few");
        let mut request = TokenRequest::default();
        request.scopes.extend(scope.map(|scope| scope.parse().expect("a scope")));
        shown.push(match who {
            "no token" => None,
            "no such token" => Some(format!("slo_viewer_{}_{}", "9".repeat(12), "9".repeat(64))),
            "expired" => {
                request.expires_at = Some("2026-11-20T12:00:01Z".parse().expect("a time"));
                Some(token(&service, Access::Admin, fill, request).await)
            }
            "revoked" => {
                let text = token(&service, Access::Admin, fill, request).await;
                let id = text.split('_').nth(2).expect("an identifier");
                service.revoke_token(&name("admin"), &name(id), stamp()).await.expect("revoked");
                Some(text)
            }
            _ => Some(token(&service, access.expect("a user"), fill, request).await),
        });
    }
    (service, shown)
}

#[test]
fn every_route_is_in_the_table_and_nothing_else() {
    let all = ROUTES.iter().chain(PAGES).chain(FILES);
    let served: BTreeSet<(&str, &str)> =
        all.flat_map(|(path, methods)| methods.iter().map(|method| (*path, *method))).collect();
    let promised: BTreeSet<(&str, &str)> = TABLE.iter().map(|(method, path, _)| (*path, *method)).collect();
    let missing: Vec<_> = served.difference(&promised).collect();
    assert!(missing.is_empty(), "say in the table who may use {missing:?}");
    let gone: Vec<_> = promised.difference(&served).collect();
    assert!(gone.is_empty() && promised.len() == TABLE.len(), "these are no routes, or are said twice: {gone:?}");
}

#[test]
fn the_openapi_document_says_who_is_let_in() {
    let document = serde_json::to_value(slo_lambda::openapi()).expect("JSON");
    assert_eq!(document["security"], json!([{"token": []}]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let documented = |path: &str| ROUTES.iter().any(|(route, _)| *route == path);
    for (method, path, needs) in TABLE.iter().filter(|(_, path, _)| documented(path)) {
        let operation = &document["paths"][path][method];
        let open = *needs == Nothing;
        assert_eq!(operation["security"] == json!([]), open, "{method} {path}");
        for status in ["401", "403", "429"] {
            assert_eq!(operation["responses"][status].is_null(), open, "{method} {path} {status}");
        }
    }
}

#[tokio::test]
async fn each_route_lets_in_whom_the_table_says_and_nobody_else() {
    let mut checked = 0;
    for (method, path, needs) in TABLE {
        for own in [false, true] {
            for (i, (who, access, scope)) in CALLERS.into_iter().enumerate() {
                // Fresh each time: what is let in changes things.
                let (service, shown) = everybody().await;
                let shown = &shown[i];
                let api = Guarded::new(&service);
                api.pass(2);
                // About oneself, or about somebody else; of indicators and objectives it is `site`.
                let user = path.contains("/users/");
                if !user && own {
                    continue;
                }
                let about = match (user, own) {
                    (true, true) => access.map_or("nobody", |access| access.name()),
                    (true, false) => "somebody-else",
                    (false, _) => "site",
                };
                let path = path.replace("{name}", about).replace("{id}", "none");
                // HEAD is answered as GET is.
                let methods: &[&str] = if method == "get" { &["head", "get"] } else { &[method] };
                for method in methods {
                    let answer = api.ask(method, &path, shown.as_deref(), &json!({"measurements": []})).await;
                    let status = answer.status.as_u16();
                    let what = format!("{method} {path} by {who} {scope:?}: {status} {}", answer.body);
                    let wanted = allowed(needs, access, scope, own);
                    // Who sees no page may sign in.
                    let signs_in = status == 303 && answer.header("location").starts_with("/sign-in?next=%2F");
                    let status = if signs_in { 401 } else { status };
                    let page = !path.starts_with("/api/") && path != "/metrics";
                    assert_eq!(!matches!(status, 401 | 403), wanted, "{what}");
                    assert_eq!(status == 401, !wanted && access.is_none(), "{what}");
                    if !wanted && !page {
                        let challenge = answer.header("www-authenticate");
                        assert!(challenge.starts_with("Bearer realm=\"slo\""), "{what}: {challenge}");
                    }
                    if status == 403 && *method != "head" && !page {
                        let least = match needs {
                            Least(least) => least,
                            AdminOrSelf => Access::Admin,
                            Reads => Access::Viewer,
                            Writes => Access::Editor,
                            Nothing => unreachable!("everybody is let in"),
                        };
                        assert_eq!(answer.body["needed"], least.name(), "{what}");
                        assert!(answer.body["detail"].as_str().expect("text").contains(least.name()), "{what}");
                    }
                    checked += 1;
                }
            }
        }
    }
    // Every route by everybody; a GET as a HEAD too, and what is about a user about oneself and about another.
    let times = |(method, path, _): &(&str, &str, Needs)| {
        CALLERS.len() * (1 + usize::from(*method == "get")) * (1 + usize::from(path.contains("/users/")))
    };
    assert_eq!(checked, TABLE.iter().map(times).sum::<usize>());
}

#[tokio::test]
async fn what_is_no_route_is_no_secret_and_no_way_in() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    let admin = shown[7].as_deref();
    for token in [None, shown[1].as_deref(), admin] {
        assert_eq!(api.ask("get", "/api/v1/nothing", token, &json!({})).await.status, 404);
        assert_eq!(api.ask("delete", "/api/v1/policy", token, &json!({})).await.status, 405);
    }
    assert_eq!(api.ask("get", "/api/v1/", None, &json!({})).await.status, 401);
    assert_eq!(api.ask("get", "/api/v1/", admin, &json!({})).await.status, 200);
}

#[tokio::test]
async fn nobody_learns_what_is_wrong_with_a_token() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    api.pass(2);
    let good = shown[4].as_deref().expect("a viewer's");
    assert_eq!(api.status("/api/v1/policy", good).await, 200);
    let last = &good[..good.len() - 1];
    let wrong = [
        // Another secret, another identifier, another user, no user.
        format!("{last}{}", if good.ends_with('0') { '1' } else { '0' }),
        good.replacen("slo_viewer_686868686868", "slo_viewer_000000000000", 1),
        good.replacen("viewer", "editor", 1),
        good.replacen("viewer", "nobody", 1),
        shown[1].clone().expect("never made"),
        shown[2].clone().expect("revoked"),
        shown[3].clone().expect("expired"),
        "slo_viewer".to_owned(),
        "x".to_owned(),
    ];
    let first = api.ask("get", "/api/v1/policy", Some(&wrong[0]), &json!({})).await.told();
    assert_eq!(first.0, 401);
    for token in &wrong {
        assert_ne!(token, good);
        assert_eq!(api.ask("get", "/api/v1/policy", Some(token), &json!({})).await.told(), first, "{token}");
    }
}

#[tokio::test]
async fn what_is_revoked_or_has_less_access_is_so_everywhere_within_a_minute() {
    let service = Service::in_memory();
    let (admin, editor) = (plain(&service, Access::Admin).await, plain(&service, Access::Editor).await);
    let (here, there) = (Guarded::new(&service), Guarded::new(&service));
    let policy = "/api/v1/policy";
    for api in [&here, &there] {
        assert_eq!(api.status(policy, &editor).await, 200);
    }
    let id = editor.split('_').nth(2).expect("an identifier");
    let path = format!("/api/v1/users/editor/tokens/{id}");
    assert_eq!(here.ask("delete", &path, Some(&admin), &json!({})).await.status, 204);
    assert_eq!(here.status(policy, &editor).await, 401, "at once where it was revoked");
    there.pass(59);
    assert_eq!(there.status(policy, &editor).await, 401);

    let approver = plain(&service, Access::Approver).await;
    let overriding = "/api/v1/decisions/none/override";
    for api in [&here, &there] {
        assert_eq!(api.ask("post", overriding, Some(&approver), &json!({})).await.status, 404);
    }
    let lowered = here.ask("patch", "/api/v1/users/approver", Some(&admin), &json!({"access": "viewer"})).await;
    assert_eq!(lowered.status, 200, "{}", lowered.body);
    assert_eq!(here.ask("post", overriding, Some(&approver), &json!({})).await.status, 403);
    there.pass(59);
    assert_eq!(there.ask("post", overriding, Some(&approver), &json!({})).await.status, 403);
}

#[tokio::test]
async fn who_fails_too_often_has_to_wait_and_who_is_known_does_not() {
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    let (viewer, editor) = (shown[4].as_deref(), shown[5].as_deref());
    let (one, other) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
    let policy = "/api/v1/policy";
    let nothing = json!({});
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200);
    for _ in 0..10 {
        assert_eq!(api.ask_from(one, "get", policy, shown[1].as_deref(), &nothing).await.status, 401);
    }
    // Known long ago is known still.
    api.pass(31);
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200);
    // Right or wrong, the answer is the same.
    for token in [&shown[1], &shown[5]] {
        let refused = api.ask_from(one, "get", policy, token.as_deref(), &nothing).await;
        assert_eq!(refused.status, 429, "{}", refused.body);
        assert_eq!(refused.header("retry-after"), "29");
        assert_eq!(refused.body["type"], "/problems/too-many-failures");
    }
    assert_eq!(api.ask_from(one, "get", policy, viewer, &nothing).await.status, 200, "known a moment ago");
    assert_eq!(api.ask_from(one, "get", policy, None, &nothing).await.status, 401, "no token is no attempt");
    assert_eq!(api.ask_from(other, "get", policy, editor, &nothing).await.status, 200);
    api.pass(61);
    assert_eq!(api.ask_from(one, "get", policy, editor, &nothing).await.status, 200);
}

#[tokio::test]
async fn failures_are_logged_without_the_secret() {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let (service, shown) = everybody().await;
    let api = Guarded::new(&service);
    // Another test may be the first to log this, and find that nobody listens, in the moment in which we begin to.
    api.ask("get", "/api/v1/policy", shown[1].as_deref(), &json!({})).await;
    tracing::callsite::rebuild_interest_cache();
    log.0.lock().expect("no panic").clear();
    for token in [&shown[1], &shown[2], &shown[7]] {
        api.ask_from(Ipv4Addr::new(192, 0, 2, 1), "get", "/api/v1/policy", token.as_deref(), &json!({})).await;
    }
    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    assert_eq!(text.matches("a token was not valid").count(), 2, "{text}");
    assert!(text.contains("192.0.2.1") && text.contains("/api/v1/policy"), "{text}");
    for token in shown.iter().flatten() {
        let secret = token.rsplit('_').next().expect("a secret");
        assert!(!text.contains(&secret[..16]), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_shown_once_and_lives_until_it_is_revoked() {
    let service = Service::in_memory();
    let admin = plain(&service, Access::Admin).await;
    let viewer = plain(&service, Access::Viewer).await;
    let api = Guarded::new(&service);
    let path = "/api/v1/users/viewer/tokens";
    let wanted = json!({"description": "the collector", "expiresAt": "2026-12-01T00:00:00Z"});
    let made = api.ask("post", path, Some(&admin), &wanted).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("cache-control"), "no-store");
    let text = made.body["token"].as_str().expect("it is shown").to_owned();
    let (prefix, secret) = text.rsplit_once('_').expect("a secret");
    assert_eq!((secret.len(), made.body["prefix"].as_str()), (64, Some(prefix)));
    assert_eq!(made.body["createdBy"], "admin");
    assert_eq!(made.body["lastUsedAt"], Value::Null);
    assert_eq!(api.status("/api/v1/policy", &text).await, 200);
    let location = made.header("location").to_owned();
    for (path, who) in [(path, &viewer), (&*location, &text), (&*location, &admin)] {
        let answer = api.ask("get", path, Some(who), &json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let shown = answer.body.to_string();
        assert!(!shown.contains(secret) && !shown.contains("hash"), "{shown}");
        let token = if path == location { &answer.body } else { &answer.body["items"][0] };
        assert!(shown.contains(prefix) && token["id"].is_string(), "{shown}");
    }
    let seen = api.ask("get", &location, Some(&admin), &json!({})).await.body;
    assert_eq!((&seen["lastUsedAt"], &seen["expiresAt"]), (&json!(NOW), &json!("2026-12-01T00:00:00Z")));
    // One revokes one's own.
    assert_eq!(api.ask("delete", &location, Some(&text), &json!({})).await.status, 204);
    assert_eq!(api.status("/api/v1/policy", &text).await, 401);
    assert_eq!(api.ask("get", &location, Some(&admin), &json!({})).await.status, 404);
    let refused = api.ask("post", path, Some(&admin), &json!({"scopes": ["read", "ingest:none"], "x": 1})).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<&str> =
        refused.body["errors"].as_array().expect("errors").iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/scopes/0", "/x"]);
    let refused = api.ask("post", path, Some(&admin), &json!({"scopes": ["ingest:none"]})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/scopes/0")));
}

#[tokio::test]
async fn everything_says_who_did_it() {
    let service = Service::in_memory();
    let (admin, editor) = (plain(&service, Access::Admin).await, plain(&service, Access::Editor).await);
    let approver = plain(&service, Access::Approver).await;
    let api = Guarded::new(&service);
    let done = async |method: &str, path: &str, token: &str, body: Value| {
        let answer = api.ask(method, path, Some(token), &body).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        answer
    };
    done("post", "/api/v1/indicators", &editor, json!({"name": "site", "service": "web", "kind": "ratio"})).await;
    let objective = json!({"name": "shop", "service": "web", "indicator": "site", "target": 0.9,
        "timeWindow": {"duration": "1d", "isRolling": true}, "budgetingMethod": "Occurrences"});
    done("post", "/api/v1/objectives", &editor, objective).await;
    done("patch", "/api/v1/objectives/shop", &admin, json!({"target": 0.95})).await;
    let span = json!({"from": "2026-11-20T02:00:00Z", "to": "2026-11-20T03:00:00Z", "reason": "disks"});
    let exclusion = done("post", "/api/v1/objectives/shop/exclusions", &editor, span).await;
    assert_eq!(exclusion.body["createdBy"], "editor", "{}", exclusion.body);
    let revisions = done("get", "/api/v1/objectives/shop/revisions", &editor, json!({})).await.body;
    assert_eq!((&revisions["items"][0]["by"], &revisions["items"][1]["by"]), (&json!("admin"), &json!("editor")));
    let policy = done("get", "/api/v1/policy", &admin, json!({})).await.body;
    done("put", "/api/v1/policy", &admin, json!({"rules": policy["rules"]})).await;
    let revisions = done("get", "/api/v1/policy/revisions", &editor, json!({})).await.body;
    assert_eq!((&revisions["items"][0]["by"], &revisions["items"][0]["revision"]), (&json!("admin"), &json!(1)));
    assert_eq!(revisions["items"][0]["rules"], policy["rules"]);
    let question = json!({"objectives": ["shop"], "change": {"kind": "feature"}});
    let decision = done("post", "/api/v1/decisions", &editor, question).await;
    assert_eq!(decision.body["by"], "editor");
    let wanted = json!({"verdict": "ship", "reason": "we know", "expiresAt": "2026-11-21T00:00:00Z"});
    let path = format!("{}/override", decision.header("location"));
    let overridden = done("post", &path, &approver, wanted).await;
    assert_eq!(overridden.body["overrides"][0]["by"], "approver");
    let made = done("post", "/api/v1/users/editor/tokens", &admin, json!({})).await;
    done("delete", made.header("location"), &editor, json!({})).await;
    let audit = done("get", "/api/v1/audit", &admin, json!({})).await.body;
    let told: BTreeSet<(&str, &str)> = audit["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|entry| Some((entry["action"].as_str()?, entry["by"].as_str()?)))
        .collect();
    let wanted = [
        ("created", "admin"),
        ("created", "editor"),
        ("decided", "editor"),
        ("exclusionAdded", "editor"),
        ("overridden", "approver"),
        ("replaced", "admin"),
        ("tokenCreated", "admin"),
        ("tokenRevoked", "editor"),
    ];
    assert_eq!(told, wanted.into());
}
