//! Events and how they are chained: the hash of each is over the hash before it and its own bytes.

use opsec_model::canonical::to_canonical_json;
use opsec_service::About;
use opsec_store::outbox::{Row, cut};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::AuditError;

/// What every hash begins with.
const DOMAIN: &[u8] = b"opsec-audit/1\n";

/// What happened. No manifest, fact or token is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Event {
    /// `call`, `validated` of one that only asked what would be, `denied`, `unauthenticated`, `reloaded`,
    /// `started`, `recovered`, `checkpoint` or `shutdown`.
    pub(crate) kind: String,
    /// By what the event of a change is known, and its change in the store.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) id: String,
    /// The commit of the change; absent: nothing was changed.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) commit: u64,
    /// That it was written down when the change was found without it, after a crash or a call that was
    /// broken off; and when the change was made.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) replayed: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) changed_at: String,
    /// The RPC.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) method: String,
    /// Who called.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) subject: String,
    /// Who vouched for that.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) authenticator: String,
    /// From where.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) peer: String,
    /// The caller's own id of the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) request_id: String,
    /// The cluster that it was about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) cluster: String,
    /// The operator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) operator: String,
    /// What was changed or made.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) resource: String,
    /// Its revision.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) revision: i64,
    /// The etag that the change was made on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) etag_before: String,
    /// Digest of the request, or of the facts that were judged.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) input_digest: String,
    /// Digest of what was judged by.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) effective_digest: String,
    /// What it came to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) result: String,
    /// The code of the answer, as in `OK`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) code: String,
    /// The reason of a refusal.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// How many calls it stands for, where that is not one.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) count: u64,
    /// A signature of the head before it, of checkpoints: a DSSE envelope.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) signature: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// An event in its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    v: u32,
    pub(crate) chain: String,
    pub(crate) seq: u64,
    pub(crate) time: String,
    #[serde(flatten)]
    pub(crate) event: Event,
    pub(crate) prev: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) hash: String,
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) chain: String,
    /// The last event, from 1; 0: there is none.
    pub(crate) seq: u64,
    /// Its hash.
    pub(crate) hash: String,
}

impl Head {
    /// The beginning of a chain.
    pub(crate) fn of_new(chain: &str) -> Self {
        Self {
            chain: chain.to_owned(),
            seq: 0,
            hash: hex(&Sha256::digest(chain.as_bytes())),
        }
    }

    /// The next event, as a line, and the head with it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn next(&self, event: Event, time: String) -> Result<(Vec<u8>, Self), AuditError> {
        let mut entry = Link {
            v: 1,
            chain: self.chain.clone(),
            seq: self.seq + 1,
            time,
            event: event.cut(),
            prev: self.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.computed()?;
        let mut line = to_canonical_json(&entry).map_err(|_| AuditError::Unwritable)?;
        line.push(b'\n');
        let head = Self {
            chain: self.chain.clone(),
            seq: entry.seq,
            hash: entry.hash,
        };
        Ok((line, head))
    }

    /// The head with a line, or why it is not the next one.
    pub(crate) fn after(&self, line: &[u8]) -> Result<(Self, Link), String> {
        let entry: Link = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let mut bytes = to_canonical_json(&entry).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        if bytes != line {
            return Err("it is not written as events are".to_owned());
        }
        if entry.v != 1 {
            return Err(format!("its form is version {}", entry.v));
        }
        if entry.chain != self.chain || entry.seq != self.seq + 1 || entry.prev != self.hash {
            return Err(format!(
                "event {} does not follow event {} of chain {}",
                entry.seq, self.seq, self.chain
            ));
        }
        if entry.computed().map_err(|error| error.to_string())? != entry.hash {
            return Err(format!("event {} was changed", entry.seq));
        }
        let head = Self {
            chain: entry.chain.clone(),
            seq: entry.seq,
            hash: entry.hash.clone(),
        };
        Ok((head, entry))
    }
}

impl Link {
    /// Its hash, over the one before it and its own bytes.
    fn computed(&self) -> Result<String, AuditError> {
        let unhashed = Self {
            hash: String::new(),
            ..self.clone()
        };
        let bytes = to_canonical_json(&unhashed).map_err(|_| AuditError::Unwritable)?;
        let mut digest = Sha256::new();
        digest.update(DOMAIN);
        digest.update(unhex(&self.prev));
        digest.update(bytes);
        Ok(hex(&digest.finalize()))
    }
}

impl Event {
    /// The same with texts of a bounded length.
    fn cut(mut self) -> Self {
        let texts = [
            &mut self.subject,
            &mut self.authenticator,
            &mut self.peer,
            &mut self.cluster,
            &mut self.operator,
            &mut self.resource,
            &mut self.request_id,
            &mut self.result,
            &mut self.reason,
        ];
        for text in texts {
            *text = cut(text);
        }
        self
    }

    /// The same about something.
    pub(crate) fn about(self, about: About) -> Self {
        Self {
            cluster: about.cluster,
            operator: about.operator,
            resource: about.resource,
            revision: about.revision,
            etag_before: about.etag_before,
            input_digest: about.input_digest,
            effective_digest: about.effective_digest,
            result: about.result,
            ..self
        }
    }

    /// What it is about.
    pub(crate) fn known(&self) -> About {
        About {
            cluster: self.cluster.clone(),
            operator: self.operator.clone(),
            resource: self.resource.clone(),
            revision: self.revision,
            input_digest: self.input_digest.clone(),
            etag_before: self.etag_before.clone(),
            effective_digest: self.effective_digest.clone(),
            result: self.result.clone(),
        }
    }

    /// What a change owes that was found without its event.
    pub(crate) fn replayed(row: Row) -> Self {
        let Row { owed, commit } = row;
        let at = jiff::Timestamp::from_millisecond(owed.at);
        Self {
            kind: "call".to_owned(),
            id: owed.id,
            commit,
            replayed: true,
            changed_at: at.map_or_else(|_| String::new(), |at| format!("{at:.3}")),
            method: owed.method,
            subject: owed.subject,
            authenticator: owed.authenticator,
            peer: owed.peer,
            request_id: owed.request_id,
            code: "Ok".to_owned(),
            ..Self::default()
        }
        .about(owed.about)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2);
    let bytes = pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok());
    // What is no hex is hashed as nothing, and then is no hash of anything.
    bytes.collect::<Option<Vec<u8>>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(subject: &str) -> Event {
        Event {
            kind: "call".to_owned(),
            subject: subject.to_owned(),
            ..Event::default()
        }
    }

    fn lines() -> Vec<Vec<u8>> {
        let mut head = Head::of_new("c");
        let mut lines = Vec::new();
        for subject in ["a", "b", "c"] {
            let (line, next) = head
                .next(event(subject), "2026-11-27T08:00:00Z".into())
                .unwrap();
            lines.push(line);
            head = next;
        }
        lines
    }

    fn follows(lines: &[Vec<u8>]) -> Result<Head, String> {
        lines.iter().try_fold(Head::of_new("c"), |head, line| {
            head.after(line).map(|(head, _)| head)
        })
    }

    #[test]
    fn what_is_changed_dropped_or_swapped_does_not_follow() {
        let whole = lines();
        assert_eq!(follows(&whole).unwrap().seq, 3);
        for index in 0..2 {
            let mut dropped = whole.clone();
            dropped.remove(index);
            assert!(follows(&dropped).is_err(), "dropped {index}");
            let mut swapped = whole.clone();
            swapped.swap(index, index + 1);
            assert!(follows(&swapped).is_err(), "swapped {index}");
        }
        for (line, at) in (0..3).flat_map(|line| (0..whole[line].len()).map(move |at| (line, at))) {
            let mut changed = whole.clone();
            changed[line][at] ^= 1;
            assert!(follows(&changed).is_err(), "line {line}, byte {at}");
        }
        // Cut off at the end, a chain follows: what finds that is a head that is kept elsewhere.
        assert_eq!(follows(&whole[..2]).unwrap().seq, 2);
    }

    #[test]
    fn texts_are_bounded_and_absent_ones_are_left_out() {
        let (line, _) = Head::of_new("c")
            .next(event(&"é".repeat(200)), String::new())
            .unwrap();
        let said: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(said["subject"].as_str().unwrap().len(), 256);
        assert!(said.get("peer").is_none() && said.get("revision").is_none());
    }
}
