//! Records: `OP`, version, kind, length (u32), payload, and SHA-256[..16] of the key and all of it.
//! The key is covered, so that a record under another key is refused.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::StoreError;
use crate::key;

/// The form of records that is written.
const VERSION: u8 = 1;
const PREFIX: usize = 8;
const CHECKSUM: usize = 16;

/// A payload as a record.
pub(crate) fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let kind = key.first().copied().unwrap_or_default();
    // Payloads are at most a chunk long; a longer one would not open again.
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut record = vec![b'O', b'P', VERSION, kind];
    record.extend_from_slice(&length.to_be_bytes());
    record.extend_from_slice(payload);
    record.extend_from_slice(&checksum(key, &record));
    record
}

/// The payload of a record, when it is whole and of this key.
pub(crate) fn open<'a>(store: &Path, key: &[u8], record: &'a [u8]) -> Result<&'a [u8], StoreError> {
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
    Ok(payload)
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
            .map(<[u8]>::to_vec)
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_record_opens_under_its_own_key_only() {
        let record = seal(&key::head("a"), b"payload");
        assert_eq!(opened(&key::head("a"), &record).unwrap(), b"payload");
        let error = opened(&key::head("b"), &record).unwrap_err();
        assert!(
            error.starts_with("baseline `b` in /store is damaged"),
            "{error}"
        );
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let record = seal(&key::head("a"), b"payload");
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
    fn a_newer_form_is_named_as_such() {
        let key = key::head("a");
        let mut record = seal(&key, b"payload");
        record.truncate(record.len() - CHECKSUM);
        record[2] = VERSION + 1;
        let sum = checksum(&key, &record);
        record.extend_from_slice(&sum);
        assert!(
            opened(&key, &record)
                .unwrap_err()
                .contains("newer version (2)")
        );
    }
}
