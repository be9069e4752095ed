//! One process at a time on a data directory.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::EmbeddedError;

const LOCK_FILE: &str = "lock";

/// Held as long as it lives. The operating system releases it when a process dies, however it dies,
/// so the file may stay behind and means nothing by itself.
#[derive(Debug)]
pub(super) struct DirLock {
    file: File,
}

impl DirLock {
    pub(super) fn take(dir: &Path) -> Result<Self, EmbeddedError> {
        let path = dir.join(LOCK_FILE);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| EmbeddedError::directory(dir, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(EmbeddedError::InUse(dir.into())),
            Err(TryLockError::Error(e)) => Err(EmbeddedError::directory(dir, e)),
        }
    }
}

impl Drop for DirLock {
    /// Closing the file is not enough: a child process that is being started has a copy of it for a
    /// moment, and the lock would live as long as the copy.
    fn drop(&mut self) {
        // Nothing to do about an error; the file is closed next.
        let _ = self.file.unlock();
    }
}
