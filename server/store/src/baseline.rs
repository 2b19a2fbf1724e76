//! A baseline at its newest revision, and the records that it is made of.

use opsec_model::Baseline;
use opsec_model::canonical::{CanonicalError, digest_bytes, to_canonical_json};
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blob::{self, Manifest};
use crate::error::StoreError;
use crate::key;
use crate::store::{Range, Snapshot};

/// A baseline as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBaseline {
    /// The content.
    pub baseline: Baseline,
    /// The document as it was written, comments and all.
    pub document: Vec<u8>,
    /// The canonical JSON of `{name, spec}`.
    pub canonical: Vec<u8>,
    /// Its revision, from 1.
    pub revision: i64,
    /// Digest of `canonical`.
    pub digest: String,
    /// Names this state.
    pub etag: String,
    /// When the revision was written: milliseconds since 1970, UTC.
    pub created_at: i64,
    /// The revision whose content it has again, when it was rolled back to.
    pub rolled_back_from: Option<i64>,
    /// Who wrote the revision.
    pub author: String,
    /// Who approved or rejected it; empty where nobody did or had to.
    pub decider: String,
}

/// What a revision says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It applies.
    Approved,
    /// The baseline was deleted.
    Tombstone,
    /// It awaits approval.
    Proposed,
    /// It was not approved.
    Rejected,
}

impl State {
    /// Whether it was ever what applies, or says that nothing does.
    pub fn is_decided(self) -> bool {
        matches!(self, Self::Approved | Self::Tombstone)
    }
}

/// The record of a baseline: which revision applies, and which one is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Head {
    /// The revision that applies, or says that none does; 0 where none ever did.
    pub(crate) revision: i64,
    pub(crate) state: State,
    /// The newest revision, where that is a proposal or was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) beyond: Option<Beyond>,
}

/// A revision that is newer than the one that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Beyond {
    pub(crate) revision: i64,
    pub(crate) state: State,
}

impl Head {
    pub(crate) fn of(revision: i64, state: State) -> Self {
        Self {
            revision,
            state,
            beyond: None,
        }
    }

    /// The newest revision, decided or not, and what it says.
    pub(crate) fn newest(self) -> (i64, State) {
        self.beyond.map_or((self.revision, self.state), |beyond| {
            (beyond.revision, beyond.state)
        })
    }
}

/// The record of a revision; a tombstone has no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Revision {
    created_at: i64,
    state: State,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    author: String,
    /// Who approved or rejected it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    decider: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rolled_back_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    digest: String,
    document: Manifest,
    canonical: Manifest,
}

impl StoredBaseline {
    /// A baseline as revision `revision` would hold it.
    pub(crate) fn new(
        baseline: Baseline,
        document: Vec<u8>,
        revision: i64,
        created_at: i64,
    ) -> Result<Self, CanonicalError> {
        let name = &baseline.metadata.name;
        let canonical =
            to_canonical_json(&serde_json::json!({"name": name, "spec": baseline.spec}))?;
        let digest = digest_bytes(&canonical);
        let etag = etag(name, revision, State::Approved);
        Ok(Self {
            baseline,
            document,
            canonical,
            revision,
            digest,
            etag,
            created_at,
            rolled_back_from: None,
            author: String::new(),
            decider: String::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.baseline.metadata.name
    }

    /// Adds its record, in a state, to a batch.
    pub(crate) fn write(&self, state: State, batch: &mut Batch) -> Result<(), serde_json::Error> {
        let content = Content {
            digest: self.digest.clone(),
            document: blob::write(&self.document, batch),
            canonical: blob::write(&self.canonical, batch),
        };
        let revision = Revision {
            created_at: self.created_at,
            state,
            author: self.author.clone(),
            decider: self.decider.clone(),
            rolled_back_from: self.rolled_back_from,
            content: Some(content),
        };
        batch.put_json(key::revision(self.name(), self.revision), &revision)
    }
}

/// Adds the record of a baseline to a batch.
pub(crate) fn write_head(
    name: &str,
    head: Head,
    batch: &mut Batch,
) -> Result<(), serde_json::Error> {
    batch.put_json(key::head(name), &head)
}

/// A deletion, proposed or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When it was written: milliseconds since 1970, UTC.
    pub created_at: i64,
    /// Who wrote it.
    pub author: String,
    /// Who approved or rejected it.
    pub decider: String,
}

/// Adds the record of a deletion, in a state, to a batch.
pub(crate) fn write_deletion(
    name: &str,
    revision: i64,
    (deletion, state): (&Deletion, State),
    batch: &mut Batch,
) -> Result<(), serde_json::Error> {
    let record = Revision {
        created_at: deletion.created_at,
        state,
        author: deletion.author.clone(),
        decider: deletion.decider.clone(),
        rolled_back_from: None,
        content: None,
    };
    batch.put_json(key::revision(name, revision), &record)
}

/// Reads the revision that a head names; a tombstone is `None`.
pub(crate) fn read(
    name: &str,
    head: Head,
    snapshot: &dyn Snapshot,
) -> Result<Option<StoredBaseline>, StoreError> {
    if head.revision == 0 && head.beyond.is_some() {
        return Ok(None);
    }
    let found = read_revision(name, head.revision, snapshot)?;
    let key = key::revision(name, head.revision);
    let damaged =
        |problem: &str| StoreError::corrupt(snapshot.place(), key::describe(&key), problem);
    // Named and missing is damage and never `default`, which would accept more.
    let found = found.ok_or_else(|| damaged("it is missing"))?;
    if found.state != head.state {
        return Err(damaged(
            "its state is not the one that the baseline's head says",
        ));
    }
    Ok(found.content.ok())
}

/// A revision as it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) state: State,
    /// Its content, or the deletion that it is.
    pub(crate) content: Result<StoredBaseline, Deletion>,
}

/// A revision, if there is one.
pub(crate) fn read_revision(
    name: &str,
    number: i64,
    snapshot: &dyn Snapshot,
) -> Result<Option<Found>, StoreError> {
    let key = key::revision(name, number);
    let what = key::describe(&key);
    let damaged = |problem: &str| StoreError::corrupt(snapshot.place(), what.clone(), problem);
    let Some(entry) = snapshot.get(&key)? else {
        return Ok(None);
    };
    let revision: Revision =
        serde_json::from_slice(&entry.value).map_err(|error| damaged(&error.to_string()))?;
    let state = revision.state;
    let Some(content) = revision.content else {
        if state == State::Approved {
            return Err(damaged("it has no content"));
        }
        let content = Err(Deletion {
            created_at: revision.created_at,
            author: revision.author,
            decider: revision.decider,
        });
        return Ok(Some(Found { state, content }));
    };
    let document = blob::read(&what, &content.document, snapshot)?;
    let canonical = blob::read(&what, &content.canonical, snapshot)?;
    if digest_bytes(&canonical) != content.digest {
        return Err(damaged("its digest does not match"));
    }
    let baseline = parse(&canonical).map_err(|problem| damaged(&problem))?;
    if baseline.metadata.name != name {
        return Err(damaged("it is of another baseline"));
    }
    let stored = StoredBaseline {
        baseline,
        document,
        canonical,
        revision: number,
        digest: content.digest,
        etag: etag(name, number, revision.state),
        created_at: revision.created_at,
        rolled_back_from: revision.rolled_back_from,
        author: revision.author,
        decider: revision.decider,
    };
    Ok(Some(Found {
        state,
        content: Ok(stored),
    }))
}

/// What applied at a commit: the newest revision that was decided by then.
pub(crate) fn applied_at(
    name: &str,
    commit: u64,
    snapshot: &dyn Snapshot,
) -> Result<Option<StoredBaseline>, StoreError> {
    let range = Range::prefix(&key::revisions_of(name)).keys_only();
    let revisions = crate::store::all(snapshot, range)?;
    let before = revisions
        .iter()
        .rev()
        .filter(|entry| entry.modified <= commit);
    for entry in before {
        let Some((_, number)) = key::revision_of(&entry.key) else {
            continue;
        };
        let found = read_revision(name, number, snapshot)?;
        if let Some(found) = found.filter(|found| found.state.is_decided()) {
            return Ok(found.content.ok());
        }
    }
    Ok(None)
}

/// The pieces that the content of a revision's record consists of.
pub(crate) fn pieces(value: &[u8]) -> Result<Vec<[u8; 32]>, serde_json::Error> {
    let revision: Revision = serde_json::from_slice(value)?;
    let content = revision.content.into_iter();
    Ok(content
        .flat_map(|content| [content.document, content.canonical])
        .flat_map(|manifest| manifest.pieces())
        .collect())
}

fn parse(canonical: &[u8]) -> Result<Baseline, String> {
    let mut value: serde_json::Value =
        serde_json::from_slice(canonical).map_err(|error| error.to_string())?;
    let mut take = |field: &str| value.get_mut(field).map(serde_json::Value::take);
    let document = serde_json::json!({
        "apiVersion": opsec_model::API_VERSION,
        "kind": opsec_model::baseline::KIND,
        "metadata": {"name": take("name")},
        "spec": take("spec"),
    });
    Baseline::from_value(document).map_err(|error| error.to_string())
}

/// Names a state of a baseline: hex of SHA-256(name, newest revision, its state), 16 bytes.
pub(crate) fn etag(name: &str, revision: i64, state: State) -> String {
    let state = match state {
        State::Approved => "APPROVED",
        State::Tombstone => "TOMBSTONE",
        State::Proposed => "PROPOSED",
        State::Rejected => "REJECTED",
    };
    let digest = blob::digest(format!("{name}\0{revision}\0{state}").as_bytes());
    blob::hex(digest.get(..16).unwrap_or_default())
}
