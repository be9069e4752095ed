//! Clients that write at one server and look at the other one.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use super::books::{BATCHES, Books, By, Counts, LENGTH, Plan, SOURCES, time};
use super::client::{Answer, Client};
use super::server::SLO;

pub(crate) const WORKERS: usize = 4;
/// The source that comes to days which are sealed already.
const LATE: usize = SOURCES - 1;
/// How often late data find all days sealed.
pub(crate) const TIMES: usize = BATCHES / 2;
/// How long a client waits when nobody listens.
const PAUSE: Duration = Duration::from_millis(10);
/// How long the data are left alone between two reconciliations.
pub(crate) const REST: Duration = Duration::from_millis(30);

/// What all clients share.
pub(crate) struct Run<'a> {
    pub(crate) plan: Plan,
    /// The address of the tables.
    pub(crate) tables: &'a str,
    /// The two servers; changed when one is started again.
    pub(crate) clients: [RwLock<Client>; 2],
    pub(crate) books: Mutex<Books>,
    /// Measurements that some server has called new.
    pub(crate) accepted: AtomicUsize,
    /// How often a worker has waited for sealed days.
    pub(crate) waited: AtomicUsize,
    /// Reconciliations that have begun, and those that are over.
    pub(crate) reconciled: [AtomicUsize; 2],
    /// Days that were sealed, with those that were sealed again.
    pub(crate) sealed: AtomicUsize,
    pub(crate) deadline: Instant,
    pub(crate) failed: AtomicBool,
}

/// Stops the others when one of them panics.
pub(crate) struct Watch<'a>(pub(crate) &'a AtomicBool);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, SeqCst);
        }
    }
}

impl Run<'_> {
    /// Sends everything to one server, looks at the other one, and sends some of it there too.
    pub(crate) fn work(&self, worker: usize) {
        let _watch = Watch(&self.failed);
        let (mine, other) = (worker % 2, (worker + 1) % 2);
        for source in 0..SOURCES {
            let late = source == LATE;
            for i in 0..BATCHES {
                if late && i % 2 == 0 {
                    self.wait_for_sealed_days(1 + i / 2);
                }
                // Late data come from all at once: else the first ones would leave nothing new for the others.
                let batch = self.plan.batch(if late { 0 } else { worker }, source, i);
                let body = self.plan.body(&batch);
                self.books().send(&batch);
                let accepted = self.record(mine, &body);
                self.accepted.fetch_add(accepted, SeqCst);
                self.books().acknowledge(&batch);
                self.look(other, By::ALL[i % 3]);
                if i % 2 == 0 {
                    assert_eq!(self.record(other, &body), 0, "the other server does not know it");
                }
            }
        }
    }

    /// Waits until all workers have come here so many times, and then until the days are sealed.
    fn wait_for_sealed_days(&self, time: usize) {
        self.waited.fetch_add(1, SeqCst);
        self.wait(|| self.waited.load(SeqCst) >= WORKERS * time);
        let begun = self.reconciled[0].load(SeqCst);
        self.wait(|| self.reconciled[1].load(SeqCst) > begun);
    }

    /// Sends a batch until it is acknowledged, and answers with how many of it were new.
    fn record(&self, server: usize, body: &Value) -> usize {
        let Answer { status, body, .. } = self.ask(server, "POST", "indicators/site/measurements", Some(body));
        assert_eq!(status, 200, "{body}");
        let [accepted, replayed] = ["accepted", "replayed"].map(|member| body[member].as_u64().expect("a number"));
        assert_eq!((accepted + replayed, body["stale"].as_u64()), (LENGTH.try_into().expect("small"), Some(0)));
        usize::try_from(accepted).expect("small")
    }

    /// Asks a server for counts and compares them with the books.
    pub(crate) fn look(&self, server: usize, by: By) {
        let before = self.books().clone();
        let [start, end] = self.plan.window();
        let found: BTreeMap<i64, Counts> = match by {
            By::Budget => {
                let budget = self.get(server, &format!("objectives/shop/error-budget?at={}", time(end)));
                [(start, counts(&budget))].into()
            }
            By::Minute | By::Hour => {
                let (step, end) = if by == By::Minute { ("1m", end) } else { ("1h", end + 30) };
                let from = if by == By::Minute { start } else { start - 30 };
                let path = format!("indicators/site/measurements?from={}&to={}&step={step}", time(from), time(end));
                let answer = self.get(server, &path);
                let start = |item: &Value| item["start"].as_str().and_then(|start| start.parse::<Timestamp>().ok());
                let items = answer["items"].as_array().expect("items").iter();
                items.map(|item| (start(item).expect("a time").as_second() / 60, counts(item))).collect()
            }
        };
        self.books().check(&before, &self.plan, by, &found);
    }

    fn get(&self, server: usize, path: &str) -> Value {
        let answer = self.ask(server, "GET", path, None);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Asks until somebody answers: a server may be dead, or ask to come back.
    fn ask(&self, server: usize, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut answer = None;
        self.wait(|| {
            let client = self.clients[server].read().unwrap_or_else(PoisonError::into_inner);
            answer = client.send(method, path, None, body).ok().filter(|answer| answer.status != 503);
            answer.is_some()
        });
        answer.expect("there is one")
    }

    pub(crate) fn wait(&self, mut done: impl FnMut() -> bool) {
        while !done() {
            assert!(!self.failed.load(SeqCst), "see the other panic");
            assert!(Instant::now() < self.deadline, "it takes too long");
            sleep(PAUSE);
        }
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `slo reconcile`: a third process, which seals.
    pub(crate) fn reconcile(&self) {
        self.reconciled[0].fetch_add(1, SeqCst);
        let mut command = Command::new(SLO);
        command.args(["reconcile", "--endpoint", self.tables, "--table-prefix", "x-", "--days", "5"]);
        let output = command.args(["--output", "json"]).output().expect("slo runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let done: Value = serde_json::from_slice(&output.stdout).expect("json");
        assert_eq!((&done["indicators"], &done["failed"]), (&1.into(), &Vec::<Value>::new().into()));
        let sealed = done["condensedDays"].as_u64().expect("a number");
        self.sealed.fetch_add(usize::try_from(sealed).expect("small"), SeqCst);
        self.reconciled[1].fetch_add(1, SeqCst);
    }
}

fn counts(json: &Value) -> Counts {
    ["good", "total"].map(|member| json[member].as_u64().expect("a number"))
}
