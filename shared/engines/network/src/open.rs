//! Which ports are open to which addresses, by several peers together.

use std::collections::BTreeMap;

use crate::addresses::AddressSet;
use crate::ports::PortSet;

/// Disjoint sets of addresses with the ports that are open to each.
pub(crate) type OpenAddresses = Vec<(AddressSet, PortSet)>;

/// Disjoint sets of addresses with the ports that are open to each, all of these different and
/// none empty.
pub(crate) fn open_addresses(peers: impl Iterator<Item = (AddressSet, PortSet)>) -> OpenAddresses {
    // By ports first: policies with hundreds of blocks mostly have one set of ports.
    let blocks = by_ports(peers.filter(|(set, ports)| !set.is_empty() && !ports.is_empty()));
    let mut parts = Vec::new();
    for (set, ports) in blocks {
        let mut finer = Vec::new();
        let mut rest = set.clone();
        for (part, open) in parts {
            let (within, without) = (set.intersection(&part), part.difference(&set));
            rest = rest.difference(&part);
            finer.push((within, ports.union(&open)));
            finer.push((without, open));
        }
        finer.push((rest, ports));
        parts = by_ports(finer.into_iter().filter(|(part, _)| !part.is_empty()));
    }
    parts
}

fn by_ports(parts: impl Iterator<Item = (AddressSet, PortSet)>) -> OpenAddresses {
    let mut grouped = BTreeMap::<PortSet, AddressSet>::new();
    for (part, ports) in parts {
        let set = grouped.entry(ports).or_default();
        *set = set.union(&part);
    }
    let parts = grouped.into_iter();
    parts.map(|(ports, set)| (set, ports)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Protocol;

    #[test]
    fn ports_of_overlapping_blocks_add_up() {
        let tcp = |port| PortSet::port(Protocol::Tcp, port);
        let block = |cidr| AddressSet::from_cidr(cidr).unwrap();
        let open = open_addresses(
            [
                (block("10.0.0.0/8"), tcp(80)),
                (block("10.1.0.0/16"), tcp(443)),
                (block("10.0.0.0/9"), tcp(80)),
                (block("192.168.0.0/16"), PortSet::default()),
            ]
            .into_iter(),
        );
        let text: Vec<String> = open
            .iter()
            .map(|(addresses, ports)| format!("{addresses}: {ports}"))
            .collect();
        assert_eq!(
            text,
            [
                "10.0.0.0-10.0.255.255, 10.2.0.0-10.255.255.255: TCP 80",
                "10.1.0.0-10.1.255.255: TCP 80,443",
            ]
        );
    }
}
