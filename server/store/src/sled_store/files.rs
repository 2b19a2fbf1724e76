//! Opening sled so that what it says is on the disk is, and syncing what it does not sync.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::shared::guarded;
use crate::error::StoreError;

/// Values beyond a share of this leave the log for files that sled never syncs.
const SEGMENT: usize = 8 << 20;
const CACHE: u64 = 16 << 20;

/// What sled's snapshots of its index are called while they do not count.
const ASIDE: &str = "damaged-";

/// Opens sled and reads with it. When that fails and there are snapshots of sled's index, they are
/// set aside and the log is replayed, once; their names are returned, to be told.
pub(crate) fn open<T>(
    store: &Path,
    patience: Duration,
    read: impl Fn(&sled::Db) -> Result<T, StoreError>,
) -> Result<(sled::Db, T, Vec<PathBuf>), StoreError> {
    let attempt = || {
        guarded(store, || {
            let db = open_sled(store, patience)?;
            let read = read(&db)?;
            Ok((db, read))
        })
    };
    let error = match attempt() {
        Ok((db, read)) => return Ok((db, read, Vec::new())),
        Err(error @ (StoreError::Corrupt { .. } | StoreError::Io { .. })) => error,
        Err(error) => return Err(error),
    };
    let aside = set_aside(store)?;
    if aside.is_empty() {
        return Err(error);
    }
    let (db, read) = attempt()?;
    Ok((db, read, aside))
}

fn open_sled(store: &Path, patience: Duration) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(store)
        .cache_capacity(CACHE)
        .segment_size(SEGMENT)
        .use_compression(false)
        .flush_every_ms(None);
    let started = Instant::now();
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            // A store that this process dropped a moment ago may hold its file a moment longer.
            Err(error) if is_held(&error) && started.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(error) => return Err(StoreError::sled("open", store, error)),
        }
    }
}

fn is_held(error: &sled::Error) -> bool {
    // sled wraps the system's error into one of kind `Other`, so its text is all there is.
    matches!(error, sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

fn snapshots(store: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error| StoreError::io("read", store, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(store).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn set_aside(store: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut aside = Vec::new();
    for path in snapshots(store)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let target = store.join(format!("{ASIDE}{name}"));
        std::fs::rename(&path, &target).map_err(|error| StoreError::io("rename", &path, error))?;
        aside.push(target);
    }
    Ok(aside)
}

/// Syncs all that a reopened store rests on.
pub(crate) fn sync_after_open(store: &Path) -> Result<(), StoreError> {
    let snapshots = snapshots(store)?;
    let files = [store.join("db"), store.join("conf")];
    for path in files.iter().chain(snapshots.last()) {
        sync(path)?;
    }
    sync(store)?;
    store.parent().map_or(Ok(()), sync)
}

/// Syncs a file or a directory; an absent one has nothing to be synced.
pub(crate) fn sync(path: &Path) -> Result<(), StoreError> {
    match File::open(path).and_then(|file| file.sync_data()) {
        // sled replaces its snapshots while it runs.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.map_err(|error| StoreError::io("sync", path, error)),
    }
}

/// Whether nothing has left the log.
pub(crate) fn blobs_are_empty(store: &Path) -> Result<bool, StoreError> {
    let blobs = store.join("blobs");
    match std::fs::read_dir(&blobs) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(StoreError::io("read", &blobs, error)),
    }
}
