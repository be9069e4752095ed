//! Recorders of processes that crash and freeze, on a store whose answers get lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use futures_util::FutureExt;
use jiff::Timestamp;
use proptest::prelude::*;
use slo_core::{
    Batch, Bucket, Error, Indicator, IndicatorKind, MAX_RECORDED_MINUTES, MeasurementRepository, Minute, Period,
    Receipt, Recorder, RepositoryError, Resolution, Series, Service, Stamp,
};

use super::{DAY, config, name};

/// What a flush meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is stored, and nobody is told.
    Lost,
    /// It never arrives.
    Away,
}

/// A store that meets one fault at the next write.
struct Faulty {
    store: Arc<dyn MeasurementRepository>,
    fault: std::sync::Mutex<Option<Fault>>,
}

#[async_trait]
impl MeasurementRepository for Faulty {
    async fn write(
        &self,
        series: &Series,
        source: &slo_core::Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        let fault = self.fault.lock().expect("not poisoned").take();
        if fault != Some(Fault::Away) {
            let receipt = self.store.write(series, source, batch, now).await?;
            assert_eq!(receipt.conflicts, [], "a recorder never contradicts itself");
            if fault.is_none() {
                return Ok(receipt);
            }
        }
        Err(RepositoryError::Unavailable("the connection broke".into()))
    }

    async fn read(&self, series: &Series, period: Period, by: &Resolution) -> Result<Vec<Bucket>, RepositoryError> {
        self.store.read(series, period, by).await
    }
}

/// A service with the indicator `site`, and its network.
fn service() -> (Service, Arc<Faulty>) {
    let mut service = Service::in_memory();
    let faulty = Arc::new(Faulty { store: service.measurements, fault: std::sync::Mutex::default() });
    service.measurements = Arc::clone(&faulty) as Arc<dyn MeasurementRepository>;
    let site = Indicator::new(name("site"), name("web"), IndicatorKind::Ratio);
    let stamp = Stamp { at: DAY.timestamp(), by: None };
    service.create(site, stamp).now_or_never().expect("in memory").expect("it is new");
    (service, faulty)
}

/// What the store has, by the minute.
fn stored(service: &Service) -> BTreeMap<Minute, (u128, u128)> {
    let site = service.get::<Indicator>(&name("site")).now_or_never().expect("in memory").expect("it exists");
    let series = Series { indicator: name("site"), born: site.born };
    let period = Period::new(DAY - 10_000, DAY + 1_000_000);
    let buckets = service.measurements.read(&series, period, &Resolution::Minutes);
    let buckets = buckets.now_or_never().expect("in memory").expect("it reads");
    buckets.iter().map(|bucket| (bucket.start, (bucket.counts.good(), bucket.counts.total()))).collect()
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Events that began so many minutes ago, in which process.
    Record {
        process: usize,
        ago: i64,
        good: bool,
    },
    Flush {
        process: usize,
        fault: Option<Fault>,
    },
    /// A batch is taken, and on its way for so long that other flushes overtake it.
    FlushLate {
        process: usize,
    },
    /// The oldest of these arrives, and its sender is told if it still lives.
    Arrive,
    /// The process is gone; another one begins in its place.
    Crash {
        process: usize,
    },
    /// All stand still for so many minutes.
    Freeze {
        minutes: i64,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let process = 0..3_usize;
    let fault = prop_oneof![3 => Just(None), 1 => Just(Some(Fault::Lost)), 1 => Just(Some(Fault::Away))];
    let step = prop_oneof![
        12 => (process.clone(), 0..4_i64, any::<bool>()).prop_map(|(process, ago, good)| Step::Record { process, ago, good }),
        4 => (process.clone(), fault).prop_map(|(process, fault)| Step::Flush { process, fault }),
        2 => process.clone().prop_map(|process| Step::FlushLate { process }),
        2 => Just(Step::Arrive),
        1 => process.prop_map(|process| Step::Crash { process }),
        2 => prop_oneof![0..3_i64, Just(700), Just(3_000)].prop_map(|minutes| Step::Freeze { minutes }),
    ];
    proptest::collection::vec(step, 1..120)
}

/// Counts by the minute: good and total.
type Counts = BTreeMap<Minute, (u128, u128)>;

fn add(counts: &mut Counts, other: &Counts) {
    for (minute, (good, total)) in other {
        let sum = counts.entry(*minute).or_default();
        *sum = (sum.0 + good, sum.1 + total);
    }
}

/// A process as an observer counts it.
struct Process {
    recorder: Recorder,
    recorded: Counts,
    acknowledged: Counts,
}

impl Process {
    fn start(number: usize) -> Self {
        let recorder = Recorder::new(name("site"), name(&format!("start-{number}")));
        Self { recorder, recorded: Counts::new(), acknowledged: Counts::new() }
    }

    fn flush(&mut self, service: &Service, now: Timestamp) -> bool {
        let flushed = self.recorder.flush(service, now).now_or_never().expect("in memory");
        match &flushed {
            Ok(_) => self.acknowledged.clone_from(&self.recorded),
            Err(error) => assert!(matches!(error, Error::Repository(RepositoryError::Unavailable(_))), "{error}"),
        }
        flushed.is_ok()
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// The store has at least what was acknowledged and at most what was recorded; once everybody has flushed, exactly
    /// what was recorded by those who lived, and of those who crashed no less than was acknowledged.
    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_counts_twice(steps in steps()) {
        let (service, faulty) = service();
        let site = service.get::<Indicator>(&name("site")).now_or_never().expect("in memory").expect("it exists");
        let mut now = DAY;
        let (mut starts, mut late) = (3, Vec::<(slo_core::Name, Batch)>::new());
        let mut processes: Vec<Process> = (0..3).map(Process::start).collect();
        let mut gone: Vec<Process> = Vec::new();
        for step in steps {
            match step {
                Step::Record { process, ago, good } => {
                    let process = &mut processes[process];
                    process.recorder.record((now - ago).timestamp(), good);
                    add(&mut process.recorded, &Counts::from([(now - ago, (u128::from(good), 1))]));
                }
                Step::Flush { process, fault } => {
                    let ready = processes[process].recorder.pending(now.timestamp()).is_some();
                    *faulty.fault.lock().expect("not poisoned") = fault.filter(|_| ready);
                    let told = processes[process].flush(&service, now.timestamp());
                    prop_assert_eq!(told, fault.is_none() || !ready);
                }
                Step::FlushLate { process } => {
                    let recorder = &processes[process].recorder;
                    late.extend(recorder.pending(now.timestamp()).map(|batch| (recorder.source().clone(), batch)));
                }
                Step::Arrive if late.is_empty() => {}
                Step::Arrive => {
                    let (source, batch) = late.remove(0);
                    service.record(&site, &source, &batch, now.timestamp()).now_or_never().expect("in memory").expect("stored");
                    let sender = processes.iter().find(|process| *process.recorder.source() == source);
                    sender.iter().for_each(|process| process.recorder.acknowledge(&batch));
                }
                Step::Crash { process } => {
                    // What it has sent may still arrive.
                    gone.push(std::mem::replace(&mut processes[process], Process::start(starts)));
                    starts += 1;
                }
                Step::Freeze { minutes } => now = now + minutes,
            }
            let in_store = stored(&service);
            let (mut least, mut most) = (Counts::new(), Counts::new());
            for process in processes.iter().chain(&gone) {
                add(&mut least, &process.acknowledged);
                add(&mut most, &process.recorded);
                prop_assert_eq!(process.recorder.lost(), 0);
            }
            for (minute, (good, total)) in &least {
                let (stored_good, stored_total) = in_store.get(minute).copied().unwrap_or_default();
                prop_assert!(stored_good >= *good && stored_total >= *total, "{minute}: lost");
            }
            for (minute, (good, total)) in &in_store {
                let (most_good, most_total) = most.get(minute).copied().unwrap_or_default();
                prop_assert!(*good <= most_good && *total <= most_total, "{minute}: doubled");
            }
        }
        // At the end whoever lives flushes, and what comes late from them is stale.
        let living: Vec<_> = processes.iter_mut().map(|process| process.flush(&service, now.timestamp())).collect();
        prop_assert_eq!(living, [true; 3]);
        let before = stored(&service);
        let live: Vec<_> = late.iter().filter(|(source, _)| !gone.iter().any(|gone| gone.recorder.source() == source)).collect();
        for (source, batch) in live {
            service.record(&site, source, batch, now.timestamp()).now_or_never().expect("in memory").expect("stored");
        }
        prop_assert_eq!(stored(&service), before.clone());
        if gone.is_empty() {
            let mut all = Counts::new();
            processes.iter().for_each(|process| add(&mut all, &process.recorded));
            prop_assert_eq!(before, all);
        }
    }
}

/// Threads record while others flush, all at once.
#[test]
fn many_threads_and_flushes_at_once_count_exactly() {
    const THREADS: i64 = 8;
    const EACH: i64 = 20_000;
    let (service, _) = service();
    let recorder = Recorder::new(name("site"), name("start"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Relaxed) {
                    let flushed = recorder.flush(&service, (DAY + 60).timestamp()).now_or_never();
                    flushed.expect("in memory").expect("it flushes");
                }
            });
        }
        let recording = (0..THREADS).map(|thread| {
            let recorder = &recorder;
            scope.spawn(move || {
                (0..EACH).for_each(|i| recorder.record((DAY + i % 60).timestamp(), (i + thread) % 10 != 0));
            })
        });
        let recording: Vec<_> = recording.collect();
        recording.into_iter().for_each(|thread| thread.join().expect("it records"));
        done.store(true, Relaxed);
    });
    recorder.flush(&service, (DAY + 60).timestamp()).now_or_never().expect("in memory").expect("it flushes");
    let (good, total) = stored(&service).values().fold((0, 0), |sum, minute| (sum.0 + minute.0, sum.1 + minute.1));
    assert_eq!((good, total), (160_000 - 16_000, 160_000));
}

/// An outage of more than a day: what no longer has room is counted, and the rest arrives.
#[test]
fn a_store_that_is_away_for_days_costs_the_oldest_minutes_and_says_so() {
    let (service, faulty) = service();
    let recorder = Recorder::new(name("site"), name("start"));
    let minutes = i64::try_from(MAX_RECORDED_MINUTES).expect("a day") + 100;
    for minute in 0..minutes {
        recorder.record((DAY + minute).timestamp(), true);
        *faulty.fault.lock().expect("not poisoned") = Some(Fault::Away);
        recorder.flush(&service, (DAY + minute).timestamp()).now_or_never().expect("in memory").expect_err("away");
    }
    *faulty.fault.lock().expect("not poisoned") = None;
    recorder.flush(&service, (DAY + minutes).timestamp()).now_or_never().expect("in memory").expect("it is back");
    assert_eq!(recorder.lost(), 100);
    assert_eq!(stored(&service).len(), MAX_RECORDED_MINUTES);
}
