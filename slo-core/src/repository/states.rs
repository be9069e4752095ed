//! Where small pieces of shared state are kept.

use async_trait::async_trait;

use super::RepositoryError;
use crate::name::Name;
use crate::revision::Revision;

/// The largest value that every store takes, in bytes.
pub const MAX_STATE: usize = 256 * 1_024;

/// Keeps small pieces of state that processes share, each replaced whole by who has seen what it replaces.
///
/// # Contract
/// 1. **Absent at first**: what was never written reads as `None`.
/// 2. **Swapped as seen**: a write stores its value if the current version is the `expected` one, `None`
///    for absence, and answers with its version, which is higher than every one before it under that key.
///    Otherwise it fails with `Precondition` naming the current version and changes nothing.
/// 3. **One wins**: of concurrent writes that expect the same exactly one succeeds, whatever their values.
/// 4. **Read your writes**: after a write returned, a read by anybody answers with its version and value,
///    byte by byte, or with a later one.
/// 5. **Size**: values of any bytes are kept, from none to [`MAX_STATE`] of them.
/// 6. **Keys are apart**: a write changes what is under its key and nothing else.
/// 7. **Lost answers**: after `Unavailable` a write may have happened: reading tells. A store that repeats a
///    request by itself recognises what its own first attempt wrote, by more than the value, and answers with
///    success; unless somebody who expected just that has replaced it meanwhile: then with `Precondition`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StateRepository: Send + Sync {
    /// The current version and value; strongly consistent.
    async fn read(&self, key: &Name) -> Result<Option<(Revision, Vec<u8>)>, RepositoryError>;

    /// Replaces the version that is expected to be current.
    async fn write(&self, key: &Name, expected: Option<Revision>, value: Vec<u8>) -> Result<Revision, RepositoryError>;
}
