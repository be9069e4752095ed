//! Waiting before an attempt that the SDK does not repeat by itself.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Up to 10 ms after the first attempt, doubling up to 80 ms; random, so that those who met once do
/// not meet again.
pub(crate) async fn pause(attempt: usize) {
    let longest = 10_000_u64 << attempt.min(3);
    let random = RandomState::new().hash_one(attempt);
    tokio::time::sleep(Duration::from_micros(random % longest)).await;
}
