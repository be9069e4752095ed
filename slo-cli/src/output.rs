//! Standard output: what scripts read. Diagnostics go to standard error.

use std::io::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::{Error, Result};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned text for people.
    Table,
    /// JSON for programs.
    Json,
}

impl Format {
    /// Prints `text` in the table format, the value of `json` otherwise.
    pub(crate) fn print<T: Serialize>(self, text: impl FnOnce() -> String, json: impl FnOnce() -> T) -> Result {
        match self {
            Self::Table => print(&text()),
            Self::Json => print(&serde_json::to_string_pretty(&json()).map_err(|e| Error::Output(e.into()))?),
        }
    }
}

/// A list as JSON. (`serde_json::json!` would take the numbers in it through f64.)
#[derive(Debug, Serialize)]
pub(crate) struct Items<'a, T> {
    /// The items.
    pub(crate) items: &'a [T],
}

/// Says something on standard error; if nobody listens there, nobody can be told.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "slo: {text}");
}

/// Prints a line (or several) and reports when nobody takes it.
pub(crate) fn print(text: &str) -> Result {
    write(format!("{text}\n").as_bytes())
}

/// Writes bytes as they are, likewise.
pub(crate) fn write(bytes: &[u8]) -> Result {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Error::Output)
}
