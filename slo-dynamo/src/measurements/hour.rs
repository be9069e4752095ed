//! The hour item of one source: sixty slots and a counter of its updates.

use slo_core::{EventCounts, Measurement, Minute};

use super::day::Digest;
use super::key;
use crate::error::Failure;
use crate::item::{Item, number, text, unreadable};
use crate::table::{SORT_KEY, TTL_ATTRIBUTE};
use crate::varint;

/// Counts the updates of an hour.
pub(super) const UPDATES: &str = "_";
const MINUTES: i64 = 60;

/// An hour as it was after `n` updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hour {
    pub(super) source: String,
    pub(super) start: Minute,
    pub(super) n: u64,
    /// The epoch second after which it may go; zero when there is no item.
    pub(super) expiry: u64,
    /// In no order.
    pub(super) measurements: Vec<Measurement>,
}

impl Hour {
    /// An hour of which there is no item.
    pub(super) fn empty(source: &str, start: Minute) -> Self {
        Self { source: source.to_owned(), start, n: 0, expiry: 0, measurements: Vec::new() }
    }

    pub(super) fn decode(item: &Item) -> Result<Self, Failure> {
        let key = key::Item::Hour.read(text(item, SORT_KEY)?);
        let (start, source) = key.ok_or_else(|| unreadable(item, SORT_KEY, "it is not an hour"))?;
        let n = number(item, UPDATES)?.ok_or_else(|| unreadable(item, UPDATES, "it is missing"))?;
        let expiry = number(item, TTL_ATTRIBUTE)?.unwrap_or_default();
        let mut measurements = Vec::with_capacity(item.len());
        for (attribute, value) in item {
            let Some(minute) = key::part_index(attribute, MINUTES) else { continue };
            let slot = value.as_b().ok().and_then(|slot| decode(start + minute, slot.as_ref()));
            measurements.push(slot.ok_or_else(|| unreadable(item, attribute, "it is not a slot"))?);
        }
        Ok(Self { source: source.to_owned(), start, n, expiry, measurements })
    }

    pub(super) fn at(&self, minute: Minute) -> Option<&Measurement> {
        self.measurements.iter().find(|measurement| measurement.start == minute)
    }

    pub(super) fn digest(&self) -> Digest {
        let mut digest = Digest { n: self.n, counts: EventCounts::ZERO, with_data: 0 };
        for measurement in &self.measurements {
            digest.counts += measurement.counts;
            digest.with_data |= u64::from(measurement.counts.total() > 0) << (measurement.start - self.start);
        }
        digest
    }
}

/// The slot of a measurement: `revision ‖ total ‖ bad`.
pub(super) fn encode(measurement: &Measurement) -> Vec<u8> {
    let mut slot = varint::code(measurement.revision);
    push_counts(&mut slot, measurement.counts);
    slot
}

fn decode(start: Minute, mut slot: &[u8]) -> Option<Measurement> {
    let revision = varint::take(&mut slot)?;
    let counts = take_counts(&mut slot)?;
    slot.is_empty().then_some(Measurement { start, counts, revision })
}

/// Appends `total ‖ bad`.
pub(super) fn push_counts(bytes: &mut Vec<u8>, counts: EventCounts) {
    varint::push_count(bytes, counts.total());
    varint::push_count(bytes, counts.bad());
}

pub(super) fn take_counts(bytes: &mut &[u8]) -> Option<EventCounts> {
    let total = varint::take_count(bytes)?;
    let bad = varint::take_count(bytes)?;
    EventCounts::from_sums(bad, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{b, n, s};

    fn measurement(minute: i64, good: u64, total: u64, revision: u64) -> Measurement {
        Measurement { start: Minute::new(minute), counts: EventCounts::new(good, total).expect("counts"), revision }
    }

    #[test]
    fn the_bytes_of_a_slot_are_fixed() {
        for (measurement, slot) in [
            (measurement(0, 0, 0, 0), &[0, 0, 0][..]),
            (measurement(0, 990, 1_000, 0), &[0, 232, 7, 10]),
            (measurement(0, 0, 100_000, 300), &[241, 60, 160, 141, 6, 160, 141, 6]),
        ] {
            assert_eq!(encode(&measurement), slot);
            assert_eq!(decode(Minute::new(0), slot), Some(measurement));
        }
        // More bad than total, cut off, and too long.
        for slot in [&[0, 1, 2][..], &[0, 1], &[], &[0, 2, 1, 0]] {
            assert_eq!(decode(Minute::new(0), slot), None, "{slot:?}");
        }
    }

    #[test]
    fn an_item_is_an_hour_and_has_a_digest() {
        let mut item = crate::item::key("I#site#1", "H#1970010101#eu");
        item.extend(
            [("_", n(7)), ("ttl", n(86_400)), ("0", b(vec![0, 10, 1])), ("=", b(vec![1, 5, 5]))]
                .map(|(name, value)| (name.to_owned(), value)),
        );
        item.insert("Z".to_owned(), b(vec![0, 0, 0]));
        let mut hour = Hour::decode(&item).expect("valid");
        hour.measurements.sort_by_key(|m| m.start);
        let expected = [measurement(60, 9, 10, 0), measurement(90, 0, 0, 0), measurement(119, 0, 5, 1)];
        let start = Minute::new(60);
        assert_eq!(
            hour,
            Hour { source: "eu".to_owned(), start, n: 7, expiry: 86_400, measurements: expected.to_vec() }
        );
        let counts = EventCounts::new(9, 15).expect("counts");
        assert_eq!(hour.digest(), Digest { n: 7, counts, with_data: 1 << 59 | 1 });

        item.insert("1".to_owned(), s("text"));
        let error = Hour::decode(&item).expect_err("no slot").to_string();
        assert_eq!(error, "cannot read 1 of the item I#site#1 H#1970010101#eu: it is not a slot");
    }
}
