//! `slo budget`: how much failure is left to spend, for whoever decides on it.

mod report;

use std::cmp::Ordering;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::client::Client;
use crate::decimal::Decimal;
use crate::error::{Error, Result};
use crate::output::{Format, Items, print};
use crate::resource::{Kind, Name};
use crate::table::Table;
use slo_core::Json;

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
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// What if this were the target, such as 0.995
    #[arg(long, value_name = "RATIO", value_parser = ratio, requires = "objective")]
    target: Option<String>,
}

/// The budget of an objective in the list.
#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    /// As the service has it.
    Budget(Json),
    /// Why it could not be had.
    Failed { objective: String, error: String },
}

/// Exact as typed: the service takes decimal text.
fn ratio(text: &str) -> Result<String, String> {
    let value = Decimal::parse(text).ok_or("not a decimal ratio such as 0.995")?;
    let bound = |text| Decimal::parse(text).expect("a number");
    if value > bound("0") && value < bound("1") {
        Ok(text.to_owned())
    } else {
        Err("a target lies between 0 and 1: write 99.5 % as 0.995".to_owned())
    }
}

/// Runs the command.
pub(crate) fn run(args: &Budget, client: &Client, format: Format) -> Result {
    let at = args.at.map(|at| at.to_string());
    let at = at.as_deref().map(|at| ("at", at));
    match &args.objective {
        Some(name) => {
            let query: Vec<_> = at.into_iter().chain(args.target.as_deref().map(|target| ("target", target))).collect();
            let answer = client.get(&budget_path(name), &query)?;
            match format {
                Format::Json => print(answer.body.trim_end()),
                Format::Table => print(&report::report(&client.read(&answer)?, args.target.is_some())),
            }
        }
        None => list(at, client, format),
    }
}

fn budget_path(name: &Name) -> String {
    format!("{}/error-budget", Kind::Objective.item(name))
}

fn list(at: Option<(&str, &str)>, client: &Client, format: Format) -> Result {
    let query: Vec<_> = at.into_iter().collect();
    let mut lines = Vec::new();
    let mut failed = 0;
    for objective in client.list(Kind::Objective.path(), &[])? {
        let name: Name = objective.get("name").and_then(Json::text).unwrap_or_default().parse()?;
        match client.get(&budget_path(&name), &query).and_then(|answer| client.read(&answer)) {
            Ok(budget) => lines.push(Line::Budget(budget)),
            // One objective that cannot be computed must not hide the others; an absent service does.
            Err(Error::Problem(problem)) if problem.status != 401 && problem.status != 403 => {
                failed += 1;
                lines.push(Line::Failed { objective: name.to_string(), error: problem.to_string() });
            }
            Err(error) => return Err(error),
        }
    }
    lines.sort_by(worst_first);
    format.print(|| table(&lines), || Items { items: &lines })?;
    for line in &lines {
        if let Line::Failed { objective, error } = line {
            eprintln!("slo: {objective}: {error}");
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Error::Failed(format!("{failed} of {} budgets could not be had", lines.len()))),
    }
}

/// By what remains; undefined figures and failures last.
fn worst_first(a: &Line, b: &Line) -> Ordering {
    let remaining = |line: &Line| match line {
        Line::Budget(budget) => budget.at(&["budget", "remainingRatio"]).and_then(Json::text).and_then(Decimal::parse),
        Line::Failed { .. } => None,
    };
    match (remaining(a), remaining(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn table(lines: &[Line]) -> String {
    let mut table = Table::with_header(["OBJECTIVE", "STATUS", "REMAINING", "TARGET", "SLI", "BAD", "TOTAL"]);
    for line in lines {
        match line {
            Line::Failed { objective, .. } => table.row([objective.as_str(), "unknown"]),
            Line::Budget(budget) => table.row([
                budget.get("objective").and_then(Json::text).unwrap_or_default().to_owned(),
                report::short_status(budget).to_owned(),
                report::percent(budget.at(&["budget", "remainingRatio"])),
                report::percent(budget.get("target")),
                report::percent(budget.get("sli")),
                report::figure(budget.get("bad")),
                report::figure(budget.get("total")),
            ]),
        }
    }
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(name: &str, remaining: &str) -> Line {
        let text = format!(
            r#"{{"objective":"{name}","status":"ok","target":0.99,"sli":null,"bad":1,"total":20000,"budget":{{"remainingRatio":{remaining}}}}}"#
        );
        Line::Budget(Json::parse(text.as_bytes()).expect("JSON"))
    }

    #[test]
    fn the_worst_comes_first_and_the_unknown_last() {
        let mut lines = [
            budget("fine", "0.9"),
            Line::Failed { objective: "broken".to_owned(), error: String::new() },
            budget("quiet", "null"),
            budget("overdrawn", "-1.5"),
            budget("spent", "0"),
            budget("tight", "1e-3"),
        ];
        lines.sort_by(worst_first);
        let order: Vec<_> =
            table(&lines).lines().skip(1).map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect();
        assert_eq!(order, ["overdrawn", "spent", "tight", "fine", "broken", "quiet"]);
        assert!(
            table(&lines).lines().any(|line| line == "overdrawn  ok       -150 %     99 %    -    1    20,000"),
            "{}",
            table(&lines)
        );
    }

    #[test]
    fn a_target_is_a_ratio() {
        assert_eq!(ratio("0.9990").as_deref(), Ok("0.9990"));
        for text in ["0", "1", "99.9", "-0.1", "abc", ""] {
            assert!(ratio(text).is_err(), "{text}");
        }
    }
}
