use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use futures_util::future::try_join_all;

use super::*;

type Update = Result<UpdateItemOutput, Box<UpdateItemError>>;

/// The write of the design: a slot replaces another one only with a higher revision.
async fn put_slot(client: &Client, slot: &[u8], revision: &[u8]) -> Update {
    client
        .update_item()
        .table_name(COUNTS)
        .set_key(Some(key("I#a#b", "H#2026010100")))
        .update_expression("SET #mm = :slot ADD n :one")
        .condition_expression("attribute_not_exists(#mm) OR #mm < :revision")
        .expression_attribute_names("#mm", "07")
        .expression_attribute_values(":slot", b(slot))
        .expression_attribute_values(":revision", b(revision))
        .expression_attribute_values(":one", n(1))
        .return_values(ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .map_err(|e| Box::new(e.into_service_error()))
}

#[tokio::test]
async fn a_conditional_update_returns_the_image_it_made_or_met() -> Checked {
    let client = fresh().await?;
    let made = put_slot(&client, b"\x02payload", b"\x02").await?;
    let made = made.attributes.ok_or("no image")?;
    assert_eq!(made.get("07"), Some(&b(b"\x02payload")));
    assert_eq!(made.get("n"), Some(&n(1)));

    let refused = put_slot(&client, b"\x02other", b"\x02").await;
    let Err(UpdateItemError::ConditionalCheckFailedException(met)) = refused.map_err(|e| *e) else {
        return Err("the same revision was written twice".into());
    };
    assert_eq!(met.item(), Some(&made));
    Ok(())
}

#[tokio::test]
async fn binaries_compare_as_unsigned_bytes_and_a_prefix_is_smaller() -> Checked {
    for (stored, bare, holds) in [
        (&b"\x01x"[..], &b"\x02"[..], true),
        // Signed bytes would order these the other way.
        (b"\x7fx", b"\x80", true),
        (b"\x80x", b"\x7f", false),
        // Equal so far, and longer: greater.
        (b"\x05x", b"\x05", false),
        (b"\x05", b"\x05x", true),
        (b"\x05", b"\x05", false),
        // Position decides before length.
        (b"\x01\xff\xff", b"\x02", true),
    ] {
        let client = fresh().await?;
        put_slot(&client, stored, stored).await?;
        let second = put_slot(&client, bare, bare).await;
        assert_eq!(second.is_ok(), holds, "{stored:x?} < {bare:x?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_increments_are_all_counted() -> Checked {
    let client = fresh().await?;
    let add = || {
        client
            .update_item()
            .table_name(COUNTS)
            .set_key(Some(key("I#a#b", "H#2026010100")))
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", n(1))
            .send()
    };
    // Tasks, so that both workers issue requests at once.
    let tasks = (0..1_000).map(|_| tokio::spawn(add()));
    for done in try_join_all(tasks).await? {
        done?;
    }

    let item = client
        .get_item()
        .table_name(COUNTS)
        .set_key(Some(key("I#a#b", "H#2026010100")))
        .consistent_read(true)
        .send()
        .await?;
    let counted = item.item().and_then(|i| i.get("n"));
    assert_eq!(counted, Some(&n(1_000)));
    Ok(())
}

#[tokio::test]
async fn an_operation_that_the_engine_does_not_serve_is_an_unknown_operation() -> Checked {
    let client = fresh().await?;
    let refused = client.describe_limits().send().await;
    let refused = refused.err().map(|e| e.into_service_error());
    let code = refused.as_ref().and_then(|e| e.meta().code());
    assert_eq!(code, Some("UnknownOperationException"));
    Ok(())
}

#[tokio::test]
async fn a_value_that_dynamodb_refuses_is_a_validation_error() -> Checked {
    let client = fresh().await?;
    for (refused, says) in [(AttributeValue::Ss(vec![]), "empty"), (AttributeValue::N("seven".into()), "numeric value")]
    {
        let put = client.put_item().table_name(COUNTS).set_item(Some(key("I#a#b", "H#1"))).item("x", refused);
        let error = put.send().await.err().map(|e| e.into_service_error());
        let meta = error.as_ref().map(|e| e.meta()).ok_or("was stored")?;
        assert_eq!(meta.code(), Some("ValidationException"));
        let message = meta.message().unwrap_or_default();
        assert!(message.contains(says), "{message}");
        assert!(!message.contains("VALIDATION"), "a marker got out: {message}");
    }
    Ok(())
}
