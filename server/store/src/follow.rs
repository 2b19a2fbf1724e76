//! Changes of baselines as they come, each with what it makes the effective baseline. Revisions are
//! immutable and say which commit wrote them, so an old event is answered as it was.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use opsec_model::EffectiveBaseline;

use crate::baseline::{self, Head, State, StoredBaseline};
use crate::error::StoreError;
use crate::key;
use crate::scope::DEFAULT;
use crate::store::{Cursor, Event, Range, Snapshot, Store, Watch, WatchError, all};

/// A change of what a baseline comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineEvent {
    /// The baseline.
    pub name: String,
    /// Its newest revision.
    pub revision: i64,
    /// What that revision says.
    pub state: State,
    /// Digest of what applies over what it extends; a deleted one has none.
    pub effective_digest: Option<String>,
    /// Whether it was the change of `default`, which it extends, and not its own.
    pub inherited: bool,
    /// Where to go on from after this event. Between the events of one commit it is before them
    /// all, for a cursor names no part of a commit.
    pub cursor: Cursor,
}

/// Changes of baselines after a cursor.
#[derive(Debug)]
pub struct BaselineWatch {
    store: Arc<dyn Store>,
    watch: Box<dyn Watch>,
}

impl BaselineWatch {
    /// Follows a store.
    ///
    /// # Errors
    /// When what came after the cursor is not kept any more.
    pub fn new(store: Arc<dyn Store>, after: Cursor) -> Result<Self, WatchError> {
        let watch = store.watch(&[key::HEAD], after)?;
        Ok(Self { store, watch })
    }

    /// What came since, in the order of commits. Empty: nothing did.
    ///
    /// # Errors
    /// When what came is not kept any more, or the store failed.
    pub fn take(&mut self) -> Result<Vec<BaselineEvent>, WatchError> {
        let events = self.watch.take()?;
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let snapshot = self.store.snapshot()?;
        let epoch = self.watch.cursor().epoch;
        let mut told = Vec::new();
        for commit in events.chunk_by(|one, next| one.commit == next.commit) {
            let mut of_commit = Vec::new();
            for event in commit {
                of_commit.extend(tell(event, epoch, &*snapshot)?);
            }
            if let Some(last) = of_commit.last_mut() {
                last.cursor.commit += 1;
            }
            told.extend(of_commit);
        }
        Ok(told)
    }

    /// Up to where everything was taken.
    pub fn cursor(&self) -> Cursor {
        self.watch.cursor()
    }

    /// Waits for something to take; whether there may be.
    pub fn wait(&self, patience: Duration) -> bool {
        self.watch.wait(patience)
    }

    /// Ready when there may be something to take.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        self.watch.poll(context)
    }
}

/// A change, and those that it makes of baselines that extend what changed.
fn tell(
    event: &Event,
    epoch: u64,
    snapshot: &dyn Snapshot,
) -> Result<Vec<BaselineEvent>, StoreError> {
    let what = key::describe(&event.key);
    let damaged = |problem: &str| StoreError::corrupt(snapshot.place(), what.clone(), problem);
    let name = key::id_of(&event.key).ok_or_else(|| damaged("its name is no text"))?;
    let value = event.value.as_deref();
    let value = value.ok_or_else(|| damaged("it was removed, which no change does"))?;
    let head: Head = serde_json::from_slice(value).map_err(|error| damaged(&error.to_string()))?;
    let commit = event.commit;
    let cursor = Cursor {
        epoch,
        commit: commit.saturating_sub(1),
    };
    let stored = baseline::read(name, head, snapshot)?;
    let default = default_at(commit, snapshot)?;
    let digest = |stored: &StoredBaseline| effective(stored, default.as_ref(), snapshot);
    let (revision, state) = head.newest();
    let mut told = vec![BaselineEvent {
        name: name.to_owned(),
        revision,
        state,
        effective_digest: stored.as_ref().map(digest).transpose()?,
        inherited: false,
        cursor,
    }];
    if name != DEFAULT || !state.is_decided() {
        return Ok(told);
    }
    for child in names(snapshot)? {
        let Some(stored) = live_at(&child, commit, snapshot)? else {
            continue;
        };
        if child != DEFAULT && stored.baseline.spec.extends.is_some() {
            told.push(BaselineEvent {
                effective_digest: Some(digest(&stored)?),
                name: child,
                revision: stored.revision,
                state: State::Approved,
                inherited: true,
                cursor,
            });
        }
    }
    Ok(told)
}

fn effective(
    stored: &StoredBaseline,
    default: Option<&StoredBaseline>,
    snapshot: &dyn Snapshot,
) -> Result<String, StoreError> {
    let default = default.map(|default| &default.baseline);
    EffectiveBaseline::new(&stored.baseline, stored.revision, false, default)
        .map(|effective| effective.digest)
        .map_err(|error| {
            let what = key::describe(&key::head(stored.name()));
            StoreError::corrupt(snapshot.place(), what, error.to_string())
        })
}

fn default_at(commit: u64, snapshot: &dyn Snapshot) -> Result<Option<StoredBaseline>, StoreError> {
    live_at(DEFAULT, commit, snapshot)
}

fn live_at(
    name: &str,
    commit: u64,
    snapshot: &dyn Snapshot,
) -> Result<Option<StoredBaseline>, StoreError> {
    baseline::applied_at(name, commit, snapshot)
}

fn names(snapshot: &dyn Snapshot) -> Result<BTreeSet<String>, StoreError> {
    let heads = all(snapshot, Range::prefix(&[key::HEAD]).keys_only())?;
    let names = heads.iter().filter_map(|entry| key::id_of(&entry.key));
    Ok(names.map(str::to_owned).collect())
}
