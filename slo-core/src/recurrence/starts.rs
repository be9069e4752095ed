//! When the occurrences of a rule begin.

use std::iter;
use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use super::{Day, End, Frequency, Recurrence, Until};
use crate::window::Zone;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Days since the epoch, a Thursday.
fn number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// `None` beyond the ends of time.
fn date(number: i64) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(number).ok()?).ok()
}

impl Frequency {
    /// The day, week or month of the date, counted from that of the epoch.
    fn position(self, date: Date) -> i64 {
        match self {
            Self::Daily => number(date),
            // The epoch's week began three days before it.
            Self::Weekly => (number(date) + 3).div_euclid(7),
            Self::Monthly => (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1,
        }
    }

    /// The days at a position, as numbers; `None` after the last of all.
    fn days(self, position: i64) -> Option<Range<i64>> {
        let days = match self {
            Self::Daily => position..position + 1,
            Self::Weekly => position * 7 - 3..position * 7 + 4,
            Self::Monthly => {
                let year = i16::try_from(1970 + position.div_euclid(12)).ok()?;
                let month = i8::try_from(position.rem_euclid(12) + 1).expect("1 to 12");
                let first = Date::new(year, month, 1).ok()?;
                number(first)..number(first) + i64::from(first.days_in_month())
            }
        };
        (days.start <= number(Date::MAX)).then_some(days)
    }
}

impl Day {
    fn is(self, date: Date) -> bool {
        self.weekday == date.weekday()
            && match self.ordinal {
                0 => true,
                n @ 1.. => n == (date.day() - 1) / 7 + 1,
                n => -n == (date.days_in_month() - date.day()) / 7 + 1,
            }
    }
}

impl Until {
    fn is_before(self, local: DateTime, at: Timestamp) -> bool {
        match self {
            Self::Utc(until) => until < TimeZone::UTC.to_datetime(at),
            Self::Local(until) => until < local,
            Self::Day(until) => until < local.date(),
        }
    }
}

impl Recurrence {
    /// Whether the rule includes its first occurrence when that begins at the local time `first`.
    /// RFC 5545 leaves undefined what a rule means that does not.
    ///
    /// ```
    /// use slo_core::Recurrence;
    ///
    /// let fridays: Recurrence = "FREQ=MONTHLY;BYDAY=-1FR".parse()?;
    /// assert!(fridays.fits("2026-11-27T22:00:00".parse()?));
    /// assert!(!fridays.fits("2026-11-20T22:00:00".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fits(&self, first: DateTime) -> bool {
        self.includes(first.date(), first.date())
    }

    /// Whether UNTIL lies before the first occurrence.
    pub(crate) fn ends_before(&self, first: Timestamp, zone: &Zone) -> bool {
        matches!(self.end, End::Until(until) if until.is_before(zone.local(first), first))
    }

    /// When the occurrences that begin in `[from, to)` do, in order. The first of all is `first` itself,
    /// even as the second of two equal local times.
    ///
    /// Without COUNT it goes straight to `from`: the cost is that of the intervals up to `to`.
    pub(crate) fn starts(&self, first: Timestamp, zone: &Zone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let local = zone.local(first);
        // No clock is ever moved by more than a day; a start moves with the gap, `from` may lie in a repeated day.
        let near = zone.local(from).date().saturating_sub(2.days());
        let far = zone.local(to).date().saturating_add(2.days());
        let (skip, count) = match self.end {
            End::Count(count) => (local.date(), usize::from(count)),
            End::Never | End::Until(_) => (near, usize::MAX),
        };
        let mut starts: Vec<_> = self
            .dates(local.date(), skip, far)
            .take(count)
            .filter(|date| near <= *date)
            .map(|date| date.to_datetime(local.time()))
            .map(|nominal| (nominal, if nominal == local { first } else { zone.instant(nominal) }))
            .take_while(|(nominal, at)| !matches!(self.end, End::Until(until) if until.is_before(*nominal, *at)))
            .map(|(_, at)| at)
            .filter(|at| from <= *at && *at < to)
            .collect();
        // A day that a zone skipped, as Samoa did at the date line, falls on the next.
        starts.dedup();
        starts
    }

    /// The dates of the rule in order: the first, and those from the interval of `skip` on up to `last`.
    fn dates(&self, first: Date, skip: Date, last: Date) -> impl Iterator<Item = Date> {
        let interval = i64::from(self.interval);
        let origin = self.frequency.position(first);
        let step = (self.frequency.position(skip) - origin).div_euclid(interval).max(0);
        let later = (step..)
            .map_while(move |step| self.frequency.days(origin + step * interval))
            .flatten()
            .filter_map(date)
            // Here, because a rule that does not fit its first may have no other date at all.
            .take_while(move |date| *date <= last)
            .filter(move |date| first < *date && self.includes(first, *date));
        iter::once(first).chain(later)
    }

    /// Whether a date is of the rule, its interval aside.
    fn includes(&self, first: Date, date: Date) -> bool {
        match self.frequency {
            _ if !self.days.is_empty() => self.days.iter().any(|day| day.is(date)),
            Frequency::Daily => true,
            Frequency::Weekly => date.weekday() == first.weekday(),
            Frequency::Monthly => date.day() == first.day(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::new(name).expect("a zone")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    /// The local starts, by zone and first local time, up to a local day.
    fn starts(rule: &str, name: &str, first: &str, to: &str) -> Vec<String> {
        let (rule, zone): (Recurrence, _) = (rule.parse().expect(rule), zone(name));
        let first = zone.instant(first.parse().expect("a local time"));
        let to = zone.instant(to.parse().expect("a local day"));
        let starts = rule.starts(first, &zone, first, to);
        starts.into_iter().map(|at| zone.local(at).strftime("%m-%d %H:%M").to_string()).collect()
    }

    fn instants(rule: &str, name: &str, first: &str, from: &str, to: &str) -> Vec<String> {
        let rule: Recurrence = rule.parse().expect(rule);
        rule.starts(at(first), &zone(name), at(from), at(to)).iter().map(Timestamp::to_string).collect()
    }

    #[test]
    fn a_local_time_that_is_skipped_moves_forward_by_the_gap() {
        let nights = starts("FREQ=DAILY", "America/New_York", "2026-03-07T02:30", "2026-03-10");
        assert_eq!(nights, ["03-07 02:30", "03-08 03:30", "03-09 02:30"]);
        let nights = starts("FREQ=DAILY", "Australia/Lord_Howe", "2026-10-03T02:10", "2026-10-06");
        assert_eq!(nights, ["10-03 02:10", "10-04 02:40", "10-05 02:10"]);
    }

    #[test]
    fn of_two_equal_local_times_the_first_is_meant_but_the_first_occurrence_stays() {
        let nights = |first| instants("FREQ=DAILY", "America/New_York", first, first, "2026-11-03T00:00Z");
        let first = "2026-10-31T05:30:00Z";
        assert_eq!(nights(first), [first, "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]);
        assert_eq!(nights("2026-11-01T06:30:00Z"), ["2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"]);
        let first = "2026-04-03T14:45:00Z";
        let nights = instants("FREQ=DAILY", "Australia/Lord_Howe", first, first, "2026-04-06T00:00Z");
        assert_eq!(nights, [first, "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]);
    }

    #[test]
    fn a_day_that_a_zone_skipped_falls_on_the_next_and_counts() {
        let days = starts("FREQ=DAILY;COUNT=4", "Pacific/Apia", "2011-12-29T02:30", "2012-02-01");
        assert_eq!(days, ["12-29 02:30", "12-31 02:30", "01-01 02:30"]);
    }

    #[test]
    fn months_without_the_day_are_passed_over() {
        let days = starts("FREQ=MONTHLY", "UTC", "2026-01-31T12:00", "2026-09-01");
        assert_eq!(days, ["01-31 12:00", "03-31 12:00", "05-31 12:00", "07-31 12:00", "08-31 12:00"]);
        let leap = instants(
            "FREQ=MONTHLY;INTERVAL=12",
            "UTC",
            "2096-02-29T00:00:00Z",
            "2096-03-01T00:00Z",
            "2109-01-01T00:00Z",
        );
        assert_eq!(leap, ["2104-02-29T00:00:00Z", "2108-02-29T00:00:00Z"]);
    }

    #[test]
    fn days_of_the_month_are_counted_from_either_end() {
        let days = starts("FREQ=MONTHLY;BYDAY=-1FR", "Europe/Berlin", "2024-01-26T22:00", "2024-06-01");
        assert_eq!(days, ["01-26 22:00", "02-23 22:00", "03-29 22:00", "04-26 22:00", "05-31 22:00"]);
        let leap = starts("FREQ=MONTHLY;INTERVAL=12;BYDAY=-1TH,5TH", "UTC", "2023-02-23T00:00", "2025-03-01");
        assert_eq!(leap, ["02-23 00:00", "02-29 00:00", "02-27 00:00"]);
        let fifth = starts("FREQ=MONTHLY;BYDAY=5MO,-5MO", "UTC", "2026-03-30T00:00", "2026-09-01");
        assert_eq!(fifth, ["03-30 00:00", "06-01 00:00", "06-29 00:00", "08-03 00:00", "08-31 00:00"]);
        let every = starts("FREQ=MONTHLY;INTERVAL=2;BYDAY=SA", "UTC", "2026-02-14T00:00", "2026-05-01");
        assert_eq!(
            every,
            ["02-14 00:00", "02-21 00:00", "02-28 00:00", "04-04 00:00", "04-11 00:00", "04-18 00:00", "04-25 00:00"]
        );
    }

    #[test]
    fn weeks_begin_on_monday_and_are_counted_from_that_of_the_first() {
        // RFC 5545's own example of WKST=MO.
        let days =
            starts("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU", "America/New_York", "1997-08-05T09:00", "1998-01-01");
        assert_eq!(days, ["08-05 09:00", "08-10 09:00", "08-19 09:00", "08-24 09:00"]);
        let days = starts("FREQ=WEEKLY", "UTC", "2026-11-20T09:00", "2026-12-05");
        assert_eq!(days, ["11-20 09:00", "11-27 09:00", "12-04 09:00"]);
        let days = starts("FREQ=DAILY;INTERVAL=2;BYDAY=MO,WE,FR", "UTC", "2026-11-20T09:00", "2026-12-05");
        assert_eq!(days, ["11-20 09:00", "11-30 09:00", "12-02 09:00", "12-04 09:00"]);
    }

    #[test]
    fn until_is_inclusive_in_its_three_forms() {
        let days = |until: &str| {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            starts(&rule, "America/New_York", "2026-03-06T02:30", "2027-01-01").len()
        };
        assert_eq!((days("20260307"), days("20260306")), (2, 1));
        assert_eq!((days("20260307T023000"), days("20260307T022959")), (2, 1));
        assert_eq!((days("20260307T073000Z"), days("20260307T072959Z")), (2, 1));
        // On the 8th 02:30 is skipped: the rule says 02:30, the clocks 03:30, UTC 07:30.
        assert_eq!((days("20260308T023000"), days("20260308T022959")), (3, 2));
        assert_eq!((days("20260308T073000Z"), days("20260308T072959Z")), (3, 2));
        assert_eq!(days("20260305"), 0);
    }

    #[test]
    fn count_includes_the_first() {
        let (first, tenth) = ("2026-11-20T09:00:00Z", "2026-11-29T09:00:00Z");
        assert_eq!(instants("FREQ=DAILY;COUNT=10", "UTC", first, tenth, "2030-01-01T00:00Z"), [tenth]);
        assert_eq!(instants("FREQ=DAILY;COUNT=1", "UTC", first, first, "2030-01-01T00:00Z"), [first]);
    }

    #[test]
    fn a_rule_from_the_beginning_of_time_goes_straight_to_its_end() {
        let started = instants("FREQ=DAILY", "UTC", "-009999-02-01T00:00Z", "9999-12-20T00:00Z", "9999-12-21T12:00Z");
        assert_eq!(started, ["9999-12-20T00:00:00Z", "9999-12-21T00:00:00Z"]);
        let last: Date = "9999-12-19".parse().expect("a date");
        for rule in ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;INTERVAL=12;BYDAY=-1FR"] {
            let rule: Recurrence = rule.parse().expect(rule);
            let next = rule.dates(Date::MIN, last, Date::MAX).nth(1).expect("one after the first");
            assert!(next.year() == 9999, "{rule}: {next}");
        }
    }

    #[test]
    fn there_is_an_answer_at_the_ends_of_time() {
        let ends = [Timestamp::MIN, Timestamp::MAX];
        for rule in [
            "FREQ=DAILY;INTERVAL=10000",
            "FREQ=WEEKLY;INTERVAL=10000;BYDAY=MO,TU,WE,TH,FR,SA,SU",
            "FREQ=MONTHLY;INTERVAL=10000",
            "FREQ=MONTHLY;INTERVAL=10000;BYDAY=5MO,-5SU",
            "FREQ=MONTHLY;INTERVAL=1000;COUNT=10000;BYDAY=5MO",
            "FREQ=DAILY;INTERVAL=10000;COUNT=10000",
            "FREQ=WEEKLY;INTERVAL=10000;UNTIL=99991231T235959Z",
            "FREQ=WEEKLY;INTERVAL=10000;UNTIL=00000101",
        ] {
            let rule: Recurrence = rule.parse().expect(rule);
            for name in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"] {
                for first in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
                    for (from, to) in ends.into_iter().flat_map(|from| ends.map(|to| (from, to))) {
                        let starts = rule.starts(first, &zone(name), from, to);
                        assert!(starts.is_sorted() && starts.iter().all(|at| from <= *at && *at < to));
                        let until_over = rule.ends_before(first, &zone(name));
                        let expected = from < to && first < to && !until_over;
                        assert_eq!(starts.first() == Some(&first), expected, "{rule} {name} {first} {from} {to}");
                    }
                }
            }
        }
    }
}
