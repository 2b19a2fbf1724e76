//! Clusters that are known: their id is what baselines name, their UID is what a snapshot says.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blob::{digest, hex};
use crate::change::ChangeContext;
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::outbox::About;
use crate::replay::Answer;
use crate::store::{Range, Snapshot, Store, Verdict};

/// How often a change is planned again; each time another one was made meanwhile.
const ATTEMPTS: usize = 64;

/// The most labels of a cluster.
const LABELS: usize = 64;

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its id; lower-case letters, digits and `-`, at most 63.
    pub id: String,
    /// UID of its `kube-system` namespace; it never changes, and no two clusters have one.
    pub uid: String,
    /// What it is called and grouped by.
    pub labels: BTreeMap<String, String>,
    /// Changes, from 1.
    pub generation: i64,
    /// When it was registered: milliseconds since 1970, UTC.
    #[serde(default)]
    pub created_at: i64,
}

/// Why a change of a cluster is refused.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request was sent before, and was another one; or too many were.
    #[error(transparent)]
    Replay(ChangeError),
    /// An id or UID is none.
    #[error("{field}: {message}")]
    Name {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A cluster of that id is there.
    #[error("cluster `{id}` exists; update it instead")]
    Exists {
        /// The id.
        id: String,
    },
    /// Another cluster has that UID.
    #[error("cluster `{by}` has the UID `{uid}` already; a cluster is registered once")]
    UidClaimed {
        /// The UID.
        uid: String,
        /// The other cluster.
        by: String,
    },
    /// There is none.
    #[error("there is no cluster `{id}`")]
    NotFound {
        /// The id.
        id: String,
    },
    /// A change names no state.
    #[error("a change of cluster `{id}` needs the etag that was read with it")]
    EtagRequired {
        /// The id.
        id: String,
    },
    /// It was changed since it was read.
    #[error("cluster `{id}` was changed meanwhile; read it again")]
    EtagStale {
        /// The id.
        id: String,
    },
}

impl ClusterError {
    /// The reason that the service gives.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Store(error) => error.reason(),
            Self::Replay(error) => error.reason(),
            Self::Name { .. } => "NAME_INVALID",
            Self::Exists { .. } => "CLUSTER_EXISTS",
            Self::UidClaimed { .. } => "CLUSTER_UID_CLAIMED",
            Self::NotFound { .. } => "CLUSTER_NOT_FOUND",
            Self::EtagRequired { .. } => "ETAG_REQUIRED",
            Self::EtagStale { .. } => "ETAG_STALE",
        }
    }
}

impl Cluster {
    /// Names this state.
    pub fn etag(&self) -> String {
        let text = format!("cluster\0{}\0{}\0{}", self.id, self.uid, self.generation);
        hex(digest(text.as_bytes()).get(..16).unwrap_or_default())
    }
}

/// Registers a cluster.
///
/// # Errors
/// When its id or UID is none or taken, or the store failed.
pub fn create(
    store: &dyn Store,
    id: &str,
    uid: &str,
    labels: BTreeMap<String, String>,
    context: &ChangeContext,
) -> Result<Cluster, ClusterError> {
    check_names(id, uid)?;
    check_labels(&labels)?;
    let cluster = Cluster {
        id: id.to_owned(),
        uid: uid.to_owned(),
        labels,
        generation: 1,
        created_at: context.now,
    };
    change(store, context, (id, ""), |snapshot, batch| {
        if get(snapshot, id)?.is_some() {
            return Err(ClusterError::Exists { id: id.to_owned() });
        }
        if let Some(other) = of_uid(snapshot, uid)? {
            let (uid, by) = (uid.to_owned(), other.id);
            return Err(ClusterError::UidClaimed { uid, by });
        }
        batch.put(key::cluster_uid(uid), id.as_bytes());
        put(snapshot, &cluster, batch)?;
        Ok(cluster.clone())
    })
}

/// Changes the labels of a cluster.
///
/// # Errors
/// When there is none, it was changed meanwhile, or the store failed.
pub fn update(
    store: &dyn Store,
    id: &str,
    labels: &BTreeMap<String, String>,
    etag: &str,
    context: &ChangeContext,
) -> Result<Cluster, ClusterError> {
    check_labels(labels)?;
    change(store, context, (id, etag), |snapshot, batch| {
        let existing = current(snapshot, id, etag)?;
        if existing.labels == *labels {
            return Ok(existing);
        }
        let cluster = Cluster {
            labels: labels.clone(),
            generation: existing.generation + 1,
            ..existing
        };
        put(snapshot, &cluster, batch)?;
        Ok(cluster)
    })
}

/// Forgets a cluster.
///
/// # Errors
/// When there is none, it was changed meanwhile, or the store failed.
pub fn delete(
    store: &dyn Store,
    id: &str,
    etag: &str,
    context: &ChangeContext,
) -> Result<(), ClusterError> {
    change(store, context, (id, etag), |snapshot, batch| {
        let existing = current(snapshot, id, etag)?;
        batch.remove(key::cluster(id));
        batch.remove(key::cluster_uid(&existing.uid));
        Ok(())
    })
}

/// A cluster by its id.
///
/// # Errors
/// When it is damaged.
pub fn get(snapshot: &dyn Snapshot, id: &str) -> Result<Option<Cluster>, StoreError> {
    let key = key::cluster(id);
    let found = snapshot.get(&key)?;
    found
        .map(|entry| decode(snapshot, &key, &entry.value))
        .transpose()
}

/// A cluster by its UID, as a snapshot of it says.
///
/// # Errors
/// When it is damaged.
pub fn of_uid(snapshot: &dyn Snapshot, uid: &str) -> Result<Option<Cluster>, StoreError> {
    let key = key::cluster_uid(uid);
    let Some(entry) = snapshot.get(&key)? else {
        return Ok(None);
    };
    let damaged =
        |problem: &str| StoreError::corrupt(snapshot.place(), key::describe(&key), problem);
    let id = std::str::from_utf8(&entry.value).map_err(|_| damaged("its id is no text"))?;
    let cluster = get(snapshot, id)?.filter(|cluster| cluster.uid == uid);
    cluster
        .map(Some)
        .ok_or_else(|| damaged("the cluster that it names is not there"))
}

/// Clusters after an id, in the order of their ids; at most `limit`.
///
/// # Errors
/// When one is damaged.
pub fn list(
    snapshot: &dyn Snapshot,
    after: &str,
    limit: usize,
) -> Result<Vec<Cluster>, StoreError> {
    // Before the first id stand the UIDs.
    let after = if after.is_empty() { "\u{2}" } else { after };
    let range = Range::prefix(&[key::CLUSTER])
        .after(&key::cluster(after))
        .limit(limit);
    let entries = snapshot.range(&range)?.entries.into_iter();
    entries
        .map(|entry| decode(snapshot, &entry.key, &entry.value))
        .collect()
}

fn check_names(id: &str, uid: &str) -> Result<(), ClusterError> {
    opsec_model::baseline::validate_name(id).map_err(|error| ClusterError::Name {
        field: "id",
        message: error.message,
    })?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if uid.is_empty() || uid.len() > 63 || !uid.bytes().all(is_plain) {
        return Err(ClusterError::Name {
            field: "uid",
            message: format!("`{uid}` is not the UID of a namespace"),
        });
    }
    Ok(())
}

/// What a label may be in Kubernetes, and so many that a record stays small.
fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), ClusterError> {
    let invalid = |message: String| ClusterError::Name {
        field: "labels",
        message,
    };
    if labels.len() > LABELS {
        return Err(invalid(format!(
            "{} labels; the limit is {LABELS}",
            labels.len()
        )));
    }
    let is_word = |text: &str, extra: &[u8], most: usize| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
        let ends = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        bytes.len() <= most
            && bytes.iter().all(|&byte| inner(byte))
            && ends(bytes.first())
            && ends(bytes.last())
    };
    for (key, value) in labels {
        if key.is_empty() || !is_word(key, b"-_./", 253) || !is_word(value, b"-_.", 63) {
            return Err(invalid(format!("`{key}: {value}` is not a label")));
        }
    }
    Ok(())
}

fn current(snapshot: &dyn Snapshot, id: &str, etag: &str) -> Result<Cluster, ClusterError> {
    let existing = get(snapshot, id)?;
    let id = id.to_owned();
    match existing {
        None => Err(ClusterError::NotFound { id }),
        Some(_) if etag.is_empty() => Err(ClusterError::EtagRequired { id }),
        Some(existing) if existing.etag() != etag => Err(ClusterError::EtagStale { id }),
        Some(existing) => Ok(existing),
    }
}

fn put(snapshot: &dyn Snapshot, cluster: &Cluster, batch: &mut Batch) -> Result<(), StoreError> {
    let key = key::cluster(&cluster.id);
    let what = key::describe(&key);
    let put = batch.put_json(key, cluster);
    put.map_err(|error| StoreError::corrupt(snapshot.place(), what, error.to_string()))
}

fn decode(snapshot: &dyn Snapshot, key: &[u8], value: &[u8]) -> Result<Cluster, StoreError> {
    serde_json::from_slice(value).map_err(|error| {
        StoreError::corrupt(snapshot.place(), key::describe(key), error.to_string())
    })
}

fn change<T: Serialize + DeserializeOwned>(
    store: &dyn Store,
    context: &ChangeContext,
    (id, etag): (&str, &str),
    plan: impl Fn(&dyn Snapshot, &mut Batch) -> Result<T, ClusterError>,
) -> Result<T, ClusterError> {
    for _ in 0..ATTEMPTS {
        let snapshot = store.snapshot()?;
        if let Some(replay) = &context.replay
            && let Some(answer) = replay
                .answered(&*snapshot, context.now)
                .map_err(ClusterError::Replay)?
        {
            return serde_json::from_str(&answer.response).map_err(|error| {
                let problem = error.to_string();
                StoreError::corrupt(snapshot.place(), "an answer", problem).into()
            });
        }
        let mut batch = Batch::default();
        let planned = plan(&*snapshot, &mut batch)?;
        if batch.is_empty() || context.validate_only {
            return Ok(planned);
        }
        let about = About {
            cluster: id.to_owned(),
            resource: format!("clusters/{id}"),
            etag_before: etag.to_owned(),
            ..About::default()
        };
        context.owe(about, &mut batch)?;
        if let Some(replay) = &context.replay {
            let answer = Answer {
                response: serde_json::to_string(&planned).unwrap_or_default(),
                ..Answer::default()
            };
            replay
                .keep(&*snapshot, context.now, answer, &mut batch)
                .map_err(ClusterError::Replay)?;
        }
        let transaction = batch.on(&*snapshot, context.now)?;
        if let Verdict::Committed(_) = store.transact(transaction).wait()? {
            return Ok(planned);
        }
    }
    Err(StoreError::Overloaded.into())
}
