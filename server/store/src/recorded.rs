//! The newest recorded snapshot of a cluster, one for each way in which facts are collected: what a
//! baseline that is not stored yet is tried on. It is content in pieces, deflated by us, and it is
//! worth less than what is decided with it: the oldest go when there are too many.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blob;
use crate::error::StoreError;
use crate::key;
use crate::posture::CollectionMode;
use crate::store::{Range, Snapshot, Store, Verdict, all};

/// The most deflated bytes of one snapshot.
pub const SNAPSHOT_BYTES: usize = 8 << 20;

/// The most deflated bytes of all snapshots.
pub const SNAPSHOTS_BYTES: usize = 2 << 30;

/// The most bytes that a kept snapshot unfolds to.
const UNFOLDED_BYTES: u64 = 256 << 20;

/// Bytes of a piece, and pieces of a transaction.
const PIECE: usize = 60 << 10;
const GROUP: usize = 16;

/// How often a change is planned again; each time another one was made meanwhile.
const ATTEMPTS: usize = 64;

/// A recorded snapshot without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// UID of the cluster.
    pub cluster_uid: String,
    /// Who collected the facts.
    pub mode: CollectionMode,
    /// When they were read: milliseconds since 1970, UTC.
    pub gathered_at: i64,
    /// Digest of the snapshot.
    pub digest: String,
    /// Bytes of its deflated content.
    pub bytes: usize,
    sha256: String,
}

/// Keeps a snapshot in place of an older one of its cluster; whether it is kept. One that is too
/// large takes the older one with it, which would be tried instead of it.
///
/// # Errors
/// When the store failed.
pub fn keep(
    store: &dyn Store,
    (cluster_uid, mode): (&str, CollectionMode),
    (gathered_at, digest): (i64, &str),
    content: &[u8],
    now: i64,
) -> Result<bool, StoreError> {
    let key = key::recorded(cluster_uid, mode.as_str());
    let deflated = deflate(content);
    let fits = deflated.len() <= SNAPSHOT_BYTES;
    let recorded = Recorded {
        cluster_uid: cluster_uid.to_owned(),
        mode,
        gathered_at,
        digest: digest.to_owned(),
        bytes: deflated.len(),
        sha256: blob::hex(&blob::digest(&deflated)),
    };
    for attempt in 0..ATTEMPTS {
        let snapshot = store.snapshot()?;
        let known = snapshot.get(&key)?;
        let known = known.and_then(|entry| parse(&entry.value));
        if known
            .as_ref()
            .is_some_and(|known| known.gathered_at >= gathered_at)
        {
            return Ok(false);
        }
        let mut batch = Batch::default();
        if fits {
            if attempt == 0 {
                write_pieces(store, &recorded, &deflated, now)?;
            }
            batch.put_json(key.clone(), &recorded).map_err(|error| {
                StoreError::corrupt(snapshot.place(), key::describe(&key), error.to_string())
            })?;
        } else if known.is_some() {
            batch.remove(key.clone());
        } else {
            return Ok(false);
        }
        if let Verdict::Committed(_) = store.transact(batch.on(&*snapshot, now)?).wait()? {
            sweep(store, &recorded, now)?;
            return Ok(fits);
        }
    }
    Err(StoreError::Overloaded)
}

/// Pieces have keys of their own snapshot, and no other record ever names them: so what replaces a
/// snapshot may remove its pieces.
fn write_pieces(
    store: &dyn Store,
    recorded: &Recorded,
    deflated: &[u8],
    now: i64,
) -> Result<(), StoreError> {
    // Each in a transaction of its own kind of size: sixteen pieces are below a mebibyte.
    for (group, pieces) in deflated.chunks(PIECE * GROUP).enumerate() {
        let mut batch = Batch::default();
        for (index, piece) in pieces.chunks(PIECE).enumerate() {
            batch.put(recorded.piece(group * GROUP + index), piece);
        }
        let snapshot = store.snapshot()?;
        let _ = store.transact(batch.on(&*snapshot, now)?).wait()?;
    }
    Ok(())
}

/// Takes out older pieces of the cluster, and the oldest snapshots when all are too large.
fn sweep(store: &dyn Store, newest: &Recorded, now: i64) -> Result<(), StoreError> {
    let snapshot = store.snapshot()?;
    let mut batch = Batch::default();
    let mut old_pieces = |of: &Recorded, all_of_them: bool| -> Result<(), StoreError> {
        let prefix = key::pieces_of(&of.cluster_uid, of.mode.as_str());
        let first_kept = of.piece(0);
        for entry in all(&*snapshot, Range::prefix(&prefix).keys_only())? {
            if all_of_them || entry.key < first_kept {
                batch.remove(entry.key);
            }
        }
        Ok(())
    };
    old_pieces(newest, false)?;
    let mut recorded = list(&*snapshot)?;
    recorded.sort_by_key(|one| std::cmp::Reverse(one.gathered_at));
    let mut bytes = 0_usize;
    let mut too_much = Vec::new();
    for one in recorded {
        bytes = bytes.saturating_add(one.bytes);
        if bytes > SNAPSHOTS_BYTES {
            old_pieces(&one, true)?;
            too_much.push(key::recorded(&one.cluster_uid, one.mode.as_str()));
        }
    }
    for key in too_much {
        batch.remove(key);
    }
    for part in batch.split(&*snapshot, now)? {
        let _ = store.transact(part).wait()?;
    }
    Ok(())
}

impl Recorded {
    fn piece(&self, index: usize) -> Vec<u8> {
        let place = u64::try_from(index).unwrap_or(u64::MAX);
        key::piece(
            (&self.cluster_uid, self.mode.as_str()),
            self.gathered_at,
            place,
        )
    }
}

/// All recorded snapshots, in the order of clusters.
///
/// # Errors
/// When one is damaged.
pub fn list(snapshot: &dyn Snapshot) -> Result<Vec<Recorded>, StoreError> {
    let entries = all(snapshot, Range::prefix(&[key::RECORDED]))?;
    let decoded = entries.iter().map(|entry| {
        parse(&entry.value).ok_or_else(|| {
            let what = key::describe(&entry.key);
            StoreError::corrupt(snapshot.place(), what, "it does not decode")
        })
    });
    decoded.collect()
}

/// The content of a recorded snapshot.
///
/// # Errors
/// When it is damaged.
pub fn content(recorded: &Recorded, snapshot: &dyn Snapshot) -> Result<Vec<u8>, StoreError> {
    let what = key::describe(&key::recorded(
        &recorded.cluster_uid,
        recorded.mode.as_str(),
    ));
    let damaged = |problem: &str| StoreError::corrupt(snapshot.place(), what.clone(), problem);
    let mut deflated = Vec::new();
    for index in 0..recorded.bytes.div_ceil(PIECE) {
        let piece = snapshot.get(&recorded.piece(index))?;
        let piece = piece.ok_or_else(|| damaged("a piece of it is missing"))?;
        deflated.extend_from_slice(&piece.value);
    }
    if blob::hex(&blob::digest(&deflated)) != recorded.sha256 {
        return Err(damaged("its pieces are not what was written"));
    }
    let mut content = Vec::new();
    DeflateDecoder::new(&*deflated)
        .take(UNFOLDED_BYTES)
        .read_to_end(&mut content)
        .map_err(|error| damaged(&error.to_string()))?;
    Ok(content)
}

fn parse(value: &[u8]) -> Option<Recorded> {
    serde_json::from_slice(value).ok()
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default()
}
