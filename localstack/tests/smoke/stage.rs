//! The service below the stage of a gateway, on the loopback; and a gateway that does not tell the truth.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use slo_core::{Service, Stamp, TOKEN_RANDOM, TokenRequest};
use slo_lambda::{App, BasePath, router};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// What stands before the API in every URL.
const PREFIX: &str = "/v1";

/// What the gateway was asked, without the stage; it may be altered.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Asked {
    /// Whether measurements are sent.
    pub(crate) fn records(&self) -> bool {
        self.method == Method::POST && self.path.ends_with("/measurements")
    }
}

/// What the service answered; it may be altered.
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// What a gateway does with requests and answers; nothing, where nothing else is said.
pub(crate) trait Gateway: Send + Sync + 'static {
    /// Before the service is asked; an answer here is the gateway's own.
    fn ask(&self, _: &mut Asked) -> Option<StatusCode> {
        None
    }

    /// Before the answer is handed on; with what was asked.
    fn tell(&self, _: &Asked, _: &mut Told) {}
}

/// It hands on everything as it is.
pub(crate) struct Honest;

impl Gateway for Honest {}

/// A stage that is served until it is dropped.
pub(crate) struct Stage {
    address: SocketAddr,
    token: String,
    _runtime: Runtime,
}

/// How the client ended.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    /// What it said, on both streams.
    pub(crate) said: String,
}

impl Stage {
    pub(crate) fn serve(gateway: impl Gateway) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let service = Service::in_memory();
        let token = runtime.block_on(admin(&service));
        let service = router(App::new(service, jiff::Timestamp::now).guarded());
        let gateway: Arc<dyn Gateway> = Arc::new(gateway);
        let stage = Router::new().fallback(move |request| through(Arc::clone(&gateway), service.clone(), request));
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .expect("a free port of the loopback");
        let address = listener.local_addr().expect("bound");
        runtime.spawn(async { axum::serve(listener, stage).await });
        Self { address, token, _runtime: runtime }
    }

    /// Walks through it, under a name that nobody resolves.
    pub(crate) fn walk(&self) -> Outcome {
        let url = format!("http://abcd1234.execute-api.invalid:4566{PREFIX}/");
        let place = self.address.to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_smoke"))
            .args([url.as_str(), "--connect", place.as_str()])
            .env("SLO_TOKEN", &self.token)
            .output()
            .expect("the client runs");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).expect("UTF-8")).concat();
        Outcome { code: output.status.code(), said }
    }

    /// How many definitions are there.
    pub(crate) fn left(&self) -> usize {
        let count = |collection: &str| {
            let url = format!("http://{}{PREFIX}/api/v1/{collection}", self.address);
            let ask = || ureq::get(&url).header("authorization", format!("Bearer {}", self.token)).call();
            // A busy gateway may refuse us too, but not twice.
            let answer = ask().or_else(|_| ask());
            let text = answer.and_then(|mut answer| answer.body_mut().read_to_string()).expect("a list");
            let list: Value = serde_json::from_str(&text).expect("JSON");
            list["items"].as_array().map_or(0, Vec::len)
        };
        // The admin was there before.
        ["users", "indicators", "objectives", "services"].map(count).iter().sum::<usize>() - 1
    }
}

/// The token of an admin.
async fn admin(service: &Service) -> String {
    let stamp = Stamp { at: jiff::Timestamp::now(), by: None };
    let user = "admin".parse().expect("a name");
    let made = service.create_admin_token(&user, TokenRequest::default(), [7; TOKEN_RANDOM], stamp).await;
    made.expect("a token").1.reveal().to_owned()
}

async fn through(gateway: Arc<dyn Gateway>, service: Router, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let whole = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let below = whole.strip_prefix(PREFIX).and_then(|path| path.parse().ok());
    let Some(path) = below else { return StatusCode::FORBIDDEN.into_response() };
    parts.uri = path;
    parts.extensions.insert(BasePath(PREFIX.to_owned()));

    let bytes = to_bytes(body, usize::MAX).await.expect("the client does not hang up");
    let sent: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let mut asked = Asked { method: parts.method.clone(), path, headers: parts.headers.clone(), body: sent.clone() };
    if let Some(status) = gateway.ask(&mut asked) {
        return status.into_response();
    }
    parts.headers = asked.headers.clone();
    // Bodies that nobody altered stay as they were written.
    let body = if asked.body == sent { Body::from(bytes) } else { Body::from(asked.body.to_string()) };
    let answer = service.oneshot(Request::from_parts(parts, body)).await.expect("it never fails");

    let (mut parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("in memory");
    let answered: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut told = Told { status: parts.status, headers: parts.headers, body: answered.clone() };
    gateway.tell(&asked, &mut told);
    (parts.status, parts.headers) = (told.status, told.headers);
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = if told.body == answered { Body::from(bytes) } else { Body::from(told.body.to_string()) };
    Response::from_parts(parts, body)
}
