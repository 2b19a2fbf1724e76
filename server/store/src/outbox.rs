//! Events that changes owe to an audit. Each is a record of the transaction of its own change, so that
//! no change is there without it, and goes once the event stands elsewhere. Whoever writes the audit
//! finds here what it did not write when the process ended in between.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::key;
use crate::store::{Range, Snapshot, TRANSACTION_OPERATIONS, Transaction, all};

/// The most bytes of a text of an event.
pub const TEXT: usize = 256;

/// What a change owes: who made it, and what it was. No content is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owed {
    /// By what the event is known: no other ever has it.
    pub id: String,
    /// When: milliseconds since 1970, UTC.
    pub at: i64,
    /// The RPC.
    pub method: String,
    /// Who made it.
    pub subject: String,
    /// Who vouched for that.
    pub authenticator: String,
    /// From where.
    pub peer: String,
    /// The caller's own id of the request.
    pub request_id: String,
    /// What it was about, as far as it is known before.
    pub about: About,
}

/// What a change was about; what is empty is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct About {
    /// The cluster by id.
    pub cluster: String,
    /// The operator.
    pub operator: String,
    /// What was changed or made, as in `baselines/NAME`.
    pub resource: String,
    /// Its revision.
    pub revision: i64,
    /// Digest of the request, or of the facts that were judged.
    pub input_digest: String,
    /// The etag that the change was made on.
    pub etag_before: String,
    /// Digest of what was judged by.
    pub effective_digest: String,
    /// What it came to.
    pub result: String,
}

/// An event that is owed, and the commit of its change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The event.
    pub owed: Owed,
    /// The commit.
    pub commit: u64,
}

impl Owed {
    /// Puts it into the batch of its change.
    pub(crate) fn put(&self, about: About, batch: &mut Batch) -> Result<(), StoreError> {
        let owed = Self {
            about: about.or(&self.about).cut(),
            subject: cut(&self.subject),
            ..self.clone()
        };
        let key = key::owed(&self.id);
        let what = key::describe(&key);
        batch
            .put_json(key, &owed)
            .map_err(|error| StoreError::corrupt(std::path::Path::new(""), what, error.to_string()))
    }
}

impl About {
    /// The same with what another one knows and it does not.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let or = |own: String, other: &String| if own.is_empty() { other.clone() } else { own };
        Self {
            cluster: or(self.cluster, &other.cluster),
            operator: or(self.operator, &other.operator),
            resource: or(self.resource, &other.resource),
            revision: if self.revision == 0 {
                other.revision
            } else {
                self.revision
            },
            input_digest: or(self.input_digest, &other.input_digest),
            etag_before: or(self.etag_before, &other.etag_before),
            effective_digest: or(self.effective_digest, &other.effective_digest),
            result: or(self.result, &other.result),
        }
    }

    fn cut(self) -> Self {
        Self {
            cluster: cut(&self.cluster),
            operator: cut(&self.operator),
            resource: cut(&self.resource),
            etag_before: cut(&self.etag_before),
            result: cut(&self.result),
            ..self
        }
    }
}

/// A text of at most [`TEXT`] bytes.
pub fn cut(text: &str) -> String {
    let mut end = text.len().min(TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// All events that are owed.
///
/// # Errors
/// When one is damaged.
pub fn rows(snapshot: &dyn Snapshot) -> Result<Vec<Row>, StoreError> {
    read(snapshot, Range::prefix(&[key::OWED]))
}

/// The events that one call owes: its own id, or that and the number of an item.
///
/// # Errors
/// When one is damaged.
pub fn rows_of(snapshot: &dyn Snapshot, call: &str) -> Result<Vec<Row>, StoreError> {
    read(snapshot, Range::prefix(&key::owed_by(call)))
}

fn read(snapshot: &dyn Snapshot, range: Range) -> Result<Vec<Row>, StoreError> {
    let rows = all(snapshot, range)?.into_iter().map(|entry| {
        let owed = serde_json::from_slice(&entry.value).map_err(|error| {
            let what = key::describe(&entry.key);
            StoreError::corrupt(snapshot.place(), what, error.to_string())
        })?;
        let commit = entry.modified;
        Ok(Row { owed, commit })
    });
    rows.collect()
}

/// Transactions that take out what stands elsewhere by now.
pub fn settled<'a>(ids: impl IntoIterator<Item = &'a str>, now: i64) -> Vec<Transaction> {
    let keys: Vec<Vec<u8>> = ids.into_iter().map(key::owed).collect();
    let transaction = |keys: &[Vec<u8>]| Transaction {
        now,
        compares: Vec::new(),
        operations: keys.iter().map(|key| (key.clone(), None)).collect(),
    };
    keys.chunks(TRANSACTION_OPERATIONS)
        .map(transaction)
        .collect()
}
