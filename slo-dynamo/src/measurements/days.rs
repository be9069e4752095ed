//! Reading days: by source, or sealed.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use slo_core::Minute;

use super::day::Day;
use super::keep::SOURCES;
use super::key::{DAY, Item};
use super::memory::Shape;
use super::partition::{Consistency, Partition};
use super::sealed::Sums;
use crate::error::Failure;

/// So many items are read at once although they are not expected: another source for a month.
const MORE: usize = 32;

/// Everything of some days. A day is here either sealed or by its sources.
#[derive(Debug, Default)]
pub(super) struct Days {
    pub(super) sealed: BTreeMap<Minute, Sums>,
    pub(super) open: Vec<Day>,
}

/// Reads the days from `first` to `last`, strongly consistent, in as few requests as the shape lets guess.
///
/// Without sealed days they are read by source, the last ones first and about as many items as are expected;
/// if there are more, then the sums, and by source the days that are missing. With sealed days, the sums and
/// the days after the last one of these at once.
pub(super) async fn read(partition: Partition<'_>, [first, last]: [Minute; 2], shape: &Shape) -> Result<Days, Failure> {
    let missing_until = match shape.sealed.filter(|sealed| *sealed >= first) {
        Some(sealed) => sealed.min(last),
        None => {
            let number = usize::try_from((last - first) / DAY + 1).unwrap_or(usize::MAX);
            // Of more sources than these, days may have been sealed.
            let sources = shape.width().min(SOURCES - 1);
            let most = number.saturating_mul(sources).saturating_add(MORE);
            let (mut open, more) = partition.last(Item::Day.range(first, last), most, Day::decode).await?;
            let begun = open.last().map(|day| day.start);
            let Some(begun) = begun.filter(|_| more) else { return Ok(Days { open, ..Days::default() }) };
            // Of that one there may be more sources.
            open.retain(|day| day.start > begun);
            let sealed = sums(partition, [first, last]).await?;
            return complete(partition, [first, begun], Days { sealed, open }).await;
        }
    };
    let after = open(partition, [missing_until + DAY, last]);
    let (sealed, open) = try_join(sums(partition, [first, last]), after).await?;
    complete(partition, [first, missing_until], Days { sealed, open }).await
}

/// Reads by source what is not sealed of some days; of the others, what is sealed is not needed by source.
async fn complete(partition: Partition<'_>, [first, last]: [Minute; 2], mut days: Days) -> Result<Days, Failure> {
    for span in unsealed(first, last, &days.sealed) {
        days.open.extend(open(partition, span).await?);
    }
    days.open.retain(|day| !days.sealed.contains_key(&day.start));
    Ok(days)
}

impl Days {
    /// What the next read may expect, after this one of the days from `first` to `last`.
    pub(super) fn shape(&self, [first, last]: [Minute; 2], before: &Shape) -> Shape {
        let mut sources: BTreeMap<Minute, Vec<String>> = BTreeMap::new();
        for day in &self.open {
            sources.entry(day.start).or_default().push(day.source.clone());
        }
        let sources = sources.into_values().max_by_key(Vec::len).unwrap_or_default();
        // What a read did not look at may be as it was.
        let fewer = sources.is_empty() || !self.sealed.is_empty() && sources.len() < before.sources.len();
        let elsewhere = before.sealed.filter(|day| !(first..=last).contains(day));
        let sealed = self.sealed.keys().next_back().copied().max(elsewhere);
        Shape { sources: if fewer { before.sources.clone() } else { sources }, sealed }
    }
}

async fn sums(partition: Partition<'_>, [first, last]: [Minute; 2]) -> Result<BTreeMap<Minute, Sums>, Failure> {
    let items = partition.range(Item::Sums.range(first, last), Consistency::Strong, Sums::decode).await?;
    Ok(items.into_iter().filter(|sums| sums.hours.is_some()).map(|sums| (sums.start, sums)).collect())
}

async fn open(partition: Partition<'_>, [first, last]: [Minute; 2]) -> Result<Vec<Day>, Failure> {
    if first > last {
        return Ok(Vec::new());
    }
    partition.range(Item::Day.range(first, last), Consistency::Strong, Day::decode).await
}

/// The days that are not sealed, neighbours together.
fn unsealed(first: Minute, last: Minute, sealed: &BTreeMap<Minute, Sums>) -> Vec<[Minute; 2]> {
    let (mut spans, mut next) = (Vec::new(), first);
    for (day, _) in sealed.range(first..=last) {
        spans.push([next, *day - DAY]);
        next = *day + DAY;
    }
    spans.push([next, last]);
    spans.retain(|[first, last]| first <= last);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_sealed_is_asked_for_in_as_few_spans_as_there_are() {
        let day = |number: i64| Minute::new(number * DAY);
        let sums = |number| (day(number), Sums { start: day(number), generation: 1, hours: Some(Vec::new()) });
        let spans = |sealed: &[i64]| unsealed(day(1), day(5), &sealed.iter().copied().map(sums).collect());
        assert_eq!(spans(&[]), [[day(1), day(5)]]);
        assert_eq!(spans(&[1, 3, 4]), [[day(2), day(2)], [day(5), day(5)]]);
        assert_eq!(spans(&[1, 2, 3, 4, 5]), Vec::<[Minute; 2]>::new());
    }
}
