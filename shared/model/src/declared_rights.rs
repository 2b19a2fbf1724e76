//! Rights that someone writes down: in a baseline (accepted) or in an OperatorRights custom
//! resource (declared). Both use RBAC's own rule shape with a scope.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::object_ref::ServiceAccountRef;
use crate::objects::{LabelSelector, Metadata, PolicyRule};

/// Where granted rules hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", untagged)]
pub enum GrantScope {
    /// `cluster`, `intended` or `own`.
    Named(ScopeName),
    /// These namespaces.
    Namespaces {
        /// Their names.
        namespaces: Vec<String>,
    },
}

/// A scope by name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ScopeName {
    /// Every namespace and cluster-scoped kinds.
    Cluster,
    /// The operator's intended namespaces.
    Intended,
    /// The ServiceAccount's own namespace.
    Own,
}

/// Rules that one ServiceAccount is granted in a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RightsGrant {
    /// The account, written `namespace/name`.
    #[serde(serialize_with = "write_account", deserialize_with = "read_account")]
    #[schemars(with = "String")]
    pub service_account: ServiceAccountRef,
    /// Where.
    pub scope: GrantScope,
    /// What.
    pub rules: Vec<PolicyRule>,
}

fn write_account<S: Serializer>(
    account: &ServiceAccountRef,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(account)
}

fn read_account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ServiceAccountRef, D::Error> {
    let text = String::deserialize(deserializer)?;
    ServiceAccountRef::parse(&text).ok_or_else(|| {
        serde::de::Error::custom(format!("`{text}` is not a ServiceAccount (NAMESPACE/NAME)"))
    })
}

/// Namespaces by name, by labels, or all of them.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NamespaceSet {
    /// Names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Labels that must be equal.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub match_labels: std::collections::BTreeMap<String, String>,
    /// Requirements on labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<crate::objects::LabelSelectorRequirement>,
    /// Every namespace.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

impl NamespaceSet {
    /// The part of it that goes by labels; absent when it names no label.
    pub fn selector(&self) -> Option<LabelSelector> {
        let selector = LabelSelector {
            match_labels: self.match_labels.clone(),
            match_expressions: self.match_expressions.clone(),
        };
        (!selector.is_empty()).then_some(selector)
    }
}

/// What an operator's rights are said to be, wherever it was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DeclaredRights {
    /// The operator's name.
    pub operator: String,
    /// Where it is meant to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended_namespaces: Option<NamespaceSet>,
    /// The rights.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<RightsGrant>,
}

/// An OperatorRights custom resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorRights {
    /// Metadata.
    pub metadata: Metadata,
    /// The declaration.
    pub spec: OperatorRightsSpec,
    /// What the controller found, live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<OperatorRightsStatus>,
}

/// `spec` of an OperatorRights.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorRightsSpec {
    /// `Audit` or `Enforce`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mode: String,
    /// What is declared.
    #[serde(flatten)]
    pub declared: DeclaredRights,
}

/// `status` of an OperatorRights.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorRightsStatus {
    /// The generation of the spec that it speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When it was last validated (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_validated: Option<String>,
    /// Digest of the effective rights it judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_rights_digest: Option<String>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    /// `Validated`, `Excess`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False`, `Unknown`.
    pub status: String,
    /// Why, for a person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}
