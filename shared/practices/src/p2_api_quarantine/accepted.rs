//! What the baseline accepts of what policies allow. Only what is certainly contained in an
//! accepted peer is accepted.

use opsec_model::baseline::{self, AcceptedIngress};
use opsec_model::objects::LabelSelector;
use opsec_network::{AddressSet, AllowedPeer, Namespaces, Peer, PortSet};

use crate::context::Context;

use super::selectors::within;

/// Addresses with ports.
type Places = Vec<(AddressSet, PortSet)>;

/// Where the API server is as far as anyone says: live its own endpoints, and what the baseline
/// says.
fn api_servers(context: &Context<'_>) -> Places {
    let mut places = opsec_network::api_server(context.facts);
    let said = context
        .baseline
        .spec
        .network
        .iter()
        .flat_map(|network| &network.api_server);
    places.extend(said.map(|place| {
        (
            AddressSet::from_blocks([place.cidr.as_str()]),
            PortSet::from_baseline(&place.ports),
        )
    }));
    places
}

/// The blocks that the operator may connect to by the baseline, with their ports.
fn egress_blocks(context: &Context<'_>) -> Places {
    let network = context.baseline.spec.network.iter();
    network
        .flat_map(|network| &network.egress)
        .filter_map(|egress| {
            let cidr = egress.to.cidr.as_deref()?;
            Some((
                AddressSet::from_blocks([cidr]),
                PortSet::from_baseline(&egress.ports),
            ))
        })
        .collect()
}

/// Whether a peer that the operator may connect to leads to the internet where neither the
/// baseline nor the API server's place allows it.
pub(crate) fn opens_internet(context: &Context<'_>, peer: &AllowedPeer) -> bool {
    let open = peer
        .peer
        .addresses()
        .intersection(opsec_network::internet());
    let mut left = vec![(open, peer.ports.clone())];
    for (addresses, ports) in egress_blocks(context).iter().chain(&api_servers(context)) {
        left = without(left, addresses, ports);
    }
    !is_empty(&left)
}

/// Whether a peer leads to a metadata address that the baseline does not accept. A block that
/// holds addresses of the internet was not written to accept these.
pub(crate) fn opens_metadata(context: &Context<'_>, peer: &AllowedPeer) -> bool {
    let open = peer
        .peer
        .addresses()
        .intersection(opsec_network::metadata_addresses());
    let mut left = vec![(open, peer.ports.clone())];
    for (addresses, ports) in &egress_blocks(context) {
        if addresses.intersection(opsec_network::internet()).is_empty() {
            left = without(left, addresses, ports);
        }
    }
    !is_empty(&left)
}

/// Whether everything that an ingress peer lets in, the baseline lets in. The API server calls
/// webhooks, so its addresses may come in on any port.
pub(crate) fn covers_ingress(context: &Context<'_>, peer: &AllowedPeer) -> bool {
    let addresses = match &peer.peer {
        Peer::Pods { .. } => AddressSet::default(),
        other => other.addresses(),
    };
    let mut left = vec![(addresses, peer.ports.clone())];
    for (servers, _) in &api_servers(context) {
        left = without(left, servers, &PortSet::all());
    }
    let network = context.baseline.spec.network.iter();
    let mut pods = match &peer.peer {
        Peer::Addresses { .. } => PortSet::default(),
        _ => peer.ports.clone(),
    };
    for accepted in network.flat_map(|network| &network.ingress) {
        let ports = PortSet::from_baseline(&accepted.ports);
        if let Some(cidr) = accepted.from.cidr.as_deref() {
            left = without(left, &AddressSet::from_blocks([cidr]), &ports);
        } else if accepts_pods(context, accepted, &peer.peer) {
            pods = pods.difference(&ports);
        }
    }
    pods.is_empty() && is_empty(&left)
}

/// Whether all pods that a peer means are pods that an accepted peer means.
fn accepts_pods(context: &Context<'_>, accepted: &AcceptedIngress, peer: &Peer) -> bool {
    let baseline::Peer {
        namespace_selector,
        pod_selector,
        ..
    } = &accepted.from;
    let every = LabelSelector::default();
    let (namespaces, pods) = match peer {
        Peer::Everyone => (&Namespaces::Selector(every.clone()), &every),
        Peer::Pods { namespaces, pods } => (namespaces, pods),
        Peer::Addresses { .. } => return false,
    };
    let in_namespaces = match (namespace_selector, pod_selector) {
        (Some(selector), _) => namespaces_within(context, namespaces, selector),
        (None, Some(_)) => namespaces
            .only()
            .is_some_and(|namespace| context.operator.namespaces.contains(namespace)),
        (None, None) => false,
    };
    in_namespaces
        && pod_selector
            .as_ref()
            .is_none_or(|selector| within(pods, selector))
}

fn namespaces_within(context: &Context<'_>, namespaces: &Namespaces, wide: &LabelSelector) -> bool {
    let by_labels = |name: &str| wide.matches(&context.facts.namespace_labels(name));
    match namespaces {
        Namespaces::Own(name) => by_labels(name),
        Namespaces::Selector(selector) => {
            within(selector, wide) || namespaces.only().is_some_and(by_labels)
        }
    }
}

fn without(places: Places, addresses: &AddressSet, ports: &PortSet) -> Places {
    let rest = places.into_iter().flat_map(|(set, open)| {
        let (inside, outside) = (set.intersection(addresses), set.difference(addresses));
        let still = open.difference(ports);
        [(outside, open), (inside, still)]
    });
    rest.filter(|(set, open)| !set.is_empty() && !open.is_empty())
        .collect()
}

fn is_empty(places: &Places) -> bool {
    places
        .iter()
        .all(|(set, open)| set.is_empty() || open.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opsec_network::Protocol;

    #[test]
    fn what_is_taken_away_is_gone_on_its_ports_alone() {
        let block = |cidr| AddressSet::from_cidr(cidr).unwrap();
        let tcp = |port| PortSet::port(Protocol::Tcp, port);
        let both = tcp(80).union(&tcp(443));
        let left = without(
            vec![(block("8.0.0.0/8"), both)],
            &block("8.8.0.0/16"),
            &tcp(443),
        );
        assert_eq!(left.len(), 2);
        let left = without(left, &AddressSet::all_v4(), &tcp(80));
        assert!(!is_empty(&left));
        assert!(is_empty(&without(left, &block("8.0.0.0/8"), &tcp(443))));
    }
}
