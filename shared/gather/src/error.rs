//! Why input could not be had.

use opsec_manifests::ManifestError;

/// Why input could not be had.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// Nothing was named.
    #[error("no input: name files, directories or `-` with -f")]
    Nothing,
    /// There is no such file.
    #[error("`{path}` does not exist")]
    NotFound {
        /// The path as given.
        path: String,
    },
    /// It is an address, not a file.
    #[error(
        "`{path}` is an address, and only files are read; fetch it first: curl -fsSL {path} | kubectl opsec check … -f -"
    )]
    Address {
        /// The address as given.
        path: String,
    },
    /// A directory holds nothing that is read.
    #[error("the directory `{path}` holds no .json, .yaml or .yml file{}", if *.recursive { "" } else { " itself; -R looks into its subdirectories" })]
    NoManifests {
        /// The directory as given.
        path: String,
        /// Whether its subdirectories were looked into.
        recursive: bool,
    },
    /// It is there and cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The path.
        path: String,
        /// Why, in the system's words, lowercase.
        reason: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// Standard input was named more than once.
    #[error("`-` is named more than once, and standard input can be read once")]
    StdinTwice,
    /// It is too large.
    #[error(transparent)]
    Limit(#[from] ManifestError),
}
