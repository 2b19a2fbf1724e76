//! What a policy allows, peer by peer, with the field that says so.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::ObjectRef;
use opsec_model::objects::{IpBlock, LabelSelector, PodSpec};

use crate::addresses::AddressSet;
use crate::ports::{NamedPort, PortSet};

/// The label that the API server puts on every namespace; nobody can change it.
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// One peer that may connect, or may be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedPeer {
    /// The policy that allows it; none when no policy holds the pod in that direction.
    pub policy: Option<ObjectRef>,
    /// The field, as in `spec.ingress[0].from[1]`, or `spec.ingress[0]` when that rule names no
    /// peer; empty without a policy.
    pub field: String,
    /// The peer.
    pub peer: Peer,
    /// On which ports of the destination.
    pub ports: PortSet,
    /// On which ports besides, by names that each destination pod resolves. Empty for ingress:
    /// there the destination is the pod itself, and the names are resolved into `ports`.
    pub named_ports: BTreeSet<NamedPort>,
}

impl AllowedPeer {
    /// The peer of a pod that no policy holds.
    pub(crate) fn everyone() -> Self {
        Self {
            policy: None,
            field: String::new(),
            peer: Peer::Everyone,
            ports: PortSet::all(),
            named_ports: BTreeSet::new(),
        }
    }

    /// The ports on a destination pod, names resolved.
    pub fn ports_on(&self, destination: &PodSpec) -> PortSet {
        self.named_ports
            .iter()
            .fold(self.ports.clone(), |ports, name| {
                ports.union(&name.resolve(destination))
            })
    }
}

/// Who a peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Any address, and any pod of any namespace.
    Everyone,
    /// Pods by selectors; never an address outside the cluster.
    Pods {
        /// Of which namespaces.
        namespaces: Namespaces,
        /// Which of them.
        pods: LabelSelector,
    },
    /// Addresses. The specification means addresses outside the cluster; many network plugins
    /// let pods through whose addresses are in the block.
    Addresses {
        /// As the policy writes it.
        block: IpBlock,
        /// What that comes to, exceptions taken out; empty when it is malformed.
        addresses: AddressSet,
    },
}

/// Which namespaces a peer's pods are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespaces {
    /// The policy's own, of this name.
    Own(String),
    /// Those with such labels.
    Selector(LabelSelector),
}

impl Namespaces {
    /// The one namespace that it can be: the policy's own, or that of a selector by the name
    /// that the API server puts on namespaces. None when it may be several.
    pub fn only(&self) -> Option<&str> {
        let selector = match self {
            Self::Own(name) => return Some(name),
            Self::Selector(selector) => selector,
        };
        let by_label = selector.match_labels.get(NAMESPACE_NAME);
        let by_expression = selector.match_expressions.iter().find_map(|requirement| {
            let single = requirement.key == NAMESPACE_NAME && requirement.operator == "In";
            match requirement.values.as_slice() {
                [name] if single => Some(name),
                _ => None,
            }
        });
        by_label.or(by_expression).map(String::as_str)
    }

    /// Whether a namespace of this name and with these labels is meant.
    pub fn matches(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Own(own) => own == name,
            Self::Selector(selector) => selector.matches(labels),
        }
    }
}

impl Peer {
    /// Whether a pod is meant: of this namespace with these labels of its own.
    pub fn matches_pod(
        &self,
        namespace: &str,
        namespace_labels: &BTreeMap<String, String>,
        pod_labels: &BTreeMap<String, String>,
    ) -> bool {
        match self {
            Self::Everyone => true,
            Self::Pods { namespaces, pods } => {
                namespaces.matches(namespace, namespace_labels) && pods.matches(pod_labels)
            }
            Self::Addresses { .. } => false,
        }
    }

    /// The addresses that are meant: all of them, or none for pods by selectors.
    pub fn addresses(&self) -> AddressSet {
        match self {
            Self::Everyone => AddressSet::all(),
            Self::Pods { .. } => AddressSet::default(),
            Self::Addresses { addresses, .. } => addresses.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_by_the_api_servers_label_is_one_namespace() {
        for (selector, expected) in [
            (json!({}), None),
            (json!({"matchLabels": {"team": "a"}}), None),
            (
                json!({"matchLabels": {NAMESPACE_NAME: "shop"}}),
                Some("shop"),
            ),
            (
                json!({"matchExpressions": [
                    {"key": NAMESPACE_NAME, "operator": "In", "values": ["shop"]}]}),
                Some("shop"),
            ),
            (
                json!({"matchExpressions": [
                    {"key": NAMESPACE_NAME, "operator": "In", "values": ["shop", "blog"]}]}),
                None,
            ),
            (
                json!({"matchExpressions": [
                    {"key": NAMESPACE_NAME, "operator": "NotIn", "values": ["shop"]}]}),
                None,
            ),
        ] {
            let namespaces =
                Namespaces::Selector(serde_json::from_value(selector.clone()).unwrap());
            assert_eq!(namespaces.only(), expected, "{selector}");
        }
        assert_eq!(Namespaces::Own("shop".into()).only(), Some("shop"));
    }
}
