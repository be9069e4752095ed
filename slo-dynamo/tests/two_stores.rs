//! Two processes on one pair of tables: two stores that share an engine, and neither a client nor what
//! they remember. Every answer is one that a single store could have given.

mod common;
#[path = "two_stores/history.rs"]
mod history;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use common::{DAY, name, stamp};
use history::{Clock, Event, What};
use jiff::SignedDuration;
use slo_core::testing::Sample as _;
use slo_core::{
    Batch, Error, EventCounts, Filter, Indicator, IndicatorKind, Measurement, Minute, Objective, Period, Precondition,
    Receipt, Resolution, Revision, RollingWindow, Series, Service, Stamp, TimeWindow, Versioned, WhatIf,
};
use slo_dynamo::Store;
use slo_dynamo::embedded::Engine;
use slo_dynamo::table::{TableNames, create_tables};
use tokio::task::JoinSet;

/// Two processes.
async fn two() -> [Service; 2] {
    let engine = Engine::memory().expect("an engine in memory");
    create_tables(&engine.client(), &TableNames::default()).await.expect("fresh tables");
    [engine.client(), engine.client()].map(|client| Store::builder(client).build().service())
}

fn site() -> Indicator {
    Indicator::new(name("site"), name("web"), IndicatorKind::Ratio)
}

fn events(start: Minute, bad: u64, total: u64) -> Measurement {
    Measurement { start, counts: EventCounts::new(total - bad, total).expect("counts"), revision: 0 }
}

async fn record(service: &Service, source: &str, measurements: Vec<Measurement>) -> Receipt {
    let now = (DAY + 2 * 1_440).timestamp();
    let indicator = service.get::<Indicator>(&name("site")).await.expect("it exists");
    let batch = Batch::new(measurements, now).expect("a valid batch");
    service.record(&indicator, &name(source), &batch, now).await.expect("it is acknowledged")
}

const SOURCES: [&str; 4] = ["s0", "s1", "s2", "s3"];
/// Minutes of five hours: at the window's ends, which are read by the minute, at midnight, and between.
const MINUTES: i64 = 60;
/// One window, whose ends lie inside hours.
const WINDOW: Period = Period::new(Minute::new(DAY.get() - 30), Minute::new(DAY.get() + 1_410));

fn minute(number: i64) -> Minute {
    [WINDOW.start, DAY - 6, DAY + 54, DAY + 700, WINDOW.end - 12][usize::try_from(number / 12).expect("few")]
        + number % 12
}

/// A mark for each source of each minute.
struct Marks(Vec<AtomicUsize>);

impl Marks {
    fn new() -> Self {
        Self((0..MINUTES).map(|_| AtomicUsize::new(0)).collect())
    }

    fn mark(&self, minutes: &[i64], source: usize) {
        for minute in minutes {
            self.0[usize::try_from(*minute).expect("few")].fetch_or(1 << source, SeqCst);
        }
    }

    /// The events of those that are marked, minute by minute.
    fn sums(&self) -> Vec<u64> {
        let events = |marks: usize| (0..SOURCES.len()).filter(|i| marks >> i & 1 == 1).map(weight).sum();
        self.0.iter().map(|marks| events(marks.load(SeqCst))).collect()
    }
}

/// What is known of each measurement: sent by anybody, acknowledged to somebody.
struct Known {
    sent: Marks,
    acknowledged: Marks,
    writing: AtomicUsize,
    accepted: AtomicUsize,
    /// The most events that a finished read has shown.
    shown: AtomicU64,
}

/// A measurement of a source is one digit of its minute's sum.
fn weight(source: usize) -> u64 {
    10_u64.pow(u32::try_from(source).expect("few"))
}

/// Sends everything, a few minutes of a source at a time: all of the same source at a time, and in it in
/// an order of one's own, so that they meet in its hours.
async fn sends(service: Service, known: Arc<Known>, stride: i64) {
    const STEP: i64 = 5;
    const BATCHES: i64 = MINUTES / STEP;
    for (source, i) in (0..SOURCES.len()).flat_map(|source| (0..BATCHES).map(move |i| (source, i))) {
        let first = (i + 1) * stride % (BATCHES + 1) - 1;
        // Far apart, so that a batch is of several hours.
        let numbers: Vec<i64> = (0..STEP).map(|i| first + i * BATCHES).collect();
        known.sent.mark(&numbers, source);
        let batch: Vec<_> = numbers.iter().map(|number| events(minute(*number), 0, weight(source))).collect();
        let receipt = record(&service, SOURCES[source], batch).await;
        known.acknowledged.mark(&numbers, source);
        assert_eq!((receipt.accepted + receipt.replayed, receipt.stale), (numbers.len(), 0));
        assert_eq!(receipt.conflicts, []);
        known.accepted.fetch_add(receipt.accepted, SeqCst);
    }
    known.writing.fetch_sub(1, SeqCst);
}

/// Reads the budget, and the minutes, until all is sent.
async fn reads(service: Service, known: Arc<Known>, objective: Versioned<Objective>) {
    let at = WINDOW.end.timestamp();
    loop {
        let last = known.writing.load(SeqCst) == 0;
        let (least, floor) = (known.acknowledged.sums(), known.shown.load(SeqCst));
        let report = service.error_budget(&objective, at, WhatIf::default(), at).await.expect("a budget");
        let shown = u64::try_from(report.counts.total()).expect("few");
        let most = known.sent.sums();
        assert!(least.iter().sum::<u64>() <= shown, "{shown} lacks something acknowledged: {least:?}");
        assert!(shown <= most.iter().sum(), "{shown} has something twice or never sent: {most:?}");
        assert!(floor <= shown, "{shown} after another reader saw {floor}");
        known.shown.fetch_max(shown, SeqCst);

        let least = known.acknowledged.sums();
        let read = service.measurements.read(&objective.value.series, WINDOW, &Resolution::Minutes).await;
        let buckets = read.expect("a read succeeds");
        let most = known.sent.sums();
        for (number, (least, most)) in (0..).zip(least.into_iter().zip(most)) {
            let bucket = buckets.iter().find(|bucket| bucket.start == minute(number));
            let mut shown = bucket.map_or(0, |bucket| u64::try_from(bucket.counts.total()).expect("few"));
            for source in (0..SOURCES.len()).rev().map(weight) {
                // Digits: each source once, and not before it is sent.
                let (has, must, may) = (shown / source, least / source % 10, most / source % 10);
                assert!((must..=may).contains(&has), "minute {number}: {has} of source {source}");
                shown %= source;
            }
        }
        if last {
            return assert_eq!(u64::try_from(report.counts.total()).ok(), Some(most_of_all()));
        }
    }
}

fn most_of_all() -> u64 {
    u64::try_from(MINUTES).expect("few") * (0..SOURCES.len()).map(weight).sum::<u64>()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_acknowledges_both_count_once_and_at_once() {
    let [one, other] = two().await;
    one.create(site(), stamp()).await.expect("it is new");
    let window = TimeWindow::Rolling(RollingWindow::new("1d".parse().expect("a duration")).expect("a window"));
    let series = Series { indicator: name("site"), born: Revision::FIRST };
    let target = "0.9".parse().expect("a target");
    let objective = Objective::new(name("shop"), name("web"), series, target, window);
    let objective = other.create(objective, stamp()).await.expect("the other knows the indicator");

    let known = Arc::new(Known {
        sent: Marks::new(),
        acknowledged: Marks::new(),
        writing: AtomicUsize::new(4),
        accepted: AtomicUsize::new(0),
        shown: AtomicU64::new(0),
    });
    let mut running = JoinSet::new();
    for (service, strides) in [(&one, [1, 7]), (&other, [5, 11])] {
        for stride in strides {
            running.spawn(sends(service.clone(), Arc::clone(&known), stride));
        }
        running.spawn(reads(service.clone(), Arc::clone(&known), objective.clone()));
    }
    while let Some(done) = running.join_next().await {
        done.expect("its checks hold");
    }
    // Each was sent four times.
    assert_eq!(known.accepted.load(SeqCst), known.sent.sums().len() * SOURCES.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_that_say_something_else_both_keep_the_same_one() {
    let [one, other] = two().await;
    one.create(site(), stamp()).await.expect("it is new");
    for start in (0..40).map(|i| DAY + 17 * i) {
        let [mine, yours] = [events(start, 0, 10), events(start, 3, 10)];
        let (my, your) = tokio::join!(record(&one, "s0", vec![mine]), record(&other, "s0", vec![yours]));
        assert_eq!(my.accepted + your.accepted, 1, "{my:?} {your:?}");
        let (kept, refused) = if my.accepted == 1 { (mine, your) } else { (yours, my) };
        assert_eq!(refused.conflicts, [kept]);
        for service in [&one, &other] {
            let period = Period::new(start, start + 1);
            let counts = service.counts(&name("site"), period, "1m".parse().expect("a step")).await;
            assert_eq!(counts.expect("counts"), [(start, kept.counts)]);
        }
    }
}

#[tokio::test]
async fn a_source_of_an_earlier_life_counts_in_the_next() {
    let [one, other] = two().await;
    let step = "1h".parse().expect("a step");
    let counts = async |service: &Service| {
        let counts = service.counts(&name("site"), Period::new(DAY, DAY + 60), step).await.expect("counts");
        counts.into_iter().map(|(_, counts)| counts.total()).sum::<u128>()
    };
    for life in 1..=4 {
        // Now this one begins a life, now the other one.
        let (new, old) = if life % 2 == 0 { (&one, &other) } else { (&other, &one) };
        if life > 1 {
            new.delete::<Indicator>(&name("site"), Some(Precondition::Present), stamp()).await.expect("it was there");
        }
        new.create(site(), stamp()).await.expect("it is new");
        assert_eq!((counts(new).await, counts(old).await), (0, 0), "life {life}");
        // Both know the source, of an earlier life; and one that the other one has never heard of.
        record(old, "s0", vec![events(DAY, 0, life)]).await;
        assert_eq!((counts(new).await, counts(old).await), (life.into(), life.into()));
        record(new, &format!("of-{life}"), vec![events(DAY, 0, 100)]).await;
        let sum = u128::from(life) + 100;
        assert_eq!((counts(new).await, counts(old).await), (sum, sum), "life {life}");
    }
}

/// Looks, decides and writes, again and again.
async fn writes(service: Service, clock: Arc<Clock>, rounds: usize, seed: usize) -> Vec<Event> {
    let shop = name("shop");
    let mut events = Vec::new();
    for round in 0..rounds {
        let begun = clock.tick();
        let current = if (round + seed).is_multiple_of(2) {
            service.indicators.get(&shop).await.expect("a read succeeds")
        } else {
            let page = service.list::<Indicator>(&Filter::default(), None, 10).await.expect("a list succeeds");
            page.items.into_iter().next()
        };
        let current = current.map(|current| current.revision);
        events.push(Event { begun, ended: clock.tick(), what: What::Read(current) });

        let begun = clock.tick();
        let at = DAY.timestamp() + SignedDuration::from_nanos(begun.try_into().expect("few"));
        let stamp = Stamp { at, by: None };
        let value = Indicator::sample(shop.clone(), round + seed);
        let demand = current.map(Precondition::Revision);
        let written = match demand {
            None => service.create(value, stamp).await.map(|stored| Some(stored.revision)),
            Some(_) if (round + seed).is_multiple_of(5) => {
                service.delete::<Indicator>(&shop, demand, stamp).await.map(|()| None)
            }
            Some(_) => service.put(value, demand, stamp).await.map(|(stored, _)| Some(stored.revision)),
        };
        let ended = clock.tick();
        match written {
            Ok(revision) => events.push(Event { begun, ended, what: What::Wrote { at, over: current, revision } }),
            Err(Error::PreconditionFailed { .. } | Error::Exists { .. }) => {}
            Err(error) => panic!("it is written, or somebody was faster, but: {error:?}"),
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_in_one_order_for_both_and_no_etag_matches_twice() {
    let services = two().await;
    let clock = Arc::new(Clock::default());
    let mut running = JoinSet::new();
    for seed in 0..4 {
        running.spawn(writes(services[seed % 2].clone(), Arc::clone(&clock), 30, 3 * seed));
    }
    let events: Vec<Event> = running.join_all().await.into_iter().flatten().collect();

    let shop = name("shop");
    for service in &services {
        let changes = service.changes::<Indicator>(&shop, None, 200).await.expect("there are some");
        history::check(&events, &changes);
        let current = service.indicators.get(&shop).await.expect("a read succeeds").map(|current| current.revision);
        for change in changes.into_iter().filter(|change| Some(change.revision) != current) {
            let old = Some(Precondition::Revision(change.revision));
            let put = service.put(Indicator::sample(shop.clone(), 0), old, stamp()).await;
            assert!(matches!(put, Err(Error::PreconditionFailed { .. })), "{old:?}: {put:?}");
        }
    }
}
