//! Pruning: whole files of old events go, and an anchor stays that says where the others follow. It is
//! signed where a key can sign, so that nobody prunes what should be found.

use std::io::Write as _;
use std::path::Path;

use opsec_attest::Envelope;

use super::AuditError;
use super::chain::Head;
use super::files::{failed, parts, sync};
use super::signed;
use super::verify::follow;
use crate::keys::Signer;

const NAME: &str = "audit.anchor";

/// Where events were pruned.
#[derive(Debug)]
pub(super) struct Anchor {
    /// The last event that is gone.
    pub(super) head: Head,
    /// The same, signed; absent: no key could.
    pub(super) envelope: Option<Envelope>,
}

/// The anchor of a directory; absent: nothing was pruned.
///
/// # Errors
/// When it cannot be read or is none.
pub(super) fn anchor(directory: &Path) -> Result<Option<Anchor>, AuditError> {
    let path = directory.join(NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path)(error)),
    };
    if let Ok(head) = serde_json::from_slice(&bytes) {
        let envelope = None;
        return Ok(Some(Anchor { head, envelope }));
    }
    let (head, envelope) = signed::read(&bytes).map_err(|problem| AuditError::Damaged {
        path: path.clone(),
        problem,
    })?;
    let envelope = Some(envelope);
    Ok(Some(Anchor { head, envelope }))
}

/// Removes files whose last event is older than a time, milliseconds since 1970; the newest file stays.
/// How many went.
///
/// # Errors
/// When a file cannot be read, is damaged, or cannot be removed.
pub(super) fn prune(directory: &Path, before: i64, signer: &Signer) -> Result<usize, AuditError> {
    let mut parts = parts(directory)?;
    parts.pop();
    let mut gone = Vec::new();
    let mut head = anchor(directory)?.map(|anchor| anchor.head);
    for part in parts {
        let mut last = None;
        // What a broken off pruning left is followed from what it says itself.
        let follows = head.take().filter(|head| head.seq + 1 == part.first);
        let read = follow(&part, follows, |_, link| {
            last = link.time.parse::<jiff::Timestamp>().ok();
        })?;
        if last.is_none_or(|last| last.as_millisecond() >= before) {
            break;
        }
        head = Some(read.head.clone());
        gone.push((part.path, read.head));
    }
    let Some((_, head)) = gone.last() else {
        return Ok(0);
    };
    // INVARIANT: the anchor is on the disk before anything goes.
    write(directory, head, signer)?;
    for (path, _) in &gone {
        std::fs::remove_file(path).map_err(failed(path))?;
    }
    sync(directory)?;
    Ok(gone.len())
}

fn write(directory: &Path, head: &Head, signer: &Signer) -> Result<(), AuditError> {
    let (path, new) = (directory.join(NAME), directory.join("audit.anchor.new"));
    let mut bytes = signed::sign(head, signer)?.into_bytes();
    if bytes.is_empty() {
        bytes = serde_json::to_vec(head).map_err(|_| AuditError::Unwritable)?;
    }
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    };
    write().map_err(failed(&path))?;
    sync(directory)
}
