//! Keys and attribute names of the counts table. Names hold no `#`, so it separates.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use slo_core::{Minute, Series};

/// The sort key of the registry of sources.
pub(super) const SOURCES: &str = "SOURCES";

/// Where the registry of a series is.
pub(super) fn registry(series: &Series) -> String {
    format!("I#{}#{}", series.indicator, series.born)
}

/// Where the measurements of one source are.
pub(super) fn partition(series: &Series, source: &str) -> String {
    format!("{}#{source}", registry(series))
}

/// The sort key of the hour that contains a minute.
pub(super) fn hour(minute: Minute) -> String {
    let at = civil(minute);
    format!("H#{:04}{:02}{:02}{:02}", at.year(), at.month(), at.day(), at.hour())
}

/// The sort key of the day that contains a minute.
pub(super) fn day(minute: Minute) -> String {
    let at = civil(minute);
    format!("D#{:04}{:02}{:02}", at.year(), at.month(), at.day())
}

/// The beginning of the hour with this sort key.
pub(super) fn hour_start(key: &str) -> Option<Minute> {
    let digits = key.strip_prefix("H#")?;
    start(digits.get(..8)?, digits.get(8..)?.parse().ok()?)
}

/// The beginning of the day with this sort key.
pub(super) fn day_start(key: &str) -> Option<Minute> {
    start(key.strip_prefix("D#")?, 0)
}

/// The attribute of the `index`th part of an item: a minute of an hour or an hour of a day.
pub(super) fn part(index: i64) -> String {
    format!("{index:02}")
}

/// The place of an attribute among the parts of an item that has `parts`.
pub(super) fn part_index(attribute: &str, parts: i64) -> Option<i64> {
    let digits = attribute.len() == 2 && attribute.bytes().all(|byte| byte.is_ascii_digit());
    let index = attribute.parse().ok().filter(|_| digits)?;
    (index < parts).then_some(index)
}

fn civil(minute: Minute) -> DateTime {
    TimeZone::UTC.to_datetime(minute.timestamp())
}

fn start(date: &str, hour: i8) -> Option<Minute> {
    let (year, rest) = date.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let at = DateTime::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?, hour, 0, 0, 0).ok()?;
    Some(Minute::floor(TimeZone::UTC.to_timestamp(at).ok()?))
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
        assert_eq!(registry(&series), "I#checkout-availability#3");
        assert_eq!(partition(&series, "eu-1"), "I#checkout-availability#3#eu-1");
        for (minute, hour_key, day_key) in [
            ("2026-11-20T12:59:59Z", "H#2026112012", "D#20261120"),
            ("1969-12-31T23:59:00Z", "H#1969123123", "D#19691231"),
            ("0001-01-01T00:00:00Z", "H#0001010100", "D#00010101"),
        ] {
            let minute = at(minute);
            assert_eq!((hour(minute).as_str(), day(minute).as_str()), (hour_key, day_key));
            assert_eq!(hour_start(hour_key), Some(minute.hour()));
            assert_eq!(day_start(day_key), Some(minute.on_grid(1_440)));
        }
    }

    #[test]
    fn the_ends_of_time_have_keys() {
        for minutes in [i64::MIN, i64::MAX] {
            hour(Minute::new(minutes));
            day(Minute::new(minutes));
        }
    }

    #[test]
    fn other_keys_and_attributes_are_not_mistaken() {
        for key in ["", "H#", "H#20261120", "H#2026112024", "H#2026022912", "D#2026112012", "H#20261120é", "SOURCES"] {
            assert_eq!(hour_start(key), None, "{key}");
        }
        assert_eq!(day_start("D#20261120é"), None);
        for (attribute, index) in
            [("00", Some(0)), ("23", Some(23)), ("24", None), ("+1", None), ("1", None), ("pk", None)]
        {
            assert_eq!(part_index(attribute, 24), index, "{attribute}");
        }
    }
}
