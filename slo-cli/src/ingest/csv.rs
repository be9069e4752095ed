//! Tables of counts or of values per time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::lines::{self, Fault, Unreadable};
use super::measurement::{Content, EventCounts, MAX_COUNT, Measurement, Minute};
use crate::error::{Error, Result};
use slo_core::Json;

/// Which columns a file has, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    Counts { time: usize, good: usize, total: usize },
    Values { time: usize, value: usize },
}

/// What was read so far.
#[derive(Debug, Default)]
struct Rows {
    counts: BTreeMap<Minute, EventCounts>,
    values: BTreeMap<Minute, Vec<Box<RawValue>>>,
}

/// Gathers the rows of all files per minute.
pub(super) fn read(files: &[PathBuf], revision: u64) -> Result<(Vec<Measurement>, Unreadable)> {
    let mut rows = Rows::default();
    let mut header = None;
    let unreadable = lines::for_each(files, |first, line| {
        if first {
            header = Some(Header::parse(line).ok_or_else(|| {
                let fault = "does not begin with the header time,good,total or time,value; add one of them";
                Fault::File(fault.to_owned())
            })?);
            return Ok(());
        }
        let header = header.expect("the first line is a header");
        Ok(rows.add(header, line)?)
    })?;
    if !rows.counts.is_empty() && !rows.values.is_empty() {
        return Err(Error::Failed("some files hold counts and others values; send them one by one".to_owned()));
    }
    let counts =
        rows.counts.into_iter().map(|(minute, EventCounts { good, total })| (minute, Content::Counts { good, total }));
    let values = rows.values.into_iter().map(|(minute, values)| (minute, Content::Values { values }));
    let measurements = counts.chain(values).map(|(minute, content)| Measurement { minute, content, revision });
    Ok((measurements.collect(), unreadable))
}

impl Header {
    /// The columns in any order and case; other columns are refused rather than ignored.
    fn parse(line: &str) -> Option<Self> {
        let names: Vec<String> = fields(line).into_iter().map(|name| name.to_ascii_lowercase()).collect();
        let column = |wanted: &str| names.iter().position(|name| name == wanted);
        let time = column("time").or_else(|| column("timestamp"))?;
        match names.len() {
            2 => Some(Self::Values { time, value: column("value")? }),
            3 => Some(Self::Counts { time, good: column("good")?, total: column("total")? }),
            _ => None,
        }
    }

    fn columns(self) -> usize {
        match self {
            Self::Counts { .. } => 3,
            Self::Values { .. } => 2,
        }
    }
}

impl Rows {
    fn add(&mut self, header: Header, line: &str) -> Result<(), String> {
        let fields = fields(line);
        if fields.len() != header.columns() {
            return Err(format!("{} fields where the header has {}", fields.len(), header.columns()));
        }
        match header {
            Header::Counts { time, good, total } => {
                let minute = Minute::of(timestamp(fields[time])?);
                let (good, total) = (count(fields[good])?, count(fields[total])?);
                if good > total {
                    return Err(format!("{good} good of {total} in total cannot be"));
                }
                let counts = self.counts.entry(minute).or_default();
                if counts.total + total > MAX_COUNT {
                    return Err(format!("the total of {} goes beyond {MAX_COUNT}", minute.start()));
                }
                counts.good += good;
                counts.total += total;
            }
            Header::Values { time, value } => {
                let minute = Minute::of(timestamp(fields[time])?);
                let text = fields[value];
                let number = Json::number(text).and_then(|_| RawValue::from_string(text.to_owned()).ok());
                let number = number.ok_or_else(|| format!("{text:?} is no decimal number such as 45.868"))?;
                self.values.entry(minute).or_default().push(number);
            }
        }
        Ok(())
    }
}

/// The fields of a line, without blanks and quotes around them. Times and numbers hold no commas.
fn fields(line: &str) -> Vec<&str> {
    let quotes = |field| str::strip_prefix(field, '"').and_then(|inside| inside.strip_suffix('"'));
    line.split(',').map(str::trim).map(|field| quotes(field).map_or(field, str::trim)).collect()
}

fn count(text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let count = digits.then(|| text.parse().ok()).flatten().filter(|count| *count <= MAX_COUNT);
    count.ok_or_else(|| format!("{text:?} is no count from 0 to {MAX_COUNT}"))
}

/// RFC 3339, or a date and time of UTC without a zone.
fn timestamp(text: &str) -> Result<Timestamp, String> {
    let civil = || {
        // Nothing that could be a zone, which a civil time would swallow, and not a mere date.
        let (date, clock) = text.split_at_checked(10)?;
        let digits_or = |text: &str, others: &[u8]| text.bytes().all(|b| b.is_ascii_digit() || others.contains(&b));
        let plain = clock.len() >= 9 && digits_or(date, b"-") && digits_or(clock, b" T:.");
        let local = plain.then(|| text.parse::<DateTime>().ok()).flatten()?;
        TimeZone::UTC.to_timestamp(local).ok()
    };
    let time = text.parse::<Timestamp>().ok().or_else(civil);
    time.ok_or_else(|| format!("{text:?} is no time such as 2026-11-20T12:00:00Z or 2026-11-20 12:00:00"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read_texts(texts: &[&str]) -> Result<(Vec<String>, Unreadable)> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |(index, text): (usize, &&str)| {
            let path = directory.path().join(format!("{index}.csv"));
            fs::write(&path, text).expect("written");
            path
        };
        let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
        let (measurements, unreadable) = read(&files, 0)?;
        Ok((measurements.iter().map(Measurement::json).collect(), unreadable))
    }

    #[test]
    fn counts_of_a_minute_are_added_up() {
        let text = "time,good,total\r\n2026-03-01T00:01:30+01:00,8,9\r\n2026-02-28 23:01:00,1,1\r\n\r\n";
        let other = "\u{feff}\"Total\",\"Good\",\"Timestamp\"\n\"10\",\"9\",\"2026-02-28T23:01:59.9Z\"\n2,2,2026-02-28T23:00:00Z\n";
        let (entries, unreadable) = read_texts(&[text, other]).expect("read");
        assert_eq!(unreadable.count(), 0, "{unreadable}");
        assert_eq!(
            entries,
            [
                r#"{"start":"2026-02-28T23:00:00Z","good":2,"total":2,"revision":0}"#,
                r#"{"start":"2026-02-28T23:01:00Z","good":18,"total":20,"revision":0}"#
            ]
        );
    }

    #[test]
    fn values_keep_their_text() {
        let text = "timestamp,value\n2026-02-28 23:05:10,45.8680\n2026-02-28 23:04:00,1e-3\n2026-02-28 23:05:00,-0.1234567890123456789\n";
        let (entries, _) = read_texts(&[text]).expect("read");
        assert_eq!(
            entries,
            [
                r#"{"start":"2026-02-28T23:04:00Z","values":[1e-3],"revision":0}"#,
                r#"{"start":"2026-02-28T23:05:00Z","values":[45.8680,-0.1234567890123456789],"revision":0}"#
            ]
        );
    }

    #[test]
    fn bad_rows_are_counted_and_the_first_shown() {
        let text = "time,good,total\n2026-02-28T23:00:00Z,2,1\n2026-02-29T00:00:00Z,1,1\n2026-02-28,1,1\n2026-02-28T00:00:00Z,1\n2026-02-28T00:00:00Z,-1,1\n2026-02-28T00:00:00Z,1,1.5\n";
        let (entries, unreadable) = read_texts(&[text]).expect("read");
        assert!(entries.is_empty(), "{entries:?}");
        assert_eq!(unreadable.count(), 6);
        let text = unreadable.to_string();
        assert!(text.starts_with("cannot read 6 lines") && text.contains("line 2: 2 good of 1"), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
        for value in ["", "NaN", ".5", "+1", "1 000", "0x1"] {
            let (entries, unreadable) =
                read_texts(&[&format!("time,value\n2026-02-28T00:00:00Z,{value}\n")]).expect("read");
            assert_eq!((entries.len(), unreadable.count()), (0, 1), "{value}");
        }
    }

    #[test]
    fn times_without_a_zone_are_utc_and_zones_are_not_dropped() {
        for (text, utc) in [
            ("2026-03-01 00:00:00", Some("2026-03-01T00:00:00Z")),
            ("2026-03-01T00:00:00.5", Some("2026-03-01T00:00:00.5Z")),
            ("2026-03-01 00:00:00+02:00", Some("2026-02-28T22:00:00Z")),
            ("2026-03-01", None),
            ("2026-03-01 00:00:00 CET", None),
            ("2026-03-01T00:00:00[Europe/Berlin]", None),
            ("1772323200", None),
        ] {
            assert_eq!(timestamp(text).ok().map(|time| time.to_string()).as_deref(), utc, "{text}");
        }
    }

    #[test]
    fn a_file_must_say_what_it_holds() {
        for header in ["", "good,total", "time,good", "time,value,unit", "time", "2026-03-01T00:00:00Z,1,1"] {
            let error = read_texts(&[&format!("{header}\n1,2,3\n")]).expect_err(header);
            assert!(error.to_string().contains("does not begin with the header"), "{error}");
        }
        let mixed = ["time,value\n2026-03-01T00:00:00Z,1\n", "time,good,total\n2026-03-01T00:00:00Z,1,1\n"];
        assert!(read_texts(&mixed).expect_err("mixed").to_string().contains("one by one"));
    }
}
