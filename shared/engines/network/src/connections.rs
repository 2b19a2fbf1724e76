//! Every connection that the policies leave open between the workloads of a snapshot, and between
//! these and addresses.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::objects::Workload;

use crate::addresses::{AddressRange, AddressSet};
use crate::admin::Other;
use crate::endpoints::Endpoint;
use crate::network::{Direction, Network};
use crate::open::{OpenAddresses, open_addresses};
use crate::ports::PortSet;

/// A connection that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection {
    /// Who connects.
    pub from: Endpoint,
    /// Who is connected to.
    pub to: Endpoint,
    /// On which of its ports; never empty.
    pub ports: PortSet,
}

/// Every connection that the NetworkPolicies allow, in order. A workload's connections to itself
/// are left out. An endpoint whose pods differ may do what any of them may.
pub fn connections(facts: &Facts<'_>) -> Vec<Connection> {
    Network::new(facts).connections()
}

impl Network<'_> {
    /// Every connection that the NetworkPolicies allow; see [`connections`].
    pub fn connections(&self) -> Vec<Connection> {
        let endpoints: Vec<(Endpoint, Vec<&Workload>)> = self
            .endpoints()
            .into_iter()
            .map(|(object, members)| (Endpoint::Workload(object), members))
            .collect();
        let mut found = self.between_workloads(&endpoints);
        found.extend(self.with_addresses(&endpoints));
        found.sort();
        found
    }

    fn between_workloads(&self, endpoints: &[(Endpoint, Vec<&Workload>)]) -> Vec<Connection> {
        let mut found = Vec::new();
        for (from, sources) in endpoints {
            for (to, destinations) in endpoints {
                if from == to {
                    continue;
                }
                let pairs = sources
                    .iter()
                    .flat_map(|source| destinations.iter().map(move |to| (*source, *to)));
                let ports = pairs.fold(PortSet::default(), |ports, (source, destination)| {
                    ports.union(&self.connection(source, destination))
                });
                found.extend(connection(from, to, ports));
            }
        }
        found
    }

    fn with_addresses(&self, endpoints: &[(Endpoint, Vec<&Workload>)]) -> Vec<Connection> {
        let open: Vec<(&Endpoint, [OpenAddresses; 2])> = endpoints
            .iter()
            .map(|(endpoint, members)| {
                let by_direction = Direction::ALL.map(|direction| self.outside(members, direction));
                (endpoint, by_direction)
            })
            .collect();
        let mut found = Vec::new();
        // Each way by itself: what only tells destinations apart does not divide who connects.
        let each_way = Direction::ALL.into_iter().enumerate();
        for (place, direction) in each_way {
            let of = |ways: &[OpenAddresses; 2]| ways.get(place).cloned().unwrap_or_default();
            let open: Vec<(&Endpoint, OpenAddresses)> = open
                .iter()
                .map(|(endpoint, ways)| (*endpoint, of(ways)))
                .collect();
            for range in indistinct(open.iter().flat_map(|(_, open)| open)) {
                let outside = Endpoint::Addresses(range);
                for (endpoint, open) in &open {
                    let ports = ports_of(open, range);
                    found.extend(match direction {
                        Direction::Ingress => connection(&outside, endpoint, ports),
                        Direction::Egress => connection(endpoint, &outside, ports),
                    });
                }
            }
        }
        found
    }

    /// Addresses with which any of the members may have a connection.
    fn outside(&self, members: &[&Workload], direction: Direction) -> OpenAddresses {
        let of_members = members
            .iter()
            .flat_map(|member| self.outside_of(member, direction));
        open_addresses(of_members)
    }

    fn outside_of(&self, member: &Workload, direction: Direction) -> OpenAddresses {
        let allowed = self.allowed(member, direction).into_iter();
        let within: OpenAddresses = allowed
            .map(|allowed| (allowed.peer.addresses(), allowed.ports))
            .collect();
        let labels = self.labels_of(member.namespace());
        if !self.admin.govern(member, &labels, direction) {
            return within;
        }
        let within = open_addresses(within.into_iter());
        let is_held = self.holding(member, direction).next().is_some();
        let blocks = self.admin.blocks(member, &labels, direction);
        let destination = match direction {
            Direction::Ingress => Some(&member.template.spec),
            Direction::Egress => None,
        };
        let sets = within.iter().map(|(addresses, _)| addresses);
        let undivided = undivided(sets.chain(&blocks).collect());
        let open = undivided.into_iter().map(|part| {
            let first = part.ranges().first().copied();
            let within = is_held.then(|| first.map(|first| ports_of(&within, first)));
            let within = within.map(Option::unwrap_or_default);
            let subject = (member, &*labels);
            let other = Other::Addresses(&part);
            let open = self
                .admin
                .open(subject, direction, other, destination, within);
            (part, open)
        });
        open.collect()
    }
}

fn connection(from: &Endpoint, to: &Endpoint, ports: PortSet) -> Option<Connection> {
    (!ports.is_empty()).then(|| Connection {
        from: from.clone(),
        to: to.clone(),
        ports,
    })
}

fn ports_of(open: &[(AddressSet, PortSet)], range: AddressRange) -> PortSet {
    open.iter()
        .find(|(addresses, _)| addresses.contains(range.first))
        .map(|(_, ports)| ports.clone())
        .unwrap_or_default()
}

/// The largest ranges of addresses that none of the sets divides.
fn indistinct<'s>(sets: impl Iterator<Item = &'s (AddressSet, PortSet)>) -> Vec<AddressRange> {
    let parts = undivided(sets.map(|(addresses, _)| addresses).collect());
    let mut ranges: Vec<AddressRange> = parts.iter().flat_map(AddressSet::ranges).collect();
    ranges.sort();
    ranges
}

/// All addresses, in the largest sets that none of the given ones divides.
fn undivided(distinct: BTreeSet<&AddressSet>) -> Vec<AddressSet> {
    let mut parts = vec![AddressSet::all_v4(), AddressSet::all_v6()];
    for set in distinct {
        parts = parts
            .into_iter()
            .flat_map(|part| [part.intersection(set), part.difference(set)])
            .filter(|part| !part.is_empty())
            .collect();
    }
    parts
}
