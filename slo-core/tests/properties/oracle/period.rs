//! Periods, found by looking at the calendar on the wall every quarter of an hour.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use slo_core::{Minute, Unit};

use crate::cases::Rule;

/// `[start, end)` has elapsed of `[start, full_end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Minute,
    pub(crate) end: Minute,
    pub(crate) full_end: Minute,
}

/// All changes of clocks in the cases, and all midnights, lie on a quarter of an hour.
const QUARTER: i64 = 15;

/// The period that a window closes with `end`.
pub(crate) fn period(rule: Rule, end: Minute) -> Span {
    let (unit, zone, anchor) = match rule {
        Rule::Rolling(length) => return Span { start: end - length, end, full_end: end },
        Rule::Calendar(unit, zone, anchor) => (unit, TimeZone::get(zone).expect("a zone"), anchor),
    };
    let begun = |minute: Minute| first_day(unit, anchor, zone.to_datetime(minute.timestamp()).date());
    let days = match unit {
        Unit::Day => 3,
        Unit::Week => 9,
        _ => 33,
    };
    let first = Minute::new((end.get() - days * 1_440) / QUARTER * QUARTER);
    let quarters = (0..2 * days * 96).map(|i| first + i * QUARTER);
    let days: Vec<(Minute, Date)> = quarters.map(|minute| (minute, begun(minute))).collect();
    // What has begun has begun, even when the clock is set back to the day before.
    let so_far = days.iter().filter(|(minute, _)| *minute < end).map(|(_, day)| *day);
    let current = so_far.max().expect("days before the end");
    let start = days.iter().find(|(_, day)| *day == current).expect("the current one").0;
    let full_end = days.iter().find(|(_, day)| *day > current).expect("the next one").0;
    Span { start, end, full_end }
}

/// The first day of the day, week or month of a date.
fn first_day(unit: Unit, anchor: Weekday, date: Date) -> Date {
    let mut day = date;
    let begins = |day: Date| match unit {
        Unit::Day => true,
        Unit::Week => day.weekday() == anchor,
        _ => day.day() == 1,
    };
    while !begins(day) {
        day = day.yesterday().expect("not the first day of all");
    }
    day
}
