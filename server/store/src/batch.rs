//! What one change writes and removes, and what it was planned on.

use serde::Serialize;

use crate::error::StoreError;
use crate::key;
use crate::store::{Compare, Snapshot, TRANSACTION_OPERATIONS, Transaction};

/// A transaction in the making.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    transaction: Transaction,
    /// What it does not write, and must find as it was.
    rests_on: Vec<Vec<u8>>,
}

impl Batch {
    /// Writes a value.
    pub(crate) fn put(&mut self, key: Vec<u8>, value: &[u8]) {
        self.transaction
            .operations
            .insert(key, Some(value.to_vec()));
    }

    /// Writes a value as JSON.
    pub(crate) fn put_json(
        &mut self,
        key: Vec<u8>,
        value: &impl Serialize,
    ) -> Result<(), serde_json::Error> {
        self.put(key, &serde_json::to_vec(value)?);
        Ok(())
    }

    /// Refuses the transaction when a record that it does not write is not as in the snapshot.
    pub(crate) fn rest_on(&mut self, key: Vec<u8>) {
        self.rests_on.push(key);
    }

    /// Removes a record.
    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.transaction.operations.insert(key, None);
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.transaction.operations.is_empty()
    }

    /// Transactions of what no engine takes at once; one that is made is right without the others.
    pub(crate) fn split(
        self,
        snapshot: &dyn Snapshot,
        now: i64,
    ) -> Result<Vec<Transaction>, StoreError> {
        let mut operations = self.transaction.operations.into_iter().peekable();
        let mut transactions = Vec::new();
        while operations.peek().is_some() {
            let mut part = Self::default();
            part.transaction.operations =
                operations.by_ref().take(TRANSACTION_OPERATIONS).collect();
            transactions.push(part.on(snapshot, now)?);
        }
        Ok(transactions)
    }

    /// The transaction, to be refused when anything that it replaces is not as in the snapshot.
    /// Pieces of content are what their key says, whoever writes them.
    pub(crate) fn on(
        mut self,
        snapshot: &dyn Snapshot,
        now: i64,
    ) -> Result<Transaction, StoreError> {
        self.transaction.now = now;
        for (key, value) in &self.transaction.operations {
            // What is written once and has ended is ended for everyone who takes it out.
            let is_old = [key::REPLAY, key::KEPT].contains(&key::kind(key)) && value.is_none();
            // An event that is owed has an id that no other has; that something applies anew is said
            // by whoever changes it, beside others who do.
            let is_own = [key::CHUNK, key::OWED, key::APPLYING].contains(&key::kind(key));
            if is_own || is_old {
                continue;
            }
            self.transaction.compares.push(as_is(snapshot, key)?);
        }
        for key in &self.rests_on {
            self.transaction.compares.push(as_is(snapshot, key)?);
        }
        Ok(self.transaction)
    }
}

fn as_is(snapshot: &dyn Snapshot, key: &[u8]) -> Result<Compare, StoreError> {
    let modified = snapshot.get(key)?.map_or(0, |entry| entry.modified);
    let key = key.to_vec();
    Ok(Compare { key, modified })
}
