//! A store as JSON Lines, and back: a header, a line a record, and a trailer with their number and
//! the SHA-256 of all lines before it. What is imported is another history: cursors and answers to
//! requests are not taken along.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::blob::hex;
use crate::error::StoreError;
use crate::key;
use crate::location::StoreLocation;
use crate::sled_store::SledStore;
use crate::store::{
    Range, Snapshot, Store as _, TRANSACTION_BYTES, TRANSACTION_OPERATIONS, Transaction,
    VALUE_BYTES,
};

const FORMAT: &str = "opsec-export";
const VERSION: u32 = 1;

/// The most bytes of a line: a value in base64, and its key.
const LINE: u64 = 256 << 10;

/// Records of a page: values are up to 64 KiB each.
const PAGE: usize = 64;

/// Why a store cannot be exported or imported.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The export cannot be read or written.
    #[error("the export cannot be read or written")]
    Io(#[from] std::io::Error),
    /// The export is not whole.
    #[error("the export is damaged: {0}; nothing was imported")]
    Damaged(String),
    /// A newer version wrote it.
    #[error("the export is of version {0}, which this program does not know; update it")]
    Newer(u32),
    /// There is something to lose.
    #[error("{} holds a store; import into an empty directory", .0.display())]
    NotEmpty(std::path::PathBuf),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    store_id: String,
    commit: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    key: String,
    value: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    count: u64,
    sha256: String,
}

/// Kinds that mean something only where they were written.
const LEFT_BEHIND: [u8; 6] = [
    key::APPLYING,
    key::EVENT,
    key::KEPT,
    key::META,
    key::OWED,
    key::REPLAY,
];

/// Writes a store at one commit; how many records it has.
///
/// # Errors
/// When a record is damaged, or the export cannot be written.
pub fn export(
    snapshot: &dyn Snapshot,
    store_id: &str,
    to: &mut dyn Write,
) -> Result<u64, TransferError> {
    let mut lines = Lines {
        to,
        digest: Sha256::new(),
    };
    lines.write(&Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        store_id: store_id.to_owned(),
        commit: snapshot.cursor().commit,
    })?;
    let mut count = 0;
    let mut range = Range::prefix(&[]).limit(PAGE);
    loop {
        let page = snapshot.range(&range)?;
        for entry in &page.entries {
            if LEFT_BEHIND.contains(&key::kind(&entry.key)) {
                continue;
            }
            count += 1;
            lines.write(&Record {
                key: STANDARD.encode(&entry.key),
                value: STANDARD.encode(&entry.value),
            })?;
        }
        match page.entries.last() {
            Some(last) if page.more => range = range.after(&last.key),
            _ => break,
        }
    }
    let sha256 = hex(&lines.digest.clone().finalize());
    lines.write(&Trailer { count, sha256 })?;
    lines.to.flush()?;
    Ok(count)
}

struct Lines<'a> {
    to: &'a mut dyn Write,
    digest: Sha256,
}

impl Lines<'_> {
    fn write(&mut self, value: &impl Serialize) -> Result<(), TransferError> {
        let mut line = serde_json::to_vec(value).map_err(std::io::Error::other)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.to.write_all(&line)?;
        Ok(())
    }
}

/// Reads an export into a directory that holds no store; how many records it has. All of it is
/// checked first, and the store is there whole or not at all.
///
/// # Errors
/// When there is a store, the export is damaged or newer, or the store cannot be written.
pub fn import(
    location: &StoreLocation,
    from: &mut (impl Read + Seek),
    now: i64,
) -> Result<u64, TransferError> {
    check(from)?;
    let data = location.data_directory();
    let failed = |action, error| StoreError::io(action, data, error);
    std::fs::create_dir_all(data).map_err(|error| failed("create", error))?;
    let _lock = crate::lock::OwnerLock::acquire(location)?;
    if location.exists()? {
        return Err(TransferError::NotEmpty(data.to_owned()));
    }
    // What an import that was broken off left there is of nothing.
    let aside = data.join("importing");
    match std::fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::io("remove", &aside, error).into());
        }
        _ => {}
    }
    let count = fill(&StoreLocation::new(&aside), from, now)?;
    let store = location.store();
    // An empty directory may be left of a process that ended before its first commit.
    let _ = std::fs::remove_dir(&store);
    std::fs::rename(aside.join("store"), &store).map_err(|error| failed("rename into", error))?;
    crate::sled_store::sync(data)?;
    std::fs::remove_dir_all(&aside).map_err(|error| failed("remove a part of", error))?;
    Ok(count)
}

fn fill(
    location: &StoreLocation,
    from: &mut (impl Read + Seek),
    now: i64,
) -> Result<u64, TransferError> {
    from.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    read_line(&mut reader, &mut line)?;
    let store = SledStore::open(location)?;
    let mut count = 0;
    let mut transaction = Transaction {
        now,
        ..Transaction::default()
    };
    loop {
        read_line(&mut reader, &mut line)?;
        let Ok(record) = serde_json::from_slice::<Record>(&line) else {
            let _ = store.transact(transaction).wait()?;
            return Ok(count);
        };
        let (key, value) = decode(&record)?;
        let full = transaction.operations.len() >= TRANSACTION_OPERATIONS
            || transaction.bytes() + key.len() + value.len() > TRANSACTION_BYTES;
        if full {
            let next = Transaction {
                now,
                ..Transaction::default()
            };
            let _ = store
                .transact(std::mem::replace(&mut transaction, next))
                .wait()?;
        }
        count += 1;
        transaction.operations.insert(key, Some(value));
    }
}

/// Reads all of an export before any of it is believed.
fn check(from: &mut (impl Read + Seek)) -> Result<(), TransferError> {
    let damaged = |problem: &str| TransferError::Damaged(problem.to_owned());
    from.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    read_line(&mut reader, &mut line)?;
    let header: Header = serde_json::from_slice(&line).map_err(|_| damaged("it has no header"))?;
    if header.format != FORMAT {
        return Err(damaged("its format is another"));
    }
    if header.version > VERSION {
        return Err(TransferError::Newer(header.version));
    }
    let mut digest = Sha256::new();
    digest.update(&line);
    let mut count = 0;
    let mut last: Option<Vec<u8>> = None;
    loop {
        read_line(&mut reader, &mut line)?;
        if line.is_empty() {
            return Err(damaged("it ends before its trailer"));
        }
        if let Ok(trailer) = serde_json::from_slice::<Trailer>(&line) {
            let whole = trailer.count == count && trailer.sha256 == hex(&digest.finalize());
            read_line(&mut reader, &mut line)?;
            return if whole && line.is_empty() {
                Ok(())
            } else {
                Err(damaged("its trailer does not match"))
            };
        }
        let record: Record =
            serde_json::from_slice(&line).map_err(|_| damaged("a line is no record"))?;
        let (key, _) = decode(&record)?;
        let kind = key::kind(&key);
        if !key::KINDS.contains(&kind) || LEFT_BEHIND.contains(&kind) {
            return Err(damaged("a record is of a kind that is not exported"));
        }
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(damaged("its records are not in order"));
        }
        last = Some(key);
        digest.update(&line);
        count += 1;
    }
}

fn decode(record: &Record) -> Result<(Vec<u8>, Vec<u8>), TransferError> {
    let decode = |text: &str| {
        let bytes = STANDARD.decode(text);
        bytes.map_err(|_| TransferError::Damaged("a record is no base64".to_owned()))
    };
    let (key, value) = (decode(&record.key)?, decode(&record.value)?);
    if value.len() > VALUE_BYTES {
        return Err(TransferError::Damaged("a value is too long".to_owned()));
    }
    Ok((key, value))
}

/// The next line with its end; empty at the end of the file.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> Result<(), TransferError> {
    line.clear();
    reader.by_ref().take(LINE).read_until(b'\n', line)?;
    if !line.is_empty() && line.last() != Some(&b'\n') {
        return Err(TransferError::Damaged("a line is cut off".to_owned()));
    }
    Ok(())
}
