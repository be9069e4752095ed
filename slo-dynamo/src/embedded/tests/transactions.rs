use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use super::*;

fn put_new(sk: &str) -> Result<TransactWriteItem, Box<dyn Error>> {
    let put = Put::builder()
        .table_name("slo")
        .set_item(Some(key("S#1", sk)))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

#[tokio::test]
async fn a_cancelled_transaction_says_which_action_failed_and_writes_nothing() -> Checked {
    let client = fresh().await?;
    client.transact_write_items().transact_items(put_new("CURRENT")?).transact_items(put_new("R#1")?).send().await?;

    let second =
        client.transact_write_items().transact_items(put_new("R#2")?).transact_items(put_new("CURRENT")?).send().await;
    let Err(TransactWriteItemsError::TransactionCanceledException(why)) = second.map_err(|e| e.into_service_error())
    else {
        return Err("the condition did not cancel the transaction".into());
    };
    let codes: Vec<_> = why.cancellation_reasons().iter().map(|r| r.code()).collect();
    assert_eq!(codes, [Some("None"), Some("ConditionalCheckFailed")]);
    let met = why.cancellation_reasons()[1].item();
    assert_eq!(met, Some(&key("S#1", "CURRENT")));

    let leftover = client.get_item().table_name("slo").set_key(Some(key("S#1", "R#2"))).send().await?;
    assert_eq!(leftover.item(), None);
    Ok(())
}

#[tokio::test]
async fn a_repeated_token_applies_once_and_refuses_other_content() -> Checked {
    let client = fresh().await?;
    let send = |sk: &'static str| {
        let client = client.clone();
        async move {
            let request = client.transact_write_items().client_request_token("token");
            let sent = request.transact_items(put_new(sk)?).send().await;
            Ok::<_, Box<dyn Error>>(sent.map_err(|e| e.into_service_error()))
        }
    };
    send("R#1").await??;
    // The condition would fail now: it was not evaluated again.
    send("R#1").await??;
    let other = send("R#2").await?;
    assert!(other.is_err_and(|e| e.is_idempotent_parameter_mismatch_exception()));
    Ok(())
}
