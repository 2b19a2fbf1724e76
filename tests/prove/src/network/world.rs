//! Random pods and NetworkPolicies, and questions about connections.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::chance::Chance;

pub(crate) const NAMESPACES: [&str; 3] = ["alpha", "beta", "gamma"];
const APPS: [&str; 3] = ["web", "api", "db"];
const TIERS: [&str; 2] = ["front", "back"];
const TEAMS: [&str; 2] = ["red", "blue"];
/// Addresses outside, in and beside the blocks of policies.
const OUTSIDE: [&str; 8] = [
    "203.0.113.5",
    "203.0.113.70",
    "10.1.2.3",
    "10.2.3.4",
    "8.8.8.8",
    "2001:db8::1",
    "2001:db8:1::1",
    "2001:4860::8888",
];
pub(crate) const PORTS: [u16; 9] = [53, 80, 81, 443, 3868, 8080, 8090, 9090, 65535];
pub(crate) const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
/// Ports that containers name.
const NAMED: [(&str, u16, &str); 6] = [
    ("web", 8080, "TCP"),
    ("web", 80, "TCP"),
    ("dns", 53, "UDP"),
    ("dns", 53, "TCP"),
    ("metrics", 9090, "TCP"),
    ("diameter", 3868, "SCTP"),
];
/// Pods of each world.
const PODS: usize = 7;

/// A word that is chosen from those above, or read from a case that was written.
pub(crate) type Word = Cow<'static, str>;

/// Who connects or is connected to: a pod, or an address outside where it has no namespace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) name: String,
    pub(crate) namespace: Word,
    pub(crate) labels: Map<String, Value>,
    pub(crate) address: String,
    pub(crate) ports: Vec<(Word, u16, Word)>,
}

/// A connection between two ends, by their places.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) port: u16,
    pub(crate) protocol: Word,
}

/// Some pods, their namespaces and the policies over them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) namespace_labels: Vec<(Word, Value)>,
    pub(crate) ends: Vec<End>,
    pub(crate) policies: Vec<Value>,
    /// AdminNetworkPolicies and BaselineAdminNetworkPolicies.
    #[serde(default)]
    pub(crate) admin: Vec<Value>,
}

impl World {
    /// Any, without policies of an administrator.
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let namespace_labels = NAMESPACES.map(|name| {
            let team = chance.word(&TEAMS);
            (
                Word::Borrowed(name),
                json!({"kubernetes.io/metadata.name": name, "team": team}),
            )
        });
        let pods = (0..PODS)
            .map(|number| pod(number, chance))
            .collect::<Vec<_>>();
        let outside = OUTSIDE.iter().map(|address| End {
            name: (*address).to_owned(),
            namespace: Word::default(),
            labels: Map::new(),
            address: (*address).to_owned(),
            ports: Vec::new(),
        });
        let policies = (0..=chance.below(5))
            .map(|number| policy(number, chance))
            .collect();
        Self {
            namespace_labels: namespace_labels.into(),
            ends: pods.into_iter().chain(outside).collect(),
            policies,
            admin: Vec::new(),
        }
    }

    /// Any question: mostly about pods, on ports that somebody has.
    pub(crate) fn question(&self, chance: &mut Chance) -> Question {
        let (pod, mut other) = (chance.below(PODS), chance.below(PODS));
        if chance.percent(35) {
            other = PODS + chance.below(OUTSIDE.len());
        } else if other == pod {
            // A pod's connections to itself are no policy's.
            other = (pod + 1) % PODS;
        }
        let (from, to) = if chance.percent(50) {
            (pod, other)
        } else {
            (other, pod)
        };
        let named = self.ends.get(to).and_then(|to| chance.pick(&to.ports));
        let (port, protocol) = match named {
            Some((_, port, protocol)) if chance.percent(50) => (*port, protocol.clone()),
            _ => (
                chance.pick(&PORTS).copied().unwrap_or(80),
                chance.word(&PROTOCOLS).into(),
            ),
        };
        Question {
            from,
            to,
            port,
            protocol,
        }
    }

    /// The objects, as they are written in files.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let namespaces = self.namespace_labels.iter().map(|(name, labels)| {
            json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": labels}})
        });
        let pods = self.ends.iter().filter(|end| !end.namespace.is_empty()).map(|end| {
            let ports: Vec<Value> = end
                .ports
                .iter()
                .map(|(name, port, protocol)| {
                    json!({"name": name, "containerPort": port, "protocol": protocol})
                })
                .collect();
            json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": end.name, "namespace": end.namespace, "labels": end.labels},
                "spec": {"containers": [{"name": "c", "image": "none", "ports": ports}]},
            })
        });
        namespaces
            .chain(pods)
            .chain(self.policies.iter().cloned())
            .chain(self.admin.iter().cloned())
            .collect()
    }

    /// The labels of a namespace.
    pub(crate) fn labels_of(&self, namespace: &str) -> Value {
        let labels = self
            .namespace_labels
            .iter()
            .find(|(name, _)| *name == namespace);
        labels.map(|(_, labels)| labels.clone()).unwrap_or_default()
    }
}

impl End {
    /// What it calls a port.
    pub(crate) fn port_name(&self, port: u16, protocol: &str) -> &str {
        let mut ports = self.ports.iter();
        let named = ports.find(|(_, number, of)| *number == port && of == protocol);
        named.map_or("", |(name, ..)| name)
    }
}

/// Every pod has the labels that a `NotIn` speaks of: see the test of the oracle's departure.
fn pod(number: usize, chance: &mut Chance) -> End {
    let mut labels = Map::new();
    labels.insert("app".to_owned(), json!(chance.word(&APPS)));
    labels.insert("tier".to_owned(), json!(chance.word(&TIERS)));
    if chance.percent(40) {
        labels.insert("extra".to_owned(), json!("yes"));
    }
    let mut ports: Vec<(&str, u16, &str)> = Vec::new();
    for _ in 0..chance.below(4) {
        let Some(port) = chance.pick(&NAMED) else {
            continue;
        };
        // A pod has each name once, and each number of a protocol.
        let taken = |known: &&(&str, u16, &str)| {
            known.0 == port.0 || (known.1, known.2) == (port.1, port.2)
        };
        if !ports.iter().any(|known| taken(&known)) {
            ports.push(*port);
        }
    }
    End {
        name: format!("pod-{number}"),
        namespace: chance.word(&NAMESPACES).into(),
        labels,
        // Of no block, so that it does not matter whether blocks hold pods.
        address: format!("fd12::{}", number + 1),
        ports: ports
            .into_iter()
            .map(|(name, port, protocol)| (name.into(), port, protocol.into()))
            .collect(),
    }
}

fn policy(number: usize, chance: &mut Chance) -> Value {
    let mut spec = json!({"podSelector": selector(chance, true)});
    let types = match chance.below(4) {
        0 => None,
        1 => Some(json!(["Ingress"])),
        2 => Some(json!(["Egress"])),
        _ => Some(json!(["Ingress", "Egress"])),
    };
    if let Some(fields) = spec.as_object_mut() {
        if let Some(types) = types {
            fields.insert("policyTypes".to_owned(), types);
        }
        for (list, peers) in [("ingress", "from"), ("egress", "to")] {
            if chance.percent(70) {
                let rules = (0..chance.below(4)).map(|_| rule(peers, chance)).collect();
                fields.insert(list.to_owned(), Value::Array(rules));
            }
        }
    }
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": format!("policy-{number}"), "namespace": chance.word(&NAMESPACES)},
        "spec": spec,
    })
}

fn rule(peers: &str, chance: &mut Chance) -> Value {
    let mut rule = Map::new();
    if chance.percent(85) {
        let all = (0..=chance.below(3)).map(|_| peer(chance)).collect();
        rule.insert(peers.to_owned(), Value::Array(all));
    }
    if chance.percent(65) {
        let all = (0..=chance.below(3)).map(|_| port(chance)).collect();
        rule.insert("ports".to_owned(), Value::Array(all));
    }
    Value::Object(rule)
}

fn peer(chance: &mut Chance) -> Value {
    match chance.below(10) {
        0..=2 => json!({"podSelector": selector(chance, true)}),
        3 | 4 => json!({"namespaceSelector": selector(chance, false)}),
        5..=7 => json!({
            "namespaceSelector": selector(chance, false), "podSelector": selector(chance, true),
        }),
        _ => json!({"ipBlock": block(chance)}),
    }
}

fn block(chance: &mut Chance) -> Value {
    match chance.below(6) {
        0 => json!({"cidr": "203.0.113.0/24", "except": ["203.0.113.64/26"]}),
        1 => json!({"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.3.0.0/16"]}),
        2 => json!({"cidr": "0.0.0.0/0", "except": ["203.0.113.0/24"]}),
        3 => json!({"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}),
        4 => json!({"cidr": "2001::/16"}),
        _ => json!({"cidr": "10.1.2.3/32"}),
    }
}

/// A selector of pods, or of namespaces.
pub(crate) fn selector(chance: &mut Chance, of_pods: bool) -> Value {
    let (key, values): (&str, &[&'static str]) = match (of_pods, chance.below(2)) {
        (true, 0) => ("app", &APPS),
        (true, _) => ("tier", &TIERS),
        (false, 0) => ("team", &TEAMS),
        (false, _) => ("kubernetes.io/metadata.name", &NAMESPACES),
    };
    let value = chance.word(values);
    let expression = |operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
    let bare = |key: &str, operator: &str| json!({"matchExpressions": [{"key": key, "operator": operator}]});
    match chance.below(9) {
        0 => json!({}),
        1..=4 => json!({"matchLabels": {key: value}}),
        5 => expression("In", &chance.words(values, 2)),
        6 => expression("NotIn", &[value]),
        7 => bare("extra", "Exists"),
        _ => bare("extra", "DoesNotExist"),
    }
}

fn port(chance: &mut Chance) -> Value {
    let protocol = chance.word(&PROTOCOLS);
    let number = chance.pick(&PORTS).copied().unwrap_or(80);
    match chance.below(7) {
        0 => json!({"port": number}),
        1 => json!({"protocol": protocol}),
        2 | 3 => json!({"protocol": protocol, "port": number}),
        4 => {
            let end = u32::from(number) + 9_000;
            json!({"protocol": protocol, "port": number, "endPort": end.min(65535)})
        }
        _ => {
            let (name, _, of) = chance.pick(&NAMED).copied().unwrap_or_default();
            let protocol = if chance.percent(80) { of } else { protocol };
            json!({"protocol": protocol, "port": name})
        }
    }
}
