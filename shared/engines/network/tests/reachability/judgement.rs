//! What rules ask: isolation, what is allowed peer by peer, addresses outside, and what all of it
//! rests on.

use opsec_facts::Facts;
use opsec_model::objects::{EndpointSlice, Metadata, OtherNetworkPolicy, Workload};
use opsec_model::{Completeness, Kind, Snapshot};
use opsec_network::Direction::{self, Egress, Ingress};
use opsec_network::{
    AddressSet, Isolation, Network, Peer, PortSet, api_server, internet, metadata_addresses,
};
use serde_json::{Value, json};

use crate::cluster::{cluster, policy, workload};

/// A snapshot with policies of namespace `red`, given by their specs.
fn with(specs: &[Value]) -> Snapshot {
    let policies: Vec<Value> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| policy("red", &format!("policy-{index}"), spec.clone()))
        .collect();
    cluster(&policies)
}

/// How `red/web` is isolated, in a word.
fn isolation(snapshot: &Snapshot, direction: Direction) -> String {
    let facts = Facts::new(snapshot);
    match Network::new(&facts).isolation(workload(snapshot, "red", "web"), direction) {
        Isolation::Isolated { policies } => format!("isolated by {}", policies.len()),
        Isolation::Open { evidence, .. } => {
            let fields: Vec<String> = evidence
                .iter()
                .map(|evidence| format!("{} {}", evidence.object.name, evidence.field))
                .collect();
            format!("open by {}", fields.join(", "))
        }
        Isolation::NotSelected => "not selected".into(),
        Isolation::HostNetwork => "host network".into(),
        Isolation::Unknown { reasons } => {
            let reasons: Vec<String> = reasons.into_iter().map(|unknown| unknown.reason).collect();
            format!("unknown: {}", reasons.join("; "))
        }
    }
}

fn rule(direction: Direction, rules: Value) -> Value {
    let list = direction.as_str().to_lowercase();
    json!({"podSelector": {}, "policyTypes": [direction.as_str()], list: rules})
}

#[test]
fn a_policy_that_allows_everything_isolates_nothing() {
    for direction in Direction::ALL {
        let (list, peers) = match direction {
            Ingress => ("spec.ingress", "from"),
            Egress => ("spec.egress", "to"),
        };
        let block = |cidr: &str| json!({"ipBlock": {"cidr": cidr}});
        let every_protocol =
            json!([{"protocol": "TCP"}, {"protocol": "UDP"}, {"protocol": "SCTP"}]);
        for (rules, fields) in [
            (json!([{}]), vec!["[0]"]),
            (json!([{peers: []}]), vec!["[0]"]),
            (json!([{"ports": every_protocol}]), vec!["[0]"]),
            (
                json!([{"ports": [{"protocol": "TCP"}, {"protocol": "UDP"}]},
                {"ports": [{"port": 1, "endPort": 65535, "protocol": "SCTP"}]}]),
                vec!["[0]", "[1]"],
            ),
            (json!([{peers: [block("0.0.0.0/0")]}]), vec!["[0].PEERS[0]"]),
            (
                json!([{peers: [block("0.0.0.0/0"), block("::/0"), {"namespaceSelector": {}}]}]),
                vec!["[0].PEERS[0]"],
            ),
            (
                json!([{peers: [block("0.0.0.0/1")]}, {peers: [block("128.0.0.0/1")]}]),
                vec!["[0].PEERS[0]", "[1].PEERS[0]"],
            ),
            (json!([{peers: [block("::/0")]}]), vec!["[0].PEERS[0]"]),
        ] {
            let expected: Vec<String> = fields
                .iter()
                .map(|field| format!("policy-0 {list}{}", field.replace("PEERS", peers)))
                .collect();
            let found = isolation(&with(&[rule(direction, rules.clone())]), direction);
            assert_eq!(found, format!("open by {}", expected.join(", ")), "{rules}");
        }
    }
}

#[test]
fn a_policy_that_allows_less_than_everything_isolates() {
    for direction in Direction::ALL {
        let peers = if direction == Ingress { "from" } else { "to" };
        let block =
            |cidr: &str, except: &[&str]| json!({"ipBlock": {"cidr": cidr, "except": except}});
        for rules in [
            json!([]),
            json!([{peers: [{"namespaceSelector": {}}]}]),
            json!([{peers: [{"podSelector": {}}]}]),
            json!([{"ports": [{"protocol": "TCP"}]}]),
            json!([{"ports": [{"port": 443}]}]),
            json!([{peers: [block("0.0.0.0/0", &["169.254.169.254/32"])]}]),
            json!([{peers: [block("0.0.0.0/0", &[])], "ports": [{"protocol": "TCP"}]}]),
            json!([{peers: [block("0.0.0.0/1", &[])]}]),
        ] {
            let found = isolation(&with(&[rule(direction, rules.clone())]), direction);
            assert_eq!(found, "isolated by 1", "{rules}");
        }
    }
}

#[test]
fn a_default_deny_is_isolation_and_one_open_policy_beside_it_undoes_it() {
    let deny = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    let snapshot = with(std::slice::from_ref(&deny));
    assert_eq!(isolation(&snapshot, Ingress), "isolated by 1");
    assert_eq!(isolation(&snapshot, Egress), "isolated by 1");
    let snapshot = with(&[deny, rule(Egress, json!([{}]))]);
    assert_eq!(isolation(&snapshot, Ingress), "isolated by 1");
    assert_eq!(
        isolation(&snapshot, Egress),
        "open by policy-1 spec.egress[0]"
    );
    assert_eq!(isolation(&with(&[]), Ingress), "not selected");
    let of_db = json!({"podSelector": {"matchLabels": {"app": "db"}}});
    assert_eq!(isolation(&with(&[of_db]), Ingress), "not selected");
}

#[test]
fn the_host_network_is_held_by_nothing() {
    let mut snapshot = with(&[json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})]);
    for workload in &mut snapshot.workloads {
        workload.template.spec.host_network = true;
    }
    assert_eq!(isolation(&snapshot, Egress), "host network");
    let facts = Facts::new(&snapshot);
    let network = Network::new(&facts);
    let web = workload(&snapshot, "red", "web");
    assert!(network.policies(web, Egress).is_empty());
    assert!(network.may_reach_addresses(web, internet()).is_some());
}

fn other(kind: &str, group: &str, namespace: Option<&str>) -> OtherNetworkPolicy {
    OtherNetworkPolicy {
        group: group.into(),
        kind: kind.into(),
        metadata: Metadata {
            name: "other".into(),
            namespace: namespace.map(Into::into),
            ..Metadata::default()
        },
        admin: None,
    }
}

#[test]
fn a_policy_of_another_kind_makes_it_unknown_where_it_matters_and_is_named() {
    for (policy, unknown) in [
        (other("CiliumNetworkPolicy", "cilium.io", Some("red")), true),
        (
            other("CiliumNetworkPolicy", "cilium.io", Some("blue")),
            false,
        ),
        (
            other("CiliumClusterwideNetworkPolicy", "cilium.io", None),
            true,
        ),
        (
            other("AdminNetworkPolicy", "policy.networking.k8s.io", None),
            true,
        ),
        (
            other("GlobalNetworkPolicy", "crd.projectcalico.org", None),
            true,
        ),
    ] {
        let mut snapshot = with(&[json!({"podSelector": {}})]);
        snapshot.other_network_policies.push(policy.clone());
        let found = isolation(&snapshot, Ingress);
        if unknown {
            assert!(found.starts_with("unknown: "), "{found}");
            assert!(
                found.contains(&policy.kind) && found.contains(&policy.group),
                "{found}"
            );
        } else {
            assert_eq!(found, "isolated by 1");
        }
        let facts = Facts::new(&snapshot);
        assert_eq!(Network::new(&facts).all_unknowns().len(), 1);
    }
}

#[test]
fn policies_that_could_not_be_listed_make_it_unknown() {
    for (kind, group) in [
        ("networkpolicies", "networking.k8s.io"),
        ("ciliumnetworkpolicies", "cilium.io"),
    ] {
        let mut snapshot = with(&[json!({"podSelector": {}})]);
        let missing = format!("list {kind}");
        snapshot
            .incomplete
            .insert(Kind::new(kind, group), Completeness::Forbidden { missing });
        assert_eq!(
            isolation(&snapshot, Ingress),
            format!("unknown: may not list {kind}")
        );
    }
}

#[test]
fn what_is_allowed_is_told_peer_by_peer_with_its_field() {
    let snapshot = with(&[
        json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
        json!({"podSelector": {}, "ingress": [
            {"from": [{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"team": "blue"}}}],
             "ports": [{"port": "main"}]},
            {"ports": [{"port": 9402}]},
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}),
    ]);
    let facts = Facts::new(&snapshot);
    let network = Network::new(&facts);
    let allowed = network.allowed(workload(&snapshot, "red", "web"), Ingress);
    let text: Vec<String> = allowed
        .iter()
        .map(|allowed| {
            let peer = match &allowed.peer {
                Peer::Everyone => "everyone".to_owned(),
                Peer::Pods { namespaces, .. } => format!("pods of {:?}", namespaces.only()),
                Peer::Addresses { block, .. } => block.cidr.clone(),
            };
            let policy = allowed.policy.as_ref().unwrap();
            format!("{policy} {}: {peer} {}", allowed.field, allowed.ports)
        })
        .collect();
    assert_eq!(
        text,
        [
            "NetworkPolicy/red/policy-1 spec.ingress[0].from[0]: pods of Some(\"red\") TCP 8080",
            "NetworkPolicy/red/policy-1 spec.ingress[0].from[1]: pods of None TCP 8080",
            "NetworkPolicy/red/policy-1 spec.ingress[1]: everyone TCP 9402",
            "NetworkPolicy/red/policy-1 spec.ingress[2].from[0]: 10.0.0.0/8 every port",
        ]
    );
    let open = network.allowed(workload(&snapshot, "blue", "web"), Ingress);
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].policy.clone(), &open[0].peer),
        (None, &Peer::Everyone)
    );
}

/// Whether `red/web` under egress rules reaches the internet, a metadata address, and any address
/// over TCP.
fn check_outside(rules: &Value, to_internet: bool, to_metadata: bool, tcp: bool) {
    let snapshot = with(&[rule(Egress, rules.clone())]);
    let facts = Facts::new(&snapshot);
    let network = Network::new(&facts);
    let web = workload(&snapshot, "red", "web");
    let reaches = |addresses: &AddressSet| network.may_reach_addresses(web, addresses).is_some();
    assert_eq!(reaches(internet()), to_internet, "internet: {rules}");
    assert_eq!(
        reaches(metadata_addresses()),
        to_metadata,
        "metadata: {rules}"
    );
    assert_eq!(
        network.may_reach_any_address_tcp(web).is_some(),
        tcp,
        "any TCP: {rules}"
    );
}

#[test]
fn addresses_outside_are_reached_by_rules_without_peers_and_never_by_selectors() {
    for (rules, to_internet, to_metadata, tcp) in [
        (json!([]), false, false, false),
        (json!([{}]), true, true, true),
        (
            json!([{"to": [{"namespaceSelector": {}}]}]),
            false,
            false,
            false,
        ),
        (
            json!([{"to": [{"podSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}]),
            false,
            false,
            false,
        ),
        (
            json!([{"ports": [{"port": 53, "protocol": "UDP"}]}]),
            true,
            true,
            false,
        ),
        (json!([{"ports": [{"port": "main"}]}]), false, false, false),
    ] {
        check_outside(&rules, to_internet, to_metadata, tcp);
    }
}

#[test]
fn addresses_outside_are_reached_by_blocks_less_their_exceptions() {
    let block = |cidr: &str, except: &[&str]| json!({"ipBlock": {"cidr": cidr, "except": except}});
    let metadata = [
        "169.254.169.254/32",
        "169.254.170.2/32",
        "169.254.170.23/32",
    ];
    for (rules, to_internet, to_metadata, tcp) in [
        (
            json!([{"to": [block("10.0.0.0/8", &[])]}]),
            false,
            false,
            true,
        ),
        (
            json!([{"to": [block("0.0.0.0/0", &metadata)]}]),
            true,
            false,
            true,
        ),
        (
            json!([{"to": [block("169.254.0.0/16", &[])], "ports": [{"port": 80}]}]),
            false,
            true,
            true,
        ),
        (json!([{"to": [block("fd00::/8", &[])]}]), false, true, true),
        (
            json!([{"to": [block("2606:4700::/32", &[])]}]),
            true,
            false,
            true,
        ),
        (
            json!([{"to": [block("192.168.0.0/16", &["192.168.0.0/17", "192.168.128.0/17"])]}]),
            false,
            false,
            false,
        ),
    ] {
        check_outside(&rules, to_internet, to_metadata, tcp);
    }
}

#[test]
fn what_is_reached_names_addresses_ports_and_the_fields_that_let_it() {
    let snapshot = with(&[rule(
        Egress,
        json!([
            {"to": [{"podSelector": {}}]},
            {"to": [{"ipBlock": {"cidr": "1.1.1.0/24"}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}],
             "ports": [{"port": 443}]},
            {"to": [{"ipBlock": {"cidr": "1.1.1.1/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]},
        ]),
    )]);
    let facts = Facts::new(&snapshot);
    let network = Network::new(&facts);
    let web = workload(&snapshot, "red", "web");
    let reached = network.may_reach_addresses(web, internet()).unwrap();
    assert_eq!(reached.addresses.to_string(), "1.1.1.0-1.1.1.255");
    assert_eq!(reached.ports.to_string(), "TCP 443, UDP 53");
    let fields: Vec<&str> = reached.by.iter().map(|peer| peer.field.as_str()).collect();
    assert_eq!(fields, ["spec.egress[1].to[0]", "spec.egress[2].to[0]"]);
}

#[test]
fn the_api_server_is_where_its_endpoint_slices_say() {
    let slice = |name: &str, addresses: &[&str]| EndpointSlice {
        metadata: Metadata {
            name: name.into(),
            namespace: Some("default".into()),
            ..Metadata::default()
        },
        addresses: addresses.iter().map(ToString::to_string).collect(),
        port_numbers: vec![("TCP".into(), 6443)],
    };
    let mut snapshot = with(&[rule(
        Egress,
        json!([
        {"to": [{"ipBlock": {"cidr": "172.18.0.0/16"}}], "ports": [{"port": 6443}]}]),
    )]);
    snapshot.endpoint_slices = vec![
        slice("kubernetes", &["172.18.0.2"]),
        slice("other", &["1.1.1.1"]),
    ];
    let facts = Facts::new(&snapshot);
    let found = api_server(&facts);
    let [(addresses, ports)] = found.as_slice() else {
        panic!("one slice is the API server's: {found:?}");
    };
    assert_eq!(
        (addresses.to_string(), ports.to_string()),
        ("172.18.0.2".into(), "TCP 6443".into())
    );
    let network = Network::new(&facts);
    let web = workload(&snapshot, "red", "web");
    assert!(
        network
            .may_reach_addresses_on(web, addresses, ports)
            .is_some()
    );
    let elsewhere = AddressSet::from_address("172.19.0.2").unwrap();
    assert!(
        network
            .may_reach_addresses_on(web, &elsewhere, ports)
            .is_none()
    );
}

#[test]
fn workloads_that_reach_a_pod_are_those_that_both_sides_let() {
    let snapshot = with(&[
        json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
            {"from": [{"podSelector": {}}], "ports": [{"port": 80}, {"port": 443}]}]}),
        json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Egress"], "egress": [
            {"ports": [{"port": 443}]}]}),
        json!({"podSelector": {"matchLabels": {"app": "job"}}, "policyTypes": ["Egress"]}),
    ]);
    let facts = Facts::new(&snapshot);
    let network = Network::new(&facts);
    let names = |found: Vec<(&Workload, PortSet)>| {
        let mut names: Vec<String> = found
            .into_iter()
            .map(|(w, ports)| format!("{}/{} {ports}", w.namespace(), w.metadata.name))
            .collect();
        names.sort();
        names
    };
    let web = workload(&snapshot, "red", "web");
    assert_eq!(names(network.workloads_reaching(web)), ["red/db TCP 443"]);
    let db = workload(&snapshot, "red", "db");
    let reached = names(network.workloads_reached(db));
    assert_eq!(
        reached,
        [
            "blue/db TCP 443",
            "blue/job TCP 443",
            "blue/web TCP 443",
            "red/job TCP 443",
            "red/web TCP 443"
        ]
    );
}

#[test]
fn isolation_rests_on_policies_and_on_labels_that_can_change() {
    let snapshot = with(&[
        json!({"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"tier": "back"}},
                "namespaceSelector": {"matchLabels": {"team": "blue", "kubernetes.io/metadata.name": "blue"}}}]}]}),
        json!({"podSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}),
        json!({"podSelector": {"matchLabels": {"app": "other"}}}),
    ]);
    let facts = Facts::new(&snapshot);
    let rests_on = Network::new(&facts).rests_on(workload(&snapshot, "red", "web"), Ingress);
    let names: Vec<&str> = rests_on
        .policies
        .iter()
        .map(|policy| policy.name.as_str())
        .collect();
    assert_eq!(names, ["policy-0", "policy-1"]);
    assert!(rests_on.own_labels.iter().eq(["app", "tier"]));
    assert!(rests_on.peer_labels.iter().eq(["tier"]));
    assert!(rests_on.namespace_labels.iter().eq(["team"]));
}
