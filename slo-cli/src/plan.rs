//! `slo plan`: what the budgets of a user's objectives let a team spend of a sprint.

mod report;

use std::cmp::Ordering;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::client::Client;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::output::{Format, print};
use crate::resource::{Kind, Name};
use slo_core::{Json, Shorthand};

/// Show what a sprint may spend: what is left of each budget, what comes back, and what ordinarily burns
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo plan ana --to 2026-12-04
  slo plan ana --from 2026-12-04 --to 14d
  slo plan ana --to 2026-12-04 --output json")]
pub(crate) struct Plan {
    /// The user whose objectives are planned
    user: Name,
    /// The first day of the sprint (or a time in RFC 3339); now when absent
    #[arg(long, value_name = "DATE", value_parser = day)]
    from: Option<String>,
    /// The day on which it is over (or a time), or how long it takes, such as 14d
    #[arg(long, value_name = "DATE", value_parser = day_after)]
    to: String,
}

/// A date, whose midnight in UTC is meant, or a time in RFC 3339.
fn day(text: &str) -> Result<String, &'static str> {
    known_day(text).ok_or("write a date such as 2026-12-04, or a time in RFC 3339 such as 2026-12-04T09:00:00Z")
}

/// Likewise, or a duration.
fn day_after(text: &str) -> Result<String, &'static str> {
    let duration = || text.parse().ok().filter(|length: &Shorthand| length.minutes().is_some());
    let found = known_day(text).or_else(|| Some(duration()?.to_string()));
    found.ok_or(
        "write a date such as 2026-12-04, a time in RFC 3339 such as 2026-12-04T09:00:00Z, or a duration such as 14d",
    )
}

fn known_day(text: &str) -> Option<String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.to_string());
    }
    // Ten characters: of a time without a zone nobody knows when it is.
    text.parse::<Date>().ok().filter(|_| text.len() == 10).map(|date| date.to_string())
}

/// All pages as one answer.
#[derive(Serialize)]
struct Whole<'a> {
    user: Option<&'a Json>,
    at: Option<&'a Json>,
    from: Option<&'a Json>,
    to: Option<&'a Json>,
    items: Vec<&'a Json>,
    toil: Vec<&'a Json>,
}

/// Runs the command.
pub(crate) fn run(args: &Plan, client: &Client, format: Format) -> Result {
    let path = format!("{}/error-budgets", Kind::User.item(&args.user));
    let mut query = vec![("limit", "200")];
    query.extend(args.from.as_deref().map(|from| ("from", from)));
    query.push(("to", &args.to));
    let first = client.get(&path, &query)?;
    let mut pages = vec![client.read(&first)?];
    while let Some(next) = pages[pages.len() - 1].get("next").and_then(Json::text).map(str::to_owned) {
        let known = pages.iter().rev().nth(1).and_then(|page| page.get("next")).and_then(Json::text);
        if known == Some(&next) {
            return Err(client.nonsense("a list whose `next` does not advance"));
        }
        let query: Vec<_> = query.iter().copied().chain([("cursor", next.as_str())]).collect();
        let page = client.read(&client.get(&path, &query)?)?;
        pages.push(page);
    }
    match format {
        Format::Json if pages.len() == 1 => print(first.body.trim_end()),
        format => {
            let whole = whole(&pages);
            format.print(|| report::report(&whole), || &whole)
        }
    }
}

/// Each page ranks its own toil, so that it is ranked again.
fn whole(pages: &[Json]) -> Whole<'_> {
    let of = |member| pages.first().and_then(|page| page.get(member));
    let all = |member| pages.iter().flat_map(move |page| page.items(member)).collect::<Vec<_>>();
    let mut toil = all("toil");
    toil.sort_by(|a, b| most_first(a, b));
    Whole { user: of("user"), at: of("at"), from: of("from"), to: of("to"), items: all("items"), toil }
}

/// By the share of the budget that is consumed; undefined ones last.
fn most_first(a: &Json, b: &Json) -> Ordering {
    let consumed = |toil: &Json| toil.get("consumedRatio").and_then(Json::text).and_then(Decimal::parse);
    consumed(b).cmp(&consumed(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates_times_and_durations() {
        for (given, read) in [
            ("2026-12-04", Some("2026-12-04")),
            ("2026-12-04T09:00:00+02:00", Some("2026-12-04T07:00:00Z")),
            ("2026-12-04T09:00:00", None),
            ("2026-13-04", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(day(given).ok().as_deref(), read, "{given}");
            assert_eq!(day_after(given).ok().as_deref(), read, "{given}");
        }
        assert_eq!(day_after("14d").as_deref(), Ok("14d"));
        assert!(day("14d").is_err() && day_after("1M").is_err(), "a month has no length");
    }

    #[test]
    fn pages_are_one_plan() {
        let page = |text: &str| Json::parse(text.as_bytes()).expect("JSON");
        let pages = [
            page(
                r#"{"user":"ana","at":"1","items":[{"objective":"a"}],"toil":[{"objective":"a","consumedRatio":0.50}],"next":"x"}"#,
            ),
            page(
                r#"{"user":"ana","at":"2","items":[{"objective":"b"},{"objective":"c"}],
                "toil":[{"objective":"c","consumedRatio":1.5},{"objective":"b","consumedRatio":null}]}"#,
            ),
        ];
        let whole = whole(&pages);
        let names = |of: &[&Json]| of.iter().filter_map(|item| item.get("objective")?.text()).collect::<String>();
        assert_eq!((names(&whole.items).as_str(), names(&whole.toil).as_str()), ("abc", "cab"));
        assert_eq!(whole.at.and_then(Json::text), Some("1"));
    }
}
