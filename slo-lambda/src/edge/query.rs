//! The parameters after the question mark.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use slo_core::{Filter, MAX_PAGE, Name, Shorthand};

use super::cursor::CursorKey;
use super::links::{Base, Links};
use super::problem::Problem;

/// The default number of items of a page.
const DEFAULT_LIMIT: usize = 50;

/// Parameters, each of them asked for by name; faults are gathered until [`Query::close`].
pub(crate) struct Query {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<(String, String)>,
    /// Whether what nobody asks for is a fault.
    strict: bool,
    pub(crate) raw: String,
}

impl Query {
    /// Says that a parameter cannot be used.
    pub(crate) fn fault(&mut self, name: &str, detail: String) {
        self.faults.push((name.to_owned(), detail));
    }

    /// As a form sends them, or a link that somebody was sent: a field that was left blank was not filled in, blanks around
    /// are nobody's intention, and what others have written behind an address is not ours.
    pub(crate) fn of_form(mut self) -> Self {
        self.given.retain(|(_, value)| !value.trim().is_empty());
        self.rewrite(|_, value| value.trim().to_owned());
        self.strict = false;
        self
    }

    /// Puts values as they are meant in the place of what was written, by their names.
    pub(crate) fn rewrite(&mut self, meant: impl Fn(&str, &str) -> String) {
        for (name, value) in &mut self.given {
            *value = meant(name, value);
        }
    }

    /// What is written for a parameter, whatever it is.
    pub(crate) fn written(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Assumes a value for a parameter that is not given.
    pub(crate) fn assume(&mut self, name: &str, value: &str) {
        if self.given.iter().all(|(given, _)| given != name) {
            self.given.push((name.to_owned(), value.to_owned()));
        }
    }

    /// A parameter as it was written.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut values = self.given.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
        let first = values.next();
        if values.next().is_some() {
            self.fault(name, "give it once".to_owned());
        }
        first
    }

    /// A parameter in its own syntax.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error: T::Err| self.fault(name, error.to_string())).ok()
    }

    /// A parameter that must be there; otherwise what to write.
    pub(crate) fn required<T: FromStr<Err: Display>>(&mut self, name: &'static str, wanted: &str) -> Option<T> {
        let faults = self.faults.len();
        let found = self.parse(name);
        if found.is_none() && self.faults.len() == faults {
            self.fault(name, wanted.to_owned());
        }
        found
    }

    /// A whole number of a range.
    pub(crate) fn number(&mut self, name: &'static str, range: RangeInclusive<usize>) -> Option<usize> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(name, format!("write a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy, const N: usize>(
        &mut self,
        name: &'static str,
        words: [(&'static str, T); N],
    ) -> Option<T> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.fault(name, format!("write one of {}", words.map(|(word, _)| word).join(", ")));
        }
        found
    }

    /// An RFC 3339 time.
    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let time = parse_time(&text);
        if time.is_none() {
            self.fault(name, format!("{TIME_SYNTAX} (in a URL, + is %2B)"));
        }
        time
    }

    /// An RFC 3339 time, or a date, whose midnight in UTC is meant.
    pub(crate) fn day(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let day = parse_day(&text);
        if day.is_none() {
            self.fault(name, format!("write a date such as 2026-12-04, or {TIME} (in a URL, + is %2B)"));
        }
        day
    }

    /// Likewise, or how long after a time; it must be there.
    pub(crate) fn day_after(&mut self, name: &'static str, start: Timestamp) -> Option<Timestamp> {
        let faults = self.faults.len();
        let text = self.text(name);
        let after = |length: Shorthand| {
            let minutes = i64::try_from(length.minutes()?).ok()?;
            start.checked_add(SignedDuration::try_from_mins(minutes)?).ok()
        };
        let found = text.and_then(|text| parse_day(&text).or_else(|| after(text.parse().ok()?)));
        if found.is_none() && self.faults.len() == faults {
            let detail = format!("write a date such as 2026-12-04, a duration such as 14d, or {TIME}");
            self.fault(name, format!("{detail} (in a URL, + is %2B)"));
        }
        found
    }

    /// A place in a list of items.
    pub(crate) fn limit(&mut self) -> usize {
        self.number("limit", 1..=MAX_PAGE).unwrap_or(DEFAULT_LIMIT)
    }

    /// The filters that lists of definitions know.
    pub(crate) fn filter(&mut self) -> Filter {
        let label = self.text("label").and_then(|label| {
            let pair = label.split_once(':').map(|(key, value)| (key.to_owned(), value.to_owned()));
            if pair.is_none() {
                self.fault("label", "write key:value".to_owned());
            }
            pair
        });
        Filter { service: self.parse("service"), owner: self.parse("owner"), label, indicator: None }
    }

    /// The cursor, still sealed.
    pub(crate) fn cursor(&mut self) -> Option<String> {
        self.text("cursor")
    }

    /// Every fault of the parameters at once, those nobody asked for included.
    pub(crate) fn close(mut self) -> Result<(), Problem> {
        let known = if self.known.is_empty() { "none".to_owned() } else { self.known.join(", ") };
        let given = if self.strict { std::mem::take(&mut self.given) } else { Vec::new() };
        for (name, _) in given.iter().filter(|(name, _)| !self.known.contains(&name.as_str())) {
            let shown: String = name.chars().take(40).collect();
            self.faults.push((shown, format!("there is no such parameter here; there are: {known}")));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid_parameters(self.faults)) }
    }
}

/// A time, or a date.
fn parse_day(text: &str) -> Option<Timestamp> {
    parse_time(text).or_else(|| parse_time(&format!("{text}T00:00:00Z")))
}

const TIME: &str = "a time in RFC 3339 such as 2026-11-20T12:00:00Z";
/// What to write where a time is wanted.
pub(crate) const TIME_SYNTAX: &str = "write a time in RFC 3339, such as 2026-11-20T12:00:00Z";

/// RFC 3339, from the year 3 on: nothing the store could not put in order, nor any window before it.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let (date_time, rest) = text.split_at_checked(19)?;
    let shape = date_time.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        literal => byte == *literal,
    });
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (fraction, zone) = rest.split_at(zone_at);
    let digits = fraction.strip_prefix('.');
    let fraction_ok =
        fraction.is_empty() || digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
    let zone_ok = matches!(zone, "Z" | "z")
        || zone.len() == 6 && zone.as_bytes()[3] == b':' && zone[1..3] < *"24" && zone[4..] < *"60";
    if !(shape && fraction_ok && zone_ok) {
        return None;
    }
    // Beyond nanoseconds nothing is told apart.
    let fraction = digits.map_or_else(String::new, |digits| format!(".{}", &digits[..digits.len().min(9)]));
    let time = match format!("{date_time}{fraction}{zone}").parse() {
        Ok(time) => time,
        // The last hours of the year 9999 are a time, if one out of reach.
        Err(_) if date_time.starts_with("9999-12-3") && date_time.parse::<jiff::civil::DateTime>().is_ok() => {
            Timestamp::MAX
        }
        Err(_) => return None,
    };
    (time.as_second() >= FIRST_SECOND).then_some(time)
}

/// 0003-01-01T00:00:00Z
const FIRST_SECOND: i64 = -62_072_524_800;

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(given) = axum::extract::Query::try_from_uri(&parts.uri).map_err(|_| {
            let detail = "the parameters cannot be read; escape them as in a form";
            Problem::invalid_parameters(vec![("query".to_owned(), detail.to_owned())])
        })?;
        Ok(Self {
            given,
            known: Vec::new(),
            faults: Vec::new(),
            strict: true,
            raw: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

/// A route without parameters.
pub(crate) struct NoQuery;

impl<S: Sync> FromRequestParts<S> for NoQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::from_request_parts(parts, state).await?.close().map(|()| Self)
    }
}

/// What a page of a list is asked for with.
pub(crate) struct Paging {
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
    pub(crate) after: Option<Name>,
    path: String,
    list: String,
    raw: String,
}

impl Paging {
    /// Reads filters, limit and cursor of the list at `path`.
    pub(crate) fn read(mut query: Query, path: &str, key: &CursorKey) -> Result<Self, Problem> {
        let filter = query.filter();
        Self::of(query, path, filter, key)
    }

    /// Reads limit and cursor of the list at `path` of what matches a filter.
    pub(crate) fn of(mut query: Query, path: &str, filter: Filter, key: &CursorKey) -> Result<Self, Problem> {
        let (limit, cursor) = (query.limit(), query.cursor());
        let raw = query.raw.clone();
        query.close()?;
        let list = format!("{path}?{filter:?}");
        let place = cursor.map(|cursor| key.open(&list, &cursor)).transpose()?;
        let after = place.and_then(|place| place.parse().ok());
        Ok(Self { filter, limit, after, path: path.to_owned(), list, raw })
    }

    /// The cursor of the page after `name`.
    pub(crate) fn next(&self, key: &CursorKey, name: &Name) -> String {
        key.seal(&self.list, name.as_str())
    }

    /// This page, and the one after it.
    pub(crate) fn links(&self, base: &Base, next: Option<&str>) -> Links {
        page_links(base, &self.path, &self.raw, next)
    }
}

/// The page of a list that a query asked for, and the one after it.
pub(crate) fn page_links(base: &Base, path: &str, query: &str, next: Option<&str>) -> Links {
    let href = |query: &str| base.href(&if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") });
    let links = Links::default().add("self", "GET", href(query));
    let Some(next) = next else { return links };
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("cursor={next}")]).collect();
    links.add("next", "GET", href(&query.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_and_nothing_wider() {
        for good in [
            "2026-11-20T12:00:00Z",
            "2026-11-20t12:00:00z",
            "2026-11-20 12:00:00.5+05:30",
            "2026-11-20T12:00:00.1234567890123Z",
            "0003-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            assert!(parse_time(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2026-11-20",
            "2026-11-20T12:00Z",
            "2026-11-20T12:00:00",
            "2026-11-20T12:00:00Z[UTC]",
            "2026-11-20T12:00:00,5Z",
            "2026-11-20T12:00:00.Z",
            "2026-11-20T12:00:00+0530",
            "2026-11-20T12:00:00+05",
            "2026-11-20T12:00:00+24:00",
            "2026-11-20T12:00:00+05:60",
            "2026-02-30T12:00:00Z",
            "2026-11-20T25:00:00Z",
            "0002-12-31T23:59:59Z",
            "-009999-01-01T00:00:00Z",
            "12345678901234567890é",
        ] {
            assert!(parse_time(bad).is_none(), "{bad}");
        }
    }
}
