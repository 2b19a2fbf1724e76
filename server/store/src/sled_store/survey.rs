//! A store that is open to be looked at, whole or not: nothing is refused, nothing is written
//! unless a loss is accepted.

use std::sync::Arc;

use super::group::new_epoch;
use super::scan::{self, Scan, verify};
use super::shared::Shared;
use super::view::{Published, SledSnapshot};
use super::{SledStore, files, lock, open_log};
use crate::error::StoreError;
use crate::head::{self, Commit};
use crate::location::StoreLocation;
use crate::lock::OwnerLock;
use crate::store::Snapshot;
use crate::{key, record};

/// What is there.
#[derive(Debug)]
pub(crate) struct Survey {
    location: StoreLocation,
    db: sled::Db,
    scan: Scan,
    mismatch: Option<StoreError>,
    aside: Vec<std::path::PathBuf>,
    lock: OwnerLock,
}

/// Opens a store to look at it.
pub(crate) fn survey(location: &StoreLocation) -> Result<Survey, StoreError> {
    let store = location.store();
    let lock = lock(location)?;
    let read = |db: &sled::Db| scan::survey(&store, db);
    let (db, scan, aside) = files::open(&store, location.patience(), read)?;
    let mismatch = verify(&store, &location.head(), &scan).err();
    Ok(Survey {
        location: location.clone(),
        db,
        scan,
        mismatch,
        aside,
        lock,
    })
}

impl Survey {
    /// Records that do not open, each with what is wrong.
    pub(crate) fn damaged(&self) -> Vec<String> {
        self.scan
            .damaged
            .iter()
            .map(|(_, error)| error.to_string())
            .collect()
    }

    /// What is wrong with the whole.
    pub(crate) fn mismatch(&self) -> Option<&StoreError> {
        self.mismatch.as_ref()
    }

    /// Whether the store would open.
    pub(crate) fn is_whole(&self) -> bool {
        self.mismatch.is_none() && self.scan.damaged.is_empty()
    }

    pub(crate) fn blobs_are_empty(&self) -> Result<bool, StoreError> {
        files::blobs_are_empty(&self.location.store())
    }

    /// Records that are whole.
    pub(crate) fn snapshot(&self) -> Arc<dyn Snapshot> {
        let view = self.scan.view(self.scan.said.unwrap_or_default());
        let shared = Shared::new(&self.location.store(), Published::new(view), &self.db);
        Arc::new(SledSnapshot::new(&Arc::new(shared)))
    }

    /// Goes on from what is there: damaged records are taken out, and history begins anew.
    pub(crate) fn accept_loss(&mut self) -> Result<(), StoreError> {
        let (store, path) = (self.location.store(), self.location.head());
        let acknowledged = head::read(&path)
            .map_err(|error| StoreError::io("read", &path, error))?
            .unwrap_or_default();
        let said = self.scan.said.unwrap_or_default();
        let number = said.number.max(acknowledged.number) + 1;
        let failed = |error| StoreError::sled("write", &store, error);
        let mut batch = sled::Batch::default();
        let mut sum = self.scan.sum;
        for (key, _) in &self.scan.damaged {
            if let Some(old) = self.db.get(key).map_err(failed)? {
                // What is said of the last commit is in no sum.
                if key != key::META_HEAD {
                    sum.remove(key, &old);
                }
                batch.remove(key.as_slice());
            }
        }
        let epoch = new_epoch();
        let sealed = record::seal(key::META_EPOCH, number, &epoch.to_be_bytes());
        if let Some(old) = self.db.get(key::META_EPOCH).map_err(failed)? {
            let is_damaged = self
                .scan
                .damaged
                .iter()
                .any(|(key, _)| key == key::META_EPOCH);
            if !is_damaged {
                sum.remove(key::META_EPOCH, &old);
            }
        }
        sum.add(key::META_EPOCH, &sealed);
        batch.insert(key::META_EPOCH, sealed);
        let commit = Commit { number, sum };
        batch.insert(
            key::META_HEAD,
            record::seal(key::META_HEAD, number, &commit.to_bytes()),
        );
        self.db.apply_batch(batch).map_err(failed)?;
        self.db.flush().map_err(failed)?;
        let synced = open_log(&store)?.sync_data();
        synced.map_err(|error| StoreError::io("sync", &store, error))?;
        head::open(&path)
            .and_then(|mut file| head::write(&mut file, commit))
            .map_err(|error| StoreError::io("write", &path, error))?;
        files::sync(&store)?;
        self.scan.damaged.clear();
        self.scan.epoch = Some(epoch);
        self.scan.sum = sum;
        self.scan.said = Some(commit);
        self.mismatch = verify(&store, &path, &self.scan).err();
        Ok(())
    }

    /// Opens it for good; it is whole.
    pub(crate) fn start(self) -> Result<SledStore, StoreError> {
        files::sync_after_open(&self.location.store())?;
        SledStore::start(&self.location, self.lock, self.db, self.scan, self.aside)
    }
}
