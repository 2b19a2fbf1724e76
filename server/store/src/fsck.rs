//! Checks a store that no process has open, and mends what can be mended without a guess.

use std::collections::{BTreeMap, BTreeSet};

use crate::baseline::{self, Head, State};
use crate::batch::Batch;
use crate::error::StoreError;
use crate::key;
use crate::location::StoreLocation;
use crate::outbox::{self, Row};
use crate::scope::Scope;
use crate::sled_store::{Survey, survey};
use crate::state::claim_records_of;
use crate::store::{Range, Snapshot, Store as _, all};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A record is not what was written under its key.
    BadChecksum,
    /// A revision that is counted is not there, or one is there that is not.
    MissingRevision,
    /// A claim is not what its baseline is for, or the other way round.
    DanglingClaim,
    /// Two baselines are for the same.
    DuplicateClaim,
    /// A piece of content is not there.
    MissingChunk,
    /// A piece of content is of nothing.
    OrphanChunk,
    /// What is there is not what was acknowledged.
    HeadMismatch,
    /// A change owes an event that the audit does not have.
    AuditBehind,
    /// The audit tells of a change that the store does not have.
    AuditAhead,
    /// Something left the log for files that are never synced.
    BlobsNotEmpty,
    /// A record is of a kind that this version does not know.
    UnknownKind,
}

impl Code {
    /// Its name, which outlives releases.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadChecksum => "BAD_CHECKSUM",
            Self::MissingRevision => "MISSING_REVISION",
            Self::DanglingClaim => "DANGLING_CLAIM",
            Self::DuplicateClaim => "DUPLICATE_CLAIM",
            Self::MissingChunk => "MISSING_CHUNK",
            Self::OrphanChunk => "ORPHAN_CHUNK",
            Self::HeadMismatch => "HEAD_MISMATCH",
            Self::AuditBehind => "AUDIT_BEHIND",
            Self::AuditAhead => "AUDIT_AHEAD",
            Self::BlobsNotEmpty => "BLOBS_NOT_EMPTY",
            Self::UnknownKind => "UNKNOWN_KIND",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub code: Code,
    /// With which record, and how.
    pub message: String,
    /// Whether it was mended.
    pub repaired: bool,
}

/// What to do beside looking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FsckOptions {
    /// Mend what can be mended without a guess: pieces of nothing, and claims.
    pub repair: bool,
    /// Go on from what is there, though more was acknowledged, in a new epoch.
    pub accept_loss: bool,
    /// Milliseconds since 1970, UTC.
    pub now: i64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// Everything that is or was wrong.
    pub findings: Vec<Finding>,
    /// What it was found in, for whoever holds it against an audit: events that are owed to one.
    pub owed: Vec<Row>,
    /// The last commit of the store.
    pub commit: u64,
}

/// The status with which a program ends that could not check.
pub const COULD_NOT_CHECK: u8 = 2;

impl FsckReport {
    /// The status with which a program ends that says this: 0 clean, 1 findings.
    pub fn exit_status(&self) -> u8 {
        u8::from(!self.findings.is_empty())
    }
}

/// Checks a store.
///
/// # Errors
/// When it is not there, another process has it, or it cannot be read at all.
pub fn fsck(location: &StoreLocation, options: &FsckOptions) -> Result<FsckReport, StoreError> {
    if !location.exists()? {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(StoreError::io("check", location.data_directory(), source));
    }
    let mut survey = survey(location)?;
    let mut check = Check::default();
    check.engine(&mut survey, options.accept_loss)?;
    let snapshot = survey.snapshot();
    check.records(&*snapshot)?;
    let owed = check.owed(&*snapshot);
    let commit = snapshot.cursor().commit;
    drop(snapshot);
    if options.repair && !check.batch.is_empty() && survey.is_whole() {
        let snapshot = survey.snapshot();
        let transactions = std::mem::take(&mut check.batch).split(&*snapshot, options.now)?;
        drop(snapshot);
        let store = survey.start()?;
        for transaction in transactions {
            let _ = store.transact(transaction).wait()?;
        }
        for &index in &check.mendable {
            if let Some(finding) = check.findings.get_mut(index) {
                finding.repaired = true;
            }
        }
    }
    Ok(FsckReport {
        findings: check.findings,
        owed,
        commit,
    })
}

#[derive(Debug, Default)]
struct Check {
    findings: Vec<Finding>,
    /// Which of them the batch mends.
    mendable: Vec<usize>,
    batch: Batch,
}

impl Check {
    fn find(&mut self, code: Code, message: impl Into<String>) {
        self.findings.push(Finding {
            code,
            message: message.into(),
            repaired: false,
        });
    }

    fn find_mendable(&mut self, code: Code, message: impl Into<String>) {
        self.mendable.push(self.findings.len());
        self.find(code, message);
    }

    fn engine(&mut self, survey: &mut Survey, accept_loss: bool) -> Result<(), StoreError> {
        for problem in survey.damaged() {
            self.find(Code::BadChecksum, problem);
        }
        if let Some(error) = survey.mismatch() {
            self.find(Code::HeadMismatch, error.to_string());
        }
        if !survey.blobs_are_empty()? {
            self.find(
                Code::BlobsNotEmpty,
                "`blobs` holds files, which are never synced",
            );
        }
        if accept_loss && !survey.is_whole() {
            survey.accept_loss()?;
            for finding in &mut self.findings {
                finding.repaired |= matches!(finding.code, Code::BadChecksum | Code::HeadMismatch);
            }
        }
        Ok(())
    }

    fn records(&mut self, snapshot: &dyn Snapshot) -> Result<(), StoreError> {
        for entry in all(snapshot, Range::prefix(&[]).keys_only())? {
            if !key::KINDS.contains(&key::kind(&entry.key)) {
                self.find(Code::UnknownKind, key::describe(&entry.key));
            }
        }
        let heads = self.heads(snapshot)?;
        self.revisions(&heads, snapshot)?;
        self.chunks(snapshot)?;
        self.claims(&heads, snapshot)
    }

    /// Events that are owed; of a damaged one it is said that it is.
    fn owed(&mut self, snapshot: &dyn Snapshot) -> Vec<Row> {
        outbox::rows(snapshot).unwrap_or_else(|error| {
            self.find(Code::BadChecksum, error.to_string());
            Vec::new()
        })
    }

    fn heads(&mut self, snapshot: &dyn Snapshot) -> Result<BTreeMap<String, Head>, StoreError> {
        let mut heads = BTreeMap::new();
        for entry in all(snapshot, Range::prefix(&[key::HEAD]))? {
            let head = serde_json::from_slice(&entry.value).ok();
            match key::id_of(&entry.key).zip(head) {
                Some((name, head)) => {
                    heads.insert(name.to_owned(), head);
                }
                None => self.find(Code::BadChecksum, key::describe(&entry.key)),
            }
        }
        Ok(heads)
    }

    fn revisions(
        &mut self,
        heads: &BTreeMap<String, Head>,
        snapshot: &dyn Snapshot,
    ) -> Result<(), StoreError> {
        let found = all(snapshot, Range::prefix(&[key::REVISION]).keys_only())?;
        let found: BTreeSet<_> = found.into_iter().map(|entry| entry.key).collect();
        let mut expected = BTreeSet::new();
        for (name, head) in heads {
            // A damaged head may say any number.
            let newest = head.newest().0.min(crate::REVISION_LIMIT + 1);
            expected.extend((1..=newest).map(|number| key::revision(name, number)));
        }
        for key in expected.difference(&found) {
            let message = format!("{} is missing", key::describe(key));
            self.find(Code::MissingRevision, message);
        }
        for key in found.difference(&expected) {
            let message = format!("{} is not known to its baseline", key::describe(key));
            self.find(Code::MissingRevision, message);
        }
        Ok(())
    }

    fn chunks(&mut self, snapshot: &dyn Snapshot) -> Result<(), StoreError> {
        let found = all(snapshot, Range::prefix(&[key::CHUNK]).keys_only())?;
        let mut orphans: BTreeSet<_> = found.into_iter().map(|entry| entry.key).collect();
        let found = orphans.clone();
        let mut range = Range::prefix(&[key::REVISION]);
        loop {
            let page = snapshot.range(&range)?;
            for entry in &page.entries {
                let what = key::describe(&entry.key);
                let Ok(pieces) = baseline::pieces(&entry.value) else {
                    self.find(Code::BadChecksum, format!("{what} does not decode"));
                    continue;
                };
                for piece in pieces {
                    let key = key::chunk(&piece);
                    orphans.remove(&key);
                    if !found.contains(&key) {
                        self.find(Code::MissingChunk, format!("a piece of {what} is missing"));
                    }
                }
            }
            match page.entries.last() {
                Some(last) if page.more => range = range.after(&last.key),
                _ => break,
            }
        }
        for key in orphans {
            self.find_mendable(Code::OrphanChunk, "a piece of content is of no revision");
            self.batch.remove(key);
        }
        Ok(())
    }

    fn claims(
        &mut self,
        heads: &BTreeMap<String, Head>,
        snapshot: &dyn Snapshot,
    ) -> Result<(), StoreError> {
        let mut expected: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for (name, &head) in heads
            .iter()
            .filter(|(_, head)| head.state == State::Approved)
        {
            // What is wrong with a revision is found where revisions are looked at.
            let Ok(Some(stored)) = baseline::read(name, head, snapshot) else {
                continue;
            };
            for scope in Scope::all_of(&stored.baseline) {
                if let Some(other) = expected.insert(key::scope(&scope), name.clone().into()) {
                    let other = String::from_utf8_lossy(&other).into_owned();
                    let message = format!("baselines `{other}` and `{name}` are both for {scope}");
                    self.find(Code::DuplicateClaim, message);
                }
            }
        }
        let found = claim_records_of(snapshot)?;
        let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        for key in keys {
            let (right, there) = (expected.get(key), found.get(key));
            if right == there {
                continue;
            }
            let message = format!("{} is not what the baselines say", key::describe(key));
            self.find_mendable(Code::DanglingClaim, message);
            match right {
                Some(name) => self.batch.put(key.clone(), name),
                None => self.batch.remove(key.clone()),
            }
        }
        Ok(())
    }
}
