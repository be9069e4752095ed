//! Text in aligned columns, for a terminal of any kind.

/// Rows of cells; the first row may be a header like any other.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table under the given header.
    pub(crate) fn with_header<const N: usize>(header: [&str; N]) -> Self {
        let mut table = Self::default();
        table.row(header);
        table
    }

    /// Adds a row; control characters in a cell become visible marks.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(|cell| printable(cell.as_ref())).collect());
    }

    /// The rows, cells padded to their column, no blanks at line ends, no final newline.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).filter_map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }
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
    fn escapes_do_not_reach_the_terminal() {
        let mut table = Table::default();
        table.row(["\u{1b}[31mred\n"]);
        assert_eq!(table.render(), "\u{fffd}[31mred\u{fffd}");
    }
}
