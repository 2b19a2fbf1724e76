//! What a store is, whichever engine it runs on: a map of keys to values under one counter of
//! commits, shaped like an etcd transaction. Nothing above these traits knows the engine.
//!
//! Values carry the commit that wrote them. A change is planned on a [`Snapshot`], names in its
//! compares what it was planned on, and is refused whole when any of that changed meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::StoreError;
use crate::pending::Pending;

/// The most compares, and the most operations, of one transaction: etcd's default is 128.
pub const TRANSACTION_OPERATIONS: usize = 100;

/// The most bytes of keys and values of one transaction: etcd's default is 1.5 MiB.
pub const TRANSACTION_BYTES: usize = 1 << 20;

/// The most bytes of one value: larger ones leave sled's log for files that it never syncs.
pub const VALUE_BYTES: usize = 64 << 10;

/// The most entries of one page.
pub const PAGE_ENTRIES: usize = 1_000;

/// A position in the history of a store. The epoch changes when history does not go on from what
/// was read: at an import, and when a loss is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// Which history.
    pub epoch: u64,
    /// The last commit that was seen.
    pub commit: u64,
}

/// A value, and the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// The commit that wrote it; never 0.
    pub modified: u64,
}

/// Keys from `start`, and before `end`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first key.
    pub start: Vec<u8>,
    /// The first key that is not meant any more; absent: to the end.
    pub end: Option<Vec<u8>>,
    /// The most entries; more than [`PAGE_ENTRIES`] are never given.
    pub limit: usize,
    /// Whether values are left out.
    pub keys_only: bool,
}

impl Range {
    /// All keys that begin so.
    pub fn prefix(prefix: &[u8]) -> Self {
        Self {
            start: prefix.to_vec(),
            end: end_of(prefix),
            limit: PAGE_ENTRIES,
            keys_only: false,
        }
    }

    /// The same without values.
    #[must_use]
    pub fn keys_only(self) -> Self {
        let keys_only = true;
        Self { keys_only, ..self }
    }

    /// The same, after a key: the next page.
    #[must_use]
    pub fn after(mut self, key: &[u8]) -> Self {
        let mut next = key.to_vec();
        next.push(0);
        self.start = self.start.max(next);
        self
    }

    /// The same with at most so many entries.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// The first key after all that begin so.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// One page of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Entries in the order of their keys.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub more: bool,
}

/// A condition of a transaction: the commit that wrote a key, 0 when it is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compare {
    /// The key.
    pub key: Vec<u8>,
    /// The commit.
    pub modified: u64,
}

/// What is written together, or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Milliseconds since 1970, UTC: how long its events are kept is counted from here.
    pub now: i64,
    /// What must hold.
    pub compares: Vec<Compare>,
    /// Values by key; absent is removed.
    pub operations: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Transaction {
    /// Bytes of its keys and values.
    pub fn bytes(&self) -> usize {
        let one = |(key, value): (&Vec<u8>, &Option<Vec<u8>>)| {
            key.len() + value.as_ref().map_or(0, Vec::len)
        };
        self.operations.iter().map(one).sum()
    }

    /// Which limit it breaks, if any.
    pub fn breaks(&self) -> Option<String> {
        let count = self.operations.len().max(self.compares.len());
        if count > TRANSACTION_OPERATIONS {
            return Some(format!(
                "{count} keys; the limit is {TRANSACTION_OPERATIONS}"
            ));
        }
        if self.bytes() > TRANSACTION_BYTES {
            let bytes = self.bytes();
            return Some(format!("{bytes} bytes; the limit is {TRANSACTION_BYTES}"));
        }
        let longest = self.operations.values().flatten().map(Vec::len).max();
        longest
            .filter(|&longest| longest > VALUE_BYTES)
            .map(|longest| format!("a value of {longest} bytes; the limit is {VALUE_BYTES}"))
    }
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable, and every reader sees it.
    Committed(u64),
    /// A compare failed; nothing was changed. The next snapshot shows why.
    Refused,
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The commit that made it.
    pub commit: u64,
    /// The key.
    pub key: Vec<u8>,
    /// The new value; absent: it was removed.
    pub value: Option<Vec<u8>>,
}

/// Why a watch cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// What came after the cursor is not kept any more, or is of another epoch.
    #[error("what came after the cursor is not kept any more; list again, and watch from there")]
    CursorExpired,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WatchError {
    /// The reason that the service gives.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::Store(error) => error.reason(),
        }
    }
}

/// A store.
pub trait Store: fmt::Debug + Send + Sync {
    /// Names the store, in exports; empty before the first commit.
    fn id(&self) -> String;

    /// Everything that is durable now. Who was answered by [`Store::transact`] sees it in the
    /// next one.
    ///
    /// # Errors
    /// When the store failed.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError>;

    /// Queues a transaction. It is made even when nobody waits for the answer.
    fn transact(&self, transaction: Transaction) -> Pending;

    /// Every change of keys that begin so, after a cursor, in the order of commits. The kinds
    /// whose changes are kept are [`crate::key::LOGGED`].
    ///
    /// # Errors
    /// When what came after the cursor is not kept.
    fn watch(&self, prefix: &[u8], after: Cursor) -> Result<Box<dyn Watch>, WatchError>;
}

/// A store at one commit; it never changes.
pub trait Snapshot: fmt::Debug + Send + Sync {
    /// Where the store is, for what is said of it.
    fn place(&self) -> &Path;

    /// The commit.
    fn cursor(&self) -> Cursor;

    /// One value.
    ///
    /// # Errors
    /// When it is damaged.
    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError>;

    /// A page of values.
    ///
    /// # Errors
    /// When one is damaged.
    fn range(&self, range: &Range) -> Result<Page, StoreError>;
}

/// Changes as they come.
pub trait Watch: fmt::Debug + Send + Sync {
    /// What came since; commits are never split. Empty: nothing did.
    ///
    /// # Errors
    /// When what came is not kept any more.
    fn take(&mut self) -> Result<Vec<Event>, WatchError>;

    /// Up to where everything was taken.
    fn cursor(&self) -> Cursor;

    /// Waits for a commit that was not taken; whether there is one, or the store failed.
    fn wait(&self, patience: Duration) -> bool;

    /// Ready when there is a commit that was not taken, or the store failed.
    fn poll(&self, context: &mut Context<'_>) -> Poll<()>;
}

/// All entries of a range, page by page.
///
/// # Errors
/// When one is damaged.
pub fn all(snapshot: &dyn Snapshot, mut range: Range) -> Result<Vec<Entry>, StoreError> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let page = snapshot.range(&range)?;
        entries.extend(page.entries);
        match entries.last() {
            Some(last) if page.more => range = range.after(&last.key),
            _ => return Ok(entries),
        }
    }
}
