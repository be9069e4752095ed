//! One error budget on a page. Figures are the service's own text: nothing is rounded here.

use crate::decimal::Decimal;
use crate::note::Note;
use crate::table::{Table, printable};
use crate::words;
use slo_core::Json;

/// What an undefined figure looks like.
const UNDEFINED: &str = "-";

/// The whole answer for people.
pub(super) fn report(budget: &Json, what_if: bool) -> String {
    let mut sections = vec![summary(budget, what_if)];
    if !budget.items("burnRates").is_empty() {
        sections.push(burn_rates(budget));
    }
    if let Some(forecast) = budget.get("forecast") {
        sections.push(forecast_of(forecast));
    }
    let notes = Note::all(budget);
    if !notes.is_empty() {
        sections.push(notes.iter().map(Note::to_string).collect::<Vec<_>>().join("\n"));
    }
    sections.join("\n\n")
}

fn summary(budget: &Json, what_if: bool) -> String {
    let mut table = Table::default();
    let figures = |name| amount(budget.at(&["budget", name]), budget.at(&["budget", "unit"]));
    let share = |name| percent(budget.at(&["budget", name]));
    let (consumed, remaining) = (figures("consumed"), figures("remaining"));
    let width = consumed.len().max(remaining.len());
    let text = |name: &str| budget.get(name).and_then(Json::text).unwrap_or(UNDEFINED).to_owned();
    table.row(["Objective".to_owned(), format!("{} (revision {})", text("objective"), text("revision"))]);
    table.row(["Status", status(budget)]);
    table.paint(1);
    let assumed = if what_if { " (what if)" } else { "" };
    table.row(["Target".to_owned(), format!("{}{assumed}", percent(budget.get("target")))]);
    let met = match budget.get("met") {
        Some(Json::Bool(true)) => ", target met",
        Some(Json::Bool(false)) => ", target missed",
        _ => "",
    };
    table.row(["SLI".to_owned(), format!("{}{met}", percent(budget.get("sli")))]);
    let [good, total, bad] = ["good", "total", "bad"].map(|name| figure(budget.get(name)));
    table.row(["Events".to_owned(), format!("{good} good of {total}, {bad} bad")]);
    table.row(["Budget".to_owned(), figures("total")]);
    for (name, figures, share) in
        [("  consumed", consumed, share("consumedRatio")), ("  remaining", remaining, share("remainingRatio"))]
    {
        table.row([name.to_owned(), format!("{figures:width$}  {share}")]);
    }
    let period = |name| budget.at(&["period", name]).and_then(Json::text);
    let mut span = format!("{} to {}", period("start").unwrap_or(UNDEFINED), period("end").unwrap_or(UNDEFINED));
    if let Some(full) = period("fullEnd").filter(|full| Some(*full) != period("end")) {
        span.push_str(&format!(", ends {full}"));
    }
    table.row(["Period".to_owned(), span]);
    let newest = match budget.get("watermark").and_then(Json::text) {
        Some(watermark) => format!(", newest data {watermark}"),
        None => String::new(),
    };
    table.row(["Coverage".to_owned(), format!("{} of the time has data{newest}", percent(budget.get("coverage")))]);
    if let Some(sla) = budget.get("sla") {
        let remaining = percent(sla.get("remainingRatio"));
        table.row(["SLA".to_owned(), format!("{}, {remaining} of its budget remaining", percent(sla.get("target")))]);
    }
    table.render()
}

fn burn_rates(budget: &Json) -> String {
    let mut table = Table::with_header(["Look-back", "Burn rate", "Budget consumed", "Exhausted in"]);
    for rate in budget.items("burnRates") {
        table.row([
            rate.get("lookback").and_then(Json::text).unwrap_or(UNDEFINED).to_owned(),
            figure(rate.get("burnRate")),
            percent(rate.get("budgetConsumed")),
            duration(rate.get("timeToExhaustionSeconds")).unwrap_or_else(|| UNDEFINED.to_owned()),
        ]);
    }
    table.render()
}

fn forecast_of(forecast: &Json) -> String {
    let rate = figure(forecast.get("burnRate"));
    let mut text = match forecast.get("exhaustedAt").and_then(Json::text) {
        Some(at) => format!("Forecast at burn rate {rate}: exhausted at {}", printable(at)),
        None if forecast.get("burnRate").is_none() => "Forecast: none without data".to_owned(),
        None => format!("Forecast at burn rate {rate}: not exhausted in the time ahead"),
    };
    let mut table = Table::default();
    for recovery in forecast.items("recovers") {
        let at = recovery.get("at").and_then(Json::text).unwrap_or(UNDEFINED).to_owned();
        table.row([
            format!("  {at}"),
            format!("{} remaining without further burn", percent(recovery.get("remainingRatio"))),
        ]);
    }
    if !forecast.items("recovers").is_empty() {
        text.push('\n');
        text.push_str(&table.render());
    }
    text
}

/// The status in words.
fn status(budget: &Json) -> &str {
    match budget.get("status").and_then(Json::text) {
        Some("ok") => "ok: there is budget to spend",
        Some("warning") => "warning: little budget is left",
        Some("exhausted") => "exhausted: the budget is spent",
        Some("noData") => "no data: nothing was measured in this period",
        other => other.unwrap_or(UNDEFINED),
    }
}

/// The status in a word.
pub(crate) fn short_status(budget: &Json) -> &str {
    match budget.get("status").and_then(Json::text) {
        Some("noData") => "no data",
        other => other.unwrap_or(UNDEFINED),
    }
}

/// A number as people read it, `-` when it is undefined.
pub(crate) fn figure(value: Option<&Json>) -> String {
    match value.and_then(Json::text) {
        Some(text) => Decimal::parse(text).map_or_else(|| text.to_owned(), |number| number.to_string()),
        None => UNDEFINED.to_owned(),
    }
}

/// A ratio as a percentage.
pub(crate) fn percent(value: Option<&Json>) -> String {
    match value.and_then(Json::text).and_then(Decimal::parse) {
        Some(ratio) => format!("{} %", ratio.percent()),
        None => UNDEFINED.to_owned(),
    }
}

/// A figure with its unit; whole seconds also as people say them.
fn amount(value: Option<&Json>, unit: Option<&Json>) -> String {
    let unit = unit.and_then(Json::text).unwrap_or_default();
    let number = figure(value);
    let figure = format!("{number} {}", if number == "1" { words::singular(unit) } else { unit });
    match duration(value) {
        Some(told) if unit == "seconds" => format!("{figure} ({told})"),
        _ => figure,
    }
}

/// Whole seconds as `1d 2h 3m 4s`; none for anything else.
fn duration(value: Option<&Json>) -> Option<String> {
    let seconds: i64 = value.and_then(Json::text)?.parse().ok()?;
    let sign = if seconds < 0 { "-" } else { "" };
    Some(format!("{sign}{}", words::duration(seconds.unsigned_abs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: &str = r#"{"objective":"checkout-availability","revision":3,"at":"2026-03-29T00:00:00Z",
        "period":{"start":"2026-03-01T00:00:00Z","end":"2026-03-29T00:00:00Z","fullEnd":"2026-04-01T00:00:00Z"},
        "target":0.97,"sli":0.97123103427,"good":3557865,"total":3663253,"bad":105388,
        "budget":{"unit":"events","total":109897.59,"consumed":105388,"remaining":4509.59,"consumedRatio":0.958965524166,"remainingRatio":0.0410344758243},
        "met":true,"exhausted":false,"status":"warning","coverage":1,"watermark":"2026-03-28T23:58:00Z",
        "burnRates":[{"lookback":"1h","burnRate":2.5,"budgetConsumed":0.0034,"timeToExhaustionSeconds":42000},
                     {"lookback":"72h","burnRate":null,"budgetConsumed":null,"timeToExhaustionSeconds":null}],
        "forecast":{"burnRate":1.1,"exhaustedAt":null,"recovers":[{"at":"2026-03-30T00:00:00Z","remainingRatio":0.21}]},
        "sla":{"target":0.95,"remainingRatio":0.42},
        "notes":[{"pointer":"/timeWindow/duration","code":"weekdaySkew","detail":"30d is not whole weeks"}],"links":{}}"#;

    #[test]
    fn a_page_for_who_decides() {
        assert_eq!(
            report(&Json::parse(BUDGET.as_bytes()).expect("JSON"), false),
            "\
Objective    checkout-availability (revision 3)
Status       warning: little budget is left
Target       97 %
SLI          97.123103427 %, target met
Events       3,557,865 good of 3,663,253, 105,388 bad
Budget       109,897.59 events
  consumed   105,388 events   95.8965524166 %
  remaining  4,509.59 events  4.10344758243 %
Period       2026-03-01T00:00:00Z to 2026-03-29T00:00:00Z, ends 2026-04-01T00:00:00Z
Coverage     100 % of the time has data, newest data 2026-03-28T23:58:00Z
SLA          95 %, 42 % of its budget remaining

Look-back  Burn rate  Budget consumed  Exhausted in
1h         2.5        0.34 %           11h 40m
72h        -          -                -

Forecast at burn rate 1.1: not exhausted in the time ahead
  2026-03-30T00:00:00Z  21 % remaining without further burn

note: /timeWindow/duration: 30d is not whole weeks"
        );
    }

    #[test]
    fn nothing_measured_is_said_not_computed() {
        let text = r#"{"objective":"o","revision":1,"target":0.9,"sli":null,"good":0,"total":0,"bad":0,"met":null,"status":"noData",
            "budget":{"unit":"seconds","total":60480,"consumed":0,"remaining":60480,"consumedRatio":0,"remainingRatio":1},
            "period":{"start":"a","end":"b","fullEnd":"b"},"coverage":0,"watermark":null,"burnRates":[],
            "forecast":{"burnRate":null,"exhaustedAt":null,"recovers":[]},"sla":null}"#;
        let told = report(&Json::parse(text.as_bytes()).expect("JSON"), true);
        for line in [
            "Status       no data: nothing was measured in this period",
            "Target       90 % (what if)",
            "SLI          -",
            "Period       a to b",
            "Coverage     0 % of the time has data",
            "Budget       60,480 seconds (16h 48m)",
            "Forecast: none without data",
        ] {
            assert!(told.lines().any(|other| other == line), "{line}\n{told}");
        }
        assert!(!told.contains("Look-back") && !told.contains("SLA"), "{told}");
    }

    #[test]
    fn durations() {
        for (seconds, told) in [("0", "0s"), ("61", "1m 1s"), ("7776000", "90d"), ("-90000", "-1d 1h"), ("1.5", "")] {
            let number = Json::Number(seconds.to_owned());
            assert_eq!(duration(Some(&number)).unwrap_or_default(), told);
        }
    }
}
