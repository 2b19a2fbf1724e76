//! What the writer, readers and watchers have in common.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, PoisonError, RwLock};

use super::view::Published;
use crate::error::StoreError;
use crate::pending::Bell;

/// Shared by all who hold the store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) place: PathBuf,
    pub(crate) published: Published,
    pub(crate) bell: Bell,
    failure: OnceLock<String>,
    db: RwLock<Option<sled::Db>>,
}

impl Shared {
    pub(crate) fn new(place: &Path, published: Published, db: &sled::Db) -> Self {
        Self {
            place: place.to_owned(),
            published,
            bell: Bell::default(),
            failure: OnceLock::new(),
            db: RwLock::new(Some(db.clone())),
        }
    }

    /// What stopped the store, if anything did.
    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// The store stops for good.
    pub(crate) fn fail(&self, problem: &str) {
        let _ = self.failure.set(problem.to_owned());
        self.bell.stop();
    }

    /// The error of everything that comes after.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.failure().map_or(Ok(()), |problem| {
            let problem = problem.to_owned();
            Err(StoreError::Failed { problem })
        })
    }

    /// The record of a key as it is on the disk.
    pub(crate) fn read(&self, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = db.as_ref() else {
            let problem = "it was closed".to_owned();
            return Err(StoreError::Failed { problem });
        };
        guarded(&self.place, || {
            db.get(key)
                .map_err(|error| StoreError::sled("read", &self.place, error))
        })
    }

    /// Gives up the handle of readers, so that sled closes with the writer's.
    pub(crate) fn close(&self) -> Option<sled::Db> {
        self.bell.stop();
        self.db
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// sled panics on some damage; that is damage and no reason to end the program.
pub(crate) fn guarded<T>(
    store: &Path,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::corrupt(store, "the log", "it cannot be read")))
}
