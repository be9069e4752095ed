//! A stage on which the requests of a few writers reach the engine one at a time, in an order that the
//! test chooses.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use slo_dynamo::Store;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::common::client;

/// A request at the gate, and how to let it through: `true` loses its answer.
type Waiting = (usize, oneshot::Sender<bool>);

/// What stands between one writer and the engine.
#[derive(Clone)]
struct Gate {
    engine: SharedHttpConnector,
    writer: usize,
    arrivals: mpsc::UnboundedSender<Waiting>,
    open: Arc<AtomicBool>,
}

impl HttpConnector for Gate {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let gate = self.clone();
        HttpConnectorFuture::new(async move {
            let mut lost = false;
            if !gate.open.load(Relaxed) {
                let (pass, passed) = oneshot::channel();
                gate.arrivals.send((gate.writer, pass)).expect("somebody decides");
                lost = passed.await.expect("it is let through");
            }
            let answer = gate.engine.call(request).await;
            if lost { Err(ConnectorError::io("the connection was reset".into())) } else { answer }
        })
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gate")
    }
}

pub(crate) struct Stage {
    /// Past the gates.
    pub(crate) reader: Store,
    pub(crate) writers: Vec<Store>,
    /// Whether answers may be lost: one of each run.
    pub(crate) loses: bool,
    arrivals: mpsc::UnboundedReceiver<Waiting>,
    open: Arc<AtomicBool>,
}

impl Stage {
    /// With open gates, and writers that repeat nothing by themselves.
    pub(crate) async fn new(writers: usize) -> Self {
        let engine = client().await;
        let (sender, arrivals) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicBool::new(true));
        let gated = |writer| {
            let http: SharedHttpClient = engine.config().http_client().expect("the engine is one");
            let (arrivals, open) = (sender.clone(), Arc::clone(&open));
            let gate = http_client_fn(move |settings, parts| {
                use aws_smithy_runtime_api::client::http::HttpClient as _;
                let engine = http.http_connector(settings, parts);
                SharedHttpConnector::new(Gate { engine, writer, arrivals: arrivals.clone(), open: Arc::clone(&open) })
            });
            let config = engine.config().to_builder().http_client(gate).retry_config(RetryConfig::disabled());
            Store::builder(Client::from_conf(config.build())).build()
        };
        let writers: Vec<_> = (0..writers).map(gated).collect();
        Self { reader: Store::builder(engine).build(), writers, loses: true, arrivals, open }
    }

    pub(crate) fn open(&self, open: bool) {
        self.open.store(open, Relaxed);
    }

    /// Runs a piece of work for each writer to its end. `choices` are followed and then, beyond them,
    /// the first ones are taken; answers with each choice and how many there were.
    pub(crate) async fn run(&mut self, mut running: JoinSet<()>, choices: &[usize]) -> Vec<(usize, usize)> {
        let mut active = running.len();
        let mut waiting = BTreeMap::new();
        let (mut taken, mut lost) = (Vec::new(), false);
        while active > 0 {
            if waiting.len() < active {
                tokio::select! {
                    Some((writer, pass)) = self.arrivals.recv() => { waiting.insert(writer, pass); }
                    Some(done) = running.join_next() => { done.expect("a writer's checks hold"); active -= 1; }
                }
                continue;
            }
            // Any of those that wait; and, once, any of them with its answer lost.
            let options = if lost || !self.loses { waiting.len() } else { 2 * waiting.len() };
            let choice = choices.get(taken.len()).copied().unwrap_or(0);
            // Each run goes like the one before, up to where it chooses otherwise.
            assert!(choice < options, "{choice} of {options} after {taken:?}");
            taken.push((choice, options));
            let lose = choice >= waiting.len();
            lost |= lose;
            let writer = *waiting.keys().nth(choice % waiting.len()).expect("it is one of them");
            waiting.remove(&writer).expect("it waits").send(lose).expect("it is there");
        }
        taken
    }
}

/// The choices that come next in depth-first order: the last one that has another option takes it.
pub(crate) fn next(taken: &[(usize, usize)]) -> Option<Vec<usize>> {
    let last = taken.iter().rposition(|(choice, options)| choice + 1 < *options)?;
    let mut choices: Vec<usize> = taken[..=last].iter().map(|(choice, _)| *choice).collect();
    choices[last] += 1;
    Some(choices)
}
