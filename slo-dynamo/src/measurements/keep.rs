//! Keeping a day: let it tell of all of its hours, and condense it.
//!
//! To seal is to add up a day's sources, so that its readers need not. In this order, each step of which
//! may be the last one of a process that dies:
//!
//! 1. The generation of the sums is raised and the sums are removed: whoever sealed before starts again.
//! 2. The sources' days are read, and each is marked with the generation. From then on a writer who changes
//!    one of them takes the sums back before it does.
//! 3. The hours are read. They are at least as far as the marked days, or the sealing is given up.
//! 4. The minutes are written, unless there are some of a later generation.
//! 5. The sums of the marked days are written, if the generation is still ours.
//!
//! A source that begins its day after step 2 finds a generation that has not marked it, and takes the sums
//! back before it acknowledges.
//!
//! A day of fewer sources is [packed](super::packed) instead, by the source: that needs no order.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::ReturnValue;
use slo_core::{Minute, Reconciled};

use super::day::{Day, MARK};
use super::hour::Hour;
use super::key;
use super::packed::{HOURS, Packed};
use super::partition::{Consistency, Partition, Update, outcome};
use super::sealed::{self, GENERATION, MINUTES, SUMS, Sums, renewal};
use super::tell::Told;
use super::write::Writer;
use crate::error::Failure;
use crate::item::{b, n};
use crate::table::{PARTITION_KEY, TTL_ATTRIBUTE};

/// A day of fewer sources is read by the source: that is as cheap.
pub(super) const SOURCES: usize = 3;

/// Keeps the days of one series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeper<'a> {
    pub(super) partition: Partition<'a>,
    pub(super) expiry: i64,
}

impl Keeper<'_> {
    /// Lets a day tell of everything its hours hold, and seals or packs it when it is finished.
    pub(super) async fn reconcile(&self, day: Minute, finished: bool) -> Result<Reconciled, Failure> {
        let hours = self.hours(day).await?;
        let days = self.days(day).await?;
        let told: BTreeMap<&str, &Day> = days.iter().map(|day| (day.source.as_str(), day)).collect();
        let mut done = Reconciled::default();
        let mut untold = BTreeSet::new();
        for hour in &hours {
            let told = told.get(hour.source.as_str()).and_then(|day| day.digest(hour.start));
            if told == Some(hour.digest()) {
                continue;
            }
            // A later image's is no fault; of the same number it is that of a former life.
            done.hours += usize::from(told.is_none_or(|told| told.n <= hour.n));
            match self.writer(&hour.source).tell(hour).await? {
                Told::Everywhere => {}
                Told::InDay(mark) => untold.extend([(hour.source.as_str(), mark)]),
                Told::InNewDay => untold.extend([(hour.source.as_str(), None)]),
            }
        }
        for (source, mark) in untold {
            self.writer(source).agree(day, mark).await?;
        }
        let sources = hours.iter().map(|hour| &hour.source).collect::<BTreeSet<_>>().len();
        if finished {
            let condensed = match sources {
                SOURCES.. => !self.is_sealed(day, &days).await? && self.seal(day).await?,
                _ => self.pack(day, &hours).await?,
            };
            done.days = usize::from(condensed);
        }
        Ok(done)
    }

    /// Packs the hours of each source of a day; whether any was not packed like that already.
    async fn pack(&self, day: Minute, hours: &[Hour]) -> Result<bool, Failure> {
        let mut sources: BTreeMap<&str, Vec<&Hour>> = BTreeMap::new();
        hours.iter().for_each(|hour| sources.entry(&hour.source).or_default().push(hour));
        // A single hour is as good by itself.
        sources.retain(|_, hours| hours.len() > 1);
        if sources.is_empty() {
            return Ok(false);
        }
        let range = key::Item::Packed.range(day, day);
        let there = self.partition.range(range, Consistency::Eventual, Packed::decode).await?;
        let mut packed: Vec<_> = sources.into_values().filter_map(Packed::of).collect();
        packed.retain(|packed| !there.contains(packed));
        for packed in &packed {
            // It goes with the first of its hours, so no later than the others.
            let update = self.partition.update(key::Item::Packed.of(day, &packed.source));
            let update = update
                .update_expression("SET #ttl = :ttl, #hours = :hours")
                .expression_attribute_names("#ttl", TTL_ATTRIBUTE)
                .expression_attribute_names("#hours", HOURS)
                .expression_attribute_values(":ttl", n(packed.expiry))
                .expression_attribute_values(":hours", b(packed.encode()));
            update.send().await?;
        }
        Ok(!packed.is_empty())
    }

    /// Whether it was done; not when others write to the day.
    async fn seal(&self, day: Minute) -> Result<bool, Failure> {
        let generation = self.fence(day).await?;
        let mut days = self.days(day).await?;
        for day in &mut days {
            match self.mark(day, generation).await? {
                Some(marked) => *day = marked,
                None => return Ok(false),
            }
        }
        let hours = self.hours(day).await?;
        let images: BTreeMap<_, _> = hours.iter().map(|hour| ((&hour.source, hour.start), hour.n)).collect();
        let told = |day: &Day| {
            day.digests.iter().all(|(hour, digest)| images.get(&(&day.source, *hour)).is_some_and(|n| *n >= digest.n))
        };
        if !days.iter().all(told) {
            return Ok(false);
        }
        let minutes = sealed::minutes(day, &hours);
        let older = "attribute_not_exists(#generation) OR #generation <= :generation";
        let minutes = self.put(key::Item::Minutes.at(day), generation, older, MINUTES, minutes);
        let same = "#generation = :generation";
        let sums = self.put(key::Item::Sums.at(day), generation, same, SUMS, sealed::sums(&days));
        Ok(minutes.await? && sums.await?)
    }

    /// Begins a generation; the sums of the one before are gone.
    async fn fence(&self, day: Minute) -> Result<u64, Failure> {
        let request = renewal(self.partition, day, self.expiry).return_values(ReturnValue::AllNew);
        Ok(Sums::decode(&request.send().await?.attributes.unwrap_or_default())?.generation)
    }

    /// Marks one source's day, and answers with it; `None` when a later generation has, or it is gone.
    async fn mark(&self, day: &Day, generation: u64) -> Result<Option<Day>, Failure> {
        let request = self
            .partition
            .update(key::Item::Day.of(day.start, &day.source))
            .update_expression("SET #mark = :generation")
            .condition_expression("attribute_exists(#pk) AND (attribute_not_exists(#mark) OR #mark < :generation)")
            .expression_attribute_names("#pk", PARTITION_KEY)
            .expression_attribute_names("#mark", MARK)
            .expression_attribute_values(":generation", n(generation))
            .return_values(ReturnValue::AllNew);
        match outcome(request).await? {
            Update::Applied(item) => Day::decode(&item).map(Some),
            Update::Refused(_) => Ok(None),
        }
    }

    /// Writes what all sources of a day say, if the generation that is there allows it.
    async fn put(
        &self,
        sort: String,
        generation: u64,
        condition: &str,
        attribute: &str,
        value: Vec<u8>,
    ) -> Result<bool, Failure> {
        let request = self
            .partition
            .extend(sort, self.expiry)
            .update_expression("SET #ttl = :ttl, #generation = :generation, #value = :value")
            .condition_expression(condition)
            .expression_attribute_names("#generation", GENERATION)
            .expression_attribute_names("#value", attribute)
            .expression_attribute_values(":generation", n(generation))
            .expression_attribute_values(":value", b(value));
        Ok(matches!(outcome(request).await?, Update::Applied(_)))
    }

    /// Whether there are sums, and of all these days: a writer who began one after the seal may have died
    /// before it took them back.
    async fn is_sealed(&self, day: Minute, days: &[Day]) -> Result<bool, Failure> {
        let item = self.partition.get(key::Item::Sums.at(day)).await?;
        let sums = item.as_ref().map(Sums::decode).transpose()?;
        let agrees = |sums: Sums| sums.hours.is_some() && days.iter().all(|day| day.mark == Some(sums.generation));
        Ok(sums.is_some_and(agrees))
    }

    async fn hours(&self, day: Minute) -> Result<Vec<Hour>, Failure> {
        let range = key::Item::Hour.range(day, day + (key::DAY - 1));
        self.partition.range(range, Consistency::Strong, Hour::decode).await
    }

    async fn days(&self, day: Minute) -> Result<Vec<Day>, Failure> {
        self.partition.range(key::Item::Day.range(day, day), Consistency::Strong, Day::decode).await
    }

    fn writer<'a>(&'a self, source: &'a str) -> Writer<'a> {
        Writer { partition: self.partition, source, expiry: self.expiry }
    }
}
