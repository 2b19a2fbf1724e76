//! A snapshot as a document: canonical JSON, so that equal facts are equal bytes.

use serde::{Deserialize, Serialize};

use crate::API_VERSION;
use crate::canonical::{self, CanonicalError};
use crate::snapshot::Snapshot;

/// The document's `kind`.
const KIND: &str = "Snapshot";

/// A snapshot as a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedSnapshot {
    api_version: String,
    kind: String,
    engine_version: String,
    #[serde(flatten)]
    snapshot: Snapshot,
}

/// Why a document is no snapshot of this program's.
#[derive(Debug, thiserror::Error)]
pub enum SavedSnapshotError {
    /// It is not JSON of this shape.
    #[error("it is no snapshot: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is a document of another kind.
    #[error("it is of kind `{0}`, not `{KIND}`")]
    Kind(String),
    /// It is of a version of the format that this program does not know.
    #[error("its version is {0}, and this program reads {API_VERSION}")]
    ApiVersion(String),
    /// It was written by a newer program, which may know facts that this one would leave out.
    #[error("version {written} of the program wrote it, and this is the older {own}")]
    Newer {
        /// The version that wrote it.
        written: String,
        /// The version that reads it.
        own: String,
    },
    /// It has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl SavedSnapshot {
    /// The document of a snapshot, ending with a line's end.
    ///
    /// # Errors
    /// When it holds a number without a canonical form.
    pub fn write(snapshot: &Snapshot) -> Result<Vec<u8>, SavedSnapshotError> {
        let mut bytes = canonical::to_canonical_json(&Self {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            snapshot: snapshot.clone(),
        })?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The snapshot of a document.
    ///
    /// # Errors
    /// When it is none, or newer than this program.
    pub fn read(bytes: &[u8]) -> Result<Snapshot, SavedSnapshotError> {
        let head: Head = serde_json::from_slice(bytes)?;
        if head.kind != KIND {
            return Err(SavedSnapshotError::Kind(head.kind));
        }
        if head.api_version != API_VERSION {
            return Err(SavedSnapshotError::ApiVersion(head.api_version));
        }
        let own = env!("CARGO_PKG_VERSION");
        if numbers(&head.engine_version) > numbers(own) {
            return Err(SavedSnapshotError::Newer {
                written: head.engine_version,
                own: own.to_owned(),
            });
        }
        let saved: Self = serde_json::from_slice(bytes)?;
        Ok(saved.snapshot)
    }
}

/// What is read before the rest, whose shape may be another.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
    #[serde(default)]
    engine_version: String,
}

fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or_default();
    release
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            kubernetes_version: "1.36.3".to_owned(),
            cluster_uid: Some("u".to_owned()),
            ..Snapshot::default()
        }
    }

    #[test]
    fn what_is_written_is_read_again_and_equal_facts_are_equal_bytes() {
        let bytes = SavedSnapshot::write(&snapshot()).unwrap();
        assert_eq!(SavedSnapshot::read(&bytes).unwrap(), snapshot());
        assert_eq!(SavedSnapshot::write(&snapshot()).unwrap(), bytes);
    }

    #[test]
    fn what_is_newer_or_something_else_is_refused() {
        let written = String::from_utf8(SavedSnapshot::write(&snapshot()).unwrap()).unwrap();
        for (from, to, said) in [
            ("\"Snapshot\"", "\"Report\"", "kind `Report`"),
            ("v1alpha1", "v2", "kubectl-opsec.dev/v2"),
            (env!("CARGO_PKG_VERSION"), "99.0.0", "version 99.0.0"),
            ("{", "[", "it is no snapshot"),
        ] {
            let document = written.replacen(from, to, 1);
            let error = SavedSnapshot::read(document.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
