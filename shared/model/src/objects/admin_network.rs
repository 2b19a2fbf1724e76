//! Cluster-wide network policies of `policy.networking.k8s.io/v1alpha1`: AdminNetworkPolicy, which
//! decides before NetworkPolicies, and BaselineAdminNetworkPolicy, which decides after them.
//! <https://network-policy-api.sigs.k8s.io/api-overview/>

use serde::{Deserialize, Serialize};

use super::LabelSelector;

/// `spec` of an AdminNetworkPolicy or a BaselineAdminNetworkPolicy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminNetworkPolicySpec {
    /// The smaller decides first; a BaselineAdminNetworkPolicy has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// The pods that it governs.
    pub subject: AdminPods,
    /// What of the traffic into them it decides, the first rule that matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<AdminRule>,
    /// What of the traffic out of them it decides, the first rule that matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<AdminRule>,
}

/// Pods: all of some namespaces, or some of some namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminPods {
    /// All pods of these namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<LabelSelector>,
    /// Some pods of some namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<NamespacedPods>,
}

/// Pods by their labels and those of their namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespacedPods {
    /// Of these namespaces.
    pub namespace_selector: LabelSelector,
    /// These.
    pub pod_selector: LabelSelector,
}

/// A rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminRule {
    /// `Allow`, `Deny` or, of an AdminNetworkPolicy, `Pass`.
    pub action: String,
    /// Whom traffic comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<AdminPeer>,
    /// Where traffic goes to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<AdminPeer>,
    /// On which ports; absent or empty is every port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<AdminPort>,
}

/// A peer; exactly one of its fields is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminPeer {
    /// All pods of these namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<LabelSelector>,
    /// Some pods of some namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<NamespacedPods>,
    /// These nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<LabelSelector>,
    /// Blocks of addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
}

/// Ports; exactly one of its fields is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminPort {
    /// One.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_number: Option<AdminPortNumber>,
    /// By the name that containers give it, of whatever protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named_port: Option<String>,
    /// Several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_range: Option<AdminPortRange>,
}

/// A port by its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminPortNumber {
    /// `TCP` (also when empty), `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// The number.
    pub port: i32,
}

/// Ports from one number to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminPortRange {
    /// `TCP` (also when empty), `UDP` or `SCTP`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub protocol: String,
    /// The first.
    pub start: i32,
    /// The last.
    pub end: i32,
}
