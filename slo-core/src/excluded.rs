//! Exclusions resolved over a span of time.

use crate::exclusion::{Exclusion, ExclusionMode};
use crate::time::{Minute, Period};

/// Which minutes of a span are excluded, and how. Where modes overlap, remove wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excluded {
    /// In neither numerator nor denominator.
    pub(crate) removed: Spans,
    /// Not removed, and good whatever happened.
    pub(crate) good: Spans,
    /// One or the other.
    pub(crate) either: Spans,
}

impl Excluded {
    /// For slices of `width` minutes.
    pub(crate) fn new(exclusions: &[Exclusion], span: Period, width: i64) -> Self {
        if exclusions.is_empty() {
            return Self::default();
        }
        let of = |mode| exclusions.iter().filter(move |e| e.mode == mode).flat_map(|e| e.periods(span));
        let removed = Spans::union(of(ExclusionMode::Remove).collect(), width);
        let good = Spans::union(of(ExclusionMode::CountAsGood).collect(), width);
        let either = Spans::union(removed.periods().chain(good.periods()).collect(), width);
        Self { good: good.without(&removed), removed, either }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.either.spans.is_empty()
    }

    /// Where it begins or ends, one way or the other.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Minute> {
        self.removed.periods().chain(self.good.periods()).flat_map(|period| [period.start, period.end])
    }
}

/// Spans of minutes: in order, not empty, apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    spans: Vec<Span>,
    /// Of a slice.
    width: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    period: Period,
    /// How many minutes lie in the spans before it, and how many whole slices.
    minutes_before: i64,
    slices_before: i64,
}

impl Span {
    /// Its whole slices that begin before a minute.
    fn slices_until(&self, minute: Minute, width: i64) -> i64 {
        let first = (self.period.start + (width - 1)).on_grid(width);
        let last = (self.period.end - width).min(minute - 1).on_grid(width);
        ((last - first).div_euclid(width) + 1).max(0)
    }
}

impl Spans {
    /// The minutes of any of them.
    fn union(mut periods: Vec<Period>, width: i64) -> Self {
        periods.retain(|period| period.minutes() > 0);
        periods.sort_unstable_by_key(|period| period.start);
        let mut merged: Vec<Period> = Vec::with_capacity(periods.len());
        for period in periods {
            match merged.last_mut() {
                Some(last) if period.start <= last.end => last.end = last.end.max(period.end),
                _ => merged.push(period),
            }
        }
        let (mut minutes_before, mut slices_before) = (0, 0);
        let spans = merged.into_iter().map(|period| {
            let span = Span { period, minutes_before, slices_before };
            minutes_before += period.end - period.start;
            slices_before += span.slices_until(period.end, width);
            span
        });
        Self { spans: spans.collect(), width }
    }

    fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for period in self.periods() {
            let mut start = period.start;
            let first = other.spans.partition_point(|taken| taken.period.end <= start);
            for taken in
                other.spans[first..].iter().map(|span| span.period).take_while(|taken| taken.start < period.end)
            {
                left.push(Period::new(start, taken.start));
                start = taken.end;
            }
            left.push(Period::new(start, period.end));
        }
        Self::union(left, self.width)
    }

    pub(crate) fn periods(&self) -> impl Iterator<Item = Period> {
        self.spans.iter().map(|span| span.period)
    }

    /// The span that begins last before `minute`.
    fn last_before(&self, minute: Minute) -> Option<&Span> {
        let after = self.spans.partition_point(|span| span.period.start < minute);
        after.checked_sub(1).map(|last| &self.spans[last])
    }

    pub(crate) fn contains(&self, minute: Minute) -> bool {
        self.covers(Period::new(minute, minute + 1))
    }

    /// Whether all minutes of a period, which has some, are in them.
    pub(crate) fn covers(&self, period: Period) -> bool {
        self.last_before(period.start + 1).is_some_and(|span| period.end <= span.period.end)
    }

    /// How many of a period's minutes are in them.
    pub(crate) fn minutes_in(&self, period: Period) -> i64 {
        let until = |minute: Minute| {
            self.last_before(minute)
                .map_or(0, |span| span.minutes_before + (minute.min(span.period.end) - span.period.start))
        };
        until(period.end.max(period.start)) - until(period.start)
    }

    /// How many slices that begin in a period have all their minutes before its end in them.
    pub(crate) fn slices_in(&self, period: Period) -> i64 {
        if self.spans.is_empty() || period.minutes() == 0 {
            return 0;
        }
        let until = |minute: Minute| {
            self.last_before(minute).map_or(0, |span| span.slices_before + span.slices_until(minute, self.width))
        };
        let whole = until(period.end) - until(period.start);
        // Of the newest, what lies beyond the period's end is not asked for.
        let newest = (period.end - 1).on_grid(self.width);
        let cut = newest >= period.start
            && self.covers(Period::new(newest, period.end))
            && !self.covers(Period::new(newest, newest + self.width));
        whole + i64::from(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period((start, end): (i64, i64)) -> Period {
        Period::new(Minute::new(start), Minute::new(end))
    }

    fn by(width: i64, periods: &[(i64, i64)]) -> Spans {
        Spans::union(periods.iter().copied().map(period).collect(), width)
    }

    fn spans(periods: &[(i64, i64)]) -> Spans {
        by(1, periods)
    }

    #[test]
    fn spans_are_merged_and_subtracted() {
        let some = spans(&[(20, 30), (0, 5), (5, 7), (25, 40), (50, 50)]);
        assert_eq!(some, spans(&[(0, 7), (20, 40)]));
        let taken = spans(&[(-3, 2), (4, 5), (22, 23), (39, 60)]);
        assert_eq!(some.without(&taken), spans(&[(2, 4), (5, 7), (20, 22), (23, 39)]));
        assert!(some.contains(Minute::new(0)) && !some.contains(Minute::new(7)));
        assert!(some.covers(period((20, 40))) && !some.covers(period((6, 8))));
    }

    /// Against minute by minute.
    #[test]
    fn minutes_and_slices_are_counted() {
        for width in [1, 2, 5, 10] {
            let some = by(width, &[(-7, 2), (3, 4), (10, 26), (30, 41)]);
            for start in -10..45 {
                for end in start..46 {
                    let within = period((start, end));
                    let minutes = (start..end).filter(|m| some.contains(Minute::new(*m))).count();
                    assert_eq!(some.minutes_in(within), i64::try_from(minutes).expect("few"), "{start}..{end}");
                    let slices = (start..end).filter(|s| s.rem_euclid(width) == 0);
                    let gone = |s: &i64| (*s..(s + width).min(end)).all(|m| some.contains(Minute::new(m)));
                    let slices = i64::try_from(slices.filter(gone).count()).expect("few");
                    assert_eq!(some.slices_in(within), slices, "{start}..{end} by {width}");
                }
            }
        }
    }
}
