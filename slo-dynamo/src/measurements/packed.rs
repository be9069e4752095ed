//! The minutes of a source's day in one item, so that who reads many days need not gather them from the hours.
//!
//! It is a copy, and used as what is [kept](super::kept) is: hour by hour, and only where the day, which is read
//! strongly consistent, says the same. So it is written without a condition, and nobody takes it back: late data
//! make it useless for their hour, until it is written again.

use slo_core::{EventCounts, Minute};

use super::day::{ALL, Digest};
use super::hour::{Hour, take_counts};
use super::kept::Image;
use super::key;
use super::sealed::{head, take_head, take_with_data};
use crate::error::Failure;
use crate::item::{Item, bytes, number, text, unreadable};
use crate::table::{SORT_KEY, TTL_ATTRIBUTE};
use crate::varint;

pub(super) const HOURS: &str = "hours";

/// Hours of one source and day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) start: Minute,
    pub(super) source: String,
    /// When the first of the hours may go, and this with it; an epoch second.
    pub(super) expiry: u64,
    /// In order.
    pub(super) images: Vec<(Minute, Image)>,
}

impl Packed {
    /// Packs hours of one source and day; `None` when there are none.
    pub(super) fn of(mut hours: Vec<&Hour>) -> Option<Self> {
        hours.sort_unstable_by_key(|hour| hour.start);
        let first = *hours.first()?;
        let expiry = hours.iter().map(|hour| hour.expiry).min()?;
        let images = hours.iter().map(|hour| (hour.start, Image { expiry, ..Image::of(hour) })).collect();
        Some(Self { start: first.start.on_grid(key::DAY), source: first.source.clone(), expiry, images })
    }

    /// For each hour its number `‖ n ‖ minutes with data`, the last left out when all have, and `total ‖ bad` of
    /// each minute that has.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (hour, Image { digest, minutes, .. }) in &self.images {
            bytes.push(head(*hour, digest.with_data));
            varint::push(&mut bytes, digest.n);
            if digest.with_data != ALL {
                bytes.extend(digest.with_data.to_be_bytes());
            }
            bytes.extend(minutes);
        }
        bytes
    }

    pub(super) fn decode(item: &Item) -> Result<Self, Failure> {
        let key = key::Item::Packed.read(text(item, SORT_KEY)?);
        let (start, source) = key.ok_or_else(|| unreadable(item, SORT_KEY, "it is not a day"))?;
        let expiry = number(item, TTL_ATTRIBUTE)?.unwrap_or_default();
        let (mut bytes, mut images) = (bytes(item, HOURS)?, Vec::with_capacity(24));
        while !bytes.is_empty() {
            let image = take_image(&mut bytes, start, expiry);
            images.push(image.ok_or_else(|| unreadable(item, HOURS, "it ends within an hour"))?);
        }
        Ok(Self { start, source: source.to_owned(), expiry, images })
    }
}

fn take_image(bytes: &mut &[u8], day: Minute, expiry: u64) -> Option<(Minute, Image)> {
    let (hour, full) = take_head(bytes, day)?;
    let n = varint::take(bytes)?;
    let with_data = take_with_data(bytes, full)?;
    let (minutes, mut counts) = (*bytes, EventCounts::ZERO);
    for _ in 0..with_data.count_ones() {
        counts += take_counts(bytes)?;
    }
    let minutes = minutes[..minutes.len() - bytes.len()].into();
    Some((hour, Image { digest: Digest { n, counts, with_data }, expiry, minutes }))
}

#[cfg(test)]
mod tests {
    use slo_core::Measurement;

    use super::*;
    use crate::item::{b, key as item_key, n};

    const DAY: Minute = Minute::new(1_440);

    fn hour(number: i64, n: u64, expiry: u64, minutes: &[(i64, u64, u64)]) -> Hour {
        let start = DAY + 60 * number;
        let measurement = |&(minute, good, total): &_| Measurement {
            start: start + minute,
            counts: EventCounts::new(good, total).expect("counts"),
            revision: 7,
        };
        let measurements = minutes.iter().map(measurement).collect();
        Hour { n, expiry, measurements, ..Hour::empty("eu", start) }
    }

    fn item(bytes: Vec<u8>) -> Item {
        let mut item = item_key("I#site#1", "M#19700102#eu");
        item.extend([(HOURS.to_owned(), b(bytes)), (TTL_ATTRIBUTE.to_owned(), n(86_400))]);
        item
    }

    #[test]
    fn the_bytes_of_hours_are_fixed() {
        let full: Vec<_> = (0..60).map(|minute| (minute, 2, 2)).collect();
        let hours = [
            hour(23, 300, 86_400, &[(59, 0, 1), (0, 90, 128), (7, 0, 0)]),
            hour(0, 1, 172_800, &full),
            hour(5, 2, 172_800, &[(7, 0, 0)]),
        ];
        let packed = Packed::of(hours.iter().collect()).expect("there are some");
        let mut bytes = [&[0x80, 1][..], &[2, 0].repeat(60)].concat();
        bytes.extend([5, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([23, 241, 60, 8, 0, 0, 0, 0, 0, 0, 1, 128, 1, 38, 1, 1]);
        assert_eq!(packed.encode(), bytes);
        assert_eq!(Packed::decode(&item(bytes.clone())).expect("valid"), packed);
        assert_eq!((packed.start, packed.expiry), (DAY, 86_400));
        let mut order = hours.iter().collect::<Vec<_>>();
        order.sort_by_key(|hour| hour.start);
        for (hour, (start, image)) in order.into_iter().zip(&packed.images) {
            assert_eq!((hour.start, hour.digest()), (*start, image.digest));
        }
        for end in [1, 2, 100, 123, 131, 133, bytes.len() - 1] {
            assert!(Packed::decode(&item(bytes[..end].to_vec())).is_err(), "{end}");
        }
        assert!(Packed::decode(&item([24, 1, 0, 0, 0, 0, 0, 0, 0, 0].into())).is_err());
        assert_eq!(Packed::of(Vec::new()), None);
    }
}
