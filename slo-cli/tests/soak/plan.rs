//! What is sent, from a seed, and what must be there afterwards.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::AddAssign;

use jiff::Timestamp;
use serde::Deserialize;

/// Who measures.
pub(crate) const SOURCES: usize = 16;
/// The first minute that may be measured: 2025-01-01T00:00:00Z.
pub(crate) const START: i64 = 28_928_160;
pub(crate) const HOUR: i64 = 60;
pub(crate) const DAY: i64 = 1_440;
/// The most minutes that are sent together: they touch up to four hours.
const LONGEST: usize = 180;
/// How much later than its neighbours a batch can come, in minutes; some come at any time.
const LATE: usize = 720;
/// How much later each source begins than the one before, in minutes.
const STAGGER: i64 = 37;

/// The `place`th number of a sequence (`SplitMix64`, so that it is the same everywhere and for ever).
pub(crate) fn draw(seed: u64, place: u64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let start = mixed(seed.wrapping_add(STEP));
    mixed(start.wrapping_add(place.wrapping_add(1).wrapping_mul(STEP)))
}

const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// How far a measurement has come: 0 is absent, 1 the first one, 2 the one that corrects it.
pub(crate) type Version = u8;
pub(crate) const ABSENT: Version = 0;
const FIRST: Version = 1;
pub(crate) const CORRECTED: Version = 2;

/// Good and all events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Counts {
    pub(crate) good: u128,
    pub(crate) total: u128,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.good += other.good;
        self.total += other.total;
    }
}

/// A measurement's counts in units of its source: octal digits, of which each source has its own, so
/// that their sum tells what there is of each. Twice the first is 2, the correction is 3.
pub(crate) fn weight(version: Version) -> u128 {
    [0, 1, 3][usize::from(version)]
}

/// The digit of a source.
pub(crate) fn digit(sum: u128, source: usize) -> u128 {
    sum >> (3 * source) & 7
}

/// Minutes of one source that are sent together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sending {
    pub(crate) source: usize,
    /// From the beginning of the source.
    first: usize,
    pub(crate) length: usize,
    /// With the corrections; without, as they were measured first.
    corrected: bool,
    /// The newest minute first.
    backwards: bool,
}

pub(crate) struct Plan {
    seed: u64,
    /// What must be there of each minute of each source.
    expected: Vec<Vec<Version>>,
    /// All batches in one queue. The writers take them one by one, so what is close together in it is
    /// under way at the same time: a batch and its repetition, or its correction.
    pub(crate) sendings: Vec<Sending>,
}

impl Plan {
    /// So many measurements, cut into batches that are corrected, repeated and brought out of order.
    pub(crate) fn new(seed: u64, measurements: usize) -> Self {
        let length = |source| measurements / SOURCES + usize::from(source < measurements % SOURCES);
        let mut expected: Vec<Vec<Version>> = (0..SOURCES).map(|source| vec![FIRST; length(source)]).collect();
        // Each with its place in the queue, in minutes too.
        let mut queue: Vec<(usize, Sending)> = Vec::new();
        let mut place = 0;
        let mut below = |limit: usize| {
            place += 1;
            index(draw(seed, place) % u64::try_from(limit).expect("small"))
        };
        for (source, minutes) in expected.iter_mut().enumerate() {
            let all = minutes.len();
            let mut first = 0;
            while first < all {
                let length = (1 + below(LONGEST)).min(all - first);
                let chunk = Sending { source, first, length, corrected: false, backwards: below(3) == 0 };
                let due = if below(4) == 0 { below(all) } else { first + below(LATE) };
                queue.push((due, chunk));
                if below(5) == 0 {
                    for version in &mut minutes[first..first + length] {
                        *version += u8::from(below(2) == 0);
                    }
                    let due = if below(2) == 0 { due } else { below(all) };
                    queue.push((due, Sending { corrected: true, ..chunk }));
                }
                // The whole again, and a part of whatever batches it may touch.
                if below(4) == 0 {
                    let due = if below(2) == 0 { due } else { below(all) };
                    queue.push((due, Sending { corrected: below(2) == 0, ..chunk }));
                }
                if below(3) == 0 {
                    let first = below(all);
                    let length = (1 + below(LONGEST)).min(all - first);
                    let due = if below(2) == 0 { first + below(LATE) } else { below(all) };
                    queue.push((due, Sending { first, length, corrected: below(2) == 0, ..chunk }));
                }
                first += length;
            }
        }
        queue.sort_by_key(|(due, _)| *due);
        Self { seed, expected, sendings: queue.into_iter().map(|(_, sending)| sending).collect() }
    }

    /// The first minute after all, on the grid of days.
    pub(crate) fn end(&self) -> i64 {
        let last = (0..SOURCES).map(|source| start(source) + signed(self.expected[source].len())).max();
        let days = (last.unwrap_or(START) - START).unsigned_abs().div_ceil(DAY.unsigned_abs());
        START + DAY * i64::try_from(days).expect("small")
    }

    /// The version that must be there of a minute.
    pub(crate) fn expected(&self, source: usize, minute: i64) -> Version {
        let offset = usize::try_from(minute - start(source)).ok();
        offset.and_then(|offset| self.expected[source].get(offset)).copied().unwrap_or(ABSENT)
    }

    /// How many measurements were corrected.
    pub(crate) fn corrections(&self) -> usize {
        self.expected.iter().flatten().filter(|version| **version == CORRECTED).count()
    }

    /// How many measurements all batches have together.
    pub(crate) fn sent(&self) -> usize {
        self.sendings.iter().map(|sending| sending.length).sum()
    }

    /// The minutes of a batch, and the version that is sent of each.
    pub(crate) fn minutes(&self, sending: &Sending) -> impl Iterator<Item = (i64, Version)> {
        let Sending { source, first, corrected, .. } = *sending;
        self.expected[source][first..][..sending.length].iter().enumerate().map(move |(offset, version)| {
            (start(source) + signed(first + offset), if corrected { *version } else { FIRST })
        })
    }

    pub(crate) fn counts(&self, source: usize, minute: i64, version: Version) -> Counts {
        let total = weight(version) << (3 * source);
        let random =
            draw(self.seed ^ minute.unsigned_abs(), u64::from(version) << 8 | u64::try_from(source).expect("few"));
        Counts { good: if random.is_multiple_of(4) { 0 } else { total }, total }
    }

    /// The counts of each step when each measurement counts once, in its last version.
    pub(crate) fn by(&self, step: i64) -> BTreeMap<i64, Counts> {
        let mut steps: BTreeMap<i64, Counts> = BTreeMap::new();
        for (source, versions) in self.expected.iter().enumerate() {
            for (minute, version) in (start(source)..).zip(versions) {
                *steps.entry(minute - minute.rem_euclid(step)).or_default() += self.counts(source, minute, *version);
            }
        }
        steps
    }

    /// The batch as the API takes it.
    pub(crate) fn body(&self, sending: &Sending) -> String {
        let mut minutes: Vec<_> = self.minutes(sending).collect();
        if sending.backwards {
            minutes.reverse();
        }
        let mut body = format!(r#"{{"source":"source-{:02}","measurements":["#, sending.source);
        for (place, (minute, version)) in minutes.into_iter().enumerate() {
            let Counts { good, total } = self.counts(sending.source, minute, version);
            let (comma, revision) = (if place == 0 { "" } else { "," }, version - FIRST);
            let start = time(minute);
            write!(body, r#"{comma}{{"start":"{start}","good":{good},"total":{total},"revision":{revision}}}"#)
                .expect("a string takes what is written");
        }
        body + "]}"
    }
}

/// A minute as the API writes it.
pub(crate) fn time(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).expect("a time of this century")
}

/// The first minute of a source.
fn start(source: usize) -> i64 {
    START + STAGGER * signed(source)
}

fn index(small: u64) -> usize {
    usize::try_from(small).expect("small")
}

fn signed(small: usize) -> i64 {
    i64::try_from(small).expect("small")
}
