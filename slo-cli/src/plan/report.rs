//! A plan on a page: a line an objective, then what it means, then what consumed most.

use super::Whole;
use crate::budget::report::{figure, short_status};
use crate::decimal::Decimal;
use crate::table::{Table, printable};
use crate::words;
use slo_core::Json;

/// The whole plan for people.
pub(super) fn report(plan: &Whole<'_>) -> String {
    let text = |of: Option<&Json>| of.and_then(Json::text).unwrap_or("-").to_owned();
    // Now comes with its nanoseconds.
    let second = |of: Option<&Json>| match text(of).split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text(of),
    };
    let mut sections =
        vec![printable(&format!("Plan of {} from {} to {}", text(plan.user), second(plan.from), second(plan.to)))];
    if plan.items.is_empty() {
        sections.push("There is no objective with this owner; name one in an objective's owners.".to_owned());
        return sections.join("\n\n");
    }
    sections.push(amounts(&plan.items));
    sections.push(sentences(&plan.items));
    if !plan.toil.is_empty() {
        sections.push(toil(&plan.toil));
    }
    sections.join("\n\n")
}

fn amounts(items: &[&Json]) -> String {
    let mut table = Table::with_header(["OBJECTIVE", "STATUS", "SPENDABLE", "EXPECTED", "DISCRETIONARY"]);
    for item in items {
        table.row([
            name(item).to_owned(),
            short_status(item).to_owned(),
            amount(item, "spendable", Rounded::Down),
            amount(item, "expected", Rounded::Up),
            amount(item, "discretionary", Rounded::Down),
        ]);
        table.paint(1);
    }
    table.render()
}

fn sentences(items: &[&Json]) -> String {
    let mut table = Table::default();
    for item in items {
        table.row([format!("{}:", name(item)), format!("{}.", summary(item))]);
    }
    table.render()
}

fn toil(ranked: &[&Json]) -> String {
    let mut lines = vec!["What consumed most:".to_owned()];
    for (place, toil) in (1..).zip(ranked) {
        lines.push(printable(&format!("{place}. {}: {}.", name(toil), summary(toil))));
        let mut table = Table::default();
        for incident in toil.items("incidents") {
            let text = |name| incident.get(name).and_then(Json::text).unwrap_or("-");
            let due = matches!(incident.get("postmortemRequired"), Some(Json::Bool(true)));
            table.row([
                format!("   {} to {}", text("start"), text("end")),
                share(incident),
                if due { "postmortem required" } else { "" }.to_owned(),
            ]);
        }
        if !toil.items("incidents").is_empty() {
            lines.push(table.render());
        }
    }
    lines.join("\n")
}

/// The share of the budget in whole per cent, rounded up as in the sentence above it.
fn share(incident: &Json) -> String {
    let share = incident.get("share").and_then(Json::text).and_then(Decimal::parse);
    share.and_then(|share| share.percent().ceil()).map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}

fn name(item: &Json) -> &str {
    item.get("objective").and_then(Json::text).unwrap_or_default()
}

fn summary(item: &Json) -> &str {
    item.get("summary").and_then(Json::text).unwrap_or_default()
}

/// Which way an amount is rounded: nobody is to be promised more than there is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rounded {
    Down,
    Up,
}

/// An amount in whole events, or whole seconds as people say them.
fn amount(item: &Json, member: &str, rounded: Rounded) -> String {
    let value = item.get(member);
    let unit = item.get("unit").and_then(Json::text).unwrap_or_default();
    let whole = value.and_then(Json::text).and_then(Decimal::parse).and_then(|amount| match rounded {
        Rounded::Down => amount.floor(),
        Rounded::Up => amount.ceil(),
    });
    let Some((whole, size)) = whole.and_then(|whole| Some((whole, u64::try_from(whole.unsigned_abs()).ok()?))) else {
        return figure(value);
    };
    let said = if unit == "seconds" { words::duration(size) } else { words::counted(size, unit) };
    if whole < 0 { format!("-{said}") } else { said }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn a_product_manager_can_read_it() {
        let shop = json(
            r#"{"objective":"shop","status":"ok","unit":"events","spendable":4500.9,"expected":9.1,"discretionary":4491.8,
            "summary":"about 4,500 failed events to spend before 4 December"}"#,
        );
        let month = json(
            r#"{"objective":"month","status":"exhausted","unit":"seconds","spendable":-719.5,"expected":0,"discretionary":-719.5,
            "summary":"nothing to spend: over by about 12 minutes of downtime until 4 December"}"#,
        );
        let idle = json(
            r#"{"objective":"idle","status":"noData","unit":"events","spendable":0,"expected":null,"discretionary":null,
            "summary":"no data: nothing can be said"}"#,
        );
        let of_month = json(
            r#"{"objective":"month","consumedRatio":1.1,"summary":"110 % of the budget is consumed; a postmortem is due",
            "incidents":[{"start":"2026-11-12T10:00:00Z","end":"2026-11-12T10:30:00Z","share":0.45,"postmortemRequired":true},
            {"start":"2026-11-13T10:00:00Z","end":"2026-11-13T10:01:00Z","share":0.015,"postmortemRequired":false}]}"#,
        );
        let text = |text: &str| Json::String(text.to_owned());
        let (user, from, to) = (text("ana"), text("2026-11-20T12:00:00.123456789Z"), text("2026-12-04T00:00:00Z"));
        let plan = |items, toil| Whole { user: Some(&user), at: None, from: Some(&from), to: Some(&to), items, toil };
        assert_eq!(
            report(&plan(vec![&shop, &month, &idle], vec![&of_month])),
            "\
Plan of ana from 2026-11-20T12:00:00Z to 2026-12-04T00:00:00Z

OBJECTIVE  STATUS     SPENDABLE     EXPECTED   DISCRETIONARY
shop       ok         4,500 events  10 events  4,491 events
month      exhausted  -12m          0s         -12m
idle       no data    0 events      -          -

shop:   about 4,500 failed events to spend before 4 December.
month:  nothing to spend: over by about 12 minutes of downtime until 4 December.
idle:   no data: nothing can be said.

What consumed most:
1. month: 110 % of the budget is consumed; a postmortem is due.
   2026-11-12T10:00:00Z to 2026-11-12T10:30:00Z  45 %  postmortem required
   2026-11-13T10:00:00Z to 2026-11-13T10:01:00Z  2 %"
        );
        assert!(report(&plan(Vec::new(), Vec::new())).ends_with("name one in an objective's owners."));
    }
}
