//! What is sent, what is acknowledged, and which answers that allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

/// Enough for a day to be sealed, and one that comes after.
pub(crate) const SOURCES: usize = 4;
pub(crate) const BATCHES: usize = 6;
/// The measurements of a batch.
pub(crate) const LENGTH: usize = 5;
/// More than a source has measurements: a sum has two digits for each source.
const BASE: u64 = 100;
const DAY: i64 = 1_440;

/// Sources that measure nothing, on both days: with fewer of them a reader would not look at the sums of sealed
/// days.
const OTHERS: usize = 18;

/// A measurement: the source, and the number of the minute.
type Sent = (usize, usize);
/// Good and all events.
pub(crate) type Counts = [u64; 2];
/// By source.
type Digits = [u64; SOURCES];

/// How counts are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Minute,
    Hour,
    Budget,
}

impl By {
    pub(crate) const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Budget];
}

/// The minutes of all sources: of two finished days, in five groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: usize,
    /// The midnight between the two, in minutes.
    midnight: i64,
}

impl Plan {
    /// How many measurements there are.
    pub(crate) const ALL: usize = SOURCES * BATCHES * LENGTH;

    pub(crate) fn new(seed: usize, now: Timestamp) -> Self {
        Self { seed, midnight: (now.as_second().div_euclid(60 * DAY) - 2) * DAY }
    }

    /// The window of the budget; its ends lie inside hours.
    pub(crate) fn window(&self) -> [i64; 2] {
        [self.midnight - 30, self.midnight + DAY - 30]
    }

    /// At the window's ends, which are read by the minute, at midnight, and between.
    fn minute(&self, number: usize) -> i64 {
        let [start, end] = self.window();
        let groups = [start, self.midnight - 3, self.midnight + 57, self.midnight + 700, end - 6];
        groups[number / BATCHES] + i64::try_from(number % BATCHES).expect("small")
    }

    /// The `i`th batch of a source as a worker sends them: each of them in an order of its own, and of several
    /// hours.
    pub(crate) fn batch(&self, worker: usize, source: usize, i: usize) -> Vec<Sent> {
        const { assert!(BATCHES == 6, "and 7 is a prime") };
        let stride = 1 + (self.seed + 5 * worker) % BATCHES;
        let first = (i + 1) * stride % (BATCHES + 1) - 1;
        (0..LENGTH).map(|i| (source, first + i * BATCHES)).collect()
    }

    fn counts(&self, (source, number): Sent) -> Counts {
        let unit = BASE.pow(u32::try_from(source).expect("small"));
        [if (source + number + self.seed).is_multiple_of(7) { 0 } else { unit }, unit]
    }

    /// The batch as the API takes it.
    pub(crate) fn body(&self, batch: &[Sent]) -> Value {
        let measurement = |sent: &Sent| {
            let [good, total] = self.counts(*sent);
            json!({"start": time(self.minute(sent.1)), "good": good, "total": total})
        };
        let measurements: Vec<_> = batch.iter().map(measurement).collect();
        json!({"source": format!("source-{}", batch[0].0), "measurements": measurements})
    }

    /// What the others send.
    pub(crate) fn nothing(&self) -> impl Iterator<Item = Value> {
        let measurements =
            [-15, 300].map(|offset| json!({"start": time(self.midnight + offset), "good": 0, "total": 0}));
        (0..OTHERS).map(move |other| json!({"source": format!("other-{other}"), "measurements": measurements}))
    }

    /// Where an answer shows a measurement.
    fn step(&self, by: By, number: usize) -> i64 {
        let minute = self.minute(number);
        match by {
            By::Minute => minute,
            By::Hour => minute - minute.rem_euclid(60),
            By::Budget => self.window()[0],
        }
    }

    fn sums(&self, by: By, sent: &BTreeSet<Sent>) -> BTreeMap<i64, Counts> {
        let mut sums: BTreeMap<i64, Counts> = BTreeMap::new();
        for sent in sent {
            let sum = sums.entry(self.step(by, sent.1)).or_default();
            sum.iter_mut().zip(self.counts(*sent)).for_each(|(sum, count)| *sum += count);
        }
        sums
    }
}

/// What is known of the measurements at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    sent: BTreeSet<Sent>,
    acknowledged: BTreeSet<Sent>,
    /// The most that a finished read has shown: of hours, which show nothing that can go away again. What
    /// nobody has acknowledged yet may be seen by the minute or not, once so and once so.
    shown: BTreeMap<i64, [Digits; 2]>,
}

impl Books {
    pub(crate) fn send(&mut self, batch: &[Sent]) {
        self.sent.extend(batch);
    }

    pub(crate) fn acknowledge(&mut self, batch: &[Sent]) {
        self.acknowledged.extend(batch);
    }

    /// How many measurements are acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Panics unless an answer has everything that was acknowledged or shown before it was asked for, and
    /// nothing twice or that was not sent by its end.
    pub(crate) fn check(&mut self, before: &Self, plan: &Plan, by: By, found: &BTreeMap<i64, Counts>) {
        let (least, most) = (plan.sums(by, &before.acknowledged), plan.sums(by, &self.sent));
        for step in most.keys().chain(found.keys()) {
            let of = |sums: &BTreeMap<i64, Counts>| sums.get(step).copied().unwrap_or_default().map(digits);
            let (least, found, most) = (of(&least), of(found), of(&most));
            let shown = before.shown.get(step).filter(|_| by == By::Hour);
            let floor = shown.copied().unwrap_or_default();
            let fits = |[least, floor, found, most]: [u64; 4]| least.max(floor) <= found && found <= most;
            for kind in 0..2 {
                for source in 0..SOURCES {
                    assert!(
                        fits([&least, &floor, &found, &most].map(|digits| digits[kind][source])),
                        "by {by:?}, {}: {found:?} of each source, good and all, where {least:?} were acknowledged, \
                         {floor:?} shown, and {most:?} sent",
                        time(*step)
                    );
                }
            }
            if by == By::Hour {
                let shown = self.shown.entry(*step).or_default();
                shown.iter_mut().flatten().zip(found.iter().flatten()).for_each(|(shown, n)| *shown = *n.max(shown));
            }
        }
    }
}

/// How much of each source is in a sum.
fn digits(sum: u64) -> Digits {
    let mut left = sum;
    let digits = std::array::from_fn(|_| {
        let digit = left % BASE;
        left /= BASE;
        digit
    });
    assert_eq!(left, 0, "{sum} is more than everything");
    digits
}

/// A minute as the API writes it.
pub(crate) fn time(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).expect("a time of this century")
}
