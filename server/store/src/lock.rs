//! One process at a time: sled refuses a second one at once, so a lock of our own waits in line.

use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::StoreError;
use crate::location::StoreLocation;

/// The lock, held until dropped. The file stays: removing it would let two processes hold two.
#[derive(Debug)]
pub(crate) struct OwnerLock {
    _file: File,
}

impl OwnerLock {
    /// Waits for the lock as long as the location's patience lasts.
    pub(crate) fn acquire(location: &StoreLocation) -> Result<Self, StoreError> {
        let path = location.lock();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| StoreError::io("open", &path, error))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < location.patience() => {
                    std::thread::sleep(jitter());
                }
                Err(TryLockError::WouldBlock) => {
                    let (pid, waited) = (holder(&mut file), started.elapsed());
                    return Err(StoreError::Locked { path, pid, waited });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path, error));
                }
            }
        }
        sign(&mut file, &path)?;
        Ok(Self { _file: file })
    }
}

/// 5 to 25 ms, so that those who wait do not all wake at once.
fn jitter() -> Duration {
    let random = RandomState::new().hash_one(std::process::id());
    Duration::from_micros(5_000 + random % 20_000)
}

fn sign(file: &mut File, path: &Path) -> Result<(), StoreError> {
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(|error| StoreError::io("write", path, error))
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind()
        .and_then(|()| file.read_to_string(&mut text))
        .ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_in_vain_learns_who_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let location =
            StoreLocation::new(directory.path()).with_patience(Duration::from_millis(40));
        let _held = OwnerLock::acquire(&location).unwrap();
        let error = OwnerLock::acquire(&location).unwrap_err();
        let StoreError::Locked { path, pid, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((path, *pid), (&location.lock(), Some(std::process::id())));
        assert!(
            error
                .to_string()
                .contains(&format!("process {}", std::process::id())),
            "{error}"
        );
    }

    #[test]
    fn a_lock_that_is_dropped_is_free() {
        let directory = tempfile::tempdir().unwrap();
        let location = StoreLocation::new(directory.path()).with_patience(Duration::ZERO);
        drop(OwnerLock::acquire(&location).unwrap());
        OwnerLock::acquire(&location).unwrap();
    }
}
