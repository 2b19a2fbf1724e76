//! Transactions that become durable together, each judged against the view and those before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::log;
use super::view::{Cell, View};
use crate::store::{Transaction, Verdict};
use crate::{key, record};

/// A group on its way.
#[derive(Debug)]
pub(crate) struct Group {
    next: View,
    number: u64,
    now: i64,
    records: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    added: u64,
    removed: u64,
}

impl Group {
    /// Events that are kept however old they are.
    pub(crate) const EVENTS_KEPT: u64 = 10_000;

    /// An empty group after a view.
    pub(crate) fn new(before: &Arc<View>, number: u64) -> Self {
        Self {
            next: View::clone(before),
            number,
            now: i64::MIN,
            records: BTreeMap::new(),
            added: 0,
            removed: 0,
        }
    }

    /// Takes a transaction in, unless a compare fails.
    pub(crate) fn add(&mut self, transaction: &Transaction) -> Verdict {
        let holds = transaction
            .compares
            .iter()
            .all(|compare| self.next.modified(&compare.key) == compare.modified);
        if !holds {
            return Verdict::Refused;
        }
        if transaction.operations.is_empty() {
            return Verdict::Committed(self.next.cursor.commit);
        }
        self.now = self.now.max(transaction.now);
        for (key, value) in &transaction.operations {
            self.put(key, value.as_deref());
            if key::LOGGED.contains(&key::kind(key)) {
                let event = log::encode(transaction.now, key, value.as_deref());
                self.put(&key::event(self.number, self.added), Some(&event));
                self.added += 1;
            }
        }
        Verdict::Committed(self.number)
    }

    fn put(&mut self, key: &[u8], value: Option<&[u8]>) {
        match value {
            Some(value) => {
                let cell = Cell::new(key, self.number, value);
                self.next.cells.insert_mut(Arc::from(key), cell);
            }
            None => {
                self.next.cells.remove_mut(key);
            }
        }
        self.records.insert(key.to_vec(), value.map(<[u8]>::to_vec));
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Takes an event out if it is old enough, and says whether it was.
    pub(crate) fn forget_event(&mut self, key: &[u8], value: &[u8]) -> bool {
        let Some(commit) = key::event_commit(key) else {
            return false;
        };
        if log::time(value).saturating_add(log::KEPT) >= self.now || commit >= self.number {
            return false;
        }
        self.put(key, None);
        self.removed += 1;
        self.next.compacted = commit;
        let number = commit.to_be_bytes().to_vec();
        self.records
            .insert(key::META_COMPACTED.to_vec(), Some(number));
        true
    }

    /// Adds what the store says of itself: a new one, or one of the form before, gets its id.
    pub(crate) fn complete(&mut self) {
        self.next.cursor.commit = self.number;
        if self.next.cursor.epoch == 0 {
            self.next.cursor.epoch = new_epoch();
            let epoch = self.next.cursor.epoch.to_be_bytes().to_vec();
            self.records.insert(key::META_EPOCH.to_vec(), Some(epoch));
            let format = vec![record::VERSION];
            self.records.insert(key::META_FORMAT.to_vec(), Some(format));
            let id = uuid::Uuid::new_v4().to_string();
            self.next.store_id = id.as_str().into();
            self.records
                .insert(key::META_STORE.to_vec(), Some(id.into_bytes()));
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.records
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
    }

    pub(crate) fn events_added(&self) -> u64 {
        self.added
    }

    pub(crate) fn events_removed(&self) -> u64 {
        self.removed
    }

    pub(crate) fn into_view(self) -> View {
        self.next
    }
}

/// By chance, so that two histories that part do not meet again; never 0.
pub(crate) fn new_epoch() -> u64 {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    (high ^ low) | 1
}
