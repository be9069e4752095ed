//! How something comes back: a part of RFC 5545's recurrence rules.

mod starts;

use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

/// INTERVAL and COUNT.
const NUMBERS: RangeInclusive<u16> = 1..=10_000;
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

/// A recurrence rule: FREQ (DAILY, WEEKLY or MONTHLY), INTERVAL, COUNT or UNTIL, and BYDAY.
///
/// RFC 5545 says what they mean, and these rules of it are worth knowing: weeks begin on Monday; months
/// without the day of the first occurrence are passed over; COUNT counts the first occurrence; UNTIL
/// is inclusive. Every occurrence has the local time of day of the first.
///
/// It is read with or without `RRULE:` and in either case, and keeps the text it was read from.
///
/// ```
/// use slo_core::Recurrence;
///
/// let rule: Recurrence = "RRULE:FREQ=WEEKLY;BYDAY=SU,WE;COUNT=4".parse()?;
/// assert_eq!(rule.to_string(), "RRULE:FREQ=WEEKLY;BYDAY=SU,WE;COUNT=4");
/// # Ok::<(), slo_core::RecurrenceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recurrence {
    text: String,
    frequency: Frequency,
    /// 1 to 10,000.
    interval: u16,
    end: End,
    /// BYDAY; empty when the first occurrence decides.
    days: Vec<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
}

impl Recurrence {
    /// How often it comes back, in words: `daily`, `every 2 weeks`.
    #[must_use]
    pub fn how_often(&self) -> String {
        let (once, many) = match self.frequency {
            Frequency::Daily => ("daily", "days"),
            Frequency::Weekly => ("weekly", "weeks"),
            Frequency::Monthly => ("monthly", "months"),
        };
        if self.interval == 1 { once.to_owned() } else { format!("every {} {many}", self.interval) }
    }
}

impl Frequency {
    const ALL: [(&'static str, Self); 3] =
        [("DAILY", Self::Daily), ("WEEKLY", Self::Weekly), ("MONTHLY", Self::Monthly)];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Never,
    /// So many occurrences, 1 to 10,000.
    Count(u16),
    Until(Until),
}

/// UNTIL, in UTC as civil time too: 99991231T235959Z lies beyond the last instant there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Utc(DateTime),
    Local(DateTime),
    Day(Date),
}

/// A day of BYDAY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    weekday: Weekday,
    /// The so-many-th of the month, from its end when negative; 0 for every one.
    ordinal: i8,
}

/// Why a text is no [`Recurrence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// Nothing in it.
    #[error("write a rule such as FREQ=WEEKLY;BYDAY=SU")]
    Empty,
    /// Not name and value.
    #[error("write parts as NAME=VALUE with a ; between them, such as FREQ=DAILY;INTERVAL=2")]
    Part,
    /// A part of RFC 5545 that is not supported, or of nothing.
    #[error("use only FREQ, INTERVAL, COUNT, UNTIL and BYDAY; other parts are not known")]
    Unknown,
    /// The same part twice.
    #[error("write each part once")]
    Repeated,
    /// FREQ missing or other.
    #[error("write FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY")]
    Frequency,
    /// INTERVAL out of range.
    #[error("INTERVAL is a whole number from 1 to 10000")]
    Interval,
    /// COUNT out of range.
    #[error("COUNT is a whole number from 1 to 10000")]
    Count,
    /// UNTIL is no date.
    #[error("write UNTIL as 20261231T235959Z (UTC), 20261231T235959 (local) or 20261231 (that day included)")]
    Until,
    /// Two ends.
    #[error("write COUNT or UNTIL, not both")]
    Ends,
    /// BYDAY is no list of days.
    #[error("write BYDAY as days out of MO, TU, WE, TH, FR, SA and SU with a comma between them")]
    Day,
    /// The sixth Monday.
    #[error("the number of a day in BYDAY is 1 to 5, or -1 to -5 from the end of the month, such as 2MO or -1FR")]
    Ordinal,
    /// The second Monday of a week.
    #[error("write days in BYDAY without a number, or FREQ=MONTHLY")]
    OrdinalFrequency,
}

fn known<T: Copy>(names: &[(&str, T)], text: &str) -> Option<T> {
    names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value)
}

/// Digits only: no sign, no space.
fn digits(text: &str, at: Range<usize>) -> Option<i16> {
    let text = text.get(at)?;
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn number(text: &str) -> Option<u16> {
    let number = digits(text, 0..text.len()).and_then(|n| u16::try_from(n).ok())?;
    NUMBERS.contains(&number).then_some(number)
}

/// The two digits at `at`; all that are asked for are at most 99.
fn pair(text: &str, at: usize) -> Option<i8> {
    digits(text, at..at + 2).and_then(|n| i8::try_from(n).ok())
}

impl Until {
    fn parse(text: &str) -> Option<Self> {
        let (text, utc) = text.strip_suffix('Z').map_or((text, false), |rest| (rest, true));
        let date = Date::new(digits(text, 0..4)?, pair(text, 4)?, pair(text, 6)?).ok()?;
        let Some(clock) = text.get(8..).filter(|rest| !rest.is_empty()) else {
            return (!utc).then_some(Self::Day(date));
        };
        let clock = clock.strip_prefix('T').filter(|clock| clock.len() == 6)?;
        let at = date.to_datetime(Time::new(pair(clock, 0)?, pair(clock, 2)?, pair(clock, 4)?, 0).ok()?);
        Some(if utc { Self::Utc(at) } else { Self::Local(at) })
    }
}

impl FromStr for Day {
    type Err = RecurrenceError;

    fn from_str(text: &str) -> Result<Self, RecurrenceError> {
        let at = text.len().saturating_sub(2);
        let (ordinal, weekday) = text.split_at_checked(at).ok_or(RecurrenceError::Day)?;
        let weekday = known(&WEEKDAYS, weekday).ok_or(RecurrenceError::Day)?;
        if ordinal.is_empty() {
            return Ok(Self { weekday, ordinal: 0 });
        }
        let (sign, size) = match ordinal.strip_prefix('-') {
            Some(size) => (-1, size),
            None => (1, ordinal.strip_prefix('+').unwrap_or(ordinal)),
        };
        if size.is_empty() || !size.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RecurrenceError::Day);
        }
        match size.parse::<i8>() {
            Ok(size @ 1..=5) => Ok(Self { weekday, ordinal: sign * size }),
            _ => Err(RecurrenceError::Ordinal),
        }
    }
}

/// What a part sets; a second time it is refused.
fn set<T>(part: &mut Option<T>, value: T) -> Result<(), RecurrenceError> {
    if part.replace(value).is_some() { Err(RecurrenceError::Repeated) } else { Ok(()) }
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;

    fn from_str(given: &str) -> Result<Self, RecurrenceError> {
        use RecurrenceError as Error;
        let text = given.to_ascii_uppercase();
        let text = text.strip_prefix("RRULE:").unwrap_or(&text);
        if text.is_empty() {
            return Err(Error::Empty);
        }
        let (mut frequency, mut interval, mut count, mut until, mut days) = (None, None, None, None, None);
        for part in text.split(';') {
            let (name, value) = part.split_once('=').ok_or(Error::Part)?;
            match name {
                "FREQ" => set(&mut frequency, known(&Frequency::ALL, value).ok_or(Error::Frequency)?)?,
                "INTERVAL" => set(&mut interval, number(value).ok_or(Error::Interval)?)?,
                "COUNT" => set(&mut count, number(value).ok_or(Error::Count)?)?,
                "UNTIL" => set(&mut until, Until::parse(value).ok_or(Error::Until)?)?,
                "BYDAY" => set(&mut days, value.split(',').map(str::parse).collect::<Result<Vec<Day>, Error>>()?)?,
                _ => return Err(Error::Unknown),
            }
        }
        let frequency = frequency.ok_or(Error::Frequency)?;
        let end = match (count, until) {
            (None, None) => End::Never,
            (Some(count), None) => End::Count(count),
            (None, Some(until)) => End::Until(until),
            (Some(_), Some(_)) => return Err(Error::Ends),
        };
        let days = days.unwrap_or_default();
        if frequency != Frequency::Monthly && days.iter().any(|day| day.ordinal != 0) {
            return Err(Error::OrdinalFrequency);
        }
        Ok(Self { text: given.to_owned(), frequency, interval: interval.unwrap_or(1), end, days })
    }
}

impl TryFrom<String> for Recurrence {
    type Error = RecurrenceError;

    fn try_from(text: String) -> Result<Self, RecurrenceError> {
        text.parse()
    }
}

impl From<Recurrence> for String {
    fn from(rule: Recurrence) -> Self {
        rule.text
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_in_any_case_and_order_and_keep_their_text() {
        for (text, equal) in [
            ("freq=daily;interval=1", "FREQ=DAILY"),
            ("RRULE:COUNT=3;FREQ=WEEKLY;INTERVAL=02", "FREQ=WEEKLY;INTERVAL=2;COUNT=3"),
            ("rrule:FREQ=MONTHLY;INTERVAL=10000;COUNT=10000", "FREQ=MONTHLY;COUNT=10000;INTERVAL=10000"),
            ("BYDAY=SU,MO,WE;FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=SU,MO,WE"),
            ("FREQ=MONTHLY;BYDAY=FR,+2TU,-1FR,5MO", "FREQ=MONTHLY;BYDAY=FR,02TU,-1FR,5MO"),
            ("FREQ=DAILY;UNTIL=00000101t000000", "FREQ=DAILY;UNTIL=00000101T000000"),
            ("FREQ=DAILY;UNTIL=99991231T235959Z", "UNTIL=99991231T235959Z;FREQ=DAILY"),
            ("FREQ=DAILY;UNTIL=20261231", "FREQ=DAILY;until=20261231"),
        ] {
            let rule: Recurrence = text.parse().expect(text);
            let same: Recurrence = equal.parse().expect(equal);
            assert_eq!(Recurrence { text: String::new(), ..rule.clone() }, Recurrence { text: String::new(), ..same });
            let json = serde_json::to_string(&rule).expect("json");
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Recurrence>(&json).expect("back"), rule);
        }
    }

    #[test]
    fn how_often_is_said_in_words() {
        let said = |rule: &str| rule.parse::<Recurrence>().expect(rule).how_often();
        assert_eq!(said("FREQ=DAILY"), "daily");
        assert_eq!(said("FREQ=WEEKLY;BYDAY=SU"), "weekly");
        assert_eq!(said("FREQ=MONTHLY;INTERVAL=3"), "every 3 months");
    }

    #[test]
    fn what_is_no_rule_is_refused_with_what_to_write_instead() {
        for (texts, error, says) in [
            (&["", "RRULE:", "rrule:"][..], RecurrenceError::Empty, "such as FREQ=WEEKLY"),
            (&["FREQ", "FREQ=DAILY;", ";FREQ=DAILY", "DAILY"], RecurrenceError::Part, "NAME=VALUE"),
            (
                &["FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=DAILY;WKST=SU", "FREQ=DAILY; COUNT=1", "RRULE:RRULE:FREQ=DAILY"],
                RecurrenceError::Unknown,
                "FREQ, INTERVAL, COUNT, UNTIL and BYDAY",
            ),
            (
                &["FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYDAY=MO;BYDAY=TU", "COUNT=1;COUNT=1;FREQ=DAILY"],
                RecurrenceError::Repeated,
                "once",
            ),
            (
                &["FREQ=YEARLY", "FREQ=HOURLY", "FREQ=", "COUNT=1", "FREQ= DAILY", "FREQ=DAILY "],
                RecurrenceError::Frequency,
                "FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY",
            ),
            (
                &["FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=10001", "FREQ=DAILY;INTERVAL=+2"],
                RecurrenceError::Interval,
                "from 1 to 10000",
            ),
            (
                &["FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=10001", "FREQ=DAILY;COUNT=", "FREQ=DAILY;COUNT=99999999999"],
                RecurrenceError::Count,
                "from 1 to 10000",
            ),
            (
                &[
                    "FREQ=DAILY;UNTIL=",
                    "FREQ=DAILY;UNTIL=Z",
                    "FREQ=DAILY;UNTIL=2026-12-31",
                    "FREQ=DAILY;UNTIL=20261231Z",
                    "FREQ=DAILY;UNTIL=20260229",
                    "FREQ=DAILY;UNTIL=20261231T",
                    "FREQ=DAILY;UNTIL=20261231T2359",
                    "FREQ=DAILY;UNTIL=20261231T235960",
                    "FREQ=DAILY;UNTIL=20261231T240000",
                    "FREQ=DAILY;UNTIL=20261231T235959ZZ",
                    "FREQ=DAILY;UNTIL=20261231 235959",
                    "FREQ=DAILY;UNTIL=-0261231",
                    "FREQ=DAILY;UNTIL=202612é1",
                ],
                RecurrenceError::Until,
                "20261231T235959Z",
            ),
            (&["FREQ=DAILY;COUNT=1;UNTIL=20261231"], RecurrenceError::Ends, "COUNT or UNTIL, not both"),
            (
                &[
                    "FREQ=WEEKLY;BYDAY=",
                    "FREQ=WEEKLY;BYDAY=MO,",
                    "FREQ=WEEKLY;BYDAY=M",
                    "FREQ=WEEKLY;BYDAY=MON",
                    "FREQ=WEEKLY;BYDAY=MO, TU",
                    "FREQ=MONTHLY;BYDAY=--1MO",
                    "FREQ=MONTHLY;BYDAY=-MO",
                    "FREQ=MONTHLY;BYDAY=1é",
                    "FREQ=MONTHLY;BYDAY=é",
                ],
                RecurrenceError::Day,
                "MO, TU, WE, TH, FR, SA and SU",
            ),
            (
                &["FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=-999MO"],
                RecurrenceError::Ordinal,
                "1 to 5, or -1 to -5",
            ),
            (
                &["FREQ=WEEKLY;BYDAY=1MO", "FREQ=DAILY;BYDAY=-1FR", "BYDAY=MO,2TU;FREQ=WEEKLY"],
                RecurrenceError::OrdinalFrequency,
                "without a number, or FREQ=MONTHLY",
            ),
        ] {
            for text in texts {
                assert_eq!(text.parse::<Recurrence>(), Err(error), "{text}");
            }
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
