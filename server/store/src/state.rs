//! Everything that a store says, in memory: read once, under the lock, and complete.

use std::collections::BTreeMap;
use std::path::Path;

use crate::baseline::{self, Head, State, StoredBaseline};
use crate::error::StoreError;
use crate::key;
use crate::location::StoreLocation;
use crate::scope::Scope;
use crate::session::{Records, Session};

/// The baselines of a store at one moment. The empty value is a store that is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baselines {
    entries: BTreeMap<String, Entry>,
}

/// A baseline, deleted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    revision: i64,
    live: Option<StoredBaseline>,
}

impl Baselines {
    /// Reads all baselines: waits for the lock, opens, reads, closes. A store that is absent is
    /// not created and holds none.
    ///
    /// # Errors
    /// When the store is there and cannot be read whole.
    pub fn load(location: &StoreLocation) -> Result<Self, StoreError> {
        if !location.exists()? {
            return Ok(Self::default());
        }
        let session = Session::open(location)?;
        Self::from_records(&location.store(), session.records())
    }

    /// The baseline of that name.
    pub fn get(&self, name: &str) -> Option<&StoredBaseline> {
        self.entries.get(name)?.live.as_ref()
    }

    /// All baselines, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &StoredBaseline> {
        self.entries
            .values()
            .filter_map(|entry| entry.live.as_ref())
    }

    /// The newest revision of a name, a deletion included; 0 when there never was one.
    pub(crate) fn newest(&self, name: &str) -> i64 {
        self.entries.get(name).map_or(0, |entry| entry.revision)
    }

    /// What baselines are for, and which one.
    pub(crate) fn claims(&self) -> BTreeMap<Scope, &StoredBaseline> {
        self.iter()
            .flat_map(|stored| {
                Scope::all_of(&stored.baseline)
                    .into_iter()
                    .map(move |scope| (scope, stored))
            })
            .collect()
    }

    pub(crate) fn from_records(store: &Path, records: &Records) -> Result<Self, StoreError> {
        let mut entries = BTreeMap::new();
        for (key, payload) in records.range(vec![key::HEAD]..vec![key::HEAD + 1]) {
            let damaged = |problem: String| StoreError::corrupt(store, key::describe(key), problem);
            let name = key
                .get(1..key.len().saturating_sub(1))
                .and_then(|name| std::str::from_utf8(name).ok())
                .ok_or_else(|| damaged("its name is no text".to_owned()))?;
            let head: Head =
                serde_json::from_slice(payload).map_err(|error| damaged(error.to_string()))?;
            let live = baseline::read(store, name, head, records)?;
            entries.insert(
                name.to_owned(),
                Entry {
                    revision: head.revision,
                    live,
                },
            );
        }
        let baselines = Self { entries };
        baselines.check_revisions(store, records)?;
        baselines.check_claims(store, records)?;
        Ok(baselines)
    }

    /// A revision without its baseline's head, or newer than it, would be a lost baseline.
    fn check_revisions(&self, store: &Path, records: &Records) -> Result<(), StoreError> {
        for key in records
            .range(vec![key::REVISION]..vec![key::REVISION + 1])
            .map(|(key, _)| key)
        {
            let name = key
                .get(1..)
                .and_then(|rest| rest.split(|&byte| byte == 0).next());
            let revision = key.last_chunk().map(|bytes| i64::from_be_bytes(*bytes));
            let newest = name
                .and_then(|name| std::str::from_utf8(name).ok())
                .map_or(0, |name| self.newest(name));
            if revision.is_none_or(|revision| revision > newest) {
                let problem = "its baseline's head does not know it";
                return Err(StoreError::corrupt(store, key::describe(key), problem));
            }
        }
        Ok(())
    }

    fn check_claims(&self, store: &Path, records: &Records) -> Result<(), StoreError> {
        let expected: BTreeMap<Vec<u8>, Vec<u8>> = self
            .claims()
            .into_iter()
            .map(|(scope, stored)| (key::scope(&scope), stored.name().as_bytes().to_vec()))
            .collect();
        let found = records.range(vec![key::SCOPE]..vec![key::SCOPE + 1]);
        let found: BTreeMap<_, _> = found.map(|(k, v)| (k.clone(), v.clone())).collect();
        let differing = expected
            .iter()
            .chain(&found)
            .find(|(key, _)| expected.get(*key) != found.get(*key));
        differing.map_or(Ok(()), |(key, _)| {
            let problem = "it is not what the baselines say";
            Err(StoreError::corrupt(store, key::describe(key), problem))
        })
    }

    pub(crate) fn put(&mut self, stored: StoredBaseline) {
        let entry = Entry {
            revision: stored.revision,
            live: Some(stored.clone()),
        };
        self.entries.insert(stored.name().to_owned(), entry);
    }

    pub(crate) fn bury(&mut self, name: &str, revision: i64) {
        self.entries.insert(
            name.to_owned(),
            Entry {
                revision,
                live: None,
            },
        );
    }

    /// The etag of a name that is there.
    pub(crate) fn etag(&self, name: &str) -> Option<String> {
        let entry = self.entries.get(name)?;
        let state = if entry.live.is_some() {
            State::Approved
        } else {
            State::Tombstone
        };
        Some(baseline::etag(name, entry.revision, state))
    }
}
