//! The service as it is guarded, and everybody who may ask.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use slo_core::{Access, Name, Role, Service, Stamp, TOKEN_RANDOM, TokenRequest, User};
use slo_lambda::{App, ClientAddress, router};
use tower::ServiceExt;

use super::common::NOW;

/// Everybody who may ask: what they show, and what of it counts.
pub(crate) const CALLERS: [(&str, Option<Access>, Option<&str>); 11] = [
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

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

/// One process of the service, whose clock is in the test's hands.
pub(crate) struct Guarded {
    router: Router,
    clock: Arc<AtomicI64>,
    /// Every request comes from another address unless it is said.
    address: AtomicU32,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Value,
}

impl Guarded {
    pub(crate) fn new(service: &Service) -> Self {
        let clock = Arc::new(AtomicI64::new(NOW.parse::<Timestamp>().expect("a time").as_second()));
        let seconds = Arc::clone(&clock);
        let now = move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).expect("a time");
        let app = App::new(service.clone(), now).guarded();
        Self { router: router(app), clock, address: AtomicU32::new(1) }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let address = Ipv4Addr::from_bits(self.address.fetch_add(1, Ordering::Relaxed));
        self.ask_from(address, method, path, token, body).await
    }

    pub(crate) async fn ask_from(
        &self,
        from: Ipv4Addr,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Answer {
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

    pub(crate) async fn status(&self, path: &str, token: &str) -> u16 {
        self.ask("get", path, Some(token), &json!({})).await.status.as_u16()
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// All that could tell one refusal from another.
    pub(crate) fn told(&self) -> (StatusCode, Value, Vec<(String, String)>) {
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

pub(crate) async fn plain(service: &Service, access: Access) -> String {
    token(service, access, access as u8 + 1, TokenRequest::default()).await
}

/// A service with indicators, and with what each caller shows.
pub(crate) async fn everybody() -> (Service, Vec<Option<String>>) {
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
