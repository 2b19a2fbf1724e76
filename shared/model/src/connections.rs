//! Connections that NetworkPolicies leave open.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notice::Notice;
use crate::snapshot::Source;

/// Every connection that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `ConnectionList`.
    pub kind: String,
    /// What was looked at.
    pub source: Source,
    /// The connections, sorted. A workload's connections to itself are left out.
    pub connections: Vec<Connection>,
    /// Why a connection of this list might be denied, or one that is not in it allowed: policies
    /// that were not understood, each a clause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What is to be known about the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// One allowed connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Who connects.
    pub from: Peer,
    /// Who is connected to.
    pub to: Peer,
    /// The ports of the destination; never empty.
    pub ports: Vec<PortRange>,
}

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Peer {
    /// A workload, as `namespace/Kind/name`.
    Workload(String),
    /// Addresses outside, as `0.0.0.0-255.255.255.255`.
    Range(String),
}

/// Ports of one protocol, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PortRange {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The first port, 1 to 65535.
    pub first: u16,
    /// The last port.
    pub last: u16,
}
