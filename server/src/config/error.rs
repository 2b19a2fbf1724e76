//! Why a configuration is refused.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    /// From 1.
    pub(crate) line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.path.display(), self.line)
    }
}

/// Where a value is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File(Place),
    Environment(String),
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(place) => place.fmt(formatter),
            Self::Environment(variable) => formatter.write_str(variable),
            Self::Flag => formatter.write_str("flag"),
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{place}: {problem}")]
    Syntax { place: Place, problem: String },
    #[error("{place}: there is no setting `{key}`; `opsec-server config print` lists them")]
    UnknownKey { key: String, place: Place },
    #[error("{place}: `{key}` is not {expected}")]
    Type {
        key: String,
        place: Place,
        expected: &'static str,
    },
    #[error("{key}: {problem}")]
    Invalid { key: String, problem: String },
    #[error("will not listen on {address}: {problem}")]
    UnsafeListen {
        address: SocketAddr,
        problem: &'static str,
    },
    #[error(
        "others can read the key {} (mode {mode:o}); make it readable to its owner alone",
        .path.display()
    )]
    KeyReadable { path: PathBuf, mode: u32 },
}

impl ConfigError {
    /// The reason, which outlives releases.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::UnknownKey { .. } => "CONFIG_UNKNOWN_KEY",
            Self::UnsafeListen { .. } => "UNSAFE_LISTEN",
            Self::KeyReadable { .. } => "KEY_READABLE",
            Self::Unreadable { .. }
            | Self::Syntax { .. }
            | Self::Type { .. }
            | Self::Invalid { .. } => "CONFIG_INVALID",
        }
    }
}
