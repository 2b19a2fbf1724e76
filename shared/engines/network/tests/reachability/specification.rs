//! The sentences of the NetworkPolicy documentation, one case or more each.
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use crate::cluster::{self, EVERYONE, cluster, peers, policy};
use opsec_network::Direction::{self, Egress, Ingress};
use serde_json::{Value, json};

const WEB: &str = "red/web";

/// Compares the peers of `red/web` under policies of its namespace, given by their specs.
fn check(sentence: &str, specs: &[Value], direction: Direction, expected: &[&str]) {
    let policies: Vec<Value> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| policy("red", &format!("policy-{index}"), spec.clone()))
        .collect();
    let found = peers(&cluster(&policies), WEB, direction);
    assert_eq!(found, expected, "{direction:?}: {sentence}");
}

#[test]
fn pods_without_a_policy_are_open_both_ways() {
    check(
        "by default, a pod is non-isolated for egress",
        &[],
        Egress,
        &EVERYONE,
    );
    check(
        "by default, a pod is non-isolated for ingress",
        &[],
        Ingress,
        &EVERYONE,
    );
}

#[test]
fn policy_types_default_to_ingress_and_egress_if_there_are_egress_rules() {
    let open: &[&str] = &EVERYONE;
    for (spec, ingress, egress) in [
        (json!({"podSelector": {}}), &[][..], open),
        (json!({"podSelector": {}, "ingress": []}), &[], open),
        (json!({"podSelector": {}, "egress": []}), &[], open),
        (json!({"podSelector": {}, "policyTypes": []}), &[], open),
        (
            json!({"podSelector": {}, "egress": [{"to": [{"podSelector": {}}]}]}),
            &[],
            &["red/db every port", "red/job every port"],
        ),
        (
            json!({"podSelector": {}, "policyTypes": ["Egress"]}),
            open,
            &[],
        ),
        (
            json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
            &[],
            open,
        ),
        (
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
            &[],
            &[],
        ),
        // Rules of a type that is not listed say nothing.
        (
            json!({"podSelector": {}, "policyTypes": ["Ingress"],
            "egress": [{"to": [{"podSelector": {}}]}]}),
            &[],
            open,
        ),
        (
            json!({"podSelector": {}, "policyTypes": ["Egress"],
            "ingress": [{"from": [{"podSelector": {}}]}]}),
            open,
            &[],
        ),
    ] {
        // A policy on all pods would shut the others too, and hide what `red/web` may do.
        let mut own = spec.clone();
        own["podSelector"] = json!({"matchLabels": {"app": "web"}});
        check(&spec.to_string(), &[own.clone()], Ingress, ingress);
        check(&spec.to_string(), &[own], Egress, egress);
    }
}

#[test]
fn an_empty_pod_selector_selects_every_pod_of_the_policys_namespace_and_no_other() {
    let deny = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
    let snapshot = cluster(&[policy("red", "deny", deny)]);
    for name in ["red/web", "red/db", "red/job"] {
        assert_eq!(peers(&snapshot, name, Ingress), [""; 0], "{name}");
    }
    assert_eq!(peers(&snapshot, "blue/web", Ingress).len(), 7);
}

#[test]
fn pod_selectors_with_labels_and_expressions_select_as_labels_do() {
    for (selector, selected) in [
        (json!({"matchLabels": {"app": "web"}}), true),
        (
            json!({"matchLabels": {"app": "web", "tier": "back"}}),
            false,
        ),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["db", "web"]}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}),
            false,
        ),
        (
            json!({"matchExpressions": [{"key": "no", "operator": "NotIn", "values": ["web"]}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
            true,
        ),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}),
            false,
        ),
    ] {
        let sentence = selector.to_string();
        let expected: &[&str] = if selected { &[] } else { &EVERYONE };
        let deny = json!({"podSelector": selector, "policyTypes": ["Ingress"]});
        check(&sentence, &[deny], Ingress, expected);
    }
}

/// A policy on `red/web` with one ingress rule.
fn from(peers: Value) -> Value {
    json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": peers}]})
}

#[test]
fn peers_mean_what_the_four_kinds_of_selectors_say() {
    let all_pods = &EVERYONE[2..];
    for (sentence, peers, expected) in [
        (
            "podSelector: pods of the policy's own namespace",
            json!([{"podSelector": {"matchLabels": {"app": "db"}}}]),
            &["red/db every port"][..],
        ),
        (
            "namespaceSelector: all pods of those namespaces",
            json!([{"namespaceSelector": {"matchLabels": {"team": "blue"}}}]),
            &[
                "blue/db every port",
                "blue/job every port",
                "blue/web every port",
            ],
        ),
        (
            "an empty namespaceSelector: all namespaces, and no address",
            json!([{"namespaceSelector": {}}]),
            all_pods,
        ),
        (
            "both in one peer: those pods of those namespaces",
            json!([{"namespaceSelector": {"matchLabels": {"team": "blue"}},
                    "podSelector": {"matchLabels": {"app": "db"}}}]),
            &["blue/db every port"],
        ),
        (
            "two peers: either",
            json!([{"namespaceSelector": {"matchLabels": {"team": "blue"}}},
                   {"podSelector": {"matchLabels": {"app": "db"}}}]),
            &[
                "blue/db every port",
                "blue/job every port",
                "blue/web every port",
                "red/db every port",
            ],
        ),
        (
            "a namespace by the name that the API server gives it as a label",
            json!([{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "blue"}},
                    "podSelector": {"matchExpressions": [
                        {"key": "tier", "operator": "NotIn", "values": ["back"]}]}}]),
            &["blue/web every port"],
        ),
    ] {
        check(sentence, &[from(peers)], Ingress, expected);
    }
}

#[test]
fn blocks_mean_addresses_less_their_exceptions() {
    for (sentence, peers, expected) in [
        (
            "ipBlock: particular ranges of addresses, and no pod by its labels",
            json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
            &["10.0.0.0-10.255.255.255 every port"][..],
        ),
        (
            "except: left out of the block",
            json!([{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.0/16"]}}]),
            &[
                "10.0.0.0-10.0.255.255 every port",
                "10.3.0.0-10.255.255.255 every port",
            ],
        ),
        (
            "except does not forbid what another peer allows",
            json!([{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
                   {"ipBlock": {"cidr": "10.1.0.0/16"}}]),
            &["10.0.0.0-10.255.255.255 every port"],
        ),
        (
            "IPv6 blocks",
            json!([{"ipBlock": {"cidr": "fd00::/16", "except": ["fd00::/17"]}}]),
            &["fd00:8000::-fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff every port"],
        ),
        (
            "every IPv4 address is no IPv6 address",
            json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
            &["any IPv4 every port"],
        ),
    ] {
        check(sentence, &[from(peers)], Ingress, expected);
    }
}

#[test]
fn a_rule_without_peers_is_about_all_sources() {
    let absent = json!({"podSelector": {}, "ingress": [{}]});
    check("no list of peers", &[absent], Ingress, &EVERYONE);
    check("an empty list", &[from(json!([]))], Ingress, &EVERYONE);
}

#[test]
fn ports_of_a_rule_are_the_destinations() {
    let db = json!([{"podSelector": {"matchLabels": {"app": "db"}}}]);
    for (sentence, ports, ingress, egress) in [
        (
            "no ports: all ports",
            json!([]),
            "red/db every port",
            "red/db every port",
        ),
        (
            "the default protocol is TCP",
            json!([{"port": 80}]),
            "red/db TCP 80",
            "red/db TCP 80",
        ),
        (
            "UDP and SCTP are told apart",
            json!([{"port": 80, "protocol": "UDP"}, {"port": 80, "protocol": "SCTP"}]),
            "red/db UDP 80, SCTP 80",
            "red/db UDP 80, SCTP 80",
        ),
        (
            "a protocol without a port: all its ports",
            json!([{"protocol": "SCTP"}]),
            "red/db SCTP 1-65535",
            "red/db SCTP 1-65535",
        ),
        (
            "endPort: every port between",
            json!([{"port": 32000, "endPort": 32768}]),
            "red/db TCP 32000-32768",
            "red/db TCP 32000-32768",
        ),
        (
            "a name is that of the destination pod's own containers",
            json!([{"port": "main"}]),
            "red/db TCP 8080",
            "red/db TCP 5432",
        ),
    ] {
        let rule = |list: &str| json!({list: db, "ports": ports});
        let own = json!({"matchLabels": {"app": "web"}});
        check(
            sentence,
            &[json!({"podSelector": own, "ingress": [rule("from")]})],
            Ingress,
            &[ingress],
        );
        let spec = json!({"podSelector": own, "policyTypes": ["Egress"], "egress": [rule("to")]});
        check(sentence, &[spec], Egress, &[egress]);
    }
}

#[test]
fn a_name_that_the_destination_does_not_have_is_no_port() {
    let name = json!([{"port": "main", "protocol": "UDP"}, {"port": "other"}]);
    let spec = json!({"podSelector": {}, "ingress": [{"ports": name}]});
    check(
        "a name of another protocol is no port",
        &[spec],
        Ingress,
        &[],
    );
    let spec = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"],
        "egress": [{"ports": [{"port": "main"}]}]});
    let expected = [
        "blue/db TCP 5432",
        "blue/job TCP 5432",
        "blue/web TCP 8080",
        "red/db TCP 5432",
        "red/job TCP 5432",
    ];
    check(
        "an address has no names for ports",
        &[spec],
        Egress,
        &expected,
    );
}

#[test]
fn policies_add_up_and_never_conflict() {
    let own = json!({"matchLabels": {"app": "web"}});
    let rule = |app: &str, port: u16| {
        json!({"from": [{"podSelector": {"matchLabels": {"app": app}}}],
        "ports": [{"port": port}]})
    };
    let one = json!({"podSelector": own, "ingress": [rule("db", 80), rule("job", 81)]});
    let two = json!({"podSelector": {}, "ingress": [rule("db", 443)]});
    let deny = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
    let expected = ["red/db TCP 80,443", "red/job TCP 81"];
    check(
        "the union of all rules of all policies",
        &[deny, one, two],
        Ingress,
        &expected,
    );
}

#[test]
fn both_the_egress_and_the_ingress_policy_must_allow_a_connection() {
    let out = json!({"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"],
        "egress": [{"to": [{"podSelector": {}}], "ports": [{"port": 80, "endPort": 90}]}]});
    let into = json!({"podSelector": {"matchLabels": {"app": "db"}},
        "ingress": [{"ports": [{"port": 85, "endPort": 99}, {"port": 80, "protocol": "UDP"}]}]});
    let closed =
        json!({"podSelector": {"matchLabels": {"app": "job"}}, "policyTypes": ["Ingress"]});
    check(
        "ports of both",
        &[out, into, closed],
        Egress,
        &["red/db TCP 85-90"],
    );
}

#[test]
fn replies_need_no_policy() {
    let out_only = json!({"podSelector": {"matchLabels": {"app": "web"}},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [{"to": [{"podSelector": {"matchLabels": {"app": "db"}}}]}]});
    check(
        "reply traffic is implicitly allowed",
        &[out_only],
        Egress,
        &["red/db every port"],
    );
}

#[test]
fn pods_of_the_host_network_are_held_by_no_policy() {
    let mut host = cluster::pod("red", "host", "front");
    host["spec"]["hostNetwork"] = json!(true);
    // On the host network a container's port is the host's.
    host["spec"]["containers"][0]["ports"][0]["hostPort"] = json!(5432);
    let deny = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let snapshot = cluster(&[host, policy("red", "deny", deny)]);
    assert_eq!(peers(&snapshot, "red/web", Ingress), [""; 0]);
    let blue = [
        "blue/db every port",
        "blue/job every port",
        "blue/web every port",
    ];
    let expected = [&["any IPv4 every port", "any IPv6 every port"][..], &blue].concat();
    assert_eq!(peers(&snapshot, "red/host", Ingress), expected);
    assert_eq!(peers(&snapshot, "red/host", Egress), expected);
}
