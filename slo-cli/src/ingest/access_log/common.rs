//! The Common and Combined Log Format.
//!
//! `host ident user [day/Mon/year:h:m:s ±zone] "request" status bytes "referer" "agent"`,
//! written by hand because what matters is what the format's descriptions leave out: users
//! with blanks, escaped quotes, requests that are no HTTP, lines cut off or run together.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::ingest::event::{self, Event};

/// Reads one line; says what is wrong with it otherwise.
pub(super) fn parse(line: &str) -> Result<(Timestamp, Event<'_>), String> {
    let (host, rest) = line.split_once(' ').ok_or("it does not begin with `host ident user`")?;
    let (time, rest) = find_time(rest)?;
    let rest = rest.strip_prefix(" \"").ok_or("no request in quotes after the time")?;
    let (request, rest) = quoted(rest).ok_or("the quotes of the request are not closed")?;
    let mut fields = rest.strip_prefix(' ').ok_or("no status after the request")?.splitn(3, ' ');
    let status = event::status(fields.next().unwrap_or_default())?;
    let bytes = event::bytes(fields.next().ok_or("no bytes after the status")?)?;
    // A line may be cut off in its agent; but what follows must not be another event.
    let tail = fields.next().unwrap_or_default();
    if !is_well_formed(tail) && find_time(tail).is_ok() {
        return Err("two lines run together".to_owned());
    }
    let mut words = request.split(' ');
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let event = Event { status, bytes, duration: None, method: method.into(), path: path.into(), host: host.into() };
    Ok((time, event))
}

/// The time between ` [` and `]`, and what follows; idents and users before it may hold anything.
fn find_time(text: &str) -> Result<(Timestamp, &str), String> {
    let (mut other, mut end) = (None, 0);
    for (index, blank) in text.match_indices(" [") {
        let start = index + blank.len();
        // Many may be closed by the same `]`, which is looked for once.
        if end < start {
            let Some(length) = text[start..].find(']') else { break };
            end = start + length;
        }
        let inside = &text[start..end];
        match timestamp(inside) {
            Some(time) => return Ok((time, &text[end + 1..])),
            None => other = Some(inside),
        }
    }
    Err(match other {
        Some(inside) => {
            let shown: String = inside.chars().take(80).collect();
            format!("{shown:?} is no time such as 17/May/2015:10:05:03 +0000")
        }
        None => "no time in brackets, such as [17/May/2015:10:05:03 +0000]".to_owned(),
    })
}

/// `17/May/2015:10:05:03 +0000`
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (local, zone) = text.split_once(' ')?;
    let (date, clock) = local.split_once(':')?;
    let [day, month, year] = parts(date, '/')?;
    let [hour, minute, second] = parts(clock, ':')?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))? + 1;
    // 60 is a leap second: UTC as we count it repeats the 59th.
    let second = number(second, 2)?.min(59);
    let local = DateTime::new(
        number(year, 4)?,
        i8::try_from(month).ok()?,
        i8::try_from(number(day, 2)?).ok()?,
        i8::try_from(number(hour, 2)?).ok()?,
        i8::try_from(number(minute, 2)?).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    let (sign, zone) = zone.strip_prefix('-').map(|zone| (-1, zone)).or_else(|| Some((1, zone.strip_prefix('+')?)))?;
    let zone = i32::from(number(zone, 4)?);
    let offset = Offset::from_seconds(sign * (zone / 100 * 3600 + zone % 100 * 60)).ok()?;
    offset.to_timestamp(local.ok()?).ok()
}

fn parts(text: &str, separator: char) -> Option<[&str; 3]> {
    let parts: Vec<&str> = text.split(separator).collect();
    parts.try_into().ok()
}

fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// What stands before the closing quote, and what follows it; `\"` does not close.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some((&text[..index], &text[index + 1..])),
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    None
}

/// Whether `text` is words and quoted texts with blanks between.
pub(super) fn is_well_formed(mut text: &str) -> bool {
    while !text.is_empty() {
        let rest = match text.strip_prefix('"') {
            Some(inside) => quoted(inside).map(|(_, rest)| rest),
            None => Some(&text[text.find(' ').unwrap_or(text.len())..]),
        };
        text = match rest {
            Some("") => "",
            Some(rest) => match rest.strip_prefix(' ') {
                Some(next) => next,
                None => return false,
            },
            None => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "[29/Feb/2024:23:59:58 +0000]";

    fn event(line: &str) -> (String, Event<'_>) {
        let (time, event) = parse(line).unwrap_or_else(|reason| panic!("{line}: {reason}"));
        (time.to_string(), event)
    }

    fn reason(line: &str) -> String {
        parse(line).expect_err(line)
    }

    #[test]
    fn common_and_combined() {
        let common = format!(r#"192.0.2.1 - - {TIME} "GET /a?b=c HTTP/1.1" 200 1234"#);
        let expected = Event {
            status: 200,
            bytes: 1234,
            duration: None,
            method: "GET".into(),
            path: "/a?b=c".into(),
            host: "192.0.2.1".into(),
        };
        assert_eq!(event(&common), ("2024-02-29T23:59:58Z".to_owned(), expected));
        let combined = format!(r#"{common} "http://example.com/" "Agent/1.0 (x; \"y\")""#);
        assert_eq!(event(&combined).1, event(&common).1);
        let more = format!(r#"{combined} 0.005 "-""#);
        assert_eq!(event(&more).1, event(&common).1);
    }

    #[test]
    fn hosts_and_users_of_all_kinds() {
        for (start, host) in [
            ("2001:db8::1 - -", "2001:db8::1"),
            ("::1 - ann", "::1"),
            ("client.example - Ann Smith", "client.example"),
            ("192.0.2.1 - [odd] user [x", "192.0.2.1"),
            ("shop.example:443 192.0.2.1 - -", "shop.example:443"),
        ] {
            let line = format!(r#"{start} {TIME} "GET / HTTP/1.1" 200 -"#);
            assert_eq!(event(&line).1.host, host);
            assert_eq!(event(&line).1.bytes, 0);
        }
    }

    #[test]
    fn requests_that_are_hardly_http() {
        for (request, method, path) in [
            (r#"GET /\"quoted\\\" HTTP/1.1"#, "GET", r#"/\"quoted\\\""#),
            (r"GET /back\\", "GET", r"/back\\"),
            ("-", "-", ""),
            ("", "", ""),
            (r"\x16\x03\x01", r"\x16\x03\x01", ""),
            ("GET /[brackets] HTTP/1.1", "GET", "/[brackets]"),
        ] {
            let line = format!(r#"192.0.2.1 - - {TIME} "{request}" 400 226 "-" "-""#);
            let event = event(&line).1;
            assert_eq!((&*event.method, &*event.path, event.status), (method, path, 400), "{line}");
        }
    }

    #[test]
    fn zones_and_the_end_of_months() {
        for (time, utc) in [
            ("29/Feb/2024:23:30:00 -0130", Some("2024-03-01T01:00:00Z")),
            ("01/Mar/2023:00:15:00 +0100", Some("2023-02-28T23:15:00Z")),
            ("31/Dec/2023:18:00:00 -0600", Some("2024-01-01T00:00:00Z")),
            ("01/Jan/2024:05:29:59 +0530", Some("2023-12-31T23:59:59Z")),
            ("30/Jun/2015:23:59:60 +0000", Some("2015-06-30T23:59:59Z")),
            ("29/Feb/2023:00:00:00 +0000", None),
            ("31/Apr/2024:00:00:00 +0000", None),
            ("1/Mar/2024:00:00:00 +0000", None),
            ("01/Mai/2024:00:00:00 +0000", None),
            ("01/Mar/2024:24:00:00 +0000", None),
            ("01/Mar/2024:00:00:00", None),
            ("01/Mar/2024:00:00:00 UTC", None),
            ("01/Mar/2024:00:00:00 +9900", None),
        ] {
            assert_eq!(timestamp(time).map(|time| time.to_string()).as_deref(), utc, "{time}");
        }
    }

    #[test]
    fn malformed_lines_say_why() {
        let start = format!("192.0.2.1 - - {TIME}");
        for (line, why) in [
            ("garbage".to_owned(), "host ident user"),
            ("a b c d".to_owned(), "no time in brackets"),
            (r#"a - - [x] "GET /" 200 1"#.to_owned(), "\"x\" is no time"),
            (format!("{start} GET / 200 1"), "no request in quotes"),
            (format!(r#"{start} "GET / 200 1"#), "not closed"),
            (format!(r#"{start} "GET /""#), "no status"),
            (format!(r#"{start} "GET /" 20 1"#), "not three digits"),
            (format!(r#"{start} "GET /" - 1"#), "not three digits"),
            (format!(r#"{start} "GET /" 200"#), "no bytes"),
            (format!(r#"{start} "GET /" 200 x"#), "neither a number"),
            (format!(r#"{start} "GET /" 200 99999999999999999999"#), "too many bytes"),
        ] {
            assert!(reason(&line).contains(why), "{line}: {}", reason(&line));
        }
    }

    /// Were the end looked for anew from each bracket, half a million of them would take half a minute.
    #[test]
    fn a_line_of_nothing_but_brackets_is_read_once() {
        let brackets = " [".repeat(500_000);
        let began = std::time::Instant::now();
        assert!(reason(&format!("a{brackets}]")).ends_with("is no time such as 17/May/2015:10:05:03 +0000"));
        let tail = format!(r#"a - - {TIME} "GET /" 200 1 "{brackets}]"#);
        assert_eq!(event(&tail).1.status, 200);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn a_cut_agent_loses_nothing_but_a_second_event_would_be_lost() {
        let line = format!(r#"192.0.2.1 - - {TIME} "GET /" 200 1 "-" "Agent"#);
        assert_eq!(event(&line).1.status, 200);
        assert_eq!(reason(&format!("{line}{line}")), "two lines run together");
        // An agent that looks like a time is a text like any other.
        let agent = format!(r#"{line} {TIME}""#);
        assert_eq!(event(&agent).1.status, 200);
    }
}
