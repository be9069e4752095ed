//! Access logs of API Gateway: an object of JSON a line, with the members that its user chose.
//!
//! They are known by the names that the variables have: `"status":"$context.status"`.

use std::borrow::Cow;

use jiff::Timestamp;
use slo_core::Json;

use super::common;
use crate::ingest::event::{self, Event};
use crate::ingest::good::{Field, Good};

/// The object of a line, which an export of CloudWatch has put a time before.
pub(super) fn object(line: &str) -> Option<&str> {
    let start = line.find('{')?;
    let before = line[..start].trim();
    (before.is_empty() || before.parse::<Timestamp>().is_ok()).then(|| &line[start..])
}

/// Reads one line; says what is wrong with it otherwise.
pub(super) fn parse(line: &str, good: &Good) -> Result<(Timestamp, Event<'static>), String> {
    let object = object(line).ok_or("it is no object of JSON")?;
    let entry = Json::parse(object.as_bytes()).map_err(|error| format!("it is no JSON: {error}"))?;
    let member = |name: &str| entry.get(name).and_then(Json::text);
    let status = member("status").ok_or_else(|| missing("status", "", "status"))?;
    // Of several members the first that is there; none is needed that is not asked for.
    let of = |field: Field, names: &[&str]| match names.iter().find_map(|name| member(name)) {
        None if good.uses(field) => Err(missing(names[0], ", which --good needs", variable(names[0]))),
        found => Ok(found.unwrap_or("-")),
    };
    let route = |part: usize| member("routeKey").and_then(|route| route.split(' ').nth(part));
    let text = |field: Field, names: &[&str], of_route: usize| match names.iter().find_map(|name| member(name)) {
        Some(text) => Ok(Cow::Owned(text.to_owned())),
        None => match route(of_route) {
            Some(text) => Ok(Cow::Owned(text.to_owned())),
            None => of(field, names).map(|_| Cow::Borrowed("-")),
        },
    };
    let duration = match of(Field::Duration, &["responseLatency"])? {
        "-" => None,
        text => Some(
            event::milliseconds(text)
                .ok_or_else(|| format!("the responseLatency is {text:?}, neither milliseconds nor `-`"))?,
        ),
    };
    let event = Event {
        status: event::status_if_any(status)?,
        bytes: event::bytes(of(Field::Bytes, &["responseLength"])?)?,
        duration,
        method: text(Field::Method, &["httpMethod"], 0)?,
        path: text(Field::Path, &["path", "resourcePath"], 1)?,
        host: of(Field::Host, &["ip", "sourceIp"])?.to_owned().into(),
    };
    Ok((time(&member)?, event))
}

/// The time of the request, in milliseconds since the epoch or as in the Common Log Format.
fn time<'j>(member: &impl Fn(&str) -> Option<&'j str>) -> Result<Timestamp, String> {
    let known = |name| member(name).filter(|text| *text != "-");
    if let Some(text) = known("requestTimeEpoch") {
        let time = text.parse().ok().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        return time.ok_or_else(|| format!("the requestTimeEpoch is {text:?}, not milliseconds such as 1795176000000"));
    }
    let Some(text) = known("requestTime") else {
        return Err(missing("requestTimeEpoch", " and no requestTime", "requestTimeEpoch"));
    };
    common::timestamp(text).ok_or_else(|| format!("the requestTime is {text:?}, not as in 17/May/2015:10:05:03 +0000"))
}

/// That a member is not there, and how it comes to be.
fn missing(name: &str, why: &str, variable: &str) -> String {
    format!(r#"it has no {name}{why}; add "{name}":"$context.{variable}" to the format of the access log"#)
}

/// The variable whose value the member holds.
fn variable(name: &str) -> &str {
    if name == "ip" { "identity.sourceIp" } else { name }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn read(line: &str, good: &str) -> Result<(String, Event<'static>), String> {
        parse(line, &good.parse().expect("an expression")).map(|(time, event)| (time.to_string(), event))
    }

    #[test]
    fn strings_and_numbers_are_the_same() {
        let expected = Event {
            status: 200,
            bytes: 366,
            duration: Some(Duration::from_millis(86)),
            method: "GET".into(),
            path: "/a".into(),
            host: "192.0.2.1".into(),
        };
        for line in [
            r#"{"requestId":"x","ip":"192.0.2.1","requestTime":"28/Feb/2026:22:59:59 +0000","httpMethod":"GET","resourcePath":"/a","status":"200","responseLength":"366","responseLatency":"86"}"#,
            r#"{"sourceIp":"192.0.2.1","requestTimeEpoch":1772319599000,"routeKey":"GET /a","status":200,"responseLength":366,"responseLatency":86}"#,
            r#"2026-02-28T23:00:04.123Z {"ip":"192.0.2.1","requestTimeEpoch":"1772319599000","requestTime":"-","httpMethod":"GET","path":"/a","resourcePath":"/{x}","status":"200","responseLength":"366","responseLatency":86.000}"#,
        ] {
            let read = read(line, "duration < 1 and path == '/a' and host == 'x' and method == 'GET'").expect(line);
            assert_eq!(read, ("2026-02-28T22:59:59Z".to_owned(), expected.clone()), "{line}");
        }
    }

    #[test]
    fn a_hyphen_is_nothing() {
        let line = r#"{"requestTimeEpoch":"1772319599999","status":"-","responseLength":"-","responseLatency":"-","routeKey":"$default"}"#;
        let event = read(line, "duration < 1 and bytes < 5 and method == 'x'").expect(line).1;
        assert_eq!((event.status, event.bytes, event.duration), (0, 0, None));
        assert_eq!((&*event.method, &*event.path, &*event.host), ("$default", "-", "-"));
    }

    #[test]
    fn malformed_lines_say_why() {
        for (line, good, why) in [
            ("GET / 200", "status < 500", "it is no object"),
            (r#"{"status":"200","#, "status < 500", "it is no JSON"),
            (r#"{"requestTimeEpoch":"1"}"#, "status < 500", r#"it has no status; add "status":"$context.status""#),
            (
                r#"{"status":"200"}"#,
                "status < 500",
                "no requestTimeEpoch and no requestTime; add \"requestTimeEpoch\":",
            ),
            (r#"{"status":"200","requestTimeEpoch":"-"}"#, "status < 500", "no requestTimeEpoch and no requestTime"),
            (r#"{"status":"200","requestTimeEpoch":"soon"}"#, "status < 500", "the requestTimeEpoch is \"soon\""),
            (r#"{"status":"200","requestTime":"2026-02-28"}"#, "status < 500", "the requestTime is \"2026-02-28\""),
            (r#"{"status":"OK","requestTimeEpoch":"1"}"#, "status < 500", "the status is \"OK\""),
            (
                r#"{"status":"200","requestTimeEpoch":"1"}"#,
                "duration < 1",
                "no responseLatency, which --good needs; add \"responseLatency\":\"$context.responseLatency\"",
            ),
            (r#"{"status":"200","requestTimeEpoch":"1"}"#, "host == 'x'", "add \"ip\":\"$context.identity.sourceIp\""),
            (r#"{"status":"200","requestTimeEpoch":"1"}"#, "path == 'x'", "it has no path, which --good needs"),
            (
                r#"{"status":"200","requestTimeEpoch":"1","responseLatency":"1ms"}"#,
                "duration < 1",
                "neither milliseconds nor",
            ),
        ] {
            let reason = read(line, good).expect_err(line);
            assert!(reason.contains(why), "{line}: {reason}");
        }
    }
}
