//! Why a proof could not be made.

use std::path::PathBuf;

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// There is no control plane.
    #[error(transparent)]
    Testbed(#[from] opsec_testbed::TestbedError),
    /// Another evaluator does not answer.
    #[error(transparent)]
    Oracle(#[from] opsec_oracles::OracleError),
    /// There is no client of it.
    #[error("no client of the control plane: {0}")]
    Client(String),
    /// The API server did not answer.
    #[error("the API server does not answer {what}: {why}")]
    Silent {
        /// What was asked.
        what: String,
        /// Why there is no answer.
        why: String,
    },
    /// The API server refused what the proof must put there.
    #[error("the API server refuses {what}: {code} {message}")]
    Refused {
        /// What was to be put there.
        what: String,
        /// The status.
        code: u16,
        /// What it said.
        message: String,
    },
    /// Something that should come never came.
    #[error("after {seconds} s there is still no {what}")]
    Never {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
    },
    /// Generated objects were not read.
    #[error("generated objects are not read: {0}")]
    Read(String),
    /// A file could not be used.
    #[error("cannot use {path}: {why}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}
