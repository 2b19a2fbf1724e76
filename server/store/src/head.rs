//! The last acknowledged commit, kept outside sled. One flipped bit in sled's log silently ends it
//! there, and what is left is consistent: no checksum of records can see that later ones are gone.
//! So the number of the commit and a sum over all live records stand in a file of their own, in
//! two slots that are written in turn.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::blob;

const MAGIC: &[u8; 8] = b"OPSECHD1";
/// Apart, so that one torn sector cannot take both.
const SLOTS: [u64; 2] = [0, 4096];
const SLOT: usize = 8 + PAYLOAD + 16;

/// Bytes of a commit in its binary form.
pub(crate) const PAYLOAD: usize = 8 + 32;

/// The state after a commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The number of the commit; 0 is an empty store.
    pub(crate) number: u64,
    /// The sum over all live records.
    pub(crate) sum: Sum,
}

impl Commit {
    /// Its binary form.
    pub(crate) fn to_bytes(self) -> [u8; PAYLOAD] {
        let mut bytes = [0; PAYLOAD];
        let (number, sum) = bytes.split_at_mut(8);
        number.copy_from_slice(&self.number.to_be_bytes());
        sum.copy_from_slice(&self.sum.0);
        bytes
    }

    /// From its binary form.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, sum) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            number: u64::from_be_bytes(*number),
            sum: Sum(sum.try_into().ok()?),
        })
    }
}

/// A sum modulo 2^256 of the SHA-256 of records: it does not depend on their order, and a record
/// is taken out as easily as put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum([u8; 32]);

impl Sum {
    /// Puts a record in.
    pub(crate) fn add(&mut self, key: &[u8], record: &[u8]) {
        let mut carry = 0u16;
        let hash = hash(key, record);
        for (byte, term) in self.0.iter_mut().zip(hash).rev() {
            let total = u16::from(*byte) + u16::from(term) + carry;
            let [high, low] = total.to_be_bytes();
            *byte = low;
            carry = u16::from(high);
        }
    }

    /// Takes a record out.
    pub(crate) fn remove(&mut self, key: &[u8], record: &[u8]) {
        let mut borrow = false;
        let hash = hash(key, record);
        for (byte, term) in self.0.iter_mut().zip(hash).rev() {
            let (difference, first) = byte.overflowing_sub(term);
            let (difference, second) = difference.overflowing_sub(u8::from(borrow));
            *byte = difference;
            borrow = first || second;
        }
    }
}

fn hash(key: &[u8], record: &[u8]) -> [u8; 32] {
    let length = u64::try_from(key.len()).unwrap_or(u64::MAX);
    Sha256::new()
        .chain_update(length.to_be_bytes())
        .chain_update(key)
        .chain_update(record)
        .finalize()
        .into()
}

/// The newest commit of the file; absent when the file is, or when no slot is whole.
pub(crate) fn read(path: &Path) -> io::Result<Option<Commit>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    let slots = SLOTS.into_iter().filter_map(|offset| {
        let offset = usize::try_from(offset).ok()?;
        open_slot(content.get(offset..offset.checked_add(SLOT)?)?)
    });
    Ok(slots.max_by_key(|commit| commit.number))
}

/// Opens the file for [`write()`], and creates it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}

/// Writes a commit into the slot whose turn it is, and syncs it. One handle for all commits: it
/// hears of every failed write since it was opened.
pub(crate) fn write(file: &mut File, commit: Commit) -> io::Result<()> {
    let offset = if commit.number.is_multiple_of(2) {
        SLOTS[0]
    } else {
        SLOTS[1]
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut slot = MAGIC.to_vec();
    slot.extend_from_slice(&commit.to_bytes());
    slot.extend_from_slice(blob::digest(&slot).get(..16).unwrap_or_default());
    file.write_all(&slot)?;
    file.sync_data()
}

fn open_slot(slot: &[u8]) -> Option<Commit> {
    let (covered, checksum) = slot.split_last_chunk::<16>()?;
    if blob::digest(covered).get(..16) != Some(checksum.as_slice()) {
        return None;
    }
    Commit::from_bytes(covered.strip_prefix(MAGIC)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(number: u64) -> Commit {
        Commit {
            number,
            ..Commit::default()
        }
    }

    #[test]
    fn the_sum_depends_on_what_is_there_and_not_on_the_order() {
        let mut one = Sum::default();
        let mut other = Sum::default();
        for index in 0..100u8 {
            one.add(&[index], b"x");
            other.add(&[99 - index], b"x");
        }
        assert_eq!(one, other);
        one.add(b"k", b"v");
        assert_ne!(one, other);
        one.remove(b"k", b"v");
        assert_eq!(one, other);
    }

    #[test]
    fn a_torn_slot_leaves_the_commit_before() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("head");
        assert_eq!(read(&path).unwrap(), None);
        let mut file = open(&path).unwrap();
        write(&mut file, commit(1)).unwrap();
        write(&mut file, commit(2)).unwrap();
        assert_eq!(read(&path).unwrap(), Some(commit(2)));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[12] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&path).unwrap(), Some(commit(1)));
    }
}
