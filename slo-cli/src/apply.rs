//! `slo apply`: bring the service to what files say, and nothing else.

mod document;
mod openslo;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::note::Note;
use crate::output::Format;
use crate::problem::Problem;
use crate::resource::Kind;
use crate::table::printable;
use document::{Document, Files};
use slo_core::Json;
use slo_lambda::{Change, difference};

/// Create or replace services, users, indicators and objectives from files
///
/// A file holds the API's own documents, as JSON or YAML: one, several one after
/// the other, an array, or the {"items": […]} that `slo get` prints. The members
/// of a document tell what it is: `indicator` and `target` make an objective,
/// `kind: ratio` or `kind: threshold` an indicator, `role` and `access` a user,
/// `kind: service` a service, which what `slo get service` prints need not have.
/// Numbers are sent with the text they have in the file: 0.999 stays 0.999.
///
/// Documents of OpenSLO v1 (`apiVersion: openslo/v1`) are taken too, each file with
/// one of the two kinds; all of them make one request, in which they may name each
/// other. What OpenSLO can say and is not kept here is refused with its line.
///
/// Services and users are written first, then indicators, then objectives. What
/// is there already is left alone, so the same files can be applied again and
/// again. Nothing is written unless every file can be read and understood.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  slo apply -f slo.yaml
  slo apply -f openslo.yaml --dry-run
  slo export | slo apply -f -
  slo apply -f users.json -f objectives/ann.yaml -f objectives/bob.yaml
  slo get objective checkout --output json | sed s/0.99/0.999/ | slo apply -f - --dry-run"
)]
pub(crate) struct Apply {
    /// A file to apply, `-` for standard input; may be repeated
    #[arg(short = 'f', long = "file", value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<PathBuf>,
    /// Print what would change, member by member, and what the service says about it; write nothing
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
    notes: Vec<Note>,
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

/// Runs the command.
pub(crate) fn run(args: &Apply, client: &Client, format: Format) -> Result {
    let Files { documents, openslo } = document::read_all(&args.files)?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    // What OpenSLO describes may use all but objectives of ours, and those may use what it describes.
    let (first, last): (Vec<_>, Vec<_>) = documents.iter().partition(|document| document.kind != Kind::Objective);
    write(&first, args.dry_run, client, format, &mut outcomes)?;
    if !openslo.is_empty() {
        let applied = openslo::apply(&openslo, client, args.dry_run, &mut outcomes);
        applied.or_else(|error| print(&outcomes, args.dry_run, format).and(Err(error)))?;
    }
    write(&last, args.dry_run, client, format, &mut outcomes)?;
    print(&outcomes, args.dry_run, format)
}

/// Writes documents of ours, one after the other.
fn write(
    documents: &[&Document],
    dry_run: bool,
    client: &Client,
    format: Format,
    outcomes: &mut Vec<Outcome>,
) -> Result {
    for document in documents {
        let done = apply(document, client, dry_run, outcomes);
        match done {
            Ok(outcome) => outcomes.push(outcome),
            Err(source) => {
                // What was done is told, also when the rest cannot be.
                print(outcomes, dry_run, format)?;
                let before = !dry_run && outcomes.iter().any(|outcome| outcome.action != Action::Unchanged);
                let again =
                    if before { "\nwhat is listed above was stored; mend this and apply all of it again" } else { "" };
                return Err(Error::Document {
                    place: format!("{} {} ({})", document.kind, document.name, document.place),
                    fault: format!("{}{again}", crate::chain(&source)),
                });
            }
        }
    }
    Ok(())
}

/// Writes a document if the service has it otherwise; a dry run only says so.
fn apply(document: &Document, client: &Client, dry_run: bool, before: &[Outcome]) -> Result<Outcome> {
    let path = document.kind.item(&document.name);
    let body = document.body();
    let stored = client.find(&path)?;
    let etag = stored.as_ref().and_then(|answer| answer.etag.clone());
    // The service fills in what a document leaves out, so what is compared is what it would make of it.
    let judged = match &stored {
        None if !dry_run => None,
        _ => judge(client, &path, &body, etag.as_deref(), before)?,
    };
    let mut notes = judged.as_ref().map(Note::all).unwrap_or_default();
    let (action, changes) = match stored {
        None => (Action::Created, difference(&Json::Object(Vec::new()), &body)),
        Some(answer) => {
            let changes = difference(&client.read(&answer)?, judged.as_ref().unwrap_or(&body));
            (if changes.is_empty() { Action::Unchanged } else { Action::Updated }, changes)
        }
    };
    if !dry_run {
        notes.clear();
        if action != Action::Unchanged {
            notes = Note::all(&client.read(&client.put(&path, &body.to_string(), etag.as_deref())?)?);
        }
    }
    let (kind, name) = (document.kind.to_string(), document.name.to_string());
    Ok(Outcome { kind, name, action, changes, notes })
}

/// What the service would make of a body: it judges it and stores nothing. `None` when it names what would be created by
/// then: the rest of it can only be judged after that.
fn judge(client: &Client, path: &str, body: &Json, etag: Option<&str>, before: &[Outcome]) -> Result<Option<Json>> {
    match client.put(&format!("{path}?dryRun=true"), &body.to_string(), etag) {
        Ok(answer) => client.read(&answer).map(Some),
        Err(Error::Problem(problem)) if would_be_known(&problem, body, before) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a document is refused for nothing but names that would be created before it.
fn would_be_known(problem: &Problem, body: &Json, before: &[Outcome]) -> bool {
    let created = |pointer: &str| {
        let member = |json: &Json, name: &str| match json {
            Json::Array(items) => items.get(name.parse::<usize>().ok()?).cloned(),
            other => other.get(name).cloned(),
        };
        let named = pointer.split('/').skip(1).try_fold(body.clone(), |json, name| member(&json, name));
        let name = named.as_ref().and_then(Json::text);
        let kind = if pointer.starts_with("/owners/") { Kind::User } else { Kind::Indicator }.to_string();
        let is_it = |outcome: &Outcome| outcome.kind == kind && Some(outcome.name.as_str()) == name;
        before.iter().any(|outcome| outcome.action == Action::Created && is_it(outcome))
    };
    problem.only_unknown().is_some_and(|pointers| pointers.into_iter().all(created))
}

fn print(outcomes: &[Outcome], dry_run: bool, format: Format) -> Result {
    if outcomes.is_empty() && format == Format::Table {
        return Ok(());
    }
    let text = || {
        let mut lines = Vec::new();
        for Outcome { kind, name, action, changes, notes } in outcomes {
            let would = if dry_run && *action != Action::Unchanged { "would be " } else { "" };
            let action = match action {
                Action::Created => "created",
                Action::Updated => "updated",
                Action::Unchanged => "unchanged",
            };
            lines.push(format!("{kind} {name}: {would}{action}"));
            if dry_run {
                lines.extend(changes.iter().map(|change| format!("  {}", told(change))));
            }
            lines.extend(notes.iter().map(|note| format!("  {note}")));
        }
        lines.join("\n")
    };
    format.print(text, || Report { dry_run, items: outcomes })
}

/// A line for a member that changes.
fn told(Change { pointer, from, to }: &Change) -> String {
    let value =
        |value: &Option<Json>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), |v| printable(&v.to_string()));
    format!("{}: {} -> {}", printable(pointer), value(from), value(to))
}
