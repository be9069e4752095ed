//! The day step: the day tells of an hour as it is.
//!
//! Within one life of an hour item its counter only grows, so a digest with a higher `n` than ours is of a
//! later image. But an hour item expires by itself, while its day lives on by other hours: when such an hour
//! is written again, its counter begins at 1, and the digest of its former life may have any `n`. So a digest
//! that is not of our image proves nothing by its `n` alone. It has to be that of the hour as it is; if not,
//! the newest image is told, and its counter raised above the digest where that is needed.

use aws_sdk_dynamodb::types::ReturnValue;
use slo_core::Minute;

use super::day::{self, Day, MARK};
use super::hour::{Hour, UPDATES};
use super::key;
use super::partition::{Update, outcome};
use super::sealed::{Sums, renewal};
use super::write::Writer;
use crate::error::Failure;
use crate::item::{b, n};
use crate::table::TTL_ATTRIBUTE;
use crate::varint;

/// How often the step is begun again because others changed the day.
const ATTEMPTS: usize = 8;

/// How a day came to tell of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// After its sums were taken back: there are none that do not tell of it.
    Everywhere,
    /// The day tells of it, and has this mark; whether there are sums that do not is not known.
    InDay(Option<u64>),
    /// There was no item of the day before.
    InNewDay,
}

impl Writer<'_> {
    /// Makes sure that the day tells of this image of the hour or of a later one.
    pub(super) async fn tell(&self, image: &Hour) -> Result<Told, Failure> {
        let mut image = image.clone();
        // The generation whose sums were taken back.
        let mut taken_back = None;
        for _ in 0..ATTEMPTS {
            let day = match self.digest(&image, taken_back).await? {
                Update::Applied(_) if taken_back.is_some() => return Ok(Told::Everywhere),
                // Some servers tell the key of what was not there.
                Update::Applied(before) if !before.contains_key(TTL_ATTRIBUTE) => return Ok(Told::InNewDay),
                Update::Applied(_) => return Ok(Told::InDay(None)),
                Update::Refused(Some(item)) => Day::decode(&item)?,
                Update::Refused(None) => self.day(image.start).await?,
            };
            taken_back = None;
            let told = day.digest(image.start);
            if told == Some(image.digest()) {
                return Ok(Told::InDay(day.mark));
            }
            if let Some(told) = told.filter(|told| told.n >= image.n) {
                // Usually a later writer was faster, and the hour is at least as far as the day.
                let newest = self.hour(image.start).await?;
                if told == newest.digest() {
                    return Ok(Told::InDay(day.mark));
                }
                if told.n >= newest.n {
                    image = self.raise(&newest, told.n + 1 - newest.n).await?;
                    continue;
                }
                image = newest;
            }
            // Sealed as it was before: the sums go first, so that nobody reads them beside the new day.
            if day.mark.is_some() {
                self.take_back(image.start).await?;
                taken_back = day.mark;
            }
        }
        Err(Failure::Contended(ATTEMPTS))
    }

    /// Makes sure that no sums are read which do not tell of this source's day, whose item is there and was
    /// seen with this mark: there are none, or they are of the generation that marked it, or they are taken
    /// back and who is about to write some will fail. The mark alone proves nothing: it may be that of a
    /// sealer who was overtaken by one that did not see the day.
    pub(super) async fn agree(&self, day: Minute, mark: Option<u64>) -> Result<(), Failure> {
        let item = self.partition.get(key::Item::Sums.at(day)).await?;
        let generation = item.as_ref().map(Sums::decode).transpose()?.map(|sums| sums.generation);
        if generation == mark { Ok(()) } else { self.take_back(day).await }
    }

    /// Writes an hour's digest, unless the day has one of a later image, or a mark other than this one,
    /// which then goes. Answers with the day before.
    async fn digest(&self, hour: &Hour, mark: Option<u64>) -> Result<Update, Failure> {
        let digest = hour.digest();
        let request = self
            .update(key::Item::Day.of(hour.start, self.source))
            .expression_attribute_names("#hour", day::attribute(hour.start))
            .expression_attribute_names("#mark", MARK)
            .expression_attribute_values(":digest", b(digest.encode()))
            .expression_attribute_values(":n", b(varint::code(digest.n)))
            .return_values(ReturnValue::AllOld);
        let (set, older) = ("SET #ttl = :ttl, #hour = :digest", "(attribute_not_exists(#hour) OR #hour < :n)");
        outcome(match mark {
            None => {
                request.update_expression(set).condition_expression(format!("{older} AND attribute_not_exists(#mark)"))
            }
            Some(mark) => request
                .update_expression(format!("{set} REMOVE #mark"))
                .condition_expression(format!("{older} AND #mark = :mark"))
                .expression_attribute_values(":mark", n(mark)),
        })
        .await
    }

    /// Takes back the sums of a day, whatever there are.
    async fn take_back(&self, day: Minute) -> Result<(), Failure> {
        renewal(self.partition, day, self.expiry).send().await?;
        Ok(())
    }

    async fn day(&self, start: Minute) -> Result<Day, Failure> {
        let item = self.partition.get(key::Item::Day.of(start, self.source)).await?;
        item.as_ref().map_or_else(|| Ok(Day::empty(self.source, start.on_grid(key::DAY))), Day::decode)
    }

    /// Lets the hour's counter skip ahead.
    async fn raise(&self, hour: &Hour, by: u64) -> Result<Hour, Failure> {
        let request = self
            .update(key::Item::Hour.of(hour.start, self.source))
            .update_expression("SET #ttl = :ttl ADD #updates :by")
            .expression_attribute_names("#updates", UPDATES)
            .expression_attribute_values(":by", n(by))
            .return_values(ReturnValue::AllNew);
        Hour::decode(&request.send().await?.attributes.unwrap_or_default())
    }
}
