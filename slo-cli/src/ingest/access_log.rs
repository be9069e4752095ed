//! Access logs: which format a file is in, and its events counted per minute.

mod alb;
mod api_gateway;
mod cloudfront;
mod common;
#[cfg(test)]
mod round_trip;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use jiff::Timestamp;

use super::event::Event;
use super::good::{Field, Good};
use super::lines::{self, Fault, Unreadable};
use super::measurement::{Content, EventCounts, Measurement, Minute};
use crate::error::Result;
use cloudfront::Columns;

/// A format of access logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Common or Combined Log Format, of Apache, nginx and others
    #[value(alias = "combined")]
    Common,
    /// Application Load Balancer of AWS
    Alb,
    /// Standard logs of CloudFront, with their #Fields line
    Cloudfront,
    /// Access logs of API Gateway, an object of JSON a line
    ApiGateway,
}

/// Counts the events of all files per minute.
pub(super) fn read(
    files: &[PathBuf],
    format: Option<LogFormat>,
    good: &Good,
    revision: u64,
) -> Result<(Vec<Measurement>, Unreadable)> {
    let mut minutes: BTreeMap<Minute, EventCounts> = BTreeMap::new();
    let mut reader = Reader::new(format, good);
    let unreadable = lines::for_each(files, |first, line| {
        if first {
            reader = Reader::new(format, good);
        }
        let Some((time, event)) = reader.read(line)? else { return Ok(()) };
        let counts = minutes.entry(Minute::of(time)).or_default();
        counts.total += 1;
        counts.good += u64::from(good.holds(&event));
        Ok(())
    })?;
    let measurement = |(minute, EventCounts { good, total })| Measurement {
        minute,
        content: Content::Counts { good, total },
        revision,
    };
    Ok((minutes.into_iter().map(measurement).collect(), unreadable))
}

/// Reads the lines of one file.
struct Reader<'a> {
    /// Known from the first line that can be read.
    format: Option<LogFormat>,
    /// Of a CloudFront file, by its newest `#Fields` line.
    columns: Option<Columns>,
    good: &'a Good,
    /// Whether that asks for durations.
    timed: bool,
}

impl<'a> Reader<'a> {
    fn new(format: Option<LogFormat>, good: &'a Good) -> Self {
        Self { format, columns: None, good, timed: good.uses(Field::Duration) }
    }

    /// The event of a line, none of a comment.
    fn read<'l>(&mut self, line: &'l str) -> Result<Option<(Timestamp, Event<'l>)>, Fault> {
        let format = self.format.unwrap_or_else(|| LogFormat::like(line));
        let read = match format {
            LogFormat::Common => {
                let read = common::parse(line)?;
                if self.timed {
                    return Err(Fault::File(
                        "is in Common or Combined Log Format, which does not tell durations; leave duration out of --good, \
                         which can use it of alb, cloudfront and api-gateway logs"
                            .to_owned(),
                    ));
                }
                Some(read)
            }
            LogFormat::Alb => Some(alb::parse(line)?),
            LogFormat::Cloudfront => match (line.strip_prefix('#'), &self.columns) {
                (Some(comment), _) => {
                    if let Some(names) = comment.strip_prefix("Fields:") {
                        self.columns = Some(Columns::of(names, self.good).map_err(Fault::File)?);
                    }
                    None
                }
                (None, Some(columns)) => Some(columns.parse(line)?),
                (None, None) => return Err("there is no #Fields line before it".into()),
            },
            LogFormat::ApiGateway => Some(api_gateway::parse(line, self.good)?),
        };
        self.format = Some(format);
        Ok(read)
    }
}

impl LogFormat {
    /// What a line looks like by its beginning.
    fn like(line: &str) -> Self {
        if line.starts_with("#Version:") || line.starts_with("#Fields:") {
            Self::Cloudfront
        } else if api_gateway::object(line).is_some() {
            Self::ApiGateway
        } else if alb::begins(line) {
            Self::Alb
        } else {
            Self::Common
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const COMMON: &str = r#"192.0.2.1 - - [28/Feb/2026:22:59:00 +0000] "GET / HTTP/1.1" 200 5"#;
    const ALB: &str = r#"http 2026-02-28T22:59:00.5Z app/shop/50dc6c495c0c9188 192.0.2.1:2817 - 0.000 0.001 0.000 200 200 34 366 "GET http://shop.example:80/ HTTP/1.1" "curl""#;
    const CLOUDFRONT: &str = "#Version: 1.0\n#Fields: date time sc-status\n2026-02-28\t22:59:00\t200";
    const API_GATEWAY: &str = r#"{"requestTimeEpoch":"1772319540000","status":"200"}"#;

    /// Good and total of all minutes, and what could not be read.
    fn counts(texts: &[&str], format: Option<LogFormat>, good: &str) -> Result<((u64, u64), String)> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = |(index, text): (usize, &&str)| {
            let path = directory.path().join(format!("{index}.log"));
            fs::write(&path, text).expect("written");
            path
        };
        let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
        let (measurements, unreadable) = read(&files, format, &good.parse().expect("an expression"), 0)?;
        let sum = measurements.iter().fold((0, 0), |sum, measurement| match measurement.content {
            Content::Counts { good, total } => (sum.0 + good, sum.1 + total),
            Content::Values { .. } => panic!("counts"),
        });
        Ok((sum, unreadable.to_string()))
    }

    #[test]
    fn each_file_has_its_format() {
        let (sum, told) = counts(&[COMMON, ALB, CLOUDFRONT, API_GATEWAY], None, "status < 500").expect("read");
        assert_eq!(sum, (4, 4), "{told}");
    }

    #[test]
    fn the_first_readable_line_tells_it_and_no_other_is_taken() {
        let cut = &ALB[..40];
        let text = [cut, ALB, COMMON, API_GATEWAY, ALB].join("\n");
        let (sum, told) = counts(&[&text], None, "status < 500").expect("read");
        assert_eq!(sum, (2, 2), "{told}");
        assert!(told.starts_with("cannot read 3 lines") && told.contains("line 3: it begins with"), "{told}");
        let (sum, told) = counts(&[COMMON], Some(LogFormat::Alb), "status < 500").expect("read");
        assert!(sum == (0, 0) && told.contains("not with http, https,"), "{told}");
    }

    #[test]
    fn a_remark_is_no_format() {
        let (sum, told) = counts(&[&format!("# rotated\n{COMMON}")], None, "status < 500").expect("read");
        assert!(sum == (1, 1) && told.contains("line 1: "), "{told}");
    }

    #[test]
    fn a_file_that_cannot_tell_what_good_asks_for_is_refused() {
        for (text, told) in [
            (COMMON, "Combined Log Format, which does not tell durations; leave duration out"),
            (CLOUDFRONT, "the #Fields line has no time-taken, which --good needs for duration"),
        ] {
            let error = counts(&[text], None, "duration < 300").expect_err(told).to_string();
            assert!(error.contains("0.log") && error.contains(told), "{error}");
        }
    }

    #[test]
    fn fields_may_change_in_a_file_that_was_put_together() {
        let other = "#Version: 1.0\n#Fields: sc-status date time\n502\t2026-02-28\t22:59:30";
        let (sum, told) = counts(&[&[CLOUDFRONT, other].join("\n")], None, "status < 500").expect("read");
        assert_eq!(sum, (1, 2), "{told}");
        let (sum, told) =
            counts(&["2026-02-28\t22:59:00\t200"], Some(LogFormat::Cloudfront), "status < 500").expect("read");
        assert!(sum == (0, 0) && told.contains("there is no #Fields line before it"), "{told}");
    }
}
