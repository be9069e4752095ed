//! A client without a network: requests go straight into the router.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use slo_core::Service;
use slo_lambda::{App, BasePath, router};
use tower::ServiceExt;

/// Noon of the day on which every test happens.
pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";

pub(crate) struct Api {
    router: Router,
    base: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// A problem with this status: checks what every problem has, and gives its word.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Value {
        let json = self.json();
        assert_eq!(self.status.as_u16(), status, "{json}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(json["status"], status);
        assert!(json["type"].as_str().is_some_and(|word| word.starts_with("/problems/")), "{json}");
        assert!(json["title"].is_string() && json["detail"].is_string(), "{json}");
        assert!(json["links"].is_object(), "{json}");
        json
    }

    /// The pointers of a 422, in order.
    #[track_caller]
    pub(crate) fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().expect("errors");
        let mut pointers: Vec<String> =
            errors.iter().map(|e| e["pointer"].as_str().expect("pointer").to_owned()).collect();
        assert!(errors.iter().all(|e| e["code"].is_string() && e["detail"].is_string()), "{problem}");
        pointers.sort();
        pointers
    }
}

impl Api {
    pub(crate) fn new() -> Self {
        Self::with(Service::in_memory())
    }

    pub(crate) fn with(service: Service) -> Self {
        Self { router: router(App::new(service, || NOW.parse().expect("time"))), base: None }
    }

    pub(crate) fn under(mut self, base: &'static str) -> Self {
        self.base = Some(base);
        self
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(base) = self.base {
            request = request.extension(BasePath(base.to_owned()));
        }
        let request = request.body(body.into()).expect("request");
        let (parts, body) = self.router.clone().oneshot(request).await.expect("infallible").into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("body");
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).expect("utf-8"),
        };
        assert!(!answer.header("x-request-id").is_empty(), "every answer has an id");
        assert!(answer.header("server-timing").starts_with("store;dur="), "every answer says what it cost");
        answer
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, &format!("/api/v1{path}"), &[], Body::empty()).await
    }

    /// A page: checks what every page has.
    #[track_caller]
    pub(crate) fn page(&self, path: &str) -> impl Future<Output = Answer> {
        let caller = std::panic::Location::caller();
        async move {
            let answer = self.send(Method::GET, path, &[], Body::empty()).await;
            crate::pages::is_a_page(&answer, caller);
            answer
        }
    }

    async fn json(&self, method: Method, path: &str, if_match: &str, body: &Value) -> Answer {
        let mut headers = vec![(header::CONTENT_TYPE.as_str(), "application/json")];
        if !if_match.is_empty() {
            headers.push(("if-match", if_match));
        }
        self.send(method, &format!("/api/v1{path}"), &headers, body.to_string()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, "", &body).await
    }

    pub(crate) async fn put(&self, path: &str, if_match: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, if_match, &body).await
    }

    pub(crate) async fn patch(&self, path: &str, if_match: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, if_match, &body).await
    }

    pub(crate) async fn delete(&self, path: &str, if_match: &str) -> Answer {
        let headers = [("if-match", if_match)];
        let headers = if if_match.is_empty() { &[][..] } else { &headers[..] };
        self.send(Method::DELETE, &format!("/api/v1{path}"), headers, Body::empty()).await
    }

    /// An indicator `site` and an objective `shop` of 99.9 % over 28 days.
    pub(crate) async fn with_objective(self) -> Self {
        assert_eq!(self.post("/indicators", indicator("site")).await.status, 201);
        assert_eq!(self.post("/objectives", objective("shop")).await.status, 201);
        self
    }
}

pub(crate) fn indicator(name: &str) -> Value {
    json!({"name": name, "service": "web", "kind": "ratio"})
}

pub(crate) fn objective(name: &str) -> Value {
    json!({"name": name, "service": "web", "indicator": "site", "target": 0.999,
        "timeWindow": {"duration": "28d", "isRolling": true}, "budgetingMethod": "Occurrences"})
}

pub(crate) fn user(name: &str) -> Value {
    json!({"name": name, "displayName": "Ana", "email": "ana@example.org", "role": "productManager", "access": "editor"})
}
