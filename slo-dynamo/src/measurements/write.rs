//! Writing one hour of one source: update the hour, then the digest of it in the day.

use std::fmt::Write as _;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use slo_core::{Measurement, Minute, Receipt, WriteEffect};

use super::hour::{self, Hour, UPDATES};
use super::key;
use super::partition::{Partition, Update, outcome};
use crate::error::Failure;
use crate::item::{b, n};
use crate::varint;

/// Writes what one source has measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'a> {
    pub(super) partition: Partition<'a>,
    pub(super) source: &'a str,
    /// The epoch second after which what is written may go.
    pub(super) expiry: i64,
}

impl Writer<'_> {
    /// Writes the measurements of one hour; answers with the hour as it is then. What it says is not yet
    /// in the day.
    pub(super) async fn write(&self, measurements: &[Measurement]) -> Result<(Receipt, Hour), Failure> {
        let start = measurements.first().expect("an hour of a batch has measurements").start.hour();
        let mut receipt = Receipt::default();
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
                return Ok((receipt, image));
            }
        }
        Err(Failure::Contended(attempts))
    }

    /// The hour as it is stored now.
    pub(super) async fn hour(&self, start: Minute) -> Result<Hour, Failure> {
        let item = self.partition.get(key::Item::Hour.of(start, self.source)).await?;
        item.as_ref().map_or_else(|| Ok(Hour::empty(self.source, start)), Hour::decode)
    }

    /// Writes all slots, or none when one of them has a revision that is not higher.
    ///
    /// Sixty minutes of sixteen-digit revisions make a condition of 3.6 KB and 240 operators; DynamoDB
    /// takes 4 KB and 300.
    async fn update_hour(&self, start: Minute, measurements: &[Measurement]) -> Result<Update, Failure> {
        let mut request = self.update(key::Item::Hour.of(start, self.source));
        let (mut set, mut condition) = ("SET #ttl = :ttl".to_owned(), String::new());
        for measurement in measurements {
            let minute = measurement.start - start;
            // Measurements of one revision share a value.
            let revision = format!(":r{}", measurement.revision);
            let and = if condition.is_empty() { "" } else { " AND " };
            write!(set, ", #{minute} = :{minute}").expect(STRING);
            write!(condition, "{and}(attribute_not_exists(#{minute}) OR #{minute} < {revision})").expect(STRING);
            request = request
                .expression_attribute_names(format!("#{minute}"), key::part(minute))
                .expression_attribute_values(format!(":{minute}"), b(hour::encode(measurement)))
                .expression_attribute_values(revision, b(varint::code(measurement.revision)));
        }
        let request = request
            .update_expression(set + " ADD #updates :one")
            .condition_expression(condition)
            .expression_attribute_names("#updates", UPDATES)
            .expression_attribute_values(":one", n(1))
            .return_values(ReturnValue::AllNew);
        outcome(request).await
    }

    /// An update that extends the life of its item.
    pub(super) fn update(&self, sort: String) -> UpdateItemFluentBuilder {
        self.partition.extend(sort, self.expiry)
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
