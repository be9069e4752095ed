//! `slo gate`: may this be shipped? An exit code for pipelines, and why for people.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde::Serialize;
use slo_core::Json;

use crate::budget::time;
use crate::client::{Answer, Client};
use crate::error::{Error, Result};
use crate::output::{Format, print};
use crate::resource::Name;
use crate::screen;
use crate::table::printable;

/// Ask whether a change may be shipped, seen by error budgets; the decision is kept
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 ship, 10 caution, 20 hold, 1 an error, 2 wrong usage.

Examples:
  slo gate --service web --change feature --description 'the new checkout'
  slo gate --objective checkout-availability --objective checkout-latency --change fix
  slo gate --decision 01a1f8d3-ea7b-7707-8707-070707070707   # again, after an override")]
pub(crate) struct Gate {
    #[command(flatten)]
    subject: Subject,
    /// What is to be shipped
    #[arg(long, value_name = "KIND", default_value = "feature")]
    change: Change,
    /// What it is, for those who read the decision later
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Judge this instant (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

/// What is judged.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// An objective to judge; may be given several times
    #[arg(long, value_name = "OBJECTIVE")]
    objective: Vec<Name>,
    /// Judge all objectives of this service
    #[arg(long, value_name = "SERVICE")]
    service: Option<Name>,
    /// Read this decision instead of making one: its overrides count
    #[arg(long, value_name = "ID", value_parser = id, conflicts_with_all = ["description", "at"])]
    decision: Option<String>,
}

/// What is to be shipped.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Change {
    /// Something new.
    Feature,
    /// A correction.
    Fix,
    /// What makes the service more reliable.
    Reliability,
    /// What makes it safer.
    Security,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Fix => "fix",
            Self::Reliability => "reliability",
            Self::Security => "security",
        }
    }
}

fn id(text: &str) -> Result<String, slo_core::DecisionIdError> {
    text.parse().map(|id: slo_core::DecisionId| id.to_string())
}

/// The question as the API takes it.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    objectives: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    change: Proposed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Proposed<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

/// Runs the command; the exit code is the verdict.
pub(crate) fn run(args: &Gate, client: &Client, format: Format) -> Result<ExitCode> {
    let answer = ask(args, client)?;
    let decision = client.read(&answer)?;
    let code = match text(&decision, "effectiveVerdict") {
        "ship" => 0,
        "caution" => 10,
        "hold" => 20,
        _ => return Err(client.nonsense("a decision without a verdict")),
    };
    let printed = match format {
        Format::Json => print(answer.body.trim_end()),
        Format::Table => print(&report(&decision)),
    };
    match printed {
        // Nobody reads the reasons; the verdict counts all the same.
        Err(error) if !error.is_closed_pipe() => Err(error),
        _ => Ok(ExitCode::from(code)),
    }
}

fn ask(args: &Gate, client: &Client) -> Result<Answer> {
    if let Some(id) = &args.subject.decision {
        return client.get(&format!("/decisions/{id}"), &[]);
    }
    let question = Question {
        objectives: args.subject.objective.iter().map(ToString::to_string).collect(),
        service: args.subject.service.as_ref().map(ToString::to_string),
        change: Proposed { kind: args.change.word(), description: args.description.as_deref() },
        at: args.at,
    };
    let body = serde_json::to_string(&question).map_err(|error| Error::Output(error.into()))?;
    client.post("/decisions", &body)
}

fn text<'a>(json: &'a Json, member: &str) -> &'a str {
    json.get(member).and_then(Json::text).unwrap_or_default()
}

/// The verdict, a line for each reason, and the decision's identifier.
fn report(decision: &Json) -> String {
    let (verdict, effective) = (text(decision, "verdict"), text(decision, "effectiveVerdict"));
    let mut lines = vec![if verdict == effective {
        verdict.to_owned()
    } else {
        format!("{effective} (overridden: it was {verdict})")
    }];
    for reason in decision.items("reasons") {
        let informs = matches!(reason.get("aspirational"), Some(Json::Bool(true)));
        let note = if informs { ", aspirational" } else { "" };
        lines.push(format!(
            "  {}: {} ({}{note})",
            text(reason, "verdict"),
            text(reason, "detail"),
            text(reason, "rule")
        ));
    }
    for incident in decision.items("postmortemRequired") {
        let (objective, start) = (text(incident, "objective"), text(incident, "start"));
        lines.push(format!("  postmortem required: the incident of {objective} at {start}"));
    }
    for granted in decision.items("overrides") {
        let (verdict, until) = (text(granted, "verdict"), text(granted, "expiresAt"));
        lines.push(format!("  override: {verdict} until {until}: {}", text(granted, "reason")));
    }
    lines.push(format!("decision {}", text(decision, "id")));
    let lines: Vec<String> = lines.iter().map(|line| screen::paint(&printable(line))).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_line() {
        let json = r#"{"id":"i","verdict":"hold","effectiveVerdict":"ship",
            "reasons":[{"objective":"o","rule":"r","verdict":"hold","detail":"o is exhausted"},
                {"rule":"s","verdict":"caution","aspirational":true,"detail":"p has no data"}],
            "postmortemRequired":[{"objective":"o","start":"2026-11-19T00:00:00Z"}],
            "overrides":[{"verdict":"ship","expiresAt":"2026-11-20T00:00:00Z","reason":"ends it"}]}"#;
        let lines = [
            "ship (overridden: it was hold)",
            "  hold: o is exhausted (r)",
            "  caution: p has no data (s, aspirational)",
            "  postmortem required: the incident of o at 2026-11-19T00:00:00Z",
            "  override: ship until 2026-11-20T00:00:00Z: ends it",
            "decision i",
        ];
        assert_eq!(report(&Json::parse(json.as_bytes()).expect("JSON")), lines.join("\n"));
    }
}
