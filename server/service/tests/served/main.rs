//! The services of a process that stays up, as the daemon runs them: who calls stands in each
//! request, and clusters are known by their UID.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod access;
mod approval;
mod attest;
mod attest_checks;
mod batch;
mod clusters;
mod fleet;
mod meddling;
mod record;
mod simulate;
mod watch;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use opsec_access::{BindingText, Bindings, Caller, Identity, Lapsed, Roster, Standing, Subject};
use opsec_manifests::{Input as File, Options, read};
use opsec_model::{Snapshot, SourceKind};
use opsec_proto::v1;
use opsec_proto::v1::attestation_service_client::AttestationServiceClient;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_proto::v1::check_request::Input;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_proto::v1::cluster_service_client::ClusterServiceClient;
use opsec_proto::v1::posture_service_client::PostureServiceClient;
use opsec_service::{Collector, Service, ServiceConfig, Signing};
use opsec_store::{SledStore, Store, StoreLocation};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tonic::service::Routes;
use tonic_types::StatusExt as _;

const MANIFEST: &str = include_str!("../shop.yaml");
const UID: &str = "11111111-2222-4333-8444-555555555555";

/// A service, and the directory that goes with it.
struct Fixture {
    store: Arc<SledStore>,
    _directory: tempfile::TempDir,
    service: Service,
}

/// The clients of one caller.
struct As {
    checks: CheckServiceClient<CallsOf>,
    baselines: BaselineServiceClient<CallsOf>,
    clusters: ClusterServiceClient<CallsOf>,
    postures: PostureServiceClient<CallsOf>,
    attestations: AttestationServiceClient<CallsOf>,
}

/// Calls that each say who makes them.
#[derive(Clone)]
struct CallsOf {
    routes: Routes,
    caller: Option<Caller>,
}

impl tower::Service<http::Request<Body>> for CallsOf {
    type Response = http::Response<Body>;
    type Error = std::convert::Infallible;
    type Future = <Routes as tower::Service<http::Request<Body>>>::Future;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        if let Some(caller) = &self.caller {
            request.extensions_mut().insert(caller.clone());
        }
        tower::Service::call(&mut self.routes, request)
    }
}

fn fixture() -> Fixture {
    with(false)
}

fn with(needs_approval: bool) -> Fixture {
    set_up(needs_approval, None, |store| store, None)
}

/// One that signs, or does not.
fn signing_with(signing: Option<Signing>) -> Fixture {
    set_up(false, signing, |store| store, None)
}

fn set_up(
    needs_approval: bool,
    signing: Option<Signing>,
    kept_in: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    collector: Option<Arc<dyn Collector>>,
) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open(&StoreLocation::new(directory.path())).unwrap();
    let store = Arc::new(store);
    let config = ServiceConfig {
        store: kept_in(Arc::<SledStore>::clone(&store)),
        evaluations: 2,
        needs_approval,
        signing,
        trail: None,
        collector,
        waits: Arc::default(),
    };
    Fixture {
        store,
        _directory: directory,
        service: Service::new(config).unwrap(),
    }
}

impl Fixture {
    fn by(&self, caller: Option<Caller>) -> As {
        let routes = self.service.routes();
        let calls = CallsOf { routes, caller };
        let largest = usize::MAX;
        As {
            checks: CheckServiceClient::new(calls.clone()).max_decoding_message_size(largest),
            baselines: BaselineServiceClient::new(calls.clone()).max_decoding_message_size(largest),
            attestations: AttestationServiceClient::new(calls.clone()),
            clusters: ClusterServiceClient::new(calls.clone()),
            postures: PostureServiceClient::new(calls).max_decoding_message_size(largest),
        }
    }

    fn dev(&self) -> As {
        self.by(Some(Caller::dev()))
    }

    /// Registers the cluster of [`live`] as `prod-1`.
    async fn register(&self) {
        let cluster = v1::Cluster {
            name: "clusters/prod-1".to_owned(),
            uid: UID.to_owned(),
            ..v1::Cluster::default()
        };
        let request = v1::CreateClusterRequest {
            cluster: Some(cluster),
            ..v1::CreateClusterRequest::default()
        };
        self.dev().clusters.create_cluster(request).await.unwrap();
    }

    async fn store(&self, name: &str, spec: &str) -> v1::Baseline {
        let request = v1::CreateBaselineRequest {
            baseline: Some(written(name, spec)),
            ..v1::CreateBaselineRequest::default()
        };
        let created = self.dev().baselines.create_baseline(request).await.unwrap();
        created.into_inner().baseline.unwrap()
    }
}

fn written(name: &str, spec: &str) -> v1::Baseline {
    let document = format!(
        "apiVersion: {}\nkind: OperatorBaseline\nmetadata: {{name: {name}}}\nspec: {spec}\n",
        opsec_model::API_VERSION
    );
    v1::Baseline {
        document: document.into_bytes().into(),
        ..v1::Baseline::default()
    }
}

/// The facts of a cluster, as they were gathered so many seconds ago.
fn live(seconds_ago: i64) -> v1::Snapshot {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(since.unwrap().as_secs()).unwrap();
    let gathered = jiff::Timestamp::from_second(now - seconds_ago).unwrap();
    live_at(&gathered.to_string())
}

fn live_at(gathered_at: &str) -> v1::Snapshot {
    let input = File {
        name: "shop.yaml".to_owned(),
        bytes: MANIFEST.as_bytes().to_vec(),
    };
    let manifests = read(&[input], &Options::default()).unwrap();
    let mut snapshot: Snapshot = manifests.snapshot;
    snapshot.source.kind = SourceKind::Cluster;
    snapshot.gathered_at = Some(gathered_at.to_owned());
    snapshot.cluster_uid = Some(UID.to_owned());
    opsec_wire::encode_snapshot(&snapshot).unwrap()
}

fn check(snapshot: v1::Snapshot) -> v1::CheckRequest {
    v1::CheckRequest {
        input: Some(Input::Snapshot(snapshot)),
        ..v1::CheckRequest::default()
    }
}

fn recorded(snapshot: v1::Snapshot) -> v1::CheckRequest {
    v1::CheckRequest {
        record: true,
        ..check(snapshot)
    }
}

fn reason(status: &Status) -> String {
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}

#[derive(Debug)]
struct Vouched;

impl Standing for Vouched {
    fn still(&self) -> Pin<Box<dyn Future<Output = Result<(), Lapsed>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }

    fn expires(&self) -> Option<u64> {
        None
    }
}

/// Someone with a role: for these clusters, operators and baselines.
fn someone(name: &str, role: &str, scope: [&str; 3]) -> Caller {
    let subject = format!("corp/user:{name}");
    let text = |pattern: &str| vec![pattern.to_owned()];
    let [clusters, operators, baselines] = scope.map(text);
    let binding = BindingText {
        role: role.to_owned(),
        subjects: vec![subject.clone()],
        clusters,
        operators,
        baselines,
    };
    let authenticators = BTreeSet::from(["corp".to_owned()]);
    let roster = Roster::new(Bindings::read(&[binding], &authenticators).unwrap());
    let identity = Identity {
        subject: Subject::parse(&subject).unwrap(),
        groups: Vec::new(),
        standing: Arc::new(Vouched),
        delegate: None,
    };
    Caller::authenticated(identity, Arc::new(roster))
}
