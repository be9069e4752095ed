//! Two server processes on one pair of tables, used at the same time. Every answer is one that a single
//! process could have given.
//!
//! The tables are late with reads that do not ask for a consistent answer, as DynamoDB's may be. `SEED=7` sends
//! in other orders; what the processes meet depends on their timing too.

mod books;
mod client;
mod definitions;
#[path = "../../../slo-dynamo/examples/dynamodb/server.rs"]
mod dynamodb;
mod run;
#[path = "../server/mod.rs"]
mod server;
mod tables;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use books::{Books, By, Plan};
use client::Client;
use jiff::Timestamp;
use run::{REST, Run, TIMES, WORKERS, Watch};
use serde_json::{Value, json};
use server::Server;
use tables::Tables;

/// How long the busy part may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn serve(tables: &Tables) -> Server {
    Server::start(&["--endpoint", &tables.url, "--table-prefix", "x-"])
}

/// Started together: both find that there are no tables.
fn two(tables: &Tables) -> [Server; 2] {
    thread::scope(|scope| [0, 1].map(|_| scope.spawn(|| serve(tables))).map(|server| server.join().expect("it starts")))
}

fn objective(description: &str) -> Value {
    json!({"service": "web", "indicator": "site", "target": 0.9, "description": description,
        "timeWindow": {"duration": "1d", "isRolling": true}, "budgetingMethod": "Occurrences"})
}

/// The objective names what the other server has just stored.
fn define([one, other]: &[Client; 2]) {
    let site = json!({"service": "web", "kind": "ratio"});
    assert_eq!(one.put("indicators/site", None, &site).status, 201);
    assert_eq!(other.put("objectives/shop", None, &objective("first")).status, 201);
}

#[test]
fn what_one_acknowledges_the_other_one_counts_once_and_at_once() {
    let tables = Tables::start();
    let mut servers = two(&tables).map(Some);
    let clients = servers.each_ref().map(|server| Client::new(&server.as_ref().expect("it runs").url));
    define(&clients);
    let seed = std::env::var("SEED").map_or(1, |seed| seed.parse().expect("SEED is a number"));
    let plan = Plan::new(seed, Timestamp::now());
    for nothing in plan.nothing() {
        assert_eq!(clients[0].post("indicators/site/measurements", &nothing).status, 200);
    }
    let run = Run {
        plan,
        tables: &tables.url,
        clients: clients.map(RwLock::new),
        books: Mutex::new(Books::default()),
        accepted: AtomicUsize::new(0),
        waited: AtomicUsize::new(0),
        reconciled: Default::default(),
        sealed: AtomicUsize::new(0),
        deadline: Instant::now() + PATIENCE,
        failed: AtomicBool::new(false),
    };

    thread::scope(|scope| {
        let _watch = Watch(&run.failed);
        let run = &run;
        let workers: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || run.work(worker))).collect();
        scope.spawn(|| {
            let _watch = Watch(&run.failed);
            // In the middle, and when late data come to sealed days.
            for (victim, share) in [(0, 3), (1, 9)] {
                run.wait(|| 10 * run.books().acknowledged() >= Plan::ALL * share);
                stop_and_go(run, &tables, victim, &mut servers[victim]);
            }
        });
        while !workers.iter().all(ScopedJoinHandle::is_finished) {
            run.reconcile();
            thread::sleep(REST);
        }
    });

    run.reconcile();
    // Everything is acknowledged, so this is exact.
    assert_eq!(run.books().acknowledged(), Plan::ALL);
    for server in [0, 1] {
        By::ALL.into_iter().for_each(|by| run.look(server, by));
    }
    let [accepted, sealed] = [&run.accepted, &run.sealed].map(|number| number.load(SeqCst));
    assert!(accepted <= Plan::ALL, "{accepted} of {} were new", Plan::ALL);
    assert!(sealed >= 2 * (TIMES + 1), "two days, each time before late data came and at the end: {sealed}");
}

/// Kills one of the servers and starts another one in its place.
fn stop_and_go(run: &Run<'_>, tables: &Tables, victim: usize, server: &mut Option<Server>) {
    server.take().expect("it runs").kill();
    // The other one goes on.
    By::ALL.into_iter().for_each(|by| run.look(1 - victim, by));
    let server = server.insert(serve(tables));
    *run.clients[victim].write().unwrap_or_else(PoisonError::into_inner) = Client::new(&server.url);
    By::ALL.into_iter().for_each(|by| run.look(victim, by));
}
