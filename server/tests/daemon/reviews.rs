//! Tokens that a real API server reviews, and its authoriser deciding instead of roles.

use std::collections::BTreeMap;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, RoleRef, Subject};
use kube::api::{Api, DeleteParams, PostParams};
use kube::core::ObjectMeta;
use opsec_proto::v1;
use opsec_proto::v1::baseline_service_client::BaselineServiceClient;
use opsec_testbed::{ControlPlane, Options};
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;

use crate::certificates::write;
use crate::process::Daemon;
use crate::{bearing, channel, reason, version};

const ISSUER: &str = "https://kubernetes.default.svc";

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

async fn account(cluster: &ControlPlane, name: &str) {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), "default");
    let account = ServiceAccount {
        metadata: named(name),
        ..ServiceAccount::default()
    };
    accounts
        .create(&PostParams::default(), &account)
        .await
        .unwrap();
}

async fn token(cluster: &ControlPlane, name: &str, audience: &str) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), "default");
    let request = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: Some(vec![audience.to_owned()]),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let made = accounts
        .create_token_request(name, &PostParams::default(), &request)
        .await;
    made.unwrap().status.unwrap().token.unwrap()
}

fn daemon(cluster: &ControlPlane, directory: &TempDir, delegate: bool) -> Daemon {
    let roles = write(
        directory,
        "roles.toml",
        "[[binding]]\nrole = \"viewer\"\nsubjects = [\"prod/user:system:serviceaccount:default:bot\"]\n",
    );
    let kubeconfig = cluster.kubeconfig();
    let configuration = format!(
        "[access]\nroles = {roles:?}\n[[identity.token_review]]\nname = \"prod\"\n\
         issuer = {ISSUER:?}\nkubeconfig = {kubeconfig:?}\ndelegate = {delegate}\n"
    );
    Daemon::configured(directory, &configuration)
}

async fn reads(channel: &Channel, token: &str, name: &str) -> (Code, String) {
    let mut client = BaselineServiceClient::new(channel.clone());
    let name = format!("baselines/{name}");
    let read = client
        .get_baseline(bearing(token, v1::GetBaselineRequest { name }))
        .await;
    read.map_or_else(|status| reason(&status), |_| (Code::Ok, String::new()))
}

/// Lets an account do this with virtual resources.
async fn allow(cluster: &ControlPlane, account: &str, verb: &str, names: &[&str]) {
    let roles: Api<ClusterRole> = Api::all(cluster.client());
    let role = ClusterRole {
        metadata: named(account),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec!["kubectl-opsec.dev".to_owned()]),
            resources: Some(vec!["baselines".to_owned()]),
            resource_names: Some(names.iter().map(|&name| name.to_owned()).collect()),
            verbs: vec![verb.to_owned()],
            ..PolicyRule::default()
        }]),
        ..ClusterRole::default()
    };
    roles.create(&PostParams::default(), &role).await.unwrap();
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client());
    let binding = ClusterRoleBinding {
        metadata: named(account),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: account.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: account.to_owned(),
            namespace: Some("default".to_owned()),
            ..Subject::default()
        }]),
    };
    bindings
        .create(&PostParams::default(), &binding)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_api_server_vouches_for_tokens_of_our_audience() {
    let cluster = ControlPlane::start(Options::default()).await.unwrap();
    for name in ["bot", "stranger", "reader"] {
        account(&cluster, name).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let daemon_by_roles = daemon(&cluster, &directory, false);
    let channel = channel(daemon_by_roles.address).await;
    let bot = token(&cluster, "bot", "opsec").await;
    version(&channel, Some(&bot)).await.unwrap();
    assert_eq!(reads(&channel, &bot, "argo").await.1, "OUT_OF_SCOPE");
    let stranger = token(&cluster, "stranger", "opsec").await;
    let denied = version(&channel, Some(&stranger)).await.unwrap_err();
    assert_eq!(
        reason(&denied),
        (Code::PermissionDenied, "ROLE_MISSING".into())
    );
    let elsewhere = token(&cluster, "bot", ISSUER).await;
    let refused = version(&channel, Some(&elsewhere)).await.unwrap_err();
    let expected = (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned());
    assert_eq!(
        reason(&refused),
        expected,
        "a token for the API server is none for us"
    );
    let mut forged = bot.clone();
    forged.truncate(bot.len() - 8);
    forged.push_str("AAAAAAAA");
    let refused = version(&channel, Some(&forged)).await.unwrap_err();
    assert_eq!(reason(&refused), expected);

    delegated(&cluster).await;

    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), "default");
    let fresh = token(&cluster, "bot", "opsec").await;
    cluster_gone(cluster, accounts).await;
    let refused = version(&channel, Some(&fresh)).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Unavailable, "AUTHN_BACKEND".into())
    );
    version(&channel, Some(&bot)).await.unwrap();
}

/// The authoriser of the cluster decides, and roles do not.
async fn delegated(cluster: &ControlPlane) {
    allow(cluster, "reader", "get", &["argo"]).await;
    let directory = tempfile::tempdir().unwrap();
    let daemon = daemon(cluster, &directory, true);
    let channel = channel(daemon.address).await;
    let reader = token(cluster, "reader", "opsec").await;
    let mut answers = BTreeMap::new();
    // RBAC hears of a new role a moment later.
    for _ in 0..20 {
        for name in ["argo", "kyverno"] {
            answers.insert(name, reads(&channel, &reader, name).await);
        }
        if answers["argo"].1 != "OUT_OF_SCOPE" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert_eq!(
        answers["argo"].1, "BASELINE_NOT_FOUND",
        "it may, and there is none"
    );
    assert_eq!(answers["kyverno"].1, "OUT_OF_SCOPE");
    let bot = token(cluster, "bot", "opsec").await;
    assert_eq!(
        reads(&channel, &bot, "argo").await.1,
        "OUT_OF_SCOPE",
        "its role does not count"
    );
}

/// Ends the control plane.
async fn cluster_gone(cluster: ControlPlane, accounts: Api<ServiceAccount>) -> Option<()> {
    let deleted = accounts.delete("stranger", &DeleteParams::default()).await;
    drop(cluster);
    deleted.ok().map(drop)
}
