//! What requests cost: calls and capacity, as DynamoDB reports them.
//!
//! A [`metered`] client asks every data request for its consumed capacity and hands each attempt's
//! share to a [`Sink`]. Retries are counted, because they are sent and billed.
//!
//! Capacity is in thousandths of a unit, in integers: an eventually consistent read of 4 KB costs
//! 500. What DynamoDB does not report is counted by its published rules, as a floor:
//!
//! | Outcome | Counted |
//! |---|---|
//! | success | the reported capacity, indexes included |
//! | failed condition of a single write | 1 write unit: exact for items up to 1 KB |
//! | cancelled write transaction | 2 write units per action: exact for items up to 1 KB |
//! | any other failure, timeouts included | the call, no capacity |

mod capacity;
mod interceptor;

use std::sync::Arc;

use aws_sdk_dynamodb::{Client, config};
pub use slo_core::meter::Consumed;

/// Where the costs go.
///
/// It is called in the task that awaits the request, so it can find a task-local of the caller;
/// once when an attempt is sent (`calls: 1`) and once when it ended, with its time and capacity.
pub type Sink = Arc<dyn Fn(Consumed) + Send + Sync>;

/// The same client, connection pool included, with its costs reported to `sink`.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
/// use slo_dynamo::{embedded::Engine, meter::metered};
///
/// let calls = Arc::new(AtomicU64::new(0));
/// let seen = calls.clone();
/// let client = metered(
///     &Engine::memory()?.client(),
///     Arc::new(move |cost| { seen.fetch_add(cost.calls, Relaxed); }),
/// );
/// client.list_tables().send().await?;
/// assert_eq!(calls.load(Relaxed), 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
pub fn metered(client: &Client, sink: Sink) -> Client {
    configured(client.config().to_builder(), sink)
}

/// A client of this configuration, likewise.
pub(crate) fn configured(config: config::Builder, sink: Sink) -> Client {
    Client::from_conf(config.interceptor(interceptor::Meter(sink)).build())
}

#[cfg(all(test, feature = "embedded"))]
mod tests;
