//! Keys: a byte for the kind of record, then ids ended by a zero byte, integers as big-endian u64.
//! No id ever holds a zero byte, for names are ASCII.

use crate::scope::Scope;

/// The head of a baseline: its newest revision.
pub(crate) const HEAD: u8 = b'b';
/// A revision.
pub(crate) const REVISION: u8 = b'r';
/// A scope that a baseline is for.
pub(crate) const SCOPE: u8 = b's';
/// A piece of content, by its SHA-256.
pub(crate) const CHUNK: u8 = b'h';
/// A request that was answered.
pub(crate) const REPLAY: u8 = b'i';
/// About the store itself.
pub(crate) const META: u8 = b'm';

/// The record of the last commit.
pub(crate) const META_HEAD: &[u8] = b"mhead\0";

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

pub(crate) fn replay(method: &str, id: &str) -> Vec<u8> {
    ids(REPLAY, &[method, id])
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
