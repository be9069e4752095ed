//! The parameters after the question mark.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::Timestamp;
use slo_core::{Filter, MAX_PAGE, Name};

use super::cursor::CursorKey;
use super::problem::Problem;

/// The default number of items of a page.
const DEFAULT_LIMIT: usize = 50;

/// Parameters, each of them asked for by name; faults are gathered until [`Query::close`].
pub(crate) struct Query {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    faults: Vec<(&'static str, String)>,
}

impl Query {
    fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let mut values = self.given.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
        let first = values.next();
        if values.next().is_some() {
            self.faults.push((name, "give it once".to_owned()));
        }
        first
    }

    /// A parameter in its own syntax.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error: T::Err| self.faults.push((name, error.to_string()))).ok()
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
            self.faults.push((name, format!("write one of {}", words.map(|(word, _)| word).join(", "))));
        }
        found
    }

    /// An RFC 3339 time.
    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.text(name)?;
        let time = parse_time(&text);
        if time.is_none() {
            self.faults.push((name, TIME_SYNTAX.to_owned()));
        }
        time
    }

    /// A place in a list of items.
    pub(crate) fn limit(&mut self) -> usize {
        let text = self.text("limit");
        let limit = text.as_ref().map_or(Some(DEFAULT_LIMIT), |text| text.parse().ok());
        limit.filter(|limit| (1..=MAX_PAGE).contains(limit)).unwrap_or_else(|| {
            self.faults.push(("limit", format!("write a whole number from 1 to {MAX_PAGE}")));
            DEFAULT_LIMIT
        })
    }

    /// The filters that lists of definitions know.
    pub(crate) fn filter(&mut self) -> Filter {
        let label = self.text("label").and_then(|label| {
            let pair = label.split_once(':').map(|(key, value)| (key.to_owned(), value.to_owned()));
            if pair.is_none() {
                self.faults.push(("label", "write key:value".to_owned()));
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
        let known = self.known.join(", ");
        if let Some((name, _)) = self.given.iter().find(|(name, _)| !self.known.contains(&name.as_str())) {
            let shown: String = name.chars().take(40).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known };
            self.faults.push(("", format!("there is no parameter {shown:?} here; there are: {known}")));
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Problem::invalid_parameters(self.faults)) }
    }
}

/// What to write where a time is wanted.
pub(crate) const TIME_SYNTAX: &str = "write a time in RFC 3339, such as 2026-11-20T12:00:00Z (in a URL, + is %2B)";

/// RFC 3339 with four digits of year: nothing the store could not put in order.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    let four_digits =
        text.len() >= 20 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.as_bytes()[4] == b'-';
    let time: Timestamp = text.parse().ok().filter(|_| four_digits)?;
    // An offset could still lead out of the year 0000.
    (time.as_second() >= FIRST_SECOND).then_some(time)
}

/// 0000-01-01T00:00:00Z
const FIRST_SECOND: i64 = -62_167_219_200;

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(given) = axum::extract::Query::try_from_uri(&parts.uri).map_err(|_| {
            Problem::invalid_parameters(vec![(
                "",
                "the parameters cannot be read; escape them as in a form".to_owned(),
            )])
        })?;
        Ok(Self { given, known: Vec::new(), faults: Vec::new() })
    }
}

/// What a page of a list is asked for with.
pub(crate) struct Paging {
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
    pub(crate) after: Option<Name>,
    list: String,
}

impl Paging {
    /// Reads filters, limit and cursor of the list at `path`.
    pub(crate) fn read(mut query: Query, path: &str, key: &CursorKey) -> Result<Self, Problem> {
        let (filter, limit, cursor) = (query.filter(), query.limit(), query.cursor());
        query.close()?;
        let list = format!("{path}?{filter:?}");
        let place = cursor.map(|cursor| key.open(&list, &cursor)).transpose()?;
        let after = place.and_then(|place| place.parse().ok());
        Ok(Self { filter, limit, after, list })
    }

    /// The cursor of the page after `name`.
    pub(crate) fn next(&self, key: &CursorKey, name: &Name) -> String {
        key.seal(&self.list, name.as_str())
    }
}
