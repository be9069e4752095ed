//! The `--good` expression: which events count as good.
//!
//! `or`, `and`, `not`, parentheses, and comparisons of a field with a number or quoted text.

use std::cmp::Ordering;
use std::str::FromStr;

/// Deeper nesting is no expression a person wrote.
const MAX_JSON_DEPTH: usize = 64;

/// What an access log tells of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// The status of the answer.
    pub(super) status: u16,
    /// The size of the answer, 0 if there was none.
    pub(super) bytes: u64,
    /// The request's first word, as logged.
    pub(super) method: &'a str,
    /// The request's second word, as logged.
    pub(super) path: &'a str,
    /// Who asked.
    pub(super) host: &'a str,
}

/// A condition on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Good {
    /// Both hold.
    And(Box<Good>, Box<Good>),
    /// One of them holds.
    Or(Box<Good>, Box<Good>),
    /// It does not hold.
    Not(Box<Good>),
    /// A field that is a number stands in this relation to another.
    Number(NumberField, Relation, u64),
    /// A field that is text stands in this relation to another, by bytes.
    Text(TextField, Relation, String),
}

/// A field that is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    /// The status.
    Status,
    /// The bytes.
    Bytes,
}

/// A field that is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextField {
    /// The method.
    Method,
    /// The path.
    Path,
    /// The host.
    Host,
}

/// `<` and its kin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Relation {
    const ALL: [(&str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
        }
    }
}

impl Good {
    /// Whether `event` is good.
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        match self {
            Self::And(a, b) => a.holds(event) && b.holds(event),
            Self::Or(a, b) => a.holds(event) || b.holds(event),
            Self::Not(a) => !a.holds(event),
            Self::Number(field, relation, number) => {
                let value = match field {
                    NumberField::Status => u64::from(event.status),
                    NumberField::Bytes => event.bytes,
                };
                relation.holds(value.cmp(number))
            }
            Self::Text(field, relation, text) => {
                let value = match field {
                    TextField::Method => event.method,
                    TextField::Path => event.path,
                    TextField::Host => event.host,
                };
                relation.holds(value.cmp(text))
            }
        }
    }
}

/// An expression that cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}\n  {expression}\n  {:column$}^", "")]
pub(super) struct Misread {
    fault: String,
    expression: String,
    column: usize,
}

impl FromStr for Good {
    type Err = Misread;

    fn from_str(expression: &str) -> Result<Self, Misread> {
        let mut parser = Parser { expression, position: 0 };
        let good = parser.or(0)?;
        match parser.peek() {
            "" => Ok(good),
            ")" => Err(parser.misread("this `)` closes nothing")),
            _ => Err(parser.misread("expected `and`, `or` or the end")),
        }
    }
}

/// Reads from left to right; `position` is the byte where the next token begins, or blanks before it.
struct Parser<'a> {
    expression: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
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
        if depth > MAX_JSON_DEPTH {
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
        let field = self.peek();
        match field {
            "status" => self.number(field, NumberField::Status),
            "bytes" => self.number(field, NumberField::Bytes),
            "method" => self.text(field, TextField::Method),
            "path" => self.text(field, TextField::Path),
            "host" => self.text(field, TextField::Host),
            _ => Err(self.misread("expected status, bytes, method, path or host")),
        }
    }

    fn relation(&mut self, field: &str) -> Result<(&'static str, Relation), Misread> {
        self.position += field.len();
        let sign = self.peek();
        let Some((sign, relation)) = Relation::ALL.into_iter().find(|(known, _)| *known == sign) else {
            return Err(self.misread(format!("expected < <= > >= == or != after `{field}`")));
        };
        self.position += sign.len();
        Ok((sign, relation))
    }

    fn number(&mut self, name: &str, field: NumberField) -> Result<Good, Misread> {
        let (sign, relation) = self.relation(name)?;
        let token = self.peek();
        let digits = token.bytes().all(|b| b.is_ascii_digit());
        let Some(number) = digits.then(|| token.parse().ok()).flatten() else {
            return Err(self.misread(format!("expected a whole number after `{name} {sign}`")));
        };
        self.position += token.len();
        Ok(Good::Number(field, relation, number))
    }

    fn text(&mut self, name: &str, field: TextField) -> Result<Good, Misread> {
        let (sign, relation) = self.relation(name)?;
        let quote = match self.peek() {
            "'" => '\'',
            "\"" => '"',
            _ => return Err(self.misread(format!("expected text in quotes after `{name} {sign}`"))),
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

    const EVENT: Event<'_> = Event { status: 404, bytes: 0, method: "GET", path: "/a b\\", host: "::1" };

    fn holds(expression: &str) -> bool {
        expression.parse::<Good>().unwrap_or_else(|error| panic!("{error}")).holds(&EVENT)
    }

    #[test]
    fn comparisons() {
        for (expression, expected) in [
            ("status < 500", true),
            ("status<404", false),
            ("status <= 404", true),
            ("status > 404", false),
            ("status >= 404", true),
            ("status == 404", true),
            ("status != 404", false),
            ("bytes == 0", true),
            ("bytes > 9999999999", false),
            ("method == 'GET'", true),
            ("method != \"GET\"", false),
            ("path == '/a b\\'", true),
            ("path >= '/a' and path < '/b'", true),
            ("host == '::1'", true),
        ] {
            assert_eq!(holds(expression), expected, "{expression}");
        }
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        for (expression, expected) in [
            ("status == 404 or status == 1 and status == 2", true),
            ("(status == 404 or status == 1) and status == 2", false),
            ("not status == 404 or bytes == 0", true),
            ("not (status == 404 or bytes == 0)", false),
            ("not not status == 404", true),
            ("status==404and bytes==0", false),
        ] {
            let result = expression.parse::<Good>().map(|good| good.holds(&EVENT));
            assert_eq!(result.unwrap_or(false), expected, "{expression}");
        }
    }

    #[test]
    fn a_caret_shows_where_it_went_wrong() {
        for (expression, told) in [
            ("", "expected status, bytes, method, path or host\n  \n  ^"),
            ("stats < 500", "expected status, bytes, method, path or host\n  stats < 500\n  ^"),
            ("status = 500", "expected < <= > >= == or != after `status`\n  status = 500\n         ^"),
            ("status < ", "expected a whole number after `status <`\n  status < \n           ^"),
            ("status < 5xx", "expected a whole number after `status <`\n  status < 5xx\n           ^"),
            ("status < -1", "expected a whole number after `status <`\n  status < -1\n           ^"),
            ("method == GET", "expected text in quotes after `method ==`\n  method == GET\n            ^"),
            ("path == '/ü' & x", "expected `and`, `or` or the end\n  path == '/ü' & x\n               ^"),
            ("path == '/x", "this quote is not closed\n  path == '/x\n          ^"),
            ("(status < 500", "expected `)`, `and` or `or`\n  (status < 500\n               ^"),
            ("status < 500)", "this `)` closes nothing\n  status < 500)\n              ^"),
            ("not", "expected status, bytes, method, path or host\n  not\n     ^"),
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
