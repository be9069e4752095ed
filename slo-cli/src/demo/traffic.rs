//! Made-up traffic: the same for the same end, and like that of a shop.

use jiff::{SignedDuration, Timestamp};

use crate::ingest::measurement::{Content, Measurement, Minute};

/// So many minutes before the end.
pub(super) const MINUTES: i64 = 60 * 1_440;
const MILLION: u64 = 1_000_000;

/// What is measured, and what went wrong.
pub(super) struct Traffic {
    pub(super) name: &'static str,
    /// Events of an ordinary minute.
    pub(super) events: u64,
    /// How many of a million fail on an ordinary day.
    pub(super) failing: u64,
    /// What was not ordinary.
    pub(super) spells: &'static [Spell],
}

/// A span of time, on a day counted back from that of the end.
pub(super) struct Spell {
    pub(super) days_ago: i64,
    /// Its first minute of the day.
    pub(super) from: i64,
    pub(super) minutes: i64,
    pub(super) what: What,
}

pub(super) enum What {
    /// So many of a million failed.
    Failing(u64),
    /// Nobody counted.
    Silence,
}

/// The day of the end, and so many days before it.
pub(super) fn day(end: Timestamp, days_ago: i64) -> Timestamp {
    let seconds = end.as_second() - end.as_second().rem_euclid(86_400) - days_ago * 86_400;
    Timestamp::from_second(seconds).unwrap_or(end)
}

impl Spell {
    /// Its first instant, and where it is over.
    pub(super) fn span(&self, end: Timestamp) -> (Timestamp, Timestamp) {
        let from = day(end, self.days_ago) + SignedDuration::from_mins(self.from);
        (from, from + SignedDuration::from_mins(self.minutes))
    }
}

impl Traffic {
    /// Two months of minutes, the last one before the end.
    pub(super) fn minutes(&self, end: Timestamp) -> Vec<Measurement> {
        if self.events == 0 {
            return Vec::new();
        }
        let last = end.as_second().div_euclid(60);
        let spells: Vec<_> = self.spells.iter().map(|spell| (spell.span(end), &spell.what)).collect();
        let measured = (last - MINUTES..last).filter_map(|index| {
            let start = Timestamp::from_second(index * 60).ok()?;
            let spell = spells.iter().find(|((from, to), _)| *from <= start && start < *to).map(|(_, what)| *what);
            let failing = match spell {
                Some(What::Silence) => return None,
                Some(What::Failing(failing)) => *failing,
                None => self.failing,
            };
            let total = self.total(index);
            let good = total - failed(total, failing, self.chance(index, 1)).min(total);
            Some(Measurement { minute: Minute::of(start), content: Content::Counts { good, total }, revision: 0 })
        });
        measured.collect()
    }

    /// More by day than by night, less at weekends, and never quite the same.
    fn total(&self, index: i64) -> u64 {
        let (minute, day) = (index.rem_euclid(1_440), index.div_euclid(1_440));
        // From 40 % at 03:00 up to 160 % at 15:00 and down again.
        let distance = (minute - 15 * 60).abs().min(1_440 - (minute - 15 * 60).abs());
        let hour = 160 - distance * 120 / 720;
        // The epoch was a Thursday.
        let weekday = if matches!(day.rem_euclid(7), 2 | 3) { 70 } else { 100 };
        let noise = 90 + self.chance(index, 0) % 21;
        let curve = (hour * weekday).unsigned_abs();
        (self.events * curve * noise / MILLION).max(1)
    }

    /// A number that looks like chance: the same for the same name and minute.
    fn chance(&self, index: i64, salt: u64) -> u64 {
        // SplitMix64 over the letters and the minute.
        let seed = self.name.bytes().fold(salt, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let mut z = seed.wrapping_add(index.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// The share of so many events, its fraction by chance, so that sums are right.
const fn failed(total: u64, of_a_million: u64, chance: u64) -> u64 {
    let exact = total * of_a_million;
    exact / MILLION + (chance % MILLION < exact % MILLION) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPELLS: &[Spell] = &[
        Spell { days_ago: 1, from: 60, minutes: 30, what: What::Failing(500_000) },
        Spell { days_ago: 2, from: 0, minutes: 120, what: What::Silence },
    ];

    fn counts(measurement: &Measurement) -> (u64, u64) {
        match measurement.content {
            Content::Counts { good, total } => (good, total),
            Content::Values { .. } => panic!("counts"),
        }
    }

    #[test]
    fn the_same_end_makes_the_same_minutes() {
        let traffic = Traffic { name: "site", events: 100, failing: 1_000, spells: SPELLS };
        let end = "2026-11-20T12:34:56Z".parse().expect("a time");
        let minutes = traffic.minutes(end);
        let texts = |minutes: &[Measurement]| minutes.iter().map(Measurement::json).collect::<Vec<_>>();
        assert_eq!(texts(&minutes), texts(&traffic.minutes(end)));
        assert_eq!(minutes.len(), 60 * 1_440 - 120, "a silence is a gap");
        assert_eq!(minutes.last().map(|m| m.minute.start().to_string()).as_deref(), Some("2026-11-20T12:33:00Z"));

        let (good, total) = minutes.iter().map(counts).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let spell = 30 * 100 / 2;
        let bad = total - good;
        assert!((total / 1_000..total / 1_000 + 2 * spell).contains(&bad), "{bad} of {total}");
        let broken = minutes.iter().find(|m| m.minute.start().to_string() == "2026-11-19T01:10:00Z").expect("measured");
        let (good, total) = counts(broken);
        assert!((total / 2 - 1..=total / 2 + 1).contains(&good), "{good} of {total}");
    }

    #[test]
    fn chance_keeps_sums() {
        let sum: u64 = (0..1_000_000).step_by(1_000).map(|chance| failed(1, 300_000, chance)).sum();
        assert_eq!(sum, 300);
        assert_eq!(failed(10, 500_000, 999_999), 5);
    }
}
