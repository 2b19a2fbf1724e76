//! A running cluster into a snapshot. Only what is asked for is read, and nothing is written.
//!
//! What may not be listed does not end the gathering: the kind is then not complete, and the
//! snapshot says which permission is missing.

mod access;
mod answer;
mod collect;
mod connect;
mod discover;
mod error;
mod kinds;
mod list;
mod notices;
mod page;
mod probe;
mod rehearse;
mod retry;
mod watch;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opsec_model::Snapshot;
use opsec_model::snapshot::{Source, SourceKind};

pub use access::{Permission, permissions};
pub use connect::{Connection, ConnectionOptions};
pub use error::ClusterError;
pub use notices::Notices;
pub use probe::{ProbeAnswers, probe_cluster};
pub use rehearse::{Reception, Rehearsal, Rehearsed, rehearse};
pub use watch::{Change, Detail, WatchedKind, Watching};

/// What is gathered, and how long it may take.
#[derive(Debug, Clone)]
pub struct ClusterOptions {
    /// Whether the names and types of Secrets are listed. Their content never is.
    pub secret_metadata: bool,
    /// How long all of it may take.
    pub deadline: Duration,
    /// How long one request may take.
    pub request_timeout: Duration,
    /// When it is gathered.
    pub now: SystemTime,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            secret_metadata: false,
            deadline: Duration::from_mins(5),
            request_timeout: Duration::from_mins(1),
            now: SystemTime::now(),
        }
    }
}

/// Is told what is waited for, as in `listing rolebindings 12,500`.
pub type OnProgress = Arc<dyn Fn(String) + Send + Sync>;

/// Gathers a cluster.
///
/// # Errors
/// When the API server cannot be reached, refuses the credentials, or stops answering.
pub async fn gather_cluster(
    connection: &Connection,
    options: &ClusterOptions,
    progress: OnProgress,
) -> Result<Snapshot, ClusterError> {
    let work = collect::collect(connection, options, progress);
    let mut snapshot = match tokio::time::timeout(options.deadline, work).await {
        Ok(snapshot) => snapshot?,
        Err(_) => {
            return Err(ClusterError::Deadline {
                server: connection.server.clone(),
                deadline: options.deadline,
                trouble: connection.last_trouble(),
            });
        }
    };
    snapshot.source = Source {
        kind: SourceKind::Cluster,
        context: connection.context.clone(),
        cluster: connection.cluster.clone(),
        ..Source::default()
    };
    snapshot.gathered_at = Some(timestamp(options.now));
    Ok(snapshot)
}

/// RFC 3339 in UTC, to the second.
fn timestamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map(|since| since.as_secs())
        .unwrap_or_default();
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .unwrap_or_default()
        .to_string()
}
