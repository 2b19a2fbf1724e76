//! Keys: a byte for the kind of record, then ids ended by a zero byte, integers as big-endian u64.
//! No id ever holds a zero byte, for names are ASCII.

use crate::scope::Scope;
use crate::store::Range;

/// A signed statement, where it is by its id, and that it was revoked.
pub const ATTESTATION: u8 = b'a';
/// The head of a baseline: its newest revision.
pub const HEAD: u8 = b'b';
/// A revision.
pub const REVISION: u8 = b'r';
/// A scope that a baseline is for.
pub const SCOPE: u8 = b's';
/// A cluster, by its id and by its UID.
pub const CLUSTER: u8 = b'c';
/// The latest check of an operator on a cluster.
pub const POSTURE: u8 = b'p';
/// A recorded check that can still be attested, one record an operator.
pub const KEPT: u8 = b'k';
/// What is written whenever another baseline may apply to something.
pub const APPLYING: u8 = b'g';
/// The newest recorded snapshot of a cluster.
pub const RECORDED: u8 = b'n';
/// A piece of a recorded snapshot.
pub const PIECE: u8 = b'w';
/// A piece of content, by its SHA-256.
pub const CHUNK: u8 = b'h';
/// A request that was answered.
pub const REPLAY: u8 = b'i';
/// A change of a key, of the kinds in [`LOGGED`].
pub const EVENT: u8 = b'e';
/// An event that a change owes to the audit.
pub const OWED: u8 = b'o';
/// About the store itself.
pub const META: u8 = b'm';

/// All kinds that there are.
pub const KINDS: [u8; 15] = [
    ATTESTATION,
    APPLYING,
    KEPT,
    HEAD,
    CLUSTER,
    EVENT,
    CHUNK,
    REPLAY,
    META,
    OWED,
    RECORDED,
    POSTURE,
    REVISION,
    SCOPE,
    PIECE,
];

/// Kinds whose changes can be watched.
pub const LOGGED: [u8; 3] = [HEAD, CLUSTER, POSTURE];

/// Kinds that are written once and never changed: read from the disk when they are asked for,
/// while all others are kept in memory.
pub(crate) const ON_DISK: [u8; 5] = [CHUNK, EVENT, REVISION, PIECE, KEPT];

/// The record of the last commit.
pub(crate) const META_HEAD: &[u8] = b"mhead\0";
/// The least form of records that a reader must know.
pub(crate) const META_FORMAT: &[u8] = b"mformat\0";
/// The id of the store.
pub(crate) const META_STORE: &[u8] = b"mstore\0";
/// The epoch of its history.
pub(crate) const META_EPOCH: &[u8] = b"mepoch\0";
/// The last commit of which an event is not kept any more.
pub(crate) const META_COMPACTED: &[u8] = b"mcompacted\0";

/// The kind of a key.
pub(crate) fn kind(key: &[u8]) -> u8 {
    key.first().copied().unwrap_or_default()
}

pub(crate) fn head(name: &str) -> Vec<u8> {
    ids(HEAD, &[name])
}

pub(crate) fn revision(name: &str, revision: i64) -> Vec<u8> {
    let mut key = ids(REVISION, &[name]);
    key.extend_from_slice(&revision.to_be_bytes());
    key
}

pub(crate) fn scope(scope: &Scope) -> Vec<u8> {
    ids(SCOPE, &[&scope.operators, &scope.clusters])
}

pub(crate) fn chunk(digest: &[u8; 32]) -> Vec<u8> {
    let mut key = vec![CHUNK];
    key.extend_from_slice(digest);
    key
}

pub(crate) fn replay(subject: &str, method: &str, id: &str) -> Vec<u8> {
    ids(REPLAY, &[subject, method, id])
}

pub(crate) fn replays_of(subject: &str) -> Vec<u8> {
    ids(REPLAY, &[subject])
}

pub(crate) fn revisions_of(name: &str) -> Vec<u8> {
    ids(REVISION, &[name])
}

pub(crate) fn cluster(id: &str) -> Vec<u8> {
    ids(CLUSTER, &[id])
}

/// Before all ids, for none begins with a control character.
pub(crate) fn cluster_uid(uid: &str) -> Vec<u8> {
    ids(CLUSTER, &[&format!("\u{1}{uid}")])
}

pub(crate) fn posture(cluster_uid: &str, operator: &str, mode: &str) -> Vec<u8> {
    ids(POSTURE, &[cluster_uid, operator, mode])
}

pub(crate) fn attestation(cluster_uid: &str, operator: &str, id: &str) -> Vec<u8> {
    ids(ATTESTATION, &[cluster_uid, operator, id])
}

pub(crate) fn attestations_of(cluster_uid: &str, operator: &str) -> Vec<u8> {
    ids(ATTESTATION, &[cluster_uid, operator])
}

/// Before all statements, for no UID begins with a control character.
pub(crate) fn attestation_id(id: &str) -> Vec<u8> {
    ids(ATTESTATION, &[&format!("\u{1}{id}")])
}

/// Between the two.
pub(crate) fn revocation(id: &str) -> Vec<u8> {
    ids(ATTESTATION, &[&format!("\u{2}{id}")])
}

pub(crate) fn revocations() -> Range {
    Range::prefix(&[ATTESTATION, 2])
}

pub(crate) fn attestations() -> Range {
    Range::prefix(&[ATTESTATION]).after(&[ATTESTATION, 3])
}

/// Ids of checks are made in the order of time, so the oldest are the first.
pub(crate) fn kept(check: &str, operator: &str) -> Vec<u8> {
    ids(KEPT, &[check, operator])
}

pub(crate) fn kept_of(check: &str) -> Vec<u8> {
    ids(KEPT, &[check])
}

pub(crate) fn applying() -> Vec<u8> {
    vec![APPLYING]
}

pub(crate) fn recorded(cluster_uid: &str, mode: &str) -> Vec<u8> {
    ids(RECORDED, &[cluster_uid, mode])
}

pub(crate) fn pieces_of(cluster_uid: &str, mode: &str) -> Vec<u8> {
    ids(PIECE, &[cluster_uid, mode])
}

pub(crate) fn piece(of: (&str, &str), gathered_at: i64, index: u64) -> Vec<u8> {
    let mut key = pieces_of(of.0, of.1);
    key.extend_from_slice(&gathered_at.to_be_bytes());
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// Of no other call, for ids have one length.
pub(crate) fn owed_by(call: &str) -> Vec<u8> {
    let mut key = vec![OWED];
    key.extend_from_slice(call.as_bytes());
    key
}

pub(crate) fn owed(id: &str) -> Vec<u8> {
    ids(OWED, &[id])
}

pub(crate) fn event(commit: u64, index: u64) -> Vec<u8> {
    let mut key = vec![EVENT];
    key.extend_from_slice(&commit.to_be_bytes());
    key.extend_from_slice(&index.to_be_bytes());
    key
}

/// The commit in the key of an event.
pub(crate) fn event_commit(key: &[u8]) -> Option<u64> {
    key.get(1..9)?
        .first_chunk()
        .map(|bytes| u64::from_be_bytes(*bytes))
}

/// Name and number in the key of a revision.
pub(crate) fn revision_of(key: &[u8]) -> Option<(&str, i64)> {
    let (name, number) = key.get(1..)?.split_last_chunk::<8>()?;
    let name = std::str::from_utf8(name.strip_suffix(&[0])?).ok()?;
    Some((name, i64::from_be_bytes(*number)))
}

/// The one id of a key of that form.
pub(crate) fn id_of(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(1..)?.strip_suffix(&[0])?).ok()
}

/// What a person calls the record of a key.
pub(crate) fn describe(key: &[u8]) -> String {
    let Some((&kind, rest)) = key.split_first() else {
        return "a record without a key".to_owned();
    };
    let text = String::from_utf8_lossy(rest);
    let mut ids = text.split('\0');
    let first = ids.next().unwrap_or_default();
    match kind {
        HEAD => format!("baseline `{first}`"),
        REVISION => {
            let number = rest
                .last_chunk()
                .map_or(0, |bytes| i64::from_be_bytes(*bytes));
            format!("baseline `{first}` revision {number}")
        }
        SCOPE => format!("the scope `{first}`"),
        CHUNK => "a piece of a baseline's content".to_owned(),
        REPLAY => format!("an answer to `{first}`"),
        CLUSTER => format!("cluster `{}`", first.trim_start_matches('\u{1}')),
        ATTESTATION if first.starts_with(['\u{1}', '\u{2}']) => format!(
            "attestation `{}`",
            first.trim_start_matches(['\u{1}', '\u{2}'])
        ),
        ATTESTATION => format!(
            "an attestation of `{}` on cluster `{first}`",
            ids.next().unwrap_or_default()
        ),
        POSTURE => format!(
            "the posture of `{}` on cluster `{first}`",
            ids.next().unwrap_or_default()
        ),
        KEPT => format!("check `{first}`"),
        APPLYING => "the record of what applies".to_owned(),
        RECORDED => format!("the recorded snapshot of cluster `{first}`"),
        PIECE => format!("a piece of the recorded snapshot of cluster `{first}`"),
        EVENT => format!(
            "an event of commit {}",
            event_commit(key).unwrap_or_default()
        ),
        OWED => format!("the event that `{first}` owes to the audit"),
        META => format!("the record `{first}` of the store"),
        _ => format!("a record of the unknown kind {kind}"),
    }
}

fn ids(kind: u8, ids: &[&str]) -> Vec<u8> {
    let mut key = vec![kind];
    for id in ids {
        key.extend_from_slice(id.as_bytes());
        key.push(0);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_in_words_what_it_is_of() {
        for (key, words) in [
            (head("cert-manager"), "baseline `cert-manager`"),
            (
                revision("cert-manager", 3),
                "baseline `cert-manager` revision 3",
            ),
            (META_HEAD.to_vec(), "the record `head` of the store"),
            (vec![], "a record without a key"),
        ] {
            assert_eq!(describe(&key), words);
        }
    }
}
