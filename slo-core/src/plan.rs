//! What a budget lets a team spend until a day: the plan of a sprint.

mod span;
mod summary;

pub use span::PlanSpan;
pub(crate) use summary::day;

use jiff::Timestamp;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::budget::{BILLION, BudgetUnit, ErrorBudget, Status};
use crate::counts::Bucket;
use crate::evaluation::{Evaluation, Reading};
use crate::excluded::{Excluded, Spans};
use crate::ledger::{Ledger, slices_in};
use crate::objective::{NoData, SliceWidth};
use crate::ratio::Ratio;
use crate::time::{Minute, Period};
use crate::window::WindowPeriod;

/// The most parts of a [`Plan`]; the last one then stands for all the periods that are left.
pub const MAX_PARTS: usize = 100;

/// What a budget lets a team spend of a [`PlanSpan`]. Amounts are in the budget's unit, events or seconds, signed and
/// never clamped; `None` where they are not defined.
///
/// | | formula |
/// |---|---|
/// | comesBack, rolling | what failed in `[start, to - P)` and so has left the window at `to`; the total stays that of `at` |
/// | comesBack, calendar | the budgets of the periods that begin in the span |
/// | spendable, rolling | remaining + comesBack |
/// | spendable, calendar | the sum over its parts: remaining until the reset, then a new budget each |
/// | new budget, time-based | b · slices of the new period · w: fixed |
/// | new budget, Occurrences | b · n · (minutes of the part) / (minutes seen): an estimate |
/// | expected | consumed in the last window · (minutes of the part) / (minutes seen) |
/// | discretionary | spendable - expected |
///
/// b, w and P are those of [`ErrorBudget`] and of the window. The last window is `[end - P, end)`, whether or not a period began in it, and n its events. The minutes seen are those
/// of it from the first one with data on, and all of them where `noData` makes slices without data count: a new
/// objective is not taken for a quiet one, nor few requests for many failures. Minutes that exclusions cover, past or planned, are
/// left out of both sides of a quotient; for a new budget only those of mode remove. A part's minutes are those of the
/// span that lie after `at`. What burns between `at` and a later `from` is in no figure.
///
/// Source of the question: SRE Workbook, chapter 2 and appendix B: what is left of the budget is what may be risked.
///
/// ```
/// use slo_core::*;
///
/// let series = Series { indicator: "site".parse()?, born: Revision::FIRST };
/// let month = TimeWindow::Rolling(RollingWindow::new("28d".parse()?)?);
/// let objective = Objective::new("shop".parse()?, "web".parse()?, series, "0.999".parse()?, month);
///
/// // 10 of 10,000 may fail; 3 did, 20 days ago.
/// let at: jiff::Timestamp = "2026-11-20T12:00:00Z".parse()?;
/// let minute = Bucket::minute(Minute::floor(at) - 20 * 1_440, EventCounts::new(9_997, 10_000)?);
/// let sprint = PlanSpan::new(None, "2026-12-04T00:00:00Z".parse()?, at)?;
/// let plan = Evaluation::of(&objective).plan(&sprint, &[minute]);
/// assert_eq!(plan.budget.remaining.to_string(), "7");
/// assert_eq!(plan.comes_back.unwrap().to_string(), "3", "they leave the window on 28 November");
/// assert_eq!(plan.spendable.unwrap().to_string(), "10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The instant from which it is seen.
    pub at: Timestamp,
    /// The budget at that instant.
    pub budget: ErrorBudget,
    /// Its status.
    pub status: Status,
    /// What ageing or resets add to it by `to`.
    pub comes_back: Option<Ratio>,
    /// What may fail in each of the budget's periods; one part of a rolling window. There is one at least.
    pub parts: Vec<PlanPart>,
    /// What may fail until `to` without breaking the objective; of a calendar window, each part in its own period.
    pub spendable: Option<Ratio>,
    /// What ordinarily fails in what lies ahead of the span.
    pub expected: Option<Ratio>,
    /// What is left to be spent on purpose.
    pub discretionary: Option<Ratio>,
}

/// What may fail of a part of the span that one budget covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanPart {
    /// The part; of a rolling window, the whole span ahead.
    pub period: Period,
    /// How many of the objective's periods it is in: 1, but for the last of [`MAX_PARTS`].
    pub periods: u32,
    /// What may fail in it.
    pub spendable: Option<Ratio>,
    /// What ordinarily fails in it.
    pub expected: Option<Ratio>,
    /// `spendable - expected`.
    pub discretionary: Option<Ratio>,
    /// Whether `spendable` is what traffic like that of the last window would earn.
    pub estimate: bool,
}

impl Evaluation<'_> {
    /// What [`Evaluation::plan`] needs: the window, the last P minutes, and what leaves a rolling window by `to`.
    #[must_use]
    pub fn plan_reading(&self, span: &PlanSpan) -> Reading {
        let period = self.objective.time_window.period_at(span.at());
        let elapsed = period.elapsed;
        self.reading_cut_at(vec![elapsed.start, elapsed.end, last_window(&period).start, self.left_at(span, &period)])
    }

    /// What the budget lets a team spend, from the counts of the [`Evaluation::plan_reading`].
    ///
    /// # Panics
    /// When a bucket straddles a cut of the reading: the store broke its contract.
    #[must_use]
    pub fn plan(&self, span: &PlanSpan, buckets: &[Bucket]) -> Plan {
        let period = self.objective.time_window.period_at(span.at());
        let windows = self.windows(span, period);
        let last = last_window(&period);
        let until = windows[windows.len() - 1].full_end.max(span.ahead().end);
        let excluded = self.excluded(Period::new(period.elapsed.start.min(last.start), until));
        let ledger = Ledger::new(self.objective, &excluded, buckets);
        let standing = self.standing(&ledger, &excluded, &period);
        let budget = standing.budget(self.target);
        let ordinary = self.ordinary(&ledger, &excluded, seen(buckets, last), last, standing.scale.width);

        let (mut drafts, mut comes_back) = (Vec::<Draft>::new(), Some(big(0)));
        if self.is_rolling() {
            let back = ledger.tally(Period::new(period.elapsed.start, self.left_at(span, &period))).failed;
            comes_back = Some(back.value() * big(standing.scale.width));
        }
        for window in windows {
            let part = if self.is_rolling() {
                span.ahead()
            } else {
                Period::new(span.ahead().start.max(window.elapsed.start), span.ahead().end.min(window.full_end))
            };
            let renewed = !self.is_rolling() && window.elapsed.start >= period.full_end;
            let spendable = if renewed {
                let new = self.new_budget(&window, part, &excluded, &ordinary);
                comes_back = sum(comes_back, new.clone());
                new
            } else {
                // Of a calendar window nothing has come back when its present period is looked at.
                sum(comes_back.clone(), Some(budget.remaining.big()))
            };
            let open = part.minutes() - minutes(&excluded.either, part);
            let draft = Draft {
                period: part,
                periods: 1,
                spendable,
                expected: ordinary.burn.as_ref().map(|burn| burn * big(open)),
                estimate: renewed && standing.scale.unit == BudgetUnit::Events,
            };
            if drafts.len() < MAX_PARTS {
                drafts.push(draft);
            } else {
                drafts[MAX_PARTS - 1].absorb(draft);
            }
        }
        let all = |of: fn(&Draft) -> &Option<BigRational>| {
            drafts.iter().map(|draft| of(draft).clone()).fold(Some(big(0)), sum)
        };
        let (spendable, expected) = (all(|draft| &draft.spendable), all(|draft| &draft.expected));
        Plan {
            at: span.at(),
            status: self.status(&standing),
            budget,
            comes_back: nearest(comes_back.as_ref()),
            spendable: nearest(spendable.as_ref()),
            expected: nearest(expected.as_ref()),
            discretionary: nearest(less(spendable.as_ref(), expected.as_ref()).as_ref()),
            parts: drafts.into_iter().map(Draft::finish).collect(),
        }
    }

    /// Where what is left of a rolling window at `to` begins; its end when nothing is.
    fn left_at(&self, span: &PlanSpan, period: &WindowPeriod) -> Minute {
        let elapsed = period.elapsed;
        if !self.is_rolling() {
            return elapsed.start;
        }
        let left = span.ahead().end - length(period);
        let width = self.objective.method.slice_width().map_or(1, SliceWidth::minutes);
        // A slice leaves when its start does.
        (left + (width - 1)).on_grid(width).clamp(elapsed.start, elapsed.end)
    }

    /// The periods that the span ahead lies in, in order; when nothing of it lies ahead, the present one.
    fn windows(&self, span: &PlanSpan, present: WindowPeriod) -> Vec<WindowPeriod> {
        let ahead = span.ahead();
        let mut windows = vec![present];
        if self.is_rolling() || ahead.minutes() == 0 {
            return windows;
        }
        let mut newest = present;
        while newest.full_end < ahead.end {
            let next = self.objective.time_window.period_at((newest.full_end + 1).timestamp());
            if next.full_end <= newest.full_end {
                break;
            }
            windows.push(next);
            newest = next;
        }
        windows.retain(|window| window.full_end > ahead.start);
        // At the very end of time there is no next one.
        if windows.is_empty() { vec![present] } else { windows }
    }

    /// How the last window burnt and what traffic it had, from its first minute with data on.
    fn ordinary(
        &self,
        ledger: &Ledger<'_>,
        excluded: &Excluded,
        seen: Option<Period>,
        last: Period,
        width: i128,
    ) -> Ordinary {
        let tally = ledger.tally(last);
        let method = self.objective.method;
        let all_count = method.slice_width().is_some() && self.objective.no_data != NoData::Ignore;
        let seen = if all_count { Some(last) } else { seen };
        let per_minute = |amount: BigRational, left_out: &Spans| {
            let minutes = seen.map_or(0, |seen| seen.minutes() - minutes(left_out, seen));
            (minutes > 0).then(|| amount / big(minutes))
        };
        let burn = per_minute(tally.failed.value() * big(width), &excluded.either);
        let traffic = per_minute(big(tally.counted), &excluded.removed);
        Ordinary {
            burn: burn.filter(|_| tally.with_data > 0 || all_count),
            traffic: traffic.filter(|_| tally.counted > 0),
        }
    }

    /// The budget of a period that has not begun: fixed, or what the traffic of a part of it would earn.
    fn new_budget(
        &self,
        window: &WindowPeriod,
        part: Period,
        excluded: &Excluded,
        ordinary: &Ordinary,
    ) -> Option<BigRational> {
        let b = BigRational::new(self.target.allowed_failure().into(), BILLION.into());
        if let Some(width) = self.objective.method.slice_width().map(SliceWidth::minutes) {
            let slices = slices_in(window.whole(), width) - i128::from(excluded.removed.slices_in(window.whole()));
            return Some(b * big(slices * i128::from(width) * 60));
        }
        let open = part.minutes() - minutes(&excluded.removed, part);
        ordinary.traffic.clone().map(|traffic| traffic * b * big(open))
    }
}

/// What is ordinary, by the last window; `None` without data.
struct Ordinary {
    /// Units of the budget per minute that was seen.
    burn: Option<BigRational>,
    /// Events per minute.
    traffic: Option<BigRational>,
}

/// A part while figures are still added up.
struct Draft {
    period: Period,
    periods: u32,
    spendable: Option<BigRational>,
    expected: Option<BigRational>,
    estimate: bool,
}

impl Draft {
    /// Takes what follows it.
    fn absorb(&mut self, next: Self) {
        self.period.end = next.period.end;
        self.periods += next.periods;
        self.spendable = sum(self.spendable.take(), next.spendable);
        self.expected = sum(self.expected.take(), next.expected);
        self.estimate |= next.estimate;
    }

    fn finish(self) -> PlanPart {
        PlanPart {
            period: self.period,
            periods: self.periods,
            spendable: nearest(self.spendable.as_ref()),
            expected: nearest(self.expected.as_ref()),
            discretionary: nearest(less(self.spendable.as_ref(), self.expected.as_ref()).as_ref()),
            estimate: self.estimate,
        }
    }
}

/// `[end - P, end)`.
fn last_window(period: &WindowPeriod) -> Period {
    Period::new(period.elapsed.end - length(period), period.elapsed.end)
}

/// What of a span lies after the beginning of its first minute with data, excluded or not.
fn seen(buckets: &[Bucket], span: Period) -> Option<Period> {
    let inside = &buckets[buckets.partition_point(|bucket| bucket.start < span.start)..];
    let first = inside.iter().find_map(|bucket| bucket.first_with_data()).filter(|first| *first < span.end);
    first.map(|first| Period::new(first, span.end))
}

/// P in minutes.
fn length(period: &WindowPeriod) -> i64 {
    period.full_end - period.elapsed.start
}

fn minutes(spans: &Spans, period: Period) -> u64 {
    u64::try_from(spans.minutes_in(period)).unwrap_or(0)
}

fn big(n: impl Into<BigInt>) -> BigRational {
    BigRational::from(n.into())
}

fn sum(one: Option<BigRational>, other: Option<BigRational>) -> Option<BigRational> {
    Some(one? + other?)
}

fn less(one: Option<&BigRational>, other: Option<&BigRational>) -> Option<BigRational> {
    Some(one? - other?)
}

fn nearest(amount: Option<&BigRational>) -> Option<Ratio> {
    amount.map(Ratio::nearest)
}
