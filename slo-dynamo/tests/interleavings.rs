//! Every order in which the requests of a few writers can reach the store, with an answer lost at
//! every point: the adapter itself, one request at a time.

mod common;

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
use common::{DAY, client, series, write};
use slo_core::{EventCounts, Measurement, MeasurementRepository as _, Minute, Period, Resolution};
use slo_dynamo::{DynamoMeasurements, Store};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

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

/// Measurements that writers send: (minute, events, revision).
type Sent = &'static [(i64, u64, u64)];

struct Stage {
    reader: DynamoMeasurements,
    writers: Vec<DynamoMeasurements>,
    arrivals: mpsc::UnboundedReceiver<Waiting>,
    open: Arc<AtomicBool>,
}

impl Stage {
    async fn new(writers: usize) -> Self {
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
            Store::builder(Client::from_conf(config.build())).build().measurements()
        };
        let writers: Vec<_> = (0..writers).map(gated).collect();
        // So that each knows that its source is registered.
        for writer in &writers {
            write(writer, "default", vec![measurement(DAY - 60, (0, 0, 0))]).await.expect("the gate is open");
        }
        open.store(false, Relaxed);
        Self { reader: Store::builder(engine).build().measurements(), writers, arrivals, open }
    }

    /// Runs the writers on one hour. `choices` are followed and then, beyond them, the first ones are
    /// taken; answers with how many there were at each point.
    async fn run(&mut self, hour: Minute, sent: &[Sent], dies: bool, choices: &[usize]) -> Vec<(usize, usize)> {
        let mut running = JoinSet::new();
        for (writer, sent) in self.writers.iter().zip(sent.iter().copied()) {
            let (writer, reader) = (writer.clone(), self.reader.clone());
            running.spawn(async move {
                let minutes: Vec<_> = sent.iter().map(|one| measurement(hour, *one)).collect();
                while write(&writer, "default", minutes.clone()).await.is_err() {
                    if dies {
                        return;
                    }
                }
                // Acknowledged, so visible by the hour, whoever else is in the middle of something.
                let [seen, _] = totals(&reader, hour).await;
                let own: u128 = minutes.iter().map(|minute| minute.counts.total()).sum();
                // A single measurement is a digit of the sum.
                let shown = seen >= own && (minutes.len() > 1 || seen / own % 10 == 1);
                assert!(shown, "{own} acknowledged events are not in {seen}");
            });
        }
        let mut active = sent.len();
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
            let options = if lost { waiting.len() } else { 2 * waiting.len() };
            let choice = choices.get(taken.len()).copied().unwrap_or(0);
            taken.push((choice, options));
            let lose = choice >= waiting.len();
            lost |= lose;
            let writer = *waiting.keys().nth(choice % waiting.len()).expect("it is one of them");
            waiting.remove(&writer).expect("it waits").send(lose).expect("it is there");
        }
        taken
    }
}

fn measurement(hour: Minute, (minute, events, revision): (i64, u64, u64)) -> Measurement {
    Measurement { start: hour + minute, counts: EventCounts::new(events, events).expect("counts"), revision }
}

/// The events of an hour, as its day tells and as its minutes tell.
async fn totals(store: &DynamoMeasurements, hour: Minute) -> [u128; 2] {
    let period = Period::new(hour, hour + 60);
    let total = async |resolution| {
        let buckets = store.read(&series(), period, &resolution).await.expect("a read succeeds");
        buckets.iter().map(|bucket| bucket.counts.total()).sum()
    };
    [total(Resolution::Hours { cuts: Vec::new() }).await, total(Resolution::Minutes).await]
}

/// Tries every order, each on an hour of its own; answers with how many there are.
async fn every_order(sent: &[Sent], dies: bool, finals: &[u128]) -> i64 {
    let mut stage = Stage::new(sent.len()).await;
    let mut choices = Vec::new();
    for run in 0.. {
        let hour = DAY + 60 * run;
        let taken = stage.run(hour, sent, dies, &choices).await;
        if dies {
            // Somebody sends for the dead.
            stage.open.store(true, Relaxed);
            for (writer, sent) in stage.writers.iter().zip(sent) {
                let minutes = sent.iter().map(|one| measurement(hour, *one)).collect();
                write(writer, "default", minutes).await.expect("the gate is open");
            }
            stage.open.store(false, Relaxed);
        }
        let [by_hour, by_minute] = totals(&stage.reader, hour).await;
        assert_eq!(by_hour, by_minute, "{taken:?}");
        assert!(finals.contains(&by_hour), "{by_hour} after {taken:?}");
        // The next in depth-first order: the last choice that has another option.
        let Some(last) = taken.iter().rposition(|(choice, options)| choice + 1 < *options) else { return run + 1 };
        choices = taken[..=last].iter().map(|(choice, _)| *choice).collect();
        choices[last] += 1;
    }
    unreachable!("the loop has no end");
}

const MINUTES: [Sent; 3] = [&[(0, 1, 0)], &[(1, 10, 0)], &[(2, 100, 0)]];

#[tokio::test]
async fn two_writers_of_one_hour_of_whom_one_loses_an_answer() {
    assert!(every_order(&MINUTES[..2], false, &[11]).await > 50);
}

#[tokio::test]
async fn three_writers_of_one_hour_of_whom_one_dies() {
    assert!(every_order(&MINUTES, true, &[111]).await > 500);
}

#[tokio::test]
async fn corrections_of_overlapping_minutes() {
    // Minutes 0 and 1, corrected by one writer, while the other one still sends minute 1 and a new one.
    assert!(every_order(&[&[(0, 1, 1), (1, 10, 1)], &[(1, 5, 0), (2, 3, 0)]], false, &[14]).await > 50);
}

#[tokio::test]
async fn two_that_say_something_else_of_one_minute() {
    assert!(every_order(&[&[(0, 1, 0), (1, 10, 0)], &[(0, 2, 0), (2, 100, 0)]], false, &[111, 112]).await > 50);
}
