//! A store on sled, which this process owns while it is open.
//!
//! sled 0.34 alone keeps no promise over a power cut: what is missing is added here. One thread
//! writes ([`writer`]), readers see an immutable view of what is durable ([`view`]), and nothing
//! is taken for whole that the head does not vouch for ([`scan`]).

mod files;
mod group;
mod log;
mod scan;
mod shared;
mod survey;
mod view;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

pub(crate) use self::files::sync;
use self::log::SledWatch;
use self::scan::{Scan, verify};
use self::shared::Shared;
pub(crate) use self::survey::{Survey, survey};
use self::view::{Published, SledSnapshot};
use self::writer::{Files, Job, QUEUE, Writer};
use crate::error::StoreError;
use crate::head;
use crate::location::StoreLocation;
use crate::lock::OwnerLock;
use crate::pending::{Pending, pending};
use crate::reserve::Reserve;
use crate::store::{Cursor, Snapshot, Store, Transaction, Watch, WatchError};

/// A store on sled. Dropping it waits for what is queued, closes sled, and then lets go of the
/// lock.
#[derive(Debug)]
pub struct SledStore {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    aside: Vec<PathBuf>,
    reserve: Reserve,
    _lock: OwnerLock,
}

impl SledStore {
    /// Opens a store, which is created when it is absent, and verifies all of it.
    ///
    /// # Errors
    /// When another process has it, when less is there than was acknowledged, when anything is
    /// damaged, or when the system refuses.
    pub fn open(location: &StoreLocation) -> Result<Self, StoreError> {
        let store = location.store();
        let lock = lock(location)?;
        let read = |db: &sled::Db| scan::scan(&store, db);
        let (db, scan, aside) = files::open(&store, location.patience(), read)?;
        files::sync_after_open(&store)?;
        Self::start(location, lock, db, scan, aside)
    }

    fn start(
        location: &StoreLocation,
        lock: OwnerLock,
        db: sled::Db,
        scan: Scan,
        aside: Vec<PathBuf>,
    ) -> Result<Self, StoreError> {
        let (store, path) = (location.store(), location.head());
        let (commit, behind) = verify(&store, &path, &scan)?;
        let head_failed = |error| StoreError::io("write", &path, error);
        let new = !path.exists();
        let mut files = Files {
            log: open_log(&store)?,
            head: head::open(&path).map_err(head_failed)?,
        };
        if new {
            files::sync(&store)?;
        }
        if behind {
            head::write(&mut files.head, commit).map_err(head_failed)?;
        }
        let shared = Shared::new(&store, Published::new(scan.view(commit)), &db);
        shared.bell.ring(commit.number);
        let shared = Arc::new(shared);
        let writer = Writer {
            db,
            files,
            commit,
            events: scan.events,
            shared: Arc::clone(&shared),
        };
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|error| StoreError::io("start the writer of", &store, error))?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
            shared,
            aside,
            reserve: Reserve::of(store, location.reserve()),
            _lock: lock,
        })
    }

    /// Snapshots of sled's index that did not open and were set aside: the log was replayed. It is
    /// worth a warning.
    pub fn set_aside(&self) -> &[PathBuf] {
        &self.aside
    }

    /// What stopped it, if anything did: it never starts again, and the program is to end.
    pub fn failure(&self) -> Option<&str> {
        self.shared.failure()
    }
}

/// Locks a store's directory, which is created when it is absent.
fn lock(location: &StoreLocation) -> Result<OwnerLock, StoreError> {
    let create = |path: &Path| {
        std::fs::create_dir_all(path).map_err(|error| StoreError::io("create", path, error))
    };
    create(location.data_directory())?;
    let lock = OwnerLock::acquire(location)?;
    create(&location.store())?;
    Ok(lock)
}

fn open_log(store: &Path) -> Result<std::fs::File, StoreError> {
    let path = store.join("db");
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path);
    opened.map_err(|error| StoreError::io("open", &path, error))
}

impl Store for SledStore {
    fn id(&self) -> String {
        SledSnapshot::new(&self.shared).store_id().to_owned()
    }

    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.shared.check()?;
        Ok(Arc::new(SledSnapshot::new(&self.shared)))
    }

    fn transact(&self, transaction: Transaction) -> Pending {
        if let Err(error) = self.shared.check() {
            return Pending::ready(Err(error));
        }
        if let Some(problem) = transaction.breaks() {
            return Pending::ready(Err(StoreError::TransactionTooLarge { problem }));
        }
        if let Err(error) = self.reserve.check() {
            return Pending::ready(Err(error));
        }
        let (responder, answer) = pending();
        let sent = self
            .jobs
            .as_ref()
            .map(|jobs| jobs.try_send((transaction, responder)));
        match sent {
            Some(Ok(())) => answer,
            Some(Err(TrySendError::Full(_))) => Pending::ready(Err(StoreError::Overloaded)),
            Some(Err(TrySendError::Disconnected(_))) | None => {
                let problem = "its writer ended".to_owned();
                Pending::ready(Err(StoreError::Failed { problem }))
            }
        }
    }

    fn watch(&self, prefix: &[u8], after: Cursor) -> Result<Box<dyn Watch>, WatchError> {
        Ok(Box::new(SledWatch::new(&self.shared, prefix, after)?))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // INVARIANT: the lock is let go of after the writer ended and sled is closed.
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        drop(self.shared.close());
    }
}
