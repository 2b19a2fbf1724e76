//! Attestations: what was signed, and what of it was revoked. Each record is written once; a
//! revocation stands beside its attestation. What has ended goes with a later one of its operator.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::change::ChangeContext;
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::outbox::About;
use crate::posture::CollectionMode;
use crate::replay::Answer;
use crate::store::{Range, Snapshot, Store, Verdict, all};

/// How often a change is planned again; each time another one was made meanwhile.
const ATTEMPTS: usize = 64;

/// The most ended attestations that go with one new one.
const SWEPT: usize = 8;

/// A signed statement, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attestation {
    /// Its id, a UUID of version 7.
    pub id: String,
    /// UID of the cluster.
    pub cluster_uid: String,
    /// The cluster by id, as it was registered then.
    pub cluster: String,
    /// The operator, as `NAMESPACE~NAME`.
    pub operator: String,
    /// `PASSED` or `FAILED`.
    pub result: String,
    /// Who collected the facts.
    pub mode: CollectionMode,
    /// Who asked for it.
    pub author: String,
    /// When it was made: milliseconds since 1970, UTC.
    pub verified_at: i64,
    /// Until when it holds.
    pub valid_until: i64,
    /// The key that signed it.
    pub key_id: String,
    /// Digest of the signed bytes.
    pub envelope_digest: String,
    /// The envelope, one line of JSON.
    pub envelope: String,
    /// The canonical descriptor of the target.
    pub target: String,
}

/// That an attestation was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    /// Digest of the signed bytes.
    pub envelope_digest: String,
    /// When the attestation would have ended anyway.
    pub until: i64,
    /// When: milliseconds since 1970, UTC.
    pub revoked_at: i64,
    /// By whom.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// An attestation, and whether it was revoked.
pub type Kept = (Attestation, Option<Revocation>);

/// Where the attestation of an id is.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    cluster_uid: String,
    operator: String,
}

/// The answer that a request was given before, if it was; of an attestation that is gone meanwhile
/// there is none.
///
/// # Errors
/// When the id was another request's, or the store failed.
pub fn answered(
    snapshot: &dyn Snapshot,
    context: &ChangeContext,
) -> Result<Option<Kept>, ChangeError> {
    let Some(replay) = &context.replay else {
        return Ok(None);
    };
    match replay.answered(snapshot, context.now)? {
        Some(answer) => Ok(get(snapshot, &answer.response)?),
        None => Ok(None),
    }
}

/// Keeps an attestation of what stands at its commit; what has ended of its operator goes. Whether it
/// stands is asked again whenever a baseline or its cluster was changed meanwhile: so none is ever kept
/// that was signed by what did not apply any more.
///
/// # Errors
/// When the store failed, or it does not stand.
pub fn create<E: From<ChangeError>>(
    store: &dyn Store,
    attestation: &Attestation,
    context: &ChangeContext,
    stands: impl Fn() -> Result<(), E>,
) -> Result<(), E> {
    for _ in 0..ATTEMPTS {
        let snapshot = store.snapshot().map_err(ChangeError::from)?;
        // INVARIANT: asked of what is there now, after the snapshot that the transaction compares with.
        stands()?;
        if keep(store, &*snapshot, attestation, context)? {
            return Ok(());
        }
    }
    Err(ChangeError::from(StoreError::Overloaded).into())
}

/// Keeps it, unless what it rests on changed after the snapshot; whether it did.
fn keep(
    store: &dyn Store,
    snapshot: &dyn Snapshot,
    attestation: &Attestation,
    context: &ChangeContext,
) -> Result<bool, ChangeError> {
    let place = Place {
        cluster_uid: attestation.cluster_uid.clone(),
        operator: attestation.operator.clone(),
    };
    let mut batch = Batch::default();
    batch.rest_on(key::applying());
    batch.rest_on(key::cluster_uid(&attestation.cluster_uid));
    batch.rest_on(key::cluster(&attestation.cluster));
    sweep(snapshot, attestation, context.now, &mut batch)?;
    put(snapshot, &mut batch, key_of(attestation), attestation)?;
    let named = key::attestation_id(&attestation.id);
    put(snapshot, &mut batch, named, &place)?;
    commit(store, snapshot, batch, attestation, context)
}

/// Revokes an attestation; absent when it was revoked before.
///
/// # Errors
/// When the store failed.
pub fn revoke(
    store: &dyn Store,
    attestation: &Attestation,
    reason: &str,
    context: &ChangeContext,
) -> Result<Option<Revocation>, ChangeError> {
    let revocation = Revocation {
        envelope_digest: attestation.envelope_digest.clone(),
        until: attestation.valid_until,
        revoked_at: context.now,
        author: context.author.clone(),
        reason: reason.to_owned(),
    };
    for _ in 0..ATTEMPTS {
        let snapshot = store.snapshot()?;
        let at = key::revocation(&attestation.id);
        if snapshot.get(&at)?.is_some() {
            return Ok(None);
        }
        if context.validate_only {
            return Ok(Some(revocation));
        }
        let mut batch = Batch::default();
        put(&*snapshot, &mut batch, at, &revocation)?;
        if commit(store, &*snapshot, batch, attestation, context)? {
            return Ok(Some(revocation));
        }
    }
    Err(StoreError::Overloaded.into())
}

/// An attestation by its id.
///
/// # Errors
/// When it is damaged.
pub fn get(snapshot: &dyn Snapshot, id: &str) -> Result<Option<Kept>, StoreError> {
    let named = key::attestation_id(id);
    let Some(entry) = snapshot.get(&named)? else {
        return Ok(None);
    };
    let place: Place = decode(snapshot, &named, &entry.value)?;
    let at = key::attestation(&place.cluster_uid, &place.operator, id);
    let found = snapshot.get(&at)?;
    let found = found.ok_or_else(|| {
        StoreError::corrupt(snapshot.place(), key::describe(&at), "it is missing")
    })?;
    Ok(Some((
        decode(snapshot, &at, &found.value)?,
        revocation(snapshot, id)?,
    )))
}

/// All attestations, those of an operator beside each other.
///
/// # Errors
/// When one is damaged.
pub fn list(snapshot: &dyn Snapshot) -> Result<Vec<Kept>, StoreError> {
    let entries = all(snapshot, key::attestations())?;
    let kept = entries.into_iter().map(|entry| {
        let attestation: Attestation = decode(snapshot, &entry.key, &entry.value)?;
        let revocation = revocation(snapshot, &attestation.id)?;
        Ok((attestation, revocation))
    });
    kept.collect()
}

/// What is revoked and would still hold.
///
/// # Errors
/// When a record is damaged.
pub fn revoked(snapshot: &dyn Snapshot, now: i64) -> Result<Vec<Revocation>, StoreError> {
    let entries = all(snapshot, key::revocations())?;
    let all = entries
        .into_iter()
        .map(|entry| decode::<Revocation>(snapshot, &entry.key, &entry.value));
    let mut revoked = all.collect::<Result<Vec<_>, _>>()?;
    revoked.retain(|one| one.until > now);
    Ok(revoked)
}

fn revocation(snapshot: &dyn Snapshot, id: &str) -> Result<Option<Revocation>, StoreError> {
    let at = key::revocation(id);
    let found = snapshot.get(&at)?;
    found
        .map(|entry| decode(snapshot, &at, &entry.value))
        .transpose()
}

/// Takes out what has ended of the operator that an attestation is about.
fn sweep(
    snapshot: &dyn Snapshot,
    attestation: &Attestation,
    now: i64,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let own = key::attestations_of(&attestation.cluster_uid, &attestation.operator);
    let mut swept = 0;
    for entry in all(snapshot, Range::prefix(&own))? {
        let known: Attestation = decode(snapshot, &entry.key, &entry.value)?;
        if known.valid_until > now || swept == SWEPT {
            continue;
        }
        swept += 1;
        batch.remove(entry.key);
        batch.remove(key::attestation_id(&known.id));
        batch.remove(key::revocation(&known.id));
    }
    Ok(())
}

fn commit(
    store: &dyn Store,
    snapshot: &dyn Snapshot,
    mut batch: Batch,
    attestation: &Attestation,
    context: &ChangeContext,
) -> Result<bool, ChangeError> {
    let about = About {
        cluster: attestation.cluster.clone(),
        operator: attestation.operator.clone(),
        resource: format!("attestations/{}", attestation.id),
        result: attestation.result.clone(),
        ..About::default()
    };
    context.owe(about, &mut batch)?;
    if let Some(replay) = &context.replay {
        let answer = Answer {
            response: attestation.id.clone(),
            ..Answer::default()
        };
        replay.keep(snapshot, context.now, answer, &mut batch)?;
    }
    let transaction = batch.on(snapshot, context.now)?;
    let verdict = store.transact(transaction).wait()?;
    Ok(matches!(verdict, Verdict::Committed(_)))
}

fn key_of(attestation: &Attestation) -> Vec<u8> {
    key::attestation(
        &attestation.cluster_uid,
        &attestation.operator,
        &attestation.id,
    )
}

fn put(
    snapshot: &dyn Snapshot,
    batch: &mut Batch,
    key: Vec<u8>,
    value: &impl Serialize,
) -> Result<(), StoreError> {
    let what = key::describe(&key);
    let put = batch.put_json(key, value);
    put.map_err(|error| StoreError::corrupt(snapshot.place(), what, error.to_string()))
}

fn decode<T: serde::de::DeserializeOwned>(
    snapshot: &dyn Snapshot,
    key: &[u8],
    value: &[u8],
) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|error| {
        StoreError::corrupt(snapshot.place(), key::describe(key), error.to_string())
    })
}
