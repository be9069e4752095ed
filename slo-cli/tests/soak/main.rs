//! Sixteen writers with duplicates, corrections, lost answers and a server that is killed three times:
//! nothing lost, nothing doubled.
//!
//! `SOAK_MEASUREMENTS=1000000` sends so many, `SEED=7` others, `SOAK_SECONDS=600` gives up after that
//! time; `--nocapture` shows what came of it. What is sent, what goes wrong with which request and when
//! the server is killed depend on the seed alone; what the writers meet in the server does not.

mod books;
mod plan;
mod progress;
#[path = "../server/mod.rs"]
mod server;
mod wire;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, ScopedJoinHandle, sleep};
use std::time::{Duration, Instant};

use books::{Books, Budget, Difference, Reader};
use indicatif::HumanCount;
use plan::{Counts, DAY, HOUR, Plan, SOURCES, draw};
use progress::Progress;
use server::Server;
use writer::{Run, Tally};

const INDICATOR: &str = r#"{"name": "site", "service": "web", "kind": "ratio"}"#;
const OBJECTIVE: &str = r#"{"name": "shop", "service": "web", "indicator": "site", "target": 0.999,
    "timeWindow": {"duration": "366d", "isRolling": true}, "budgetingMethod": "Occurrences"}"#;
const PATH: &str = "/api/v1/indicators/site/measurements";

/// Small enough for the everyday tests; with fewer the run may be over before the last kill.
const MEASUREMENTS: u64 = 8_000;
/// What the window of the objective holds.
const MOST: u64 = 8_000_000;
const WRITERS: usize = 16;
const KILLS: u64 = 3;
/// How often the run is looked at.
const TICK: Duration = Duration::from_millis(5);

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// When the server is killed: after so many acknowledged measurements of so many.
fn kills(seed: u64, all: u64) -> Vec<u64> {
    (0..KILLS).map(|kill| all * (8 + 30 * kill + draw(!seed, kill) % 18) / 100).collect()
}

fn address(server: &Server) -> SocketAddr {
    server.url.trim_start_matches("http://").parse().expect("an address")
}

/// Compares every minute with what is acknowledged so far.
fn check(server: &Server, plan: &Plan, books: &Books) -> Difference {
    books.compare(plan, &Reader::new(&server.url).counts("site", plan, 1))
}

/// Ends the writers when the one that looks after them panics.
struct Watch<'a>(&'a OnceLock<String>);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = self.0.set("see the panic".to_owned());
        }
    }
}

/// Lets the writers write and kills the server on the way; answers with its last life.
fn soak(run: &Run<'_>, data: &Path, mut server: Server) -> (Server, Tally) {
    let all = u64::try_from(run.plan.sent()).expect("small");
    let mut progress = Progress::new(all);
    let mut kills = kills(run.seed, all).into_iter().peekable();
    let mut tally = Tally::default();
    let server = thread::scope(|scope| {
        let _watch = Watch(&run.failure);
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| run.write())).collect();
        while !writers.iter().all(ScopedJoinHandle::is_finished) {
            sleep(TICK);
            let acknowledged = run.acknowledged.load(Relaxed);
            progress.at(acknowledged);
            if let Some(status) = server.child.try_wait().expect("state") {
                let _ = run.failure.set(format!("the server ended by itself: {status}"));
            } else if kills.next_if(|kill| *kill <= acknowledged).is_some() {
                server = stop_and_go(run, data, &progress, server);
            }
        }
        writers.into_iter().for_each(|writer| tally += writer.join().expect("a writer does not panic"));
        server
    });
    progress.end();
    if let Some(failure) = run.failure.get() {
        let acknowledged = HumanCount(run.acknowledged.load(Relaxed));
        panic!("seed {}: {failure}; {acknowledged} of {} were acknowledged", run.seed, HumanCount(all));
    }
    assert_eq!(kills.count(), 0, "the run was over before the last kill; SOAK_MEASUREMENTS must be larger");
    (server, tally)
}

/// Kills the server, starts another one on the same data, and looks before the writers know of it.
fn stop_and_go(run: &Run<'_>, data: &Path, progress: &Progress, server: Server) -> Server {
    server.kill();
    let begun = Instant::now();
    let server = Server::on(data);
    let ready = begun.elapsed();
    let found = check(&server, run.plan, run.books);
    let text = format!("killed; ready again after {} ms; {found:?}", ready.as_millis());
    progress.say(&text);
    if found != Difference::default() {
        let _ = run.failure.set(text);
    }
    *run.address.lock().unwrap_or_else(PoisonError::into_inner) = address(&server);
    server
}

#[test]
fn nothing_is_lost_and_nothing_is_doubled() {
    let (seed, measurements) = (setting("SEED", 1), setting("SOAK_MEASUREMENTS", MEASUREMENTS));
    assert!((MEASUREMENTS..=MOST).contains(&measurements), "SOAK_MEASUREMENTS is from {MEASUREMENTS} to {MOST}");
    let limit = Duration::from_secs(setting("SOAK_SECONDS", 120 + measurements / 400));
    let begun = Instant::now();
    let plan = Plan::new(seed, usize::try_from(measurements).expect("small"));
    let books = Books::new(&plan);
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::on(directory.path());
    Reader::new(&server.url).create("indicators", INDICATOR);
    Reader::new(&server.url).create("objectives", OBJECTIVE);

    let run = Run {
        seed,
        path: PATH,
        plan: &plan,
        books: &books,
        address: Mutex::new(address(&server)),
        deadline: begun + limit,
        next: AtomicUsize::new(0),
        acknowledged: AtomicU64::new(0),
        failure: OnceLock::new(),
    };
    let started = Instant::now();
    let (server, tally) = soak(&run, directory.path(), server);
    let written = started.elapsed();

    let difference = check(&server, &plan, &books);
    let reader = Reader::new(&server.url);
    let [hours, days] = [HOUR, DAY].map(|step| apart(&reader.counts("site", &plan, step), &plan.by(step)));
    let found = reader.budget("shop", &plan);
    let mut sum = Counts::default();
    plan.by(DAY).into_values().for_each(|counts| sum += counts);
    let Counts { good, total } = sum;
    let budget = Budget { good, total, bad: total - good };

    let corrected = u64::try_from(plan.corrections()).expect("small");
    println!("seed {seed}, {WRITERS} writers, {SOURCES} sources");
    for (what, count) in [
        ("measurements", measurements),
        ("  of which were corrected later", corrected),
        ("measurements sent, with all repetitions", tally.sent),
        ("  sent again on purpose", u64::try_from(plan.sent()).expect("small") - measurements - corrected),
        ("requests", tally.requests),
        ("  hung up before the answer", tally.cut),
        ("  answered, and the answer was lost", tally.unheard),
        ("  broken off in the middle", tally.half),
        ("  died with the server", tally.broken),
        ("  asked to come back (503)", tally.unavailable),
        ("kill -9", KILLS),
        ("answers: accepted", tally.accepted),
        ("answers: replayed", tally.replayed),
        ("answers: stale", tally.stale),
        ("seconds", written.as_secs()),
        ("measurements a second", measurements * 1_000 / u64::try_from(written.as_millis()).expect("small").max(1)),
        ("lost", difference.lost),
        ("doubled", difference.doubled),
        ("hours that say something else", hours),
        ("days that say something else", days),
    ] {
        println!("{what:<42} {:>12}", HumanCount(count).to_string());
    }

    assert_eq!(difference, Difference::default(), "seed {seed}");
    assert_eq!((hours, days), (0, 0), "seed {seed}: not the sums of their minutes");
    assert_eq!(found, budget, "seed {seed}");
    let versions = measurements + corrected;
    assert!(tally.accepted <= versions, "seed {seed}: {} of {versions} versions were accepted", tally.accepted);
    // Otherwise it was too easy.
    let met = [tally.cut, tally.unheard, tally.half, tally.broken, tally.replayed, tally.stale];
    assert!(met.iter().all(|times| *times > 0), "seed {seed}: {tally:?}");
}

/// How many steps differ.
fn apart(found: &BTreeMap<i64, Counts>, expected: &BTreeMap<i64, Counts>) -> u64 {
    let steps = found.keys().chain(expected.keys()).collect::<BTreeSet<_>>();
    u64::try_from(steps.into_iter().filter(|step| found.get(step) != expected.get(step)).count()).expect("small")
}

/// The comparison itself: each of these must not pass.
#[test]
fn a_missing_and_a_repeated_measurement_are_noticed() {
    let plan = Plan::new(1, 2_000);
    let books = Books::new(&plan);
    plan.sendings.iter().for_each(|sending| books.acknowledge(&plan, sending));
    let exact = plan.by(1);
    assert_eq!(books.compare(&plan, &exact), Difference::default());
    for (source, minute) in [(0, plan::START), (7, plan::START + 300), (SOURCES - 1, plan::START + 600)] {
        let version = plan.expected(source, minute);
        let Counts { good, total } = plan.counts(source, minute, version);
        let first = plan.counts(source, minute, 1);
        let changed = |change: &dyn Fn(&mut Counts)| {
            let mut found = exact.clone();
            change(found.get_mut(&minute).expect("it has some"));
            books.compare(&plan, &found)
        };
        let missing = changed(&|counts| *counts = Counts { good: counts.good - good, total: counts.total - total });
        assert_eq!(missing, Difference { lost: 1, doubled: 0 });
        let twice = changed(&|counts| *counts += first);
        assert_eq!(twice, Difference { lost: 0, doubled: 1 });
        let altered = changed(&|counts| counts.good ^= total & !(total - 1));
        assert_eq!(altered, Difference { lost: 1, doubled: 0 });
    }
    let elsewhere = books
        .compare(&plan, &[exact, [(plan::START - 1, plan.counts(3, 0, 1))].into()].into_iter().flatten().collect());
    assert_eq!(elsewhere, Difference { lost: 0, doubled: 1 });
}
