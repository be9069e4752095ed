//! Items: attribute values and keys, and getting many at once.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::backoff;
use crate::error::Failure;
use crate::table::{PARTITION_KEY, SORT_KEY};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The most keys of one `BatchGetItem`.
pub(crate) const MAX_KEYS: usize = 100;
/// How often a batch may come back without a single item.
const MAX_IDLE: usize = 5;

pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn b(bytes: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(crate) fn key(partition: impl Into<String>, sort: impl Into<String>) -> Item {
    HashMap::from([(PARTITION_KEY.to_owned(), s(partition)), (SORT_KEY.to_owned(), s(sort))])
}

/// A string attribute.
pub(crate) fn text<'a>(item: &'a Item, attribute: &str) -> Result<&'a str, Failure> {
    let value = item.get(attribute).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| unreadable(item, attribute, "it is not a string"))
}

/// A binary attribute.
pub(crate) fn bytes<'a>(item: &'a Item, attribute: &str) -> Result<&'a [u8], Failure> {
    let value = item.get(attribute).and_then(|value| value.as_b().ok());
    value.map(Blob::as_ref).ok_or_else(|| unreadable(item, attribute, "it is not binary"))
}

/// A whole number, if it is there.
pub(crate) fn number(item: &Item, attribute: &str) -> Result<Option<u64>, Failure> {
    let Some(value) = item.get(attribute) else { return Ok(None) };
    let number = value.as_n().ok().and_then(|digits| digits.parse().ok());
    number.map(Some).ok_or_else(|| unreadable(item, attribute, "it is not a whole number"))
}

pub(crate) fn unreadable(item: &Item, attribute: &str, why: impl ToString) -> Failure {
    let part = |name| item.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str);
    Failure::Item {
        key: format!("{} {}", part(PARTITION_KEY), part(SORT_KEY)),
        attribute: attribute.to_owned(),
        why: why.to_string(),
    }
}

/// A whole number up to 1,000, or 1,000: what `Limit` takes, and enough for 1 MB of our items.
pub(crate) fn limit(items: usize) -> i32 {
    i32::try_from(items.clamp(1, 1_000)).unwrap_or(1_000)
}

/// The items of at most [`MAX_KEYS`] distinct keys, those that exist, in no order; strongly consistent or
/// not.
pub(crate) async fn get_all(
    client: &Client,
    table: &str,
    keys: Vec<Item>,
    consistent: bool,
) -> Result<Vec<Item>, Failure> {
    let mut items = Vec::new();
    let mut idle = 0;
    let mut pending = keys;
    while !pending.is_empty() {
        let wanted = KeysAndAttributes::builder().set_keys(Some(pending)).consistent_read(consistent).build();
        let wanted = wanted.expect("the keys are set");
        let answer = client.batch_get_item().request_items(table, wanted).send().await?;
        let found = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
        let left = answer.unprocessed_keys.unwrap_or_default().remove(table);
        pending = left.map(|left| left.keys).unwrap_or_default();
        if !pending.is_empty() {
            // 16 MB at a time is progress; throttling is not.
            idle = if found.is_empty() { idle + 1 } else { 0 };
            if idle == MAX_IDLE {
                return Err(Failure::Later("unprocessed keys were left, repeatedly".into()));
            }
            backoff::pause(idle).await;
        }
        items.extend(found);
    }
    Ok(items)
}
