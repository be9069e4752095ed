//! The rule for the time span of an objective.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::duration::{Shorthand, Unit};
use crate::time::{Minute, Period};

/// The rule for the time span: the last so-many minutes, or the current civil period of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeWindow {
    /// `[end - D, end)`.
    Rolling(RollingWindow),
    /// The day, week, month, quarter or year of a zone that contains the minute before `end`.
    Calendar(CalendarWindow),
}

/// A rolling window of 1 hour to 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingWindow(Shorthand);

/// A civil period in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarWindow {
    unit: Unit,
    anchor: DateTime,
    zone: Zone,
}

/// An IANA time zone by name.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Looks the zone up in the bundled database; `None` when it is not there.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let zone = jiff::tz::db().get(name).ok()?;
        Some(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone })
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first minute of a local day; a midnight skipped by daylight saving begins where the day does.
    fn start_of(&self, date: Date) -> Minute {
        // Civil dates at the very ends of time have no instant; no measurement lies there either.
        let start = self.zone.to_ambiguous_zoned(date.at(0, 0, 0, 0)).compatible();
        Minute::floor(start.map_or(Timestamp::MIN, |zoned| zoned.timestamp()))
    }

    fn date(&self, minute: Minute) -> Date {
        self.local(minute.timestamp()).date()
    }

    /// What the clocks on the wall show.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    /// When the clocks on the wall show it: a time that daylight saving skips moves forward by the gap,
    /// of two the first is meant. At the very ends of time, the nearest instant there is.
    pub(crate) fn instant(&self, local: DateTime) -> Timestamp {
        let zoned = self.zone.to_ambiguous_zoned(local).compatible();
        zoned.map_or_else(|_| if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX }, |zoned| zoned.timestamp())
    }
}

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

/// By its name.
impl Serialize for Zone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).ok_or_else(|| serde::de::Error::custom("unknown time zone"))
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

/// Why something is no [`TimeWindow`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Outside 1 h to 366 d, or a civil unit.
    #[error("a rolling window is 1h to 366d, written in m, h, d or w; M, Q and Y need isRolling false")]
    Rolling,
    /// Not one civil unit.
    #[error("a calendar window is one of 1d, 1w, 1M, 1Q, 1Y")]
    Calendar,
}

impl RollingWindow {
    /// A rolling window of that length.
    ///
    /// # Errors
    /// Unless it is 1 hour to 366 days, in minutes, hours, days or weeks.
    pub fn new(length: Shorthand) -> Result<Self, WindowError> {
        match length.minutes() {
            Some(60..=527_040) => Ok(Self(length)),
            _ => Err(WindowError::Rolling),
        }
    }

    /// D in minutes, 60 to 527,040.
    #[must_use]
    pub fn minutes(self) -> i64 {
        self.0.minutes().and_then(|m| i64::try_from(m).ok()).expect("a rolling window has a length")
    }
}

impl CalendarWindow {
    /// The civil periods of `zone`. The anchor sets the weekday on which weeks begin and nothing else.
    ///
    /// # Errors
    /// Unless the length is exactly one day, week, month, quarter or year.
    pub fn new(length: Shorthand, anchor: DateTime, zone: Zone) -> Result<Self, WindowError> {
        match (length.number(), length.unit()) {
            (1, unit @ (Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year)) => {
                Ok(Self { unit, anchor, zone })
            }
            _ => Err(WindowError::Calendar),
        }
    }

    /// The first day of the period that contains `date`.
    fn first_day(&self, date: Date) -> Date {
        let first = match self.unit {
            Unit::Week => {
                let back = self.anchor.date().weekday().until(date.weekday());
                date.checked_sub(i64::from(back).days()).unwrap_or(date)
            }
            Unit::Month => date.first_of_month(),
            Unit::Quarter => {
                let month = (date.month() - 1) / 3 * 3 + 1;
                Date::new(date.year(), month, 1).expect("the first of a quarter is a date")
            }
            Unit::Year => date.first_of_year(),
            Unit::Day | Unit::Hour | Unit::Minute => date,
        };
        first.max(Date::MIN)
    }

    fn next_first_day(&self, first: Date) -> Date {
        let length = match self.unit {
            Unit::Week => 7.days(),
            Unit::Month => 1.month(),
            Unit::Quarter => 3.months(),
            Unit::Year => 1.year(),
            Unit::Day | Unit::Hour | Unit::Minute => 1.day(),
        };
        first.checked_add(length).unwrap_or(Date::MAX)
    }

    /// Where weeks begin, as `YYYY-MM-DD HH:MM:SS` local to the zone.
    #[must_use]
    pub const fn anchor(&self) -> DateTime {
        self.anchor
    }

    /// The zone.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }
}

/// A window applied to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowPeriod {
    /// What has elapsed: `[start, end)`.
    pub elapsed: Period,
    /// The end of the whole; that of `elapsed` for a rolling window.
    pub full_end: Minute,
}

impl WindowPeriod {
    /// `[start, fullEnd)`.
    #[must_use]
    pub fn whole(&self) -> Period {
        Period::new(self.elapsed.start, self.full_end)
    }
}

impl TimeWindow {
    /// The period evaluated at `at`: it ends with `at` rounded up to a whole minute.
    ///
    /// ```
    /// use slo_core::{RollingWindow, TimeWindow};
    ///
    /// let window = TimeWindow::Rolling(RollingWindow::new("28d".parse()?)?);
    /// let period = window.period_at("2015-05-21T00:00:00Z".parse()?).elapsed;
    /// assert_eq!(period.start.to_string(), "2015-04-23T00:00:00Z");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn period_at(&self, at: Timestamp) -> WindowPeriod {
        let end = Minute::ceil(at);
        match self {
            Self::Rolling(window) => WindowPeriod { elapsed: Period::new(end - window.minutes(), end), full_end: end },
            Self::Calendar(window) => {
                let mut first = window.first_day(window.zone.date(end - 1));
                // Where clocks went back over midnight the date comes back for an hour, but its day is over.
                if window.zone.start_of(window.next_first_day(first)) < end {
                    first = window.next_first_day(first);
                }
                WindowPeriod {
                    elapsed: Period::new(window.zone.start_of(first), end),
                    full_end: window.zone.start_of(window.next_first_day(first)),
                }
            }
        }
    }

    /// Its length as it was written.
    #[must_use]
    pub fn duration(&self) -> Shorthand {
        match self {
            Self::Rolling(window) => window.0,
            Self::Calendar(window) => Shorthand::new(1, window.unit).expect("one is above zero"),
        }
    }
}

/// The stored and OpenSLO form: `{duration, isRolling, calendar?: {startTime, timeZone}}`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    duration: Shorthand,
    is_rolling: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calendar: Option<CalendarForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalendarForm {
    start_time: DateTime,
    time_zone: Zone,
}

impl Serialize for TimeWindow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let calendar = match self {
            Self::Rolling(_) => None,
            Self::Calendar(window) => Some(CalendarForm { start_time: window.anchor, time_zone: window.zone.clone() }),
        };
        Form { duration: self.duration(), is_rolling: calendar.is_none(), calendar }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TimeWindow {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let form = Form::deserialize(deserializer)?;
        let window = match form.calendar {
            None => RollingWindow::new(form.duration).map(Self::Rolling),
            Some(calendar) => {
                CalendarWindow::new(form.duration, calendar.start_time, calendar.time_zone).map(Self::Calendar)
            }
        };
        window.map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(length: &str, zone: &str) -> TimeWindow {
        let anchor = "2024-01-01T00:00:00".parse().expect("a Monday");
        let zone = Zone::new(zone).expect("zone");
        TimeWindow::Calendar(CalendarWindow::new(length.parse().expect("length"), anchor, zone).expect("window"))
    }

    fn whole(window: &TimeWindow, at: &str) -> (String, String, u64) {
        let period = window.period_at(at.parse().expect("time")).whole();
        (period.start.to_string(), period.end.to_string(), period.minutes() / 60)
    }

    #[test]
    fn rolling_windows_are_an_hour_to_366_days() {
        for good in ["1h", "60m", "28d", "4w", "366d"] {
            assert!(RollingWindow::new(good.parse().expect("shorthand")).is_ok(), "{good}");
        }
        for bad in ["59m", "367d", "1M", "1Q", "1Y"] {
            assert_eq!(RollingWindow::new(bad.parse().expect("shorthand")), Err(WindowError::Rolling), "{bad}");
        }
    }

    #[test]
    fn daylight_saving_makes_months_of_743_and_721_hours() {
        let month = calendar("1M", "America/New_York");
        assert_eq!(whole(&month, "2026-03-15T00:00:00Z").2, 743);
        assert_eq!(whole(&month, "2026-11-15T00:00:00Z").2, 721);
    }

    #[test]
    fn the_current_period_contains_the_minute_before_the_end() {
        let month = calendar("1M", "UTC");
        let (start, end, _) = whole(&month, "2026-03-01T00:00:00Z");
        assert_eq!((start.as_str(), end.as_str()), ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"));
        let (start, _, _) = whole(&month, "2026-03-01T00:00:01Z");
        assert_eq!(start, "2026-03-01T00:00:00Z");
    }

    #[test]
    fn weeks_begin_on_the_anchors_weekday_and_quarters_are_civil() {
        let (start, end, _) = whole(&calendar("1w", "UTC"), "2026-11-20T12:00:00Z");
        assert_eq!((start.as_str(), end.as_str()), ("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"));
        let (start, end, _) = whole(&calendar("1Q", "UTC"), "2026-11-20T12:00:00Z");
        assert_eq!((start.as_str(), end.as_str()), ("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"));
        let (_, _, hours) = whole(&calendar("1Y", "Europe/Berlin"), "2024-06-01T00:00:00Z");
        assert_eq!(hours, 366 * 24);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_at_its_first_instant() {
        // Beirut skipped 00:00 to 01:00 on 2022-03-27.
        let (start, _, hours) = whole(&calendar("1d", "Asia/Beirut"), "2022-03-27T10:00:00Z");
        assert_eq!((start.as_str(), hours), ("2022-03-26T22:00:00Z", 23));
    }

    #[test]
    fn a_day_that_comes_back_for_an_hour_is_over() {
        // St. John's went back from 00:01 to 23:01 on 2010-11-07.
        let period = calendar("1d", "America/St_Johns").period_at("2010-11-07T02:45:00Z".parse().expect("time"));
        assert!(period.elapsed.end <= period.full_end, "{period:?}");
        assert_eq!(period.elapsed.start.to_string(), "2010-11-07T02:30:00Z");
    }

    #[test]
    fn the_stored_form_is_openslos() {
        let month = calendar("1M", "America/New_York");
        let text = serde_json::to_string(&month).expect("json");
        assert_eq!(
            text,
            r#"{"duration":"1M","isRolling":false,"calendar":{"startTime":"2024-01-01T00:00:00","timeZone":"America/New_York"}}"#
        );
        assert_eq!(serde_json::from_str::<TimeWindow>(&text).expect("back"), month);
    }
}
