//! `slo suggest`: which target an indicator's past would have met.

use clap::Args;
use jiff::Timestamp;

use crate::budget::report::{figure, percent};
use crate::budget::time;
use crate::client::Client;
use crate::error::Result;
use crate::output::{Format, print};
use crate::resource::{Kind, Name};
use crate::table::Table;
use crate::words;
use slo_core::{Json, Target};

/// Suggest a target from an indicator's past, or try a proposed one on it
///
/// Looks at the last finished periods of a window. The suggested target is one
/// that all of them met; its allowed failure is rounded up to two digits, and is
/// no less than one event of the quietest period.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  slo suggest site
  slo suggest site --window 7d --periods 12 --target 0.999
  slo suggest site --window 1M --time-zone Europe/Berlin"
)]
pub(crate) struct Suggest {
    /// The indicator
    indicator: Name,
    /// The window: 28d and the like roll; 1M, 1Q and 1Y are civil
    #[arg(long, value_name = "DURATION", default_value = "28d")]
    window: slo_core::Shorthand,
    /// The zone of a civil window instead of UTC
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// How many finished periods are tried
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=24))]
    periods: u8,
    /// A proposed target, such as 0.999, to judge them by
    #[arg(long, value_name = "RATIO")]
    target: Option<Target>,
    /// As of this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

/// Runs the command.
pub(crate) fn run(args: &Suggest, client: &Client, format: Format) -> Result {
    let (window, periods) = (args.window.to_string(), args.periods.to_string());
    let (target, at) = (args.target.map(|target| target.to_string()), args.at.map(|at| at.to_string()));
    let mut query = vec![("timeWindow", window.as_str()), ("periods", periods.as_str())];
    query.extend(args.time_zone.as_deref().map(|zone| ("timeZone", zone)));
    query.extend(target.as_deref().map(|target| ("target", target)));
    query.extend(at.as_deref().map(|at| ("at", at)));
    let answer = client.get(&format!("{}/suggested-target", Kind::Indicator.item(&args.indicator)), &query)?;
    match format {
        Format::Json => print(answer.body.trim_end()),
        Format::Table => print(&report(&client.read(&answer)?, args.target.is_some())),
    }
}

fn report(answer: &Json, proposed: bool) -> String {
    let count = |name: &str| answer.get(name).and_then(Json::text).and_then(|n| n.parse().ok()).unwrap_or(0);
    let (judged, broken): (u64, u64) = (count("judged"), count("broken"));
    let window = answer.get("timeWindow").and_then(Json::text).unwrap_or_default();
    let suggested = match answer.get("suggestedTarget").and_then(Json::text) {
        Some(_) => format!("Suggested target  {}", percent(answer.get("suggestedTarget"))),
        None if judged == 0 => format!("No target can be suggested: none of these periods of {window} has data"),
        None => "No target can be suggested: in one of these periods nothing was good, or hardly anything happened"
            .to_owned(),
    };
    let mut lines = vec![suggested];
    if proposed && judged > 0 {
        let of = words::counted(judged, "periods");
        lines.push(format!("Proposed target   {}, broken in {broken} of {of}", percent(answer.get("target"))));
    }
    let mut table = Table::with_header(["PERIOD OF", "UNTIL", "SLI", "BAD", "TOTAL", "COVERAGE", "CONSUMED", "TARGET"]);
    for period in answer.items("periods") {
        let text = |name| period.get(name).and_then(Json::text).unwrap_or("-").to_owned();
        let met = match period.get("met") {
            Some(Json::Bool(true)) => "met",
            Some(Json::Bool(false)) => "broken",
            _ => "-",
        };
        let bad = |good: &str, total: &str| total.parse::<u128>().ok()?.checked_sub(good.parse().ok()?);
        let bad = bad(&text("good"), &text("total")).map_or_else(|| "-".to_owned(), |bad| bad.to_string());
        table.row([
            text("start"),
            text("end"),
            percent(period.get("sli")),
            figure(Some(&Json::Number(bad))),
            figure(period.get("total")),
            percent(period.get("coverage")),
            percent(period.get("consumedRatio")),
            met.to_owned(),
        ]);
        table.paint(7);
    }
    lines.push(String::new());
    lines.push(table.render());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggestion_says_what_it_rests_on() {
        let text = r#"{"indicator":"site","timeWindow":"28d","suggestedTarget":0.9987,"strictestTarget":0.998731,"target":0.999,
            "judged":1,"broken":1,"periods":[
            {"start":"2026-10-23T12:00:00Z","end":"2026-11-20T12:00:00Z","sli":0.998731,"good":998731,"total":1000000,"coverage":0.5,"consumedRatio":1.269,"met":false},
            {"start":"2026-09-25T12:00:00Z","end":"2026-10-23T12:00:00Z","sli":null,"good":0,"total":0,"coverage":0,"consumedRatio":null,"met":null}]}"#;
        assert_eq!(
            report(&Json::parse(text.as_bytes()).expect("JSON"), true),
            "\
Suggested target  99.87 %
Proposed target   99.9 %, broken in 1 of 1 period

PERIOD OF             UNTIL                 SLI        BAD    TOTAL      COVERAGE  CONSUMED  TARGET
2026-10-23T12:00:00Z  2026-11-20T12:00:00Z  99.8731 %  1,269  1,000,000  50 %      126.9 %   broken
2026-09-25T12:00:00Z  2026-10-23T12:00:00Z  -          0      0          0 %       -         -"
        );
        let none = r#"{"timeWindow":"28d","suggestedTarget":null,"judged":0,"broken":0,"periods":[]}"#;
        let told = report(&Json::parse(none.as_bytes()).expect("JSON"), false);
        assert!(told.starts_with("No target can be suggested: none of these periods of 28d has data"), "{told}");
    }
}
