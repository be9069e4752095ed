//! One minute of one indicator, ready to be sent.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::words::counted;

/// Counts and revisions beyond 2^53 - 1 are refused by the API.
pub(super) const MAX_COUNT: u64 = (1 << 53) - 1;

/// A UTC minute, counted from the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Minute(i64);

impl Minute {
    /// The minute in which `time` lies.
    pub(crate) fn of(time: Timestamp) -> Self {
        // `as_second` rounds towards zero: before the epoch that is one too late.
        let early = i64::from(time.subsec_nanosecond() < 0);
        Self((time.as_second() - early).div_euclid(60))
    }

    /// Its first instant.
    pub(crate) fn start(self) -> Timestamp {
        Timestamp::from_second(self.0 * 60).expect("the minute of a Timestamp begins in its range")
    }

    /// The hour in which it lies.
    pub(super) fn hour(self) -> i64 {
        self.0.div_euclid(60)
    }
}

/// Good and total events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct EventCounts {
    /// Events that were as they should be.
    pub(super) good: u64,
    /// All events.
    pub(super) total: u64,
}

/// What happened in a minute.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Content {
    /// Counts, for a ratio indicator.
    Counts {
        /// Good events.
        good: u64,
        /// All events.
        total: u64,
    },
    /// Values, for a threshold indicator to judge; their text is that of the file.
    Values {
        /// The values.
        values: Vec<Box<RawValue>>,
    },
}

/// A minute's measurement.
#[derive(Debug)]
pub(crate) struct Measurement {
    /// Its minute.
    pub(crate) minute: Minute,
    /// What was measured.
    pub(crate) content: Content,
    /// Which edition of these counts it is.
    pub(crate) revision: u64,
}

impl Measurement {
    /// How many events or values it holds.
    pub(super) fn events(&self) -> u64 {
        match &self.content {
            Content::Counts { total, .. } => *total,
            Content::Values { values } => u64::try_from(values.len()).unwrap_or(u64::MAX),
        }
    }

    /// The entry of `measurements` in the request.
    pub(crate) fn json(&self) -> String {
        let content = serde_json::to_string(&self.content).expect("numbers only");
        let members = content.trim_start_matches('{').trim_end_matches('}');
        format!(r#"{{"start":"{}",{members},"revision":{}}}"#, self.minute.start(), self.revision)
    }

    /// What it says, for people.
    pub(super) fn told(&self) -> String {
        match &self.content {
            Content::Counts { good, total } => format!("{good} good of {total}"),
            Content::Values { .. } => counted(self.events(), "values"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(time: &str) -> Minute {
        Minute::of(time.parse().expect(time))
    }

    #[test]
    fn times_are_floored_to_their_minute() {
        for (time, start) in [
            ("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:00Z"),
            ("2024-03-01T00:00:00+01:00", "2024-02-29T23:00:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:00Z"),
            ("1969-12-31T23:58:59.5Z", "1969-12-31T23:58:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(minute(time).start().to_string(), start, "{time}");
        }
    }

    #[test]
    fn an_entry_is_json_with_the_numbers_as_given() {
        let minute = minute("2024-02-29T12:00:30Z");
        let counts = Measurement { minute, content: Content::Counts { good: 2, total: 3 }, revision: 0 };
        assert_eq!(counts.json(), r#"{"start":"2024-02-29T12:00:00Z","good":2,"total":3,"revision":0}"#);
        let values = ["45.8680", "1e-3"].map(|text| RawValue::from_string(text.to_owned()).expect("a number"));
        let values = Measurement { minute, content: Content::Values { values: values.into() }, revision: 2 };
        assert_eq!(values.json(), r#"{"start":"2024-02-29T12:00:00Z","values":[45.8680,1e-3],"revision":2}"#);
    }
}
