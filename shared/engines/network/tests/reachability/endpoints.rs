//! Which pods are one endpoint.

use opsec_facts::Facts;
use opsec_model::Snapshot;
use opsec_network::{Endpoint, connections};
use serde_json::{Value, json};

use crate::cluster::{cluster, pod, policy};

/// A workload of `red` with pods of these labels.
fn workload(kind: &str, name: &str, labels: Value, owner: Option<(&str, &str)>) -> Value {
    let mut object = json!({"apiVersion": "apps/v1", "kind": kind,
        "metadata": {"name": name, "namespace": "red"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "main:1"}]}}}});
    own(&mut object, owner);
    object
}

fn owned_pod(name: &str, owner: (&str, &str)) -> Value {
    let mut object = pod("red", name, "front");
    own(&mut object, Some(owner));
    object
}

fn own(object: &mut Value, owner: Option<(&str, &str)>) {
    if let Some((kind, name)) = owner {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "example.com/v1",
            "kind": kind, "name": name, "uid": "1", "controller": true}]);
    }
}

/// The endpoints of namespace `red` but for the pods that every cluster of these tests has.
fn endpoints(snapshot: &Snapshot) -> Vec<String> {
    let mut names: Vec<String> = connections(&Facts::new(snapshot))
        .iter()
        .map(|connection| match &connection.from {
            Endpoint::Workload(_) => connection.from.to_string(),
            Endpoint::Addresses(_) => String::new(),
        })
        .filter(|name| name.starts_with("red/"))
        .filter(|name| !["red/web[Pod]", "red/db[Pod]", "red/job[Pod]"].contains(&name.as_str()))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn pods_are_their_controllers() {
    let labels = json!({"app": "api"});
    for (sentence, objects, expected) in [
        (
            "a Deployment with its ReplicaSet and pod",
            vec![
                workload("Deployment", "api", labels.clone(), None),
                workload(
                    "ReplicaSet",
                    "api-1",
                    labels.clone(),
                    Some(("Deployment", "api")),
                ),
                owned_pod("api-1-x", ("ReplicaSet", "api-1")),
            ],
            &["red/api[Deployment]"][..],
        ),
        (
            "two pods of a controller that is not here",
            vec![
                owned_pod("api-1-x", ("ReplicaSet", "api-1")),
                owned_pod("api-1-y", ("ReplicaSet", "api-1")),
            ],
            &["red/api-1[ReplicaSet]"],
        ),
        (
            "pods that a custom resource owns",
            vec![
                owned_pod("kafka-0", ("StrimziPodSet", "kafka")),
                owned_pod("kafka-1", ("StrimziPodSet", "kafka")),
            ],
            &["red/kafka[StrimziPodSet]"],
        ),
        (
            "a StatefulSet that a custom resource owns is itself",
            vec![workload(
                "StatefulSet",
                "db",
                labels.clone(),
                Some(("Database", "main")),
            )],
            &["red/db[StatefulSet]"],
        ),
        (
            "pods that a node's kubelet starts have only the node in common",
            vec![
                owned_pod("etcd-node", ("Node", "node")),
                owned_pod("scheduler-node", ("Node", "node")),
            ],
            &["red/etcd-node[Pod]", "red/scheduler-node[Pod]"],
        ),
    ] {
        assert_eq!(endpoints(&cluster(&objects)), expected, "{sentence}");
    }
}

#[test]
fn a_workload_scaled_to_zero_has_pods_to_be_and_a_replaced_replica_set_has_none() {
    let mut idle = workload("Deployment", "api", json!({"app": "new"}), None);
    idle["spec"]["replicas"] = json!(0);
    let owner = Some(("Deployment", "api"));
    let mut replaced = workload("ReplicaSet", "api-1", json!({"app": "old"}), owner);
    replaced["spec"]["replicas"] = json!(0);
    let shut = json!({"podSelector": {"matchLabels": {"app": "new"}},
        "policyTypes": ["Egress", "Ingress"]});
    let to_idle = |snapshot: &Snapshot| {
        connections(&Facts::new(snapshot))
            .iter()
            .filter(|connection| connection.to.to_string() == "red/api[Deployment]")
            .count()
    };
    // Six pods, and the addresses of two families.
    assert_eq!(to_idle(&cluster(&[idle.clone(), replaced.clone()])), 8);
    assert_eq!(
        to_idle(&cluster(&[idle, replaced, policy("red", "shut", shut)])),
        0
    );
}

#[test]
fn an_endpoint_may_what_any_of_its_pods_may_and_is_never_its_own_peer() {
    let mut other = owned_pod("api-y", ("ReplicaSet", "api"));
    other["metadata"]["labels"] = json!({"app": "other"});
    let shut = json!({"podSelector": {"matchLabels": {"app": "other"}},
        "policyTypes": ["Egress", "Ingress"]});
    let first = owned_pod("api-x", ("ReplicaSet", "api"));
    let snapshot = cluster(&[first, other, policy("red", "shut", shut)]);
    let found = connections(&Facts::new(&snapshot));
    let api = |endpoint: &Endpoint| endpoint.to_string() == "red/api[ReplicaSet]";
    assert_eq!(
        found
            .iter()
            .filter(|connection| api(&connection.to))
            .count(),
        8
    );
    assert!(
        found
            .iter()
            .all(|connection| connection.from != connection.to)
    );
    assert!(found.iter().all(|connection| !connection.ports.is_empty()));
}
