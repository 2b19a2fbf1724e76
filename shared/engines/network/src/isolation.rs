//! Whether a pod is isolated: held by a policy whose peers are less than everything. Being
//! selected alone never suffices.

use opsec_model::ObjectRef;
use opsec_model::objects::{Object as _, Workload};
use opsec_model::report::Evidence;

use crate::addresses::AddressSet;
use crate::network::{Direction, Network};
use crate::open::open_addresses;
use crate::peers::{AllowedPeer, Peer};
use crate::ports::PortSet;
use crate::unknowns::Unknown;

/// Whether a workload's pods are isolated in a direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Isolation {
    /// Less than everything may pass.
    Isolated {
        /// The policies that hold the pods.
        policies: Vec<ObjectRef>,
    },
    /// Policies hold the pods and let everything pass.
    Open {
        /// Why, as a clause.
        why: String,
        /// The policies' fields that say so.
        evidence: Vec<Evidence>,
    },
    /// No policy holds the pods in this direction.
    NotSelected,
    /// The pods use the network of their node, which no NetworkPolicy holds.
    HostNetwork,
    /// It is not known.
    Unknown {
        /// Why not.
        reasons: Vec<Unknown>,
    },
}

impl Isolation {
    /// Whether the pods are certainly isolated.
    pub fn is_isolated(&self) -> bool {
        matches!(self, Self::Isolated { .. })
    }
}

impl Network<'_> {
    /// Whether a workload's pods are isolated in a direction.
    pub fn isolation(&self, workload: &Workload, direction: Direction) -> Isolation {
        if workload.template.spec.host_network {
            return Isolation::HostNetwork;
        }
        let reasons = self.unknowns(workload);
        if !reasons.is_empty() {
            return Isolation::Unknown { reasons };
        }
        let policies = self.policies(workload, direction);
        if policies.is_empty() {
            return Isolation::NotSelected;
        }
        match everything(&self.allowed(workload, direction)) {
            Some((why, evidence)) => Isolation::Open { why, evidence },
            None => Isolation::Isolated {
                policies: policies.iter().map(|policy| policy.object_ref()).collect(),
            },
        }
    }
}

/// Why the peers are everything, and the fields that make them so; none when they are less.
///
/// All addresses of one family are everything: a cluster may have that family alone, its pods
/// have addresses too, and plugins that look at addresses let them pass.
fn everything(allowed: &[AllowedPeer]) -> Option<(String, Vec<Evidence>)> {
    let everyone: Vec<&AllowedPeer> = allowed
        .iter()
        .filter(|allowed| allowed.peer == Peer::Everyone)
        .collect();
    if ports(&everyone).is_all() {
        let why = "its policies name no peer and so mean everyone, on every port".to_owned();
        return Some((why, evidence(everyone.into_iter())));
    }
    let open = open_addresses(
        allowed
            .iter()
            .map(|allowed| (allowed.peer.addresses(), allowed.ports.clone())),
    );
    for (family, name) in [
        (AddressSet::all_v4(), "IPv4"),
        (AddressSet::all_v6(), "IPv6"),
    ] {
        let whole = open
            .iter()
            .any(|(addresses, ports)| ports.is_all() && addresses.includes(&family));
        if whole {
            let of_family = allowed
                .iter()
                .filter(|allowed| !allowed.peer.addresses().intersection(&family).is_empty());
            let why = format!("its policies allow every {name} address on every port");
            return Some((why, evidence(of_family)));
        }
    }
    None
}

fn ports(allowed: &[&AllowedPeer]) -> PortSet {
    allowed
        .iter()
        .fold(PortSet::default(), |ports, peer| ports.union(&peer.ports))
}

fn evidence<'p>(allowed: impl Iterator<Item = &'p AllowedPeer>) -> Vec<Evidence> {
    let mut fields: Vec<Evidence> = allowed
        .filter_map(|peer| Some(Evidence::new(peer.policy.clone()?, &peer.field)))
        .collect();
    fields.sort();
    fields.dedup();
    fields
}
