//! Keys and attribute names of the counts table. Names hold no `#`, so it separates.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use slo_core::{Minute, Series};

/// The names of the parts of an item, the minutes of an hour or the hours of a day, in order: one byte
/// each, for an item has many. Not those of DynamoDB's types (B, L, M, N, S), which emulators take for one.
const PARTS: &[u8; 60] = b"0123456789ACDEFGHIJKOPQRTUVWXYZabcdefghijklmnopqrstuvwxyz+-=";

/// A day in minutes.
pub(super) const DAY: i64 = 1_440;

/// What an item of a series is about: the letter that its sort key begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// An hour of one source.
    Hour,
    /// A day of one source.
    Day,
    /// A day of all sources, by the hour.
    Sums,
    /// A day of all sources, by the minute.
    Minutes,
    /// A day of one source, by the minute.
    Packed,
}

impl Item {
    const fn letter(self) -> char {
        match self {
            Self::Hour => 'H',
            Self::Day => 'D',
            Self::Sums => 'S',
            Self::Minutes => 'P',
            Self::Packed => 'M',
        }
    }

    /// The sort key of the item that contains a minute; without the source where it has one.
    pub(super) fn at(self, minute: Minute) -> String {
        let at = TimeZone::UTC.to_datetime(minute.timestamp());
        let mut key = format!("{}#{:04}{:02}{:02}", self.letter(), at.year(), at.month(), at.day());
        if self == Self::Hour {
            key += &format!("{:02}", at.hour());
        }
        key
    }

    /// The sort key of one source's item.
    pub(super) fn of(self, minute: Minute, source: &str) -> String {
        format!("{}#{source}", self.at(minute))
    }

    /// The ends of the sort keys of all items from the one that contains `first` to the one that
    /// contains `last`, of every source.
    pub(super) fn range(self, first: Minute, last: Minute) -> [String; 2] {
        // The character after `#`.
        [self.at(first), self.at(last) + "$"]
    }

    /// Where the item with this sort key begins, and its source, which is empty where there is none.
    pub(super) fn read(self, key: &str) -> Option<(Minute, &str)> {
        let rest = key.strip_prefix(self.letter())?.strip_prefix('#')?;
        let (digits, source) = rest.split_once('#').unwrap_or((rest, ""));
        let (date, hour) = digits.split_at_checked(8)?;
        let hour = match (self, hour) {
            (Self::Hour, hour) if hour.len() == 2 => hour.parse().ok()?,
            (Self::Hour, _) => return None,
            (_, "") => 0,
            _ => return None,
        };
        let (year, rest) = date.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        let at = DateTime::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?, hour, 0, 0, 0).ok()?;
        Some((Minute::floor(TimeZone::UTC.to_timestamp(at).ok()?), source))
    }
}

/// Where everything of a series is.
pub(super) fn partition(series: &Series) -> String {
    format!("I#{}#{}", series.indicator, series.born)
}

/// The name of a part.
pub(super) fn part(index: i64) -> &'static str {
    let index = usize::try_from(index).expect("a part of an hour or of a day");
    str::from_utf8(&PARTS[index..=index]).expect("they are ASCII")
}

/// The place of an attribute among the parts of an item that has `parts`.
pub(super) fn part_index(attribute: &str, parts: i64) -> Option<i64> {
    let &[byte] = attribute.as_bytes() else { return None };
    let index = PARTS.iter().position(|part| *part == byte)?;
    i64::try_from(index).ok().filter(|index| *index < parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Minute {
        Minute::floor(text.parse().expect("a time"))
    }

    #[test]
    fn keys_are_fixed_and_read_back() {
        let series = Series {
            indicator: "checkout-availability".parse().expect("a name"),
            born: slo_core::Revision::new(3).expect("above zero"),
        };
        assert_eq!(partition(&series), "I#checkout-availability#3");
        for (minute, hour, day) in [
            ("2026-11-20T12:59:59Z", "H#2026112012#eu-1", "D#20261120#eu-1"),
            ("1969-12-31T23:59:00Z", "H#1969123123#eu-1", "D#19691231#eu-1"),
            ("0001-01-01T00:00:00Z", "H#0001010100#eu-1", "D#00010101#eu-1"),
        ] {
            let minute = at(minute);
            assert_eq!([Item::Hour.of(minute, "eu-1"), Item::Day.of(minute, "eu-1")], [hour, day]);
            assert_eq!(Item::Hour.read(hour), Some((minute.hour(), "eu-1")));
            assert_eq!(Item::Day.read(day), Some((minute.on_grid(DAY), "eu-1")));
            let packed = day.replace('D', "M");
            assert_eq!(Item::Packed.of(minute, "eu-1"), packed);
            assert_eq!(Item::Packed.read(&packed), Some((minute.on_grid(DAY), "eu-1")));
            for item in [Item::Sums, Item::Minutes] {
                assert_eq!(item.read(&item.at(minute)), Some((minute.on_grid(DAY), "")));
            }
        }
    }

    #[test]
    fn a_range_holds_every_source_and_nothing_else() {
        let [first, last] = Item::Day.range(at("2026-11-20T12:00:00Z"), at("2026-11-21T12:00:00Z"));
        for inside in ["D#20261120#0", "D#20261120#zz", "D#20261121#0", "D#20261121#zz-9"] {
            assert!(*first <= *inside && *inside <= *last, "{inside}");
        }
        for outside in ["D#20261119#zz", "D#20261122#0", "H#2026112012#a", "S#20261120"] {
            assert!(*outside < *first || *last < *outside, "{outside}");
        }
    }

    #[test]
    fn the_ends_of_time_have_keys() {
        for minutes in [i64::MIN, i64::MAX] {
            Item::Hour.at(Minute::new(minutes));
        }
    }

    #[test]
    fn other_keys_and_attributes_are_not_mistaken() {
        for key in ["", "H#", "H#20261120#a", "H#2026112024#a", "H#2026022912#a", "D#2026112012#a", "H#20261120é#a"] {
            assert_eq!(Item::Hour.read(key), None, "{key}");
        }
        for key in ["D#20261120é", "D#2026112012#a", "S#20261120"] {
            assert_eq!(Item::Day.read(key), None, "{key}");
        }
        for (attribute, index) in [
            ("0", Some(0)),
            ("R", Some(23)),
            ("T", None),
            ("B", None),
            ("00", None),
            ("_", None),
            ("m", None),
            ("", None),
        ] {
            assert_eq!(part_index(attribute, 24), index, "{attribute}");
        }
        for index in 0..60 {
            assert_eq!(part_index(part(index), 60), Some(index));
        }
    }
}
