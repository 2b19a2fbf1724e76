//! Connections: a page holds each end and each set of ports once, and connections name them by
//! their places, since most ends stand in many connections.

use std::collections::BTreeMap;

use opsec_model::{Connection, Peer, PortRange};
use opsec_proto::v1;

use crate::field::{FieldError, Problem, each};

/// A page of connections: its ends, its sets of ports, and who connects to whom on which.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConnectionTables {
    /// The ends.
    pub peers: Vec<v1::Peer>,
    /// The sets of ports.
    pub port_sets: Vec<v1::PortSet>,
    /// The connections.
    pub connections: Vec<v1::Connection>,
}

/// Connections for the wire.
pub fn encode_connections(connections: &[Connection]) -> ConnectionTables {
    let mut tables = ConnectionTables::default();
    let (mut peers, mut port_sets) = (BTreeMap::new(), BTreeMap::new());
    for Connection { from, to, ports } in connections {
        let mut place = |end| {
            *peers.entry(end).or_insert_with(|| {
                tables.peers.push(encode_peer(end));
                last(&tables.peers)
            })
        };
        let (from, to) = (place(from), place(to));
        let ports = *port_sets.entry(ports).or_insert_with(|| {
            let ranges = ports.iter().map(encode_ports).collect();
            tables.port_sets.push(v1::PortSet { ranges });
            last(&tables.port_sets)
        });
        tables.connections.push(v1::Connection { from, to, ports });
    }
    tables
}

/// Connections from the wire.
///
/// # Errors
/// When one names an end or a set of ports that its page has not, or a port is none.
pub fn decode_connections(tables: ConnectionTables) -> Result<Vec<Connection>, FieldError> {
    let peers = each("peers", tables.peers, decode_peer)?;
    let port_sets = each("port_sets", tables.port_sets, |set| {
        each("ranges", set.ranges, decode_ports)
    })?;
    each("connections", tables.connections, |connection| {
        Ok(Connection {
            from: at("from", &peers, connection.from)?,
            to: at("to", &peers, connection.to)?,
            ports: at("ports", &port_sets, connection.ports)?,
        })
    })
}

fn last<T>(items: &[T]) -> u32 {
    u32::try_from(items.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

fn at<T: Clone>(field: &str, items: &[T], place: u32) -> Result<T, FieldError> {
    let item = usize::try_from(place)
        .ok()
        .and_then(|place| items.get(place));
    item.cloned().ok_or_else(|| {
        FieldError::new(
            field,
            Problem::Malformed(format!("{place} is no place of this page")),
        )
    })
}

fn encode_peer(peer: &Peer) -> v1::Peer {
    let peer = match peer {
        Peer::Workload(name) => v1::peer::Peer::Workload(name.clone()),
        Peer::Range(range) => v1::peer::Peer::Range(range.clone()),
    };
    v1::Peer { peer: Some(peer) }
}

fn decode_peer(peer: v1::Peer) -> Result<Peer, FieldError> {
    match peer.peer {
        Some(v1::peer::Peer::Workload(name)) => Ok(Peer::Workload(name)),
        Some(v1::peer::Peer::Range(range)) => Ok(Peer::Range(range)),
        None => Err(FieldError::new("peer", Problem::Missing)),
    }
}

fn encode_ports(ports: &PortRange) -> v1::PortRange {
    let PortRange {
        protocol,
        first,
        last,
    } = ports;
    v1::PortRange {
        protocol: protocol.clone(),
        first: u32::from(*first),
        last: u32::from(*last),
    }
}

fn decode_ports(ports: v1::PortRange) -> Result<PortRange, FieldError> {
    let port = |field: &str, number: u32| {
        u16::try_from(number)
            .map_err(|_| FieldError::new(field, Problem::Malformed(format!("{number} is no port"))))
    };
    Ok(PortRange {
        protocol: ports.protocol,
        first: port("first", ports.first)?,
        last: port("last", ports.last)?,
    })
}
