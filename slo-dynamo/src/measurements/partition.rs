//! The requests that the rest of this module is made of, to the items of one series.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;

use crate::error::Failure;
use crate::item::{Item, get_all, key as item_key, limit, n, s};
use crate::table::TTL_ATTRIBUTE;

/// The most items of one page; 1 MB ends it as well.
const PAGE: usize = 1_000;

/// The items of one series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    pub(super) key: &'a str,
}

/// How a read is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consistency {
    /// With every write that was answered before.
    Strong,
    /// Perhaps as of a second ago, at half the price.
    Eventual,
}

/// What a conditional update did.
pub(super) enum Update {
    /// It was applied; the attributes that were asked for.
    Applied(Item),
    /// The condition did not hold; the item as it was then, if the server tells.
    Refused(Option<Item>),
}

impl Partition<'_> {
    /// One item, strongly consistent.
    pub(super) async fn get(&self, sort: String) -> Result<Option<Item>, Failure> {
        let request = self.client.get_item().table_name(self.table).set_key(Some(item_key(self.key, sort)));
        Ok(request.consistent_read(true).send().await?.item)
    }

    /// At most [`MAX_KEYS`](crate::item::MAX_KEYS) items by their sort keys, those that exist, eventually consistent.
    pub(super) async fn several<T>(
        &self,
        sorts: Vec<String>,
        decode: impl Fn(&Item) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let keys = sorts.into_iter().map(|sort| item_key(self.key, sort)).collect();
        get_all(self.client, self.table, keys, false).await?.iter().map(decode).collect()
    }

    /// All items between two sort keys, in order.
    pub(super) async fn range<T>(
        &self,
        keys: [String; 2],
        consistency: Consistency,
        decode: impl Fn(&Item) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        let (mut decoded, mut from) = (Vec::new(), None);
        loop {
            let query = self.query(&keys, PAGE).consistent_read(consistency == Consistency::Strong);
            let answer = query.set_exclusive_start_key(from).send().await?;
            for item in answer.items.unwrap_or_default() {
                decoded.push(decode(&item)?);
            }
            from = answer.last_evaluated_key;
            if from.is_none() {
                return Ok(decoded);
            }
        }
    }

    /// The last `most` items between two sort keys, or fewer, the last one first; and whether there may be
    /// more. Strongly consistent.
    pub(super) async fn last<T>(
        &self,
        keys: [String; 2],
        most: usize,
        decode: impl Fn(&Item) -> Result<T, Failure>,
    ) -> Result<(Vec<T>, bool), Failure> {
        let query = self.query(&keys, most).consistent_read(true).scan_index_forward(false);
        let answer = query.send().await?;
        let items = answer.items.unwrap_or_default();
        Ok((items.iter().map(decode).collect::<Result<_, _>>()?, answer.last_evaluated_key.is_some()))
    }

    fn query(&self, [first, last]: &[String; 2], most: usize) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", s(self.key))
            .expression_attribute_values(":first", s(first))
            .expression_attribute_values(":last", s(last))
            .limit(limit(most))
    }

    /// An update that extends the life of its item: to this epoch second.
    pub(super) fn extend(&self, sort: String, expiry: i64) -> UpdateItemFluentBuilder {
        self.update(sort)
            .expression_attribute_names("#ttl", TTL_ATTRIBUTE)
            .expression_attribute_values(":ttl", n(expiry))
    }

    /// An update of one item, which tells what it was when its condition does not hold.
    pub(super) fn update(&self, sort: String) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(self.table)
            .set_key(Some(item_key(self.key, sort)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Sends an update.
pub(super) async fn outcome(request: UpdateItemFluentBuilder) -> Result<Update, Failure> {
    match request.send().await {
        Ok(answer) => Ok(Update::Applied(answer.attributes.unwrap_or_default())),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(met)) => Ok(Update::Refused(met.item.clone())),
            _ => Err(error.into()),
        },
    }
}
