//! A service whose store and notifier pause and fail as they are told, and a record of what they did.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use jiff::Timestamp;
use slo_core::memory::{MemoryMeasurements, MemoryStates};
use slo_core::{
    AlertChange, AlertCondition, AlertPolicy, AlertRound, AlertState, AlertThreshold, Batch, Bucket, Error,
    EventCounts, Indicator, IndicatorKind, Measurement, MeasurementRepository, Minute, Name, Notifier, Objective,
    Period, Precondition, Receipt, RepositoryError, Resolution, Revision, RollingWindow, Series, Service, Severity,
    Source, Stamp, StateRepository, TimeWindow, default_coverage_floor,
};

/// 2026-11-20T00:00Z.
pub(crate) const DAY: Minute = Minute::new(20_777 * 1_440);

pub(crate) fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

pub(crate) fn condition(severity: Severity, long: &str, short: &str, k: &str) -> AlertCondition {
    AlertCondition {
        severity,
        long_window: long.parse().expect("a length"),
        short_window: short.parse().expect("a length"),
        threshold: AlertThreshold::BurnRate(k.parse().expect("a decimal")),
        minimum_events: None,
    }
}

/// A page and a ticket, of windows that a test can fill.
pub(crate) fn policy() -> AlertPolicy {
    let conditions = vec![condition(Severity::Page, "20m", "5m", "2"), condition(Severity::Ticket, "60m", "10m", "1")];
    AlertPolicy { conditions, coverage_floor: default_coverage_floor() }
}

/// Nine tenths over a week.
pub(crate) fn objective(text: &str, indicator: &str) -> Objective {
    let series = Series { indicator: name(indicator), born: Revision::FIRST };
    let week = TimeWindow::Rolling(RollingWindow::new("7d".parse().expect("a length")).expect("a window"));
    let target = "0.9".parse().expect("a target");
    let objective = Objective::new(name(text), name("web"), series, target, week);
    Objective { alert_policy: Some(policy()), ..objective }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It is not done.
    Before,
    /// It is done, and its answer lost.
    After,
}

/// A firing condition: objective, its life, severity, windows, and how many alike stand before it.
pub(crate) type Spell = (String, u64, String, String, String, u64);

/// What fires, with its since.
pub(crate) type Firing = BTreeMap<Spell, String>;

/// What is kept, by those who can read it.
pub(crate) fn firing(bytes: &[u8]) -> Firing {
    let kept: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let mut all = Firing::new();
    for (objective, spells) in kept["firing"].as_object().expect("an object") {
        let born = spells["born"].as_u64().expect("a revision");
        for spell in spells["conditions"].as_array().expect("a list") {
            let nth = spell["nth"].as_u64().unwrap_or(0);
            let (severity, long, short) = (text(&spell["severity"]), text(&spell["long"]), text(&spell["short"]));
            all.insert((objective.clone(), born, severity, long, short, nth), text(&spell["since"]));
        }
    }
    all
}

/// What happens to the calls, and what has happened.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// What becomes of the next calls; when they are used up, nothing fails.
    pub(crate) faults: Mutex<VecDeque<Fault>>,
    /// The indicator whose counts cannot be read.
    pub(crate) unreadable: Mutex<Option<Name>>,
    /// Of which objective the notifier takes nothing; `Some(None)` is of all.
    pub(crate) refused: Mutex<Option<Option<Name>>>,
    /// Everything that was kept, in order.
    pub(crate) kept: Mutex<Vec<Firing>>,
    /// Everything that was told, in order, and how much had been kept by then.
    pub(crate) told: Mutex<Vec<(AlertChange, usize)>>,
}

impl Stage {
    fn fault(&self) -> Fault {
        self.faults.lock().expect("no panic under the lock").pop_front().unwrap_or(Fault::None)
    }

    pub(crate) fn told(&self) -> Vec<AlertChange> {
        self.told.lock().expect("no panic under the lock").iter().map(|(change, _)| change.clone()).collect()
    }
}

/// Lets others go first, once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn lost() -> RepositoryError {
    RepositoryError::Unavailable("no answer".into())
}

struct States {
    stage: Arc<Stage>,
    inner: MemoryStates,
}

#[async_trait]
impl StateRepository for States {
    async fn read(&self, key: &Name) -> Result<Option<(Revision, Vec<u8>)>, RepositoryError> {
        pause().await;
        let fault = self.stage.fault();
        let read = self.inner.read(key).await;
        pause().await;
        if fault == Fault::None { read } else { Err(lost()) }
    }

    async fn write(&self, key: &Name, expected: Option<Revision>, value: Vec<u8>) -> Result<Revision, RepositoryError> {
        pause().await;
        let fault = self.stage.fault();
        if fault == Fault::Before {
            return Err(lost());
        }
        let written = self.inner.write(key, expected, value.clone()).await;
        if written.is_ok() {
            self.stage.kept.lock().expect("no panic under the lock").push(firing(&value));
        }
        pause().await;
        if fault == Fault::None { written } else { Err(lost()) }
    }
}

struct Measurements {
    stage: Arc<Stage>,
    inner: MemoryMeasurements,
}

#[async_trait]
impl MeasurementRepository for Measurements {
    async fn write(
        &self,
        series: &Series,
        source: &Name,
        batch: &Batch,
        now: Timestamp,
    ) -> Result<Receipt, RepositoryError> {
        self.inner.write(series, source, batch, now).await
    }

    async fn read(
        &self,
        series: &Series,
        period: Period,
        resolution: &Resolution,
    ) -> Result<Vec<Bucket>, RepositoryError> {
        pause().await;
        if self.stage.unreadable.lock().expect("no panic under the lock").as_ref() == Some(&series.indicator) {
            return Err(lost());
        }
        let read = self.inner.read(series, period, resolution).await;
        pause().await;
        read
    }
}

/// Tells the stage.
pub(crate) struct People(pub(crate) Arc<Stage>);

#[async_trait]
impl Notifier for People {
    async fn notify(&self, change: &AlertChange) -> Result<(), Source> {
        pause().await;
        let stage = &self.0;
        let refused = stage.refused.lock().expect("no panic under the lock").clone();
        let fault = stage.fault();
        if fault == Fault::Before || refused.is_some_and(|of| of.is_none_or(|name| name == change.objective)) {
            return Err("nobody listens".into());
        }
        let kept = stage.kept.lock().expect("no panic under the lock").len();
        stage.told.lock().expect("no panic under the lock").push((change.clone(), kept));
        pause().await;
        if fault == Fault::None { Ok(()) } else { Err("nobody answers".into()) }
    }
}

/// Polls pieces of work in the order of a schedule, and then by turns; those that have had their number of polls are
/// dropped where they are.
pub(crate) fn run<T>(work: Vec<(Pin<Box<dyn Future<Output = T> + '_>>, usize)>, schedule: &[usize]) -> Vec<Option<T>> {
    let mut answers: Vec<Option<T>> = work.iter().map(|_| None).collect();
    let mut work: Vec<_> = work.into_iter().map(Some).collect();
    let number = work.len();
    for turn in schedule.iter().copied().chain(0..) {
        let place = turn % number;
        if let Some((running, polls)) = &mut work[place] {
            if *polls == 0 {
                work[place] = None;
            } else {
                *polls -= 1;
                if let Poll::Ready(answer) = running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    answers[place] = Some(answer);
                    work[place] = None;
                }
            }
        }
        if work.iter().all(Option::is_none) {
            return answers;
        }
    }
    unreachable!("the turns have no end")
}

/// To the end.
pub(crate) fn now<F: Future>(work: F) -> F::Output {
    run(vec![(Box::pin(work), usize::MAX)], &[]).remove(0).expect("it ends")
}

pub(crate) struct World {
    pub(crate) stage: Arc<Stage>,
    pub(crate) service: Service,
    pub(crate) people: People,
    /// The end of the newest minute.
    pub(crate) end: Minute,
}

impl World {
    /// With an indicator and an objective of each of these names.
    pub(crate) fn new(names: &[&str]) -> Self {
        let stage = Arc::new(Stage::default());
        let states = States { stage: Arc::clone(&stage), inner: MemoryStates::default() };
        let measurements = Measurements { stage: Arc::clone(&stage), inner: MemoryMeasurements::default() };
        let service =
            Service { states: Arc::new(states), measurements: Arc::new(measurements), ..Service::in_memory() };
        let world = Self { people: People(Arc::clone(&stage)), stage, service, end: DAY };
        for text in names {
            let indicator = Indicator::new(name(text), name("web"), IndicatorKind::Ratio);
            now(world.service.create(indicator, world.stamp())).expect("it is new");
            world.create(objective(text, text));
        }
        world
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.end.timestamp()
    }

    fn stamp(&self) -> Stamp {
        Stamp { at: self.at(), by: None }
    }

    pub(crate) fn create(&self, objective: Objective) {
        now(self.service.create(objective, self.stamp())).expect("it is new");
    }

    pub(crate) fn replace(&self, objective: Objective) {
        now(self.service.put(objective, Some(Precondition::Present), self.stamp())).expect("it is there");
    }

    pub(crate) fn delete(&self, text: &str) {
        now(self.service.delete::<Objective>(&name(text), Some(Precondition::Present), self.stamp()))
            .expect("it is there");
    }

    /// Writes ten events for each minute of a period, so many of them bad.
    pub(crate) fn write(&self, indicator: &str, period: Period, bad: u64) {
        let minutes = (0..period.end - period.start).map(|i| period.start + i);
        let counts = EventCounts::new(10 - bad, 10).expect("counts");
        let minutes: Vec<_> = minutes.map(|start| Measurement { start, counts, revision: 0 }).collect();
        let version = now(self.service.get::<Indicator>(&name(indicator))).expect("it is there");
        for part in minutes.chunks(1_000) {
            let late = (period.end + 1).timestamp().max(self.at());
            let batch = Batch::new(part.to_vec(), late).expect("a valid batch");
            let source = name("default");
            now(self.service.record(&version, &source, &batch, late)).expect("it is written");
        }
    }

    /// The next minutes of an indicator, with so many of ten events bad. Time goes on by [`World::pass`].
    pub(crate) fn next(&self, indicator: &str, minutes: i64, bad: u64) {
        self.write(indicator, Period::new(self.end, self.end + minutes), bad);
    }

    pub(crate) fn pass(&mut self, minutes: i64) {
        self.end = self.end + minutes;
    }

    pub(crate) fn try_round(&self) -> Result<AlertRound, Error> {
        now(self.service.evaluate_alerts(Some(&self.people), self.at()))
    }

    /// A round in which nothing stops it.
    pub(crate) fn round(&self) -> AlertRound {
        let round = self.try_round().expect("a round");
        assert!(!round.overtaken);
        round
    }

    /// What fires, as it is kept.
    pub(crate) fn kept(&self) -> Firing {
        let read = now(self.service.states.read(&name("alerts"))).expect("a read");
        read.map(|(_, bytes)| firing(&bytes)).unwrap_or_default()
    }

    /// What fires, as everybody is answered who asks.
    pub(crate) fn truth(&self) -> Firing {
        let page = now(self.service.list::<Objective>(&slo_core::Filter::default(), None, 200)).expect("a list");
        let mut all = Firing::new();
        for objective in page.items {
            let mut alike = BTreeMap::new();
            for alert in now(self.service.alerts(&objective, self.at(), self.at())).expect("alerts") {
                let (long, short) = (alert.long_window.to_string(), alert.short_window.to_string());
                let kind = (alert.severity.name(), long.clone(), short.clone());
                let nth = alike.entry(kind).and_modify(|nth| *nth += 1).or_insert(0_u64);
                if let Some(since) = alert.since {
                    let severity = alert.severity.name().to_owned();
                    let spell = (objective.value.name.to_string(), objective.born.get(), severity, long, short, *nth);
                    all.insert(spell, since.to_string());
                }
            }
        }
        all
    }

    /// People were told of each change of what was kept, of each condition in order, and of nothing else; of the
    /// same change several times only if that may be.
    pub(crate) fn assert_told(&self, repeats: bool) {
        type Of = (String, String, String, String);
        let of = |(objective, _, severity, long, short, _): &Spell| {
            (objective.clone(), severity.clone(), long.clone(), short.clone())
        };
        let mut wanted: BTreeMap<Of, Vec<AlertState>> = BTreeMap::new();
        let kept = self.stage.kept.lock().expect("no panic under the lock");
        let (mut before, mut changes) = (Firing::new(), Vec::new());
        for after in kept.iter() {
            for spell in before.keys().filter(|spell| !after.contains_key(*spell)) {
                wanted.entry(of(spell)).or_default().push(AlertState::Resolved);
            }
            for spell in after.keys().filter(|spell| !before.contains_key(*spell)) {
                wanted.entry(of(spell)).or_default().push(AlertState::Firing);
            }
            before.clone_from(after);
            changes.push(wanted.values().map(Vec::len).sum::<usize>());
        }
        let mut told: BTreeMap<Of, Vec<AlertState>> = BTreeMap::new();
        let mut known: BTreeMap<String, AlertChange> = BTreeMap::new();
        for (change, kept) in self.stage.told.lock().expect("no panic under the lock").iter() {
            if let Some(same) = known.get(&change.id) {
                assert_eq!(same, change, "another change with its id");
                assert!(repeats, "told twice: {change:?}");
                continue;
            }
            known.insert(change.id.clone(), change.clone());
            // Nobody is told of what is not kept.
            let possible = kept.checked_sub(1).map_or(0, |last| changes[last]);
            assert!(known.len() <= possible, "told before it was kept: {change:?}");
            let (long, short) = (change.long_window.to_string(), change.short_window.to_string());
            let of = (change.objective.to_string(), change.severity.name().to_owned(), long, short);
            told.entry(of).or_default().push(change.state);
        }
        assert_eq!(told, wanted);
    }
}
