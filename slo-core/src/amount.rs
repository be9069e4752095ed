//! Amounts of a budget as people say them.

use crate::budget::{BudgetUnit, ErrorBudget};
use crate::ratio::Ratio;

impl BudgetUnit {
    /// An amount in words, rounded down: what is said to be there is there.
    ///
    /// ```
    /// use slo_core::{BudgetUnit, Ratio};
    ///
    /// assert_eq!(BudgetUnit::Seconds.at_least(Ratio::from(2_579)), "42 minutes of downtime");
    /// assert_eq!(BudgetUnit::Seconds.at_most(Ratio::from(2_579)), "43 minutes of downtime");
    /// assert_eq!(BudgetUnit::Events.at_least(Ratio::from(4_500)), "4,500 failed events");
    /// assert_eq!(BudgetUnit::Events.at_least(Ratio::new(1, 2).unwrap()), "less than one failed event");
    /// ```
    #[must_use]
    pub fn at_least(self, amount: Ratio) -> String {
        let whole = floor(amount);
        match self {
            Self::Events if is_little(amount) => "less than one failed event".to_owned(),
            Self::Seconds if is_little(amount) => "less than one second of downtime".to_owned(),
            Self::Events => events(whole),
            Self::Seconds => time(whole - whole % grain(whole)),
        }
    }

    /// An amount in words, rounded up: it was not more than that.
    #[must_use]
    pub fn at_most(self, amount: Ratio) -> String {
        let whole = ceil(amount);
        match self {
            Self::Events => events(whole),
            Self::Seconds => {
                let grain = grain(whole);
                time((whole + grain - 1) / grain * grain)
            }
        }
    }

    /// Likewise [`Self::at_least`], as one says it of what may be spent.
    pub(crate) fn about(self, amount: Ratio) -> String {
        let said = self.at_least(amount);
        if is_little(amount) { said } else { format!("about {said}") }
    }
}

impl ErrorBudget {
    /// What is left of it in words, rounded as the sentences of a plan are: it never promises more than there is.
    ///
    /// ```
    /// use slo_core::{ErrorBudget, EventCounts};
    ///
    /// let left = |bad: u64| {
    ///     let counts = EventCounts::new(10_000 - bad, 10_000).expect("counts");
    ///     ErrorBudget::of_events(counts, "0.999".parse().expect("a target")).left()
    /// };
    /// assert_eq!(left(3), "about 7 failed events left");
    /// assert_eq!(left(10), "nothing left");
    /// assert_eq!(left(12), "over by about 2 failed events");
    ///
    /// let few = EventCounts::new(499, 499).expect("counts");
    /// let few = ErrorBudget::of_events(few, "0.999".parse().expect("a target"));
    /// assert_eq!(few.left(), "less than one failed event left", "something is");
    /// ```
    #[must_use]
    pub fn left(&self) -> String {
        let left = self.remaining;
        if left.numerator() < 0 {
            format!("over by about {}", self.unit.at_most(negated(left)))
        } else if left.is_zero_or_less() {
            "nothing left".to_owned()
        } else {
            format!("{} left", self.unit.about(left))
        }
    }
}

const MINUTE: i128 = 60;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// How finely people speak of so many seconds: in seconds up to two minutes, in minutes up to two days, then in hours.
const fn grain(seconds: i128) -> i128 {
    if seconds <= 2 * MINUTE {
        1
    } else if seconds <= 2 * DAY {
        MINUTE
    } else {
        HOUR
    }
}

fn events(count: i128) -> String {
    counted(count, "failed event")
}

/// Seconds in one or two units.
fn time(seconds: i128) -> String {
    let parts = match seconds {
        ..=119 => [(seconds, "second"), (0, "")],
        120..7_200 => [(seconds / MINUTE, "minute"), (0, "")],
        7_200..172_800 => [(seconds / HOUR, "hour"), (seconds % HOUR / MINUTE, "minute")],
        _ => [(seconds / DAY, "day"), (seconds % DAY / HOUR, "hour")],
    };
    let said = parts.iter().enumerate().filter(|(i, (count, _))| *i == 0 || *count > 0);
    let said: Vec<String> = said.map(|(_, (count, unit))| counted(*count, unit)).collect();
    format!("{} of downtime", said.join(" "))
}

/// `1 minute`, `2,000 minutes`.
fn counted(count: i128, unit: &str) -> String {
    format!("{} {unit}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `2,000`, of a count that is not below zero.
pub(crate) fn grouped(count: i128) -> String {
    let digits = count.to_string();
    let threes: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|three| std::str::from_utf8(three).expect("digits are ASCII")).collect();
    threes.join(",")
}

/// Whether it is something, and less than one.
pub(crate) fn is_little(amount: Ratio) -> bool {
    floor(amount) == 0 && !amount.is_zero_or_less()
}

pub(crate) const fn floor(amount: Ratio) -> i128 {
    amount.numerator().div_euclid(amount.denominator())
}

pub(crate) const fn ceil(amount: Ratio) -> i128 {
    -(-amount.numerator()).div_euclid(amount.denominator())
}

pub(crate) fn negated(amount: Ratio) -> Ratio {
    Ratio::new(-amount.numerator(), amount.denominator()).expect("a denominator is above zero")
}
