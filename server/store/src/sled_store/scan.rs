//! Everything on the disk, read once when the store is opened, and compared with what the log and
//! the head say should be there.

use std::path::Path;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::view::{Cell, View};
use crate::error::StoreError;
use crate::head::{self, Commit, Sum};
use crate::store::Cursor;
use crate::{key, record};

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(crate) cells: RedBlackTreeMapSync<Arc<[u8]>, Cell>,
    pub(crate) sum: Sum,
    /// What the log says its last commit is.
    pub(crate) said: Option<Commit>,
    pub(crate) epoch: Option<u64>,
    pub(crate) store_id: Option<String>,
    pub(crate) compacted: u64,
    pub(crate) events: u64,
    /// Records that do not open, each with what is wrong; empty unless they were asked for.
    pub(crate) damaged: Vec<(Vec<u8>, StoreError)>,
}

/// Reads everything; the first damaged record is an error.
pub(crate) fn scan(store: &Path, db: &sled::Db) -> Result<Scan, StoreError> {
    let mut scan = Scan::default();
    check_format(store, db)?;
    for entry in db.iter() {
        let (key, sealed) = entry.map_err(|error| StoreError::sled("read", store, error))?;
        scan.add(store, &key, &sealed)?;
    }
    Ok(scan)
}

/// Reads everything, and goes on past damaged records.
pub(crate) fn survey(store: &Path, db: &sled::Db) -> Result<Scan, StoreError> {
    let mut scan = Scan::default();
    check_format(store, db)?;
    for entry in db.iter() {
        let (key, sealed) = entry.map_err(|error| StoreError::sled("read", store, error))?;
        if let Err(error) = scan.add(store, &key, &sealed) {
            scan.damaged.push((key.to_vec(), error));
        }
    }
    Ok(scan)
}

/// Before anything is written.
fn check_format(store: &Path, db: &sled::Db) -> Result<(), StoreError> {
    let read = db.get(key::META_FORMAT);
    let Some(sealed) = read.map_err(|error| StoreError::sled("read", store, error))? else {
        return Ok(());
    };
    let least = record::open(store, key::META_FORMAT, &sealed)?
        .value
        .first()
        .copied();
    match least {
        Some(version) if version > record::VERSION => Err(StoreError::Newer {
            path: store.to_owned(),
            what: "the store".to_owned(),
            version,
        }),
        _ => Ok(()),
    }
}

impl Scan {
    fn add(&mut self, store: &Path, key: &[u8], sealed: &[u8]) -> Result<(), StoreError> {
        let opened = match record::open(store, key, sealed) {
            Ok(opened) => opened,
            Err(error) => {
                // It counts: what is asked is whether records are missing.
                if key != key::META_HEAD {
                    self.sum.add(key, sealed);
                }
                return Err(error);
            }
        };
        if key == key::META_HEAD {
            let problem = || StoreError::corrupt(store, key::describe(key), "it is not a commit");
            self.said = Some(Commit::from_bytes(opened.value).ok_or_else(problem)?);
            return Ok(());
        }
        self.sum.add(key, sealed);
        if key::kind(key) == key::META {
            return self.add_meta(store, key, opened.value);
        }
        if key::kind(key) == key::EVENT {
            self.events += 1;
        }
        let cell = Cell::new(key, opened.modified, opened.value);
        self.cells.insert_mut(Arc::from(key), cell);
        Ok(())
    }

    fn add_meta(&mut self, store: &Path, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let damaged = |problem: &str| StoreError::corrupt(store, key::describe(key), problem);
        let number = || {
            let bytes = value.try_into().map(u64::from_be_bytes);
            bytes.map_err(|_| damaged("it is not a number"))
        };
        match key {
            key::META_EPOCH => self.epoch = Some(number()?),
            key::META_COMPACTED => self.compacted = number()?,
            key::META_STORE => {
                let text = std::str::from_utf8(value).map_err(|_| damaged("it is no text"))?;
                self.store_id = Some(text.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// What readers see of it at a commit.
    pub(crate) fn view(&self, commit: Commit) -> View {
        View {
            cursor: Cursor {
                epoch: self.epoch.unwrap_or_default(),
                commit: commit.number,
            },
            compacted: self.compacted,
            store_id: self.store_id.as_deref().unwrap_or_default().into(),
            cells: self.cells.clone(),
        }
    }
}

/// Compares what is there with what the log and the head say should be; the flag says that the
/// head is to catch up.
pub(crate) fn verify(store: &Path, head: &Path, scan: &Scan) -> Result<(Commit, bool), StoreError> {
    let said = scan.said.unwrap_or_default();
    let acknowledged = head::read(head)
        .map_err(|error| StoreError::io("read", head, error))?
        .unwrap_or_default();
    if said.number < acknowledged.number {
        let (path, found) = (store.to_owned(), said.number);
        return Err(StoreError::RolledBack {
            path,
            found,
            expected: acknowledged.number,
        });
    }
    if scan.sum != said.sum {
        return Err(StoreError::corrupt(
            store,
            "the log",
            "records are missing from it",
        ));
    }
    if said == acknowledged {
        return Ok((said, false));
    }
    // Written and not yet acknowledged when the process ended.
    if said.number == acknowledged.number + 1 {
        return Ok((said, true));
    }
    Err(StoreError::corrupt(
        store,
        "the head",
        "it does not belong to the log",
    ))
}
