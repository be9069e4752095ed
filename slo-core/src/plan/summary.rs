//! A plan in a sentence.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Plan, PlanPart};
use crate::amount::{floor, is_little, negated};
use crate::budget::Status;
use crate::ratio::Ratio;
use crate::time::Minute;

impl Plan {
    /// The plan in a sentence, without its final stop. Days are UTC. What may be spent is rounded down, what is
    /// overspent and what is expected to burn is rounded up: it never promises more than there is.
    ///
    /// - `about 42 minutes of downtime to spend before 4 December`
    /// - `about 9 failed events to spend before 1 December, then an estimated 4,500 failed events before 4 December`
    /// - `nothing to spend: over by about 12 minutes of downtime until 4 December`
    /// - `no data: nothing can be said`
    #[must_use]
    pub fn summary(&self) -> String {
        if self.status == Status::NoData && self.expected.is_none() {
            return "no data: nothing can be said".to_owned();
        }
        let (first, later) = self.parts.split_first().expect("a plan has a part");
        let mut sentence = self.spendable_of(first);
        match later {
            [] => {}
            [second] if second.periods == 1 => {
                let what = self.new_budget(second.estimate, second.spendable);
                sentence.push_str(&format!(", then {what} before {}", self.day(second.period.end)));
            }
            [.., last] => {
                let periods: u32 = later.iter().map(|part| part.periods).sum();
                let least = later.iter().map(each).min().flatten();
                let what = self.new_budget(last.estimate, least);
                let until = self.day(last.period.end);
                sentence.push_str(&format!(", then {what} at least in each of {periods} periods before {until}"));
            }
        }
        sentence + &self.ordinary(first, !later.is_empty())
    }

    fn spendable_of(&self, part: &PlanPart) -> String {
        let day = self.day(part.period.end);
        match part.spendable {
            None => format!("nothing can be said until {day}"),
            Some(over) if over.numerator() < 0 => {
                format!("nothing to spend: over by about {} until {day}", self.amount_up(negated(over)))
            }
            Some(left) if left.is_zero_or_less() => format!("nothing to spend before {day}"),
            Some(left) => format!("{} to spend before {day}", self.amount(part.estimate, left)),
        }
    }

    fn new_budget(&self, estimate: bool, amount: Option<Ratio>) -> String {
        match amount {
            None => "nobody knows how much".to_owned(),
            Some(amount) if amount.is_zero_or_less() => "nothing".to_owned(),
            Some(amount) => self.amount(estimate, amount),
        }
    }

    /// What ordinarily burns, where anything does.
    fn ordinary(&self, first: &PlanPart, in_parts: bool) -> String {
        let Some(expected) = self.expected.filter(|expected| !expected.is_zero_or_less()) else {
            return String::new();
        };
        let amount = self.amount_up(expected);
        let left = first.spendable.filter(|left| !left.is_zero_or_less());
        if in_parts {
            format!("; ordinary burn is expected to take about {amount} in all")
        } else if left.is_none() {
            format!(", and ordinary burn is expected to take about {amount} more")
        } else if self.discretionary.is_some_and(|free| free.numerator() >= 0) && !left.is_some_and(is_little) {
            format!(", of which ordinary burn is expected to take about {amount}")
        } else {
            format!(", but ordinary burn is expected to take about {amount}")
        }
    }

    fn amount(&self, estimate: bool, amount: Ratio) -> String {
        let unit = self.budget.unit;
        if estimate && !is_little(amount) {
            format!("an estimated {}", unit.at_least(amount))
        } else {
            unit.about(amount)
        }
    }

    fn amount_up(&self, amount: Ratio) -> String {
        self.budget.unit.at_most(amount)
    }

    /// `4 December`; with its time when it is not midnight, with its year when that is another one.
    fn day(&self, end: Minute) -> String {
        let utc = |at: Timestamp| TimeZone::UTC.to_datetime(at);
        day(utc(end.timestamp()), utc(self.at).year())
    }
}

/// The budget of one of its periods.
fn each(part: &PlanPart) -> Option<Ratio> {
    let all = part.spendable?;
    if part.periods == 1 {
        return Some(all);
    }
    Ratio::new(floor(all).div_euclid(part.periods.into()), 1)
}

pub(crate) fn day(time: DateTime, year: i16) -> String {
    let month = MONTHS[usize::try_from(time.month() - 1).expect("months begin with 1")];
    let mut day = format!("{} {month}", time.day());
    if time.year() != year {
        day.push_str(&format!(" {}", time.year()));
    }
    if (time.hour(), time.minute()) != (0, 0) {
        day.push_str(&format!(", {:02}:{:02} UTC", time.hour(), time.minute()));
    }
    day
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{BudgetUnit, ErrorBudget};
    use crate::counts::EventCounts;
    use crate::time::Period;

    const AT: &str = "2026-11-20T12:00:00Z";

    fn minute(text: &str) -> Minute {
        Minute::floor(text.parse().expect("a time"))
    }

    fn tenths(n: i128) -> Option<Ratio> {
        Ratio::new(n, 10)
    }

    /// Parts of (end, spendable in tenths, estimate, periods).
    fn plan(unit: BudgetUnit, parts: &[(&str, Option<i128>, bool, u32)], expected: Option<i128>) -> Plan {
        let mut budget = ErrorBudget::of_events(EventCounts::default(), "0.9".parse().expect("a target"));
        budget.unit = unit;
        let all: Option<i128> = parts.iter().map(|part| part.1).sum();
        let parts = parts.iter().map(|(end, spendable, estimate, periods)| PlanPart {
            period: Period::new(minute(AT), minute(end)),
            periods: *periods,
            spendable: spendable.and_then(tenths),
            expected: None,
            discretionary: None,
            estimate: *estimate,
        });
        Plan {
            at: AT.parse().expect("a time"),
            budget,
            status: Status::Ok,
            comes_back: None,
            parts: parts.collect(),
            spendable: all.and_then(tenths),
            expected: expected.and_then(tenths),
            discretionary: all.zip(expected).and_then(|(all, expected)| tenths(all - expected)),
        }
    }

    fn rolling(unit: BudgetUnit, spendable: i128, expected: Option<i128>) -> String {
        plan(unit, &[("2026-12-04T00:00Z", Some(spendable), false, 1)], expected).summary()
    }

    #[test]
    fn what_may_be_spent_is_rounded_down_and_what_is_over_is_rounded_up() {
        use BudgetUnit::{Events, Seconds};
        for (unit, tenths, said) in [
            (Seconds, 25_799, "about 42 minutes of downtime to spend before 4 December"),
            (Seconds, 1_199, "about 119 seconds of downtime to spend before 4 December"),
            (Seconds, 1_210, "about 2 minutes of downtime to spend before 4 December"),
            (Seconds, 10, "about 1 second of downtime to spend before 4 December"),
            (Seconds, 107_999, "about 2 hours 59 minutes of downtime to spend before 4 December"),
            (Seconds, 72_000, "about 2 hours of downtime to spend before 4 December"),
            (Seconds, 2_699_999, "about 3 days 2 hours of downtime to spend before 4 December"),
            (Seconds, 9, "less than one second of downtime to spend before 4 December"),
            (Seconds, 0, "nothing to spend before 4 December"),
            (Events, 1, "less than one failed event to spend before 4 December"),
            (Seconds, -7_001, "nothing to spend: over by about 12 minutes of downtime until 4 December"),
            (Seconds, -1, "nothing to spend: over by about 1 second of downtime until 4 December"),
            (Seconds, -1_193, "nothing to spend: over by about 2 minutes of downtime until 4 December"),
            (Events, 45_009, "about 4,500 failed events to spend before 4 December"),
            (Events, 19, "about 1 failed event to spend before 4 December"),
            (Events, 12_345_678_901, "about 1,234,567,890 failed events to spend before 4 December"),
            (Events, 0, "nothing to spend before 4 December"),
            (Events, -11, "nothing to spend: over by about 2 failed events until 4 December"),
        ] {
            assert_eq!(rolling(unit, tenths, Some(0)), said, "{tenths}");
        }
    }

    #[test]
    fn ordinary_burn_is_told_beside_it() {
        let said = |spendable, expected| rolling(BudgetUnit::Events, spendable, Some(expected));
        let (left, burn) = ("about 10 failed events to spend before 4 December", "ordinary burn is expected to take");
        assert_eq!(said(100, 31), format!("{left}, of which {burn} about 4 failed events"));
        assert_eq!(said(100, 101), format!("{left}, but {burn} about 11 failed events"));
        assert_eq!(
            said(9, 1),
            format!("less than one failed event to spend before 4 December, but {burn} about 1 failed event")
        );
        assert_eq!(
            said(-10, 20),
            format!(
                "nothing to spend: over by about 1 failed event until 4 December, and {burn} about 2 failed events more"
            )
        );
    }

    #[test]
    fn each_period_is_told_by_itself() {
        let (first, second) = (("2026-12-01T00:00Z", Some(95), false, 1), ("2026-12-04T00:00Z", Some(45_000), true, 1));
        assert_eq!(
            plan(BudgetUnit::Events, &[first, second], Some(1)).summary(),
            "about 9 failed events to spend before 1 December, then an estimated 4,500 failed events before 4 December; \
             ordinary burn is expected to take about 1 failed event in all"
        );
        let over = ("2026-12-01T00:00Z", Some(-600), false, 1);
        let days = [over, ("2026-12-02T00:00Z", Some(8_640), false, 1), ("2027-03-01T00:00Z", Some(17_270), false, 2)];
        assert_eq!(
            plan(BudgetUnit::Seconds, &days, Some(0)).summary(),
            "nothing to spend: over by about 60 seconds of downtime until 1 December, \
             then about 14 minutes of downtime at least in each of 3 periods before 1 March 2027"
        );
        assert_eq!(
            plan(BudgetUnit::Events, &[first, ("2026-12-04T12:30Z", None, true, 1)], None).summary(),
            "about 9 failed events to spend before 1 December, then nobody knows how much before 4 December, 12:30 UTC"
        );
    }

    #[test]
    fn without_data_nothing_is_said() {
        let mut none = plan(BudgetUnit::Events, &[("2026-12-04T00:00Z", Some(0), false, 1)], None);
        none.status = Status::NoData;
        assert_eq!(none.summary(), "no data: nothing can be said");
        // A period that has just begun has none, but the one before it had.
        none.expected = Some(Ratio::ONE);
        assert_eq!(
            none.summary(),
            "nothing to spend before 4 December, and ordinary burn is expected to take about 1 failed event more"
        );
    }
}
