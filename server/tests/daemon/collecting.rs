//! Clusters that the service reads itself, a real control plane: what comes of it is attested as that, of
//! the cluster that is registered and no other, and only with what the configuration has.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, PostParams};
use opsec_attest::{TrustBundle, VerifyPolicy, Wanted, verify};
use opsec_proto::v1;
use opsec_proto::v1::attestation_service_client::AttestationServiceClient;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_proto::v1::check_request::Input;
use opsec_proto::v1::check_service_client::CheckServiceClient;
use opsec_proto::v1::cluster_service_client::ClusterServiceClient;
use opsec_testbed::{ControlPlane, Options};
use serde_json::json;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::process::{Daemon, program, refused};
use crate::{channel, reason};

const VERIFIER: &str = "https://opsec.example.org";

async fn install(cluster: &ControlPlane) {
    let made = PostParams::default();
    let namespaces: Api<Namespace> = Api::all(cluster.client());
    let namespace = json!({"metadata": {"name": "shop"}});
    let namespace = serde_json::from_value(namespace).unwrap();
    namespaces.create(&made, &namespace).await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), "shop");
    let account = json!({"metadata": {"name": "shop-operator"}});
    let account = serde_json::from_value(account).unwrap();
    accounts.create(&made, &account).await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(cluster.client(), "shop");
    let labels = json!({"app.kubernetes.io/name": "shop-operator"});
    let deployment = json!({
        "metadata": {"name": "shop-operator", "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {
                "serviceAccountName": "shop-operator",
                "containers": [{"name": "manager", "image": format!("example.org/shop@sha256:{}", "a".repeat(64))}],
            }},
        },
    });
    let deployment = serde_json::from_value(deployment).unwrap();
    deployments.create(&made, &deployment).await.unwrap();
}

async fn uid(cluster: &ControlPlane) -> String {
    let namespaces: Api<Namespace> = Api::all(cluster.client());
    let system = namespaces.get("kube-system").await.unwrap();
    system.metadata.uid.unwrap()
}

/// A service with a key that reads a cluster as `prod-1`.
async fn service(directory: &TempDir, cluster: &ControlPlane) -> (Daemon, Channel) {
    let data = directory.path().join("data");
    let mut generate = program();
    generate.args(["keys", "generate", "--data-dir"]).arg(&data);
    assert!(generate.output().unwrap().status.success());
    let kubeconfig = cluster.kubeconfig();
    let settings = format!(
        "[attestation]\nverifier_id = {VERIFIER:?}\n[[collection]]\ncluster = \"prod-1\"\n\
         kubeconfig = {kubeconfig:?}\n"
    );
    let daemon = Daemon::dev_with(&data, &settings);
    let channel = channel(daemon.address).await;
    (daemon, channel)
}

async fn register(channel: &Channel, name: &str, uid: &str) {
    let mut clusters = ClusterServiceClient::new(channel.clone());
    let cluster = v1::Cluster {
        name: format!("clusters/{name}"),
        uid: uid.to_owned(),
        ..v1::Cluster::default()
    };
    let request = v1::CreateClusterRequest {
        cluster: Some(cluster),
        ..v1::CreateClusterRequest::default()
    };
    clusters.create_cluster(request).await.unwrap();
}

/// A baseline of the shop, by which nothing is demanded of who collects.
async fn accept(channel: &Channel) {
    let document = "apiVersion: kubectl-opsec.dev/v1alpha1\nkind: OperatorBaseline\nmetadata: {name: \
                    shop}\nspec: {appliesTo: {operators: [shop-operator]}, operatorNamespaces: [shop]}\n";
    let mut baselines = BaselineServiceClient::new(channel.clone());
    let baseline = v1::Baseline {
        document: document.to_owned().into(),
        ..v1::Baseline::default()
    };
    let request = v1::CreateBaselineRequest {
        baseline: Some(baseline),
        ..v1::CreateBaselineRequest::default()
    };
    baselines.create_baseline(request).await.unwrap();
}

fn collection(cluster: &str) -> v1::Collection {
    v1::Collection {
        cluster: format!("clusters/{cluster}"),
    }
}

fn check(cluster: &str) -> v1::CheckRequest {
    v1::CheckRequest {
        input: Some(Input::Collection(collection(cluster))),
        operator: "shop-operator".to_owned(),
        record: true,
        ..v1::CheckRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_reads_itself_is_attested_as_such() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    install(&cluster).await;
    let directory = tempfile::tempdir().unwrap();
    let (_daemon, channel) = service(&directory, &cluster).await;
    let uid = uid(&cluster).await;
    register(&channel, "prod-1", &uid).await;
    register(&channel, "prod-2", "another").await;
    accept(&channel).await;

    let mut checks = CheckServiceClient::new(channel.clone());
    let checked = checks.check(check("prod-1")).await.unwrap().into_inner();
    assert_eq!(checked.mode(), v1::CollectionMode::ServerCollected);
    assert_eq!(checked.cluster, "clusters/prod-1");
    assert!(checked.results[0].recorded);
    let unread = checks.check(check("prod-2")).await.unwrap_err();
    assert_eq!(reason(&unread).1, "COLLECTION_UNCONFIGURED");
    let unknown = checks.check(check("prod-3")).await.unwrap_err();
    assert_eq!(reason(&unknown).1, "CLUSTER_NOT_FOUND");

    let mut attestations = AttestationServiceClient::new(channel);
    let request = v1::AttestRequest {
        collection: Some(collection("prod-1")),
        operator: "shop-operator".to_owned(),
        allow_failed: true,
        ..v1::AttestRequest::default()
    };
    let made = attestations.attest(request).await.unwrap().into_inner();
    let made = made.attestation.unwrap();
    assert_eq!(made.mode(), v1::CollectionMode::ServerCollected);
    let bundle = attestations
        .get_trust_bundle(v1::GetTrustBundleRequest {})
        .await;
    let bundle = TrustBundle::read(&bundle.unwrap().into_inner().trust_bundle).unwrap();
    let policy = VerifyPolicy::of(Wanted::Operator {
        cluster_uid: uid,
        operator: made.operator.clone(),
    });
    let now = jiff::Timestamp::from_second(made.verify_time.unwrap().seconds + 1).unwrap();
    let verification = verify(&made.envelope, &bundle, &policy, now);
    let statement = verification.statement.unwrap();
    assert_eq!(statement.predicate.snapshot.mode, "SERVER_COLLECTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_than_the_registered_one_gives_no_facts() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    install(&cluster).await;
    let directory = tempfile::tempdir().unwrap();
    let (_daemon, channel) = service(&directory, &cluster).await;
    register(&channel, "prod-1", "another").await;
    let mut checks = CheckServiceClient::new(channel.clone());
    let refused = checks.check(check("prod-1")).await.unwrap_err();
    assert_eq!(reason(&refused).1, "CLUSTER_MISMATCH");
    drop(cluster);
    let gone = checks.check(check("prod-1")).await.unwrap_err();
    let said = reason(&gone).1;
    assert!(
        ["CLUSTER_MISMATCH", "COLLECTION_FAILED"].contains(&said.as_str()),
        "what was read just now does; else it is not there: {said}"
    );
}

#[test]
fn a_kubeconfig_that_runs_programs_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, \
                user: u}}]\nclusters: [{name: c, cluster: {server: \"https://127.0.0.1:1\"}}]\nusers: [{name: u, \
                user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: id}}}]\n";
    std::fs::write(&kubeconfig, text).unwrap();
    let file = directory.path().join("opsec.toml");
    let settings = format!("[[collection]]\ncluster = \"prod-1\"\nkubeconfig = {kubeconfig:?}\n");
    std::fs::write(&file, settings).unwrap();
    let (path, data) = (file.display().to_string(), directory.path().join("data"));
    let data = data.display().to_string();
    let (status, said) = refused(&[
        "--dev",
        "--listen",
        "127.0.0.1:0",
        "--config",
        &path,
        "--data-dir",
        &data,
    ]);
    assert!(
        status == Some(4) && said.contains("run a program"),
        "{said}"
    );
}
