//! Batches of a queue: each message holds measurements of one source.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Function;
use super::direct::{Request, written_out};
use super::failure::{Failure, Reason};

/// How many messages are written at once.
const AT_ONCE: usize = 8;

/// Which messages are to come again. Source: Lambda Developer Guide, "Implementing partial batch responses".
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    batch_item_failures: Vec<Item>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item_identifier: String,
}

/// Writes every message by itself. One that fails comes again, and by the queue's redrive policy ends in its
/// dead-letter queue: one that can never succeed is kept there for somebody to look at. A message that comes twice
/// counts once, and their order does not matter.
///
/// Also how many come again.
pub(super) async fn answer(
    function: &Function,
    batch: SqsEvent,
    left: Duration,
) -> Result<(usize, Box<RawValue>), Failure> {
    let mut messages = Vec::new();
    for message in batch.records {
        // Without an id it could not be asked for again: the whole batch comes again.
        let id = message.message_id.clone().filter(|id| !id.is_empty());
        let (Some(id), Some("aws:sqs")) = (id, message.event_source.as_deref()) else {
            let what = "these records are no messages of SQS (eventSource aws:sqs, with a messageId each); connect the function to a queue";
            return Err(Failure::new(Reason::MalformedEvent, what));
        };
        messages.push((id, message));
    }
    let until = tokio::time::Instant::now() + left;
    let written = stream::iter(messages).map(async |(id, message)| {
        // By itself, so that one that trips over a defect takes no other along.
        let written = AssertUnwindSafe(write(function, &message)).catch_unwind();
        let failure = match tokio::time::timeout_at(until, written).await {
            Ok(Ok(Ok(()))) => return None,
            Ok(Ok(Err(failure))) => failure,
            Ok(Err(panic)) => Failure::panicked(&*panic),
            Err(_) => Failure::timed_out(),
        };
        tracing::warn!(message_id = id, error_type = failure.name(), error = failure.message, "a message comes again");
        Some(Item { item_identifier: id })
    });
    let written: Vec<Option<Item>> = written.buffer_unordered(AT_ONCE).collect().await;
    let batch_item_failures: Vec<Item> = written.into_iter().flatten().collect();
    Ok((batch_item_failures.len(), written_out(&Outcome { batch_item_failures })?))
}

async fn write(function: &Function, message: &SqsMessage) -> Result<(), Failure> {
    let body = message.body.as_deref().unwrap_or_default();
    let (conflicts, _) = Request::submission(body)?.submit(function).await?;
    if conflicts == 0 {
        return Ok(());
    }
    let what =
        format!("{conflicts} of its minutes are stored with other counts in the same revision; the others are written");
    Err(Failure::new(Reason::InvalidEvent, what))
}
