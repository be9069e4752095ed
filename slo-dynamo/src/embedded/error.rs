//! Why the embedded engine cannot be used.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why the embedded engine could not be opened or swept. Requests fail with the SDK's errors.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// Two processes on one file would undo each other's caches.
    #[error("another process uses {}; stop it or choose another --data", .0.display())]
    InUse(PathBuf),
    /// The data directory or its lock file.
    #[error("could not prepare the data directory {}", .path.display())]
    Directory {
        /// Which one.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// SQLite names its files in UTF-8.
    #[error("the path {} is not UTF-8; choose another --data", .0.display())]
    NotUnicode(PathBuf),
    /// The file is damaged, not a database, or written by a newer version.
    #[error("could not open the database {}", .path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// What the engine said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A sweep stopped in the middle.
    #[error("could not sweep expired items")]
    Sweep {
        /// The request that failed.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl EmbeddedError {
    pub(super) fn directory(path: &Path, source: io::Error) -> Self {
        Self::Directory { path: path.into(), source }
    }

    pub(super) fn database(path: &Path, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Database { path: path.into(), source: Box::new(source) }
    }

    pub(super) fn sweep(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Sweep { source: Box::new(source) }
    }
}
