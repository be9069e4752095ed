//! The registry of a series: which sources have ever written to it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use slo_core::{Name, Series};

use super::{DynamoMeasurements, key};
use crate::error::Failure;
use crate::item::{Item, key as item_key, unreadable};

const ATTRIBUTE: &str = "sources";
/// How many registered sources are remembered; about a megabyte.
const REMEMBERED: usize = 8_192;

/// Partitions whose source is known to be registered. What is registered stays so.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashSet<String>>);

impl Known {
    fn contains(&self, partition: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(partition)
    }

    fn insert(&self, partition: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            // To forget is to ask again.
            known.clear();
        }
        known.insert(partition);
    }
}

impl DynamoMeasurements {
    /// Makes sure that reads ask this source. Before its first measurement, or a reader could miss one
    /// that is acknowledged.
    pub(super) async fn register(&self, series: &Series, source: &Name) -> Result<(), Failure> {
        let partition = key::partition(series, source.as_str());
        if self.known.contains(&partition) {
            return Ok(());
        }
        // A stale answer costs an update that changes nothing.
        let registered = self.registered(series, false).await?;
        if !registered.iter().any(|known| known == source.as_str()) {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(item_key(key::registry(series), key::SOURCES)))
                .update_expression("ADD #sources :source")
                .expression_attribute_names("#sources", ATTRIBUTE)
                .expression_attribute_values(":source", AttributeValue::Ss(vec![source.as_str().to_owned()]))
                .send()
                .await?;
        }
        self.known.insert(partition);
        Ok(())
    }

    /// All sources, in order.
    pub(super) async fn sources(&self, series: &Series) -> Result<Vec<String>, Failure> {
        let mut sources = self.registered(series, true).await?;
        sources.sort();
        Ok(sources)
    }

    async fn registered(&self, series: &Series, consistent: bool) -> Result<Vec<String>, Failure> {
        let registry = item_key(key::registry(series), key::SOURCES);
        let request = self.client.get_item().table_name(&self.table).set_key(Some(registry));
        let answer = request.consistent_read(consistent).send().await?;
        answer.item.map_or(Ok(Vec::new()), |item| decode(&item))
    }
}

fn decode(item: &Item) -> Result<Vec<String>, Failure> {
    let sources = item.get(ATTRIBUTE).and_then(|sources| sources.as_ss().ok());
    sources.cloned().ok_or_else(|| unreadable(item, ATTRIBUTE, "it is not a set of strings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let known = Known::default();
        for i in 0..3 * REMEMBERED {
            known.insert(i.to_string());
            assert!(known.contains(&i.to_string()));
        }
        assert!(known.0.lock().expect("not poisoned").len() <= REMEMBERED);
    }
}
