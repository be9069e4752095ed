//! Standard logs of CloudFront: the W3C format, columns by name, separated by tabs.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::ingest::event::{self, Event};
use crate::ingest::good::{Field, Good};

/// Where the columns are that are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    date: usize,
    time: usize,
    status: usize,
    bytes: Option<usize>,
    duration: Option<usize>,
    method: Option<usize>,
    stem: Option<usize>,
    query: Option<usize>,
    client: Option<usize>,
    /// How many there are.
    all: usize,
}

impl Columns {
    /// By the names after `#Fields:`; says which one is missing that is needed.
    pub(super) fn of(names: &str, good: &Good) -> Result<Self, String> {
        let names: Vec<&str> = names.split_ascii_whitespace().collect();
        let column = |wanted: &str| names.iter().position(|name| *name == wanted);
        let needed = |wanted: &str| {
            column(wanted)
                .ok_or_else(|| format!("cannot be used: the #Fields line has no {wanted}; add it to what is logged"))
        };
        let of = |field: Field, wanted: &str| match column(wanted) {
            None if good.uses(field) => Err(format!(
                "cannot be used: the #Fields line has no {wanted}, which --good needs for {}; add it to what is logged, or leave {0} out",
                field.name()
            )),
            found => Ok(found),
        };
        Ok(Self {
            date: needed("date")?,
            time: needed("time")?,
            status: needed("sc-status")?,
            bytes: of(Field::Bytes, "sc-bytes")?,
            duration: of(Field::Duration, "time-taken")?,
            method: of(Field::Method, "cs-method")?,
            stem: of(Field::Path, "cs-uri-stem")?,
            query: column("cs-uri-query"),
            client: of(Field::Host, "c-ip")?,
            all: names.len(),
        })
    }

    /// Reads one line; says what is wrong with it otherwise.
    pub(super) fn parse<'l>(&self, line: &'l str) -> Result<(Timestamp, Event<'l>), String> {
        let fields: Vec<&str> = line.trim_end_matches('\t').split('\t').collect();
        if fields.len() != self.all {
            return Err(format!("{} fields where the #Fields line has {}", fields.len(), self.all));
        }
        let (date, time) = (fields[self.date], fields[self.time]);
        let start = format!("{date}T{time}Z").parse().ok().filter(|_| (date.len(), time.len()) == (10, 8));
        let start =
            start.ok_or_else(|| format!("{date:?} and {time:?} are no time such as 2026-11-20 and 12:00:00"))?;
        let field = |column: Option<usize>| column.map_or("-", |column| fields[column]);
        let duration = match field(self.duration) {
            "-" => None,
            text => Some(
                event::seconds(text).ok_or_else(|| format!("the time-taken is {text:?}, neither seconds nor `-`"))?,
            ),
        };
        let path = match (field(self.stem), field(self.query)) {
            (stem, "-") => Cow::Borrowed(stem),
            (stem, query) => Cow::Owned(format!("{stem}?{query}")),
        };
        let event = Event {
            status: event::status_if_any(fields[self.status])?,
            bytes: event::bytes(field(self.bytes))?,
            duration,
            method: field(self.method).into(),
            path,
            host: field(self.client).into(),
        };
        Ok((start, event))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NAMES: &str =
        " date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs-uri-query time-taken";

    fn columns(names: &str, good: &str) -> Result<Columns, String> {
        Columns::of(names, &good.parse().expect("an expression"))
    }

    fn line(status: &str, stem: &str, query: &str, taken: &str) -> String {
        ["2026-02-28", "22:59:59", "LHR61-C1", "392", "2001:db8::1", "GET", "d1.example", stem, status, query, taken]
            .join("\t")
    }

    #[test]
    fn a_line_is_read_by_the_names_of_its_columns() {
        let columns = columns(NAMES, "duration < 1").expect("columns");
        let text = line("200", "/a%20b", "-", "0.086");
        let (time, event) = columns.parse(&text).expect("an event");
        assert_eq!(time.to_string(), "2026-02-28T22:59:59Z");
        let expected = Event {
            status: 200,
            bytes: 392,
            duration: Some(Duration::from_millis(86)),
            method: "GET".into(),
            path: "/a%20b".into(),
            host: "2001:db8::1".into(),
        };
        assert_eq!(event, expected);
        // An empty last column, and a query.
        assert_eq!(columns.parse(&format!("{text}\t")).expect("an event").1, expected);
        assert_eq!(columns.parse(&line("200", "/a", "b=c", "1")).expect("an event").1.path, "/a?b=c");
    }

    #[test]
    fn who_went_away_was_not_answered() {
        let columns = columns(NAMES, "status < 500").expect("columns");
        for (status, read) in [("000", 0), ("-", 0), ("503", 503)] {
            let text = line(status, "/", "-", "-");
            let event = columns.parse(&text).expect("an event").1;
            assert_eq!((event.status, event.duration), (read, None), "{status}");
        }
    }

    #[test]
    fn columns_that_are_not_needed_may_be_absent() {
        let few = columns("time date sc-status", "status < 500").expect("columns");
        let event = few.parse("22:59:59\t2026-02-28\t200").expect("an event").1;
        assert_eq!((&*event.path, &*event.host, event.bytes), ("-", "-", 0));
        for (names, good, missing) in [
            ("date time", "status < 500", "no sc-status; add it"),
            ("time sc-status", "status < 500", "no date; add it"),
            ("date time sc-status", "path == '/'", "no cs-uri-stem, which --good needs for path"),
            ("date time sc-status", "host == '::1'", "no c-ip, which --good needs for host"),
        ] {
            let told = columns(names, good).expect_err(missing);
            assert!(told.contains(missing), "{told}");
        }
    }

    #[test]
    fn malformed_lines_say_why() {
        let columns = columns(NAMES, "status < 500").expect("columns");
        for (line, why) in [
            ("2026-02-28\t22:59".to_owned(), "2 fields where the #Fields line has 11"),
            (line("200", "/", "-", "0.1").replace("22:59:59", "22:60:00"), "are no time such as"),
            (line("200", "/", "-", "0.1").replace("22:59:59", "22:59+01"), "are no time such as"),
            (line("2000", "/", "-", "0.1"), "the status is \"2000\""),
            (line("200", "/", "-", "fast"), "the time-taken is \"fast\""),
            (line("200", "/", "-", "0.1").replace("392", "many"), "the bytes are \"many\""),
        ] {
            let reason = columns.parse(&line).expect_err(&line);
            assert!(reason.contains(why), "{line}: {reason}");
        }
    }
}
