//! `slo ingest`: turn logs and tables into measurements and send them.

mod access_log;
mod batch;
mod csv;
mod event;
mod good;
mod lines;
pub(crate) mod measurement;
pub(crate) mod send;

use std::path::PathBuf;

use clap::Args;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::output::{Format, complain};
use crate::resource::Name;
use access_log::LogFormat;
use good::Good;

/// Count events per minute in logs or tables, and send the counts
///
/// Sending is safe to repeat: a measurement is known by indicator, source and
/// minute, and the same counts a second time change nothing. So after any failure
/// run the same command again.
///
/// A minute's counts must be complete when they are sent. Two files that share a
/// minute (two machines, or a log rotated within a minute) therefore need either
/// one command with both files, which adds them up, or a --source each. The same
/// minute with other counts is a conflict: the service keeps what it has, and this
/// command says so. To replace counts on purpose, say because a log was corrected,
/// give a higher --revision.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Access logs: the first line that can be read tells the format of its file, or
  --format does. Lines may be in any order, files compressed by gzip. --good takes
  comparisons < <= > >= == != of status, bytes (both 0 when there are none),
  duration (in milliseconds), method, path (with its query) and host (who asked)
  with numbers or quoted text, joined by and, or, not and parentheses.
  common       Common or Combined Log Format; it tells no duration
  alb          Application Load Balancer; duration is the sum of the three times, and
               not known when one is -1, as of redirects: what is not known is not good
  cloudfront   standard logs with their #Fields line; duration is time-taken
  api-gateway  JSON with status, requestTimeEpoch or requestTime, and what --good needs
               of httpMethod, path, ip, responseLength, responseLatency
CSV: the header is time,good,total or time,value (timestamp is taken for time);
  times are RFC 3339, or YYYY-MM-DD HH:MM:SS in UTC. Values go to threshold
  indicators, which judge them; numbers are sent exactly as they stand.

Examples:
  slo ingest site --access-log access.log
  slo ingest site --access-log web1/access.log web2/access.log
  slo ingest site --access-log - --source web1 --good 'status < 500 and status != 429'
  slo ingest shop --access-log alb.log.gz --good 'status < 500 and duration <= 300'
  slo ingest shop --access-log - --format cloudfront
  slo ingest latency --csv latency.csv"
)]
pub(crate) struct Ingest {
    /// The indicator to measure
    indicator: Name,
    /// Access logs, `-` for standard input; several are added up
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "csv", conflicts_with = "csv")]
    access_log: Vec<PathBuf>,
    /// The format of the access logs; otherwise each file tells it
    #[arg(long, value_name = "FORMAT", conflicts_with = "csv")]
    format: Option<LogFormat>,
    /// Tables of counts or values, `-` for standard input; several are added up
    #[arg(long, value_name = "FILE", num_args = 1..)]
    csv: Vec<PathBuf>,
    /// Which events of an access log are good
    #[arg(long, value_name = "EXPRESSION", default_value = "status < 500", conflicts_with = "csv")]
    good: Good,
    /// Where the events were counted, such as a machine or a zone
    #[arg(long, value_name = "NAME", default_value = "default")]
    source: Name,
    /// Revision of the counts; a higher one replaces what was sent before
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=measurement::MAX_COUNT))]
    revision: u64,
    /// Send the rest when some lines cannot be read
    #[arg(long)]
    skip_unreadable: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Ingest, client: Client, format: Format) -> Result {
    // By where they are: one file may have several names.
    let place = |file: &PathBuf| file.canonicalize().unwrap_or_else(|_| file.clone());
    for (index, file) in args.access_log.iter().chain(&args.csv).enumerate() {
        if args.access_log.iter().chain(&args.csv).take(index).any(|other| place(other) == place(file)) {
            return Err(Error::Failed(format!(
                "{} is given twice and would be counted twice; leave one out",
                file.display()
            )));
        }
    }
    let (measurements, unreadable) = if args.csv.is_empty() {
        access_log::read(&args.access_log, args.format, &args.good, args.revision)?
    } else {
        csv::read(&args.csv, args.revision)?
    };
    if unreadable.count() > 0 {
        if !args.skip_unreadable {
            return Err(Error::Failed(format!(
                "{unreadable}\nnothing was sent; correct the lines, or send the others with --skip-unreadable"
            )));
        }
        complain(&format!("{unreadable}\nthese lines are left out"));
    }
    if measurements.is_empty() {
        return Err(Error::Failed(
            "there is nothing to send: no line holds an event; look whether these are the files you mean".to_owned(),
        ));
    }
    let shipment = send::Shipment {
        indicator: &args.indicator,
        source: &args.source,
        measurements: &measurements,
        unreadable: unreadable.count(),
    };
    shipment.send(client, format)
}
