//! What goes wrong: with the store, or with a change that its rules refuse.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::scope::Scope;

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it, and did not let go in time.
    #[error(
        "the store is in use by {} (waited {} ms for {})",
        .pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")),
        .waited.as_millis(), .path.display()
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, when it says so.
        pid: Option<u32>,
        /// How long was waited.
        waited: Duration,
    },
    /// The directory may not be written.
    #[error("cannot write {}: {source}; name another directory with --data-dir", .path.display())]
    NotWritable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full.
    #[error("the disk of {} is full; nothing was stored", .path.display())]
    DiskFull {
        /// The path.
        path: PathBuf,
    },
    /// Less of the disk is free than is to be left alone.
    #[error("{} has {} MiB free, and below {} MiB nothing is changed: make room; nothing was stored", .path.display(), .free >> 20, .reserve >> 20)]
    DiskLow {
        /// The store's directory.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes below which nothing is changed.
        reserve: u64,
    },
    /// Reading or writing failed otherwise.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record, or the whole log, is damaged.
    #[error("{what} in {} is damaged: {problem}; restore a copy, or move the directory away to start anew", .path.display())]
    Corrupt {
        /// The store's directory.
        path: PathBuf,
        /// The record, as in ``baseline `cert-manager` revision 3``.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The log holds less than was acknowledged.
    #[error("the store {} is at commit {found}, but commit {expected} was acknowledged: later changes are lost; restore a copy, or move the directory away to start anew", .path.display())]
    RolledBack {
        /// The store's directory.
        path: PathBuf,
        /// The last commit that is there.
        found: u64,
        /// The last commit that was acknowledged.
        expected: u64,
    },
    /// A newer version wrote it.
    #[error("{what} in {} was written by a newer version ({version}); update this program", .path.display())]
    Newer {
        /// The store's directory.
        path: PathBuf,
        /// The record.
        what: String,
        /// The version of its form.
        version: u8,
    },
    /// A write or a sync failed, and the store has stopped: it writes nothing any more.
    #[error("the store has stopped: {problem}; start the program again")]
    Failed {
        /// What failed.
        problem: String,
    },
    /// The store stopped while a change was on its way.
    #[error(
        "whether the change was stored is not known: {problem}; read it again, or send it again with the same request id"
    )]
    CommitUnknown {
        /// What failed.
        problem: String,
    },
    /// Too many changes wait.
    #[error("the store has too many changes to make; try again")]
    Overloaded,
    /// A transaction is larger than any engine takes.
    #[error("the change is too large: {problem}")]
    TransactionTooLarge {
        /// Which limit it breaks.
        problem: String,
    },
}

impl StoreError {
    /// The reason that the service gives.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "STORE_LOCKED",
            Self::DiskFull { .. } | Self::DiskLow { .. } => "DISK_LOW",
            Self::NotWritable { .. } | Self::Io { .. } | Self::Failed { .. } => "STORE_FAILED",
            Self::Corrupt { .. } => "RECORD_CORRUPT",
            Self::RolledBack { .. } => "STORE_ROLLED_BACK",
            Self::Newer { .. } => "FORMAT_NEWER",
            Self::CommitUnknown { .. } => "COMMIT_UNKNOWN",
            Self::Overloaded => "OVERLOADED",
            Self::TransactionTooLarge { .. } => "SPEC_TOO_LARGE",
        }
    }

    /// The error for a failed system call, told apart as far as a person can act on it.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable { path, source }
            }
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }

    pub(crate) fn corrupt(
        path: &Path,
        what: impl Into<String>,
        problem: impl Into<String>,
    ) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            what: what.into(),
            problem: problem.into(),
        }
    }

    pub(crate) fn sled(action: &'static str, path: &Path, error: sled::Error) -> Self {
        match error {
            sled::Error::Io(source) => Self::io(action, path, source),
            // sled's own words name offsets and backtraces, which help nobody to mend it.
            sled::Error::Corruption { .. } => {
                Self::corrupt(path, "the log", "what it holds is not what was written")
            }
            other => Self::corrupt(path, "the log", other.to_string()),
        }
    }
}

/// Why a change is refused.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A baseline of that name is there.
    #[error("baseline `{name}` exists (revision {revision}); update it instead")]
    Exists {
        /// Its name.
        name: String,
        /// Its revision.
        revision: i64,
    },
    /// No baseline of that name is there.
    #[error("there is no baseline `{name}`")]
    NotFound {
        /// The name.
        name: String,
    },
    /// A change names no state.
    #[error("a change of baseline `{name}` needs the etag that was read with it")]
    EtagRequired {
        /// The name.
        name: String,
    },
    /// The baseline was changed since it was read.
    #[error(
        "baseline `{name}` was changed meanwhile (it is at revision {revision}); read it again"
    )]
    EtagStale {
        /// The name.
        name: String,
        /// Its revision.
        revision: i64,
    },
    /// Another baseline is for the same.
    #[error("baseline `{by}` is already for {scope}; only one can be")]
    ScopeClaimed {
        /// What both are for.
        scope: Scope,
        /// The other one.
        by: String,
    },
    /// A proposal awaits approval.
    #[error(
        "revision {revision} of baseline `{name}` awaits approval; approve or reject it before another change"
    )]
    ProposalPending {
        /// The name.
        name: String,
        /// The proposal.
        revision: i64,
    },
    /// A revision is no proposal.
    #[error("revision {revision} of baseline `{name}` is no proposal, or is decided already")]
    NotProposed {
        /// The name.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// Who proposed approves.
    #[error(
        "revision {revision} of baseline `{name}` was proposed by the same subject; another one approves it"
    )]
    SelfApproval {
        /// The name.
        name: String,
        /// The proposal.
        revision: i64,
    },
    /// A field of the content cannot be stored so.
    #[error("{path}: {message}")]
    Field {
        /// The path of the field.
        path: String,
        /// What is wrong, and what to write instead.
        message: String,
    },
    /// The content is too large.
    #[error("baseline `{name}` holds {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// The name.
        name: String,
        /// How much it holds.
        bytes: usize,
        /// How much it may hold.
        limit: usize,
    },
    /// There is no such revision.
    #[error("baseline `{name}` has no revision {revision}")]
    RevisionNotFound {
        /// The name.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// A deletion cannot be gone back to.
    #[error("revision {revision} of baseline `{name}` is its deletion; delete it instead")]
    RollbackToTombstone {
        /// The name.
        name: String,
        /// The revision.
        revision: i64,
    },
    /// `default` stays.
    #[error("`default` cannot be deleted; update it instead")]
    DefaultUndeletable,
    /// The name has too many revisions.
    #[error("baseline `{name}` has {limit} revisions, which is the limit", limit = crate::REVISION_LIMIT)]
    RevisionsExhausted {
        /// The name.
        name: String,
    },
    /// The request id stood on another request.
    #[error("request id `{id}` was used for another request")]
    RequestIdReused {
        /// The id.
        id: String,
    },
    /// Too many request ids of the last 24 hours.
    #[error("more than {limit} changes within 24 hours; try again later", limit = crate::replay::LIMIT)]
    RequestIdQuota,
    /// The content has no canonical form.
    #[error("baseline `{name}`: {problem}")]
    NotCanonical {
        /// The name.
        name: String,
        /// Why.
        problem: String,
    },
}

impl ChangeError {
    /// The reason that the service gives.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Store(error) => error.reason(),
            Self::Exists { .. } => "BASELINE_EXISTS",
            Self::NotFound { .. } => "BASELINE_NOT_FOUND",
            Self::EtagRequired { .. } => "ETAG_REQUIRED",
            Self::EtagStale { .. } => "ETAG_STALE",
            Self::ProposalPending { .. } => "PROPOSAL_PENDING",
            Self::NotProposed { .. } => "NOT_PROPOSED",
            Self::SelfApproval { .. } => "SELF_APPROVAL",
            Self::ScopeClaimed { .. } => "SCOPE_CLAIMED",
            Self::Field { .. } | Self::NotCanonical { .. } => "SPEC_INVALID",
            Self::TooLarge { .. } => "SPEC_TOO_LARGE",
            Self::RevisionNotFound { .. } => "REVISION_NOT_FOUND",
            Self::RollbackToTombstone { .. } => "ROLLBACK_TO_TOMBSTONE",
            Self::DefaultUndeletable => "DEFAULT_UNDELETABLE",
            Self::RevisionsExhausted { .. } => "REVISIONS_EXHAUSTED",
            Self::RequestIdReused { .. } => "REQUEST_ID_REUSED",
            Self::RequestIdQuota => "REQUEST_ID_QUOTA",
        }
    }
}
