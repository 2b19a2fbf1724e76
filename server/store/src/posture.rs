//! Postures: the latest recorded check of an operator on a cluster, one for each way in which the
//! facts were collected, for one that the service collected is worth more than a caller's word.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::kept::Kept;
use crate::key;
use crate::outbox::{About, Owed};
use crate::store::{Event, Range, Snapshot, Store, Verdict};

/// How often a change is planned again; each time another one was made meanwhile.
const ATTEMPTS: usize = 64;

/// Who collected the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CollectionMode {
    /// The caller says so.
    ClientAsserted,
    /// The service read the API server itself.
    ServerCollected,
}

impl CollectionMode {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientAsserted => "CLIENT_ASSERTED",
            Self::ServerCollected => "SERVER_COLLECTED",
        }
    }
}

/// A revision of a baseline, by name, number and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionRef {
    /// The name.
    pub name: String,
    /// The revision; 0 is the built-in.
    pub revision: i64,
    /// Its digest.
    pub digest: String,
}

/// What was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedBy {
    /// The baseline.
    pub baseline: RevisionRef,
    /// What it extends.
    pub parent: RevisionRef,
    /// Digest of both together: what is compared.
    pub effective_digest: String,
}

/// The latest recorded check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posture {
    /// UID of the cluster.
    pub cluster_uid: String,
    /// The operator, as `NAMESPACE~NAME`.
    pub operator: String,
    /// Who collected the facts.
    pub mode: CollectionMode,
    /// When they were read: milliseconds since 1970, UTC.
    pub gathered_at: i64,
    /// When the check was recorded.
    pub recorded_at: i64,
    /// Digest of the snapshot.
    pub snapshot_digest: String,
    /// Digest of its facts alone: equal ones are unchanged.
    pub facts_digest: String,
    /// What was judged by.
    pub judged_by: JudgedBy,
    /// The check.
    pub check_id: String,
    /// What it came to, in a word.
    pub status: String,
    /// Since when it comes to that, as far as it was recorded without a break.
    pub status_since: i64,
    /// The result, as whoever records it writes it; at most 60 KiB.
    pub result: String,
}

/// Records a posture; whether it is newer than the one that is there, which else stays. Since when
/// its status holds is taken over from that one. What can be attested of the check is kept with it, newer
/// or not. Checks that record several owe one event, which each of them writes.
///
/// # Errors
/// When the store failed, or the result is too large.
pub fn record(
    store: &dyn Store,
    posture: &Posture,
    kept: Option<&Kept>,
    owed: Option<&(Owed, About)>,
) -> Result<bool, StoreError> {
    let key = key_of(posture);
    for _ in 0..ATTEMPTS {
        let snapshot = store.snapshot()?;
        let mut recorded = posture.clone();
        let mut newer = true;
        if let Some(entry) = snapshot.get(&key)? {
            let known = decode(&*snapshot, &key, &entry.value)?;
            newer = posture.gathered_at > known.gathered_at;
            if !newer && kept.is_none() {
                return Ok(false);
            }
            if known.status == posture.status {
                recorded.status_since = known.status_since;
            }
        }
        let mut batch = Batch::default();
        if newer {
            batch.put_json(key.clone(), &recorded).map_err(|error| {
                StoreError::corrupt(snapshot.place(), key::describe(&key), error.to_string())
            })?;
        }
        if let Some(kept) = kept {
            kept.put(&*snapshot, &mut batch)?;
        }
        if let Some((owed, about)) = owed {
            owed.put(about.clone(), &mut batch)?;
        }
        let transaction = batch.on(&*snapshot, posture.recorded_at)?;
        if let Verdict::Committed(_) = store.transact(transaction).wait()? {
            return Ok(newer);
        }
    }
    Err(StoreError::Overloaded)
}

/// The posture of an operator: what the service collected, when there is that.
///
/// # Errors
/// When it is damaged.
pub fn get(
    snapshot: &dyn Snapshot,
    cluster_uid: &str,
    operator: &str,
) -> Result<Option<Posture>, StoreError> {
    for mode in [
        CollectionMode::ServerCollected,
        CollectionMode::ClientAsserted,
    ] {
        let key = key::posture(cluster_uid, operator, mode.as_str());
        if let Some(entry) = snapshot.get(&key)? {
            return decode(snapshot, &key, &entry.value).map(Some);
        }
    }
    Ok(None)
}

/// Postures after one, in the order of clusters, operators and modes, both modes beside each
/// other; at most `limit`.
///
/// # Errors
/// When one is damaged.
pub fn list(
    snapshot: &dyn Snapshot,
    after: Option<&Posture>,
    limit: usize,
) -> Result<Vec<Posture>, StoreError> {
    let mut range = Range::prefix(&[key::POSTURE]).limit(limit);
    if let Some(after) = after {
        range = range.after(&key_of(after));
    }
    let entries = snapshot.range(&range)?.entries.into_iter();
    entries
        .map(|entry| decode(snapshot, &entry.key, &entry.value))
        .collect()
}

fn key_of(posture: &Posture) -> Vec<u8> {
    key::posture(
        &posture.cluster_uid,
        &posture.operator,
        posture.mode.as_str(),
    )
}

fn decode(snapshot: &dyn Snapshot, key: &[u8], value: &[u8]) -> Result<Posture, StoreError> {
    serde_json::from_slice(value).map_err(|error| {
        StoreError::corrupt(snapshot.place(), key::describe(key), error.to_string())
    })
}

/// The posture that an event is of; absent when it was removed.
///
/// # Errors
/// When it is damaged.
pub fn of_event(event: &Event, snapshot: &dyn Snapshot) -> Result<Option<Posture>, StoreError> {
    let value = event.value.as_deref();
    value
        .map(|value| decode(snapshot, &event.key, value))
        .transpose()
}
