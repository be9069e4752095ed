//! Reads a `--good` expression, and says where it went wrong.

use super::{Field, Good, Relation};
use crate::ingest::event;

/// Deeper nesting is no expression a person wrote.
const MAX_DEPTH: usize = 64;

/// An expression that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}\n  {expression}\n  {:column$}^", "")]
pub(in crate::ingest) struct Misread {
    fault: String,
    expression: String,
    column: usize,
}

/// Reads from left to right; `position` is the byte where the next token begins, or blanks before it.
pub(super) struct Parser<'a> {
    expression: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    /// Before the first token.
    pub(super) fn new(expression: &'a str) -> Self {
        Self { expression, position: 0 }
    }

    /// The whole expression.
    pub(super) fn all(mut self) -> Result<Good, Misread> {
        let good = self.or(0)?;
        match self.peek() {
            "" => Ok(good),
            ")" => Err(self.misread("this `)` closes nothing")),
            _ => Err(self.misread("expected `and`, `or` or the end")),
        }
    }

    /// The next token: a word or number, a relation, a parenthesis, a quote; "" at the end.
    fn peek(&mut self) -> &'a str {
        let rest = &self.expression[self.position..];
        let token = rest.trim_start();
        self.position += rest.len() - token.len();
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let length = match token.find(|c| !is_word(c)).unwrap_or(token.len()) {
            0 => {
                let relation = Relation::ALL.iter().find(|(sign, _)| token.starts_with(sign));
                relation.map_or_else(|| token.chars().next().map_or(0, char::len_utf8), |(sign, _)| sign.len())
            }
            word => word,
        };
        &token[..length]
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek() == wanted;
        if found {
            self.position += wanted.len();
        }
        found
    }

    fn misread(&self, fault: impl Into<String>) -> Misread {
        let before = &self.expression[..self.position];
        // Control characters would tear the caret from its place.
        let expression = self.expression.replace(char::is_control, " ");
        Misread { fault: fault.into(), expression, column: before.chars().count() }
    }

    fn or(&mut self, depth: usize) -> Result<Good, Misread> {
        let mut left = self.and(depth)?;
        while self.take("or") {
            left = Good::Or(Box::new(left), Box::new(self.and(depth)?));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Good, Misread> {
        let mut left = self.not(depth)?;
        while self.take("and") {
            left = Good::And(Box::new(left), Box::new(self.not(depth)?));
        }
        Ok(left)
    }

    fn not(&mut self, depth: usize) -> Result<Good, Misread> {
        if depth > MAX_DEPTH {
            return Err(self.misread("nested too deeply"));
        }
        if self.take("not") {
            return Ok(Good::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.take("(") {
            let inside = self.or(depth + 1)?;
            self.peek();
            return if self.take(")") { Ok(inside) } else { Err(self.misread("expected `)`, `and` or `or`")) };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Good, Misread> {
        match self.peek() {
            "status" => self.number(Field::Status),
            "bytes" => self.number(Field::Bytes),
            "duration" => self.duration(),
            "method" => self.text(Field::Method),
            "path" => self.text(Field::Path),
            "host" => self.text(Field::Host),
            _ => Err(self.misread("expected status, bytes, duration, method, path or host")),
        }
    }

    fn relation(&mut self, field: Field) -> Result<(&'static str, Relation), Misread> {
        let field = field.name();
        self.position += field.len();
        let sign = self.peek();
        let Some((sign, relation)) = Relation::ALL.into_iter().find(|(known, _)| *known == sign) else {
            return Err(self.misread(format!("expected < <= > >= == or != after `{field}`")));
        };
        self.position += sign.len();
        Ok((sign, relation))
    }

    fn number(&mut self, field: Field) -> Result<Good, Misread> {
        let (sign, relation) = self.relation(field)?;
        let token = self.peek();
        let digits = token.bytes().all(|b| b.is_ascii_digit());
        let Some(number) = digits.then(|| token.parse().ok()).flatten() else {
            return Err(self.misread(format!("expected a whole number after `{} {sign}`", field.name())));
        };
        self.position += token.len();
        Ok(Good::Number(field, relation, number))
    }

    fn duration(&mut self) -> Result<Good, Misread> {
        let (sign, relation) = self.relation(Field::Duration)?;
        let token = self.peek();
        let Some(limit) = event::milliseconds(token) else {
            return Err(self.misread(format!("expected milliseconds such as 300 or 0.5 after `duration {sign}`")));
        };
        self.position += token.len();
        Ok(Good::Duration(relation, limit))
    }

    fn text(&mut self, field: Field) -> Result<Good, Misread> {
        let (sign, relation) = self.relation(field)?;
        let quote = match self.peek() {
            "'" => '\'',
            "\"" => '"',
            _ => return Err(self.misread(format!("expected text in quotes after `{} {sign}`", field.name()))),
        };
        let inside = &self.expression[self.position + 1..];
        let Some(length) = inside.find(quote) else {
            return Err(self.misread("this quote is not closed"));
        };
        self.position += length + 2;
        // Raw, as the log is: a backslash stands for itself in both.
        Ok(Good::Text(field, relation, inside[..length].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_shows_where_it_went_wrong() {
        for (expression, told) in [
            ("", "expected status, bytes, duration, method, path or host\n  \n  ^"),
            ("stats < 500", "expected status, bytes, duration, method, path or host\n  stats < 500\n  ^"),
            ("status = 500", "expected < <= > >= == or != after `status`\n  status = 500\n         ^"),
            ("status < ", "expected a whole number after `status <`\n  status < \n           ^"),
            ("status < 5xx", "expected a whole number after `status <`\n  status < 5xx\n           ^"),
            ("status < -1", "expected a whole number after `status <`\n  status < -1\n           ^"),
            ("method == GET", "expected text in quotes after `method ==`\n  method == GET\n            ^"),
            ("path == '/ü' & x", "expected `and`, `or` or the end\n  path == '/ü' & x\n               ^"),
            ("path == '/x", "this quote is not closed\n  path == '/x\n          ^"),
            ("(status < 500", "expected `)`, `and` or `or`\n  (status < 500\n               ^"),
            ("status < 500)", "this `)` closes nothing\n  status < 500)\n              ^"),
            ("not", "expected status, bytes, duration, method, path or host\n  not\n     ^"),
            (
                "duration < 300ms",
                "expected milliseconds such as 300 or 0.5 after `duration <`\n  duration < 300ms\n             ^",
            ),
            (
                "status < 99999999999999999999",
                "expected a whole number after `status <`\n  status < 99999999999999999999\n           ^",
            ),
        ] {
            let error = expression.parse::<Good>().expect_err(expression);
            assert_eq!(error.to_string(), told, "{expression}");
        }
        assert!("(".repeat(100_000).parse::<Good>().is_err());
        assert!("not ".repeat(100_000).parse::<Good>().is_err());
    }
}
