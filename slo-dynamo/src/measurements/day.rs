//! The day item of one source: a digest of each of its hours.

use slo_core::{Bucket, EventCounts, Minute, Width};

use super::hour::{push_counts, take_counts};
use super::key;
use crate::error::Failure;
use crate::item::{Item, number, text, unreadable};
use crate::table::SORT_KEY;
use crate::varint;

const HOURS: i64 = 24;
/// All sixty minutes.
pub(super) const ALL: u64 = (1 << 60) - 1;
/// The generation of the sums that tell of this day as it is.
pub(super) const MARK: &str = "m";

/// A day as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) source: String,
    pub(super) start: Minute,
    /// Set: it is as the sums of this generation tell. Who changes it must take them back first.
    pub(super) mark: Option<u64>,
    /// With the hours that they are of, in no order.
    pub(super) digests: Vec<(Minute, Digest)>,
}

/// What an hour held after `n` updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) n: u64,
    pub(super) counts: EventCounts,
    /// Bit i is set when minute i had events.
    pub(super) with_data: u64,
}

impl Day {
    /// A day of which there is no item.
    pub(super) fn empty(source: &str, start: Minute) -> Self {
        Self { source: source.to_owned(), start, mark: None, digests: Vec::new() }
    }

    pub(super) fn decode(item: &Item) -> Result<Self, Failure> {
        let key = key::Item::Day.read(text(item, SORT_KEY)?);
        let (start, source) = key.ok_or_else(|| unreadable(item, SORT_KEY, "it is not a day"))?;
        let mut digests = Vec::with_capacity(item.len());
        for (attribute, value) in item {
            let Some(hour) = key::part_index(attribute, HOURS) else { continue };
            let digest = value.as_b().ok().and_then(|bytes| Digest::decode(bytes.as_ref()));
            digests.push((start + 60 * hour, digest.ok_or_else(|| unreadable(item, attribute, "it is not a digest"))?));
        }
        Ok(Self { source: source.to_owned(), start, mark: number(item, MARK)?, digests })
    }

    /// What it tells of an hour.
    pub(super) fn digest(&self, hour: Minute) -> Option<Digest> {
        self.digests.iter().find(|(of, _)| *of == hour).map(|(_, digest)| *digest)
    }
}

impl Digest {
    /// `n ‖ total ‖ bad ‖ minutes with data`, the last left out when all have.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = varint::code(self.n);
        push_counts(&mut bytes, self.counts);
        if self.with_data != ALL {
            bytes.extend(self.with_data.to_be_bytes());
        }
        bytes
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let n = varint::take(&mut bytes)?;
        let counts = take_counts(&mut bytes)?;
        let with_data = if bytes.is_empty() { ALL } else { u64::from_be_bytes(bytes.try_into().ok()?) };
        Some(Self { n, counts, with_data })
    }

    pub(super) fn bucket(&self, start: Minute) -> Bucket {
        Bucket { start, width: Width::Hour, counts: self.counts, with_data: self.with_data }
    }
}

/// The attribute of an hour in its day's item.
pub(super) fn attribute(hour: Minute) -> &'static str {
    key::part((hour - hour.on_grid(key::DAY)) / 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{b, n};

    fn digest(n: u64, good: u64, total: u64, with_data: u64) -> Digest {
        Digest { n, counts: EventCounts::new(good, total).expect("counts"), with_data }
    }

    #[test]
    fn the_bytes_of_a_digest_are_fixed() {
        for (digest, bytes) in [
            (digest(60, 59_990, 60_000, ALL), &[60, 224, 212, 3, 10][..]),
            (digest(2, 1, 1, 1 << 59 | 1), &[2, 1, 0, 8, 0, 0, 0, 0, 0, 0, 1]),
            (digest(300, 0, 0, 0), &[241, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(digest.encode(), bytes);
            assert_eq!(Digest::decode(bytes), Some(digest));
        }
        for bytes in [&[][..], &[1, 1], &[1, 1, 0, 1], &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]] {
            assert_eq!(Digest::decode(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_item_is_a_day() {
        let mut item = crate::item::key("I#site#1", "D#19700102#eu");
        item.insert("ttl".to_owned(), n(86_400));
        item.insert("R".to_owned(), b(vec![1, 2, 1]));
        let last = Minute::new(1_440 + 23 * 60);
        let day = Day::decode(&item).expect("valid");
        let expected = Day {
            source: "eu".to_owned(),
            start: Minute::new(1_440),
            mark: None,
            digests: vec![(last, digest(1, 1, 2, ALL))],
        };
        assert_eq!(day, expected);
        assert_eq!((day.digest(last), day.digest(last - 60)), (Some(digest(1, 1, 2, ALL)), None));
        assert_eq!([attribute(last), attribute(Minute::new(-60))], ["R", "R"]);
        item.insert("m".to_owned(), n(4));
        assert_eq!(Day::decode(&item).expect("valid"), Day { mark: Some(4), ..expected });
    }
}
