//! Text in aligned columns: whole for a program, as wide as the terminal for people.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::screen;

/// What stands between columns.
const GAP: usize = 2;
/// A text is not cut to less than this.
const LEAST: usize = 8;
/// A text is not wrapped to less than this.
const LEAST_WRAPPED: usize = 20;

/// Rows of cells; the first row may be a header.
#[derive(Debug, Default)]
pub(crate) struct Table {
    headed: bool,
    rows: Vec<Vec<String>>,
    /// Row and column of each cell that is coloured.
    painted: Vec<(usize, usize)>,
}

impl Table {
    /// A table under the given header: a row is a line, whose texts are cut where the terminal is too narrow.
    /// Without a header the last column is wrapped.
    pub(crate) fn with_header<const N: usize>(header: [&str; N]) -> Self {
        let mut table = Self { headed: true, ..Self::default() };
        table.row(header);
        table
    }

    /// Adds a row; control characters in a cell become visible marks.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| printable(cell.as_ref())).collect());
    }

    /// Colours a cell of the newest row, if it begins with a word that has a colour.
    pub(crate) fn paint(&mut self, column: usize) {
        self.painted.push((self.rows.len().saturating_sub(1), column));
    }

    /// The rows, cells padded to their column, no blanks at line ends, no final newline.
    pub(crate) fn render(&self) -> String {
        self.render_within(screen::width())
    }

    fn render_within(&self, width: Option<usize>) -> String {
        let mut widths = self.widths();
        if let Some(width) = width.filter(|_| self.headed) {
            self.shrink(&mut widths, width);
        }
        let wrapped = width.filter(|_| !self.headed);
        let lines = self.rows.iter().enumerate().map(|(row, cells)| self.line(row, cells, &widths, wrapped));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
        (0..columns).filter_map(width).collect()
    }

    /// Takes from the widest texts, from the first column last: it is what one looks for.
    fn shrink(&self, widths: &mut [usize], width: usize) {
        let fits = |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) <= width;
        let texts: Vec<usize> = (0..widths.len()).filter(|&column| self.is_text(column)).collect();
        for columns in [texts.iter().copied().filter(|&column| column > 0).collect::<Vec<_>>(), texts.clone()] {
            while !fits(widths) {
                let widest = columns.iter().copied().filter(|&column| widths[column] > self.least(column));
                let Some(widest) = widest.max_by_key(|&column| widths[column]) else { break };
                widths[widest] -= 1;
            }
        }
    }

    /// Whether a column may be cut: figures, times and the words that matter may not.
    fn is_text(&self, column: usize) -> bool {
        if self.painted.iter().any(|&(_, painted)| painted == column) {
            return false;
        }
        let cells = self.rows.iter().skip(usize::from(self.headed)).filter_map(|row| row.get(column));
        !cells.into_iter().all(|cell| cell.is_empty() || cell.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    }

    /// A header stays whole.
    fn least(&self, column: usize) -> usize {
        self.rows.first().and_then(|header| header.get(column)).map_or(0, |name| name.width()).max(LEAST)
    }

    fn line(&self, row: usize, cells: &[String], widths: &[usize], wrapped: Option<usize>) -> String {
        let mut line = String::new();
        for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
            let before: usize = widths[..column].iter().map(|width| width + GAP).sum();
            let last = column + 1 == cells.len();
            let room = wrapped.and_then(|all| all.checked_sub(before)).filter(|room| last && *room >= LEAST_WRAPPED);
            let text = match room {
                Some(room) => Cow::Owned(wrap(cell, room, before)),
                None => cut(cell, width),
            };
            let padding = if last { 0 } else { width.saturating_sub(text.width()) + GAP };
            let painted = self.painted.contains(&(row, column));
            line.push_str(&if painted { Cow::Owned(screen::paint(&text)) } else { text });
            line.extend(std::iter::repeat_n(' ', padding));
        }
        line.trim_end().to_owned()
    }
}

/// A text of at most this width; what is left out is seen.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken < width
    };
    let kept: String = text.chars().take_while(fits).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// A text in lines of at most this width, broken between words, the further ones indented.
fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let line = lines.last_mut().expect("there is one");
        if !line.is_empty() && line.width() + word.trim_end().width() > width {
            lines.push(word.to_owned());
        } else {
            line.push_str(word);
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(&format!("\n{:indent$}", ""))
}

/// Text from elsewhere without control characters: they could rewrite the reader's terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::with_header(["NAME", "OWNER"]);
        table.row(["a-long-name", "ann"]);
        table.row(["b", ""]);
        assert_eq!(table.render(), "NAME         OWNER\na-long-name  ann\nb");
    }

    #[test]
    fn wide_characters_take_two_columns_and_accents_none() {
        let mut table = Table::default();
        table.row(["予算", "1"]);
        table.row(["cafe\u{301}", "2"]);
        assert_eq!(table.render(), "予算  1\ncafe\u{301}  2");
    }

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        let mut table = Table::default();
        table.row(["\u{1b}[31mred\n"]);
        assert_eq!(table.render(), "\u{fffd}[31mred\u{fffd}");
    }

    #[test]
    fn texts_are_cut_to_the_terminal_and_figures_are_not() {
        let mut table = Table::with_header(["NAME", "DESCRIPTION", "TOTAL", "UNTIL"]);
        table.row(["checkout-availability", "whoever wants to pay can do so", "1,234,567,890", "2026-11-20T12:00:00Z"]);
        table.row(["b", "予算予算予算予算予算予算予算予算予算", "-", ""]);
        assert_eq!(
            table.render_within(Some(80)),
            "\
NAME                   DESCRIPTION           TOTAL          UNTIL
checkout-availability  whoever wants to pa…  1,234,567,890  2026-11-20T12:00:00Z
b                      予算予算予算予算予…   -"
        );
        // The name only when nothing else gives way; less than a header is never left.
        assert_eq!(
            table.render_within(Some(60)),
            "\
NAME        DESCRIPTION  TOTAL          UNTIL
checkout-…  whoever wa…  1,234,567,890  2026-11-20T12:00:00Z
b           予算予算予…  -"
        );
        assert!(table.render().contains("whoever wants to pay can do so"), "a program reads all of it");
    }

    #[test]
    fn without_a_header_the_last_column_is_wrapped() {
        let mut table = Table::default();
        table.row(["description", "whoever wants to pay can do so at any time of the day"]);
        table.row(["id", "01a1f8d3-ea7b-7707-8707-070707070707-and-more-of-it"]);
        assert_eq!(
            table.render_within(Some(40)),
            "\
description  whoever wants to pay can do
             so at any time of the day
id           01a1f8d3-ea7b-7707-8707-070707070707-and-more-of-it"
        );
    }
}
