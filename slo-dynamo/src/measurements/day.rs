//! The day item: a digest of each of its hours.

use slo_core::{Bucket, EventCounts, Minute, Width};

use super::hour::{push_counts, take_counts};
use super::key;
use crate::error::Failure;
use crate::item::{Item, text, unreadable};
use crate::table::SORT_KEY;
use crate::varint;

const HOURS: i64 = 24;
/// All sixty minutes.
const ALL: u64 = (1 << 60) - 1;

/// What an hour held after `n` updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) n: u64,
    pub(super) counts: EventCounts,
    /// Bit i is set when minute i had events.
    pub(super) with_data: u64,
}

impl Digest {
    /// `n ‖ total ‖ bad ‖ minutes with data`, the last left out when all have.
    pub(super) fn encode(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = varint::code(self.n);
        push_counts(&mut bytes, self.counts)?;
        if self.with_data != ALL {
            bytes.extend(self.with_data.to_be_bytes());
        }
        Ok(bytes)
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let n = varint::take(&mut bytes)?;
        let counts = take_counts(&mut bytes)?;
        let with_data = if bytes.is_empty() { ALL } else { u64::from_be_bytes(bytes.try_into().ok()?) };
        Some(Self { n, counts, with_data })
    }

    pub(super) fn bucket(&self, start: Minute) -> Bucket {
        Bucket { start, width: Width::Hour, counts: self.counts, with_data: self.with_data }
    }
}

/// The digests of a day item, with the hours they are of, in no order.
pub(super) fn digests(item: &Item) -> Result<Vec<(Minute, Digest)>, Failure> {
    let start = key::day_start(text(item, SORT_KEY)?);
    let start = start.ok_or_else(|| unreadable(item, SORT_KEY, "it is not a day"))?;
    let mut digests = Vec::with_capacity(item.len());
    for (attribute, value) in item {
        let Some(hour) = key::part_index(attribute, HOURS) else { continue };
        let digest = value.as_b().ok().and_then(|bytes| Digest::decode(bytes.as_ref()));
        digests.push((start + 60 * hour, digest.ok_or_else(|| unreadable(item, attribute, "it is not a digest"))?));
    }
    Ok(digests)
}

/// The attribute of an hour in its day's item.
pub(super) fn attribute(hour: Minute) -> String {
    key::part((hour - hour.on_grid(60 * HOURS)) / 60)
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
            (digest(60, 59_990, 60_000, ALL), &[60, 249, 225, 112, 10][..]),
            (digest(2, 1, 1, 1 << 59 | 1), &[2, 1, 0, 8, 0, 0, 0, 0, 0, 0, 1]),
            (digest(300, 0, 0, 0), &[241, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(digest.encode().expect("small"), bytes);
            assert_eq!(Digest::decode(bytes), Some(digest));
        }
        for bytes in [&[][..], &[1, 1], &[1, 1, 0, 1], &[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]] {
            assert_eq!(Digest::decode(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_item_is_a_day() {
        let mut item = crate::item::key("I#site#1#default", "D#19700102");
        item.insert("ttl".to_owned(), n(86_400));
        item.insert("23".to_owned(), b(vec![1, 2, 1]));
        assert_eq!(digests(&item).expect("valid"), [(Minute::new(1_440 + 23 * 60), digest(1, 1, 2, ALL))]);
        assert_eq!(attribute(Minute::new(1_440 + 23 * 60)), "23");
        assert_eq!(attribute(Minute::new(-60)), "23");
    }
}
