//! Requests that are sent twice: the second is answered as the first was and changes nothing.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::blob;
use crate::error::{ChangeError, StoreError};
use crate::key;
use crate::session::Records;

/// How long an answer is kept, in milliseconds.
const KEPT: i64 = 24 * 60 * 60 * 1_000;

/// How many answers are kept; none goes early, for a retry must not change twice.
pub(crate) const LIMIT: usize = 10_000;

/// The request that a change belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The method, as in `CreateBaseline`.
    pub method: &'static str,
    /// The caller's id.
    pub id: String,
    /// The request as it is encoded, without that id.
    pub request: Vec<u8>,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) revision: i64,
    pub(crate) unchanged: bool,
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
        store: &std::path::Path,
        records: &Records,
        now: i64,
    ) -> Result<Option<Answer>, ChangeError> {
        let key = key::replay(self.method, &self.id);
        let Some(payload) = records.get(&key) else {
            return Ok(None);
        };
        let kept = parse(store, &key, payload)?;
        if now.saturating_sub(kept.at) > KEPT {
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
        store: &std::path::Path,
        records: &Records,
        now: i64,
        answer: Answer,
        batch: &mut Batch,
    ) -> Result<(), ChangeError> {
        let mut held = 0;
        for (key, payload) in records.range(vec![key::REPLAY]..vec![key::REPLAY + 1]) {
            if now.saturating_sub(parse(store, key, payload)?.at) > KEPT {
                batch.remove(key.clone());
            } else {
                held += 1;
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
        batch
            .put_json(key::replay(self.method, &self.id), &kept)
            .map_err(|error| StoreError::corrupt(store, "an answer", error.to_string()).into())
    }

    fn digest(&self) -> String {
        blob::hex(&blob::digest(&self.request))
    }
}

fn parse(store: &std::path::Path, key: &[u8], payload: &[u8]) -> Result<Kept, StoreError> {
    serde_json::from_slice(payload)
        .map_err(|error| StoreError::corrupt(store, key::describe(key), error.to_string()))
}
