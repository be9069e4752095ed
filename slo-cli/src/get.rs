//! `slo get` and `slo delete`: resources by kind and name.

mod record;

use clap::Args;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::output::{Format, Items, print};
use crate::resource::{Kind, Name};
use crate::table::Table;
use record::{Shown, Span};
use slo_core::Json;

/// Show one resource, list all of a kind, or what was noted and worked out
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo get objectives --service shop
  slo get indicator checkout-availability --output json
  slo get alerts checkout-availability
  slo get decisions --from 2026-11-01T00:00:00Z")]
pub(crate) struct Get {
    /// What to show
    kind: Shown,
    /// Its name, or of alerts, incidents and exclusions the objective's; without, all are listed
    name: Option<Name>,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    span: Span,
}

/// Which items of a list.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only those of this service
    #[arg(long, conflicts_with = "name")]
    service: Option<String>,
    /// Only those of this owner
    #[arg(long, value_name = "USER", conflicts_with = "name")]
    owner: Option<String>,
    /// Only those with this label
    #[arg(long, value_name = "KEY:VALUE", conflicts_with = "name")]
    label: Option<String>,
}

impl Filter {
    fn query(&self) -> Vec<(&str, &str)> {
        let given = [("service", &self.service), ("owner", &self.owner), ("label", &self.label)];
        given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// Refuses what only definitions have.
    fn only_of_resources(&self) -> Result {
        if self.query().is_empty() {
            return Ok(());
        }
        Err(Error::Failed("--service, --owner and --label are for definitions; leave them out".to_owned()))
    }
}

/// Delete one resource
#[derive(Debug, Args)]
#[command(after_help = "\
Deleting an indicator removes its measurements too; delete the objectives that use it first.

Example:
  slo delete objective checkout-availability")]
pub(crate) struct Delete {
    /// What to delete
    kind: Kind,
    /// Its name
    name: Name,
}

/// Runs `slo get`.
pub(crate) fn run(args: &Get, client: &Client, format: Format) -> Result {
    let kind = match args.kind {
        Shown::Resource(kind) => kind,
        Shown::Record(record) => {
            args.filter.only_of_resources()?;
            return record.show(args.name.as_ref(), &args.span, client, format);
        }
    };
    args.span.only_of_records()?;
    if let Some(name) = &args.name {
        let answer = client.get(&kind.item(name), &[])?;
        return match format {
            Format::Json => print(answer.body.trim_end()),
            Format::Table => print(&members(&client.read(&answer)?)),
        };
    }
    let items = client.list(kind.path(), &args.filter.query())?;
    format.print(|| list(kind, &items), || Items { items: &items })
}

/// Runs `slo delete`.
pub(crate) fn delete(args: &Delete, client: &Client, format: Format) -> Result {
    let path = args.kind.item(&args.name);
    // The revision that is there now: a change that comes between is not deleted unseen.
    let found = client.get(&path, &[])?;
    client.delete(&path, found.etag.as_deref())?;
    let (kind, name) = (args.kind.to_string(), args.name.to_string());
    format.print(
        || format!("{kind} {name}: deleted"),
        || serde_json::json!({ "kind": kind, "name": name, "action": "deleted" }),
    )
}

/// A line per item with what one looks for most.
fn list(kind: Kind, items: &[Json]) -> String {
    let (header, paths): ([&str; 6], [&[&str]; 6]) = match kind {
        Kind::Service => (
            ["NAME", "DISPLAY NAME", "UPDATED", "REVISION", "", ""],
            [&["name"], &["displayName"], &["updatedAt"], &["revision"], &[""], &[""]],
        ),
        Kind::User => (
            ["NAME", "DISPLAY NAME", "EMAIL", "ROLE", "ACCESS", ""],
            [&["name"], &["displayName"], &["email"], &["role"], &["access"], &[""]],
        ),
        Kind::Indicator => (
            ["NAME", "SERVICE", "KIND", "UNIT", "OWNER", "REVISION"],
            [&["name"], &["service"], &["kind"], &["unit"], &["owner"], &["revision"]],
        ),
        Kind::Objective => (
            ["NAME", "SERVICE", "INDICATOR", "TARGET", "WINDOW", "METHOD"],
            [&["name"], &["service"], &["indicator"], &["target"], &["timeWindow", "duration"], &["budgetingMethod"]],
        ),
    };
    let mut table = Table::with_header(header);
    for item in items {
        table.row(paths.map(|path| item.at(path).and_then(Json::text).unwrap_or_default()));
    }
    table.render()
}

/// A line per member, nested ones by their path; links are for programs.
fn members(item: &Json) -> String {
    let mut table = Table::default();
    let mut rows = Vec::new();
    flatten(String::new(), item, &mut rows);
    for (path, value) in rows {
        table.row([path, value]);
    }
    table.render()
}

fn flatten(path: String, value: &Json, rows: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                if path.is_empty() && name == "links" {
                    continue;
                }
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(path, value, rows);
            }
        }
        Json::Array(items) if items.iter().all(|item| item.text().is_some()) => {
            let texts: Vec<_> = items.iter().filter_map(Json::text).collect();
            rows.push((path, texts.join(", ")));
        }
        Json::String(text) => rows.push((path, text.clone())),
        Json::Null => {}
        value => rows.push((path, value.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_shown_member_by_member() {
        let item = r#"{"name":"o","target":0.9990,"timeWindow":{"duration":"28d","isRolling":true},"owners":["ann","bob"],"sla":null,"links":{"self":{}}}"#;
        assert_eq!(
            members(&Json::parse(item.as_bytes()).expect("JSON")),
            "name                  o\ntarget                0.9990\ntimeWindow.duration   28d\ntimeWindow.isRolling  true\nowners                ann, bob"
        );
    }

    #[test]
    fn a_list_has_a_line_for_each() {
        let items = [Json::parse(br#"{"name":"ann","role":"engineer","access":"admin"}"#).expect("JSON")];
        assert_eq!(
            list(Kind::User, &items),
            "NAME  DISPLAY NAME  EMAIL  ROLE      ACCESS\nann                        engineer  admin"
        );
    }
}
