//! What runs the central service in a cluster: the API server takes it whole, Pod Security lets its
//! pod in, and its account may review tokens and nothing else.

use std::path::Path;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::PostParams;
use serde_json::{Value, json};

use crate::cluster::{apply, control_plane, opsec, runtime};

fn manifests() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/server/opsec-server.yaml")
}

/// The pod that its Deployment makes.
fn pod() -> Value {
    let input = opsec_manifests::Input {
        name: "file".to_owned(),
        bytes: std::fs::read(manifests()).unwrap(),
    };
    let limits = opsec_manifests::Limits::default();
    let documents = opsec_manifests::read_documents(&input, &limits).unwrap();
    let deployment = documents
        .into_iter()
        .map(|document| document.value)
        .find(|value| value["kind"] == "Deployment")
        .unwrap();
    let template = &deployment["spec"]["template"];
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "opsec-server", "namespace": "opsec", "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    })
}

#[test]
fn the_service_is_let_into_a_cluster_and_may_review_tokens_alone() {
    apply(&manifests());
    let pod: Pod = serde_json::from_value(pod()).unwrap();
    let pods: Api<Pod> = Api::namespaced(control_plane().client(), "opsec");
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    runtime().block_on(pods.create(&dry, &pod)).unwrap();

    let rights = opsec("rights opsec-server -o json");
    assert_eq!(rights.status, 0, "{rights:?}");
    let rights = rights.json();
    let items = rights["items"].as_array().unwrap();
    let own: Vec<&Value> = items
        .iter()
        .filter(|item| item["bootstrap"] != true)
        .map(|item| &item["resources"])
        .collect();
    assert_eq!(own, [&json!(["tokenreviews"])], "{rights}");
}
