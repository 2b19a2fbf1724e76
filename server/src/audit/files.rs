//! The files of an audit: `audit-<first seq, 20 digits>.jsonl`, readable to their owner alone. The
//! first event of a file follows the last one of the file before.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::AuditError;

/// A file of an audit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// The seq of its first event.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> AuditError + '_ {
    |source| AuditError::Io {
        path: path.to_owned(),
        source,
    }
}

/// All files, the first first; without a directory there is none.
pub(super) fn parts(directory: &Path) -> Result<Vec<Part>, AuditError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(directory)(error)),
    };
    let mut parts = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name
            .strip_prefix("audit-")
            .and_then(|name| name.strip_suffix(".jsonl"));
        if let Some(first) = number.and_then(|number| number.parse().ok()) {
            parts.push(Part { first, path });
        }
    }
    parts.sort();
    Ok(parts)
}

/// A new file, and its directory if need be; both are on the disk.
pub(super) fn create(directory: &Path, first: u64) -> Result<(PathBuf, File), AuditError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(failed(directory))?;
    let path = directory.join(format!("audit-{first:020}.jsonl"));
    let mut options = OpenOptions::new();
    options.create_new(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(failed(&path))?;
    sync(directory)?;
    Ok((path, file))
}

/// Moves a line that was not written whole out of a file, to `audit.torn`.
pub(super) fn tear(path: &Path, length: u64, torn: &[u8]) -> Result<(), AuditError> {
    let beside = path.with_file_name("audit.torn");
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let keep = || -> io::Result<()> {
        let mut file = options.open(&beside)?;
        file.write_all(torn)?;
        file.write_all(b"\n")?;
        file.sync_all()
    };
    keep().map_err(failed(&beside))?;
    let cut = || -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    };
    cut().map_err(failed(path))
}

pub(super) fn sync(directory: &Path) -> Result<(), AuditError> {
    let done = File::open(directory).and_then(|directory| directory.sync_all());
    done.map_err(failed(directory))
}
