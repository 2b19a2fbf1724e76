//! The control plane itself: it answers, audits, and leaves nothing behind.

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::api::{ListParams, PostParams};
use opsec_testbed::{Audit, ControlPlane, Options, RELEASE};

#[tokio::test]
async fn it_is_of_the_release_answers_audits_and_leaves_nothing() {
    let options = Options {
        audit: Audit::RequestResponse,
        ..Options::default()
    };
    let cluster = ControlPlane::start(options).await.unwrap();
    let client = cluster.client();
    let version = client.apiserver_version().await.unwrap();
    assert_eq!(version.git_version, format!("v{RELEASE}"));

    let namespaces: Api<Namespace> = Api::all(client.clone());
    let names: Vec<String> = namespaces
        .list(&ListParams::default())
        .await
        .unwrap()
        .iter()
        .map(kube::ResourceExt::name_any)
        .collect();
    assert!(names.contains(&"kube-system".to_owned()), "{names:?}");

    let maps: Api<ConfigMap> = Api::namespaced(client, "default");
    let mut map = ConfigMap::default();
    map.metadata.name = Some("written".to_owned());
    maps.create(&PostParams::default(), &map).await.unwrap();
    let events = cluster.audit_events().unwrap();
    let created = events.iter().any(|event| {
        event["verb"] == "create"
            && event["objectRef"]["resource"] == "configmaps"
            && event["responseObject"]["metadata"]["name"] == "written"
    });
    assert!(created, "of {} events none is the creation", events.len());

    let folder = cluster.kubeconfig().parent().unwrap().to_owned();
    let server = cluster.server().to_owned();
    assert!(folder.is_dir());
    drop(cluster);
    assert!(!folder.exists(), "{} is left", folder.display());
    let address = server.trim_start_matches("https://");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn without_controllers_it_starts_just_the_same() {
    let options = Options {
        controller_manager: false,
        ..Options::default()
    };
    let cluster = ControlPlane::start(options).await.unwrap();
    assert_eq!(cluster.release(), RELEASE);
    assert!(cluster.audit_events().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_start_says_why() {
    let options = Options {
        api_server_arguments: vec!["--no-such-flag".to_owned()],
        ..Options::default()
    };
    let error = ControlPlane::start(options).await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("kube-apiserver ended"), "{message}");
    assert!(message.contains("no-such-flag"), "{message}");
}
