//! `slo budget`: how much failure is left to spend, for whoever decides on it.

pub(crate) mod report;

use std::cmp::Ordering;

use clap::Args;
use jiff::Timestamp;

use crate::client::Client;
use crate::decimal::Decimal;
use crate::error::Result;
use crate::output::{Format, Items, print};
use crate::resource::{Kind, Name};
use crate::table::Table;
use slo_core::{Json, Target};

/// Show error budgets: of one objective in full, or of all, the worst first
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo budget
  slo budget checkout-availability
  slo budget checkout-availability --at 2026-11-20T12:00:00Z --target 0.995")]
pub(crate) struct Budget {
    /// The objective; without, one line for each
    objective: Option<Name>,
    /// As of this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// What if this were the target, such as 0.995
    #[arg(long, value_name = "RATIO", requires = "objective")]
    target: Option<Target>,
}

/// A time in RFC 3339; the parser's own words are about digits.
pub(crate) fn time(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "write a time in RFC 3339, such as 2026-11-20T12:00:00Z")
}

/// Runs the command.
pub(crate) fn run(args: &Budget, client: &Client, format: Format) -> Result {
    let at = args.at.map(|at| at.to_string());
    let at = at.as_deref().map(|at| ("at", at));
    match &args.objective {
        Some(name) => {
            let target = args.target.map(|target| target.to_string());
            let query: Vec<_> = at.into_iter().chain(target.as_deref().map(|target| ("target", target))).collect();
            let answer = client.get(&format!("{}/error-budget", Kind::Objective.item(name)), &query)?;
            match format {
                Format::Json => print(answer.body.trim_end()),
                Format::Table => print(&report::report(&client.read(&answer)?, args.target.is_some())),
            }
        }
        None => list(at, client, format),
    }
}

fn list(at: Option<(&str, &str)>, client: &Client, format: Format) -> Result {
    let query: Vec<_> = at.into_iter().collect();
    let mut budgets = client.list("/error-budgets", &query)?;
    // The service sorts each page.
    budgets.sort_by(worst_first);
    format.print(|| table(&budgets), || Items { items: &budgets })
}

/// By what remains; undefined figures last.
fn worst_first(a: &Json, b: &Json) -> Ordering {
    let remaining = |budget: &Json| {
        let measured = budget.get("status").and_then(Json::text) != Some("noData");
        let ratio = budget.at(&["budget", "remainingRatio"]).and_then(Json::text).and_then(Decimal::parse);
        ratio.filter(|_| measured)
    };
    match (remaining(a), remaining(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn table(budgets: &[Json]) -> String {
    let mut table = Table::with_header(["OBJECTIVE", "STATUS", "REMAINING", "TARGET", "SLI", "BAD", "TOTAL"]);
    for budget in budgets {
        table.row([
            budget.get("objective").and_then(Json::text).unwrap_or_default().to_owned(),
            report::short_status(budget).to_owned(),
            report::percent(budget.at(&["budget", "remainingRatio"])),
            report::percent(budget.get("target")),
            report::percent(budget.get("sli")),
            report::figure(budget.get("bad")),
            report::figure(budget.get("total")),
        ]);
        table.paint(1);
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(name: &str, remaining: &str) -> Json {
        let text = format!(
            r#"{{"objective":"{name}","status":"ok","target":0.99,"sli":null,"bad":1,"total":20000,"budget":{{"remainingRatio":{remaining}}}}}"#
        );
        Json::parse(text.as_bytes()).expect("JSON")
    }

    #[test]
    fn the_worst_comes_first_and_the_unknown_last() {
        let mut budgets = [
            budget("fine", "0.9"),
            budget("quiet", "null"),
            budget("overdrawn", "-1.5"),
            budget("spent", "0"),
            budget("tight", "1e-3"),
        ];
        budgets.sort_by(worst_first);
        let order: Vec<_> =
            table(&budgets).lines().skip(1).map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(order, ["overdrawn", "spent", "tight", "fine", "quiet"]);
        assert!(
            table(&budgets).lines().any(|line| line == "overdrawn  ok      -150 %     99 %    -    1    20,000"),
            "{}",
            table(&budgets)
        );
    }
}
