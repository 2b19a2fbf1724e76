//! Network objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pod::is_null;
use super::{AdminNetworkPolicySpec, LabelSelector, Metadata};

/// A NetworkPolicy. <https://kubernetes.io/docs/concepts/services-networking/network-policies/>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicy {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: NetworkPolicySpec,
}

/// `spec` of a NetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    /// The pods it selects, of its own namespace.
    pub pod_selector: LabelSelector,
    /// `Ingress`, `Egress`; empty is defaulted: Ingress, and Egress when there are egress rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_types: Vec<String>,
    /// What may come in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<IngressRule>,
    /// What may go out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<EgressRule>,
}

impl NetworkPolicySpec {
    /// Whether it governs what comes in.
    pub fn governs_ingress(&self) -> bool {
        self.policy_types.is_empty() || self.policy_types.iter().any(|kind| kind == "Ingress")
    }

    /// Whether it governs what goes out.
    pub fn governs_egress(&self) -> bool {
        if self.policy_types.is_empty() {
            !self.egress.is_empty()
        } else {
            self.policy_types.iter().any(|kind| kind == "Egress")
        }
    }
}

/// An ingress rule; without peers everyone, without ports every port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    /// Who may come in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<NetworkPolicyPeer>,
    /// On which ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<NetworkPolicyPort>,
}

/// An egress rule; without peers everywhere, without ports every port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EgressRule {
    /// Where to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<NetworkPolicyPeer>,
    /// On which ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<NetworkPolicyPort>,
}

/// A peer: pods by selectors, or addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicyPeer {
    /// Pods; alone it means those of the policy's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// Namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_block: Option<IpBlock>,
}

/// Addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IpBlock {
    /// The block.
    pub cidr: String,
    /// What of it is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

/// A port.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicyPort {
    /// `TCP` (also when absent), `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// A number or a name; null is every port.
    #[serde(skip_serializing_if = "is_null")]
    pub port: Value,
    /// The last port of a range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_port: Option<i32>,
}

/// A Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: ServiceSpec,
}

/// `spec` of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    /// `ClusterIP` (also when absent), `NodePort`, `LoadBalancer` or `ExternalName`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The pods it selects; empty selects none (its endpoints are written by hand).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// Ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<ServicePort>,
    /// Addresses outside the cluster that it answers on.
    #[serde(rename = "externalIPs", skip_serializing_if = "Vec::is_empty")]
    pub external_ips: Vec<String>,
    /// The cluster's addresses of it.
    #[serde(rename = "clusterIPs", skip_serializing_if = "Vec::is_empty")]
    pub cluster_ips: Vec<String>,
}

/// A port of a Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePort {
    /// Its name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `TCP` (also when absent), `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The Service's port.
    pub port: i32,
    /// The pods' port, a number or a name; null is the same as `port`.
    #[serde(skip_serializing_if = "is_null")]
    pub target_port: Value,
    /// The node's port; absent is chosen by the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_port: Option<i32>,
}

/// An Ingress, reduced to the Services it publishes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// Metadata.
    pub metadata: Metadata,
    /// Names of the Services of its namespace that it sends traffic to. Filled in when read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backend_services: Vec<String>,
}

/// A route of the Gateway API (HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute), reduced to
/// the Services it publishes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayRoute {
    /// The kind.
    pub kind: String,
    /// Metadata.
    pub metadata: Metadata,
    /// Namespace and name of the Services it sends traffic to. Filled in when read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backend_services: Vec<(String, String)>,
}

/// An EndpointSlice, reduced to addresses and ports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    /// Metadata.
    pub metadata: Metadata,
    /// Addresses. Filled in when read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Ports with their protocols. Filled in when read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub port_numbers: Vec<(String, i32)>,
}

/// A network policy of another kind than `networking.k8s.io/v1`: its presence is known, and what it
/// says only of the kinds of `policy.networking.k8s.io/v1alpha1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OtherNetworkPolicy {
    /// The API group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// Metadata.
    pub metadata: Metadata,
    /// What it says, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin: Option<AdminNetworkPolicySpec>,
}
