//! A thin HTTP client of the API: JSON in, JSON out, bounded waiting.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use jiff::Timestamp;
use ureq::Agent;
use ureq::http::{Method, Request, Uri, header};

use crate::error::{Error, Result};
use crate::output::complain;
use crate::problem::Problem;
use crate::progress;
use slo_core::Json;

/// Where every path of the API begins.
const BASE_PATH: &str = "/api/v1";
/// How often a request is sent before we give up on a service that is unavailable.
const MAX_TRIES: u32 = 5;
/// A command that waits longer than this looks hung; then we say so and stop.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// Lists come in pages of at most 200, so an answer beyond this is not ours.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Where the service is, and as whom to talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Address of the service, without /api/v1
    #[arg(long, env = "SLO_URL", default_value = "http://127.0.0.1:8080", global = true)]
    url: String,
    /// Bearer token; better given as SLO_TOKEN, which no process list shows
    #[arg(long, env = "SLO_TOKEN", hide_env_values = true, global = true)]
    token: Option<Token>,
}

/// A bearer token, which no error or debug output may show.
#[derive(Clone)]
struct Token(String);

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// How long we wait for what.
#[derive(Debug, Clone, Copy)]
struct Patience {
    connect: Duration,
    overall: Duration,
    /// The first pause between tries; each further one is twice as long.
    pause: Duration,
}

impl Patience {
    const NORMAL: Self =
        Self { connect: Duration::from_secs(5), overall: Duration::from_secs(30), pause: Duration::from_millis(500) };
}

/// Whether a request may have been carried out by a try that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// Try again only when the service said that it did nothing (429, 503).
    Refused,
    /// Sending it twice changes nothing: try again whatever happened on the way.
    Always,
}

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The entity tag: the item's revision.
    pub(crate) etag: Option<String>,
    /// The body as it came.
    pub(crate) body: String,
    retry_after: Option<u64>,
}

impl Answer {
    /// The answer if it says that all went well, its problem otherwise.
    pub(crate) fn success(self) -> Result<Self> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(Problem::of(status, &self.body).into()),
        }
    }
}

/// Talks to one service.
pub(crate) struct Client {
    agent: Agent,
    url: String,
    token: Option<Token>,
    pause: Duration,
    accept: &'static str,
    /// What is drawn meanwhile; what we say stands above it.
    bar: ProgressBar,
    notice: Box<dyn Fn(&str)>,
}

impl Client {
    /// A client for `connection`; nothing is sent yet.
    pub(crate) fn new(connection: &Connection) -> Result<Self> {
        Self::with_patience(connection, Patience::NORMAL)
    }

    fn with_patience(connection: &Connection, patience: Patience) -> Result<Self> {
        let url = connection.url.trim_end_matches('/');
        let url = url.strip_suffix(BASE_PATH).unwrap_or(url);
        let uri = url.parse::<Uri>().ok().filter(|uri| {
            let scheme = uri.scheme_str();
            let plain = uri.query().is_none() && !url.contains(['@', '#']);
            (scheme == Some("http") || scheme == Some("https")) && plain
        });
        let Some(uri) = uri else {
            // Not the address itself: it may hold a password.
            return Err(Error::Failed(
                "the address of the service (--url or SLO_URL) must look like http://127.0.0.1:8080 or https://slo.example.com".to_owned(),
            ));
        };
        // An empty SLO_TOKEN is how a pipeline says that there is none.
        let token = connection.token.clone().filter(|Token(token)| !token.is_empty());
        if token.as_ref().is_some_and(|Token(token)| !token.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(Error::Failed(
                "the token (--token or SLO_TOKEN) must be one word of visible ASCII characters".to_owned(),
            ));
        }
        let mut config = Agent::config_builder()
            .timeout_connect(Some(patience.connect))
            .timeout_global(Some(patience.overall))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("slo/", env!("CARGO_PKG_VERSION")));
        if is_loopback(uri.host().unwrap_or_default()) {
            // A proxy from the environment has another loopback than we have.
            config = config.proxy(None);
        }
        let client = Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            token,
            pause: patience.pause,
            accept: "application/json, application/problem+json",
            bar: ProgressBar::hidden(),
            notice: Box::new(complain),
        };
        Ok(client.beside(&ProgressBar::hidden()))
    }

    /// Says what it waits for above this bar.
    pub(crate) fn beside(mut self, bar: &ProgressBar) -> Self {
        self.bar = bar.clone();
        let bar = bar.clone();
        self.notice = Box::new(move |text| bar.suspend(|| complain(text)));
        self
    }

    /// Says what it waits for through `notice` instead of standard error.
    #[cfg(test)]
    fn with_notice(mut self, notice: impl Fn(&str) + 'static) -> Self {
        self.notice = Box::new(notice);
        self
    }

    /// Takes YAML in the place of JSON.
    pub(crate) fn taking_yaml(self) -> Self {
        Self { accept: "application/yaml, application/problem+json", ..self }
    }

    /// Where the service is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads `path`; 404 and the like are errors.
    pub(crate) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let target = format!("{path}{}", query_string(query));
        self.send(&Method::GET, &target, None, None, Repeat::Refused)?.success()
    }

    /// Reads `path`, and tries as hard as [`Self::post_repeatable`].
    pub(crate) fn get_patiently(&self, path: &str) -> Result<Answer> {
        self.send(&Method::GET, path, None, None, Repeat::Always)?.success()
    }

    /// Reads `path` unless there is nothing there.
    pub(crate) fn find(&self, path: &str) -> Result<Option<Answer>> {
        let answer = self.send(&Method::GET, path, None, None, Repeat::Refused)?;
        if answer.status == 404 { Ok(None) } else { answer.success().map(Some) }
    }

    /// Writes an item: creates it, or replaces the revision `if_match`.
    pub(crate) fn put(&self, path: &str, body: &str, if_match: Option<&str>) -> Result<Answer> {
        self.send(&Method::PUT, path, Some(body), if_match, Repeat::Refused)?.success()
    }

    /// Deletes the revision `if_match` of an item.
    pub(crate) fn delete(&self, path: &str, if_match: Option<&str>) -> Result<Answer> {
        self.send(&Method::DELETE, path, None, if_match, Repeat::Refused)?.success()
    }

    /// Posts what makes something new.
    pub(crate) fn post(&self, path: &str, body: &str) -> Result<Answer> {
        self.send(&Method::POST, path, Some(body), None, Repeat::Refused)?.success()
    }

    /// Posts what may be refused with more than a problem; any status is an answer.
    pub(crate) fn post_for_answer(&self, path: &str, body: &str) -> Result<Answer> {
        self.send(&Method::POST, path, Some(body), None, Repeat::Refused)
    }

    /// Posts what may arrive any number of times, and tries hard; any status is an answer.
    pub(crate) fn post_repeatable(&self, path: &str, body: &str) -> Result<Answer> {
        self.send(&Method::POST, path, Some(body), None, Repeat::Always)
    }

    /// All items of a list, following `next` to the end.
    pub(crate) fn list(&self, path: &str, filters: &[(&str, &str)]) -> Result<Vec<Json>> {
        let items = self.pages(path, filters);
        self.bar.finish_and_clear();
        items
    }

    fn pages(&self, path: &str, filters: &[(&str, &str)]) -> Result<Vec<Json>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query = vec![("limit", "200")];
            query.extend_from_slice(filters);
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.read(&self.get(path, &query)?)?;
            let Some(Json::Array(found)) = page.get("items") else {
                return Err(self.nonsense("a list without `items`"));
            };
            items.extend_from_slice(found);
            let next = page.get("next").and_then(Json::text).map(str::to_owned);
            match next {
                None => return Ok(items),
                Some(_) if next == cursor => return Err(self.nonsense("a list whose `next` does not advance")),
                Some(_) => cursor = next,
            }
            progress::came(&self.bar, items.len());
        }
    }

    /// The JSON of an answer.
    pub(crate) fn read(&self, answer: &Answer) -> Result<Json> {
        Json::parse(answer.body.as_bytes()).map_err(|error| self.nonsense(error))
    }

    /// An answer that this API does not give.
    pub(crate) fn nonsense(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Answer { url: self.url.clone(), source: source.into() }
    }

    fn send(
        &self,
        method: &Method,
        target: &str,
        body: Option<&str>,
        if_match: Option<&str>,
        repeat: Repeat,
    ) -> Result<Answer> {
        let mut tries = 1;
        let mut pause = self.pause;
        loop {
            let result = self.send_once(method, target, body, if_match);
            let (failure, asked) = match result {
                Ok(answer) => match answer.status {
                    429 | 503 => (Problem::of(answer.status, &answer.body).into(), answer.retry_after),
                    502 | 504 if repeat == Repeat::Always => (Problem::of(answer.status, &answer.body).into(), None),
                    _ => return Ok(answer),
                },
                Err(error @ (Error::Unreachable { .. } | Error::TimedOut { .. })) if repeat == Repeat::Always => {
                    (error, None)
                }
                Err(error) => return Err(error),
            };
            if tries == MAX_TRIES {
                return Err(Error::GaveUp { tries, last: Box::new(failure) });
            }
            let wait = asked.map_or_else(|| jittered(pause), Duration::from_secs);
            if wait > MAX_WAIT {
                return Err(Error::LongWait { seconds: wait.as_secs() });
            }
            tries += 1;
            pause *= 2;
            let reason = match &failure {
                Error::Unreachable { .. } => format!("no connection to {}", self.url),
                Error::TimedOut { .. } => format!("no answer in time from {}", self.url),
                failure => failure.to_string(),
            };
            (self.notice)(&format!("{reason}; try {tries} of {MAX_TRIES} in {:.1} s", wait.as_secs_f32()));
            std::thread::sleep(wait);
        }
    }

    fn send_once(&self, method: &Method, target: &str, body: Option<&str>, if_match: Option<&str>) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{BASE_PATH}{target}", self.url))
            .header(header::ACCEPT, self.accept);
        if let Some(Token(token)) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(etag) = if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        let response = match body {
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body)
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
        };
        let mut response = response.map_err(|error| self.failure(error))?;
        let text_of = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let (300..=399, Some(location)) = (response.status().as_u16(), text_of(header::LOCATION)) {
            return Err(Error::Redirected { url: self.url.clone(), location });
        }
        let etag = text_of(header::ETAG);
        let retry_after = text_of(header::RETRY_AFTER).and_then(|seconds| seconds.parse().ok());
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
        let body = body.map_err(|error| self.failure(error))?;
        Ok(Answer { status: response.status().as_u16(), etag, body, retry_after })
    }

    fn failure(&self, source: ureq::Error) -> Error {
        let url = self.url.clone();
        match source {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve)
            | ureq::Error::Io(_)
            | ureq::Error::ConnectionFailed
            | ureq::Error::HostNotFound => Error::Unreachable { url, source },
            ureq::Error::Timeout(_) => Error::TimedOut { url, source },
            source => Error::Answer { url, source: source.into() },
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|ip| ip.is_loopback())
}

/// Up to a quarter longer, so that clients who failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let thousandths = Timestamp::now().subsec_microsecond().unsigned_abs() % 250;
    pause + pause * thousandths / 1000
}

/// `?a=b&c=d` with everything escaped that is not plainly a letter, digit or `-._~`.
fn query_string(query: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in query {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
                _ => text.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    text
}
