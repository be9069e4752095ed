//! `slo apply`: bring the service to what files say, and nothing else.

mod difference;
mod document;
mod yaml;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::output::Format;
use difference::{Change, difference};
use document::Document;

/// Create or replace users, indicators and objectives from files
///
/// A file holds the API's own documents, as JSON or YAML: one, several one after
/// the other, an array, or the {"items": […]} that `slo get` prints. The members
/// of a document tell what it is: `indicator` and `target` make an objective,
/// `kind: ratio` or `kind: threshold` an indicator, `role` and `access` a user.
/// Numbers are sent with the text they have in the file: 0.999 stays 0.999.
///
/// Users are written first, then indicators, then objectives. What the service
/// has already is left alone, so the same files can be applied again and again.
/// Nothing is written unless every file can be read and understood.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  slo apply -f slo.yaml
  slo apply -f users.json -f objectives/ann.yaml -f objectives/bob.yaml
  slo get objective checkout --output json | sed s/0.99/0.999/ | slo apply -f - --dry-run"
)]
pub(crate) struct Apply {
    /// A file to apply, `-` for standard input; may be repeated
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// Print what would change, member by member, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// What was done about one document.
#[derive(Debug, Serialize)]
struct Outcome {
    kind: String,
    name: String,
    action: Action,
    changes: Vec<Change>,
}

/// What was done, or with `--dry-run` would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Action {
    Created,
    Updated,
    Unchanged,
}

/// The outcomes as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    dry_run: bool,
    items: &'a [Outcome],
}

/// What is written for a document.
struct Plan {
    action: Action,
    changes: Vec<Change>,
    etag: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Apply, client: &Client, format: Format) -> Result {
    let documents = document::read_all(&args.files)?;
    let mut outcomes = Vec::new();
    for document in &documents {
        match apply(document, client, args.dry_run) {
            Ok(outcome) => outcomes.push(outcome),
            Err(source) => {
                // What was done is told, also when the rest cannot be.
                print(&outcomes, args.dry_run, format)?;
                return Err(Error::Document {
                    place: format!("{} {} ({})", document.kind, document.name, document.place),
                    fault: crate::chain(&source),
                });
            }
        }
    }
    print(&outcomes, args.dry_run, format)
}

fn apply(document: &Document, client: &Client, dry_run: bool) -> Result<Outcome> {
    let path = document.kind.item(&document.name);
    let plan = plan(document, client, &path)?;
    if !dry_run && plan.action != Action::Unchanged {
        client.put(&path, &document.body().to_string(), plan.etag.as_deref())?;
    }
    Ok(Outcome {
        kind: document.kind.to_string(),
        name: document.name.to_string(),
        action: plan.action,
        changes: plan.changes,
    })
}

fn plan(document: &Document, client: &Client, path: &str) -> Result<Plan> {
    let wanted = document.body();
    let Some(answer) = client.find(path)? else {
        let changes = difference(&slo_core::Json::Object(Vec::new()), &wanted);
        return Ok(Plan { action: Action::Created, changes, etag: None });
    };
    let changes = difference(&client.read(&answer)?, &wanted);
    let action = if changes.is_empty() { Action::Unchanged } else { Action::Updated };
    Ok(Plan { action, changes, etag: answer.etag })
}

fn print(outcomes: &[Outcome], dry_run: bool, format: Format) -> Result {
    if outcomes.is_empty() && format == Format::Table {
        return Ok(());
    }
    let text = || {
        let mut lines = Vec::new();
        for Outcome { kind, name, action, changes } in outcomes {
            let would = if dry_run && *action != Action::Unchanged { "would be " } else { "" };
            let action = match action {
                Action::Created => "created",
                Action::Updated => "updated",
                Action::Unchanged => "unchanged",
            };
            lines.push(format!("{kind} {name}: {would}{action}"));
            if dry_run {
                lines.extend(changes.iter().map(|change| format!("  {change}")));
            }
        }
        lines.join("\n")
    };
    format.print(text, || Report { dry_run, items: outcomes })
}
