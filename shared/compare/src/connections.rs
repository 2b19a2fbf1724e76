//! Connections from and to the operator's components that only one state leaves open. Address
//! ranges are compared as sets: into how many pieces policies cut them is no change.

use std::collections::BTreeMap;

use opsec_model::{Connection, ObjectRef};
use opsec_network::{AddressSet, Endpoint, Network, PortSet};
use opsec_practices::analysis::{peer, port_ranges};

use crate::known::Known;
use crate::pairs::Pairs;

/// Which way a connection with addresses goes, seen from the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    In,
    Out,
}

/// Addresses with the ports that are open to, or for, each of them.
type Outside = Vec<(AddressSet, PortSet)>;

/// The connections of a state.
#[derive(Debug, Default)]
struct Links {
    inside: BTreeMap<(ObjectRef, ObjectRef), PortSet>,
    outside: BTreeMap<(ObjectRef, Way), Outside>,
}

impl Links {
    fn of(known: &Known<'_>) -> Self {
        let mut links = Self::default();
        let mine = |object: &ObjectRef| known.operator.is_component(object);
        for connection in Network::new(known.prepared.facts()).connections() {
            let ports = connection.ports;
            match (connection.from, connection.to) {
                (Endpoint::Workload(from), Endpoint::Workload(to)) if mine(&from) || mine(&to) => {
                    links.inside.insert((from, to), ports);
                }
                (Endpoint::Workload(from), Endpoint::Addresses(range)) if mine(&from) => {
                    links.outside(from, Way::Out, (range.into(), ports));
                }
                (Endpoint::Addresses(range), Endpoint::Workload(to)) if mine(&to) => {
                    links.outside(to, Way::In, (range.into(), ports));
                }
                _ => {}
            }
        }
        links
    }

    fn outside(&mut self, component: ObjectRef, way: Way, open: (AddressSet, PortSet)) {
        self.outside.entry((component, way)).or_default().push(open);
    }
}

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<Connection> {
    let (mine, theirs) = (Links::of(this), Links::of(other));
    let mut found = Vec::new();
    for ((from, to), ports) in &mine.inside {
        let called = (pairs.workload(from), pairs.workload(to));
        let left = match theirs.inside.get(&called) {
            Some(open) => ports.difference(open),
            None => ports.clone(),
        };
        if !left.is_empty() {
            found.push(Connection {
                from: peer(&Endpoint::Workload(from.clone())),
                to: peer(&Endpoint::Workload(to.clone())),
                ports: port_ranges(&left),
            });
        }
    }
    for ((component, way), open) in mine.outside {
        let called = (pairs.workload(&component), way);
        let known = theirs.outside.get(&called).map_or(&[][..], Vec::as_slice);
        let me = peer(&Endpoint::Workload(component));
        for (ports, addresses) in left_of(open, known) {
            for range in addresses.ranges() {
                let outside = peer(&Endpoint::Addresses(range));
                let (from, to) = match way {
                    Way::Out => (me.clone(), outside),
                    Way::In => (outside, me.clone()),
                };
                let ports = port_ranges(&ports);
                found.push(Connection { from, to, ports });
            }
        }
    }
    found.sort();
    found
}

/// What is open and not among what is known to be: by the ports that are left.
fn left_of(open: Outside, known: &[(AddressSet, PortSet)]) -> BTreeMap<PortSet, AddressSet> {
    let mut pieces = open;
    for (addresses, ports) in known {
        let mut left = Vec::new();
        for (mine, my_ports) in pieces {
            let both = mine.intersection(addresses);
            if both.is_empty() {
                left.push((mine, my_ports));
                continue;
            }
            let beside = mine.difference(addresses);
            let more = my_ports.difference(ports);
            if !more.is_empty() {
                left.push((both, more));
            }
            if !beside.is_empty() {
                left.push((beside, my_ports));
            }
        }
        pieces = left;
    }
    let mut by_ports: BTreeMap<PortSet, AddressSet> = BTreeMap::new();
    for (addresses, ports) in pieces {
        let all = by_ports.entry(ports).or_default();
        *all = all.union(&addresses);
    }
    by_ports
}

#[cfg(test)]
mod tests {
    use opsec_network::Protocol;

    use super::*;

    fn open(cidr: &str, first: i32, last: i32) -> (AddressSet, PortSet) {
        let ports = PortSet::range(Protocol::Tcp, first, last);
        (AddressSet::from_cidr(cidr).unwrap(), ports)
    }

    #[test]
    fn what_is_cut_into_other_pieces_is_the_same() {
        let halves = vec![open("10.0.0.0/9", 1, 65535), open("10.128.0.0/9", 1, 65535)];
        let whole = vec![open("10.0.0.0/8", 1, 65535)];
        assert!(left_of(whole.clone(), &halves).is_empty());
        assert!(left_of(halves, &whole).is_empty());
    }

    #[test]
    fn what_is_left_is_told_with_its_ports() {
        let left = left_of(
            vec![open("10.0.0.0/8", 1, 100)],
            &[open("10.0.0.0/9", 1, 80), open("10.0.0.0/9", 81, 90)],
        );
        let told: Vec<String> = left
            .iter()
            .map(|(ports, addresses)| format!("{addresses} {:?}", ports.ranges(Protocol::Tcp)))
            .collect();
        assert_eq!(
            told,
            [
                "10.128.0.0-10.255.255.255 [(1, 100)]",
                "10.0.0.0-10.127.255.255 [(91, 100)]"
            ]
        );
    }
}
