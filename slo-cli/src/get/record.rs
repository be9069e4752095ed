//! What the service notes and works out besides the definitions: it is shown, never applied or deleted.

use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use slo_core::Json;

use super::members;
use crate::budget::report::{figure, percent};
use crate::budget::time;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::output::{Format, Items, print};
use crate::resource::{Kind, Name};
use crate::table::Table;

/// What `slo get` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A definition.
    Resource(Kind),
    /// Anything else.
    Record(Record),
}

/// What is no definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Record {
    /// What was decided about shipping, by its identifier; all of it without
    #[value(alias = "decisions")]
    Decision,
    /// Who did what, and when
    Audit,
    /// The alerts of the objective of this name, firing or not
    #[value(alias = "alert")]
    Alerts,
    /// The incidents of the objective of this name, largest first
    #[value(alias = "incident")]
    Incidents,
    /// The exclusions of the objective of this name
    #[value(alias = "exclusion")]
    Exclusions,
}

impl ValueEnum for Shown {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<Shown>> = LazyLock::new(|| {
            let resources = Kind::value_variants().iter().copied().map(Shown::Resource);
            resources.chain(Record::value_variants().iter().copied().map(Shown::Record)).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Resource(kind) => kind.to_possible_value(),
            Self::Record(record) => record.to_possible_value(),
        }
    }
}

/// Which part of the past.
#[derive(Debug, Args)]
pub(super) struct Span {
    /// Only what was then (RFC 3339) or later, of decisions, audit and incidents
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<Timestamp>,
    /// Only what was before, likewise
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
}

impl Span {
    /// As parameters of a query.
    fn query(&self) -> Vec<(&'static str, String)> {
        let given = [("from", self.from), ("to", self.to)];
        given.into_iter().filter_map(|(name, time)| Some((name, time?.to_string()))).collect()
    }

    /// Refuses what has no past to choose from.
    pub(super) fn only_of_records(&self) -> Result {
        if self.query().is_empty() {
            return Ok(());
        }
        Err(Error::Failed("--from and --to are for decisions, audit and incidents; leave them out".to_owned()))
    }
}

impl Record {
    /// Shows one, or a list.
    pub(super) fn show(self, name: Option<&Name>, span: &Span, client: &Client, format: Format) -> Result {
        let refuse = |text: &str| Err(Error::Failed(text.to_owned()));
        if matches!(self, Self::Alerts | Self::Exclusions) {
            span.only_of_records()?;
        }
        let span = span.query();
        let query: Vec<(&str, &str)> = span.iter().map(|(name, time)| (*name, time.as_str())).collect();
        let path = match (self, name) {
            (Self::Decision, Some(id)) => {
                let answer = client.get(&format!("/decisions/{id}"), &query)?;
                return match format {
                    Format::Json => print(answer.body.trim_end()),
                    Format::Table => print(&members(&client.read(&answer)?)),
                };
            }
            (Self::Alerts, Some(objective)) => return alerts(objective, client, format),
            (Self::Decision, None) => "/decisions".to_owned(),
            (Self::Audit, None) => "/audit".to_owned(),
            (Self::Incidents, Some(objective)) => format!("{}/incidents", Kind::Objective.item(objective)),
            (Self::Exclusions, Some(objective)) => format!("{}/exclusions", Kind::Objective.item(objective)),
            (Self::Audit, Some(_)) => return refuse("the audit has no names; leave the name out"),
            (Self::Alerts | Self::Incidents | Self::Exclusions, None) => {
                let kind = self.to_possible_value().map(|kind| kind.get_name().to_owned()).unwrap_or_default();
                return refuse(&format!("say of which objective: slo get {kind} OBJECTIVE"));
            }
        };
        let items = client.list(&path, &query)?;
        format.print(|| self.table(&items), || Items { items: &items })
    }

    fn table(self, items: &[Json]) -> String {
        match self {
            Self::Decision => lines(
                ["ID", "DECIDED AT", "VERDICT", "CHANGE", "BY", "OBJECTIVES"],
                items,
                |item| {
                    let [id, at, verdict, by] =
                        ["id", "decidedAt", "effectiveVerdict", "by"].map(|name| text(item, &[name]));
                    [id, at, verdict, text(item, &["change", "kind"]), by, names(item.items("objectives"))]
                },
                Some(2),
            ),
            Self::Audit => lines(
                ["AT", "BY", "ACTION", "KIND", "NAME", "PART", "REVISION"],
                items,
                |item| ["at", "by", "action", "kind", "name", "part", "revision"].map(|name| text(item, &[name])),
                None,
            ),
            Self::Incidents => lines(
                ["START", "END", "MINUTES", "BAD", "TOTAL", "SHARE", "POSTMORTEM"],
                items,
                |item| {
                    let [minutes, bad, total] = ["minutes", "bad", "total"].map(|name| figure(item.get(name)));
                    let due = matches!(item.get("postmortemRequired"), Some(Json::Bool(true)));
                    let due = if due { "required" } else { "-" }.to_owned();
                    [text(item, &["start"]), text(item, &["end"]), minutes, bad, total, percent(item.get("share")), due]
                },
                None,
            ),
            Self::Exclusions => lines(
                ["ID", "FROM", "TO", "MODE", "REPEATS", "REASON"],
                items,
                |item| ["id", "from", "to", "mode", "rrule", "reason"].map(|name| text(item, &[name])),
                None,
            ),
            Self::Alerts => lines(
                ["STATE", "SEVERITY", "LONG", "SHORT", "LONG BURN RATE", "SHORT BURN RATE", "THRESHOLD", "SINCE"],
                items,
                |item| {
                    let firing = matches!(item.get("firing"), Some(Json::Bool(true)));
                    let state = if firing { "firing" } else { "quiet" }.to_owned();
                    let [severity, long, short, since] =
                        ["severity", "longWindow", "shortWindow", "since"].map(|name| text(item, &[name]));
                    let [long_rate, short_rate, threshold] =
                        ["longBurnRate", "shortBurnRate", "threshold"].map(|name| figure(item.get(name)));
                    [state, severity, long, short, long_rate, short_rate, threshold, since]
                },
                Some(0),
            ),
        }
    }
}

/// They come all at once, with the time for which they are said.
fn alerts(objective: &Name, client: &Client, format: Format) -> Result {
    let answer = client.get(&format!("{}/alerts", Kind::Objective.item(objective)), &[])?;
    match format {
        Format::Json => print(answer.body.trim_end()),
        Format::Table => print(&Record::Alerts.table(client.read(&answer)?.items("items"))),
    }
}

/// A line an item; in one column there may be a word that has a colour.
fn lines<const N: usize>(
    header: [&str; N],
    items: &[Json],
    cells: impl Fn(&Json) -> [String; N],
    painted: Option<usize>,
) -> String {
    let mut table = Table::with_header(header);
    for item in items {
        table.row(cells(item));
        painted.into_iter().for_each(|column| table.paint(column));
    }
    table.render()
}

fn text(item: &Json, path: &[&str]) -> String {
    item.at(path).and_then(Json::text).unwrap_or("-").to_owned()
}

fn names(items: &[Json]) -> String {
    items.iter().filter_map(Json::text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(record: Record, item: &str) -> String {
        record.table(&[Json::parse(item.as_bytes()).expect("JSON")])
    }

    #[test]
    fn each_has_a_line_with_what_one_looks_for() {
        assert_eq!(
            table(
                Record::Decision,
                r#"{"id":"01a1f8d3-ea7b-7707-8707-070707070707","decidedAt":"2026-11-20T12:00:00Z","verdict":"hold","effectiveVerdict":"ship",
                "change":{"kind":"fix"},"by":null,"objectives":["a","b"]}"#
            ),
            "\
ID                                    DECIDED AT            VERDICT  CHANGE  BY  OBJECTIVES
01a1f8d3-ea7b-7707-8707-070707070707  2026-11-20T12:00:00Z  ship     fix     -   a, b"
        );
        assert_eq!(
            table(
                Record::Alerts,
                r#"{"severity":"page","longWindow":"1h","shortWindow":"5m","longBurnRate":20.50,"shortBurnRate":null,
                "threshold":14.4,"firing":true,"since":"2026-11-20T12:00:00Z","heldBack":null}"#
            ),
            "\
STATE   SEVERITY  LONG  SHORT  LONG BURN RATE  SHORT BURN RATE  THRESHOLD  SINCE
firing  page      1h    5m     20.5            -                14.4       2026-11-20T12:00:00Z"
        );
        assert_eq!(
            table(
                Record::Incidents,
                r#"{"start":"2026-11-20T12:00:00Z","end":"2026-11-20T12:30:00Z","minutes":30,"good":1,"total":20001,"bad":20000,
                "unit":"events","consumed":20000,"share":0.45,"postmortemRequired":true}"#
            ),
            "\
START                 END                   MINUTES  BAD     TOTAL   SHARE  POSTMORTEM
2026-11-20T12:00:00Z  2026-11-20T12:30:00Z  30       20,000  20,001  45 %   required"
        );
        let audit = table(
            Record::Audit,
            r#"{"at":"2026-11-20T12:00:00Z","action":"create","kind":"objective","name":"o","revision":1}"#,
        );
        assert!(audit.ends_with("2026-11-20T12:00:00Z  -   create  objective  o     -     1"), "{audit}");
        let exclusion = table(Record::Exclusions, r#"{"id":"x","from":"a","to":"b","mode":"remove","reason":"why"}"#);
        assert!(exclusion.ends_with("x   a     b   remove  -        why"), "{exclusion}");
    }

    #[test]
    fn every_definition_is_shown() {
        assert!(Kind::value_variants().iter().all(|kind| Shown::value_variants().contains(&Shown::Resource(*kind))));
    }
}
