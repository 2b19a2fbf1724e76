//! The one thread that writes. What waits when it is free is one group: judged in order, written
//! as one batch, synced once, published, and only then answered. Any failure stops it for good.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::files;
use super::group::Group;
use super::shared::{Shared, guarded};
use crate::error::StoreError;
use crate::head::{self, Commit};
use crate::pending::Responder;
use crate::store::{Transaction, Verdict};
use crate::{key, record};

/// The most transactions that may wait.
pub(crate) const QUEUE: usize = 1_024;

/// The most operations of a group, and the longest that one is gathered for.
const GROUP_OPERATIONS: usize = 256;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// A transaction, and who waits for it.
pub(crate) type Job = (Transaction, Responder);

/// The files that make a commit durable. Each handle is kept for all commits, for one that is
/// opened later does not hear of writes that failed before.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) log: File,
    pub(crate) head: File,
}

/// What the thread has.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) db: sled::Db,
    pub(crate) files: Files,
    pub(crate) commit: Commit,
    pub(crate) events: u64,
    pub(crate) shared: Arc<Shared>,
}

impl Writer {
    /// Works until the last sender is gone; gives sled back, unless it failed.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let group = gather(first, jobs);
            let (transactions, responders): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            match self.write(&transactions) {
                Ok(verdicts) => {
                    for (responder, verdict) in responders.into_iter().zip(verdicts) {
                        responder.answer(Ok(verdict));
                    }
                }
                Err(error) => return self.stop(&error, responders, jobs),
            }
        }
    }

    /// Fail-stop: who was in the group does not know, who waited behind it does.
    fn stop(self, error: &StoreError, group: Vec<Responder>, jobs: &Receiver<Job>) {
        let problem = error.to_string();
        self.shared.fail(&problem);
        for responder in group {
            let problem = problem.clone();
            responder.answer(Err(StoreError::CommitUnknown { problem }));
        }
        // What sled still wants to write is of a group that nobody was promised, and closing it
        // may wait for what never comes: the program is about to end.
        std::mem::forget(self.shared.close());
        std::mem::forget(self.db);
        while let Ok((_, responder)) = jobs.recv() {
            let problem = problem.clone();
            responder.answer(Err(StoreError::Failed { problem }));
        }
    }

    fn write(&mut self, transactions: &[Transaction]) -> Result<Vec<Verdict>, StoreError> {
        let shared = Arc::clone(&self.shared);
        guarded(&shared.place, || self.write_group(transactions))
    }

    fn write_group(&mut self, transactions: &[Transaction]) -> Result<Vec<Verdict>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let before = shared.published.get();
        let mut group = Group::new(&before, self.commit.number + 1);
        let verdicts = transactions.iter().map(|one| group.add(one)).collect();
        if group.is_empty() {
            return Ok(verdicts);
        }
        self.compact(&shared.place, &mut group)?;
        group.complete();
        let commit = self.write_batch(&shared.place, &group)?;
        // INVARIANT: log, then head, then readers, then the answer.
        self.sync(&shared.place, commit)?;
        self.commit = commit;
        self.events = self.events + group.events_added() - group.events_removed();
        shared.published.set(group.into_view());
        shared.bell.ring(commit.number);
        Ok(verdicts)
    }

    /// Takes out events that need not be kept: a few more than come in, so that none pile up.
    fn compact(&self, place: &Path, group: &mut Group) -> Result<(), StoreError> {
        let added = group.events_added();
        let spare = (self.events + added).saturating_sub(Group::EVENTS_KEPT);
        let mut left = spare.min(2 * added + 16);
        for entry in self.db.scan_prefix([key::EVENT]) {
            if left == 0 {
                break;
            }
            left -= 1;
            let (key, sealed) = entry.map_err(|error| StoreError::sled("read", place, error))?;
            let opened = record::open(place, &key, &sealed)?;
            if !group.forget_event(&key, opened.value) {
                break;
            }
        }
        Ok(())
    }

    fn write_batch(&self, place: &Path, group: &Group) -> Result<Commit, StoreError> {
        let failed = |error| StoreError::sled("write", place, error);
        let mut sum = self.commit.sum;
        let mut batch = sled::Batch::default();
        for (key, value) in group.records() {
            if let Some(old) = self.db.get(key).map_err(failed)? {
                sum.remove(key, &old);
            }
            match value {
                Some(value) => {
                    let sealed = record::seal(key, group.number(), value);
                    sum.add(key, &sealed);
                    batch.insert(key, sealed);
                }
                None => batch.remove(key),
            }
        }
        let commit = Commit {
            number: group.number(),
            sum,
        };
        let sealed = record::seal(key::META_HEAD, commit.number, &commit.to_bytes());
        batch.insert(key::META_HEAD, sealed);
        self.db.apply_batch(batch).map_err(failed)?;
        self.db.flush().map_err(failed)?;
        Ok(commit)
    }

    fn sync(&mut self, place: &Path, commit: Commit) -> Result<(), StoreError> {
        // sled's own `flush` issues sync_file_range, which survives no power cut.
        let synced = self.files.log.sync_data();
        synced.map_err(|error| StoreError::io("sync", &place.join("db"), error))?;
        if !files::blobs_are_empty(place)? {
            let problem = "it must be empty, for it is never synced";
            return Err(StoreError::corrupt(place, "`blobs`", problem));
        }
        head::write(&mut self.files.head, commit)
            .map_err(|error| StoreError::io("write", &place.join("head"), error))
    }
}

fn gather(first: Job, jobs: &Receiver<Job>) -> Vec<Job> {
    let started = Instant::now();
    let mut operations = first.0.operations.len();
    let mut group = vec![first];
    // Only what waits already: what comes during the sync is the next group.
    while operations < GROUP_OPERATIONS && started.elapsed() < GROUP_TIME {
        let Ok(job) = jobs.try_recv() else { break };
        operations += job.0.operations.len().max(1);
        group.push(job);
    }
    group
}
