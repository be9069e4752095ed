//! Lambda's Runtime API (2018-06-01) on the loopback, and functions that run against it as on Lambda.
//!
//! ```no_run
//! let stub = Stub::start().await;
//! let function = Function::start(&stub, env!("CARGO_BIN_EXE_bootstrap"), &[("SLO_TABLE_PREFIX", "x-")]);
//! stub.ready().await.expect("it initialises");
//! let answer = stub.invoke(&event).await.expect("no function error");
//! ```

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long an initialisation may take, and an invocation unless a test says otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

const ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:function:slo";

/// What a function says instead of an answer, or Lambda in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FunctionError {
    /// `errorType`
    pub(crate) kind: String,
    /// `errorMessage`
    pub(crate) message: String,
}

/// How an initialisation ended, and when.
type Initialised = Result<Instant, FunctionError>;
type Outcome = Result<Value, FunctionError>;

/// The Runtime API, for one function; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    api: Arc<Api>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Api {
    events: mpsc::UnboundedSender<Event>,
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    polls: AtomicUsize,
    /// Events that were handed out or will be, by request id.
    pending: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    initialised: watch::Sender<Option<Initialised>>,
}

#[derive(Debug)]
struct Event {
    id: String,
    deadline: SystemTime,
    body: Bytes,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    /// At an address that a container can reach, for example.
    pub(crate) async fn at(address: &str) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let api = Arc::new(Api {
            events,
            waiting: waiting.into(),
            polls: AtomicUsize::new(0),
            pending: Mutex::default(),
            initialised: watch::Sender::new(None),
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&api));
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let server = tokio::spawn(async { axum::serve(listener, router).await.expect("it serves") });
        Self { address, api, server }
    }

    /// When the first `next` came, or the error of the initialisation.
    pub(crate) async fn ready(&self) -> Initialised {
        let mut initialised = self.api.initialised.subscribe();
        let said = timeout(PATIENCE, initialised.wait_for(Option::is_some)).await.expect("initialised in time");
        said.expect("the stub lives").clone().expect("something was said")
    }

    /// How many `next` wait now.
    pub(crate) fn polls(&self) -> usize {
        self.api.polls.load(SeqCst)
    }

    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        self.invoke_within(event, PATIENCE).await
    }

    pub(crate) async fn invoke_within(&self, event: &Value, time: Duration) -> Outcome {
        self.send(serde_json::to_vec(event).expect("json").into(), time, SystemTime::now() + time).await
    }

    /// An event whose time was over before it came.
    pub(crate) async fn invoke_late(&self, event: &Value) -> Outcome {
        self.send(serde_json::to_vec(event).expect("json").into(), PATIENCE, UNIX_EPOCH).await
    }

    /// An event that has no [`Value`], with a member twice for instance.
    pub(crate) async fn invoke_text(&self, event: &str) -> Outcome {
        self.send(event.to_owned().into(), PATIENCE, SystemTime::now() + PATIENCE).await
    }

    /// Waits until the function answers or its time is over. Any number of them may wait at once.
    async fn send(&self, body: Bytes, time: Duration, deadline: SystemTime) -> Outcome {
        let id = uuid::Uuid::new_v4().to_string();
        let (answer, answered) = oneshot::channel();
        self.api.pending().insert(id.clone(), answer);
        let event = Event { id: id.clone(), deadline, body };
        self.api.events.send(event).expect("the stub lives");
        match timeout(time, answered).await {
            Ok(outcome) => outcome.expect("nobody else takes it"),
            Err(_) => {
                self.api.pending().remove(&id);
                let message = format!("{id} Task timed out after {:.2} seconds", time.as_secs_f32());
                Err(FunctionError { kind: "Sandbox.Timedout".into(), message })
            }
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Api {
    fn pending(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Outcome>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first word counts.
    fn initialised(&self, how: Initialised) {
        self.initialised.send_if_modified(|said| {
            let first = said.is_none();
            said.get_or_insert(how);
            first
        });
    }

    fn finish(&self, id: &str, outcome: Outcome) -> Response {
        match self.pending().remove(id) {
            Some(waiting) => {
                let _ = waiting.send(outcome);
                (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response()
            }
            None => {
                let fault = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
                (StatusCode::BAD_REQUEST, Json(fault)).into_response()
            }
        }
    }
}

/// Counts a `next` for as long as it waits, whichever way it ends.
struct Poll<'a>(&'a AtomicUsize);

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.polls.fetch_add(1, SeqCst);
    let _poll = Poll(&api.polls);
    api.initialised(Ok(Instant::now()));
    loop {
        let Some(Event { id, deadline, body }) = api.waiting.lock().await.recv().await else {
            return StatusCode::GONE.into_response();
        };
        // Nobody waits any more for one whose time is over.
        if !api.pending().contains_key(&id) {
            continue;
        }
        let deadline = deadline.duration_since(UNIX_EPOCH).expect("after 1970").as_millis().to_string();
        let headers = [
            ("content-type", "application/json"),
            ("lambda-runtime-aws-request-id", &id),
            ("lambda-runtime-deadline-ms", &deadline),
            ("lambda-runtime-invoked-function-arn", ARN),
            ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
        ];
        return (headers, body).into_response();
    }
}

async fn response(State(api): State<Arc<Api>>, Path(id): Path<String>, body: Bytes) -> Response {
    let outcome = serde_json::from_slice(&body).map_err(|_| FunctionError {
        kind: "Runtime.MalformedHandlerResponse".into(),
        message: String::from_utf8_lossy(&body).into_owned(),
    });
    api.finish(&id, outcome)
}

async fn error(State(api): State<Arc<Api>>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    api.finish(&id, Err(fault(&headers, &body)))
}

async fn init_error(State(api): State<Arc<Api>>, headers: HeaderMap, body: Bytes) -> Response {
    api.initialised(Err(fault(&headers, &body)));
    (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response()
}

fn fault(headers: &HeaderMap, body: &[u8]) -> FunctionError {
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |member: &str| said[member].as_str().map(str::to_owned);
    let header = headers.get("lambda-runtime-function-error-type").and_then(|kind| kind.to_str().ok());
    let kind = text("errorType").or(header.map(str::to_owned)).unwrap_or_default();
    FunctionError { kind, message: text("errorMessage").unwrap_or_default() }
}
