//! Requests that are sent twice: the second is answered as the first was and changes nothing.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blob;
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::store::{Range, Snapshot, all};

/// How long an answer is kept, in milliseconds.
const KEPT: i64 = 24 * 60 * 60 * 1_000;

/// How many answers are kept for a subject; none goes early, for a retry must not change twice.
pub(crate) const LIMIT: usize = 10_000;

/// The most old answers that go with one change.
const SWEPT: usize = 8;

/// The request that a change belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Who asks; ids of others are others.
    pub subject: String,
    /// The method, as in `CreateBaseline`.
    pub method: &'static str,
    /// The caller's id.
    pub id: String,
    /// The request as it is encoded, without that id.
    pub request: Vec<u8>,
}

/// What a change came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) revision: i64,
    pub(crate) unchanged: bool,
    /// The answer itself as JSON, where it is small; else what it was is read from the revision.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) response: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) proposed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    at: i64,
    request: String,
    answer: Answer,
}

impl Replay {
    /// The answer that was given, if the request was answered before.
    pub(crate) fn answered(
        &self,
        snapshot: &dyn Snapshot,
        now: i64,
    ) -> Result<Option<Answer>, ChangeError> {
        let key = self.key();
        let Some(entry) = snapshot.get(&key)? else {
            return Ok(None);
        };
        let kept = parse(snapshot, &key, &entry.value)?;
        if is_old(&kept, now) {
            return Ok(None);
        }
        if kept.request != self.digest() {
            return Err(ChangeError::RequestIdReused {
                id: self.id.clone(),
            });
        }
        Ok(Some(kept.answer))
    }

    /// Adds the answer to the batch of the change, and takes old answers out.
    pub(crate) fn keep(
        &self,
        snapshot: &dyn Snapshot,
        now: i64,
        answer: Answer,
        batch: &mut Batch,
    ) -> Result<(), ChangeError> {
        let (mut held, mut swept) = (0, 0);
        let own = key::replays_of(&self.subject);
        for entry in all(snapshot, Range::prefix(&[key::REPLAY]))? {
            let old = is_old(&parse(snapshot, &entry.key, &entry.value)?, now);
            held += usize::from(!old && entry.key.starts_with(&own));
            if old && swept < SWEPT {
                swept += 1;
                batch.remove(entry.key);
            }
        }
        if held >= LIMIT {
            return Err(ChangeError::RequestIdQuota);
        }
        let kept = Kept {
            at: now,
            request: self.digest(),
            answer,
        };
        batch.put_json(self.key(), &kept).map_err(|error| {
            StoreError::corrupt(snapshot.place(), "an answer", error.to_string()).into()
        })
    }

    fn key(&self) -> Vec<u8> {
        key::replay(&self.subject, self.method, &self.id)
    }

    fn digest(&self) -> String {
        blob::hex(&blob::digest(&self.request))
    }
}

fn is_old(kept: &Kept, now: i64) -> bool {
    now.saturating_sub(kept.at) > KEPT
}

fn parse(snapshot: &dyn Snapshot, key: &[u8], value: &[u8]) -> Result<Kept, StoreError> {
    serde_json::from_slice(value).map_err(|error| {
        StoreError::corrupt(snapshot.place(), key::describe(key), error.to_string())
    })
}
