//! Hardened operators on a real control plane: the API server accepts every object of every overlay,
//! what was taken away is gone, what was moved is there, and the guards refuse.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper that fails fails the test"
)]

#[path = "live/cluster.rs"]
#[expect(dead_code, reason = "another test reads what the program prints")]
mod cluster;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use opsec_corpus::corpus;
use opsec_manifests::{Input, Limits, read_documents};
use opsec_testbed::{Assets, RELEASE};
use serde_json::{Value, json};
use tempfile::TempDir;

use cluster::{Ran, apply_all, control_plane, opsec};

/// As the webhooks see it: a ServiceAccount of the operator's namespace that is no component's.
const SIBLING: &str = "system:serviceaccount:cert-manager:default";

fn kubectl(words: &[&str], input: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    std::fs::write(&file, input).unwrap();
    let kubectl = Assets::of(RELEASE).unwrap().kubectl().unwrap();
    let output = Command::new(kubectl)
        .args(words)
        .env("KUBECONFIG", control_plane().kubeconfig())
        .env("HOME", folder.path())
        .stdin(Stdio::from(std::fs::File::open(&file).unwrap()))
        .output()
        .unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn objects(bytes: Vec<u8>) -> Vec<Value> {
    let name = "rendered".to_owned();
    let documents = read_documents(&Input { name, bytes }, &Limits::default()).unwrap();
    documents
        .into_iter()
        .map(|document| document.value)
        .collect()
}

/// An operator's overlay.
fn overlay(file: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (file, directory) = (file.display(), folder.path().display());
    let ran = opsec(&format!(
        "harden -f {file} --intended shop --output-dir {directory}"
    ));
    assert_ne!(ran.status, 2, "{}", ran.stderr);
    folder
}

/// Its rendering.
fn rendered(file: &Path) -> Vec<Value> {
    let overlay = overlay(file);
    let ran = kubectl(&["kustomize", overlay.path().to_str().unwrap()], "");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    objects(ran.stdout.into_bytes())
}

/// The objects that hardening makes.
fn created(file: &Path) -> Vec<Value> {
    objects(std::fs::read(overlay(file).path().join("hardening.yaml")).unwrap())
}

/// Waits until a request is answered so, for what was applied a moment ago holds a moment later.
fn eventually(words: &[&str], input: &str, holds: impl Fn(&Ran) -> bool) {
    let began = Instant::now();
    loop {
        let ran = kubectl(words, input);
        if holds(&ran) {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{words:?}: {ran:?}"
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Applies objects, declarations last: kubectl knows their plural, which is no common one.
fn accepted(objects: Vec<Value>) {
    let is_declaration = |object: &Value| object.get("kind") == Some(&json!("OperatorRights"));
    let (declarations, others) = objects.into_iter().partition::<Vec<_>, _>(is_declaration);
    apply_all(others);
    for declaration in declarations {
        let apply = ["apply", "-f", "-"];
        eventually(&apply, &declaration.to_string(), |ran| ran.status == 0);
    }
}

fn can(verb: &str, resource: &str, namespace: &[&str], expected: &str) {
    let account = "system:serviceaccount:cert-manager:cert-manager";
    let words = ["auth", "can-i", verb, resource, "--as", account];
    eventually(&[words.as_slice(), namespace].concat(), "", |ran| {
        ran.stdout.trim() == expected
    });
}

/// The guards hold a sibling that RBAC would let do everything.
fn guards_refuse() {
    let everything = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "sibling"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "cert-manager"}],
    });
    apply_all(vec![everything]);
    let kind = include_str!("../../deploy/demo/hardened.yaml");
    let kinds = kind.split("\n---\n");
    let definition = kinds
        .into_iter()
        .find(|document| document.contains("name: caches.demo.kubectl-opsec.dev"))
        .unwrap();
    let create = ["create", "--dry-run=server", "--as", SIBLING, "-f", "-"];
    eventually(&create, definition, |ran| {
        ran.stderr.contains("do not create or change kinds")
    });
    let patch = r#"{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}"#;
    let status = ["patch", "namespace", "shop", "--subresource=status"];
    let merge = [
        "--type=merge",
        "--dry-run=server",
        "--as",
        SIBLING,
        "-p",
        patch,
    ];
    eventually(&[status.as_slice(), &merge].concat(), "", |ran| {
        ran.stderr
            .contains("do not change NetworkPolicies, Namespaces")
    });
    // Who is not of its namespaces is let through.
    let own = ["create", "--dry-run=server", "-f", "-"];
    eventually(&own, definition, |ran| ran.status == 0);
}

#[test]
fn hardened_operators_are_accepted_and_cert_manager_keeps_what_it_was_given() {
    let Some(folder) =
        corpus("hardened_operators_are_accepted_and_cert_manager_keeps_what_it_was_given")
    else {
        return;
    };
    let folder = folder.join("operators");
    accepted(namespaced(rendered(&folder.join("cert-manager.yaml"))));
    let ran = opsec("check cert-manager -n cert-manager");
    assert_eq!(ran.status, 0, "{}\n{}", ran.stdout, ran.stderr);
    can("create", "pods", &["-n", "shop"], "yes");
    can("create", "pods", &["-n", "default"], "no");
    can("get", "secrets", &["-n", "shop"], "yes");
    can("get", "secrets", &["--all-namespaces"], "no");
    can("update", "customresourcedefinitions", &[], "no");
    guards_refuse();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let created = namespaced(created(&file));
        assert!(created.len() > 8, "{}", file.display());
        accepted(created);
    }
}

/// The same objects, after the namespaces that none of them makes.
fn namespaced(objects: Vec<Value>) -> Vec<Value> {
    let of = |object: &Value, pointer: &str| {
        let text = object.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    let is_namespace = |object: &&Value| object.get("kind") == Some(&json!("Namespace"));
    let made: Vec<String> = objects
        .iter()
        .filter(is_namespace)
        .filter_map(|object| of(object, "/metadata/name"))
        .collect();
    let mut missing: Vec<String> = objects
        .iter()
        .filter_map(|object| of(object, "/metadata/namespace"))
        .filter(|name| !made.contains(name))
        .collect();
    missing.sort();
    missing.dedup();
    let mut all: Vec<Value> = missing
        .into_iter()
        .map(|name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .collect();
    all.extend(objects);
    all
}
