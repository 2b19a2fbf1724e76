//! AdminNetworkPolicy and BaselineAdminNetworkPolicy, a row for each sentence of their
//! specification. <https://network-policy-api.sigs.k8s.io/api-overview/>

use opsec_facts::Facts;
use opsec_network::Direction::{Egress, Ingress};
use opsec_network::{Direction, Network};
use serde_json::{Value, json};

use crate::cluster::{EVERYONE, cluster, peers, policy, workload};

fn admin(name: &str, priority: i32, spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["priority"] = json!(priority);
    if spec["subject"].is_null() {
        spec["subject"] = json!({"namespaces": {"matchLabels": {"team": "red"}}});
    }
    json!({"apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": name}, "spec": spec})
}

fn baseline(spec: &Value) -> Value {
    let mut policy = admin("default", 0, spec);
    policy["kind"] = json!("BaselineAdminNetworkPolicy");
    policy["spec"].as_object_mut().unwrap().remove("priority");
    policy
}

/// A rule about the pods of a team.
fn from(action: &str, team: &str) -> Value {
    json!({"action": action, "from": [{"namespaces": {"matchLabels": {"team": team}}}]})
}

/// Who reaches red/db by some policies, pods alone.
fn reaching(policies: &[Value]) -> Vec<String> {
    let mut peers = peers(&cluster(policies), "red/db", Ingress);
    peers.retain(|peer| !peer.starts_with("any"));
    peers
}

fn isolated() -> Value {
    policy(
        "red",
        "closed",
        json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
    )
}

const BLUE: [&str; 3] = [
    "blue/db every port",
    "blue/job every port",
    "blue/web every port",
];
const RED: [&str; 2] = ["red/job every port", "red/web every port"];

#[test]
fn an_administrators_policy_decides_before_network_policies_and_a_baseline_after_them() {
    let deny = admin("a", 5, &json!({"ingress": [from("Deny", "blue")]}));
    let allow = admin("a", 5, &json!({"ingress": [from("Allow", "blue")]}));
    let pass = admin(
        "a",
        5,
        &json!({"ingress": [from("Pass", "blue"), from("Deny", "blue")]}),
    );
    let denied = baseline(&json!({"ingress": [from("Deny", "blue")]}));
    let all = [&RED[..], &BLUE[..]].concat();
    let mut all: Vec<&str> = all;
    all.sort_unstable();
    let none: [&str; 0] = [];
    for (policies, expected) in [
        (vec![deny.clone()], &RED[..]),
        (vec![allow.clone(), isolated()], &BLUE[..]),
        (vec![pass.clone(), isolated()], &none[..]),
        (vec![pass.clone()], &all[..]),
        (vec![denied.clone()], &RED[..]),
        (vec![pass, denied.clone()], &RED[..]),
        (vec![allow, denied.clone()], &all[..]),
        // "BaselineAdminNetworkPolicy … only when no NetworkPolicy selects the pod."
        (vec![denied, isolated()], &none[..]),
    ] {
        assert_eq!(reaching(&policies), expected, "{policies:?}");
    }
}

#[test]
fn the_smaller_priority_decides_and_within_a_policy_the_first_rule() {
    let rules = |rules: &[Value]| json!({"ingress": rules});
    let allow_deny = rules(&[from("Allow", "blue"), from("Deny", "blue")]);
    let deny_allow = rules(&[from("Deny", "blue"), from("Allow", "blue")]);
    let deny = rules(&[from("Deny", "blue")]);
    for (policies, reached) in [
        (vec![admin("a", 1, &allow_deny)], true),
        (vec![admin("a", 1, &deny_allow)], false),
        (vec![admin("a", 1, &allow_deny), admin("b", 2, &deny)], true),
        (
            vec![admin("a", 3, &allow_deny), admin("b", 2, &deny)],
            false,
        ),
    ] {
        let found = reaching(&policies);
        assert_eq!(found.contains(&BLUE[0].to_owned()), reached, "{policies:?}");
    }
}

#[test]
fn ports_of_a_rule_are_numbers_ranges_or_the_destinations_names() {
    for (ports, expected) in [
        (
            json!([{"portNumber": {"protocol": "TCP", "port": 80}}]),
            "TCP 80",
        ),
        (
            json!([{"portRange": {"protocol": "UDP", "start": 5, "end": 9}}]),
            "UDP 5-9",
        ),
        (
            json!([{"portNumber": {"protocol": "SCTP", "port": 1}}]),
            "SCTP 1",
        ),
        (json!([{"namedPort": "main"}]), "TCP 5432"),
    ] {
        let mut rule = from("Allow", "blue");
        rule["ports"] = ports.clone();
        let found = reaching(&[admin("a", 1, &json!({"ingress": [rule]})), isolated()]);
        let expected = ["db", "job", "web"].map(|pod| format!("blue/{pod} {expected}"));
        assert_eq!(found, expected, "{ports}");
    }
}

#[test]
fn a_subject_and_a_peer_may_be_some_pods_of_some_namespaces() {
    let web =
        json!({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}});
    let db = json!({"pods": {"namespaceSelector": {"matchLabels": {"team": "red"}},
        "podSelector": {"matchLabels": {"app": "db"}}}});
    let rule = json!({"action": "Deny", "from": [web]});
    let snapshot = cluster(&[admin("a", 1, &json!({"subject": db, "ingress": [rule]}))]);
    let found = peers(&snapshot, "red/db", Ingress);
    assert!(!found.iter().any(|peer| peer.contains("web")), "{found:?}");
    assert_eq!(peers(&snapshot, "red/job", Ingress).len(), EVERYONE.len());
}

#[test]
fn networks_decide_about_addresses_outside() {
    let rule = |action: &str, block: &str| json!({"action": action, "to": [{"networks": [block]}]});
    let rules = [rule("Allow", "10.1.0.0/16"), rule("Deny", "10.0.0.0/8")];
    let found = peers(
        &cluster(&[admin("a", 1, &json!({"egress": rules}))]),
        "red/db",
        Egress,
    );
    let outside: Vec<&String> = found
        .iter()
        .filter(|peer| peer.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(
        outside,
        [
            "0.0.0.0-9.255.255.255 every port",
            "10.1.0.0-10.1.255.255 every port",
            "11.0.0.0-255.255.255.255 every port",
        ]
    );
    // Pods are not asked whether they are in a block.
    assert!(
        found.contains(&"blue/db every port".to_owned()),
        "{found:?}"
    );
}

#[test]
fn what_is_not_understood_is_named_and_what_does_not_govern_a_pod_does_not_matter() {
    let deny = from("Deny", "blue");
    let mut strange = from("Reject", "blue");
    strange["name"] = json!("x");
    let nodes = json!({"action": "Deny", "to": [{"nodes": {"matchLabels": {"a": "b"}}}]});
    for (spec, about_all, about_red, about_blue) in [
        (json!({"ingress": [deny]}), "", "isolation is judged", ""),
        (
            json!({"ingress": [strange]}),
            "not understood",
            "not understood",
            "not understood",
        ),
        (
            json!({"egress": [nodes]}),
            "nodes",
            "isolation is judged",
            "",
        ),
    ] {
        let snapshot = cluster(&[admin("a", 1, &spec)]);
        let facts = Facts::new(&snapshot);
        let network = Network::new(&facts);
        let of = |namespace| network.unknowns(workload(&snapshot, namespace, "db"));
        let found = [network.all_unknowns(), of("red"), of("blue")];
        for (unknowns, expected) in found.iter().zip([about_all, about_red, about_blue]) {
            assert_eq!(
                unknowns.len(),
                usize::from(!expected.is_empty()),
                "{spec} {unknowns:?}"
            );
            assert!(
                unknowns
                    .iter()
                    .all(|unknown| unknown.reason.contains(expected)),
                "{unknowns:?}"
            );
        }
    }
    for direction in Direction::ALL {
        let snapshot = cluster(&[admin("a", 1, &json!({"ingress": [from("Deny", "blue")]}))]);
        let facts = Facts::new(&snapshot);
        let isolation =
            Network::new(&facts).isolation(workload(&snapshot, "blue", "db"), direction);
        assert_eq!(isolation, opsec_network::Isolation::NotSelected);
    }
}
