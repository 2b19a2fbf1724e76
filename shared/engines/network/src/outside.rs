//! What a pod may reach outside the pods: the internet, metadata addresses, the API server.

use opsec_facts::Facts;
use opsec_model::objects::Workload;

use crate::addresses::AddressSet;
use crate::network::{Direction, Network};
use crate::peers::AllowedPeer;
use crate::ports::{PortSet, Protocol};

/// Addresses that a workload's pods may connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// Those of the addresses asked about that are reached, on some port.
    pub addresses: AddressSet,
    /// The ports on which one or another of them is reached.
    pub ports: PortSet,
    /// What lets it: a peer of a policy each, or the one peer of a pod that no policy holds.
    pub by: Vec<AllowedPeer>,
}

impl Network<'_> {
    /// Which of some addresses a workload's pods may connect to; none when none of them. A peer
    /// by selectors is never an address outside the pods, and a named port is no port there.
    pub fn may_reach_addresses(
        &self,
        workload: &Workload,
        addresses: &AddressSet,
    ) -> Option<Reached> {
        self.may_reach_addresses_on(workload, addresses, &PortSet::all())
    }

    /// The same, when only some ports are asked about.
    pub fn may_reach_addresses_on(
        &self,
        workload: &Workload,
        addresses: &AddressSet,
        ports: &PortSet,
    ) -> Option<Reached> {
        let mut reached = Reached {
            addresses: AddressSet::default(),
            ports: PortSet::default(),
            by: Vec::new(),
        };
        for peer in self.allowed(workload, Direction::Egress) {
            let common = peer.peer.addresses().intersection(addresses);
            let open = peer.ports.intersection(ports);
            if common.is_empty() || open.is_empty() {
                continue;
            }
            reached.addresses = reached.addresses.union(&common);
            reached.ports = reached.ports.union(&open);
            reached.by.push(peer);
        }
        (!reached.by.is_empty()).then_some(reached)
    }

    /// Whether a workload's pods may connect to any address at all on any TCP port: what is asked
    /// of the API server when nobody says where it is.
    pub fn may_reach_any_address_tcp(&self, workload: &Workload) -> Option<Reached> {
        let tcp = PortSet::protocol(Protocol::Tcp);
        self.may_reach_addresses_on(workload, &AddressSet::all(), &tcp)
    }
}

/// Where the API server is by the EndpointSlices of its own Service, `default/kubernetes`: the
/// addresses and ports of each. Empty when there is none, as from files. Policies see these
/// addresses, since a Service's own is translated before.
pub fn api_server(facts: &Facts<'_>) -> Vec<(AddressSet, PortSet)> {
    facts
        .snapshot()
        .endpoint_slices
        .iter()
        .filter(|slice| {
            slice.metadata.namespace() == "default"
                && slice
                    .metadata
                    .label("kubernetes.io/service-name")
                    .unwrap_or(&slice.metadata.name)
                    == "kubernetes"
        })
        .map(|slice| {
            let addresses = AddressSet::from_blocks(slice.addresses.iter().map(String::as_str));
            let ports =
                slice
                    .port_numbers
                    .iter()
                    .fold(
                        PortSet::default(),
                        |ports, (protocol, number)| match Protocol::parse(protocol) {
                            Some(protocol) => ports.union(&PortSet::port(protocol, *number)),
                            None => ports,
                        },
                    );
            (addresses, ports)
        })
        .filter(|(addresses, ports)| !addresses.is_empty() && !ports.is_empty())
        .collect()
}
