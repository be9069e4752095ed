//! The `--good` expression: which events count as good.
//!
//! `or`, `and`, `not`, parentheses, and comparisons of a field with a number or quoted text.

mod parser;

use std::cmp::Ordering;
use std::str::FromStr;
use std::time::Duration;

use super::event::Event;
use parser::{Misread, Parser};

/// A condition on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Good {
    /// Both hold.
    And(Box<Good>, Box<Good>),
    /// One of them holds.
    Or(Box<Good>, Box<Good>),
    /// It does not hold.
    Not(Box<Good>),
    /// A count stands in this relation to another.
    Number(Field, Relation, u64),
    /// The duration stands in this relation to another; of one that is not known nothing is.
    Duration(Relation, Duration),
    /// A text stands in this relation to another, by bytes.
    Text(Field, Relation, String),
}

/// What can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The status of the answer.
    Status,
    /// Its size.
    Bytes,
    /// How long it took.
    Duration,
    /// The request's method.
    Method,
    /// What was asked for.
    Path,
    /// Who asked.
    Host,
}

impl Field {
    /// Its name in expressions.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Bytes => "bytes",
            Self::Duration => "duration",
            Self::Method => "method",
            Self::Path => "path",
            Self::Host => "host",
        }
    }
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
    /// Whether `event` is good. What cannot be said, because the duration is not known, is not.
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        self.judge(event) == Some(true)
    }

    /// Whether it uses this field.
    pub(super) fn uses(&self, wanted: Field) -> bool {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.uses(wanted) || b.uses(wanted),
            Self::Not(a) => a.uses(wanted),
            Self::Number(field, ..) | Self::Text(field, ..) => *field == wanted,
            Self::Duration(..) => wanted == Field::Duration,
        }
    }

    /// Kleene's logic: what is not known makes unknown only what depends on it.
    fn judge(&self, event: &Event<'_>) -> Option<bool> {
        match self {
            Self::And(a, b) => match a.judge(event) {
                Some(false) => Some(false),
                a => match b.judge(event) {
                    Some(false) => Some(false),
                    b => a.and(b),
                },
            },
            Self::Or(a, b) => match a.judge(event) {
                Some(true) => Some(true),
                a => match b.judge(event) {
                    Some(true) => Some(true),
                    b => a.and(b),
                },
            },
            Self::Not(a) => a.judge(event).map(|holds| !holds),
            Self::Number(field, relation, number) => {
                let value = if *field == Field::Bytes { event.bytes } else { u64::from(event.status) };
                Some(relation.holds(value.cmp(number)))
            }
            Self::Duration(relation, limit) => event.duration.map(|duration| relation.holds(duration.cmp(limit))),
            Self::Text(field, relation, text) => {
                let value = match field {
                    Field::Method => &event.method,
                    Field::Path => &event.path,
                    _ => &event.host,
                };
                Some(relation.holds((**value).cmp(text.as_str())))
            }
        }
    }
}

impl FromStr for Good {
    type Err = Misread;

    fn from_str(expression: &str) -> Result<Self, Misread> {
        Parser::new(expression).all()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    const EVENT: Event<'_> = Event {
        status: 404,
        bytes: 0,
        duration: Some(Duration::from_micros(300_500)),
        method: Cow::Borrowed("GET"),
        path: Cow::Borrowed("/a b\\"),
        host: Cow::Borrowed("::1"),
    };

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
    fn durations_are_milliseconds() {
        for (expression, expected) in [
            ("duration <= 300.5", true),
            ("duration < 300.5", false),
            ("duration > 300", true),
            ("duration == 300.500", true),
        ] {
            assert_eq!(holds(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_good() {
        let unknown = Event { duration: None, ..EVENT };
        for (expression, expected) in [
            ("duration <= 300", false),
            ("not duration <= 300", false),
            ("not not duration <= 300", false),
            ("duration <= 300 or duration > 300", false),
            ("status == 404 and duration <= 300", false),
            ("not (status == 200 and duration <= 300)", true),
            ("status == 404 or duration <= 300", true),
            ("duration <= 300 or status == 404", true),
            ("not (duration <= 300 or status == 404)", false),
        ] {
            let good: Good = expression.parse().expect(expression);
            assert_eq!(good.holds(&unknown), expected, "{expression}");
            assert!(good.uses(Field::Duration) && !good.uses(Field::Host), "{expression}");
        }
    }
}
