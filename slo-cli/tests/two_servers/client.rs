//! A client of one of the two.

use std::time::Duration;

use serde_json::Value;
use ureq::http::Request;
use ureq::{Agent, Error};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    agent: Agent,
    url: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        Self { agent: config.build().into(), url: format!("{url}/api/v1") }
    }

    /// Fails when nobody answers.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        etag: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}/{path}", self.url));
        if let Some(etag) = etag {
            request = request.header("if-match", etag);
        }
        let mut answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json").body(body.to_string());
                self.agent.run(request.expect("a request"))?
            }
            None => self.agent.run(request.body(()).expect("a request"))?,
        };
        let etag = answer.headers().get("etag").map(|etag| etag.to_str().expect("text").to_owned());
        let text = answer.body_mut().read_to_string()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("json") };
        Ok(Answer { status: answer.status().as_u16(), etag, body })
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, None).expect("answered")
    }

    pub(crate) fn put(&self, path: &str, etag: Option<&str>, body: &Value) -> Answer {
        self.send("PUT", path, etag, Some(body)).expect("answered")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, None, Some(body)).expect("answered")
    }

    pub(crate) fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send("DELETE", path, Some(etag), None).expect("answered")
    }
}
