//! Clusters that the service reads itself, each by what stands in the configuration. A cluster is read
//! once at a time, and what was read just now is not read again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use opsec_gather::{ClusterOptions, Connection, gather_cluster};
use opsec_model::Snapshot;
use opsec_service::{CollectError, Collector};
use tokio::sync::Mutex;

use crate::config::Collection;
use crate::identity::cluster_config;
use crate::log::{Level, say};

/// How long facts do for who asks again.
const FRESH: Duration = Duration::from_secs(5);

/// What of a call's time is left for judging.
const REST: Duration = Duration::from_secs(2);

/// Clusters, by their ids.
#[derive(Debug)]
pub(crate) struct Collections {
    clusters: BTreeMap<String, Source>,
    patience: Duration,
}

#[derive(Debug)]
struct Source {
    kubeconfig: Option<PathBuf>,
    newest: Mutex<Option<(Instant, Arc<Snapshot>)>>,
}

impl Collections {
    /// Of a configuration; a call takes so long at the most.
    ///
    /// # Errors
    /// When a kubeconfig cannot be read, or has what is refused.
    pub(crate) fn new(configured: &[Collection], longest: Duration) -> Result<Self, String> {
        let mut clusters = BTreeMap::new();
        for one in configured {
            // Only that it could be used: it is read again each time, so that tokens may change.
            cluster_config(one.kubeconfig.as_deref())
                .map_err(|problem| format!("collection of `{}`: {problem}", one.cluster))?;
            let source = Source {
                kubeconfig: one.kubeconfig.clone(),
                newest: Mutex::default(),
            };
            clusters.insert(one.cluster.clone(), source);
        }
        let patience = longest.saturating_sub(REST).max(longest / 2);
        Ok(Self { clusters, patience })
    }
}

#[tonic::async_trait]
impl Collector for Collections {
    async fn collect(&self, cluster: &str) -> Result<Arc<Snapshot>, CollectError> {
        let source = self.clusters.get(cluster);
        let source = source.ok_or(CollectError::Unconfigured)?;
        let mut newest = source.newest.lock().await;
        if let Some((at, snapshot)) = &*newest
            && at.elapsed() < FRESH
        {
            return Ok(Arc::clone(snapshot));
        }
        let begun = Instant::now();
        match read(source.kubeconfig.as_deref(), self.patience).await {
            Ok(snapshot) => {
                let snapshot = Arc::new(snapshot);
                *newest = Some((begun, Arc::clone(&snapshot)));
                Ok(snapshot)
            }
            Err(problem) => {
                let fields = [("cluster", cluster), ("problem", &problem)];
                say(Level::Warning, "cluster not collected", &fields);
                Err(CollectError::Failed(problem))
            }
        }
    }
}

async fn read(kubeconfig: Option<&Path>, patience: Duration) -> Result<Snapshot, String> {
    let config = cluster_config(kubeconfig)?;
    let connection = Connection::of(config).map_err(|error| error.to_string())?;
    let options = ClusterOptions {
        deadline: patience,
        ..ClusterOptions::default()
    };
    let gathered = gather_cluster(&connection, &options, Arc::new(|_| ())).await;
    gathered.map_err(|error| error.to_string())
}
