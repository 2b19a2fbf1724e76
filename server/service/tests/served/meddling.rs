//! A store in which something else is changed just before a statement is kept: as late as it can be.

use std::fmt;
use std::sync::{Arc, Mutex};

use opsec_store::store::{Cursor, Snapshot, Transaction, Watch, WatchError};
use opsec_store::{Pending, Store, StoreError, key};

/// A change that is made in between.
pub(crate) type Change = Box<dyn FnOnce(&Arc<dyn Store>) + Send>;

/// What is to be changed, once, and whether it was.
#[derive(Clone, Default)]
pub(crate) struct Meddler(Arc<Mutex<Option<Change>>>);

impl fmt::Debug for Meddler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Meddler")
    }
}

impl Meddler {
    /// Makes this change before the next statement is kept.
    pub(crate) fn before_the_next(&self, change: Change) {
        *self.0.lock().unwrap() = Some(change);
    }

    /// Whether it was made.
    pub(crate) fn is_done(&self) -> bool {
        self.0.lock().unwrap().is_none()
    }

    /// A store with it.
    pub(crate) fn beside(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        let meddler = self.clone();
        Arc::new(Meddled { store, meddler })
    }
}

#[derive(Debug)]
struct Meddled {
    store: Arc<dyn Store>,
    meddler: Meddler,
}

impl Store for Meddled {
    fn id(&self) -> String {
        self.store.id()
    }

    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.store.snapshot()
    }

    fn transact(&self, transaction: Transaction) -> Pending {
        let mut keys = transaction.operations.keys();
        if keys.any(|one| one.first() == Some(&key::ATTESTATION)) {
            let change = self.meddler.0.lock().unwrap().take();
            if let Some(change) = change {
                change(&self.store);
            }
        }
        self.store.transact(transaction)
    }

    fn watch(&self, prefix: &[u8], after: Cursor) -> Result<Box<dyn Watch>, WatchError> {
        self.store.watch(prefix, after)
    }
}
