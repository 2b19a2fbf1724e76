//! The store while it is open: locked, verified, and synced at every commit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::head::{self, Commit, Sum};
use crate::location::StoreLocation;
use crate::lock::OwnerLock;
use crate::{key, record};

/// Values beyond a share of this leave the log for files that sled never syncs.
const SEGMENT: usize = 8 << 20;
const CACHE: u64 = 16 << 20;

/// Payloads of all live records, by key.
pub(crate) type Records = BTreeMap<Vec<u8>, Vec<u8>>;

/// An open store. Fields are dropped in this order: sled first, the lock last.
#[derive(Debug)]
pub(crate) struct Session {
    db: sled::Db,
    commit: Commit,
    records: Records,
    store: PathBuf,
    head: PathBuf,
    _lock: OwnerLock,
}

impl Session {
    /// Opens a store, which is created when it is absent, and verifies all of it.
    pub(crate) fn open(location: &StoreLocation) -> Result<Self, StoreError> {
        let store = location.store();
        let create = |path: &Path| {
            std::fs::create_dir_all(path).map_err(|error| StoreError::io("create", path, error))
        };
        create(location.data_directory())?;
        let lock = OwnerLock::acquire(location)?;
        create(&store)?;
        let (db, scan) = guarded(&store, || {
            let db = open_sled(&store, location.patience())?;
            let scan = scan(&store, &db)?;
            Ok((db, scan))
        })?;
        sync_after_open(&store)?;
        let head = location.head();
        let commit = verify(&store, &head, &scan)?;
        Ok(Self {
            db,
            commit,
            records: scan.records,
            store,
            head,
            _lock: lock,
        })
    }

    /// Payloads of all live records.
    pub(crate) fn records(&self) -> &Records {
        &self.records
    }

    /// Writes a batch, all or nothing. It is durable when this returns.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (db, store, commit) = (&self.db, self.store.as_path(), self.commit);
        let commit = guarded(store, || write(db, store, commit, batch))?;
        assert_no_blobs(store)?;
        head::write(&self.head, commit)
            .map_err(|error| StoreError::io("write", &self.head, error))?;
        if self.commit.number == 0 {
            sync(store)?;
        }
        self.commit = commit;
        Ok(())
    }
}

/// What was read when the store was opened.
struct Scan {
    records: Records,
    /// The sum over what is there.
    sum: Sum,
    /// What the log says its last commit is.
    said: Option<Commit>,
}

/// sled panics on some damage; that is damage and no reason to end the program.
fn guarded<T>(store: &Path, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(StoreError::corrupt(store, "the log", "it cannot be read")))
}

fn open_sled(store: &Path, patience: Duration) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(store)
        .cache_capacity(CACHE)
        .segment_size(SEGMENT)
        .use_compression(false)
        .flush_every_ms(None);
    let started = Instant::now();
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            // A store that this process dropped a moment ago may hold its file a moment longer.
            Err(error) if is_held(&error) && started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(StoreError::sled("open", store, error)),
        }
    }
}

fn is_held(error: &sled::Error) -> bool {
    // sled wraps the system's error into one of kind `Other`, so its text is all there is.
    matches!(error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

fn scan(store: &Path, db: &sled::Db) -> Result<Scan, StoreError> {
    let mut scan = Scan {
        records: Records::new(),
        sum: Sum::default(),
        said: None,
    };
    for entry in db.iter() {
        let (key, sealed) = entry.map_err(|error| StoreError::sled("read", store, error))?;
        let payload = record::open(store, &key, &sealed)?;
        if key == key::META_HEAD {
            let said = Commit::from_bytes(payload).ok_or_else(|| {
                StoreError::corrupt(store, key::describe(&key), "it is not a commit")
            })?;
            scan.said = Some(said);
        } else {
            scan.sum.add(&key, &sealed);
            scan.records.insert(key.to_vec(), payload.to_vec());
        }
    }
    Ok(scan)
}

/// Compares what is there with what the log and the head say should be.
fn verify(store: &Path, head: &Path, scan: &Scan) -> Result<Commit, StoreError> {
    let said = scan.said.unwrap_or_default();
    let acknowledged = head::read(head)
        .map_err(|error| StoreError::io("read", head, error))?
        .unwrap_or_default();
    if scan.sum != said.sum {
        return Err(StoreError::corrupt(
            store,
            "the log",
            "records are missing from it",
        ));
    }
    if said == acknowledged {
        return Ok(said);
    }
    // Written and not yet acknowledged when the process ended: the head catches up.
    if said.number == acknowledged.number + 1 {
        head::write(head, said).map_err(|error| StoreError::io("write", head, error))?;
        return Ok(said);
    }
    if said.number < acknowledged.number {
        let (path, found) = (store.to_owned(), said.number);
        return Err(StoreError::RolledBack {
            path,
            found,
            expected: acknowledged.number,
        });
    }
    Err(StoreError::corrupt(
        store,
        "the head",
        "it does not belong to the log",
    ))
}

fn write(db: &sled::Db, store: &Path, before: Commit, batch: &Batch) -> Result<Commit, StoreError> {
    let failed = |error| StoreError::sled("write", store, error);
    let mut sum = before.sum;
    let mut operations = sled::Batch::default();
    for (key, payload) in batch.operations() {
        if let Some(old) = db.get(key).map_err(failed)? {
            sum.remove(key, &old);
        }
        match payload {
            Some(payload) => {
                let sealed = record::seal(key, payload);
                sum.add(key, &sealed);
                operations.insert(key, sealed);
            }
            None => operations.remove(key),
        }
    }
    let commit = Commit {
        number: before.number + 1,
        sum,
    };
    operations.insert(
        key::META_HEAD,
        record::seal(key::META_HEAD, &commit.to_bytes()),
    );
    db.apply_batch(operations).map_err(failed)?;
    db.flush().map_err(failed)?;
    // `flush` issues sync_file_range, which survives no power cut.
    sync(&store.join("db"))?;
    Ok(commit)
}

fn sync_after_open(store: &Path) -> Result<(), StoreError> {
    let entries = std::fs::read_dir(store).map_err(|error| StoreError::io("read", store, error))?;
    let mut snapshots = Vec::new();
    for entry in entries {
        let path = entry
            .map_err(|error| StoreError::io("read", store, error))?
            .path();
        let is_snapshot = path.file_name().is_some_and(|name| {
            name.to_string_lossy().starts_with("snap.") && path.extension().is_some()
        });
        if is_snapshot {
            snapshots.push(path);
        }
    }
    snapshots.sort();
    for path in [store.join("db"), store.join("conf")]
        .iter()
        .chain(snapshots.last())
    {
        sync(path)?;
    }
    sync(store)?;
    store.parent().map_or(Ok(()), sync)
}

fn sync(path: &Path) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| file.sync_data()) {
        // sled replaces its snapshots while it runs.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.map_err(|error| StoreError::io("sync", path, error)),
    }
}

fn assert_no_blobs(store: &Path) -> Result<(), StoreError> {
    let blobs = store.join("blobs");
    let empty = match std::fs::read_dir(&blobs) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(StoreError::io("read", &blobs, error)),
    };
    if empty {
        Ok(())
    } else {
        Err(StoreError::corrupt(
            store,
            "`blobs`",
            "it must be empty, for it is never synced",
        ))
    }
}
