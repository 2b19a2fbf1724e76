//! A small cluster to try policies on: two namespaces, `red` and `blue`, with the same three pods
//! each, read from manifests as a user's would be.

use opsec_facts::Facts;
use opsec_manifests::{Input, Options, read};
use opsec_model::Snapshot;
use opsec_model::objects::Workload;
use opsec_network::{Direction, Endpoint, connections};
use serde_json::{Value, json};

/// The two namespaces, their pods, and more objects.
pub(crate) fn cluster(more: &[Value]) -> Snapshot {
    let mut items = Vec::new();
    for team in ["red", "blue"] {
        items.push(json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": team, "labels": {"team": team}}}));
        let tiers = [("web", "front"), ("db", "back"), ("job", "back")];
        items.extend(tiers.map(|(name, tier)| pod(team, name, tier)));
    }
    items.extend_from_slice(more);
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    let input = Input {
        name: "cluster.json".into(),
        bytes: list.to_string().into_bytes(),
    };
    let snapshot = read(&[input], &Options::default()).unwrap().snapshot;
    assert_eq!(
        snapshot.notices,
        [],
        "the API server would take every object"
    );
    snapshot
}

/// A pod with a port that has a name, 8080 for `web` and 5432 for all others.
pub(crate) fn pod(namespace: &str, name: &str, tier: &str) -> Value {
    let port = if name == "web" { 8080 } else { 5432 };
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name, "tier": tier}},
        "spec": {"containers": [{"name": "main", "image": "main:1",
            "ports": [{"name": "main", "containerPort": port}]}]}})
}

/// A NetworkPolicy of a namespace.
pub(crate) fn policy(namespace: &str, name: &str, spec: Value) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

/// A workload of the snapshot.
pub(crate) fn workload<'a>(snapshot: &'a Snapshot, namespace: &str, name: &str) -> &'a Workload {
    snapshot
        .workloads
        .iter()
        .find(|workload| workload.namespace() == namespace && workload.metadata.name == name)
        .unwrap()
}

/// Who connects to `namespace/name`, or is connected to from there, and how, as in
/// `red/db TCP 80` or `10.0.0.0-10.255.255.255 every port`; `any IPv4`, `any IPv6` for all.
pub(crate) fn peers(snapshot: &Snapshot, of: &str, direction: Direction) -> Vec<String> {
    let of = format!("{of}[Pod]");
    let name = |endpoint: &Endpoint| {
        endpoint
            .to_string()
            .replace("[Pod]", "")
            .replace("[External]", "")
            .replace("0.0.0.0-255.255.255.255", "any IPv4")
            .replace("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "any IPv6")
    };
    let mut peers: Vec<String> = connections(&Facts::new(snapshot))
        .iter()
        .filter_map(|connection| {
            let (own, other) = match direction {
                Direction::Ingress => (&connection.to, &connection.from),
                Direction::Egress => (&connection.from, &connection.to),
            };
            (own.to_string() == of).then(|| format!("{} {}", name(other), connection.ports))
        })
        .collect();
    peers.sort();
    peers
}

/// `peers` when every one of the cluster is allowed on every port.
pub(crate) const EVERYONE: [&str; 7] = [
    "any IPv4 every port",
    "any IPv6 every port",
    "blue/db every port",
    "blue/job every port",
    "blue/web every port",
    "red/db every port",
    "red/job every port",
];
