//! All baselines at one commit, in memory and complete, with what they are for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::baseline::{self, Head, State, StoredBaseline};
use crate::error::StoreError;
use crate::key;
use crate::location::StoreLocation;
use crate::scope::Scope;
use crate::sled_store::SledStore;
use crate::store::{Cursor, Range, Snapshot, Store as _, all};

/// The baselines of a store at one commit. The empty value is a store that is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baselines {
    cursor: Cursor,
    entries: BTreeMap<String, Entry>,
    /// What baselines are for, and which one.
    claims: BTreeMap<Scope, Arc<StoredBaseline>>,
}

/// A baseline, deleted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    head: Head,
    live: Option<Arc<StoredBaseline>>,
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
        Self::read(&*SledStore::open(location)?.snapshot()?)
    }

    /// Reads all baselines of a snapshot.
    ///
    /// # Errors
    /// When one of them cannot be read whole.
    pub fn read(snapshot: &dyn Snapshot) -> Result<Self, StoreError> {
        let mut baselines = Self::default();
        for entry in all(snapshot, Range::prefix(&[key::HEAD]))? {
            let name = key::id_of(&entry.key).ok_or_else(|| {
                let what = key::describe(&entry.key);
                StoreError::corrupt(snapshot.place(), what, "its name is no text")
            })?;
            baselines.refresh(name, snapshot)?;
        }
        baselines.check_revisions(snapshot)?;
        baselines.check_claims(snapshot)?;
        baselines.cursor = snapshot.cursor();
        Ok(baselines)
    }

    /// The position that they are of.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The baseline of that name.
    pub fn get(&self, name: &str) -> Option<&StoredBaseline> {
        self.entries.get(name)?.live.as_deref()
    }

    /// All baselines, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &StoredBaseline> {
        self.entries
            .values()
            .filter_map(|entry| entry.live.as_deref())
    }

    /// The newest revision of a name, deletions and proposals included; 0 when there never was one.
    pub(crate) fn newest(&self, name: &str) -> i64 {
        self.head(name).map_or(0, |head| head.newest().0)
    }

    /// The revision of a name that awaits approval.
    pub fn proposed(&self, name: &str) -> Option<i64> {
        let (revision, state) = self.head(name)?.newest();
        (state == State::Proposed).then_some(revision)
    }

    pub(crate) fn head(&self, name: &str) -> Option<Head> {
        self.entries.get(name).map(|entry| entry.head)
    }

    /// What baselines are for, and which one.
    pub(crate) fn claims(&self) -> &BTreeMap<Scope, Arc<StoredBaseline>> {
        &self.claims
    }

    /// The same with some names read again.
    pub(crate) fn refreshed(
        &self,
        names: impl IntoIterator<Item = String>,
        snapshot: &dyn Snapshot,
    ) -> Result<Self, StoreError> {
        let mut next = self.clone();
        for name in names {
            next.refresh(&name, snapshot)?;
        }
        next.cursor = snapshot.cursor();
        Ok(next)
    }

    fn refresh(&mut self, name: &str, snapshot: &dyn Snapshot) -> Result<(), StoreError> {
        let key = key::head(name);
        let Some(entry) = snapshot.get(&key)? else {
            return Ok(());
        };
        let head: Head = serde_json::from_slice(&entry.value).map_err(|error| {
            StoreError::corrupt(snapshot.place(), key::describe(&key), error.to_string())
        })?;
        match baseline::read(name, head, snapshot)? {
            Some(stored) => self.put(stored, head),
            None => self.bury(name, head),
        }
        Ok(())
    }

    /// A revision without its baseline's head, or newer than it, would be a lost baseline.
    fn check_revisions(&self, snapshot: &dyn Snapshot) -> Result<(), StoreError> {
        for entry in all(snapshot, Range::prefix(&[key::REVISION]).keys_only())? {
            let known = key::revision_of(&entry.key)
                .is_some_and(|(name, revision)| revision <= self.newest(name));
            if !known {
                let (what, problem) = (
                    key::describe(&entry.key),
                    "its baseline's head does not know it",
                );
                return Err(StoreError::corrupt(snapshot.place(), what, problem));
            }
        }
        Ok(())
    }

    fn check_claims(&self, snapshot: &dyn Snapshot) -> Result<(), StoreError> {
        let (expected, found) = (self.claim_records(), claim_records_of(snapshot)?);
        let differing = expected
            .iter()
            .chain(&found)
            .find(|(key, _)| expected.get(*key) != found.get(*key));
        differing.map_or(Ok(()), |(key, _)| {
            let problem = "it is not what the baselines say";
            Err(StoreError::corrupt(
                snapshot.place(),
                key::describe(key),
                problem,
            ))
        })
    }

    /// The records that say what the baselines are for.
    pub(crate) fn claim_records(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let record = |(scope, stored): (&Scope, &Arc<StoredBaseline>)| {
            (key::scope(scope), stored.name().as_bytes().to_vec())
        };
        self.claims.iter().map(record).collect()
    }

    pub(crate) fn put(&mut self, stored: StoredBaseline, head: Head) {
        let name = stored.name().to_owned();
        let stored = Arc::new(stored);
        self.unclaim(&name);
        for scope in Scope::all_of(&stored.baseline) {
            self.claims.insert(scope, Arc::clone(&stored));
        }
        let live = Some(stored);
        self.entries.insert(name, Entry { head, live });
    }

    pub(crate) fn bury(&mut self, name: &str, head: Head) {
        self.unclaim(name);
        let live = None;
        self.entries.insert(name.to_owned(), Entry { head, live });
    }

    /// The same with another newest revision, which changes nothing that applies.
    pub(crate) fn set_head(&mut self, name: &str, head: Head) {
        let live = self.entries.get(name).and_then(|entry| entry.live.clone());
        self.entries.insert(name.to_owned(), Entry { head, live });
    }

    fn unclaim(&mut self, name: &str) {
        let scopes = self.get(name).map(|old| Scope::all_of(&old.baseline));
        for scope in scopes.unwrap_or_default() {
            if self
                .claims
                .get(&scope)
                .is_some_and(|holder| holder.name() == name)
            {
                self.claims.remove(&scope);
            }
        }
    }

    /// Names the state of a baseline, proposals included.
    pub fn etag(&self, name: &str) -> Option<String> {
        let (revision, state) = self.head(name)?.newest();
        Some(baseline::etag(name, revision, state))
    }
}

/// The records of claims that are there.
pub(crate) fn claim_records_of(
    snapshot: &dyn Snapshot,
) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
    let entries = all(snapshot, Range::prefix(&[key::SCOPE]))?;
    Ok(entries
        .into_iter()
        .map(|entry| (entry.key, entry.value))
        .collect())
}
