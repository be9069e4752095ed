//! The embedded engine behind a real socket, and faults on the way there.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::{HttpClient as _, HttpConnector as _, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use futures_util::future::join;
use serde_json::{Value, json};
use slo_dynamo::client::{MAX_ATTEMPTS, connect};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::RwLock;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::plan::{Fault, draw, planned};

/// How long a client waits for one answer.
const PATIENCE: Duration = Duration::from_millis(300);
/// The longest wait in here; a client has given up by then.
const LONGEST: Duration = Duration::from_secs(5);
/// How late a request can be, in milliseconds: other calls, and other writers' ones, come before it.
const LATE: u64 = 100;

type Stream = BufReader<TcpStream>;

/// A DynamoDB on loopback; it goes away with this.
pub(crate) struct Wire {
    endpoint: String,
    end: Arc<End>,
    accepting: JoinHandle<()>,
}

/// What arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The requests of each call of the SDK, under the kind of the call.
    pub(crate) calls: BTreeMap<String, BTreeMap<String, u32>>,
    pub(crate) faults: BTreeMap<Fault, u32>,
}

impl Log {
    /// How many calls of a kind there were.
    pub(crate) fn calls(&self, kind: &str) -> usize {
        self.calls.get(kind).map_or(0, BTreeMap::len)
    }

    /// How many requests each call made.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = u32> {
        self.calls.values().flat_map(|calls| calls.values().copied())
    }
}

impl Wire {
    /// In front of the engine of this client.
    pub(crate) async fn new(engine: &Client, seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let engine = connector(engine).await;
        let end =
            Arc::new(End { engine, seed, place: AtomicU64::new(0), log: Mutex::default(), under_way: Arc::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&end)));
        Ok(Self { endpoint, end, accepting })
    }

    /// The client that is shipped, but impatient and quick to repeat.
    pub(crate) async fn client(&self) -> Client {
        let limits = TimeoutConfig::builder()
            .connect_timeout(PATIENCE)
            .operation_attempt_timeout(PATIENCE)
            .operation_timeout(4 * PATIENCE)
            .build();
        let millisecond = Duration::from_millis(1);
        let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS).with_initial_backoff(millisecond);
        // The SDK's quota of retries is one for the process: other tests would use it up.
        let quota = RetryPartition::custom("wire").token_bucket(TokenBucket::unlimited()).build();
        let shipped = connect(Some(&self.endpoint)).await.config().to_builder();
        Client::from_conf(shipped.timeout_config(limits).retry_config(retries).retry_partition(quota).build())
    }

    pub(crate) async fn client_that_sends_once(&self) -> Client {
        let config = self.client().await.config().to_builder().retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }

    /// What arrived, once all of it is dealt with, the late ones too.
    pub(crate) async fn settled(&self) -> Log {
        let idle = timeout(2 * LONGEST, self.end.under_way.write()).await;
        drop(idle.expect("no request takes longer"));
        self.end.log().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// What the engine's client speaks to, by letting it speak once.
async fn connector(client: &Client) -> SharedHttpConnector {
    let engine: SharedHttpClient = client.config().http_client().expect("the engine is one");
    let kept = Arc::new(OnceLock::new());
    let keeping = Arc::clone(&kept);
    let http =
        http_client_fn(move |settings, parts| keeping.get_or_init(|| engine.http_connector(settings, parts)).clone());
    let speaking = Client::from_conf(client.config().to_builder().http_client(http).build());
    speaking.list_tables().send().await.expect("the engine answers");
    kept.get().expect("it spoke").clone()
}

async fn accept(listener: TcpListener, end: Arc<End>) {
    // Connections end with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(Arc::clone(&end).serve(BufReader::new(stream)));
        while connections.try_join_next().is_some() {}
    }
}

/// The far end of the wire.
struct End {
    engine: SharedHttpConnector,
    seed: u64,
    place: AtomicU64,
    log: Mutex<Log>,
    /// Read by each request that is being dealt with.
    under_way: Arc<RwLock<()>>,
}

impl End {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self: Arc<Self>, mut stream: Stream) -> io::Result<()> {
        while let Some(request) = Request::read(&mut stream).await? {
            let _under_way = self.under_way.read().await;
            let place = self.place.fetch_add(1, Relaxed);
            let fault = planned(self.seed, place, request.operation());
            {
                let mut log = self.log();
                *log.calls.entry(request.kind()).or_default().entry(request.call.clone()).or_default() += 1;
                if let Some(fault) = fault {
                    *log.faults.entry(fault).or_default() += 1;
                }
            }
            match fault {
                None => stream.write_all(&self.apply(&request).await.bytes()).await?,
                Some(fault) => match self.meet(&request, fault, place, stream).await? {
                    Some(open) => stream = open,
                    None => return Ok(()),
                },
            }
        }
        Ok(())
    }

    /// Answers with the connection, if it is still open.
    async fn meet(
        &self,
        request: &Request,
        fault: Fault,
        place: u64,
        mut stream: Stream,
    ) -> io::Result<Option<Stream>> {
        let random = draw(self.seed, !place);
        let odd = random % 2 == 1;
        let answer = match fault {
            Fault::Lost => {
                self.apply(request).await;
                return Ok(None);
            }
            Fault::Late => {
                drop(stream);
                sleep(Duration::from_millis(random % LATE)).await;
                self.apply(request).await;
                return Ok(None);
            }
            Fault::Reset => {
                stream.get_ref().set_zero_linger()?;
                return Ok(None);
            }
            Fault::Stalled => {
                let answer = self.apply(request).await.bytes();
                let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("it has a head") + 4;
                stream.write_all(&answer[..head]).await?;
                // Until the client hangs up.
                drop(timeout(LONGEST, stream.read_u8()).await);
                return Ok(None);
            }
            Fault::Half => {
                let answer = self.apply(request).await;
                let (bytes, missing) = (answer.bytes(), answer.body.len().div_ceil(2));
                stream.write_all(&bytes[..bytes.len() - missing]).await?;
                return Ok(None);
            }
            Fault::Throttled if odd => Answer::refusal(400, "ProvisionedThroughputExceededException"),
            Fault::Throttled => Answer::refusal(400, "ThrottlingException"),
            Fault::Failed if odd => Answer::refusal(500, "InternalServerError"),
            // Not from DynamoDB itself.
            Fault::Failed => Answer { status: 503, body: b"<h1>Service Unavailable</h1>".into() },
            Fault::Twice => join(self.apply(request), self.apply(request)).await.0,
            Fault::Partial => self.half_of_the_keys(request).await,
        };
        stream.write_all(&answer.bytes()).await?;
        Ok(Some(stream))
    }

    async fn apply(&self, request: &Request) -> Answer {
        let mut asked = HttpRequest::new(SdkBody::from(request.body.clone()));
        asked.headers_mut().insert("x-amz-target", request.target.clone());
        let answer = self.engine.call(asked).await.expect("the engine answers");
        Answer { status: answer.status().as_u16(), body: answer.body().bytes().expect("in memory").into() }
    }

    async fn half_of_the_keys(&self, request: &Request) -> Answer {
        let mut asked = request.json();
        let mut left = asked["RequestItems"].clone();
        for (table, asked) in asked["RequestItems"].as_object_mut().expect("tables") {
            let keys = asked["Keys"].as_array_mut().expect("keys");
            left[table]["Keys"] = keys.split_off(keys.len() / 2).into();
        }
        // A request for no keys is none.
        let none = asked["RequestItems"].as_object().expect("tables").values().all(|t| t["Keys"] == json!([]));
        if none {
            return Answer::json(200, &json!({ "Responses": {}, "UnprocessedKeys": left }));
        }
        let half = Request { body: asked.to_string().into(), ..request.clone() };
        let answer = self.apply(&half).await;
        let mut body: Value = serde_json::from_slice(&answer.body).expect("the engine answers in JSON");
        body["UnprocessedKeys"] = left;
        Answer::json(answer.status, &body)
    }
}

#[derive(Clone)]
struct Request {
    target: String,
    /// The same for all attempts of one call of the SDK.
    call: String,
    body: Vec<u8>,
}

impl Request {
    /// The next one, unless the client is gone.
    async fn read(stream: &mut Stream) -> io::Result<Option<Self>> {
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => drop(headers.insert(name.to_ascii_lowercase(), value.to_owned())),
                // The end of the head; otherwise its beginning.
                None if line == "\r\n" => break,
                None => {}
            }
        }
        let mut header = |name: &str| headers.remove(name).ok_or_else(|| io::Error::other(format!("no {name}")));
        let length: usize = header("content-length")?.parse().map_err(io::Error::other)?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Ok(Some(Self { target: header("x-amz-target")?, call: header("amz-sdk-invocation-id")?, body }))
    }

    fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the SDK sends JSON")
    }

    /// The operation, and the kind of item that it is about.
    fn kind(&self) -> String {
        let body = self.json();
        let item = body["Key"]["sk"]["S"].as_str().and_then(|sort| sort.split('#').next()).unwrap_or_default();
        format!("{} {item}", self.operation()).trim_end().to_owned()
    }
}

struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into() }
    }

    fn refusal(status: u16, code: &str) -> Self {
        Self::json(status, &json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}") }))
    }

    fn bytes(&self) -> Vec<u8> {
        let (status, length) = (self.status, self.body.len());
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), &self.body].concat()
    }
}
