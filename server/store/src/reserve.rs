//! Free space that is left alone: below it nothing is changed, and what is stored stays readable.

use std::io;
use std::path::PathBuf;

use crate::error::StoreError;

/// How many bytes of a file system stay free.
#[derive(Debug)]
pub(crate) struct Reserve {
    place: PathBuf,
    bytes: u64,
}

impl Reserve {
    /// Of the file system of a directory.
    pub(crate) fn of(place: PathBuf, bytes: u64) -> Self {
        Self { place, bytes }
    }

    /// Whether there is more than that.
    ///
    /// # Errors
    /// When there is not, or the system does not say.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.bytes == 0 {
            return Ok(());
        }
        let room = nix::sys::statvfs::statvfs(&self.place);
        let room = room.map_err(|error| {
            StoreError::io(
                "look at",
                &self.place,
                io::Error::from_raw_os_error(error as i32),
            )
        })?;
        let free = room.blocks_available().saturating_mul(room.fragment_size());
        if free < self.bytes {
            return Err(StoreError::DiskLow {
                path: self.place.clone(),
                free,
                reserve: self.bytes,
            });
        }
        Ok(())
    }
}
