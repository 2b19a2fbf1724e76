//! Readers of policies that are broken on purpose, by what is done to the policies before the engine
//! reads them.

use opsec_model::Snapshot;
use opsec_model::objects::{
    AdminNetworkPolicySpec, AdminRule, IpBlock, LabelSelector, NetworkPolicy, NetworkPolicyPeer,
    NetworkPolicyPort,
};

/// A way to break the engine.
pub(crate) struct Break {
    pub(crate) how: &'static str,
    pub(crate) change: Change,
}

impl Break {
    /// Makes it, in every policy.
    pub(crate) fn make(&self, snapshot: &mut Snapshot) {
        for policy in &mut snapshot.network_policies {
            self.change.make(policy);
        }
        for policy in &mut snapshot.other_network_policies {
            let Some(spec) = &mut policy.admin else {
                continue;
            };
            match self.change {
                Change::Admin(change) => change(spec),
                Change::Rules(change) => {
                    spec.ingress
                        .iter_mut()
                        .chain(&mut spec.egress)
                        .for_each(change);
                }
                _ => {}
            }
        }
        if let Change::Snapshot(change) = self.change {
            change(snapshot);
        }
    }
}

/// What is changed, and in which part of a policy.
pub(crate) enum Change {
    Snapshot(fn(&mut Snapshot)),
    Admin(fn(&mut AdminNetworkPolicySpec)),
    Rules(fn(&mut AdminRule)),
    Policy(fn(&mut NetworkPolicy)),
    Peers(fn(&mut Vec<NetworkPolicyPeer>)),
    Blocks(fn(&mut IpBlock)),
    Ports(fn(&mut NetworkPolicyPort)),
}

impl Change {
    fn make(&self, policy: &mut NetworkPolicy) {
        if let Self::Policy(change) = self {
            change(policy);
            return;
        }
        let ingress = policy.spec.ingress.iter_mut();
        let egress = policy.spec.egress.iter_mut();
        let ingress = ingress.map(|rule| (&mut rule.from, &mut rule.ports));
        let egress = egress.map(|rule| (&mut rule.to, &mut rule.ports));
        for (peers, ports) in ingress.chain(egress) {
            match self {
                Self::Policy(_) | Self::Admin(_) | Self::Rules(_) | Self::Snapshot(_) => {}
                Self::Peers(change) => change(peers),
                Self::Blocks(change) => {
                    peers
                        .iter_mut()
                        .filter_map(|peer| peer.ip_block.as_mut())
                        .for_each(change);
                }
                Self::Ports(change) => ports.iter_mut().for_each(change),
            }
        }
    }
}

/// Those of an administrator's policies.
pub(crate) const ADMIN_BREAKS: [Break; 10] = [
    snapshot("administrators' policies are forgotten", |snapshot| {
        snapshot.other_network_policies.clear();
    }),
    snapshot("the baseline is forgotten", |snapshot| {
        let is_admin = |kind: &str| kind == "AdminNetworkPolicy";
        let policies = &mut snapshot.other_network_policies;
        policies.retain(|policy| is_admin(&policy.kind));
    }),
    snapshot(
        "the baseline stands though a NetworkPolicy holds the pod",
        |snapshot| {
            snapshot.network_policies.clear();
        },
    ),
    admin("priorities are forgotten", |spec| {
        spec.priority = spec.priority.map(|_| 0);
    }),
    admin("the last rule decides", |spec| {
        spec.ingress.reverse();
        spec.egress.reverse();
    }),
    rules("what is passed is denied", |rule| {
        if rule.action == "Pass" {
            "Deny".clone_into(&mut rule.action);
        }
    }),
    rules("what is passed is allowed", |rule| {
        if rule.action == "Pass" {
            "Allow".clone_into(&mut rule.action);
        }
    }),
    rules("a range of ports is its first", |rule| {
        let ranges = rule.ports.iter_mut();
        for range in ranges.filter_map(|port| port.port_range.as_mut()) {
            range.end = range.start;
        }
    }),
    rules("blocks of addresses are forgotten", |rule| {
        rule.to.retain(|peer| peer.networks.is_empty());
    }),
    admin("a subject's podSelector is forgotten", |spec| {
        if let Some(pods) = &mut spec.subject.pods {
            pods.pod_selector = LabelSelector::default();
        }
    }),
];

/// All ways, of NetworkPolicies.
pub(crate) const BREAKS: [Break; 12] = [
    blocks("`except` is forgotten", |block| block.except.clear()),
    ports("`endPort` is forgotten", |port| port.end_port = None),
    policies(
        "without policyTypes a policy never governs egress",
        |policy| {
            if policy.spec.policy_types.is_empty() {
                policy.spec.policy_types = vec!["Ingress".to_owned()];
            }
        },
    ),
    policies(
        "egress rules govern egress whatever the policyTypes",
        |policy| {
            if !policy.spec.egress.is_empty() && !policy.spec.policy_types.is_empty() {
                policy.spec.policy_types.push("Egress".to_owned());
            }
        },
    ),
    ports("a protocol is TCP", |port| port.protocol = None),
    ports("a named port is no port", |port| {
        if port.port.is_string() {
            port.port = serde_json::json!(1);
        }
    }),
    ports("a named port is every port", |port| {
        if port.port.is_string() {
            port.port = serde_json::Value::Null;
        }
    }),
    peers("the two selectors of a peer are two peers", |peers| {
        let both = peers.iter().filter(|peer| peer.pod_selector.is_some());
        let mut alone: Vec<NetworkPolicyPeer> = both.cloned().collect();
        for peer in &mut alone {
            peer.namespace_selector = None;
        }
        peers.extend(alone);
    }),
    peers("a podSelector alone means every namespace", |peers| {
        for peer in peers {
            if peer.pod_selector.is_some() {
                peer.namespace_selector
                    .get_or_insert_with(LabelSelector::default);
            }
        }
    }),
    peers("expressions are forgotten", |peers| {
        for peer in peers {
            let selectors = peer
                .pod_selector
                .iter_mut()
                .chain(&mut peer.namespace_selector);
            selectors.for_each(|selector| selector.match_expressions.clear());
        }
    }),
    policies("a policy without rules governs nothing", |policy| {
        if policy.spec.ingress.is_empty() && policy.spec.egress.is_empty() {
            policy.spec.policy_types = vec!["None".to_owned()];
        }
    }),
    policies("a podSelector selects every pod", |policy| {
        policy.spec.pod_selector = LabelSelector::default();
    }),
];

const fn snapshot(how: &'static str, change: fn(&mut Snapshot)) -> Break {
    Break {
        how,
        change: Change::Snapshot(change),
    }
}

const fn admin(how: &'static str, change: fn(&mut AdminNetworkPolicySpec)) -> Break {
    Break {
        how,
        change: Change::Admin(change),
    }
}

const fn rules(how: &'static str, change: fn(&mut AdminRule)) -> Break {
    Break {
        how,
        change: Change::Rules(change),
    }
}

const fn policies(how: &'static str, change: fn(&mut NetworkPolicy)) -> Break {
    Break {
        how,
        change: Change::Policy(change),
    }
}

const fn peers(how: &'static str, change: fn(&mut Vec<NetworkPolicyPeer>)) -> Break {
    Break {
        how,
        change: Change::Peers(change),
    }
}

const fn blocks(how: &'static str, change: fn(&mut IpBlock)) -> Break {
    Break {
        how,
        change: Change::Blocks(change),
    }
}

const fn ports(how: &'static str, change: fn(&mut NetworkPolicyPort)) -> Break {
    Break {
        how,
        change: Change::Ports(change),
    }
}
