//! The lines of the files, compressed or not, and those that could not be read.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use crate::decimal::grouped;
use crate::error::{Error, Result};
use crate::progress;

/// How many unreadable lines are shown.
const SHOWN: usize = 3;
/// A longer line is no log line; reading on would only fill the memory.
const MAX_LINE: u64 = 1024 * 1024;
/// How many bytes are fetched at once.
const BUFFER: usize = 64 * 1024;
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why something cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// This line; others can be.
    Line(String),
    /// The file as a whole: what follows its name in a message.
    File(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Line(reason)
    }
}

impl From<&str> for Fault {
    fn from(reason: &str) -> Self {
        Self::Line(reason.to_owned())
    }
}

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

/// Gives each line with something in it to `read`, and whether it is the first such of its file; `read` says why
/// if it cannot use it.
///
/// Bytes that are no UTF-8 become replacement characters: they stand in paths and agents only.
pub(super) fn for_each(
    files: &[PathBuf],
    read: impl FnMut(bool, &str) -> std::result::Result<(), Fault>,
) -> Result<Unreadable> {
    let bar = progress::bytes(length(files));
    let unreadable = read_all(files, &bar, read);
    bar.finish_and_clear();
    unreadable
}

fn read_all(
    files: &[PathBuf],
    bar: &ProgressBar,
    mut read: impl FnMut(bool, &str) -> std::result::Result<(), Fault>,
) -> Result<Unreadable> {
    let mut unreadable = Unreadable::default();
    for file in files {
        let failed = |source| Error::File { file: file.clone(), source };
        let (mut reader, compressed) = open(file, bar).map_err(failed)?;
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof if compressed => {
                Error::Failed(format!(
                    "cannot unpack {} ({source}); it is cut off or damaged: fetch it again",
                    shown(file)
                ))
            }
            _ => failed(source),
        };
        let mut bytes = Vec::new();
        let mut first = true;
        for number in 1.. {
            bytes.clear();
            if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&bytes);
            let line = text.trim_end_matches(['\n', '\r']);
            let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
            if line.trim().is_empty() {
                continue;
            }
            match read(std::mem::take(&mut first), line) {
                Ok(()) => {}
                Err(Fault::Line(reason)) => unreadable.add(file, number, &reason),
                Err(Fault::File(reason)) => return Err(Error::Failed(format!("{} {reason}", shown(file)))),
            }
        }
    }
    Ok(unreadable)
}

/// The bytes of a file, unpacked, and whether they had to be.
fn open(file: &Path, bar: &ProgressBar) -> io::Result<(Box<dyn BufRead>, bool)> {
    let raw: Box<dyn Read> =
        if file == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(file)?) };
    let mut raw = BufReader::with_capacity(BUFFER, bar.wrap_read(raw));
    let begin = raw.fill_buf()?;
    let raw: Box<dyn BufRead> = if begin.len() == 1 && begin == &GZIP[..1] {
        // A pipe may give fewer bytes at first than are asked for; no text begins with this one.
        raw.consume(1);
        Box::new(Cursor::new([GZIP[0]]).chain(raw))
    } else if begin.starts_with(&GZIP) {
        Box::new(raw)
    } else {
        return Ok((Box::new(raw), false));
    };
    // Files put together are several members.
    Ok((Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw))), true))
}

/// How many bytes are to be read, if all is in files.
fn length(files: &[PathBuf]) -> Option<u64> {
    let of = |file: &PathBuf| fs::metadata(file).ok().filter(fs::Metadata::is_file).map(|data| data.len());
    files.iter().map(of).sum()
}

/// The file's name for messages.
pub(super) fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).expect("packed");
        encoder.finish().expect("packed")
    }

    fn lines(bytes: &[u8]) -> Result<Vec<String>> {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("access.log");
        fs::write(&file, bytes).expect("written");
        let mut lines = Vec::new();
        for_each(&[file], |_, line| {
            lines.push(line.to_owned());
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn compressed_or_not_the_lines_are_the_same() {
        let plain = lines(b"one\r\ntwo\n\nthree").expect("read");
        assert_eq!(plain, ["one", "two", "three"]);
        assert_eq!(lines(&packed("one\r\ntwo\n\nthree")).expect("read"), plain);
        // Two files put together.
        assert_eq!(lines(&[packed("one\ntwo\nth"), packed("ree\n")].concat()).expect("read"), plain);
        for short in ["", "x", "\n"] {
            assert_eq!(lines(short.as_bytes()).expect("read"), lines(&packed(short)).expect("read"), "{short:?}");
        }
    }

    #[test]
    fn a_damaged_archive_says_what_to_do() {
        let whole = packed(&"a line that is repeated\n".repeat(1_000));
        for bytes in [&whole[..whole.len() / 2], &whole[..4], &[&whole[..], b"rest"].concat()] {
            let told = lines(bytes).expect_err("damaged").to_string();
            assert!(told.contains("cut off or damaged: fetch it again"), "{told}");
        }
    }
}
