//! Requests through the gateway: bounded waiting, tries again where that is safe, and a look at every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{HeaderMap, Method, Request, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use crate::answer::{Answer, Checked, Failure, cut};
use crate::links::Links;

/// One request: an emulator's cold start is slow.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The whole walk.
const BOUND: Duration = Duration::from_secs(15 * 60);
/// What is removed at the end, also when the walk's time is over.
const CLEANING: Duration = Duration::from_secs(60);
const MAX_TRIES: u32 = 12;
/// After the first try; twice as long after each further one, up to [`MAX_PAUSE`].
const PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(4);
/// No answer of ours is larger.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    href: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    repeatable: bool,
    /// Under which its latency is counted.
    kind: Option<&'static str>,
}

impl Ask {
    pub(crate) fn new(method: Method, href: impl Into<String>) -> Self {
        let href = href.into();
        Self { method, href, headers: Vec::new(), body: String::new(), repeatable: false, kind: None }
    }

    pub(crate) fn get(href: impl Into<String>) -> Self {
        Self::new(Method::GET, href)
    }

    pub(crate) fn post(href: impl Into<String>, body: &Value) -> Self {
        Self::new(Method::POST, href).body("application/json", body.to_string())
    }

    pub(crate) fn put(href: impl Into<String>, body: &Value) -> Self {
        Self::new(Method::PUT, href).body("application/json", body.to_string())
    }

    pub(crate) fn patch(href: impl Into<String>, body: &Value) -> Self {
        Self::new(Method::PATCH, href).body("application/merge-patch+json", body.to_string())
    }

    pub(crate) fn delete(href: impl Into<String>) -> Self {
        Self::new(Method::DELETE, href)
    }

    pub(crate) fn body(mut self, media: &str, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", media)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As somebody else than who walks.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn if_match(self, tag: &str) -> Self {
        self.header("if-match", tag)
    }

    /// Sent twice it changes nothing: it is tried again whatever happened on the way.
    pub(crate) fn repeatable(mut self, kind: &'static str) -> Self {
        (self.repeatable, self.kind) = (true, Some(kind));
        self
    }
}

/// A stage of a gateway; shared by the threads of the race.
pub(crate) struct Gateway {
    agent: Agent,
    /// `http://host:port`
    origin: String,
    /// The stage: `/v1`, or nothing.
    pub(crate) prefix: String,
    /// Of who walks, where the service asks for one.
    pub(crate) token: Option<String>,
    deadline: Instant,
    links: Mutex<Links>,
    took: Mutex<BTreeMap<String, Vec<Duration>>>,
    operations: Mutex<BTreeSet<(String, String)>>,
    checks: Arc<AtomicUsize>,
    tries: AtomicUsize,
}

impl Gateway {
    /// The stage at `url`. Connects to `connect` (`host:port`) if given, whatever the URL's host is.
    pub(crate) fn new(url: &str, connect: Option<&str>, token: Option<String>, run: &str) -> Result<Self, String> {
        let usage = "write the stage's URL, such as https://id.execute-api.eu-west-1.amazonaws.com/v1";
        let uri = url.parse::<Uri>().map_err(|error| format!("{url}: {error}; {usage}"))?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme));
        let (Some(scheme), Some(authority), None) = (scheme, uri.authority(), uri.query()) else {
            return Err(format!("{url}: {usage}"));
        };
        let mut config = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("smoke/", env!("CARGO_PKG_VERSION")));
        let host = authority.host().trim_matches(['[', ']']);
        let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if connect.is_some() || loopback {
            // A proxy of the environment has another loopback and another way than we have.
            config = config.proxy(None);
        }
        let config = config.build();
        let agent = match connect {
            None => config.new_agent(),
            Some(place) => Agent::with_parts(config, DefaultConnector::default(), Fixed::look_up(place)?),
        };
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self {
            agent,
            origin: format!("{scheme}://{authority}"),
            links: Mutex::new(Links::new(&prefix, run)),
            prefix,
            token,
            deadline: Instant::now() + BOUND,
            took: Mutex::default(),
            operations: Mutex::default(),
            checks: Arc::default(),
            tries: AtomicUsize::new(0),
        })
    }

    /// What is removed at the end gets its time, however late it is.
    pub(crate) fn begin_cleaning(&mut self) {
        self.deadline = Instant::now() + CLEANING;
    }

    /// Sends a request and looks at what every answer of the service must have.
    pub(crate) fn send(&self, ask: &Ask) -> Checked<Answer> {
        let answer = self.exchange(ask)?.lawful()?;
        self.links().note(&answer)?;
        Ok(answer)
    }

    /// Sends a request that the gateway may answer itself.
    pub(crate) fn exchange(&self, ask: &Ask) -> Checked<Answer> {
        let asked = match ask.body.as_str() {
            "" => format!("{} {}{}", ask.method, self.origin, ask.href),
            body => format!("{} {}{}\n            {}", ask.method, self.origin, ask.href, cut(body)),
        };
        let failure = |expected: String, came: String| Failure { asked: asked.clone(), expected, came };
        let (mut tries, mut pause) = (0, PAUSE);
        loop {
            if Instant::now() > self.deadline {
                return Err(failure("an end of the walk within its time".to_owned(), "it is over".to_owned()));
            }
            let started = Instant::now();
            let result = self.once(ask);
            self.count(ask, started.elapsed());
            tries += 1;
            let again = match &result {
                // The service or the gateway says that it is busy.
                Ok((429 | 503, ..)) => true,
                // The gateway's own failure: an instance that died or is late, or (500) one too many at once. The
                // service itself says it with a problem, and then it is one.
                Ok((500.., headers, _)) => {
                    ask.repeatable && headers.get("content-type").is_none_or(|kind| kind != "application/problem+json")
                }
                Ok(_) => false,
                Err(_) => ask.repeatable,
            };
            if !again || tries == MAX_TRIES {
                let expected = || format!("an answer within {} s (try {tries})", TIMEOUT.as_secs());
                let (status, headers, text) = result.map_err(|error| failure(expected(), error.to_string()))?;
                let json = serde_json::from_str(&text).unwrap_or_default();
                let (unsure, checks) = (tries > 1, Arc::clone(&self.checks));
                return Ok(Answer { asked, status, headers, text, json, unsure, checks });
            }
            let wished =
                result.ok().and_then(|(_, headers, _)| headers.get("retry-after")?.to_str().ok()?.parse().ok());
            sleep(jittered(wished.map_or(pause, Duration::from_secs).clamp(pause, MAX_PAUSE)));
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn once(&self, ask: &Ask) -> Result<(u16, HeaderMap, String), ureq::Error> {
        let mut request = Request::builder().method(&ask.method).uri(format!("{}{}", self.origin, ask.href));
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let own = ask.headers.iter().any(|(name, _)| *name == "authorization");
        if let Some(token) = self.token.as_deref().filter(|_| !own) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut response = match ask.body.as_str() {
            "" => self.agent.run(request.body(())?)?,
            body => self.agent.run(request.body(body)?)?,
        };
        let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?;
        Ok((response.status().as_u16(), response.headers().clone(), text))
    }

    fn count(&self, ask: &Ask, took: Duration) {
        self.tries.fetch_add(1, Ordering::Relaxed);
        let kind = ask.kind.unwrap_or(ask.method.as_str()).to_owned();
        hold(&self.took).entry(kind).or_default().push(took);
        let path = ask.href.strip_prefix(&self.prefix).unwrap_or(&ask.href).split('?').next().unwrap_or_default();
        hold(&self.operations).insert((ask.method.to_string(), path.to_owned()));
    }

    /// The links that are still to be followed.
    pub(crate) fn links(&self) -> MutexGuard<'_, Links> {
        hold(&self.links)
    }

    /// Whether an operation of the OpenAPI document was asked for: method, and path with `{names}`.
    pub(crate) fn has_asked(&self, method: &str, route: &str) -> bool {
        let fits = |path: &str| {
            let (mut path, mut route) = (path.split('/'), route.split('/'));
            let same = route.by_ref().all(|part| path.next().is_some_and(|p| p == part || part.starts_with('{')));
            same && path.next().is_none()
        };
        hold(&self.operations).iter().any(|(asked, path)| asked.eq_ignore_ascii_case(method) && fits(path))
    }

    /// How many requests were sent, those that were tried again included.
    pub(crate) fn requests(&self) -> usize {
        self.tries.load(Ordering::Relaxed)
    }

    /// How many checks held.
    pub(crate) fn checks(&self) -> usize {
        self.checks.load(Ordering::Relaxed)
    }

    /// For each kind of request: how many, the median, and what 95 of 100 stay below.
    pub(crate) fn latencies(&self) -> Vec<(String, usize, Duration, Duration)> {
        let of = |(kind, took): (&String, &mut Vec<Duration>)| {
            took.sort_unstable();
            let at = |percent: usize| took[(took.len() * percent).div_ceil(100).max(1) - 1];
            (kind.clone(), took.len(), at(50), at(95))
        };
        hold(&self.took).iter_mut().map(of).collect()
    }
}

/// What another thread held when it panicked is still whole.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Up to a quarter longer, so that threads who failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    pause + pause * (nanos / 1_000 % 250) / 1_000
}

/// Connects to one place, whatever the host is called.
#[derive(Debug)]
struct Fixed(Vec<SocketAddr>);

impl Fixed {
    fn look_up(place: &str) -> Result<Self, String> {
        let found = place.to_socket_addrs().map_err(|error| format!("--connect {place}: {error}; write HOST:PORT"))?;
        Ok(Self(found.collect()))
    }
}

impl Resolver for Fixed {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        self.0.iter().take(16).for_each(|address| addresses.push(*address));
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}
