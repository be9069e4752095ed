//! The line of each value, in the shape of the document.

use slo_core::Json;

/// The line on which a value begins, and those of what it holds, in its order. A member stands where its name does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// From 1.
    pub line: usize,
    /// Of the items, or of the members' values.
    pub below: Vec<Lines>,
}

impl Lines {
    /// Those of what holds nothing.
    pub(super) const fn at(line: usize) -> Self {
        Self { line, below: Vec::new() }
    }

    /// The line of the value at a pointer into `json`, or of what should hold it.
    pub(super) fn of(&self, json: &Json, pointer: &str) -> usize {
        let (mut json, mut lines) = (json, self);
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let index = match json {
                Json::Object(members) => members.iter().position(|(name, _)| *name == step),
                Json::Array(_) => step.parse().ok(),
                _ => None,
            };
            let below = index.and_then(|index| Some((child(json, index)?, lines.below.get(index)?)));
            let Some(below) = below else { break };
            (json, lines) = below;
        }
        lines.line
    }
}

fn child(json: &Json, index: usize) -> Option<&Json> {
    match json {
        Json::Object(members) => members.get(index).map(|(_, value)| value),
        Json::Array(items) => items.get(index),
        _ => None,
    }
}

/// Finds the lines of a text that was read as JSON already, so that nothing of it needs judging.
pub(super) struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Bytes<'a>>,
    line: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.bytes().peekable(), line: 1 }
    }

    /// The lines of the next value.
    pub(super) fn value(&mut self) -> Lines {
        self.skip_space();
        let mut lines = Lines::at(self.line);
        match self.rest.next() {
            Some(b'{') => self.until(b'}', |scanner| {
                scanner.skip_space();
                let line = scanner.line;
                scanner.rest.next();
                scanner.string();
                lines.below.push(Lines { line, ..scanner.value() });
            }),
            Some(b'[') => self.until(b']', |scanner| lines.below.push(scanner.value())),
            Some(b'"') => self.string(),
            _ => while self.rest.next_if(|byte| !b",]}{[\" \t\r\n".contains(byte)).is_some() {},
        }
        lines
    }

    /// What stands between commas, up to the end of the collection.
    fn until(&mut self, end: u8, mut entry: impl FnMut(&mut Self)) {
        loop {
            self.skip_space();
            if self.rest.next_if_eq(&end).is_some() || self.rest.peek().is_none() {
                return;
            }
            entry(self);
        }
    }

    /// The rest of a string whose first quote was taken.
    fn string(&mut self) {
        while let Some(byte) = self.rest.next() {
            match byte {
                b'"' => return,
                b'\\' => drop(self.rest.next()),
                _ => {}
            }
        }
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.rest.next_if(|byte| b" \t\r\n,:".contains(byte)) {
            self.line += usize::from(byte == b'\n');
        }
    }
}
