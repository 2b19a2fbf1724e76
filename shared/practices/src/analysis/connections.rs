//! Every connection that NetworkPolicies leave open, with each end and each set of ports kept
//! once.

use std::collections::BTreeMap;
use std::ops::Range;

use opsec_model::{Connection, Peer, PortRange, Snapshot};
use opsec_network::{Endpoint, Network, PortSet, Protocol};

use crate::CheckError;
use crate::prepared::Prepared;

/// The connections of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Connections {
    peers: Vec<Peer>,
    port_sets: Vec<Vec<PortRange>>,
    /// From, to and ports, by their places.
    links: Vec<(usize, usize, usize)>,
    /// Why a connection that is listed might be denied, or one that is not might be allowed.
    pub unknown: Vec<String>,
}

impl Connections {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Those at these places, in order.
    pub fn at(&self, places: Range<usize>) -> Vec<Connection> {
        let links = self.links.get(places).unwrap_or_default();
        let connection = |&(from, to, ports): &(usize, usize, usize)| {
            Some(Connection {
                from: self.peers.get(from)?.clone(),
                to: self.peers.get(to)?.clone(),
                ports: self.port_sets.get(ports)?.clone(),
            })
        };
        links.iter().filter_map(connection).collect()
    }
}

/// The connections that the NetworkPolicies of a snapshot allow, sorted; with an operator only
/// those from or to its components.
///
/// # Errors
/// When the operator is not there or ambiguous.
pub fn list_connections(
    snapshot: &Snapshot,
    operator: Option<&str>,
) -> Result<Connections, CheckError> {
    Prepared::new(snapshot).list_connections(operator)
}

impl Prepared<'_> {
    /// The connections that the NetworkPolicies allow, sorted; with an operator only those from
    /// or to its components.
    ///
    /// # Errors
    /// When the operator is not there or ambiguous.
    pub fn list_connections(&self, operator: Option<&str>) -> Result<Connections, CheckError> {
        let network = Network::new(self.facts());
        let operator = match operator {
            Some(_) => Some(self.resolve(operator)?),
            None => None,
        };
        let concerns = |end: &Endpoint| match (operator, end) {
            (None, _) => true,
            (Some(operator), Endpoint::Workload(object)) => operator.is_component(object),
            (Some(_), Endpoint::Addresses(_)) => false,
        };
        let mut tables = Tables::default();
        for connection in network.connections() {
            if concerns(&connection.from) || concerns(&connection.to) {
                tables.add(&connection);
            }
        }
        let mut unknown: Vec<String> = network
            .all_unknowns()
            .into_iter()
            .map(|u| u.reason)
            .collect();
        unknown.sort();
        unknown.dedup();
        tables.connections.unknown = unknown;
        Ok(tables.connections)
    }
}

/// Ends and sets of ports by their places.
#[derive(Debug, Default)]
struct Tables {
    connections: Connections,
    peers: BTreeMap<Endpoint, usize>,
    port_sets: BTreeMap<PortSet, usize>,
}

impl Tables {
    fn add(&mut self, connection: &opsec_network::Connection) {
        let from = self.peer(&connection.from);
        let to = self.peer(&connection.to);
        let ports = self.ports(&connection.ports);
        self.connections.links.push((from, to, ports));
    }

    fn peer(&mut self, end: &Endpoint) -> usize {
        if let Some(&place) = self.peers.get(end) {
            return place;
        }
        let place = self.connections.peers.len();
        self.connections.peers.push(peer(end));
        self.peers.insert(end.clone(), place);
        place
    }

    fn ports(&mut self, ports: &PortSet) -> usize {
        if let Some(&place) = self.port_sets.get(ports) {
            return place;
        }
        let place = self.connections.port_sets.len();
        self.connections.port_sets.push(port_ranges(ports));
        self.port_sets.insert(ports.clone(), place);
        place
    }
}

/// An end of a connection, as it is told.
pub fn peer(end: &Endpoint) -> Peer {
    match end {
        Endpoint::Addresses(range) => Peer::Range(range.to_string()),
        Endpoint::Workload(object) => Peer::Workload(format!(
            "{}/{}/{}",
            object.namespace.as_deref().unwrap_or_default(),
            object.kind,
            object.name
        )),
    }
}

/// Ports, as they are told.
pub fn port_ranges(ports: &PortSet) -> Vec<PortRange> {
    let of_protocol = |protocol: Protocol| {
        let ranges = ports.ranges(protocol).into_iter();
        ranges.map(move |(first, last)| PortRange {
            protocol: protocol.as_str().to_owned(),
            first,
            last,
        })
    };
    Protocol::ALL.into_iter().flat_map(of_protocol).collect()
}
