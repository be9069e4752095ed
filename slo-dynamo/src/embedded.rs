//! A DynamoDB engine inside this process, on SQLite (the `dynoxide-rs` library).
//!
//! For one machine and for tests. The adapter's code is the same as on AWS: [`Engine::client`] is
//! an ordinary SDK client whose HTTP layer hands each request to the engine. No port is opened, so
//! nothing but this process can reach the data through it.
//!
//! - One process at a time uses a data directory; a second one is refused.
//! - An acknowledged write is on disk: SQLite runs in WAL mode with `synchronous = FULL`, its
//!   default, so that every commit waits for the log to be flushed. It survives `kill -9` (tested)
//!   and, as far as the disk keeps its word, a power cut.
//! - Requests run one after another on blocking threads; the async runtime never waits for the disk.
//! - It expires nothing by itself: call [`Engine::sweep_expired`].

mod connector;
mod dispatch;
mod error;
mod lock;
mod sweep;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{Region, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::{Client, Config};
use dynoxide::Database;
use tokio::sync::Semaphore;

use crate::client::{behavior, dummy_credentials, retries};
pub use error::EmbeddedError;

const DATABASE_FILE: &str = "dynamo.sqlite";

/// Requests that may occupy a blocking thread at once. The database is one behind a lock, so more
/// would only wait there; a few let one request read its JSON while another is in the database.
const THREADS: usize = 4;

/// An open engine. Clones and clients share it; the data directory is released when the last of
/// them is gone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use slo_dynamo::embedded::Engine;
///
/// let client = Engine::memory()?.client();
/// assert!(client.list_tables().send().await?.table_names().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What requests need, and keep alive while they run.
struct Shared {
    // Before the lock: fields are dropped in order, and the file is closed before it is released.
    database: Database,
    threads: Arc<Semaphore>,
    _lock: Option<lock::DirLock>,
}

impl Engine {
    /// Opens the engine on the data in `dir`, which is created if absent.
    ///
    /// # Errors
    /// [`EmbeddedError::InUse`] if another process (or another engine of this one) has it open,
    /// and the errors of the file system and of SQLite.
    pub fn open(dir: &Path) -> Result<Self, EmbeddedError> {
        let dir = std::path::absolute(dir).map_err(|e| EmbeddedError::directory(dir, e))?;
        fs::create_dir_all(&dir).map_err(|e| EmbeddedError::directory(&dir, e))?;
        let lock = lock::DirLock::take(&dir)?;

        let file = dir.join(DATABASE_FILE);
        let path = file.to_str().ok_or_else(|| EmbeddedError::NotUnicode(file.clone()))?;
        let database = Database::new(path).map_err(|e| EmbeddedError::database(&file, e))?;
        Ok(Self::on(database, Some(lock)))
    }

    /// Whether there are data in `dir` already.
    #[must_use]
    pub fn holds_data(dir: &Path) -> bool {
        dir.join(DATABASE_FILE).exists()
    }

    /// An engine whose data goes away with it.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn memory() -> Result<Self, EmbeddedError> {
        let database = Database::memory();
        let database = database.map_err(|e| EmbeddedError::database(Path::new(":memory:"), e))?;
        Ok(Self::on(database, None))
    }

    fn on(database: Database, lock: Option<lock::DirLock>) -> Self {
        Self { shared: Arc::new(Shared { database, threads: Arc::new(Semaphore::new(THREADS)), _lock: lock }) }
    }

    /// An SDK client that speaks to this engine; needs a Tokio runtime.
    ///
    /// Limits: 10 s for an attempt and 30 s for an operation, since requests queue for one disk,
    /// and [`MAX_ATTEMPTS`](crate::client::MAX_ATTEMPTS) attempts. A request that ran out of time
    /// may still be applied, as on AWS.
    pub fn client(&self) -> Client {
        let limits = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(10))
            .operation_timeout(Duration::from_secs(30))
            .build();
        let config = Config::builder()
            .behavior_version(behavior())
            .region(Region::new("local"))
            .credentials_provider(dummy_credentials())
            // Never resolved; `.invalid` makes a mistake visible instead of a request to someone.
            .endpoint_url("http://embedded.invalid")
            .http_client(connector::Local(Arc::clone(&self.shared)))
            .timeout_config(limits)
            .retry_config(retries())
            // It watches bytes on a wire, and there is none.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Client::from_conf(config)
    }

    /// Deletes the items whose TTL lies before `now` (seconds since the epoch), in every table
    /// that has a TTL, and returns how many.
    ///
    /// It reads those tables completely, in small pages that queue behind waiting requests. An item
    /// that is written meanwhile with a later TTL stays: each deletion repeats the condition.
    ///
    /// # Errors
    /// [`EmbeddedError::Sweep`]; what was deleted until then stays deleted.
    pub async fn sweep_expired(&self, now: u64) -> Result<u64, EmbeddedError> {
        sweep::expired(&self.client(), now).await
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
