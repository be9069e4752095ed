//! Writing one hour of one source: update the hour, then the digest of it in the day.

use std::fmt::Write as _;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use slo_core::{Measurement, Minute, Receipt, WriteEffect};

use super::hour::{self, Hour, UPDATES};
use super::{day, key};
use crate::error::Failure;
use crate::item::{Item, b, key as item_key, n};
use crate::table::TTL_ATTRIBUTE;
use crate::varint;

/// Writes to one partition.
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    pub(super) partition: String,
    pub(super) expiry: i64,
}

/// What a conditional update did.
pub(super) enum Update {
    /// It was applied; the item as it is now.
    Applied(Item),
    /// The condition did not hold; the item as it was then, if the server tells.
    Refused(Option<Item>),
}

impl Writer<'_> {
    /// Writes the measurements of one hour.
    pub(super) async fn write(&self, measurements: &[Measurement]) -> Result<Receipt, Failure> {
        let mut receipt = Receipt::default();
        let Some(start) = measurements.first().map(|first| first.start.hour()) else { return Ok(receipt) };
        let mut pending = measurements.to_vec();
        // Each refusal settles at least one of them, unless the item expired meanwhile.
        let attempts = measurements.len() + 2;
        for _ in 0..attempts {
            let image = match self.update_hour(start, &pending).await? {
                Update::Applied(item) => {
                    for written in pending.drain(..) {
                        receipt.record(WriteEffect::Accepted, &written);
                    }
                    Hour::decode(&item)?
                }
                Update::Refused(item) => {
                    let image = match item {
                        Some(item) => Hour::decode(&item)?,
                        None => self.hour(start).await?,
                    };
                    settle(&mut pending, &image, &mut receipt);
                    image
                }
            };
            if pending.is_empty() {
                // For replays too: whoever wrote this may have died before the day.
                self.update_day(&image).await?;
                return Ok(receipt);
            }
        }
        Err(Failure::Contended(attempts))
    }

    /// The hour as it is stored now.
    pub(super) async fn hour(&self, start: Minute) -> Result<Hour, Failure> {
        let key = item_key(&self.partition, key::hour(start));
        let request = self.client.get_item().table_name(self.table).set_key(Some(key)).consistent_read(true);
        request.send().await?.item.as_ref().map_or(Ok(Hour::empty(start)), Hour::decode)
    }

    /// Writes all slots, or none when one of them has a revision that is not higher.
    ///
    /// Sixty minutes of sixteen-digit revisions make a condition of 3.6 KB and 240 operators; DynamoDB
    /// takes 4 KB and 300.
    async fn update_hour(&self, start: Minute, measurements: &[Measurement]) -> Result<Update, Failure> {
        let mut request = self.update(key::hour(start));
        let (mut set, mut condition) = ("SET #ttl = :ttl".to_owned(), String::new());
        for measurement in measurements {
            let part = key::part(measurement.start - start);
            // Measurements of one revision share a value.
            let revision = format!(":r{}", measurement.revision);
            let and = if condition.is_empty() { "" } else { " AND " };
            write!(set, ", #{part} = :{part}").expect(STRING);
            write!(condition, "{and}(attribute_not_exists(#{part}) OR #{part} < {revision})").expect(STRING);
            request = request
                .expression_attribute_names(format!("#{part}"), &part)
                .expression_attribute_values(format!(":{part}"), b(hour::encode(measurement)?))
                .expression_attribute_values(revision, b(varint::code(measurement.revision)));
        }
        let request = request
            .update_expression(set + " ADD #n :one")
            .condition_expression(condition)
            .expression_attribute_names("#n", UPDATES)
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        outcome(request).await
    }

    /// Writes an hour's digest, unless the day has one of a later image.
    pub(super) async fn digest(&self, hour: &Hour) -> Result<Update, Failure> {
        let digest = hour.digest();
        let request = self
            .update(key::day(hour.start))
            .update_expression("SET #ttl = :ttl, #hour = :digest")
            .condition_expression("attribute_not_exists(#hour) OR #hour < :n")
            .expression_attribute_names("#hour", day::attribute(hour.start))
            .expression_attribute_values(":digest", b(digest.encode()?))
            .expression_attribute_values(":n", b(varint::code(digest.n)));
        outcome(request).await
    }

    /// An update that extends the life of its item.
    pub(super) fn update(&self, sort: String) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table)
            .set_key(Some(item_key(&self.partition, sort)))
            .expression_attribute_names("#ttl", TTL_ATTRIBUTE)
            .expression_attribute_values(":ttl", n(self.expiry))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

const STRING: &str = "a string takes what is written";

/// Takes out what the stored hour answers already.
fn settle(pending: &mut Vec<Measurement>, image: &Hour, receipt: &mut Receipt) {
    pending.retain(|measurement| {
        let Some(stored) = image.at(measurement.start) else { return true };
        let effect = measurement.effect_on(stored);
        if effect == WriteEffect::Accepted {
            return true;
        }
        receipt.record(effect, stored);
        false
    });
}

async fn outcome(request: UpdateItemFluentBuilder) -> Result<Update, Failure> {
    match request.send().await {
        Ok(answer) => Ok(Update::Applied(answer.attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(met)) => Ok(Update::Refused(met.item.clone())),
            _ => Err(error.into()),
        },
    }
}
