//! What was acknowledged, and whether it is there: once.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;

use super::plan::{ABSENT, Counts, DAY, Plan, SOURCES, START, Sending, Version, digit, time};

/// The API's own limit.
const STEPS: i64 = 1_500;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measurements that should be there and are not, and those that are there and should not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
}

impl AddAssign for Difference {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}

/// The newest version of each measurement that was acknowledged.
pub(crate) struct Books(Vec<Vec<AtomicU8>>);

impl Books {
    pub(crate) fn new(plan: &Plan) -> Self {
        let minutes = usize::try_from(plan.end() - START).expect("small");
        Self((0..SOURCES).map(|_| (0..minutes).map(|_| AtomicU8::new(ABSENT)).collect()).collect())
    }

    pub(crate) fn acknowledge(&self, plan: &Plan, sending: &Sending) {
        for (minute, version) in plan.minutes(sending) {
            self.0[sending.source][usize::try_from(minute - START).expect("not before")].fetch_max(version, Relaxed);
        }
    }

    fn acknowledged(&self, source: usize, minute: i64) -> Version {
        let offset = usize::try_from(minute - START).ok();
        offset.and_then(|offset| self.0[source].get(offset)).map_or(ABSENT, |version| version.load(Relaxed))
    }

    /// Compares what is stored of each minute with what was acknowledged. What was not acknowledged
    /// yet may be there.
    pub(crate) fn compare(&self, plan: &Plan, found: &BTreeMap<i64, Counts>) -> Difference {
        let mut difference = Difference::default();
        for minute in START - DAY..plan.end() + DAY {
            let Counts { good, total } = found.get(&minute).copied().unwrap_or_default();
            for source in 0..SOURCES {
                let counts = Counts { good: digit(good, source), total: digit(total, source) };
                let (least, most) = (self.acknowledged(source, minute), plan.expected(source, minute));
                let one = |version| {
                    let Counts { good, total } = plan.counts(source, minute, version);
                    Counts { good: digit(good, source), total: digit(total, source) }
                };
                if (least..=most).any(|version| one(version) == counts) {
                    continue;
                }
                let doubled = counts.total > one(least).total;
                *(if doubled { &mut difference.doubled } else { &mut difference.lost }) += 1;
            }
            // Above the last digit.
            difference.doubled += u64::from(total >> (3 * SOURCES) > 0);
        }
        difference
    }
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    start: Timestamp,
    good: u128,
    total: u128,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) good: u128,
    pub(crate) total: u128,
    pub(crate) bad: u128,
}

/// A client that reads.
pub(crate) struct Reader<'a> {
    agent: Agent,
    url: &'a str,
}

impl<'a> Reader<'a> {
    /// Of the API at this address.
    pub(crate) fn new(url: &'a str) -> Self {
        Self { agent: Agent::config_builder().timeout_global(Some(PATIENCE)).build().into(), url }
    }

    pub(crate) fn create(&self, collection: &str, definition: &str) {
        let request = self.agent.post(format!("{}/api/v1/{collection}", self.url));
        request.header("content-type", "application/json").send(definition).expect("created");
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let mut answer = self.agent.get(format!("{}/api/v1/{path}", self.url)).call().expect("answered");
        serde_json::from_str(&answer.body_mut().read_to_string().expect("text")).expect("json")
    }

    /// The counts of each step that has some, from a day before the first measurement to a day after
    /// the last one.
    pub(crate) fn counts(&self, indicator: &str, plan: &Plan, step: i64) -> BTreeMap<i64, Counts> {
        let name = match step {
            1 => "1m",
            DAY => "1d",
            _ => "1h",
        };
        // In whole days.
        let page = STEPS * step / DAY * DAY;
        let mut found = BTreeMap::new();
        let end = plan.end() + DAY;
        for from in (START - DAY..end).step_by(usize::try_from(page).expect("small")) {
            let to = (from + page).min(end);
            let path = format!("indicators/{indicator}/measurements?from={}&to={}&step={name}", time(from), time(to));
            let answer: Answer = self.get(&path);
            for Step { start, good, total } in answer.items {
                assert_eq!(found.insert(start.as_second() / 60, Counts { good, total }), None, "{start} comes twice");
            }
        }
        found
    }

    /// The budget at the end.
    pub(crate) fn budget(&self, objective: &str, plan: &Plan) -> Budget {
        self.get(&format!("objectives/{objective}/error-budget?at={}", time(plan.end())))
    }
}
