//! Transactions: their actions, and what it means when they fail.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use crate::error::Failure;
use crate::item::Item;

/// The condition that there is no such item.
pub(crate) const ABSENT: &str = "attribute_not_exists(pk)";
pub(crate) const COMPLETE: &str = "table and item are set";

/// Puts an item; with [`ABSENT`] one that is never written again.
pub(crate) fn put(table: &str, item: Item, condition: &str) -> TransactWriteItem {
    let condition = (!condition.is_empty()).then(|| condition.to_owned());
    let put = Put::builder().table_name(table).set_item(Some(item)).set_condition_expression(condition);
    TransactWriteItem::builder().put(put.build().expect(COMPLETE)).build()
}

/// What became of a transaction that did not succeed.
pub(crate) enum Outcome {
    /// Cancelled because a condition did not hold.
    Raced,
    /// Cancelled because others were at the same items, or by throttling.
    Busy,
    /// Refused, or nobody knows.
    Failed(Failure),
}

/// What a failure means to whoever wrote under a condition.
pub(crate) fn outcome(error: SdkError<TransactWriteItemsError>) -> Outcome {
    let Some(TransactWriteItemsError::TransactionCanceledException(why)) = error.as_service_error() else {
        return Outcome::Failed(error.into());
    };
    let codes = why.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let mut outcome = None;
    for code in codes.filter(|code| *code != "None") {
        outcome = Some(match (code, outcome) {
            ("ConditionalCheckFailed", None) => Outcome::Raced,
            ("ConditionalCheckFailed", Some(other)) => other,
            ("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded", _) => Outcome::Busy,
            _ => return Outcome::Failed(error.into()),
        });
    }
    outcome.unwrap_or_else(|| Outcome::Failed(error.into()))
}
