//! The day step, and the hour that was born again.
//!
//! Within one life of an hour item `n` only grows, so a digest with a higher `n` than ours is of a later
//! image, and nothing is left to do. But an hour item expires by itself, while its day lives on by
//! other hours: when such an hour is written again, `n` begins at 1, below the digest of its former
//! life. Then `n` is raised above it.

use aws_sdk_dynamodb::types::ReturnValue;

use super::hour::{Hour, UPDATES};
use super::write::{Update, Writer};
use super::{day, key};
use crate::error::Failure;
use crate::item::{Item, n};

/// How often a day step is begun again because the hour is a reborn one.
const ATTEMPTS: usize = 5;

impl Writer<'_> {
    /// Makes sure that the day tells of this image of the hour or of a later one.
    pub(super) async fn update_day(&self, image: &Hour) -> Result<(), Failure> {
        let mut image = image.clone();
        for _ in 0..ATTEMPTS {
            let Update::Refused(day) = self.digest(&image).await? else { return Ok(()) };
            let stored = day.as_ref().map_or(Ok(image.n), |day| digest_n(day, &image))?;
            if stored <= image.n {
                return Ok(());
            }
            // Usually a later writer was faster, and the hour is at least as far as the day.
            let newest = self.hour(image.start).await?;
            if stored <= newest.n {
                return Ok(());
            }
            image = self.raise(&newest, stored + 1 - newest.n).await?;
        }
        Err(Failure::Contended(ATTEMPTS))
    }

    /// Lets the hour's counter skip ahead.
    async fn raise(&self, hour: &Hour, by: u64) -> Result<Hour, Failure> {
        let request = self
            .update(key::hour(hour.start))
            .update_expression("SET #ttl = :ttl ADD #n :by")
            .expression_attribute_names("#n", UPDATES)
            .expression_attribute_values(":by", n(by))
            .return_values(ReturnValue::AllNew);
        Hour::decode(&request.send().await?.attributes.unwrap_or_default())
    }
}

fn digest_n(day: &Item, image: &Hour) -> Result<u64, Failure> {
    let digests = day::digests(day)?;
    Ok(digests.iter().find(|(hour, _)| *hour == image.start).map_or(image.n, |(_, digest)| digest.n))
}
