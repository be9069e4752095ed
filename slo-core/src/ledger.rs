//! Counts by one budgeting method, from which any span is tallied.

use std::borrow::Cow;

use crate::budget::{BILLION, signed};
use crate::counts::{Bucket, EventCounts};
use crate::excluded::Excluded;
use crate::objective::{BudgetingMethod, NoData, Objective, SliceWidth};
use crate::tally::{Failed, Tally, on_grid};
use crate::target::Target;
use crate::time::{Minute, Period};

/// Buckets as an objective counts them, with running sums, so that a tally costs the same however long
/// its span is.
pub(crate) struct Ledger<'a> {
    method: BudgetingMethod,
    no_data: NoData,
    excluded: &'a Excluded,
    /// What is not removed; good where exclusions make it so.
    buckets: Cow<'a, [Bucket]>,
    /// What lies before each of some buckets with which a slice begins.
    checkpoints: Vec<(usize, Sums)>,
    /// The slices that failed, wholly or in part, in order of time; there are none of events.
    failed: Vec<FailedSlice>,
}

/// How much of a slice failed, as numerator and denominator.
#[derive(Clone, Copy, Debug)]
struct FailedSlice {
    start: Minute,
    bad: u128,
    total: u128,
}

/// So many buckets lie between two checkpoints, or a few more.
const STRIDE: usize = 64;

/// Sums over buckets.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    counts: EventCounts,
    /// Minutes (Occurrences) or slices with data.
    with_data: i128,
    /// Slices that failed wholly.
    whole: i128,
    /// Parts of slices that failed, on the grid.
    floor: i128,
    /// How many such parts.
    terms: i128,
}

impl Sums {
    fn and(self, other: Self) -> Self {
        Self {
            counts: self.counts + other.counts,
            with_data: self.with_data + other.with_data,
            whole: self.whole + other.whole,
            floor: self.floor + other.floor,
            terms: self.terms + other.terms,
        }
    }

    /// What is left when `before`, which is part of it, is taken away.
    fn since(self, before: Self) -> Self {
        Self {
            counts: self.counts.without(before.counts),
            with_data: self.with_data - before.with_data,
            whole: self.whole - before.whole,
            floor: self.floor - before.floor,
            terms: self.terms - before.terms,
        }
    }
}

/// The slices with data that minutes make up, but for those that are good whatever happened; judged on
/// their minutes before `end`. The first minute begins a slice.
struct Slices<'a> {
    width: i64,
    excluded: &'a Excluded,
    buckets: &'a [Bucket],
    end: Minute,
}

impl Iterator for Slices<'_> {
    type Item = (Minute, EventCounts);

    fn next(&mut self) -> Option<(Minute, EventCounts)> {
        loop {
            let (first, mut rest) = self.buckets.split_first()?;
            let (start, mut counts) = (slice_start(first.start, self.width), first.counts);
            while let Some((bucket, after)) = rest.split_first().filter(|(next, _)| next.start - start < self.width) {
                counts += bucket.counts;
                rest = after;
            }
            self.buckets = rest;
            let slice = Period::new(start, self.end.min(start + self.width));
            if counts.total() > 0 && (self.excluded.is_empty() || !self.excluded.either.covers(slice)) {
                return Some((start, counts));
            }
        }
    }
}

/// Where the slice of a minute begins; most slices are minutes, and need no division.
fn slice_start(minute: Minute, width: i64) -> Minute {
    if width == 1 { minute } else { minute.on_grid(width) }
}

/// Bad and total of slices that failed in part.
#[derive(Clone)]
pub(crate) struct Parts<'a> {
    failed: &'a [FailedSlice],
    newest: Option<FailedSlice>,
}

impl Iterator for Parts<'_> {
    type Item = (u128, u128);

    fn next(&mut self) -> Option<(u128, u128)> {
        loop {
            let slice = match self.failed.split_first() {
                Some((slice, rest)) => {
                    self.failed = rest;
                    *slice
                }
                None => self.newest.take()?,
            };
            if slice.bad < slice.total {
                return Some((slice.bad, slice.total));
            }
        }
    }
}

impl<'a> Ledger<'a> {
    /// For the time-based methods each bucket is a minute. None straddles an edge of what is excluded.
    pub(crate) fn new(objective: &Objective, excluded: &'a Excluded, buckets: &'a [Bucket]) -> Self {
        let buckets = if excluded.is_empty() {
            Cow::Borrowed(buckets)
        } else {
            Cow::Owned(buckets.iter().filter_map(|bucket| counted(*bucket, excluded)).collect())
        };
        let (method, no_data) = (objective.method, objective.no_data);
        let mut ledger = Self { method, no_data, excluded, buckets, checkpoints: Vec::new(), failed: Vec::new() };
        (ledger.checkpoints, ledger.failed) = ledger.first_look();
        ledger
    }

    /// Whether it counts events and not slices.
    pub(crate) const fn is_of_events(&self) -> bool {
        self.method.slice_width().is_none()
    }

    fn width(&self) -> i64 {
        self.method.slice_width().map_or(1, SliceWidth::minutes)
    }

    /// The checkpoints, and the slices that failed.
    fn first_look(&self) -> (Vec<(usize, Sums)>, Vec<FailedSlice>) {
        let (all, width) = (&self.buckets[..], self.width());
        let mut checkpoints = Vec::with_capacity(all.len() / STRIDE + 2);
        let mut failed = Vec::new();
        let (mut from, mut sums) = (0, Sums::default());
        while from < all.len() {
            checkpoints.push((from, sums));
            let mut to = (from + STRIDE).min(all.len());
            let end = all[to - 1].start.on_grid(width) + width;
            while to < all.len() && all[to].start < end {
                to += 1;
            }
            sums = sums.and(self.scan(from, to, end, |slice| failed.push(slice)));
            from = to;
        }
        checkpoints.push((from, sums));
        (checkpoints, failed)
    }

    /// The position of the first bucket at or after a minute.
    fn position(&self, minute: Minute) -> usize {
        self.buckets.partition_point(|bucket| bucket.start < minute)
    }

    /// What the minutes of a span before `end` say, the first of which begins a slice; and which slices
    /// failed.
    fn scan(&self, from: usize, to: usize, end: Minute, mut failed: impl FnMut(FailedSlice)) -> Sums {
        let buckets = &self.buckets[from..to];
        let mut sums = Sums { counts: buckets.iter().map(|bucket| bucket.counts).sum(), ..Sums::default() };
        if self.is_of_events() {
            sums.with_data = buckets.iter().map(|bucket| u64::from(bucket.with_data.count_ones())).sum::<u64>().into();
            return sums;
        }
        for (start, counts) in self.slices(from, to, end) {
            sums.with_data += 1;
            let Some((bad, total)) = slice_failure(self.method, counts) else { continue };
            failed(FailedSlice { start, bad, total });
            if bad == total {
                sums.whole += 1;
            } else {
                sums.floor += on_grid(bad, total);
                sums.terms += 1;
            }
        }
        sums
    }

    fn slices(&self, from: usize, to: usize, end: Minute) -> Slices<'_> {
        Slices { width: self.width(), excluded: self.excluded, buckets: &self.buckets[from..to], end }
    }

    /// The slices of a span that failed, in order of time; the newest is judged on its minutes in the span.
    fn failed_slices(&self, span: Period) -> (&[FailedSlice], Option<FailedSlice>) {
        let (_, newest, end) = self.range(span);
        let position = |minute: Minute| self.failed.partition_point(|slice| slice.start < minute);
        let begin = (span.end - 1).on_grid(self.width());
        let (first, last) = (position(span.start), position(begin));
        let newest = self.slices(newest, end, span.end).next().and_then(|(start, counts)| {
            let (bad, total) = slice_failure(self.method, counts)?;
            Some(FailedSlice { start, bad, total })
        });
        (&self.failed[first..last.max(first)], newest)
    }

    /// Where the slices that begin in a span lie among the buckets, and the newest of them.
    fn range(&self, span: Period) -> (usize, usize, usize) {
        let width = self.width();
        let first = self.position((span.start + (width - 1)).on_grid(width));
        let newest = self.position((span.end - 1).on_grid(width)).max(first);
        let end = self.position(span.end).max(newest);
        let ends_by = |last: &[Bucket], minute| last.last().is_none_or(|bucket| bucket.period().end <= minute);
        let cut =
            ends_by(&self.buckets[first..end], span.end) && (width > 1 || ends_by(&self.buckets[..first], span.start));
        assert!(cut, "a bucket straddles the end of {}..{}", span.start, span.end);
        (first, newest, end)
    }

    /// The first checkpoint from one bucket on and the last up to another, and the sums in between; where
    /// both are one, nothing.
    fn leap(&self, first: usize, last: usize) -> (usize, usize, Sums) {
        let after = self.checkpoints.partition_point(|(at, _)| *at < first);
        let before = self.checkpoints.partition_point(|(at, _)| *at <= last);
        match self.checkpoints.get(after..before) {
            Some([(low, until_low), .., (high, until_high)]) => (*low, *high, until_high.since(*until_low)),
            _ => (first, first, Sums::default()),
        }
    }

    fn sums(&self, span: Period) -> Sums {
        let (first, newest, end) = self.range(span);
        let (low, high, between) = self.leap(first, newest);
        self.scan(first, low, span.end, drop).and(between).and(self.scan(high, end, span.end, drop))
    }

    /// What a span says; its ends are no cuts of a bucket.
    pub(crate) fn tally(&self, span: Period) -> Tally<Parts<'_>> {
        let sums = self.sums(span);
        let Some(width) = self.method.slice_width().map(SliceWidth::minutes) else {
            return Tally {
                counted: signed(sums.counts.total()),
                failed: Failed::Whole(signed(sums.counts.bad())),
                with_data: sums.with_data,
                elapsed: i128::from(span.minutes()) - i128::from(self.excluded.either.minutes_in(span)),
            };
        };
        let excluded = i128::from(self.excluded.either.slices_in(span));
        let good = excluded - i128::from(self.excluded.removed.slices_in(span));
        let elapsed = slices_in(span, width) - excluded;
        let missing = elapsed - sums.with_data;
        let counted = good + if self.no_data == NoData::Ignore { sums.with_data } else { elapsed };
        let whole = sums.whole + if self.no_data == NoData::Bad { missing } else { 0 };
        let failed = match self.method {
            BudgetingMethod::RatioTimeslices { .. } => {
                let (failed, newest) = self.failed_slices(span);
                Failed::Sum { whole, floor: sums.floor, terms: sums.terms, parts: Parts { failed, newest } }
            }
            BudgetingMethod::Occurrences | BudgetingMethod::Timeslices { .. } => Failed::Whole(whole),
        };
        Tally { counted, failed, with_data: sums.with_data, elapsed }
    }

    /// The events of a span's minutes that are not removed, whatever the method.
    pub(crate) fn events(&self, span: Period) -> EventCounts {
        let (first, last) = (self.position(span.start), self.position(span.end));
        let last = last.max(first);
        let (low, high, between) = self.leap(first, last);
        let sum = |buckets: &[Bucket]| buckets.iter().map(|bucket| bucket.counts).sum::<EventCounts>();
        sum(&self.buckets[first..low]) + between.counts + sum(&self.buckets[high..last])
    }

    /// Where what is left of a span begins once everything has gone that began, and for events was over,
    /// before a minute; no cut of a bucket.
    pub(crate) fn left_from(&self, span: Period, minute: Minute) -> Minute {
        let cut = if let Some(width) = self.method.slice_width() {
            (minute + (width.minutes() - 1)).on_grid(width.minutes()).min(span.end)
        } else {
            let straddling = self.buckets[..self.position(minute)].last().filter(|bucket| bucket.period().end > minute);
            straddling.map_or(minute, |bucket| bucket.start)
        };
        cut.max(span.start)
    }

    /// What failed in a span, in order of time.
    pub(crate) fn failures(&self, span: Period) -> Vec<Failure> {
        let (first, _, end) = self.range(span);
        let Some(width) = self.method.slice_width().map(SliceWidth::minutes) else {
            let bad = self.buckets[first..end].iter().filter(|bucket| bucket.counts.bad() > 0);
            let mut failures = Vec::with_capacity(end - first);
            failures.extend(bad.map(|b| Failure { period: b.period(), bad: b.counts.bad(), total: b.counts.total() }));
            return failures;
        };
        let slice = |start: Minute| Period::new(start, span.end.min(start + width));
        let (failed, last) = self.failed_slices(span);
        let failed = failed.iter().copied().chain(last);
        let failed = failed.map(|failed| Failure { period: slice(failed.start), bad: failed.bad, total: failed.total });
        if self.no_data != NoData::Bad {
            return failed.collect();
        }
        // Where every slice without data is bad, each is looked at.
        let mut with_data = self.slices(first, end, span.end).map(|(start, _)| start).peekable();
        let mut failed = failed.peekable();
        let mut failures = Vec::new();
        let mut start = (span.start + (width - 1)).on_grid(width);
        while start < span.end {
            if with_data.next_if_eq(&start).is_some() {
                failures.extend(failed.next_if(|failure| failure.period.start == start));
            } else if self.excluded.is_empty() || !self.excluded.either.covers(slice(start)) {
                failures.push(Failure { period: slice(start), bad: 1, total: 1 });
            }
            start = start + width;
        }
        failures
    }
}

/// What failed at a time: `bad` of `total` events, or that part of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// A bucket; or a slice, its minutes before the end of the span.
    pub(crate) period: Period,
    pub(crate) bad: u128,
    pub(crate) total: u128,
}

impl Failure {
    /// Whether its own burn rate is above 1.
    pub(crate) fn is_bad(&self, target: Target) -> bool {
        signed(self.bad) * BILLION > signed(self.total) * i128::from(target.allowed_failure())
    }
}

/// A bucket as exclusions leave it.
fn counted(bucket: Bucket, excluded: &Excluded) -> Option<Bucket> {
    if excluded.removed.contains(bucket.start) {
        return None;
    }
    if excluded.good.contains(bucket.start) {
        let counts = EventCounts::from_sums(0, bucket.counts.total()).expect("nothing is not more than all");
        return Some(Bucket { counts, with_data: 0, ..bucket });
    }
    Some(bucket)
}

/// How much of a slice with data failed, as numerator and denominator: all or nothing of it for
/// Timeslices, `1 - g/n` for `RatioTimeslices`; `None` when nothing did.
pub(crate) fn slice_failure(method: BudgetingMethod, counts: EventCounts) -> Option<(u128, u128)> {
    let (bad, total) = (counts.bad(), counts.total());
    match method {
        BudgetingMethod::Timeslices { target, .. } => {
            let good = signed(counts.good()) * BILLION >= i128::from(target.get()) * signed(total);
            (!good).then_some((1, 1))
        }
        BudgetingMethod::Occurrences | BudgetingMethod::RatioTimeslices { .. } if bad == total => Some((1, 1)),
        BudgetingMethod::Occurrences | BudgetingMethod::RatioTimeslices { .. } => (bad > 0).then_some((bad, total)),
    }
}

/// How many slices of `width` minutes begin in a span.
pub(crate) fn slices_in(span: Period, width: i64) -> i128 {
    let before = |minute: Minute| i128::from((minute - 1).on_grid(width).get().div_euclid(width)) + 1;
    (before(span.end) - before(span.start)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_belongs_to_a_span_when_its_start_does() {
        let span = |start, end| Period::new(Minute::new(start), Minute::new(end));
        assert_eq!(slices_in(span(0, 60), 5), 12);
        assert_eq!(slices_in(span(1, 60), 5), 11);
        assert_eq!(slices_in(span(1, 61), 5), 12);
        assert_eq!(slices_in(span(-7, 3), 5), 2, "-5 and 0");
        assert_eq!(slices_in(span(7, 7), 5), 0);
    }
}
