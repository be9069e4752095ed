//! Consumed capacity in the SDK's erased inputs, outputs and errors.

use aws_sdk_dynamodb::operation::batch_get_item::{BatchGetItemInput, BatchGetItemOutput};
use aws_sdk_dynamodb::operation::batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput};
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemInput, DeleteItemOutput};
use aws_sdk_dynamodb::operation::get_item::{GetItemInput, GetItemOutput};
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput, PutItemOutput};
use aws_sdk_dynamodb::operation::query::{QueryInput, QueryOutput};
use aws_sdk_dynamodb::operation::scan::{ScanInput, ScanOutput};
use aws_sdk_dynamodb::operation::transact_get_items::{TransactGetItemsInput, TransactGetItemsOutput};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsError, TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemInput, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};

use super::Consumed;

const UNIT: u64 = 1_000;

/// Asks for the total, unless the request asks for more (`INDEXES`).
pub(super) fn ask(input: &mut Input) {
    macro_rules! ask {
        ($($request:ty),+) => {$(
            if let Some(request) = input.downcast_mut::<$request>() {
                request.return_consumed_capacity.get_or_insert(ReturnConsumedCapacity::Total);
                return;
            }
        )+};
    }
    ask!(
        UpdateItemInput,
        QueryInput,
        GetItemInput,
        PutItemInput,
        DeleteItemInput,
        BatchGetItemInput,
        BatchWriteItemInput,
        TransactWriteItemsInput,
        TransactGetItemsInput,
        ScanInput
    );
}

/// The capacity in a successful answer; none if it carries none.
pub(super) fn reported(output: &Output) -> Option<Consumed> {
    macro_rules! reported {
        ($($side:ident: $($answer:ty),+;)+) => {$($(
            if let Some(answer) = output.downcast_ref::<$answer>() {
                return total(answer.consumed_capacity.iter(), Side::$side);
            }
        )+)+};
    }
    // Batches and transactions report one entry per table.
    macro_rules! reported_per_table {
        ($($side:ident: $($answer:ty),+;)+) => {$($(
            if let Some(answer) = output.downcast_ref::<$answer>() {
                return total(answer.consumed_capacity().iter(), Side::$side);
            }
        )+)+};
    }
    reported! {
        Write: UpdateItemOutput, PutItemOutput, DeleteItemOutput;
        Read: QueryOutput, GetItemOutput, ScanOutput;
    }
    reported_per_table! {
        Write: BatchWriteItemOutput, TransactWriteItemsOutput;
        Read: BatchGetItemOutput, TransactGetItemsOutput;
    }
    None
}

/// What a failure cost at least; DynamoDB does not report it.
pub(super) fn floor(error: &Error) -> Option<Consumed> {
    use DeleteItemError::ConditionalCheckFailedException as Delete;
    use PutItemError::ConditionalCheckFailedException as Put;
    use TransactWriteItemsError::TransactionCanceledException as Cancelled;
    use UpdateItemError::ConditionalCheckFailedException as Update;

    let failed_condition = matches!(error.downcast_ref(), Some(Update(_)))
        || matches!(error.downcast_ref(), Some(Put(_)))
        || matches!(error.downcast_ref(), Some(Delete(_)));
    let units = match error.downcast_ref() {
        _ if failed_condition => 1,
        // One reason per action, "None" included; each is prepared and rolled back.
        Some(Cancelled(why)) => 2 * u64::try_from(why.cancellation_reasons().len()).ok()?,
        _ => return None,
    };
    Some(Consumed { write_milli: units * UNIT, ..Consumed::default() })
}

#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

fn total<'a>(tables: impl Iterator<Item = &'a ConsumedCapacity>, side: Side) -> Option<Consumed> {
    tables.map(|table| one(table, side)).reduce(|a, b| Consumed {
        read_milli: a.read_milli + b.read_milli,
        write_milli: a.write_milli + b.write_milli,
        ..Consumed::default()
    })
}

fn one(table: &ConsumedCapacity, side: Side) -> Consumed {
    let (read, write) = match (table.read_capacity_units, table.write_capacity_units, side) {
        // Transactions tell the two apart: a repeated write transaction consumes reads.
        (read @ Some(_), write, _) | (read, write @ Some(_), _) => (read, write),
        (None, None, Side::Read) => (table.capacity_units, None),
        (None, None, Side::Write) => (None, table.capacity_units),
    };
    Consumed { read_milli: milli(read), write_milli: milli(write), ..Consumed::default() }
}

/// Through decimal text: exact for the halves that DynamoDB reports, and no float arithmetic.
fn milli(units: Option<f64>) -> u64 {
    let digits = format!("{:.3}", units.unwrap_or(0.0)).replace('.', "");
    // Negative or not a number: not a capacity.
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_thousandths_exactly() {
        for (units, thousandths) in [
            (Some(0.5), 500),
            (Some(1.0), 1_000),
            (Some(128.5), 128_500),
            (Some(0.0), 0),
            (Some(-1.0), 0),
            (Some(f64::NAN), 0),
            (None, 0),
        ] {
            assert_eq!(milli(units), thousandths, "{units:?}");
        }
    }

    #[test]
    fn a_repeated_transaction_counts_as_a_read() {
        let replayed = ConsumedCapacity::builder().capacity_units(4.0).read_capacity_units(4.0).build();
        let cost = one(&replayed, Side::Write);
        assert_eq!((cost.read_milli, cost.write_milli), (4_000, 0));
    }
}
