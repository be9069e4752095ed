//! What writers send, from a seed, and what must be there afterwards.

use std::collections::BTreeMap;

use slo_core::{Batch, EventCounts, Measurement, Minute};

use super::common::DAY;
use super::plan::draw;

const SHARED: [&str; 2] = ["default", "eu-1"];
/// Of each writer, which nobody else makes known.
const OWN: [&str; 4] = ["us-1", "us-2", "us-3", "us-4"];
const BATCHES: u64 = 16;
const SENT_BY_EACH: u64 = 8;

/// Measurements of one source that are sent together.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) source: &'static str,
    pub(crate) minutes: Vec<Measurement>,
}

impl Sent {
    pub(crate) fn hours(&self) -> Vec<Vec<Measurement>> {
        let batch = Batch::new(self.minutes.clone(), (DAY + 1_440).timestamp()).expect("a valid batch");
        batch.hours().map(<[Measurement]>::to_vec).collect()
    }
}

/// The batches of each writer, in its order. They overlap, some are the same, and some correct others.
pub(crate) fn workload(seed: u64) -> Vec<Vec<Sent>> {
    let mut place = 0;
    let mut below = |limit: u64| {
        place += 1;
        draw(seed ^ 0xf00d, place) % limit
    };
    let batches: Vec<Sent> = (0..BATCHES)
        .map(|_| {
            // Half of them the first one, so that writers meet; the last stands for the writer's own.
            let source = [0, 0, 0, 1, 2, 2][index(below(6))];
            let revision = below(3);
            // Around midnight, and at noon: far enough apart for a read to ask for hours by key.
            let start = if below(2) == 0 { DAY - 50 } else { DAY + 690 } + signed(below(40));
            let end = start + 1 + signed(below(75));
            let minutes = std::iter::successors(Some(start), |minute| Some(*minute + 1));
            let minutes = minutes.take_while(|minute| *minute < end).map(|minute| measured(minute, source, revision));
            Sent { source: SHARED.get(source).copied().unwrap_or_default(), minutes: minutes.collect() }
        })
        .collect();
    let mut pick = |own| {
        let batch = batches[index(below(BATCHES))].clone();
        if batch.source.is_empty() { Sent { source: own, ..batch } } else { batch }
    };
    OWN.map(|own| (0..SENT_BY_EACH).map(|_| pick(own)).collect()).into()
}

/// Always the same for the same minute, source and revision, so nothing conflicts.
fn measured(start: Minute, source: usize, revision: u64) -> Measurement {
    let random = draw(start.get().unsigned_abs(), 10 * u64::try_from(source).expect("few") + revision);
    let total = 1 + random % 1_000;
    let counts = EventCounts::new(total - (random >> 32) % (total + 1), total).expect("good is no more than total");
    Measurement { start, counts, revision }
}

/// The counts of each minute when each measurement counts once: that of the highest revision.
pub(crate) fn truth<'a>(sent: impl Iterator<Item = &'a Sent>) -> BTreeMap<Minute, EventCounts> {
    let mut newest: BTreeMap<(Minute, &str), Measurement> = BTreeMap::new();
    for sent in sent {
        for minute in &sent.minutes {
            let kept = newest.entry((minute.start, sent.source)).or_insert(*minute);
            if kept.revision < minute.revision {
                *kept = *minute;
            }
        }
    }
    let mut counts: BTreeMap<Minute, EventCounts> = BTreeMap::new();
    for ((start, _), measurement) in newest {
        *counts.entry(start).or_insert(EventCounts::ZERO) += measurement.counts;
    }
    counts
}

/// The same by the hour.
pub(crate) fn by_hour(minutes: &BTreeMap<Minute, EventCounts>) -> BTreeMap<Minute, EventCounts> {
    let mut hours: BTreeMap<Minute, EventCounts> = BTreeMap::new();
    for (minute, counts) in minutes {
        *hours.entry(minute.hour()).or_insert(EventCounts::ZERO) += *counts;
    }
    hours
}

fn index(small: u64) -> usize {
    usize::try_from(small).expect("small")
}

fn signed(small: u64) -> i64 {
    i64::try_from(small).expect("small")
}
