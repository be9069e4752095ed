//! The lines of the files, and those that could not be read.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::decimal::grouped;
use crate::error::{Error, Result};

/// How many unreadable lines are shown.
const SHOWN: usize = 3;
/// A longer line is no log line; reading on would only fill the memory.
const MAX_LINE: u64 = 1024 * 1024;

/// Lines that could not be read: how many, and why the first ones.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    count: u64,
    first: Vec<String>,
}

impl Unreadable {
    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    fn add(&mut self, file: &Path, line: u64, reason: &str) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(format!("{}, line {line}: {reason}", shown(file)));
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lines, begin) = if self.count == 1 { ("line", "") } else { ("lines", ", beginning with") };
        write!(f, "cannot read {} {lines}{begin}:", grouped(self.count))?;
        self.first.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Gives each line with something in it to `read`, which says why if it cannot use it.
///
/// Bytes that are no UTF-8 become replacement characters: they stand in paths and agents only.
pub(super) fn for_each<'a>(
    files: &'a [PathBuf],
    mut read: impl FnMut(Place<'a>, &str) -> std::result::Result<(), String>,
) -> Result<Unreadable> {
    let mut unreadable = Unreadable::default();
    for file in files {
        let failed = |source| Error::File { file: file.clone(), source };
        let mut reader: Box<dyn BufRead> = if file == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(File::open(file).map_err(failed)?))
        };
        let mut bytes = Vec::new();
        let mut first = true;
        for number in 1.. {
            bytes.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
                break;
            }
            if number == 1 && bytes.starts_with(&[0x1f, 0x8b]) {
                return Err(Error::Failed(format!(
                    "{0} is compressed; send it with `zcat {0} | slo ingest … -`",
                    shown(file)
                )));
            }
            let text = String::from_utf8_lossy(&bytes);
            let line = text.trim_end_matches(['\n', '\r']);
            if line.trim().is_empty() {
                continue;
            }
            if let Err(reason) = read(Place { file, first: std::mem::take(&mut first) }, line) {
                unreadable.add(file, number, &reason);
            }
        }
    }
    Ok(unreadable)
}

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The file.
    pub(super) file: &'a Path,
    /// Whether it is the first line of the file that has something in it.
    pub(super) first: bool,
}

/// The file's name for messages.
pub(super) fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}
