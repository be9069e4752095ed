//! `slo reconcile`: looks after the tables.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use slo_core::Reconciliation;

use crate::chain;
use crate::error::{Error, Result};
use crate::output::{Format, complain};
use crate::progress;
use crate::storage::{Absent, Storage};
use crate::words::counted;

/// How many days are looked after when nothing is said: today and those to which late data come.
pub(crate) const DAYS: u16 = 3;

/// Complete what a crash left half done, and condense finished days
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slo reconcile --table-prefix prod-
  slo reconcile --table-prefix prod- --days 30   # after older data were loaded
  slo reconcile --endpoint http://localhost:8000

Works on the tables themselves, at any time, beside the service, and creates none. `slo serve` does it every
hour for the data that it keeps in a directory, and within a minute for older days to which it has written.")]
pub(crate) struct Reconcile {
    #[command(flatten)]
    storage: Storage,
    /// How many UTC days, today included
    #[arg(long, value_name = "NUMBER", default_value_t = DAYS, value_parser = clap::value_parser!(u16).range(1..=1_200))]
    days: u16,
}

/// What was done, as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    indicators: usize,
    repaired_hours: usize,
    condensed_days: usize,
    failed: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Reconcile, output: Format) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| Error::Start { what: "the async runtime", source: source.into() })?;
    let bar = progress::doing("looking after the tables");
    let reconciled = runtime.block_on(async {
        let opened = args.storage.open(Absent::Refuse).await.map_err(locked)?;
        let all = opened.service.reconcile(args.days, Timestamp::now()).await;
        all.map_err(|error| args.storage.unusable(error))
    });
    bar.finish_and_clear();
    let Reconciliation { indicators, done, failed } = reconciled?;
    let count = |count: usize, what| counted(u64::try_from(count).unwrap_or(u64::MAX), what);
    let text = || {
        let (looked, hours, days) =
            (count(indicators, "indicators"), count(done.hours, "hours"), count(done.days, "days"));
        format!("{looked} looked at: {hours} repaired, {days} condensed")
    };
    let names = failed.iter().map(|(name, _)| name.to_string()).collect();
    let json = || Done { indicators, repaired_hours: done.hours, condensed_days: done.days, failed: names };
    output.print(text, json)?;
    for (indicator, error) in &failed {
        complain(&format!("indicator {indicator}: {}", chain(error)));
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::Failed(format!("{} could not be looked at; run this again", count(failed.len(), "indicators"))))
}

/// What to do when a server has the data to itself.
fn locked(error: Error) -> Error {
    match error {
        Error::InUse { directory } => Error::Failed(format!(
            "another process uses {}; `slo serve` looks after the newest {DAYS} days of its data by itself every hour; \
             for more than that, stop it and run this again",
            directory.display()
        )),
        error => error,
    }
}
