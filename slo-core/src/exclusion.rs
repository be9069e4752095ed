//! Minutes that do not count: maintenance windows and corrections.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::name::Name;
use crate::recurrence::Recurrence;
use crate::revision::Stamp;
use crate::text::Reason;
use crate::time::{Minute, Period};
use crate::window::Zone;

/// The most exclusions of one objective.
pub const MAX_EXCLUSIONS: usize = 100;
/// The longest occurrence of one that comes back, in days: that of a rolling window. It bounds how many overlap.
const MAX_RECURRING_DAYS: i64 = 366;

/// A span of time that is left out of an objective, once or again and again.
///
/// A minute is excluded when its start lies in `[from, to)` of an occurrence.
///
/// ```
/// use slo_core::{Exclusion, ExclusionMode, Minute, Period, Stamp, Zone};
///
/// // The backup at 02:30 in New York, where clocks went from 02:00 to 03:00 on 8 March.
/// let backup = Exclusion {
///     id: "nightly-backup".parse()?,
///     from: "2026-03-06T07:30:00Z".parse()?,
///     to: "2026-03-06T08:00:00Z".parse()?,
///     mode: ExclusionMode::Remove,
///     reason: "The nightly backup".to_owned().try_into()?,
///     recurrence: Some("FREQ=DAILY".parse()?),
///     zone: Zone::new("America/New_York"),
///     created: Stamp { at: "2026-03-01T00:00:00Z".parse()?, by: None },
/// };
/// assert_eq!(backup.faults(), []);
///
/// let day = |text: &str| text.parse().map(Minute::floor);
/// let span = Period::new(day("2026-03-07T00:00:00Z")?, day("2026-03-10T00:00:00Z")?);
/// let starts: Vec<_> = backup.periods(span).iter().map(|period| period.start.to_string()).collect();
/// assert_eq!(starts, ["2026-03-07T07:30:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:30:00Z"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    /// Its identifier, unique within its objective; the service chooses it.
    pub id: Name,
    /// Where the first occurrence begins.
    pub from: Timestamp,
    /// Where it is over; an occurrence lasts `to - from` in elapsed time.
    pub to: Timestamp,
    /// What becomes of its minutes.
    pub mode: ExclusionMode,
    /// Why.
    pub reason: Reason,
    /// How it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// Where the recurrence keeps its local time; UTC otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// Who made it, and when.
    pub created: Stamp,
}

impl Exclusion {
    /// What is wrong with it; nothing when it may be kept.
    ///
    /// | Pointer | Code | When |
    /// |---|---|---|
    /// | `/to` | `notAfterFrom` | `to` is not after `from` |
    /// | `/to` | `tooLong` | it comes back and lasts more than 366 days |
    /// | `/from` | `tooEarly` | it comes back and begins before 1970 |
    /// | `/rrule` | `notTheFirst` | the rule does not include the day of `from` |
    /// | `/rrule` | `endsBeforeFrom` | UNTIL lies before `from` |
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.to <= self.from {
            faults.push(Fault::new("/to", "notAfterFrom", "give an end after from"));
        }
        let Some(rule) = &self.recurrence else { return faults };
        if self.lasts() > SignedDuration::from_hours(24 * MAX_RECURRING_DAYS) {
            let detail = "what comes back lasts at most 366 days each time; shorten it, or leave rrule out";
            faults.push(Fault::new("/to", "tooLong", detail));
        }
        if self.from < Timestamp::UNIX_EPOCH {
            let detail = "what comes back begins in 1970 or later; move from to a later occurrence";
            faults.push(Fault::new("/from", "tooEarly", detail));
        }
        let zone = self.zone.clone().unwrap_or_default();
        let local = zone.local(self.from);
        if !rule.fits(local) {
            let day = local.strftime("%A, %Y-%m-%d");
            let detail = format!(
                "the rule must include its first occurrence: in {} from falls on {day}; move from to a day of the \
                 rule, or change BYDAY",
                zone.name()
            );
            faults.push(Fault::new("/rrule", "notTheFirst", detail));
        }
        if rule.ends_before(self.from, &zone) {
            let first = local.strftime("%Y-%m-%dT%H:%M:%S%.f");
            let detail =
                format!("give an UNTIL at or after from, which is {first} in {}, or leave it out", zone.name());
            faults.push(Fault::new("/rrule", "endsBeforeFrom", detail));
        }
        faults
    }

    /// The minutes of `span` that it excludes: those of each occurrence, in order of their starts.
    ///
    /// Occurrences that last longer than it takes the next to begin overlap here as they do in time; those
    /// without a minute in the span are left out.
    #[must_use]
    pub fn periods(&self, span: Period) -> Vec<Period> {
        let lasts = self.lasts();
        // One that began earlier is over by the span.
        let from = span.start.timestamp().checked_sub(lasts).unwrap_or(Timestamp::MIN);
        let starts = match &self.recurrence {
            Some(rule) => {
                let zone = self.zone.clone().unwrap_or_default();
                rule.starts(self.from, &zone, from, span.end.timestamp())
            }
            None => vec![self.from],
        };
        let minutes = starts.into_iter().map(|start| {
            let end = start.checked_add(lasts).unwrap_or(Timestamp::MAX);
            Period::new(Minute::ceil(start).max(span.start), Minute::ceil(end).min(span.end))
        });
        minutes.filter(|period| period.minutes() > 0).collect()
    }

    fn lasts(&self) -> SignedDuration {
        self.to.duration_since(self.from)
    }
}

/// What becomes of excluded minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExclusionMode {
    /// They are in neither numerator nor denominator nor among the slices of the whole period.
    #[default]
    Remove,
    /// Their bad events count as good, their slices as good.
    CountAsGood,
}

impl ExclusionMode {
    /// All, with their names on the wire.
    pub const ALL: [(&'static str, Self); 2] = [("remove", Self::Remove), ("countAsGood", Self::CountAsGood)];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exclusion(from: &str, to: &str, rule: Option<&str>, zone: Option<&str>) -> Exclusion {
        Exclusion {
            id: "maintenance".parse().expect("a name"),
            from: from.parse().expect("a timestamp"),
            to: to.parse().expect("a timestamp"),
            mode: ExclusionMode::Remove,
            reason: "Maintenance".to_owned().try_into().expect("a reason"),
            recurrence: rule.map(|rule| rule.parse().expect("a rule")),
            zone: zone.map(|zone| Zone::new(zone).expect("a zone")),
            created: Stamp { at: Timestamp::UNIX_EPOCH, by: None },
        }
    }

    fn periods(exclusion: &Exclusion, from: &str, to: &str) -> Vec<String> {
        let minute = |text: &str| Minute::floor(text.parse().expect("a timestamp"));
        let periods = exclusion.periods(Period::new(minute(from), minute(to)));
        periods.iter().map(|period| format!("{}/{}", period.start, period.end)).collect()
    }

    fn codes(exclusion: &Exclusion) -> Vec<(String, &'static str)> {
        exclusion.faults().into_iter().map(|fault| (fault.pointer, fault.code)).collect()
    }

    #[test]
    fn it_ends_after_it_begins() {
        let empty = exclusion("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", None, None);
        assert_eq!(codes(&empty), [("/to".to_owned(), "notAfterFrom")]);
        let backwards = exclusion("2026-11-20T12:00:00Z", "2026-11-20T11:00:00Z", Some("FREQ=DAILY"), None);
        assert_eq!(codes(&backwards), [("/to".to_owned(), "notAfterFrom")]);
        assert_eq!(periods(&backwards, "2026-11-20T00:00Z", "2026-11-25T00:00Z"), [""; 0]);
        assert_eq!(codes(&exclusion("2026-11-20T12:00:00Z", "2026-11-20T12:00:00.001Z", None, None)), []);
    }

    #[test]
    fn what_comes_back_lasts_at_most_366_days() {
        let (from, rule) = ("2026-01-01T00:00:00Z", Some("FREQ=DAILY"));
        assert_eq!(codes(&exclusion(from, "2027-01-02T00:00:00Z", rule, None)), []);
        let longer = exclusion(from, "2027-01-02T00:00:01Z", rule, None);
        assert_eq!(codes(&longer), [("/to".to_owned(), "tooLong")]);
        assert_eq!(codes(&exclusion(from, "2099-01-01T00:00:00Z", None, None)), []);
    }

    #[test]
    fn the_rule_includes_the_first_occurrence_in_its_zone() {
        // Friday in UTC, still Thursday in New York.
        let (from, to, fridays) = ("2026-11-20T02:00:00Z", "2026-11-20T03:00:00Z", Some("FREQ=WEEKLY;BYDAY=FR"));
        assert_eq!(codes(&exclusion(from, to, fridays, None)), []);
        let faults = exclusion(from, to, fridays, Some("America/New_York")).faults();
        assert_eq!((faults[0].pointer.as_str(), faults[0].code, faults.len()), ("/rrule", "notTheFirst", 1));
        assert!(faults[0].detail.contains("in America/New_York from falls on Thursday, 2026-11-19; move from"));
    }

    #[test]
    fn the_rule_does_not_end_before_the_first_occurrence() {
        let (from, to) = ("2026-11-20T02:00:00Z", "2026-11-20T03:00:00Z");
        let until = |until: &str, zone| exclusion(from, to, Some(&format!("FREQ=DAILY;UNTIL={until}")), zone).faults();
        assert_eq!(until("20261119", Some("America/New_York")), []);
        assert_eq!(until("20261120T020000Z", Some("America/New_York")), []);
        let faults = until("20261119", None);
        assert_eq!((faults[0].pointer.as_str(), faults[0].code, faults.len()), ("/rrule", "endsBeforeFrom", 1));
        assert!(faults[0].detail.contains("at or after from, which is 2026-11-20T02:00:00 in UTC, or leave"));
        let half = exclusion("2026-11-20T02:00:00.5Z", to, Some("FREQ=DAILY;UNTIL=20261120T020000"), None).faults();
        assert!(half[0].detail.contains("which is 2026-11-20T02:00:00.5 in UTC"));
    }

    #[test]
    fn a_minute_is_excluded_when_its_start_is() {
        let day = |exclusion| periods(&exclusion, "2026-11-20T00:00Z", "2026-11-21T00:00Z");
        let whole = exclusion("2026-11-20T12:00:00Z", "2026-11-20T12:02:00Z", None, None);
        assert_eq!(day(whole), ["2026-11-20T12:00:00Z/2026-11-20T12:02:00Z"]);
        let broken = exclusion("2026-11-20T12:00:00.000000001Z", "2026-11-20T12:02:00.000000001Z", None, None);
        assert_eq!(day(broken), ["2026-11-20T12:01:00Z/2026-11-20T12:03:00Z"]);
        assert_eq!(day(exclusion("2026-11-20T12:00:01Z", "2026-11-20T12:00:59Z", None, None)), [""; 0]);
    }

    #[test]
    fn occurrences_are_clipped_to_the_span_and_may_overlap() {
        let long = exclusion("2026-11-20T12:00:00Z", "2026-11-22T13:00:00Z", Some("FREQ=DAILY;COUNT=3"), None);
        let span = ("2026-11-22T00:00Z", "2026-11-23T12:00Z");
        let clipped = [
            "2026-11-22T00:00:00Z/2026-11-22T13:00:00Z",
            "2026-11-22T00:00:00Z/2026-11-23T12:00:00Z",
            "2026-11-22T12:00:00Z/2026-11-23T12:00:00Z",
        ];
        assert_eq!(periods(&long, span.0, span.1), clipped);
        assert_eq!(periods(&long, span.1, span.0), [""; 0]);
        assert_eq!(periods(&long, "2026-11-24T13:00Z", "2026-12-24T13:00Z"), [""; 0]);
    }

    #[test]
    fn there_are_minutes_at_the_ends_of_time() {
        let (first, last) = ("-009999-01-02T01:59:59Z", "9999-12-30T22:00:00.999999999Z");
        let ends = Period::new(Minute::new(i64::MIN), Minute::new(i64::MAX));
        assert_eq!(exclusion(first, last, None, None).periods(ends).len(), 1);
        for zone in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            for (from, to) in [(first, "-009999-01-03T00:00Z"), ("9999-12-30T20:00Z", last)] {
                let twice = exclusion(from, to, Some("FREQ=MONTHLY;INTERVAL=10000"), Some(zone));
                let early: &[&str] = if from == first { &["tooEarly"] } else { &[] };
                assert_eq!(twice.faults().iter().map(|fault| fault.code).collect::<Vec<_>>(), early);
                assert!(!twice.periods(ends).is_empty());
            }
        }
    }
}
