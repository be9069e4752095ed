//! What a span of days lets a team spend, minute by minute.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use slo_core::{ExclusionMode, Minute, NoData, Plan, Ratio};

use super::number::{Precision, over, whole};
use super::{Expected, Span, mode, period};
use crate::cases::Rule;

/// What one period of a budget covers of `[from, to)`.
struct Part {
    from: Minute,
    to: Minute,
    /// `None`: it is undefined.
    spendable: Option<BigRational>,
    new: bool,
}

impl Expected<'_> {
    fn count(&self, from: Minute, to: Minute, wanted: impl Fn(Option<ExclusionMode>) -> bool) -> i64 {
        let wanted = |i: &i64| wanted(mode(&self.case.exclusions, from + *i));
        i64::try_from((0..to - from).filter(wanted).count()).expect("few")
    }

    /// The first minute with data of the last P.
    fn seen(&self) -> Option<Minute> {
        self.with_data.range(self.case.end - self.length()..self.case.end).next().copied()
    }

    /// What leaves the window from minute to minute, until `to`.
    fn comes_back(&self, to: Minute, scale: &BigRational) -> BigRational {
        let mut back = BigRational::zero();
        // The window that ends a minute later begins a minute later.
        for later in 1..=(to - self.case.end).min(self.length()) {
            back += self.unit(self.span.start + later - 1).map(|unit| unit.failed).unwrap_or_default();
        }
        back * scale
    }

    /// The parts of `[from, to)` that the periods of a calendar window cover.
    fn calendar_parts(&self, from: Minute, to: Minute) -> Vec<Part> {
        let remaining = self.budget(&self.allowed).remaining;
        let mut parts = Vec::new();
        let mut span = self.span;
        let mut new = false;
        while parts.is_empty() || span.start < to {
            let (start, end) = (span.start.max(from), span.full_end.min(to));
            let spendable = if new { self.of_new(span, start, end) } else { Some(remaining.clone()) };
            if start < end || from == to {
                parts.push(Part { from: start, to: end, spendable, new });
            }
            span = period(self.case.rule, span.full_end + 1);
            new = true;
        }
        parts
    }

    /// The budget of a period that has not begun, of which the span covers `[start, end)`.
    fn of_new(&self, span: Span, start: Minute, end: Minute) -> Option<BigRational> {
        let kept = |mode: Option<ExclusionMode>| mode != Some(ExclusionMode::Remove);
        if let Some(width) = self.width() {
            let slices = (0..span.full_end - span.start).map(|i| span.start + i).filter(|minute| {
                let minutes = (0..width).map(|i| *minute + i).filter(|minute| *minute < span.full_end);
                minute.get() % width == 0 && minutes.into_iter().any(|m| kept(mode(&self.case.exclusions, m)))
            });
            return Some(whole(slices.count()) * whole(width * 60) * &self.allowed);
        }
        let traffic = self.since(self.case.end - self.length());
        let earned = whole(traffic.counted.clone()) * &self.allowed * whole(self.count(start, end, kept));
        let seen = self.seen().map(|first| self.count(first, self.case.end, kept));
        seen.filter(|_| !traffic.counted.is_zero()).map(|seen| earned / whole(seen))
    }

    /// A plan of the minutes of `[from, to)`.
    pub(crate) fn assert_plan(&self, from: Minute, to: Minute, plan: &Plan) {
        let (_, scale) = self.basis(&self.since(self.span.start));
        let budget = self.budget(&self.allowed);
        let from = from.max(self.case.end);
        let rolling = matches!(self.case.rule, Rule::Rolling(_));
        let (parts, comes_back) = if rolling {
            let back = self.comes_back(to, &scale);
            (vec![Part { from, to, spendable: Some(&budget.remaining + &back), new: false }], Some(back))
        } else {
            let parts = self.calendar_parts(from, to);
            let new = parts.iter().filter(|part| part.new).map(|part| part.spendable.clone());
            let back: Option<Vec<BigRational>> = new.collect();
            (parts, back.map(|back| back.into_iter().sum()))
        };

        // What burnt in a minute that was seen.
        let start = self.case.end - self.length();
        let last = self.since(start);
        let (first, any) = match (self.width(), self.case.objective.no_data) {
            (Some(_), NoData::Good | NoData::Bad) => (Some(start), true),
            _ => (self.seen(), last.with_data > 0),
        };
        let seen = first.map_or(0, |first| self.count(first, self.case.end, |mode| mode.is_none()));
        let burn = over(&(last.failed * &scale), &whole(seen)).filter(|_| any);
        let expected = |part: &Part| {
            let minutes = self.count(part.from, part.to, |mode| mode.is_none());
            burn.as_ref().map(|burn| burn * whole(minutes))
        };

        let precision = if self.is_mean() { Precision::Digits } else { Precision::Exact };
        let check = |what: &str, got: Option<Ratio>, wanted: Option<BigRational>| {
            // Differences of figures that are rounded are as good as these.
            if precision == Precision::Digits && wanted.as_ref().is_some_and(|wanted| near_zero(wanted, &budget.total))
            {
                return;
            }
            precision.check(what, got, wanted.as_ref());
        };
        assert_eq!(plan.parts.len(), parts.len(), "parts");
        let (mut spendable, mut burnt) = (Some(BigRational::zero()), Some(BigRational::zero()));
        for (got, part) in plan.parts.iter().zip(&parts) {
            assert_eq!((got.period.start, got.period.end, got.periods), (part.from, part.to, 1), "part");
            assert_eq!(got.estimate, part.new && self.width().is_none(), "estimate");
            let expected = expected(part);
            check("spendable", got.spendable, part.spendable.clone());
            check("expected", got.expected, expected.clone());
            check("discretionary", got.discretionary, part.spendable.clone().zip(expected.clone()).map(|(s, e)| s - e));
            spendable = spendable.zip(part.spendable.clone()).map(|(sum, part)| sum + part);
            burnt = burnt.zip(expected).map(|(sum, part)| sum + part);
        }
        check("comes back", plan.comes_back, comes_back);
        check("discretionary", plan.discretionary, spendable.clone().zip(burnt.clone()).map(|(s, e)| s - e));
        check("spendable", plan.spendable, spendable);
        check("expected", plan.expected, burnt);
    }
}

/// So small beside the budget that rounding decides its digits.
fn near_zero(amount: &BigRational, total: &BigRational) -> bool {
    let billionth = BigRational::new(1.into(), BigInt::from(1_000_000_000));
    !amount.is_zero() && num_traits::Signed::abs(amount) < total * billionth
}
