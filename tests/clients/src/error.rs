//! Why a client cannot be made.

use std::io;
use std::path::{Path, PathBuf};

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A program that makes it is missing.
    #[error("{program} is missing: {advice}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What to install.
        advice: &'static str,
    },
    /// A program failed.
    #[error("{what} failed with {status}: {output}")]
    Failed {
        /// What was run.
        what: String,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// A file or a program cannot be used.
    #[error("cannot {action} {}: {source}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The service does not say where it listens.
    #[error("the service did not start: {0}")]
    NotListening(String),
}

impl ClientError {
    pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
