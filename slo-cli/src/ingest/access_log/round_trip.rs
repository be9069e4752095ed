//! Random events, written in each format and read back, give the same counts per minute.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{LogFormat, read};
use crate::ingest::measurement::Measurement;

/// An event, as a test knows it.
#[derive(Debug, Clone)]
struct Known {
    time: Timestamp,
    status: Option<u16>,
    bytes: Option<u32>,
    milliseconds: Option<u32>,
    method: &'static str,
    path: String,
    host: &'static str,
}

impl Known {
    fn status(&self, absent: &str) -> String {
        self.status.map_or_else(|| absent.to_owned(), |status| status.to_string())
    }

    fn bytes(&self) -> String {
        self.bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string())
    }

    fn line(&self, format: LogFormat) -> String {
        let Self { time, milliseconds, method, path, host, .. } = self;
        let (bytes, common) = (self.bytes(), time.strftime("%d/%b/%Y:%H:%M:%S +0000"));
        let seconds = |milliseconds: u32| format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000);
        match format {
            LogFormat::Common => {
                let status = self.status("000");
                format!(r#"{host} - Ann [{common}] "{method} {path} HTTP/1.1" {status} {bytes} "-" "a \"b\"""#)
            }
            LogFormat::Alb => {
                let status = self.status("-");
                // The parts of the sum are the test's choice.
                let times = milliseconds.map_or_else(
                    || "0.001 -1 -1".to_owned(),
                    |all| format!("{} {} {}", seconds(all / 3), seconds(all - all / 3), seconds(0)),
                );
                format!(
                    r#"https {time} app/shop/50dc6c495c0c9188 {host}:443 - {times} {status} - 34 {bytes} "{method} https://shop.example:443{path} HTTP/2.0" "a \"b\"" - -"#
                )
            }
            LogFormat::Cloudfront => {
                let status = self.status("000");
                let taken = milliseconds.map_or_else(|| "-".to_owned(), seconds);
                let (stem, query) = path.split_once('?').unwrap_or((path, "-"));
                let start = time.strftime("%Y-%m-%d\t%H:%M:%S");
                format!("{start}\t{bytes}\t{host}\t{method}\t{stem}\t{status}\t{query}\t{taken}")
            }
            LogFormat::ApiGateway => {
                let status = self.status("-");
                let latency = milliseconds.map_or_else(|| "\"-\"".to_owned(), |latency| latency.to_string());
                // One way to tell the time as well as the other.
                let time = if path.len().is_multiple_of(2) {
                    format!(r#""requestTimeEpoch":"{}""#, time.as_millisecond())
                } else {
                    format!(r#""requestTime":"{common}""#)
                };
                format!(
                    r#"{{"ip":"{host}",{time},"httpMethod":"{method}","path":"{path}","status":"{status}","responseLength":"{bytes}","responseLatency":{latency}}}"#
                )
            }
        }
    }
}

type Judge = fn(&Known) -> bool;

/// Expressions, and what they mean.
const GOOD: [(&str, Judge); 5] = [
    ("status < 500", |event| event.status.unwrap_or(0) < 500),
    ("status >= 200 and bytes > 100", |event| event.status >= Some(200) && event.bytes > Some(100)),
    ("method == 'GET' or path == '/a?b=c'", |event| event.method == "GET" || event.path == "/a?b=c"),
    ("not host == '192.0.2.1'", |event| event.host != "192.0.2.1"),
    ("status < 500 and duration <= 300", |event| {
        event.status.unwrap_or(0) < 500 && event.milliseconds.is_some_and(|milliseconds| milliseconds <= 300)
    }),
];

fn known() -> impl Strategy<Value = Known> {
    let time = (0_i64..600, 0_i64..1_000).prop_map(|(seconds, milliseconds)| {
        let start: Timestamp = "2026-02-28T23:55:00Z".parse().expect("a time");
        start + SignedDuration::from_secs(seconds) + SignedDuration::from_millis(milliseconds)
    });
    let status = proptest::option::weighted(0.9, prop_oneof![Just(200_u16), Just(499), 100_u16..600]);
    let path = prop_oneof![Just("/".to_owned()), Just("/a?b=c".to_owned()), "/[a-z%0-9]{0,8}"];
    let host = prop_oneof![Just("192.0.2.1"), Just("2001:db8::1")];
    let method = prop_oneof![Just("GET"), Just("POST")];
    let (bytes, milliseconds) =
        (proptest::option::weighted(0.8, 0_u32..500), proptest::option::weighted(0.8, 290_u32..310));
    (time, status, bytes, milliseconds, method, path, host).prop_map(
        |(time, status, bytes, milliseconds, method, path, host)| Known {
            time,
            status,
            bytes,
            milliseconds,
            method,
            path,
            host,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_format_gives_the_same_counts(
        events in proptest::collection::vec(known(), 1..60),
        which in 0..GOOD.len(),
        split in 0_usize..60,
        packed: bool,
    ) {
        let (expression, judge) = GOOD[which];
        let mut expected: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for event in &events {
            let counts = expected.entry(event.time.as_second() / 60).or_default();
            counts.0 += u64::from(judge(event));
            counts.1 += 1;
        }
        let expected: Vec<String> = expected
            .into_iter()
            .map(|(minute, (good, total))| {
                let start = Timestamp::from_second(minute * 60).expect("a time");
                format!(r#"{{"start":"{start}","good":{good},"total":{total},"revision":7}}"#)
            })
            .collect();
        let directory = tempfile::tempdir().expect("a directory");
        let good = expression.parse().expect("an expression");
        for format in [LogFormat::Common, LogFormat::Alb, LogFormat::Cloudfront, LogFormat::ApiGateway] {
            if format == LogFormat::Common && expression.contains("duration") {
                continue;
            }
            let header = match format {
                LogFormat::Cloudfront => "#Version: 1.0\n#Fields: date time sc-bytes c-ip cs-method cs-uri-stem sc-status cs-uri-query time-taken\n",
                _ => "",
            };
            let (one, two) = events.split_at(split.min(events.len()));
            let mut files = Vec::new();
            for (name, part) in [("one", one), ("two", two)] {
                let lines: Vec<String> = part.iter().map(|event| event.line(format)).collect();
                let mut text = format!("{header}{}\n", lines.join("\n")).into_bytes();
                if packed {
                    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                    encoder.write_all(&text).expect("packed");
                    text = encoder.finish().expect("packed");
                }
                let file = directory.path().join(name);
                fs::write(&file, text).expect("written");
                files.push(file);
            }
            for told in [None, Some(format)] {
                let (measurements, unreadable) = read(&files, told, &good, 7).expect("read");
                prop_assert_eq!(unreadable.count(), 0, "{}", unreadable);
                let found: Vec<String> = measurements.iter().map(Measurement::json).collect();
                prop_assert_eq!(&found, &expected, "{:?} {}", format, expression);
            }
        }
    }
}
