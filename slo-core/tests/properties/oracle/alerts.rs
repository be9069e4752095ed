//! Alert conditions, end by end.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use slo_core::{Alert, AlertPolicy, AlertThreshold, HeldBack, Minute, Severity};

use super::number::{Precision, over, whole};
use super::{Expected, mode};

const WEEK: i64 = 10_080;

/// Sums over the minutes from the first to each: the slices that begin in them are judged as a whole.
#[derive(Clone, Default)]
struct Sums {
    counted: BigInt,
    failed: BigRational,
    events: BigInt,
    /// Minutes that had data a week before, and those of them that have data.
    awaited: i64,
    there: i64,
}

/// All minutes with data or excluded, some before them and those up to the end.
struct Timeline<'a> {
    expected: &'a Expected<'a>,
    first: Minute,
    sums: Vec<Sums>,
    floor: BigRational,
}

struct Condition {
    severity: Severity,
    long: i64,
    short: i64,
    k: BigRational,
    minimum: BigInt,
}

fn billionths(n: impl Into<BigInt>) -> BigRational {
    BigRational::new(n.into(), 1_000_000_000.into())
}

impl<'a> Timeline<'a> {
    fn new(expected: &'a Expected<'a>, longest: i64, floor: BigRational) -> Self {
        let end = expected.span.end;
        // Before all data and exclusions nothing changes.
        let excluded = expected.case.exclusions.iter().map(|exclusion| Minute::floor(exclusion.from));
        let first =
            expected.with_data.first().copied().into_iter().chain(excluded).fold(end, Minute::min) - 3 * longest - 1;
        let mut last = Sums::default();
        let mut sums = vec![last.clone()];
        for minute in (0..end - first).map(|i| first + i) {
            if let Some(unit) = expected.unit(minute) {
                last.counted += unit.counted;
                if !unit.failed.is_zero() {
                    last.failed += unit.failed;
                }
            }
            last.events += expected.minutes.get(&minute).map_or_else(BigInt::zero, |counts| counts.1.clone());
            if expected.with_data.contains(&(minute - WEEK)) && mode(&expected.case.exclusions, minute).is_none() {
                last.awaited += 1;
                last.there += i64::from(expected.with_data.contains(&minute));
            }
            sums.push(last.clone());
        }
        Self { expected, first, sums, floor }
    }

    fn until(&self, minute: Minute) -> &Sums {
        &self.sums[usize::try_from(minute - self.first).expect("not before the first minute")]
    }

    /// The burn rate of the minutes in `[from, end)`.
    fn burn(&self, from: Minute, end: Minute) -> Option<BigRational> {
        let mut newest = end - 1;
        while newest.get() % self.expected.width().unwrap_or(1) != 0 {
            newest = newest - 1;
        }
        if newest < from {
            return None;
        }
        let (old, young) = (self.until(from), self.until(newest));
        let (mut counted, mut failed) = (&young.counted - &old.counted, &young.failed - &old.failed);
        // The newest one is not over yet.
        if let Some(unit) = self.expected.unit_before(newest, end) {
            counted += unit.counted;
            failed += unit.failed;
        }
        over(&failed, &whole(counted)).map(|failed| failed / &self.expected.allowed)
    }

    fn events(&self, condition: &Condition, end: Minute) -> BigInt {
        &self.until(end).events - &self.until(end - condition.long).events
    }

    fn is_covered(&self, condition: &Condition, end: Minute) -> bool {
        let (old, young) = (self.until(end - condition.long), self.until(end));
        let (awaited, there) = (young.awaited - old.awaited, young.there - old.there);
        awaited == 0 || whole(there) >= whole(awaited) * &self.floor
    }

    fn state(&self, condition: &Condition, end: Minute) -> bool {
        if condition.k >= self.expected.allowed.recip() {
            return false;
        }
        // The newest end that was covered, of those that the long window reaches.
        let mut ends = (0..=condition.long).map(|ago| end - ago);
        let Some(then) = ends.find(|then| self.is_covered(condition, *then)) else { return false };
        let exceeds = |length: i64| self.burn(then - length, then).is_some_and(|rate| rate > condition.k);
        exceeds(condition.long) && exceeds(condition.short) && self.events(condition, then) >= condition.minimum
    }

    /// The first end of the spell; `None` when it goes on before anything else is known.
    fn since(&self, condition: &Condition) -> Option<Minute> {
        let mut since = self.expected.span.end;
        while self.state(condition, since - 1) {
            since = since - 1;
            if since - 1 - 2 * condition.long < self.first {
                return None;
            }
        }
        Some(since)
    }

    fn held_back(&self, condition: &Condition) -> Option<HeldBack> {
        let end = self.expected.span.end;
        if condition.k >= self.expected.allowed.recip() {
            Some(HeldBack::Unreachable)
        } else if !self.is_covered(condition, end) {
            Some(HeldBack::Coverage)
        } else {
            (self.events(condition, end) < condition.minimum).then_some(HeldBack::MinimumEvents)
        }
    }
}

impl Expected<'_> {
    /// A share of the budget, spent in so many minutes: never slower than the budget lasts.
    fn share(&self, fraction: &BigRational, long: i64) -> BigRational {
        (fraction * whole(self.length()) / whole(long)).max(BigRational::one())
    }

    /// The domain's table.
    fn usual(&self) -> Vec<Condition> {
        let (page, ticket) = (Severity::Page, Severity::Ticket);
        let table: &[_] = if self.length() >= 21 * 1_440 {
            &[(page, 60, 5, 2), (page, 360, 30, 5), (ticket, 1_440, 120, 10), (ticket, 4_320, 360, 10)]
        } else {
            &[(page, 60, 5, 10), (page, 360, 30, 20), (ticket, 1_440, 120, 40)]
        };
        let condition = |(severity, long, short, percent): &(Severity, i64, i64, i64)| {
            let k = self.share(&BigRational::new((*percent).into(), 100.into()), *long);
            Condition { severity: *severity, long: *long, short: *short, k, minimum: BigInt::zero() }
        };
        table.iter().map(condition).collect()
    }

    fn own(&self, policy: &AlertPolicy) -> Vec<Condition> {
        let minutes = |length: slo_core::Shorthand| i64::from(length.number());
        let condition = |condition: &slo_core::AlertCondition| {
            let long = minutes(condition.long_window);
            let k = match &condition.threshold {
                AlertThreshold::BurnRate(k) => billionths(k.billionths().expect("nine decimals")),
                AlertThreshold::BudgetFraction(fraction) => self.share(&billionths(fraction.get()), long),
            };
            let minimum = condition.minimum_events.unwrap_or(0).into();
            Condition { severity: condition.severity, long, short: minutes(condition.short_window), k, minimum }
        };
        policy.conditions.iter().map(condition).collect()
    }

    /// The conditions at the end; where it was not followed to its start, a spell goes back to `oldest`. A
    /// condition of a policy of its own is written in minutes.
    pub(crate) fn assert_alerts(&self, alerts: &[Alert], oldest: Option<Minute>) {
        let policy = self.case.objective.alert_policy.as_ref();
        let mut conditions = policy.map_or_else(|| self.usual(), |policy| self.own(policy));
        conditions.retain(|condition| condition.long <= self.length());
        let floor = policy.map_or(900_000_000, |policy| policy.coverage_floor.get());
        let longest = conditions.iter().map(|condition| condition.long).max().unwrap_or(0);
        let timeline = Timeline::new(self, longest, billionths(floor));
        assert_eq!(alerts.len(), conditions.len());
        for (got, wanted) in alerts.iter().zip(&conditions) {
            let end = self.span.end;
            let minutes =
                |length: slo_core::Shorthand| length.minutes().and_then(|minutes| i64::try_from(minutes).ok());
            let windows = (minutes(got.long_window), minutes(got.short_window));
            assert_eq!((got.severity, windows), (wanted.severity, (Some(wanted.long), Some(wanted.short))));
            let burn = |length: i64| timeline.burn(end - length, end);
            self.precision().check("long", got.long_burn_rate, burn(wanted.long).as_ref());
            self.precision().check("short", got.short_burn_rate, burn(wanted.short).as_ref());
            Precision::Exact.check("k", Some(got.threshold), Some(&wanted.k));
            assert_eq!(got.held_back, timeline.held_back(wanted), "held back");
            assert_eq!(got.firing, timeline.state(wanted, end), "firing");
            let since = got.firing.then(|| timeline.since(wanted).max(oldest)).flatten();
            // Nothing is said about the future.
            assert_eq!(got.since, since.map(|since| since.timestamp().min(self.case.at())), "since");
        }
    }
}
