//! `slo calc`: a budget from figures at hand, without a server.

use std::str::FromStr;

use clap::Args;
use serde::Serialize;
use slo_core::{CountsError, ErrorBudget, EventCounts, Ratio, RollingWindow, Shorthand, Target, time_to_exhaustion};

use crate::error::{Error, Result};
use crate::output::Format;
use crate::table::Table;
use crate::words::{duration, singular};

/// What a figure is without traffic.
const UNDEFINED: &str = "undefined, no events";

/// Work out an error budget from counts, without a server
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  slo calc --target 0.999 --window 30d --total 1000000 --bad 250")]
pub(crate) struct Calc {
    /// The required ratio, such as 0.999
    #[arg(long, value_name = "RATIO")]
    pub(crate) target: Target,
    /// The time window, 1h to 366d, such as 28d
    #[arg(long, value_name = "DURATION")]
    pub(crate) window: Window,
    /// All events of the window
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) total: u64,
    /// The bad ones among them
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) bad: u64,
}

/// A count; the parser's own words are about digits.
fn count(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "write a whole number, such as 1000000")
}

/// A rolling window, as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    written: Shorthand,
    rolling: RollingWindow,
}

impl FromStr for Window {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let window = text.parse::<Shorthand>().ok();
        let window = window.and_then(|written| Some(Self { written, rolling: RollingWindow::new(written).ok()? }));
        window.ok_or("a length of 1h to 366d in m, h, d or w")
    }
}

/// Figures as the API names them; undefined ones are null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    target: Ratio,
    time_window: String,
    good: u64,
    total: u64,
    bad: u64,
    sli: Option<Ratio>,
    budget: Budget,
    met: Option<bool>,
    exhausted: bool,
    burn_rate: Option<Ratio>,
    time_to_exhaustion_seconds: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Budget {
    unit: &'static str,
    total: Ratio,
    consumed: Ratio,
    remaining: Ratio,
    consumed_ratio: Option<Ratio>,
    remaining_ratio: Option<Ratio>,
}

/// Runs the command.
pub(crate) fn run(args: &Calc, format: Format) -> Result {
    let failed = |text: &str| Error::Failed(text.to_owned());
    let good =
        args.total.checked_sub(args.bad).ok_or_else(|| failed("--bad: more than --total; total counts every event"))?;
    let counts =
        EventCounts::new(good, args.total).map_err(|error: CountsError| Error::Failed(format!("--total: {error}")))?;
    let budget = ErrorBudget::of_events(counts, args.target);
    let sli = Ratio::new(i128::from(good), i128::from(args.total));
    let met = sli.map(|sli| sli >= Ratio::from(args.target));
    let seconds = args.window.rolling.minutes().unsigned_abs() * 60;
    // Over the whole window the burn rate is the share of the budget that is gone.
    let left = time_to_exhaustion(seconds, budget.remaining_ratio, budget.consumed_ratio);
    let text = || {
        let percent = |ratio: Option<Ratio>| {
            ratio.map_or_else(
                || "undefined".to_owned(),
                |r| {
                    let hundredfold = Ratio::new(r.numerator() * 100, r.denominator());
                    format!("{} %", hundredfold.unwrap_or(Ratio::ZERO))
                },
            )
        };
        let events = |count: Ratio| {
            let unit = "bad events";
            format!("{count} {}", if count == Ratio::ONE { singular(unit) } else { unit })
        };
        let lasts = match left {
            _ if sli.is_none() => UNDEFINED.to_owned(),
            None => "as long as this goes on".to_owned(),
            Some(seconds) => format!("{} at this rate", duration(seconds)),
        };
        let met = match met {
            None => UNDEFINED,
            Some(true) => "yes",
            Some(false) => "no",
        };
        let mut lines = Table::default();
        for (name, value) in [
            ("level (SLI)", percent(sli)),
            ("target met", met.to_owned()),
            ("budget", events(budget.total)),
            ("consumed", format!("{} ({})", events(budget.consumed), percent(budget.consumed_ratio))),
            ("remaining", format!("{} ({})", events(budget.remaining), percent(budget.remaining_ratio))),
            ("burn rate", budget.consumed_ratio.map_or_else(|| "undefined".to_owned(), |r| r.to_string())),
            ("lasts", lasts),
        ] {
            lines.row([name, value.as_str()]);
        }
        lines.render()
    };
    format.print(text, || Figures {
        target: args.target.into(),
        time_window: args.window.written.to_string(),
        good,
        total: args.total,
        bad: args.bad,
        sli,
        budget: Budget {
            unit: "events",
            total: budget.total,
            consumed: budget.consumed,
            remaining: budget.remaining,
            consumed_ratio: budget.consumed_ratio,
            remaining_ratio: budget.remaining_ratio,
        },
        met,
        exhausted: sli.is_some() && budget.is_exhausted(),
        burn_rate: budget.consumed_ratio,
        time_to_exhaustion_seconds: left,
    })
}
