//! The SDK's own HTTP client, a real socket, and a wire that loses, delays, repeats, stalls, cuts off
//! and refuses. `SEEDS=100` tries that many runs; `--nocapture` shows what came of them.

mod common;
#[path = "common/naive.rs"]
mod naive;
#[path = "common/plan.rs"]
mod plan;
#[path = "common/wire.rs"]
mod wire;
#[path = "common/workload.rs"]
mod workload;

use std::collections::BTreeMap;
use std::ops::AddAssign;

use common::{Checked, DAY, client, measurement, name, series, stamp, write};
use futures_util::future::{join_all, join3};
use futures_util::stream::{self, StreamExt as _};
use naive::Naive;
use plan::Fault;
use slo_core::testing::Sample as _;
use slo_core::{
    Batch, Bucket, DefinitionRepository as _, EventCounts, MeasurementRepository as _, Minute, Objective, Period,
    Precondition, RepositoryError, Resolution, Revision, Series, Width,
};
use slo_dynamo::client::MAX_ATTEMPTS;
use slo_dynamo::{DynamoDefinitions, DynamoMeasurements, Store};
use wire::{Log, Wire};
use workload::{Sent, by_hour, truth, workload};

/// How often something is sent again before the test gives up.
const PATIENCE: usize = 60;
const HOURS: Resolution = Resolution::Hours { cuts: Vec::new() };
/// How often one run is looked at.
const ROUNDS: usize = 4;
/// Three days, with all that is sent in the middle.
const DAYS: Period = Period { start: Minute::new(DAY.get() - 1_440), end: Minute::new(DAY.get() + 2 * 1_440) };

/// So many runs, unless `SEEDS` says more; in fewer not everything happens.
fn seeds(usual: u64) -> u64 {
    std::env::var("SEEDS").map_or(usual, |seeds| seeds.parse().expect("SEEDS is a number")).max(usual)
}

/// Events that should count and do not, and events that should not and do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Difference {
    lost: u128,
    doubled: u128,
}

impl Difference {
    fn add<K: Ord>(&mut self, expected: &BTreeMap<K, EventCounts>, found: &BTreeMap<K, EventCounts>) {
        let mut compare = |expected: EventCounts, found: EventCounts| {
            for (expected, found) in [(expected.good(), found.good()), (expected.bad(), found.bad())] {
                self.lost += expected.saturating_sub(found);
                self.doubled += found.saturating_sub(expected);
            }
        };
        for (key, counts) in expected {
            compare(*counts, found.get(key).copied().unwrap_or(EventCounts::ZERO));
        }
        for (_, counts) in found.iter().filter(|(key, _)| !expected.contains_key(key)) {
            compare(EventCounts::ZERO, *counts);
        }
    }
}

impl AddAssign for Difference {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}

/// Sends until it is acknowledged; answers with how often that was.
async fn until_acknowledged(mut send: impl AsyncFnMut() -> bool) -> usize {
    for sent in 1..=PATIENCE {
        if send().await {
            return sent;
        }
    }
    panic!("it never gets through");
}

/// How many calls of each kind the writes may have made.
#[derive(Default)]
struct Bound(BTreeMap<&'static str, usize>);

impl Bound {
    /// One more write. A refusal of an hour settles a minute at least, and a reborn hour is raised.
    fn allow(&mut self, sent: &Sent) {
        const RAISED: usize = 8;
        let hours: usize = sent.hours().iter().map(|hour| hour.len() + 2).sum();
        let raised = RAISED * sent.hours().len();
        for (kind, calls) in [
            ("GetItem S", hours),
            ("UpdateItem H", hours + raised),
            ("GetItem H", hours + raised),
            ("UpdateItem D", raised),
            ("UpdateItem S", raised),
        ] {
            *self.0.entry(kind).or_default() += calls;
        }
    }

    fn check(&self, log: &Log) {
        for kind in log.calls.keys() {
            let (calls, bound) = (log.calls(kind), self.0.get(kind.as_str()).copied().unwrap_or(0));
            assert!(calls <= bound, "{calls} calls of {kind}; {bound} are allowed");
        }
        assert!(log.attempts().all(|attempts| attempts <= MAX_ATTEMPTS), "the SDK repeats too often");
    }
}

/// Writes the batches of each writer until they are acknowledged.
async fn write_all(writers: &[(DynamoMeasurements, &[Sent])], bound: &mut Bound) {
    let writing = writers.iter().map(async |(store, batches)| {
        let mut sent = Vec::new();
        for batch in *batches {
            let times = until_acknowledged(async || match write(store, batch.source, batch.minutes.clone()).await {
                Ok(receipt) => {
                    assert_eq!(receipt.accepted + receipt.replayed + receipt.stale, batch.minutes.len());
                    true
                }
                Err(RepositoryError::Unavailable(_)) => false,
                Err(error) => panic!("it is no reason to give up, but: {error}"),
            });
            sent.extend(std::iter::repeat_n(batch, times.await));
        }
        sent
    });
    join_all(writing).await.into_iter().flatten().for_each(|sent| bound.allow(sent));
}

fn counts(buckets: &[Bucket]) -> BTreeMap<Minute, EventCounts> {
    buckets.iter().map(|bucket| (bucket.start, bucket.counts)).collect()
}

/// What became of the measurements of one run in this store, by the minute and by the hour, and what
/// arrived meanwhile.
async fn run(seed: u64) -> ([Difference; 2], Log) {
    let (engine, workload) = (client().await, workload(seed));
    let wire = Wire::new(&engine, seed).await.expect("a socket");
    let far = wire.client().await;
    // Each a process of its own: it remembers nothing of what others have seen.
    let writers: Vec<_> = workload.iter().map(|_| Store::builder(far.clone()).build().measurements()).collect();
    let near = Store::builder(engine).build().measurements();
    let read = async |resolution: &Resolution, period| {
        near.read(&series(), period, resolution).await.expect("nothing is in its way")
    };
    let mut bound = Bound::default();
    let (mut found, mut sealed) = ([Difference::default(); 2], 0);
    let (mut expected, mut hours) = (BTreeMap::new(), Vec::new());
    // Looked at several times, because what comes later can hide a fault.
    let each = workload[0].len() / ROUNDS;
    for round in 0..ROUNDS {
        let parts = workload.iter().map(|batches| &batches[round * each..][..each]);
        let writing: Vec<_> = writers.iter().cloned().zip(parts).collect();
        write_all(&writing, &mut bound).await;
        let log = wire.settled().await;
        bound.check(&log);

        expected = truth(workload.iter().flat_map(|batches| &batches[..(round + 1) * each]));
        hours = read(&HOURS, DAYS).await;
        found[0].add(&expected, &counts(&read(&Resolution::Minutes, DAYS).await));
        found[1].add(&by_hour(&expected), &counts(&hours));
        if found != [Difference::default(); 2] {
            return (found, log);
        }
        // What comes next is late: it meets sealed days.
        for day in [DAY - 1_440, DAY] {
            let reconciled = near.reconcile(&series(), day, true, DAYS.end.timestamp()).await;
            let reconciled = reconciled.expect("nothing is in its way");
            assert_eq!(reconciled.hours, 0, "what is acknowledged is told");
            sealed += reconciled.days;
            let again = [read(&HOURS, DAYS).await, read(&Resolution::Minutes, DAYS).await];
            assert_eq!(again.map(|buckets| counts(&buckets)), [counts(&hours), expected.clone()], "sealed");
        }
    }
    assert!(sealed > 2, "nothing late met a sealed day");
    for hour in &hours {
        let inside = expected.keys().filter(|minute| minute.hour() == hour.start);
        let bits = inside.fold(0, |bits, minute| bits | 1_u64 << (*minute - hour.start));
        assert_eq!((hour.width, hour.with_data), (Width::Hour, bits), "seed {seed}: {}", hour.start);
    }

    // A read through the same wire has everything or fails; its ends are hours that are asked for by themselves.
    let split = Period::new(DAY - 30, DAY + 735);
    let far = Store::builder(far).build().measurements();
    for (resolution, period) in [(&Resolution::Minutes, DAYS), (&HOURS, DAYS)].into_iter().chain([(&HOURS, split); 4]) {
        let whole = read(resolution, period).await;
        let inside = expected.iter().filter(|(minute, _)| period.contains(**minute));
        assert_eq!(
            whole.iter().map(|bucket| bucket.counts.total()).sum::<u128>(),
            inside.map(|(_, counts)| counts.total()).sum()
        );
        until_acknowledged(async || reads(&far, &series(), period, resolution, &whole).await).await;
    }
    // Of a single source they are asked for by key, once it is known.
    let solo = Series { indicator: name("solo"), born: Revision::FIRST };
    let ends = [split.start, split.end - 1].map(measurement).to_vec();
    let batch = Batch::new(ends, DAYS.end.timestamp()).expect("a valid batch");
    near.write(&solo, &name("default"), &batch, DAYS.end.timestamp()).await.expect("nothing is in its way");
    let whole = near.read(&solo, split, &HOURS).await.expect("nothing is in its way");
    for _ in 0..6 {
        until_acknowledged(async || reads(&far, &solo, split, &HOURS, &whole).await).await;
    }
    (found, wire.settled().await)
}

async fn reads(
    store: &DynamoMeasurements,
    series: &Series,
    period: Period,
    resolution: &Resolution,
    expected: &[Bucket],
) -> bool {
    match store.read(series, period, resolution).await {
        Ok(buckets) => {
            assert_eq!(buckets, expected);
            true
        }
        Err(RepositoryError::Unavailable(_)) => false,
        Err(error) => panic!("it is no reason to give up, but: {error}"),
    }
}

/// The same of the store that adds, whose writers repeat what was not acknowledged or send it once.
async fn run_naive(seed: u64, repeats: bool) -> (Difference, Log) {
    let (engine, writers) = (client().await, workload(seed));
    let wire = Wire::new(&engine, seed).await.expect("a socket");
    let client = if repeats { wire.client().await } else { wire.client_that_sends_once().await };
    let far = Naive(client);
    let writing = writers.iter().map(async |batches| {
        for batch in batches {
            for hour in batch.hours() {
                until_acknowledged(async || far.write(batch.source, &hour).await || !repeats).await;
            }
        }
    });
    join_all(writing).await;
    let log = wire.settled().await;
    let expected = naive::truth(&writers);
    let mut found = Difference::default();
    found.add(&expected, &Naive(engine).read(&expected).await);
    (found, log)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_doubled() {
    let seeds = seeds(12);
    // Of each row of the table.
    let (mut difference, mut requests) = ([Difference::default(); 4], [0; 4]);
    let mut longest = 0;
    let mut faults: BTreeMap<Fault, u32> = BTreeMap::new();
    // Several at once, because most of the time they wait.
    let runs = (0..seeds).map(|seed| join3(run(seed), run_naive(seed, true), run_naive(seed, false)));
    let mut runs = stream::iter(runs).buffer_unordered(4);
    while let Some((ours, repeated, once)) = runs.next().await {
        let ([minutes, hours], log) = ours;
        for (row, (found, log)) in
            [(minutes, &log), (hours, &log), (repeated.0, &repeated.1), (once.0, &once.1)].into_iter().enumerate()
        {
            difference[row] += found;
            requests[row] += log.attempts().sum::<u32>();
        }
        longest = log.attempts().chain([longest]).max().unwrap_or(0);
        log.faults.iter().for_each(|(fault, times)| *faults.entry(*fault).or_default() += times);
    }
    println!("events of {seeds:>3} runs                lost    doubled   requests");
    let rows =
        ["this store, by the minute", "this store, by the hour", "one that adds, repeated", "one that adds, once"];
    for ((row, Difference { lost, doubled }), requests) in rows.iter().zip(difference).zip(requests) {
        println!("{row:<25} {lost:>14} {doubled:>10} {requests:>10}");
    }
    println!("{faults:?}");
    let [minutes, hours, repeated, once] = difference;
    assert_eq!([minutes, hours], [Difference::default(); 2]);
    assert!(repeated.doubled > 0 && once.lost > 0, "the wire does no harm");
    assert_eq!(longest, MAX_ATTEMPTS, "the SDK repeats");
    assert!(Fault::ALL.iter().all(|fault| faults.contains_key(fault)), "some never happened");
}

/// What became of one version that was to be written.
#[derive(Debug, PartialEq, Eq)]
enum Put {
    Acknowledged(Revision),
    /// Somebody was faster.
    Refused,
    /// The same, unless that was this very version, whose answer was lost.
    Unknown,
}

async fn put(
    store: &DynamoDefinitions<Objective>,
    value: &Objective,
    seen: Option<Revision>,
    calls: &mut usize,
) -> Put {
    let demanded = seen.map_or(Precondition::Absent, Precondition::Revision);
    let mut lost = false;
    for _ in 0..PATIENCE {
        *calls += 1;
        match store.put(value.clone(), demanded, stamp()).await {
            Ok(written) => {
                assert_eq!(written.revision, seen.map_or(Revision::FIRST, Revision::next));
                return Put::Acknowledged(written.revision);
            }
            Err(RepositoryError::Unavailable(_)) => lost = true,
            Err(RepositoryError::Precondition { .. }) if lost => return Put::Unknown,
            Err(RepositoryError::Precondition { .. }) => return Put::Refused,
            Err(error) => panic!("it is no reason to give up, but: {error}"),
        }
    }
    panic!("it never gets through");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_version_is_one_revision() -> Checked {
    const WRITERS: usize = 4;
    const VERSIONS: usize = 6;
    let (mut acknowledged, mut refused, mut unknown) = (0, 0, 0);
    for seed in 0..seeds(6) {
        let (engine, shop) = (client().await, name("shop"));
        let wire = Wire::new(&engine, seed).await?;
        let far = wire.client().await;
        let writing = (0..WRITERS).map(async |writer| {
            let store: DynamoDefinitions<Objective> = Store::builder(far.clone()).build().definitions();
            let (mut puts, mut calls) = (Vec::new(), 0);
            for version in 0..VERSIONS {
                let mut seen = None;
                until_acknowledged(async || {
                    let current = store.get(&shop).await;
                    seen = current.as_ref().ok().and_then(|current| Some(current.as_ref()?.revision));
                    current.is_ok()
                })
                .await;
                let value = Objective::sample(shop.clone(), writer * VERSIONS + version);
                puts.push((put(&store, &value, seen, &mut calls).await, value));
            }
            (puts, calls)
        });
        let (puts, calls): (Vec<_>, Vec<usize>) = join_all(writing).await.into_iter().unzip();
        let log = wire.settled().await;
        // A put begins again up to 32 times.
        assert!(log.calls("TransactWriteItems") <= 32 * calls.iter().sum::<usize>());
        assert!(log.attempts().all(|attempts| attempts <= MAX_ATTEMPTS));

        let near: DynamoDefinitions<Objective> = Store::builder(engine).build().definitions();
        let changes = near.changes(&shop, None, 1_000).await?;
        let revisions: Vec<u64> = changes.iter().rev().map(|change| change.revision.get()).collect();
        assert_eq!(revisions, Vec::from_iter(1..=u64::try_from(changes.len())?), "seed {seed}");
        let current = near.get(&shop).await?.ok_or("somebody wrote it")?;
        assert_eq!(changes.first().map(|newest| (newest.revision, newest.value.clone())), {
            Some((current.revision, Some(current.value)))
        });
        for (put, value) in puts.iter().flatten() {
            let stored = changes.iter().filter(|change| change.value.as_ref() == Some(value));
            let stored: Vec<Revision> = stored.map(|change| change.revision).collect();
            match put {
                Put::Acknowledged(revision) => assert_eq!(stored, [*revision], "seed {seed}"),
                Put::Refused => assert_eq!(stored, [], "seed {seed}"),
                Put::Unknown => assert!(stored.len() <= 1, "seed {seed}: {stored:?}"),
            }
            match put {
                Put::Acknowledged(_) => acknowledged += 1,
                Put::Refused => refused += 1,
                Put::Unknown => unknown += 1,
            }
        }
    }
    println!("versions: {acknowledged} acknowledged, {refused} refused, {unknown} unknown");
    // Otherwise it is a race without rivals or a wire without faults.
    assert!(acknowledged > 0 && refused > 0 && unknown > 0);
    Ok(())
}
