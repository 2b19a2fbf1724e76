//! What holds for every policy, on random ones.

use std::collections::BTreeMap;

use opsec_facts::Facts;
use opsec_model::Snapshot;
use opsec_model::objects::{NetworkPolicy, Object as _, Workload};
use opsec_network::{
    AddressSet, Connection, Direction, Endpoint, Network, Peer, PortSet, connections,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::cluster::{cluster, policy};

fn selector() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"matchLabels": {"app": "web"}}),
        json!({"matchLabels": {"tier": "back"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}),
        json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}),
    ])
}

fn namespaces() -> impl Strategy<Value = Value> {
    select(vec![
        json!({}),
        json!({"matchLabels": {"team": "red"}}),
        json!({"matchExpressions": [{"key": "team", "operator": "Exists"}]}),
    ])
}

fn peer() -> impl Strategy<Value = Value> {
    let block = select(vec![
        json!({"cidr": "0.0.0.0/0"}),
        json!({"cidr": "::/0"}),
        json!({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/9"]}),
        json!({"cidr": "0.0.0.0/1"}),
        json!({"cidr": "128.0.0.0/1"}),
        json!({"cidr": "fd00::/8"}),
    ]);
    prop_oneof![
        selector().prop_map(|pods| json!({"podSelector": pods})),
        namespaces().prop_map(|namespaces| json!({"namespaceSelector": namespaces})),
        (namespaces(), selector()).prop_map(|(namespaces, pods)| {
            json!({"namespaceSelector": namespaces, "podSelector": pods})
        }),
        block.prop_map(|block| json!({"ipBlock": block})),
    ]
}

fn port() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"port": 80}),
        json!({"port": 80, "endPort": 90}),
        json!({"port": "main"}),
        json!({"protocol": "TCP"}),
        json!({"protocol": "UDP"}),
        json!({"protocol": "SCTP"}),
    ])
}

fn rules(list: &'static str) -> impl Strategy<Value = Vec<Value>> {
    let rule = (vec(peer(), 0..3), vec(port(), 0..4))
        .prop_map(move |(peers, ports)| json!({list: peers, "ports": ports}));
    vec(rule, 0..3)
}

fn spec() -> impl Strategy<Value = Value> {
    let types = select(vec![
        json!(["Ingress"]),
        json!(["Egress"]),
        json!(["Ingress", "Egress"]),
    ]);
    (selector(), types, rules("from"), rules("to")).prop_map(|(pods, types, ingress, egress)| {
        json!({"podSelector": pods, "policyTypes": types, "ingress": ingress, "egress": egress})
    })
}

fn specs() -> impl Strategy<Value = Vec<Value>> {
    vec(spec(), 0..4)
}

/// Policies by turns of the one and the other namespace.
fn snapshot(specs: &[Value]) -> Snapshot {
    let policies = specs.iter().enumerate().map(|(index, spec)| {
        let namespace = if index % 2 == 0 { "red" } else { "blue" };
        policy(namespace, &format!("policy-{index}"), spec.clone())
    });
    cluster(&policies.collect::<Vec<Value>>())
}

/// The connections between pods by pair, and those with addresses at a few addresses.
fn open(snapshot: &Snapshot) -> BTreeMap<(String, String), PortSet> {
    let mut open = BTreeMap::new();
    for Connection { from, to, ports } in connections(&Facts::new(snapshot)) {
        for (from, to) in names(&from)
            .iter()
            .flat_map(|from| names(&to).into_iter().map(move |to| (from.clone(), to)))
        {
            assert!(
                open.insert((from, to), ports.clone()).is_none(),
                "ranges are disjoint"
            );
        }
    }
    open
}

const SAMPLES: [&str; 6] = [
    "1.1.1.1",
    "10.1.1.1",
    "10.200.1.1",
    "200.1.1.1",
    "fd00::1",
    "2600::1",
];

fn names(endpoint: &Endpoint) -> Vec<String> {
    match endpoint {
        Endpoint::Workload(object) => vec![object.to_string()],
        Endpoint::Addresses(range) => {
            let set = AddressSet::from(*range);
            let within = SAMPLES
                .iter()
                .filter(|sample| set.contains(sample.parse().unwrap()));
            within.map(ToString::to_string).collect()
        }
    }
}

fn includes(
    more: &BTreeMap<(String, String), PortSet>,
    less: &BTreeMap<(String, String), PortSet>,
) -> bool {
    less.iter()
        .all(|(pair, ports)| more.get(pair).is_some_and(|open| open.includes(ports)))
}

fn policy_of(spec: &Value) -> NetworkPolicy {
    serde_json::from_value(policy("red", "one-more", spec.clone())).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_policy_that_selects_no_pod_changes_nothing(specs in specs(), mut none in spec()) {
        none["podSelector"] = json!({"matchLabels": {"app": "nobody"}});
        let mut snapshot = snapshot(&specs);
        let before = connections(&Facts::new(&snapshot));
        snapshot.network_policies.push(policy_of(&none));
        prop_assert_eq!(before, connections(&Facts::new(&snapshot)));
    }

    #[test]
    fn a_rule_more_never_takes_a_connection_away(mut specs in specs(), one in spec(), from in rules("from"), to in rules("to")) {
        specs.push(one);
        let before = open(&snapshot(&specs));
        let last = specs.last_mut().unwrap();
        last["ingress"].as_array_mut().unwrap().extend(from);
        last["egress"].as_array_mut().unwrap().extend(to);
        prop_assert!(includes(&open(&snapshot(&specs)), &before));
    }

    #[test]
    fn a_policy_on_pods_that_are_held_already_never_takes_a_connection_away(specs in specs(), one in spec()) {
        let deny = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
        let mut snapshot = snapshot(&[vec![deny.clone(), deny], specs].concat());
        let before = open(&snapshot);
        snapshot.network_policies.push(policy_of(&one));
        prop_assert!(includes(&open(&snapshot), &before));
    }

    #[test]
    fn the_order_of_policies_does_not_matter(specs in specs()) {
        let mut snapshot = snapshot(&specs);
        let before = connections(&Facts::new(&snapshot));
        snapshot.network_policies.reverse();
        prop_assert_eq!(before, connections(&Facts::new(&snapshot)));
    }

    /// What a pod may exchange with another is what its own policies allow that peer, less what
    /// the other's do not; and with an address exactly what its own allow.
    #[test]
    fn allowed_peers_agree_with_connections(specs in specs()) {
        let snapshot = snapshot(&specs);
        let facts = Facts::new(&snapshot);
        let network = Network::new(&facts);
        let open = open(&snapshot);
        for pod in facts.workloads() {
            let own = pod.object_ref().to_string();
            let ingress = network.allowed(pod, Direction::Ingress);
            for sample in SAMPLES {
                let address = sample.parse().unwrap();
                let ports = ingress
                    .iter()
                    .filter(|allowed| allowed.peer.addresses().contains(address))
                    .fold(PortSet::default(), |ports, allowed| ports.union(&allowed.ports));
                let found = open.get(&(sample.to_owned(), own.clone())).cloned();
                prop_assert_eq!(found.unwrap_or_default(), ports);
                let set = AddressSet::from_address(sample).unwrap();
                let reached = network.may_reach_addresses(pod, &set).map(|reached| reached.ports);
                prop_assert_eq!(open.get(&(own.clone(), sample.to_owned())).cloned(), reached);
            }
            for other in facts.workloads().iter().filter(|other| *other != pod) {
                let from = other.object_ref().to_string();
                let labels = facts.namespace_labels(other.namespace());
                let means = |peer: &Peer, pod: &Workload, labels| {
                    peer.matches_pod(pod.namespace(), labels, &pod.template.metadata.labels)
                };
                let into = ingress
                    .iter()
                    .filter(|allowed| means(&allowed.peer, other, &labels))
                    .fold(PortSet::default(), |ports, allowed| ports.union(&allowed.ports));
                let own_labels = facts.namespace_labels(pod.namespace());
                let out = network
                    .allowed(other, Direction::Egress)
                    .iter()
                    .filter(|allowed| means(&allowed.peer, pod, &own_labels))
                    .fold(PortSet::default(), |ports, allowed| {
                        ports.union(&allowed.ports_on(&pod.template.spec))
                    });
                let found = open.get(&(from, own.clone())).cloned().unwrap_or_default();
                prop_assert_eq!(found, into.intersection(&out));
            }
        }
    }

    /// Isolation hinders somebody, and where there is none nobody of one family is hindered.
    #[test]
    fn isolation_agrees_with_connections(specs in specs()) {
        let snapshot = snapshot(&specs);
        let facts = Facts::new(&snapshot);
        let network = Network::new(&facts);
        let open = open(&snapshot);
        for pod in facts.workloads() {
            let own = pod.object_ref().to_string();
            let every_port_to = |sample: &&str| {
                let pair = (own.clone(), (*sample).to_owned());
                open.get(&pair).is_some_and(PortSet::is_all)
            };
            let (v4, v6) = SAMPLES.split_at(4);
            let whole_family = v4.iter().all(every_port_to) || v6.iter().all(every_port_to);
            let isolated = network.isolation(pod, Direction::Egress).is_isolated();
            prop_assert_eq!(isolated, !whole_family, "{} {:?}", own, network.isolation(pod, Direction::Egress));
        }
    }
}
