//! Records checks of an operator on clusters that there need not be.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use opsec_clients::{Server, repository};
use opsec_manifests::{Input as File, Options, read};
use opsec_model::SourceKind;
use opsec_proto::v1;
use opsec_proto::v1::check_request::Input;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_proto::v1::cluster_service_client::ClusterServiceClient;
use tokio::runtime::Runtime;
use tonic::transport::Channel;

pub(crate) const AS_SHIPPED: &str = "deploy/demo/as-shipped.yaml";
pub(crate) const HARDENED: &str = "deploy/demo/hardened.yaml";

pub(crate) fn now() -> jiff::Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    jiff::Timestamp::from_nanosecond(since.as_nanos().try_into().unwrap()).unwrap()
}

/// Whoever records.
pub(crate) struct Recorder {
    runtime: Runtime,
    channel: Channel,
    /// UIDs by cluster.
    uids: RefCell<BTreeMap<String, String>>,
}

impl Recorder {
    pub(crate) fn of(server: &Server) -> Self {
        let runtime = Runtime::new().unwrap();
        let endpoint = Channel::from_shared(server.url()).unwrap();
        let channel = runtime.block_on(endpoint.connect()).unwrap();
        Self {
            runtime,
            channel,
            uids: RefCell::default(),
        }
    }

    /// Registers a cluster that nobody runs.
    pub(crate) fn register(&self, id: &str) {
        let number = self.uids.borrow().len();
        self.register_as(id, &format!("11111111-0000-4000-8000-{number:012}"));
    }

    pub(crate) fn register_as(&self, id: &str, uid: &str) {
        let request = v1::CreateClusterRequest {
            cluster: Some(v1::Cluster {
                name: format!("clusters/{id}"),
                uid: uid.to_owned(),
                ..v1::Cluster::default()
            }),
            ..v1::CreateClusterRequest::default()
        };
        let mut clusters = ClusterServiceClient::new(self.channel.clone());
        self.runtime
            .block_on(clusters.create_cluster(request))
            .unwrap();
        self.uids.borrow_mut().insert(id.to_owned(), uid.to_owned());
    }

    /// Records what a file comes to as if the cluster held that, now.
    pub(crate) fn record(&self, cluster: &str, file: &str) {
        let input = File {
            name: file.to_owned(),
            bytes: std::fs::read(repository().join(file)).unwrap(),
        };
        let mut snapshot = read(&[input], &Options::default()).unwrap().snapshot;
        snapshot.source.kind = SourceKind::Cluster;
        snapshot.gathered_at = Some(now().to_string());
        snapshot.cluster_uid = self.uids.borrow().get(cluster).cloned();
        let request = v1::CheckRequest {
            input: Some(Input::Snapshot(
                opsec_wire::encode_snapshot(&snapshot).unwrap(),
            )),
            record: true,
            ..v1::CheckRequest::default()
        };
        let mut checks = CheckServiceClient::new(self.channel.clone());
        let answer = self.runtime.block_on(checks.check(request)).unwrap();
        let results = answer.into_inner().results;
        assert!(results.iter().all(|result| result.recorded));
    }
}
