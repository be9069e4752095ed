//! A day of all sources: its sums by the hour in one item, its minutes in another.
//!
//! Both carry the generation that they are of. The minutes are good only beside sums of the same one.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use slo_core::{Bucket, Minute, Width};

use super::day::{ALL, Day};
use super::hour::{Hour, push_counts, take_counts};
use super::key;
use super::partition::Partition;
use crate::error::Failure;
use crate::item::{Item, bytes, n, number, text, unreadable};
use crate::table::SORT_KEY;

pub(super) const GENERATION: &str = "gen";
/// The sums; when they are not there the day is not sealed.
pub(super) const SUMS: &str = "sums";
pub(super) const MINUTES: &str = "minutes";
/// Set in the byte of an hour all of whose minutes have data.
const FULL: u8 = 0x80;

/// The item of a day's sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) start: Minute,
    pub(super) generation: u64,
    /// By the hour, in order; `None` when the day is not sealed.
    pub(super) hours: Option<Vec<Bucket>>,
}

/// The item of a day's minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Minutes {
    pub(super) start: Minute,
    pub(super) generation: u64,
    /// Those that have data, in order.
    pub(super) minutes: Vec<Bucket>,
}

impl Sums {
    pub(super) fn decode(item: &Item) -> Result<Self, Failure> {
        let start = start(key::Item::Sums, item)?;
        let hours = item.contains_key(SUMS).then(|| read(item, SUMS, start, take_hour)).transpose()?;
        Ok(Self { start, generation: generation(item)?, hours })
    }
}

impl Minutes {
    pub(super) fn decode(item: &Item) -> Result<Self, Failure> {
        let start = start(key::Item::Minutes, item)?;
        let mut minutes = read(item, MINUTES, start, take_minute)?;
        minutes.retain(|minute| minute.with_data != 0);
        Ok(Self { start, generation: generation(item)?, minutes })
    }
}

/// The update that begins a generation of a day: the sums of the one before are gone.
pub(super) fn renewal(partition: Partition<'_>, day: Minute, expiry: i64) -> UpdateItemFluentBuilder {
    partition
        .extend(key::Item::Sums.at(day), expiry)
        .update_expression("SET #ttl = :ttl ADD #generation :one REMOVE #sums")
        .expression_attribute_names("#generation", GENERATION)
        .expression_attribute_names("#sums", SUMS)
        .expression_attribute_values(":one", n(1))
}

/// The sums of a day's sources: for each hour its number `‖ total ‖ bad ‖ minutes with data`, the last
/// left out when all have.
pub(super) fn sums(days: &[Day]) -> Vec<u8> {
    let digests = days.iter().flat_map(|day| &day.digests);
    let mut bytes = Vec::new();
    for hour in merged(digests.map(|(start, digest)| digest.bucket(*start))) {
        bytes.push(head(hour.start, hour.with_data));
        push_counts(&mut bytes, hour.counts);
        if hour.with_data != ALL {
            bytes.extend(hour.with_data.to_be_bytes());
        }
    }
    bytes
}

/// The byte that an hour of a day begins with: its number, and whether all of its minutes have data.
pub(super) fn head(hour: Minute, with_data: u64) -> u8 {
    let [number, ..] = ((hour - hour.on_grid(key::DAY)) / 60).to_le_bytes();
    if with_data == ALL { number | FULL } else { number }
}

/// The hour that a byte begins, in the day that begins at `start`, and whether its minutes all have data.
pub(super) fn take_head(bytes: &mut &[u8], start: Minute) -> Option<(Minute, bool)> {
    let (&byte, rest) = bytes.split_first()?;
    *bytes = rest;
    let number = i64::from(byte & !FULL);
    (number < 24).then_some((start + 60 * number, byte & FULL != 0))
}

/// Which minutes have data: `full`, or as the next bytes say.
pub(super) fn take_with_data(bytes: &mut &[u8], full: bool) -> Option<u64> {
    if full {
        return Some(ALL);
    }
    let (mask, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*mask))
}

/// The minutes of a day's sources from its first one: `total ‖ bad` for each, up to the last with data.
pub(super) fn minutes(start: Minute, hours: &[Hour]) -> Vec<u8> {
    let measurements = hours.iter().flat_map(|hour| &hour.measurements);
    let mut bytes = Vec::new();
    let mut next = start;
    for bucket in merged(measurements.map(|m| Bucket::minute(m.start, m.counts))) {
        if bucket.with_data == 0 {
            continue;
        }
        let empty = usize::try_from(bucket.start - next).expect("they are in order");
        // No events, and no bad ones among them.
        bytes.extend(vec![0; 2 * empty]);
        push_counts(&mut bytes, bucket.counts);
        next = bucket.start + 1;
    }
    bytes
}

/// Adds up what begins at the same time; in order.
pub(super) fn merged(buckets: impl Iterator<Item = Bucket>) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = buckets.collect();
    // Most are in order already, which a stable sort takes advantage of.
    buckets.sort_by_key(|bucket| bucket.start);
    buckets.dedup_by(|next, sum| {
        let same = next.start == sum.start;
        if same {
            sum.merge(next);
        }
        same
    });
    buckets
}

/// Reads an attribute of buckets, one after the other: from its bytes, the start of the day and the number
/// of those before it.
fn read(
    item: &Item,
    attribute: &str,
    start: Minute,
    take: impl Fn(&mut &[u8], Minute, i64) -> Option<Bucket>,
) -> Result<Vec<Bucket>, Failure> {
    let mut bytes = bytes(item, attribute)?;
    let mut buckets = Vec::new();
    for place in 0..key::DAY {
        if bytes.is_empty() {
            return Ok(buckets);
        }
        let bucket = take(&mut bytes, start, place);
        buckets.push(bucket.ok_or_else(|| unreadable(item, attribute, "it ends within a part"))?);
    }
    if bytes.is_empty() { Ok(buckets) } else { Err(unreadable(item, attribute, "it is longer than a day")) }
}

fn take_hour(bytes: &mut &[u8], start: Minute, _: i64) -> Option<Bucket> {
    let (start, full) = take_head(bytes, start)?;
    let counts = take_counts(bytes)?;
    let with_data = take_with_data(bytes, full)?;
    Some(Bucket { start, width: Width::Hour, counts, with_data })
}

fn take_minute(bytes: &mut &[u8], start: Minute, place: i64) -> Option<Bucket> {
    Some(Bucket::minute(start + place, take_counts(bytes)?))
}

fn start(kind: key::Item, item: &Item) -> Result<Minute, Failure> {
    let key = kind.read(text(item, SORT_KEY)?);
    key.map(|(start, _)| start).ok_or_else(|| unreadable(item, SORT_KEY, "it is not a day"))
}

fn generation(item: &Item) -> Result<u64, Failure> {
    number(item, GENERATION)?.ok_or_else(|| unreadable(item, GENERATION, "it is missing"))
}

#[cfg(test)]
mod tests {
    use slo_core::{EventCounts, Measurement};

    use super::super::day::Digest;
    use super::*;
    use crate::item::{b, key as item_key};

    const DAY: Minute = Minute::new(1_440);

    fn counts(good: u64, total: u64) -> EventCounts {
        EventCounts::new(good, total).expect("counts")
    }

    fn item(sort: &str, attribute: &str, bytes: Vec<u8>) -> Item {
        let mut item = item_key("I#site#1", sort);
        item.extend([(GENERATION.to_owned(), n(3)), (attribute.to_owned(), b(bytes))]);
        item
    }

    #[test]
    fn the_bytes_of_sums_are_fixed() {
        let day = |source: &str, digests: &[(i64, u64, u64, u64)]| {
            let digest = |&(hour, good, total, with_data): &_| {
                (DAY + 60 * hour, Digest { n: 1, counts: counts(good, total), with_data })
            };
            Day { digests: digests.iter().map(digest).collect(), ..Day::empty(source, DAY) }
        };
        let days = [day("a", &[(23, 5, 5, 1), (0, 90, 100, ALL)]), day("b", &[(0, 28, 28, 7), (23, 0, 1, 2)])];
        let bytes = sums(&days);
        assert_eq!(bytes, [0x80, 128, 1, 10, 23, 6, 1, 0, 0, 0, 0, 0, 0, 0, 3]);
        let read = Sums::decode(&item("S#19700102", SUMS, bytes.clone())).expect("valid");
        let hour = |hour: i64, good, total, with_data| Bucket {
            start: DAY + 60 * hour,
            width: Width::Hour,
            counts: counts(good, total),
            with_data,
        };
        let hours = Some(vec![hour(0, 118, 128, ALL), hour(23, 5, 6, 3)]);
        assert_eq!(read, Sums { start: DAY, generation: 3, hours });
        let mut taken_back = item("S#19700102", SUMS, Vec::new());
        taken_back.remove(SUMS);
        assert_eq!(Sums::decode(&taken_back).expect("valid").hours, None);
        for end in [1, 2, 3, 5, 14] {
            assert!(Sums::decode(&item("S#19700102", SUMS, bytes[..end].to_vec())).is_err(), "{end}");
        }
    }

    #[test]
    fn the_bytes_of_minutes_are_fixed() {
        let measurement =
            |minute, good, total| Measurement { start: DAY + minute, counts: counts(good, total), revision: 0 };
        let hour = |source: &str, hour: i64, measurements: Vec<Measurement>| Hour {
            measurements,
            ..Hour::empty(source, DAY + 60 * hour)
        };
        let hours = [
            hour("a", 0, vec![measurement(3, 1, 2), measurement(1, 100, 128)]),
            hour("b", 0, vec![measurement(1, 0, 1), measurement(2, 0, 0)]),
            hour("b", 23, vec![measurement(1_439, 0, 0)]),
        ];
        let bytes = minutes(DAY, &hours);
        assert_eq!(bytes, [0, 0, 129, 1, 29, 0, 0, 2, 1]);
        let read = Minutes::decode(&item("P#19700102", MINUTES, bytes)).expect("valid");
        let minutes = vec![Bucket::minute(DAY + 1, counts(100, 129)), Bucket::minute(DAY + 3, counts(1, 2))];
        assert_eq!(read, Minutes { start: DAY, generation: 3, minutes });
        assert!(Minutes::decode(&item("P#19700102", MINUTES, vec![0; 2_881])).is_err());
        assert!(Minutes::decode(&item("P#19700102", MINUTES, vec![0; 2 * 1_441])).is_err());
    }
}
