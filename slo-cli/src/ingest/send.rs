//! Sends measurements batch by batch and tells what became of them.

use std::fmt;

use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use slo_core::Json;

use super::batch::{Batch, batches};
use super::measurement::{Content, Measurement};
use crate::client::Client;
use crate::decimal::grouped;
use crate::error::{Error, Result};
use crate::output::Format;
use crate::progress;
use crate::resource::{Kind, Name};
use crate::words::counted;

/// How many conflicts are shown.
const SHOWN: usize = 3;

/// What is to be sent, and what it is called.
#[derive(Debug)]
pub(crate) struct Shipment<'a> {
    /// The indicator that is measured.
    pub(crate) indicator: &'a Name,
    /// Where it was measured.
    pub(crate) source: &'a Name,
    /// The measurements in the order of time, at least one.
    pub(crate) measurements: &'a [Measurement],
    /// How many lines were left out.
    pub(crate) unreadable: u64,
}

/// What the service did with measurements.
#[derive(Debug, Default, Deserialize)]
struct Receipt {
    accepted: u64,
    replayed: u64,
    stale: u64,
    #[serde(default)]
    conflicts: Vec<Conflict>,
}

/// A minute of which the service has other counts.
#[derive(Debug, Deserialize)]
struct Conflict {
    start: Timestamp,
    stored: Stored,
}

/// What the service has.
#[derive(Debug, Deserialize, Serialize)]
struct Stored {
    good: u64,
    total: u64,
    revision: u64,
}

/// A conflict with both sides.
#[derive(Debug, Serialize)]
struct Contradiction {
    start: Timestamp,
    stored: Stored,
    #[serde(skip)]
    told: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<Sent>,
}

/// What we sent; of values only the service knows what they count for.
#[derive(Debug, Serialize)]
struct Sent {
    good: u64,
    total: u64,
}

/// What became of everything.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    indicator: String,
    source: String,
    /// Events of logs and counts, else values.
    unit: &'static str,
    #[serde(rename = "count")]
    events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    good: Option<u64>,
    minutes: usize,
    from: Timestamp,
    to: Timestamp,
    unreadable_lines: u64,
    accepted: u64,
    replayed: u64,
    stale: u64,
    conflicts: Vec<Contradiction>,
}

impl Shipment<'_> {
    /// Sends everything, prints the summary, and fails if there were conflicts.
    pub(super) fn send(&self, client: Client, format: Format) -> Result {
        let batches = batches(self.measurements).map_err(Error::Failed)?;
        self.check_kind(&client)?;
        let bar = progress::minutes(count(self.measurements.len()));
        let client = client.beside(&bar);
        let summary = self.deliver(&client, &batches, &bar)?;
        bar.finish_and_clear();
        format.print(|| summary.to_string(), || &summary)?;
        match &summary.conflicts[..] {
            [] => Ok(()),
            conflicts => Err(Error::Failed(self.contradicted(conflicts))),
        }
    }

    /// Sends everything without a word of its own; conflicts are not expected.
    pub(crate) fn send_quietly(&self, client: &Client, bar: &ProgressBar) -> Result {
        let batches = batches(self.measurements).map_err(Error::Failed)?;
        match &self.deliver(client, &batches, bar)?.conflicts[..] {
            [] => Ok(()),
            conflicts => Err(Error::Failed(self.contradicted(conflicts))),
        }
    }

    fn deliver(&self, client: &Client, batches: &[Batch<'_>], bar: &ProgressBar) -> Result<Summary> {
        let path = format!("/indicators/{}/measurements", self.indicator);
        let mut summary = self.summary();
        let mut done = 0;
        for batch in batches {
            let receipt = deliver(client, &path, &batch.body(self.source)).map_err(|source| {
                bar.finish_and_clear();
                Error::Stopped {
                    done: grouped(count(done)),
                    all: counted(count(self.measurements.len()), "minutes"),
                    advice: advice(&source, batch),
                    source: Box::new(source),
                }
            })?;
            done += batch.measurements.len();
            bar.inc(count(batch.measurements.len()));
            summary.add(receipt, batch);
        }
        Ok(summary)
    }

    /// Refuses what an indicator of its kind does not take: the service would fault every minute.
    fn check_kind(&self, client: &Client) -> Result {
        let indicator = match client.get_patiently(&Kind::Indicator.item(self.indicator)) {
            // A token that is limited to ingesting may not look: the service will judge.
            Err(Error::Problem(problem)) if problem.status == 403 => return Ok(()),
            answer => client.read(&answer?)?,
        };
        let takes = match (indicator.get("kind").and_then(Json::text), self.has_values()) {
            (Some("ratio"), true) => "a ratio indicator, which takes --access-log, or --csv with time,good,total",
            (Some("threshold"), false) => "a threshold indicator, which takes --csv with time,value",
            _ => return Ok(()),
        };
        Err(Error::Failed(format!("{} is {takes}; nothing was sent", self.indicator)))
    }

    fn has_values(&self) -> bool {
        self.measurements.iter().any(|measurement| matches!(measurement.content, Content::Values { .. }))
    }

    fn summary(&self) -> Summary {
        let sum = |part: fn(&Measurement) -> u64| self.measurements.iter().map(part).fold(0, u64::saturating_add);
        let has_values = self.has_values();
        let good = sum(|measurement| match measurement.content {
            Content::Counts { good, .. } => good,
            Content::Values { .. } => 0,
        });
        let start = |measurement: Option<&Measurement>| measurement.map_or(Timestamp::UNIX_EPOCH, |m| m.minute.start());
        Summary {
            indicator: self.indicator.to_string(),
            source: self.source.to_string(),
            unit: if has_values { "values" } else { "events" },
            events: sum(Measurement::events),
            good: (!has_values).then_some(good),
            minutes: self.measurements.len(),
            from: start(self.measurements.first()),
            to: start(self.measurements.last()),
            unreadable_lines: self.unreadable,
            accepted: 0,
            replayed: 0,
            stale: 0,
            conflicts: Vec::new(),
        }
    }

    fn contradicted(&self, conflicts: &[Contradiction]) -> String {
        let number = grouped(count(conflicts.len()));
        let minutes = counted(count(self.measurements.len()), "minutes");
        let contradict = if conflicts.len() == 1 { "contradicts" } else { "contradict" };
        let mut text = format!("{number} of {minutes} {contradict} what source {} sent before:", self.source);
        for Contradiction { start, stored, told, .. } in conflicts.iter().take(SHOWN) {
            let Stored { good, total, revision } = stored;
            text.push_str(&format!("\n  {start}: stored {good} good of {total} (revision {revision}), sent {told}"));
        }
        let next = conflicts.iter().map(|conflict| conflict.stored.revision + 1).max().unwrap_or(1);
        text.push_str(&format!(
            "\nThese minutes stay as stored. If these files are another source, name it with --source; if they correct what was sent, add --revision {next}."
        ));
        text
    }
}

impl Summary {
    fn add(&mut self, receipt: Receipt, batch: &Batch<'_>) {
        self.accepted += receipt.accepted;
        self.replayed += receipt.replayed;
        self.stale += receipt.stale;
        self.conflicts.extend(receipt.conflicts.into_iter().map(|Conflict { start, stored }| {
            let sent = batch.measurements.iter().find(|measurement| measurement.minute.start() == start);
            Contradiction {
                start,
                stored,
                told: sent.map_or_else(|| "nothing".to_owned(), |measurement| measurement.told()),
                sent: sent.and_then(|measurement| match measurement.content {
                    Content::Counts { good, total } => Some(Sent { good, total }),
                    Content::Values { .. } => None,
                }),
            }
        }));
    }
}

/// The one line that scripts and people read.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Timestamp| time.to_zoned(TimeZone::UTC).strftime("%-d %b %Y %H:%M").to_string();
        write!(
            f,
            "{}: {} in {} from {} to {} UTC: {} accepted, {} replayed, {} stale, {}",
            self.indicator,
            counted(self.events, self.unit),
            counted(count(self.minutes), "minutes"),
            time(self.from),
            time(self.to),
            grouped(self.accepted),
            grouped(self.replayed),
            grouped(self.stale),
            counted(count(self.conflicts.len()), "conflicts"),
        )
    }
}

/// Sends one batch. A 409 with conflicts is a receipt: all other measurements were stored.
fn deliver(client: &Client, path: &str, body: &str) -> Result<Receipt> {
    let answer = client.post_repeatable(path, body)?;
    let receipt = serde_json::from_str::<Receipt>(&answer.body);
    match (answer.status, receipt) {
        (409, Ok(receipt)) if !receipt.conflicts.is_empty() => Ok(receipt),
        (200..=299, receipt) => receipt.map_err(|error| client.nonsense(error)),
        _ => Err(answer.success().map_or_else(|problem| problem, |_| client.nonsense("neither success nor problem"))),
    }
}

/// What to do about a batch that was not taken.
fn advice(error: &Error, batch: &Batch<'_>) -> String {
    let problem = match error {
        error if error.is_passing() => {
            return "run the same command again, nothing is counted twice".to_owned();
        }
        Error::Problem(problem) => problem,
        _ => return "correct what is said here, then run the command again".to_owned(),
    };
    // The service knows the place in the batch, the user the minute.
    let index = problem.pointer().and_then(|pointer| pointer.strip_prefix("/measurements/")?.split('/').next());
    let named = index.and_then(|index| batch.measurements.get(index.parse::<usize>().ok()?));
    match (problem.status, named) {
        (401 | 403, _) => "give a token that may send measurements (--token or SLO_TOKEN)".to_owned(),
        (404, _) => "create the indicator with `slo apply`, then run the command again".to_owned(),
        (_, Some(named)) => {
            format!("correct the lines of {}, the first that is refused", named.minute.start())
        }
        _ => "correct what the service refuses, then run the command again".to_owned(),
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
