//! Random AdminNetworkPolicies and BaselineAdminNetworkPolicies over a random world, beside the
//! evaluator of kube-network-policies.
//!
//! What that evaluator does otherwise than the specification is not generated. Of a port's name it
//! asks only whether the pod has it, whatever the port; the API overview has it that `namedPort`
//! "selects a port on a pod(s) based on name". And a NetworkPolicy that selects a pod in one direction
//! hides the baseline from the other; the overview lets the baseline decide where no NetworkPolicy
//! "selects" the traffic. So ports are numbers here, and NetworkPolicies have both directions.
//! <https://network-policy-api.sigs.k8s.io/api-overview/>

use serde_json::{Map, Value, json};

use super::world::{PORTS, PROTOCOLS, World, selector};
use crate::chance::Chance;

/// The kinds, and how many of a world may be of each.
const KINDS: [(&str, usize); 2] = [("AdminNetworkPolicy", 4), ("BaselineAdminNetworkPolicy", 1)];
/// Blocks that hold some of the addresses outside, and no pod.
const BLOCKS: [&str; 6] = [
    "203.0.113.0/24",
    "203.0.113.64/26",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "2001:db8::/32",
    "0.0.0.0/0",
];

impl World {
    /// Any with policies of an administrator, at least one.
    pub(crate) fn governed(chance: &mut Chance) -> Self {
        let mut world = Self::any(chance);
        for policy in &mut world.policies {
            plain(policy);
        }
        // Where each pod is held by a NetworkPolicy no baseline ever decides.
        world.policies.truncate(chance.below(3));
        while world.admin.is_empty() {
            for (kind, most) in KINDS {
                // A cluster has one baseline, of that name.
                for number in 1..=chance.below(most + 1) {
                    world.admin.push(policy(kind, number, chance));
                }
            }
        }
        world
    }
}

/// A NetworkPolicy with both directions, and without names of ports.
fn plain(policy: &mut Value) {
    let Some(spec) = policy.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    spec.insert("policyTypes".to_owned(), json!(["Ingress", "Egress"]));
    for list in ["ingress", "egress"] {
        let rules = spec.get_mut(list).and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten() {
            let ports = rule.get_mut("ports").and_then(Value::as_array_mut);
            for port in ports.into_iter().flatten() {
                if port.get("port").is_some_and(Value::is_string) {
                    *port = json!({"protocol": "TCP", "port": 8080});
                }
            }
        }
    }
}

fn policy(kind: &str, number: usize, chance: &mut Chance) -> Value {
    let is_baseline = kind == "BaselineAdminNetworkPolicy";
    let actions: &[&'static str] = if is_baseline {
        &["Allow", "Deny", "Deny"]
    } else {
        &["Allow", "Deny", "Deny", "Pass"]
    };
    let mut spec = Map::new();
    if !is_baseline {
        // Of one priority the specification does not say which decides.
        let priority = chance.below(200) * 5 + number;
        spec.insert("priority".to_owned(), json!(priority));
    }
    spec.insert("subject".to_owned(), pods(chance));
    for (list, peers) in [("ingress", "from"), ("egress", "to")] {
        if chance.percent(75) {
            let rules = (0..=chance.below(3)).map(|_| rule(peers, actions, chance));
            spec.insert(list.to_owned(), Value::Array(rules.collect()));
        }
    }
    let name = if is_baseline {
        "default".to_owned()
    } else {
        format!("admin-{number}")
    };
    json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": kind,
        "metadata": {"name": name}, "spec": spec,
    })
}

/// Pods by their namespaces, or by both.
fn pods(chance: &mut Chance) -> Value {
    if chance.percent(50) {
        json!({"namespaces": selector(chance, false)})
    } else {
        json!({"pods": {
            "namespaceSelector": selector(chance, false), "podSelector": selector(chance, true),
        }})
    }
}

fn rule(peers: &str, actions: &[&'static str], chance: &mut Chance) -> Value {
    let mut rule = Map::new();
    rule.insert("action".to_owned(), json!(chance.word(actions)));
    let to = peers == "to";
    let all = (0..=chance.below(2)).map(|_| {
        if to && chance.percent(35) {
            let blocks: Vec<&str> = (0..=chance.below(2))
                .map(|_| chance.word(&BLOCKS))
                .collect();
            json!({"networks": blocks})
        } else {
            pods(chance)
        }
    });
    rule.insert(peers.to_owned(), Value::Array(all.collect()));
    if chance.percent(50) {
        let all = (0..=chance.below(2)).map(|_| port(chance)).collect();
        rule.insert("ports".to_owned(), Value::Array(all));
    }
    Value::Object(rule)
}

fn port(chance: &mut Chance) -> Value {
    let protocol = chance.word(&PROTOCOLS);
    let number = chance.pick(&PORTS).copied().unwrap_or(80);
    if chance.percent(60) {
        return json!({"portNumber": {"protocol": protocol, "port": number}});
    }
    let end = u32::from(number) + 9_000;
    json!({"portRange": {"protocol": protocol, "start": number, "end": end.min(65535)}})
}
