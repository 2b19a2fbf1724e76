//! Recorded checks that can still be attested: what each found of an operator, and by what it was
//! judged. A record is written once, beside the posture, and ends by itself within the hour.

use std::io::Read as _;

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::key;
use crate::posture::Posture;
use crate::store::{Range, Snapshot, VALUE_BYTES, all};

/// The most records; the oldest go before more come.
pub const LIMIT: usize = 100_000;

/// The most records that go with one new one.
const SWEPT: usize = 8;

/// The most bytes that a record unfolds to.
const UNFOLDED_BYTES: u64 = 16 << 20;

/// What one check found of one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// What is recorded of it: the check, the operator, the facts and what was judged by.
    pub posture: Posture,
    /// Who recorded it, and answers for the facts.
    pub author: String,
    /// Until when it can be attested: milliseconds since 1970, UTC.
    pub until: i64,
    /// What was found, as whoever keeps it writes it.
    pub found: String,
}

impl Kept {
    /// Puts it into the batch of its posture, and takes out what has ended. What would not fit a record
    /// is not kept, and so not attested.
    pub(crate) fn put(&self, snapshot: &dyn Snapshot, batch: &mut Batch) -> Result<(), StoreError> {
        sweep(snapshot, (self.posture.recorded_at, LIMIT), batch)?;
        let key = key::kept(&self.posture.check_id, &self.posture.operator);
        let value = encode(self).map_err(|error| {
            StoreError::corrupt(snapshot.place(), key::describe(&key), error.to_string())
        })?;
        if value.len() <= VALUE_BYTES {
            batch.put(key, &value);
        }
        Ok(())
    }
}

/// What a check found, an operator each, in the order of their ids; nothing once it has ended.
///
/// # Errors
/// When a record is damaged.
pub fn of_check(snapshot: &dyn Snapshot, check: &str, now: i64) -> Result<Vec<Kept>, StoreError> {
    let entries = all(snapshot, Range::prefix(&key::kept_of(check)))?;
    let mut found = Vec::new();
    for entry in entries {
        let kept = decode(&entry.value).ok_or_else(|| {
            let what = key::describe(&entry.key);
            StoreError::corrupt(snapshot.place(), what, "it does not decode")
        })?;
        if kept.until > now {
            found.push(kept);
        }
    }
    Ok(found)
}

/// Takes out some of what has ended, and the oldest when there are too many.
fn sweep(
    snapshot: &dyn Snapshot,
    (now, limit): (i64, usize),
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let first = snapshot.range(&Range::prefix(&[key::KEPT]).limit(SWEPT))?;
    let many = all(snapshot, Range::prefix(&[key::KEPT]).keys_only())?.len();
    let mut surplus = (many + 1).saturating_sub(limit);
    for entry in first.entries {
        let ended = until(&entry.value).is_none_or(|until| until <= now);
        if ended || surplus > 0 {
            surplus = surplus.saturating_sub(1);
            batch.remove(entry.key);
        }
    }
    Ok(())
}

/// When it ends stands before what is deflated: whoever sweeps need not unfold it.
fn encode(kept: &Kept) -> std::io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(kept.until.to_be_bytes().to_vec(), Compression::fast());
    serde_json::to_writer(&mut encoder, kept)?;
    encoder.finish()
}

fn until(value: &[u8]) -> Option<i64> {
    value.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))
}

fn decode(value: &[u8]) -> Option<Kept> {
    let (_, deflated) = value.split_first_chunk::<8>()?;
    let mut text = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated).take(UNFOLDED_BYTES);
    decoder.read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
