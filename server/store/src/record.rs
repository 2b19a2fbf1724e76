//! Records: `OP`, version, kind, length (u32), payload, and SHA-256[..16] of the key and all of it.
//! The key is covered, so that a record under another key is refused. The payload is the commit
//! that wrote it (u64) and the value; in version 1 it was the value alone.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::StoreError;
use crate::key;

/// The form of records that is written; the one before is read.
pub(crate) const VERSION: u8 = 2;
const WITHOUT_COMMIT: u8 = 1;
const PREFIX: usize = 8;
const COMMIT: usize = 8;
const CHECKSUM: usize = 16;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened<'a> {
    /// The commit that wrote it; 1 where the record does not say.
    pub(crate) modified: u64,
    /// The value.
    pub(crate) value: &'a [u8],
}

/// A value as a record.
pub(crate) fn seal(key: &[u8], modified: u64, value: &[u8]) -> Vec<u8> {
    let kind = key.first().copied().unwrap_or_default();
    // Values are at most 64 KiB long; a longer one would not open again.
    let length = u32::try_from(value.len().saturating_add(COMMIT)).unwrap_or(u32::MAX);
    let mut record = vec![b'O', b'P', VERSION, kind];
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(&modified.to_be_bytes());
    record.extend_from_slice(value);
    record.extend_from_slice(&checksum(key, &record));
    record
}

/// What a record says, when it is whole and of this key.
pub(crate) fn open<'a>(
    store: &Path,
    key: &[u8],
    record: &'a [u8],
) -> Result<Opened<'a>, StoreError> {
    let damaged = |problem: &str| StoreError::corrupt(store, key::describe(key), problem);
    let (covered, sum) = record
        .split_last_chunk::<CHECKSUM>()
        .ok_or_else(|| damaged("it is cut off"))?;
    if checksum(key, covered) != *sum {
        return Err(damaged("its checksum does not match"));
    }
    let (prefix, payload) = covered
        .split_first_chunk::<PREFIX>()
        .ok_or_else(|| damaged("it is cut off"))?;
    let [b'O', b'P', version, kind, length @ ..] = *prefix else {
        return Err(damaged("it does not begin as a record does"));
    };
    if version > VERSION {
        let (path, what) = (store.to_owned(), key::describe(key));
        return Err(StoreError::Newer {
            path,
            what,
            version,
        });
    }
    let length_agrees = usize::try_from(u32::from_be_bytes(length)) == Ok(payload.len());
    if Some(&kind) != key.first() || !length_agrees {
        return Err(damaged("its kind or length does not match"));
    }
    if version == WITHOUT_COMMIT {
        let (modified, value) = (1, payload);
        return Ok(Opened { modified, value });
    }
    let (modified, value) = payload
        .split_first_chunk::<COMMIT>()
        .ok_or_else(|| damaged("it does not say which commit wrote it"))?;
    let modified = u64::from_be_bytes(*modified);
    Ok(Opened { modified, value })
}

fn checksum(key: &[u8], covered: &[u8]) -> [u8; CHECKSUM] {
    let digest = Sha256::new()
        .chain_update(key)
        .chain_update(covered)
        .finalize();
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(key: &[u8], record: &[u8]) -> Result<Vec<u8>, String> {
        open(Path::new("/store"), key, record)
            .map(|opened| [&opened.modified.to_be_bytes(), opened.value].concat())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_record_opens_under_its_own_key_only() {
        let record = seal(&key::head("a"), 7, b"payload");
        assert_eq!(
            opened(&key::head("a"), &record).unwrap(),
            b"\0\0\0\0\0\0\0\x07payload"
        );
        let error = opened(&key::head("b"), &record).unwrap_err();
        assert!(
            error.starts_with("baseline `b` in /store is damaged"),
            "{error}"
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let record = seal(&key::head("a"), 7, b"payload");
        for bit in 0..record.len() * 8 {
            let mut flipped = record.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(opened(&key::head("a"), &flipped).is_err(), "bit {bit}");
        }
        for length in 0..record.len() {
            assert!(
                opened(&key::head("a"), &record[..length]).is_err(),
                "length {length}"
            );
        }
    }

    #[test]
    fn the_form_before_opens_as_written_by_the_first_commit() {
        let key = key::head("a");
        let mut record = vec![b'O', b'P', 1, b'b', 0, 0, 0, 7];
        record.extend_from_slice(b"payload");
        record.extend_from_slice(&checksum(&key, &record));
        assert_eq!(opened(&key, &record).unwrap(), b"\0\0\0\0\0\0\0\x01payload");
    }

    #[test]
    fn a_newer_form_is_named_as_such() {
        let key = key::head("a");
        let mut record = seal(&key, 7, b"payload");
        record.truncate(record.len() - CHECKSUM);
        record[2] = VERSION + 1;
        let sum = checksum(&key, &record);
        record.extend_from_slice(&sum);
        assert!(
            opened(&key, &record)
                .unwrap_err()
                .contains("newer version (3)")
        );
    }
}
