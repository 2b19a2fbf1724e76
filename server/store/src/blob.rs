//! Content of up to a quarter of a mebibyte as records of at most 60 KiB: larger values leave
//! sled's log for files that it never syncs. Pieces are named by their SHA-256, so revisions share
//! those that are equal.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::batch::Batch;
use crate::error::StoreError;
use crate::key;
use crate::store::Snapshot;

const CHUNK: usize = 60 << 10;

/// Which pieces a content consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    length: usize,
    chunks: Vec<String>,
}

impl Manifest {
    /// The names of the pieces; those that are none are left out.
    pub(crate) fn pieces(&self) -> Vec<[u8; 32]> {
        self.chunks.iter().filter_map(|name| unhex(name)).collect()
    }
}

/// Adds the pieces of a content to a batch.
pub(crate) fn write(content: &[u8], batch: &mut Batch) -> Manifest {
    let chunks = content
        .chunks(CHUNK)
        .map(|chunk| {
            let digest = digest(chunk);
            batch.put(key::chunk(&digest), chunk);
            hex(&digest)
        })
        .collect();
    Manifest {
        length: content.len(),
        chunks,
    }
}

/// The content that a manifest names.
pub(crate) fn read(
    of: &str,
    manifest: &Manifest,
    snapshot: &dyn Snapshot,
) -> Result<Vec<u8>, StoreError> {
    let store = snapshot.place();
    let mut content = Vec::with_capacity(manifest.length);
    for name in &manifest.chunks {
        let digest = unhex(name)
            .ok_or_else(|| StoreError::corrupt(store, of, "a piece has no proper name"))?;
        let chunk = snapshot
            .get(&key::chunk(&digest))?
            .ok_or_else(|| StoreError::corrupt(store, of, "a piece of it is missing"))?;
        content.extend_from_slice(&chunk.value);
    }
    if content.len() != manifest.length {
        return Err(StoreError::corrupt(store, of, "its length does not match"));
    }
    Ok(content)
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
