//! The only reader of the outside: files and standard input as `kubectl -f` takes them, and
//! clusters as a kubeconfig names them.
//!
//! Reading stops at the limits: a file that is too large is refused by its size, before it is
//! read.

mod bundle;
mod cluster;
mod error;
mod files;

pub use cluster::{
    Change, ClusterError, ClusterOptions, Connection, ConnectionOptions, Detail, Notices,
    OnProgress, Permission, ProbeAnswers, Reception, Rehearsal, Rehearsed, WatchedKind, Watching,
    gather_cluster, permissions, probe_cluster, rehearse,
};
pub use error::GatherError;
pub use files::{PathOrStdin, read_files};
/// How the bytes that were read become facts.
pub use opsec_manifests::{Input, InstallOptions, Limits, ManifestError, Manifests, Options, read};
