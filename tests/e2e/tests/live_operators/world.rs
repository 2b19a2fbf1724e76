//! One control plane for all tests of this target, with every operator and its payload.

use std::sync::{Arc, OnceLock};

use opsec_gather::{ClusterOptions, Connection, ConnectionOptions, gather_cluster};
use opsec_manifests::Input;
use opsec_model::Snapshot;
use opsec_testbed::{ControlPlane, Options};
use tokio::runtime::Runtime;

use crate::apply::Applied;
use crate::operators::{OPERATORS, Shipped};

/// The cluster, as it was when everything was applied.
pub(crate) struct World {
    plane: ControlPlane,
    /// What was applied.
    pub(crate) inputs: Vec<(&'static Shipped, Vec<Input>)>,
    /// How more is applied.
    pub(crate) applied: Applied,
    /// The facts, before any test changed them; the names of Secrets are among them.
    pub(crate) live: Snapshot,
}

/// The cluster; none, after saying which test did not run, where there is no corpus.
pub(crate) fn world(test: &str) -> Option<&'static World> {
    static WORLD: OnceLock<World> = OnceLock::new();
    let folder = opsec_e2e::corpus(test)?;
    Some(WORLD.get_or_init(|| {
        runtime().block_on(async {
            let plane = ControlPlane::start(Options::default()).await.unwrap();
            let inputs: Vec<_> = OPERATORS
                .iter()
                .map(|shipped| (shipped, shipped.inputs(&folder)))
                .collect();
            let mut applied = Applied::new(plane.client());
            applied.all(&inputs).await;
            applied.pods_are_made().await;
            let live = gathered(&plane, true).await;
            World {
                plane,
                inputs,
                applied,
                live,
            }
        })
    }))
}

/// The control plane's client lives on a runtime that outlives each test's own.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    })
}

impl World {
    /// Reads the cluster as it is now.
    pub(crate) async fn gathered(&self, secret_metadata: bool) -> Snapshot {
        gathered(&self.plane, secret_metadata).await
    }
}

async fn gathered(plane: &ControlPlane, secret_metadata: bool) -> Snapshot {
    let connection = Connection::open(&ConnectionOptions {
        kubeconfig: Some(plane.kubeconfig()),
        ..ConnectionOptions::default()
    })
    .await
    .unwrap();
    let options = ClusterOptions {
        secret_metadata,
        ..ClusterOptions::default()
    };
    gather_cluster(&connection, &options, Arc::new(|_| ()))
        .await
        .unwrap()
}
