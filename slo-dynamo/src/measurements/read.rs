//! Reading: the days of a period, and the hours that are wanted by the minute.
//!
//! The days are read strongly consistent: they tell of every acknowledged write, and how many updates of
//! each hour they tell of. The hours are read at half the price, which may show them as of a moment ago,
//! and those that are behind their day are read again. Of a sealed day the minutes are read.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use slo_core::{Bucket, Minute, Period, Resolution};

use super::days::{self, Days};
use super::hour::Hour;
use super::kept::{self, Kept, KeptDay};
use super::key::{DAY, Item};
use super::memory::Shape;
use super::packed::Packed;
use super::partition::{Consistency, Partition};
use super::sealed::{Minutes, merged};
use crate::error::Failure;
use crate::item::MAX_KEYS;

/// How many requests of one read are under way at once.
const AT_ONCE: usize = 16;
/// About what an hour of one source takes, in bytes.
const HOUR_SIZE: usize = 500;
/// A request is paid for as if it read at least so many bytes.
const LEAST: usize = 4_096;
/// Hours that begin so many minutes before the end of a period are always read: they are still being written. So
/// long after its end a day is likely to be packed.
const FRESH: i64 = 120;
/// A day of which more hours than these are wanted is not dearer as a whole.
const HALF: i64 = 12;

/// What is wanted of one series.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    partition: Partition<'a>,
    period: Period,
    /// The hours of the period that a cut lies in; `None` when all hours are wanted by the minute.
    cut: Option<BTreeSet<Minute>>,
    shape: Shape,
    kept: &'a Kept,
}

/// The first and the last of some hours in a row.
type Span = [Minute; 2];

/// What has been read.
#[derive(Debug, Default)]
struct Parts {
    days: Days,
    /// By the hour and the source.
    hours: BTreeMap<(Minute, String), Hour>,
    /// Those that need not be read, likewise.
    kept: BTreeMap<(Minute, String), Vec<Bucket>>,
    minutes: BTreeMap<Minute, Minutes>,
    packed: BTreeMap<Minute, KeptDay>,
}

enum Part {
    Days(Days),
    Hours(Vec<Hour>),
    Minutes(Vec<Minutes>),
    Packed(Vec<Packed>),
}

type Request<'a> = BoxFuture<'a, Result<Part, Failure>>;

impl<'a> Reading<'a> {
    pub(super) fn new(
        partition: Partition<'a>,
        period: Period,
        resolution: &Resolution,
        shape: Shape,
        kept: &'a Kept,
    ) -> Self {
        let period = within_time(period);
        let cut = match resolution {
            Resolution::Minutes => None,
            Resolution::Hours { cuts } => {
                let all = [period.start, period.end];
                let hours = all.iter().chain(cuts).map(|cut| cut.hour());
                let inside = |hour: &Minute| period.start.hour() <= *hour && *hour < period.end;
                Some(hours.filter(|hour| inside(hour) && resolution.splits(*hour, period)).collect())
            }
        };
        Self { partition, period, cut, shape, kept }
    }

    /// The buckets, and what the next read may expect.
    pub(super) async fn buckets(&self) -> Result<(Vec<Bucket>, Shape), Failure> {
        if self.period.start >= self.period.end {
            return Ok((Vec::new(), self.shape.clone()));
        }
        let [first, last] = [self.period.start, self.period.end - 1].map(|minute| minute.on_grid(DAY));
        let mut parts = Parts::default();
        // Usually all that is needed.
        let sealed = self.shape.sealed.map_or(first, |sealed| sealed + DAY);
        let mut requests = vec![self.days([first, last])];
        requests.extend(self.minutes(self.by_minute([first, sealed - 1])));
        let (packed, unread) = self.whole_days(self.unread(self.by_minute([sealed, last + (DAY - 1)])));
        requests.extend(self.packed(packed.clone()));
        requests.extend(self.hours(unread, Consistency::Eventual));
        parts.gather(requests).await?;
        self.recall(&mut parts);
        // Minutes of days that have turned out to be sealed, hours that are behind their day, and those of days that
        // have turned out not to be packed.
        let is_new = |[hour, _]: &Span| packed.iter().any(|[first, last]| (*first..*last + DAY).contains(hour));
        let (new, behind): (Vec<_>, Vec<_>) = self.behind(&parts).into_iter().partition(is_new);
        let mut requests = self.minutes(self.sealed(&parts));
        requests.extend(self.hours(self.rows(&parts, new), Consistency::Eventual));
        requests.extend(self.hours(behind, Consistency::Strong));
        parts.gather(requests).await?;
        // Days that were sealed anew meanwhile, and of the new hours those that are behind.
        let mut requests = self.hours(self.sealed(&parts), Consistency::Strong);
        let behind = self.behind(&parts).into_iter().filter(is_new).collect();
        requests.extend(self.hours(behind, Consistency::Strong));
        parts.gather(requests).await?;
        self.keep(&mut parts);
        let shape = parts.days.shape([first, last], &self.shape);
        Ok((self.sum(&parts), shape))
    }

    /// Those of the hours of a span that are wanted by the minute.
    fn by_minute(&self, [first, last]: Span) -> Vec<Span> {
        let (first, last) = (first.max(self.period.start).hour(), last.min(self.period.end - 1).hour());
        match &self.cut {
            _ if last < first => Vec::new(),
            None => vec![[first, last]],
            Some(cut) => cut.range(first..=last).map(|hour| [*hour; 2]).collect(),
        }
    }

    /// Whether an hour may be kept; only where all are wanted by the minute, because otherwise they are few.
    fn is_kept(&self, hour: Minute) -> bool {
        self.cut.is_none() && hour + FRESH <= self.period.end
    }

    /// Those of some hours that have not been read before.
    fn unread(&self, spans: Vec<Span>) -> Vec<Span> {
        let number = (self.period.end - self.period.start) / DAY;
        if self.cut.is_some() || number > kept::DAYS {
            return spans;
        }
        let mut kept: Option<(Minute, Option<Arc<KeptDay>>)> = None;
        let mut is_read = |hour: &Minute| {
            let day = hour.on_grid(DAY);
            if kept.as_ref().is_none_or(|(of, _)| *of != day) {
                kept = Some((day, self.kept.day(self.partition.key, day)));
            }
            let kept = kept.as_ref().and_then(|(_, kept)| kept.as_ref());
            self.is_kept(*hour) && kept.is_some_and(|kept| kept.has_read(*hour))
        };
        let hours = spans.into_iter().flat_map(|[first, last]| (0..=(last - first) / 60).map(move |i| first + 60 * i));
        joined(hours.filter(|hour| !is_read(hour)).map(|hour| [hour; 2]).collect(), 60)
    }

    /// Parts hours into finished days of which most are wanted, and others.
    fn whole_days(&self, spans: Vec<Span>) -> (Vec<Span>, Vec<Span>) {
        let newest = (self.period.end - FRESH).on_grid(DAY) - DAY;
        let (mut days, mut hours) = (Vec::new(), Vec::new());
        for [first, last] in spans {
            let [mut from, mut to] = [first, last].map(|hour| hour.on_grid(DAY));
            from = if first - from < 60 * HALF { from } else { from + DAY };
            to = newest.min(if last - to < 60 * HALF { to - DAY } else { to });
            if self.cut.is_some() || last - first < 60 * HALF || to < from {
                hours.push([first, last]);
                continue;
            }
            days.push([from, to]);
            hours.extend([[first, from - 60], [to + DAY, last]].into_iter().filter(|[first, last]| first <= last));
        }
        (days, hours)
    }

    /// Takes what is packed or kept of the hours that have not been read, where it is as their day tells.
    fn recall(&self, parts: &mut Parts) {
        for day in parts.days.open.iter().filter(|_| self.cut.is_none()) {
            let (packed, kept) = (parts.packed.get(&day.start), self.kept.day(self.partition.key, day.start));
            for (hour, told) in &day.digests {
                let place = (*hour, day.source.clone());
                if self.is_by_minute(*hour) && !parts.hours.contains_key(&place) {
                    let known = packed.into_iter().chain(kept.as_deref());
                    let minutes = known.filter_map(|known| known.minutes(*hour, &day.source, told)).next();
                    parts.kept.extend(minutes.map(|minutes| (place, minutes)));
                }
            }
        }
    }

    /// Keeps what has been read, of the days that tell of it.
    fn keep(&self, parts: &mut Parts) {
        let mut fresh = mem::take(&mut parts.packed);
        for day in parts.days.open.iter().filter(|_| self.cut.is_none()) {
            for (hour, told) in &day.digests {
                let Some(read) = parts.hours.get(&(*hour, day.source.clone())) else { continue };
                if self.is_kept(*hour) {
                    let kept = || self.kept.day(self.partition.key, day.start).map(|kept| (*kept).clone());
                    fresh.entry(day.start).or_insert_with(|| kept().unwrap_or_default()).insert(read, told);
                }
            }
        }
        for (day, mut kept) in fresh {
            let hours = self.by_minute([day, day + (DAY - 1)]).into_iter();
            let hours = hours.flat_map(|[first, last]| (0..=(last - first) / 60).map(move |i| first + 60 * i));
            hours.filter(|hour| self.is_kept(*hour)).for_each(|hour| kept.set_read(hour));
            self.kept.keep(self.partition.key, day, kept);
        }
    }

    /// The same of the sealed days whose minutes have not been read.
    fn sealed(&self, parts: &Parts) -> Vec<Span> {
        let days = parts.days.sealed.keys().filter(|day| parts.minutes_of(**day).is_none());
        days.flat_map(|day| self.by_minute([*day, *day + (DAY - 1)])).collect()
    }

    /// Those of which a source's day tells more than has been read.
    fn behind(&self, parts: &Parts) -> Vec<Span> {
        let digests =
            parts.days.open.iter().flat_map(|day| day.digests.iter().map(move |digest| (&day.source, digest)));
        let behind = digests.filter(|(source, (hour, digest))| {
            let place = (*hour, (*source).clone());
            let read = parts.hours.get(&place).map_or(0, |hour| hour.n);
            read < digest.n && self.is_by_minute(*hour) && !parts.kept.contains_key(&place)
        });
        behind.map(|(_, (hour, _))| *hour).collect::<BTreeSet<_>>().into_iter().map(|hour| [hour; 2]).collect()
    }

    /// Those together between which days tell of no other hours.
    fn rows(&self, parts: &Parts, hours: Vec<Span>) -> Vec<Span> {
        let told = parts.days.open.iter().flat_map(|day| &day.digests).map(|(hour, _)| *hour);
        let told: BTreeSet<Minute> = told.filter(|hour| self.is_by_minute(*hour)).collect();
        let hours: BTreeSet<Minute> = hours.into_iter().map(|[hour, _]| hour).collect();
        let (mut rows, mut goes_on): (Vec<Span>, bool) = (Vec::new(), false);
        for hour in told {
            let is_wanted = hours.contains(&hour);
            match rows.last_mut().filter(|_| goes_on && is_wanted) {
                Some([_, last]) => *last = hour,
                None if is_wanted => rows.push([hour; 2]),
                None => {}
            }
            goes_on = is_wanted;
        }
        rows
    }

    fn is_by_minute(&self, minute: Minute) -> bool {
        let hour = minute.hour();
        let inside = hour < self.period.end && self.period.start < hour + 60;
        inside && self.cut.as_ref().is_none_or(|cut| cut.contains(&hour))
    }

    fn days(&self, ends: Span) -> Request<'_> {
        async move { Ok(Part::Days(days::read(self.partition, ends, &self.shape).await?)) }.boxed()
    }

    /// Asks for hours: together where that is not dearer than by themselves; by their keys, in one request,
    /// what is alone and of a single source.
    fn hours(&self, spans: Vec<Span>, consistency: Consistency) -> Vec<Request<'_>> {
        let between = LEAST / (HOUR_SIZE * self.shape.width());
        let step = 60 * i64::try_from(between + 1).expect("a few");
        let mut spans = joined(spans, step);
        let mut requests: Vec<Request<'_>> = Vec::new();
        if let ([source], Consistency::Eventual) = (&self.shape.sources[..], consistency) {
            let single: Vec<String> = spans
                .extract_if(.., |[first, last]| first == last)
                .map(|[hour, _]| Item::Hour.of(hour, source))
                .collect();
            let request = |sorts: &[String]| {
                let sorts = sorts.to_vec();
                async move { Ok(Part::Hours(self.partition.several(sorts, Hour::decode).await?)) }.boxed()
            };
            requests.extend(single.chunks(MAX_KEYS).map(request));
        }
        let request = |[first, last]: Span| {
            let range = Item::Hour.range(first, last);
            async move { Ok(Part::Hours(self.partition.range(range, consistency, Hour::decode).await?)) }.boxed()
        };
        requests.extend(spans.into_iter().map(request));
        requests
    }

    /// Asks for what is packed of some days.
    fn packed(&self, days: Vec<Span>) -> Vec<Request<'_>> {
        let request = |[first, last]: Span| {
            let range = Item::Packed.range(first, last);
            async move { Ok(Part::Packed(self.partition.range(range, Consistency::Eventual, Packed::decode).await?)) }
                .boxed()
        };
        joined(days, DAY).into_iter().map(request).collect()
    }

    /// Asks for the minutes of the days that hours are in.
    fn minutes(&self, spans: Vec<Span>) -> Vec<Request<'_>> {
        let request = |[first, last]: Span| {
            let range = Item::Minutes.range(first, last);
            async move { Ok(Part::Minutes(self.partition.range(range, Consistency::Strong, Minutes::decode).await?)) }
                .boxed()
        };
        let days = spans.into_iter().map(|span| span.map(|hour| hour.on_grid(DAY))).collect();
        joined(days, DAY).into_iter().map(request).collect()
    }

    fn sum(&self, parts: &Parts) -> Vec<Bucket> {
        let digests = parts.days.open.iter().flat_map(|day| &day.digests).map(|(hour, digest)| digest.bucket(*hour));
        let sums = parts.days.sealed.values().flat_map(|sums| sums.hours.iter().flatten().copied());
        let whole = digests.chain(sums).filter(|hour| !self.is_by_minute(hour.start));
        let minutes = parts.days.sealed.keys().filter_map(|day| parts.minutes_of(*day)).flatten().copied();
        let hours = parts.hours.values().filter(|hour| parts.minutes_of(hour.start.on_grid(DAY)).is_none());
        let measured = hours.flat_map(|hour| &hour.measurements).map(|m| Bucket::minute(m.start, m.counts));
        // What was read for the sake of another source is newer.
        let kept = parts.kept.iter().filter(|(place, _)| !parts.hours.contains_key(place));
        let kept = kept.flat_map(|(_, minutes)| minutes.iter().copied());
        let single = minutes.chain(measured).chain(kept).filter(|minute| self.is_by_minute(minute.start));
        let wanted = whole.chain(single).filter(|bucket| self.period.contains(bucket.start) && bucket.with_data != 0);
        merged(wanted)
    }
}

/// Those together between which there are no more than `step` minutes.
fn joined(spans: Vec<Span>, step: i64) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some([_, last]) if span[0] - *last <= step => *last = span[1],
            _ => joined.push(span),
        }
    }
    joined
}

impl Parts {
    async fn gather(&mut self, requests: Vec<Request<'_>>) -> Result<(), Failure> {
        // In this task, because the meter is the task's.
        let mut requests = stream::iter(requests).buffer_unordered(AT_ONCE);
        while let Some(part) = requests.try_next().await? {
            match part {
                Part::Days(days) => self.days = days,
                // What is read later is newer.
                Part::Hours(hours) => {
                    self.hours.extend(hours.into_iter().map(|hour| ((hour.start, hour.source.clone()), hour)));
                }
                Part::Packed(days) => {
                    days.into_iter().for_each(|day| self.packed.entry(day.start).or_default().unpack(day));
                }
                Part::Minutes(days) => self.minutes.extend(days.into_iter().map(|day| (day.start, day))),
            }
        }
        Ok(())
    }

    /// The minutes of a sealed day, if they are of the same generation as its sums.
    fn minutes_of(&self, day: Minute) -> Option<&[Bucket]> {
        let (sums, minutes) = (self.days.sealed.get(&day)?, self.minutes.get(&day)?);
        (sums.generation == minutes.generation).then_some(&minutes.minutes)
    }
}

/// The part of a period that has keys: four digits of year.
fn within_time(period: Period) -> Period {
    /// 0001-01-01T00:00Z.
    const FIRST: Minute = Minute::new(-1_035_593_280);
    let last = Minute::floor(Timestamp::MAX);
    Period::new(period.start.clamp(FIRST, last), period.end.clamp(FIRST, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_asked_for_together() {
        let at = Minute::new;
        let spans = vec![[at(0), at(60)], [at(120), at(120)], [at(240), at(240)]];
        assert_eq!(joined(spans.clone(), 60), [[at(0), at(120)], [at(240), at(240)]]);
        assert_eq!(joined(spans, 120), [[at(0), at(240)]]);
        assert_eq!(joined(Vec::new(), 60), Vec::<Span>::new());
    }

    #[test]
    fn time_ends_where_keys_do() {
        let all = within_time(Period::new(Minute::new(i64::MIN), Minute::new(i64::MAX)));
        assert_eq!(all.start.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Item::Day.at(all.end), "D#99991230");
        let period = Period::new(Minute::new(1), Minute::new(2));
        assert_eq!(within_time(period), period);
    }
}
