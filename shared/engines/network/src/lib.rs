//! Reachability by the NetworkPolicy specification, computed and never guessed from names.
//!
//! Two kinds of answers rest on one reading of the policies: what they allow, peer by peer
//! ([`Network::allowed`], [`Network::isolation`]), and which connections of the snapshot's
//! workloads that comes to ([`connections()`]).
//!
//! `networking.k8s.io/v1` is understood, and so are AdminNetworkPolicies and
//! BaselineAdminNetworkPolicies of `policy.networking.k8s.io/v1alpha1` in connections. Where a policy
//! of another kind may matter, or one of these governs the pods, the answer of [`Network::isolation`]
//! is unknown and [`Network::unknowns`] names the object; what is allowed peer by peer is then what
//! the NetworkPolicies alone allow.
//!
//! What the specification leaves open is read the wider way, so that nothing is called unreachable
//! that some network plugin lets through. Two things are left out everywhere: a pod's traffic with
//! itself and with the node it runs on, which no policy can stop.

mod addresses;
mod admin;
mod connections;
mod endpoints;
mod isolation;
mod namespace_policies;
mod network;
mod open;
mod outside;
mod peers;
mod ports;
mod ranges;
mod read;
mod rests_on;
mod unknowns;

pub use addresses::{AddressRange, AddressSet, internet, metadata_addresses};
pub use connections::{Connection, connections};
pub use endpoints::Endpoint;
pub use isolation::Isolation;
pub use network::{Direction, Network};
pub use outside::{Reached, api_server};
pub use peers::{AllowedPeer, Namespaces, Peer};
pub use ports::{NamedPort, PortSet, Protocol};
pub use rests_on::RestsOn;
pub use unknowns::Unknown;
