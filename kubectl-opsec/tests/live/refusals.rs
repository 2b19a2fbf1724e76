//! What cannot be read is said: one line, or UNKNOWN with the permission that is missing.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cluster::{Ran, apply, apply_all, control_plane, opsec, opsec_with};
use crate::demo::demo;

/// The administrator's kubeconfig, changed.
fn kubeconfig(change: impl FnOnce(&mut Value)) -> (tempfile::TempDir, PathBuf) {
    let text = fs::read_to_string(control_plane().kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    change(&mut config);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    fs::write(&path, config.to_string()).unwrap();
    (folder, path)
}

fn is_refused(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word}: {ran:?}");
    }
}

#[test]
fn a_context_that_is_not_there_is_answered_with_those_that_are() {
    let ran = opsec("list --context elsewhere");
    is_refused(&ran, &["no context `elsewhere`", "testbed"]);
}

#[test]
fn a_server_that_is_not_there_is_named_with_the_cause() {
    let (_folder, path) = kubeconfig(|config| {
        config["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:1");
    });
    let ran = opsec_with(&path, "list");
    is_refused(
        &ran,
        &[
            "https://127.0.0.1:1 does not answer",
            "connection refused",
            "tries",
        ],
    );
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_at_once() {
    let (_folder, path) = kubeconfig(|config| {
        let cluster = config["clusters"][0]["cluster"].as_object_mut().unwrap();
        cluster.remove("certificate-authority");
    });
    let ran = opsec_with(&path, "list");
    is_refused(&ran, &["does not answer", "certificate"]);
}

#[test]
fn credentials_that_are_no_longer_good_are_said_to_be() {
    let (_folder, path) = kubeconfig(|config| {
        config["users"][0]["user"]["token"] = json!("expired");
    });
    let ran = opsec_with(&path, "list");
    is_refused(&ran, &["refuses the credentials of context `testbed`"]);
}

#[test]
fn what_may_not_be_listed_is_unknown_and_the_permission_named() {
    apply(&demo("as-shipped.yaml"));
    apply_all(vec![
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "all-but-network-policies"},
            "rules": [
                {"apiGroups": ["", "apps", "batch", "rbac.authorization.k8s.io", "apiextensions.k8s.io",
                    "apiregistration.k8s.io", "admissionregistration.k8s.io", "discovery.k8s.io",
                    "kubectl-opsec.dev", "demo.kubectl-opsec.dev",
                    "policy.networking.k8s.io", "gateway.networking.k8s.io", "operators.coreos.com"], "resources": ["*"], "verbs": ["list"]},
                {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": ["list"]},
            ],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": "all-but-network-policies"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all-but-network-policies"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}],
        }),
    ]);
    let ran = opsec("check cache-operator --as limited -o json");
    let report = ran.json();
    let practices = report["practices"].as_array().unwrap();
    let rules: Vec<&Value> = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap())
        .filter(|rule| ["OPSEC201", "OPSEC102"].contains(&rule["id"].as_str().unwrap()))
        .collect();
    assert_eq!(rules.len(), 2);
    for rule in rules {
        assert_eq!(rule["status"], "UNKNOWN", "{rule}");
        let reason = rule["reason"].as_str().unwrap();
        assert!(
            reason.contains("may not list networkpolicies.networking.k8s.io"),
            "{reason}"
        );
    }
}

/// Findings by rule and title, and rules by status.
fn verdicts(report: &Value) -> Vec<String> {
    let practices = report["practices"].as_array().unwrap();
    let rules = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap())
        .map(|rule| format!("{} {} {}", rule["id"], rule["status"], rule["reason"]));
    rules.collect()
}

#[test]
fn the_role_that_is_printed_is_enough_for_every_verdict() {
    apply(&demo("as-shipped.yaml"));
    let printed = opsec("check --print-rbac");
    assert_eq!((printed.status, printed.stderr.as_str()), (0, ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.yaml");
    fs::write(&file, &printed.stdout).unwrap();
    apply(&file);
    apply_all(vec![json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": "kubectl-opsec"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kubectl-opsec"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "auditor"}],
    })]);
    let as_auditor = opsec("check cache-operator -o json --as auditor").json();
    let as_administrator = opsec("check cache-operator -o json").json();
    assert_eq!(verdicts(&as_auditor), verdicts(&as_administrator));
    let reasons = verdicts(&as_auditor).join("\n");
    assert!(!reasons.contains("may not"), "{reasons}");
}
