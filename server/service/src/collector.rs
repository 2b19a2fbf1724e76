//! Facts that the service gathers itself. With what credentials is the daemon's configuration, and no
//! caller's business: a request names a registered cluster and nothing else.

use std::fmt;
use std::sync::Arc;

use opsec_access::{Caller, Method, Target};
use opsec_model::Snapshot;
use opsec_proto::v1;

use crate::context::{Context, require};
use crate::failure::{Collecting, Failure};
use crate::use_case::baselines::read_cluster_name;

/// Why a cluster could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectError {
    /// The service is not configured to read it.
    Unconfigured,
    /// It did not answer, or not as it must.
    Failed(String),
}

/// What reads clusters.
#[tonic::async_trait]
pub trait Collector: fmt::Debug + Send + Sync {
    /// Reads a cluster by its id.
    ///
    /// # Errors
    /// When it is not configured, or cannot be read.
    async fn collect(&self, cluster: &str) -> Result<Arc<Snapshot>, CollectError>;
}

impl Context {
    /// Facts of a registered cluster that the caller may ask about, read by the service. INVARIANT: the
    /// UID that was read is the one that is registered, or there are no facts.
    pub(crate) async fn collected(
        &self,
        caller: &Caller,
        method: Method,
        asked: &v1::Collection,
    ) -> Result<Snapshot, Failure> {
        let Some(collector) = &self.collector else {
            return Err(Failure::OnlyServed("collecting"));
        };
        let id = read_cluster_name("collection.cluster", &asked.cluster)?;
        require(caller, method, Target::Cluster(&id)).await?;
        let registered = self.registered(&id)?;
        let collected = collector.collect(&id).await;
        let snapshot = collected.map_err(|error| {
            let cluster = id.clone();
            Failure::Collect(match error {
                CollectError::Unconfigured => Collecting::Unconfigured { cluster },
                CollectError::Failed(problem) => Collecting::Failed { cluster, problem },
            })
        })?;
        if snapshot.cluster_uid.as_ref() != Some(&registered.uid) {
            let read = snapshot.cluster_uid.as_deref();
            let registered = read.map(|uid| self.of_uid(uid)).transpose()?.flatten();
            return Err(Failure::ClusterMismatch {
                claimed: id,
                registered: registered.map(|cluster| cluster.id),
            });
        }
        Ok(Snapshot::clone(&snapshot))
    }
}
