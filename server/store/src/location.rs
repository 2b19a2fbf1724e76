//! Where a store is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::StoreError;

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The directory that a store is in, and how patient to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreLocation {
    data: PathBuf,
    patience: Duration,
    reserve: u64,
}

impl StoreLocation {
    /// The store below a data directory. Nothing is read or created.
    pub fn new(data_directory: impl Into<PathBuf>) -> Self {
        Self {
            data: data_directory.into(),
            patience: PATIENCE,
            reserve: 0,
        }
    }

    /// The same place, with another patience with a process that has it.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same place, where nothing is changed while its file system has fewer free bytes: a
    /// full disk stops a store, and what is refused before does not.
    #[must_use]
    pub fn with_reserve(self, bytes: u64) -> Self {
        Self {
            reserve: bytes,
            ..self
        }
    }

    /// The data directory.
    pub fn data_directory(&self) -> &Path {
        &self.data
    }

    /// Whether anything was ever stored there.
    ///
    /// # Errors
    /// When the directory cannot be looked at; a store that cannot be seen is not an absent one.
    pub fn exists(&self) -> Result<bool, StoreError> {
        for path in [self.store().join("db"), self.head()] {
            let seen = path.try_exists();
            if seen.map_err(|error| StoreError::io("look at", &path, error))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn reserve(&self) -> u64 {
        self.reserve
    }

    /// The directory that sled has.
    pub(crate) fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// The lock, beside that directory.
    pub(crate) fn lock(&self) -> PathBuf {
        self.data.join("owner.lock")
    }

    /// The last acknowledged commit.
    pub(crate) fn head(&self) -> PathBuf {
        self.store().join("head")
    }
}
