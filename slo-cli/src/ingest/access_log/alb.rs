//! Access logs of an Application Load Balancer.
//!
//! `type time elb client:port target:port request_processing_time target_processing_time
//! response_processing_time elb_status_code target_status_code received_bytes sent_bytes "request" …`

use std::time::Duration;

use jiff::Timestamp;

use super::common::{is_well_formed, quoted};
use crate::ingest::event::{self, Event};

/// What an entry may begin with.
const TYPES: [&str; 6] = ["http", "https", "h2", "grpcs", "ws", "wss"];

/// Whether a line begins as an entry does: with its type and a time.
pub(super) fn begins(line: &str) -> bool {
    line.split_once(' ')
        .is_some_and(|(kind, rest)| TYPES.contains(&kind) && rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Reads one line; says what is wrong with it otherwise.
pub(super) fn parse(line: &str) -> Result<(Timestamp, Event<'_>), String> {
    let mut words = line.splitn(13, ' ');
    let mut word = |what: &str| words.next().filter(|word| !word.is_empty()).ok_or_else(|| format!("no {what}"));
    let kind = word("type")?;
    if !TYPES.contains(&kind) {
        return Err(format!("it begins with {kind:?}, not with http, https, h2, grpcs, ws or wss"));
    }
    let time = word("time")?;
    let time: Timestamp =
        time.parse().map_err(|_| format!("{time:?} is no time such as 2026-11-20T12:00:00.123456Z"))?;
    word("load balancer")?;
    let client = word("client")?;
    word("target")?;
    let mut duration = Some(Duration::ZERO);
    for what in ["request_processing_time", "target_processing_time", "response_processing_time"] {
        let took = part(word(what)?).map_err(|text| format!("the {what} is {text:?}, neither seconds nor -1"))?;
        duration = duration.zip(took).and_then(|(sum, took)| sum.checked_add(took));
    }
    let status = event::status_if_any(word("elb_status_code")?)?;
    word("target_status_code")?;
    event::bytes(word("received_bytes")?)?;
    let bytes = event::bytes(word("sent_bytes")?)?;
    let request = word("request")?.strip_prefix('"').ok_or("no request in quotes after the bytes")?;
    let (request, tail) = quoted(request).ok_or("the quotes of the request are not closed")?;
    // As of other logs: what is cut off later is not needed, but must not hold another event.
    if !is_well_formed(tail.trim_start()) && holds_another(tail) {
        return Err("two lines run together".to_owned());
    }
    let mut words = request.split(' ');
    let method = words.next().unwrap_or_default();
    let path = path(words.next().unwrap_or_default());
    let event = Event { status, bytes, duration, method: method.into(), path: path.into(), host: host(client).into() };
    Ok((time, event))
}

/// Seconds, none for what was not finished (-1); what is neither comes back.
fn part(text: &str) -> Result<Option<Duration>, &str> {
    if matches!(text, "-1" | "-") { Ok(None) } else { event::seconds(text).map(Some).ok_or(text) }
}

/// The address of `192.0.2.1:2817`, also of `[2001:db8::1]:2817`.
fn host(client: &str) -> &str {
    let host = client.rsplit_once(':').map_or(client, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Path and query of a whole URL.
fn path(url: &str) -> &str {
    let after = url.find("://").map_or(url, |scheme| &url[scheme + 3..]);
    if after.len() == url.len() { url } else { after.find('/').map_or("", |slash| &after[slash..]) }
}

/// Whether an entry begins somewhere in `text`: a time before the name of a load balancer.
fn holds_another(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(2).any(|pair| pair[1].starts_with("app/") && pair[0].parse::<Timestamp>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = r#"- - arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2026-02-28T22:58:59.9Z "forward" "-" "-" "192.0.2.80:80" "200" "-" "-""#;

    fn line(kind: &str, client: &str, times: &str, statuses: &str, request: &str) -> String {
        format!(
            r#"{kind} 2026-02-28T22:59:00.186641Z app/shop/50dc6c495c0c9188 {client} 192.0.2.80:80 {times} {statuses} 34 366 "{request}" "curl/8 (\"x\")" {TAIL}"#
        )
    }

    fn event(line: &str) -> Event<'_> {
        let (time, event) = parse(line).unwrap_or_else(|reason| panic!("{line}: {reason}"));
        assert_eq!(time.to_string(), "2026-02-28T22:59:00.186641Z");
        event
    }

    #[test]
    fn an_entry_is_read() {
        let request = "GET https://shop.example:443/a?b=c HTTP/1.1";
        let text = line("https", "192.0.2.1:2817", "0.086 0.048 0.037", "200 200", request);
        let expected = Event {
            status: 200,
            bytes: 366,
            duration: Some(Duration::from_millis(171)),
            method: "GET".into(),
            path: "/a?b=c".into(),
            host: "192.0.2.1".into(),
        };
        assert_eq!(event(&text), expected);
        // Without all that came later than the first version of the format, or cut off in the agent.
        let end = text.find("\" \"curl").expect("an agent");
        assert_eq!(event(&text[..=end]), expected);
        assert_eq!(event(&text[..end + 8]), expected);
    }

    #[test]
    fn what_was_not_finished_has_no_duration() {
        for (times, statuses, status) in
            [("0.001 -1 -1", "502 -", 502), ("-1 -1 -1", "460 -", 460), ("-1 -1 -1", "301 -", 301), ("- - -", "- -", 0)]
        {
            let text = line("h2", "192.0.2.1:2817", times, statuses, "GET https://shop.example:443/ HTTP/2.0");
            let event = event(&text);
            assert_eq!((event.status, event.duration), (status, None), "{times}");
        }
    }

    #[test]
    fn clients_and_requests_of_all_kinds() {
        for (kind, client, request, host, method, path) in [
            ("ws", "192.0.2.1:40914", "GET http://shop.example:80/feed HTTP/1.1", "192.0.2.1", "GET", "/feed"),
            ("wss", "[2001:db8::1]:443", "GET https://shop.example:443 HTTP/1.1", "2001:db8::1", "GET", ""),
            (
                "http",
                "2001:db8::1:443",
                r#"GET http://shop.example:80/\"x\" HTTP/1.1"#,
                "2001:db8::1",
                "GET",
                r#"/\"x\""#,
            ),
            ("http", "192.0.2.1:1", "- http://shop.example:80- -", "192.0.2.1", "-", ""),
            ("grpcs", "-", "POST /package.Service/Call HTTP/2", "-", "POST", "/package.Service/Call"),
            ("http", "192.0.2.1:1", "", "192.0.2.1", "", ""),
        ] {
            let text = line(kind, client, "0.000 0.001 0.000", "101 101", request);
            let event = event(&text);
            assert_eq!((&*event.host, &*event.method, &*event.path), (host, method, path), "{request}");
        }
    }

    #[test]
    fn malformed_lines_say_why() {
        let good = line("http", "192.0.2.1:1", "0.000 0.001 0.000", "200 200", "GET http://shop.example:80/ HTTP/1.1");
        let start = good.find("34 366").expect("the bytes");
        let cut_in_agent = &good[..good.find("curl").expect("an agent") + 2];
        for (line, why) in [
            (String::new(), "no type"),
            (good.replacen("http ", "tls ", 1), "begins with \"tls\""),
            (good.replacen("2026-02-28T", "2026-02-30T", 1), "is no time such as"),
            (good.replacen("0.001", "0,001", 1), "the target_processing_time is \"0,001\""),
            (good.replacen("200 200", "2xx 200", 1), "the status is \"2xx\""),
            (good.replacen("34 366", "34 -366", 1), "the bytes are \"-366\""),
            (good[..start].trim_end().to_owned(), "no received_bytes"),
            (good[..start + 10].to_owned(), "the quotes of the request are not closed"),
            (good.replacen("\"GET", "GET", 1), "no request in quotes"),
            (format!("{cut_in_agent}{good}"), "two lines run together"),
        ] {
            let reason = parse(&line).expect_err(&line);
            assert!(reason.contains(why), "{line}: {reason}");
        }
    }
}
