//! What readers see: immutable, only what is durable, and replaced whole after each commit.

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rpds::RedBlackTreeMapSync;

use super::shared::Shared;
use crate::error::StoreError;
use crate::store::{Cursor, Entry, PAGE_ENTRIES, Page, Range, Snapshot};
use crate::{key, record};

/// A value, when it is kept in memory, and the commit that wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) modified: u64,
    pub(crate) value: Option<Arc<[u8]>>,
}

impl Cell {
    /// What is kept of a value under a key.
    pub(crate) fn new(key: &[u8], modified: u64, value: &[u8]) -> Self {
        let on_disk = key::ON_DISK.contains(&key::kind(key));
        let value = (!on_disk).then(|| Arc::from(value));
        Self { modified, value }
    }
}

/// All live records of one commit, but those about the store itself.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) cursor: Cursor,
    /// The last commit of which an event is not kept any more.
    pub(crate) compacted: u64,
    /// The id of the store; empty before the first commit.
    pub(crate) store_id: Arc<str>,
    pub(crate) cells: RedBlackTreeMapSync<Arc<[u8]>, Cell>,
}

impl View {
    pub(crate) fn modified(&self, key: &[u8]) -> u64 {
        self.cells.get(key).map_or(0, |cell| cell.modified)
    }
}

/// Where the newest view is.
#[derive(Debug)]
pub(crate) struct Published(RwLock<Arc<View>>);

impl Published {
    pub(crate) fn new(view: View) -> Self {
        Self(RwLock::new(Arc::new(view)))
    }

    pub(crate) fn get(&self) -> Arc<View> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, view: View) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
    }
}

/// A view, and where values are that it does not hold.
#[derive(Debug)]
pub(crate) struct SledSnapshot {
    view: Arc<View>,
    shared: Arc<Shared>,
    place: PathBuf,
}

impl SledSnapshot {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            view: shared.published.get(),
            shared: Arc::clone(shared),
            place: shared.place.clone(),
        }
    }

    pub(crate) fn store_id(&self) -> &str {
        &self.view.store_id
    }

    pub(crate) fn compacted(&self) -> u64 {
        self.view.compacted
    }

    fn entry(&self, key: &[u8], cell: &Cell, with_value: bool) -> Result<Entry, StoreError> {
        let value = match &cell.value {
            _ if !with_value => Vec::new(),
            Some(value) => value.to_vec(),
            None => self.read(key)?,
        };
        Ok(Entry {
            key: key.to_vec(),
            value,
            modified: cell.modified,
        })
    }

    /// A value that is written once: what is on the disk is what the view is of.
    fn read(&self, key: &[u8]) -> Result<Vec<u8>, StoreError> {
        let sealed = self
            .shared
            .read(key)?
            .ok_or_else(|| StoreError::corrupt(&self.place, key::describe(key), "it is missing"))?;
        Ok(record::open(&self.place, key, &sealed)?.value.to_vec())
    }
}

impl Snapshot for SledSnapshot {
    fn place(&self) -> &Path {
        &self.place
    }

    fn cursor(&self) -> Cursor {
        self.view.cursor
    }

    fn get(&self, key: &[u8]) -> Result<Option<Entry>, StoreError> {
        let cell = self.view.cells.get(key);
        cell.map(|cell| self.entry(key, cell, true)).transpose()
    }

    fn range(&self, range: &Range) -> Result<Page, StoreError> {
        let end = range.end.as_deref();
        if end.is_some_and(|end| end <= range.start.as_slice()) {
            return Ok(Page::default());
        }
        let bounds = (
            Bound::Included(range.start.as_slice()),
            end.map_or(Bound::Unbounded, Bound::Excluded),
        );
        let mut found = self.view.cells.range::<[u8], _>(bounds);
        let limit = range.limit.min(PAGE_ENTRIES);
        let entries = found
            .by_ref()
            .take(limit)
            .map(|(key, cell)| self.entry(key, cell, !range.keys_only))
            .collect::<Result<_, _>>()?;
        let more = found.next().is_some();
        Ok(Page { entries, more })
    }
}
