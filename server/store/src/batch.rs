//! What one commit writes and removes, before it is written.

use std::collections::BTreeMap;

use serde::Serialize;

/// Payloads by key; absent is removed.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    operations: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Batch {
    /// Writes a payload.
    pub(crate) fn put(&mut self, key: Vec<u8>, payload: &[u8]) {
        self.operations.insert(key, Some(payload.to_vec()));
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

    /// Removes a record.
    pub(crate) fn remove(&mut self, key: Vec<u8>) {
        self.operations.insert(key, None);
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// All of it, in the order of the keys.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.operations
            .iter()
            .map(|(key, payload)| (key.as_slice(), payload.as_deref()))
    }
}
