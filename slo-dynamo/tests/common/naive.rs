//! What one would write first: an hour's counts, added to.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use slo_core::{EventCounts, Measurement, Minute};

use super::workload::Sent;

/// Counts by source and hour.
type Hours = BTreeMap<(&'static str, Minute), EventCounts>;

pub(crate) struct Naive(pub(crate) Client);

impl Naive {
    /// Adds the measurements of one hour; answers whether that is acknowledged.
    pub(crate) async fn write(&self, source: &str, hour: &[Measurement]) -> bool {
        let sum = sum(hour);
        let request = self.0.update_item().table_name("counts").set_key(Some(key(source, hour[0].start.hour())));
        let request = request
            .update_expression("ADD #good :good, #total :total")
            .expression_attribute_names("#good", "good")
            .expression_attribute_names("#total", "total")
            .expression_attribute_values(":good", AttributeValue::N(sum.good().to_string()))
            .expression_attribute_values(":total", AttributeValue::N(sum.total().to_string()));
        request.send().await.is_ok()
    }

    pub(crate) async fn read(&self, hours: &Hours) -> Hours {
        let mut found = Hours::new();
        for (source, hour) in hours.keys() {
            let asked = self.0.get_item().table_name("counts").set_key(Some(key(source, *hour)));
            let Some(item) = asked.consistent_read(true).send().await.expect("a read succeeds").item else { continue };
            let number = |name| -> u128 {
                let number = item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok());
                number.expect("it was added to")
            };
            let (good, total) = (number("good"), number("total"));
            found.insert((*source, *hour), EventCounts::from_sums(total - good, total).expect("a sum of counts"));
        }
        found
    }
}

/// What it would hold if each batch were applied once: it does not know repeated measurements, and
/// that is not held against it here.
pub(crate) fn truth(writers: &[Vec<Sent>]) -> Hours {
    let mut hours = Hours::new();
    for sent in writers.iter().flatten() {
        for hour in sent.hours() {
            *hours.entry((sent.source, hour[0].start.hour())).or_insert(EventCounts::ZERO) += sum(&hour);
        }
    }
    hours
}

fn sum(minutes: &[Measurement]) -> EventCounts {
    let mut sum = EventCounts::ZERO;
    for minute in minutes {
        sum += minute.counts;
    }
    sum
}

fn key(source: &str, hour: Minute) -> HashMap<String, AttributeValue> {
    let text = |text: String| AttributeValue::S(text);
    HashMap::from([("pk".to_owned(), text(source.to_owned())), ("sk".to_owned(), text(hour.to_string()))])
}
