//! What is guessed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// A whole number from 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u8);

impl Number {
    /// The largest one.
    pub const MAX: u8 = 10;

    /// `None` above [`Number::MAX`].
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number <= Self::MAX).map(Self)
    }

    /// Any of the eleven, each as likely as the others.
    #[must_use]
    pub fn random() -> Self {
        Self(rand::random_range(0..=Self::MAX))
    }

    /// As an integer.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.0)
    }
}

/// Says what a number is, whatever stands in its place.
impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;

        impl Visitor<'_> for Reading {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 10")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Number::new(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Err(E::invalid_value(Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_any(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_no_such_number_is_told_what_is() {
        let read =
            |text: &str| serde_json::from_str::<Number>(text).map(Number::get).map_err(|error| error.to_string());
        assert_eq!((read("0"), read("10")), (Ok(0), Ok(10)));
        for text in ["11", "-1", "5.0", "5.5", "\"5\"", "null", "[5]", "{}", "true", "1e99", "99999999999999999999"] {
            let refused = read(text).expect_err(text);
            assert!(refused.contains("expected a whole number from 0 to 10"), "{text}: {refused}");
        }
    }

    #[test]
    fn all_numbers_come_up() {
        // Missing one of eleven in 2,000 throws has a chance below 10^-80.
        let mut seen = [false; 11];
        (0..2_000).for_each(|_| seen[usize::from(Number::random().get())] = true);
        assert_eq!(seen, [true; 11]);
    }
}
