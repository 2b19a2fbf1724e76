//! Why a command could not do what it was asked: one line for a person, causes with `-v 1`.

use std::error::Error as _;
use std::io;

use opsec_attest::BundleError;
use opsec_gather::{ClusterError, GatherError, ManifestError};
use opsec_model::SavedSnapshotError;
use opsec_service::StoreError;
use opsec_wire::FieldError;

use crate::endpoint::{ConfigError, ConnectError};
use crate::exit::Exit;
use crate::output::say;
use crate::service::ServiceError;

/// Why a command could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The cluster could not be read.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A flag about clusters stands beside files.
    #[error(
        "{0} is about a cluster, and files (or a snapshot) alone decide here: leave one of them out"
    )]
    OnlyOfACluster(&'static str),
    /// A file of a snapshot could not be used.
    #[error("snapshot {file} cannot be {what}: {source}")]
    SnapshotFile {
        /// The file.
        file: String,
        /// `read` or `written`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A file is no snapshot.
    #[error("{file}: {source}")]
    SnapshotContent {
        /// The file.
        file: String,
        /// Why not.
        source: SavedSnapshotError,
    },
    /// The input could not be read.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// The input is no manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is nothing to judge.
    #[error("no operator was found; name what is to be judged: kubectl opsec check NAME")]
    NoOperator,
    /// No operator was named where there are several, and all of them could be judged.
    #[error("{0}, or ask for all with --all")]
    NoneNamed(#[source] ServiceError),
    /// No rule had a subject.
    #[error("nothing could be judged: no rule had a subject")]
    NothingJudged,
    /// A baseline document could not be read.
    #[error("baseline {file} cannot be read: {source}")]
    BaselineUnreadable {
        /// The file as named.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A baseline document is not one.
    #[error("baseline {file}: {reason}")]
    Baseline {
        /// The file as named.
        file: String,
        /// What is wrong, its path first.
        reason: String,
    },
    /// The questions cannot be read.
    #[error("questions {file} cannot be read: {source}")]
    Questions {
        /// The file as named.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Files and questions cannot both be standard input.
    #[error("-f - and --batch - cannot both read standard input; put one of them into a file")]
    StandardInputTwice,
    /// Both states cannot be standard input.
    #[error("OLD and NEW cannot both be standard input; put one of them into a file")]
    StatesFromStandardInput,
    /// A question does not fit together.
    #[error("{0}")]
    Question(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The service cannot be asked.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Nobody said yes.
    #[error("nothing was stored")]
    NotConfirmed,
    /// Nobody can be asked.
    #[error("{0} operators would newly fail or no longer be covered; --yes stores it all the same")]
    NeedsYes(usize),
    /// There is nothing to decide.
    #[error("baseline {0} has no proposal that awaits a decision")]
    NoProposal(String),
    /// The service knows of no operator.
    #[error(
        "no posture{0} is recorded that you may see; `kubectl opsec check OPERATOR --record` records one"
    )]
    NoPosture(String),
    /// Only a service that stays up does that.
    #[error("{0} needs a service that others ask too; name one with --server")]
    NeedsServer(&'static str),
    /// A file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Unreadable {
        /// The file as named.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{file} cannot be written: {source}")]
    Unwritable {
        /// The file as named.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Files and saved snapshots are not attested.
    #[error("only a cluster that is read now is attested: leave -f and --snapshot out")]
    OnlyLive,
    /// A file is no trust bundle.
    #[error("trust bundle {file}: {source}")]
    TrustBundle {
        /// The file as named.
        file: String,
        /// Why not.
        source: BundleError,
    },
    /// The baselines cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The service refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// What the service answered cannot be read.
    #[error("the service's answer cannot be read: {0}")]
    Answer(#[from] FieldError),
    /// The snapshot cannot be sent.
    #[error("what was read cannot be sent to the service: {0}")]
    Snapshot(#[source] FieldError),
    /// The overlay cannot be written.
    #[error("the overlay cannot be written into {directory}: {source}")]
    Overlay {
        /// Where it was to be.
        directory: String,
        /// Why not.
        source: io::Error,
    },
    /// There is no place for baselines.
    #[error("this system has no place for a user's data; name one with --data-dir")]
    NoDataDir,
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The program cannot start its own threads.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
}

/// Says it, and ends as a usage error does.
pub(crate) fn report(failure: &Failure, verbosity: u8) -> Exit {
    let message = failure.to_string();
    say(&format!("error: {message}"));
    if verbosity > 0 {
        let mut said = message;
        let mut cause = failure.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // A message that quotes its cause need not be followed by it.
            if !said.contains(&text) {
                say(&format!("  caused by: {text}"));
            }
            said = text;
            cause = error.source();
        }
    }
    Exit::Usage
}
