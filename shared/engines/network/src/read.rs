//! Reads a NetworkPolicy once: its rules become a list of allowed peers for each direction.
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use opsec_model::objects::{
    IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Object as _,
};

use crate::addresses::AddressSet;
use crate::network::Direction;
use crate::peers::{AllowedPeer, Namespaces, Peer};
use crate::ports;

/// A policy, read.
#[derive(Debug)]
pub(crate) struct ReadPolicy<'a> {
    pub(crate) policy: &'a NetworkPolicy,
    ingress: Option<Vec<AllowedPeer>>,
    egress: Option<Vec<AllowedPeer>>,
}

impl<'a> ReadPolicy<'a> {
    pub(crate) fn new(policy: &'a NetworkPolicy) -> Self {
        let spec = &policy.spec;
        let ingress = spec.governs_ingress().then(|| {
            let rules = spec.ingress.iter().enumerate();
            rules
                .flat_map(|(index, rule)| {
                    let field = format!("spec.ingress[{index}]");
                    rule_peers(policy, &field, "from", &rule.from, &rule.ports)
                })
                .collect()
        });
        let egress = spec.governs_egress().then(|| {
            let rules = spec.egress.iter().enumerate();
            rules
                .flat_map(|(index, rule)| {
                    let field = format!("spec.egress[{index}]");
                    rule_peers(policy, &field, "to", &rule.to, &rule.ports)
                })
                .collect()
        });
        Self {
            policy,
            ingress,
            egress,
        }
    }

    /// What it allows in a direction; none when it does not govern that direction.
    pub(crate) fn allowed(&self, direction: Direction) -> Option<&[AllowedPeer]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }
}

fn rule_peers(
    policy: &NetworkPolicy,
    field: &str,
    list: &str,
    peers: &[NetworkPolicyPeer],
    rule_ports: &[NetworkPolicyPort],
) -> Vec<AllowedPeer> {
    let (ports, named_ports) = ports::of_rule(rule_ports);
    let allowed = |field: String, peer: Peer| AllowedPeer {
        policy: Some(policy.object_ref()),
        field,
        peer,
        ports: ports.clone(),
        named_ports: named_ports.clone(),
    };
    if peers.is_empty() {
        return vec![allowed(field.to_owned(), Peer::Everyone)];
    }
    peers
        .iter()
        .enumerate()
        .filter_map(|(index, peer)| {
            let read = read_peer(policy.metadata.namespace(), peer)?;
            Some(allowed(format!("{field}.{list}[{index}]"), read))
        })
        .collect()
}

/// None for a peer that says nothing, which the API server refuses.
fn read_peer(namespace: &str, peer: &NetworkPolicyPeer) -> Option<Peer> {
    if let Some(block) = &peer.ip_block {
        return Some(Peer::Addresses {
            addresses: block_addresses(block),
            block: block.clone(),
        });
    }
    let namespaces = match &peer.namespace_selector {
        Some(selector) => Namespaces::Selector(selector.clone()),
        None => Namespaces::Own(namespace.to_owned()),
    };
    match (&peer.pod_selector, &peer.namespace_selector) {
        (None, None) => None,
        (pods, _) => Some(Peer::Pods {
            namespaces,
            pods: pods.clone().unwrap_or_default(),
        }),
    }
}

fn block_addresses(block: &IpBlock) -> AddressSet {
    let except = block
        .except
        .iter()
        .filter_map(|cidr| AddressSet::from_cidr(cidr));
    let whole = AddressSet::from_cidr(&block.cidr).unwrap_or_default();
    except.fold(whole, |rest, part| rest.difference(&part))
}
