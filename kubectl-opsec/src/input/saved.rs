//! Snapshots that are written down and judged again, to the same verdict.

use std::io;
use std::path::Path;

use opsec_model::{SavedSnapshot, Snapshot};

use super::Gathered;
use crate::failure::Failure;

/// Reads a snapshot.
///
/// # Errors
/// When it cannot be read, is none, or is newer than this program.
pub(super) fn read(path: &Path) -> Result<Gathered, Failure> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| Failure::SnapshotFile {
        file: file.clone(),
        what: "read",
        source,
    })?;
    of_bytes(file, &bytes)
}

/// Reads a snapshot that was read already.
///
/// # Errors
/// When it is none, or is newer than this program.
pub(super) fn of_bytes(file: String, bytes: &[u8]) -> Result<Gathered, Failure> {
    let snapshot = SavedSnapshot::read(bytes).map_err(|error| Failure::SnapshotContent {
        file,
        source: error,
    })?;
    Ok(Gathered {
        snapshot,
        ..Gathered::default()
    })
}

/// Writes a snapshot, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(path: &Path, snapshot: &Snapshot) -> Result<(), Failure> {
    let file = path.display().to_string();
    let failed = |source: io::Error| Failure::SnapshotFile {
        file: file.clone(),
        what: "written",
        source,
    };
    let text = SavedSnapshot::write(snapshot).map_err(|source| Failure::SnapshotContent {
        file: file.clone(),
        source,
    })?;
    // Under another name first, so that nothing half-written is ever taken for a snapshot.
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, text)
        .and_then(|()| std::fs::rename(&unfinished, path))
        .map_err(failed)
}
