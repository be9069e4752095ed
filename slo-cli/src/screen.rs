//! What standard output is: a terminal of some width that may take colours, or something that reads every byte.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;
use clap::ValueEnum;
use console::Term;

/// Below this nothing can be laid out.
const NARROWEST: usize = 40;

/// Whether words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb; CLICOLOR_FORCE asks for it everywhere
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How output is laid out; until it is known, as for a program.
#[derive(Debug, Clone, Copy, Default)]
struct Screen {
    width: Option<usize>,
    coloured: bool,
}

static SCREEN: OnceLock<Screen> = OnceLock::new();

/// Looks at standard output, once.
pub(crate) fn look(color: Color) {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
    let out = std::io::stdout();
    let coloured = AutoStream::choice(&out) != ColorChoice::Never;
    // What is no terminal is never cut, whatever COLUMNS says.
    let width = out.is_terminal().then(terminal_width).flatten();
    // A second look would be one of a test.
    let _ = SCREEN.set(Screen { width, coloured });
}

fn terminal_width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let found = || Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    said.or_else(found).map(|width| width.max(NARROWEST))
}

/// How many columns a line may have, if that matters.
pub(crate) fn width() -> Option<usize> {
    SCREEN.get().copied().unwrap_or_default().width
}

/// A text whose first word is in its colour, if it has one; the word says the same without.
pub(crate) fn paint(text: &str) -> String {
    if SCREEN.get().copied().unwrap_or_default().coloured { painted(text) } else { text.to_owned() }
}

fn painted(text: &str) -> String {
    let (blanks, rest) = text.split_at(text.len() - text.trim_start().len());
    let word = rest.split([':', ',', '(']).next().unwrap_or_default().trim_end();
    match color(word) {
        Some(color) => {
            let style = color.on_default();
            format!("{blanks}{style}{word}{style:#}{}", &rest[word.len()..])
        }
        None => text.to_owned(),
    }
}

fn color(word: &str) -> Option<AnsiColor> {
    match word {
        "ok" | "ship" | "met" => Some(AnsiColor::Green),
        "warning" | "caution" => Some(AnsiColor::Yellow),
        "exhausted" | "hold" | "firing" | "broken" => Some(AnsiColor::Red),
        "no data" => Some(AnsiColor::Cyan),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_has_its_colour() {
        for (text, told) in [
            ("ok: there is budget to spend", "\u{1b}[32mok\u{1b}[0m: there is budget to spend"),
            ("  hold: it is exhausted", "  \u{1b}[31mhold\u{1b}[0m: it is exhausted"),
            ("ship (overridden: it was hold)", "\u{1b}[32mship\u{1b}[0m (overridden: it was hold)"),
            ("no data", "\u{1b}[36mno data\u{1b}[0m"),
            ("okay", "okay"),
            ("", ""),
        ] {
            assert_eq!(painted(text), told);
        }
    }

    #[test]
    fn nobody_looked_so_nothing_is_painted_or_cut() {
        assert_eq!((paint("ok").as_str(), width()), ("ok", None));
    }
}
