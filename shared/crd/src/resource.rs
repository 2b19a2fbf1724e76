//! The resource as the API server stores it.

use std::collections::BTreeMap;

use kube::CustomResource;
use opsec_model::ServiceAccountRef;
use opsec_model::declared_rights::GrantScope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema;

/// What an operator's rights are declared to be.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "kubectl-opsec.dev",
    version = "v1alpha1",
    kind = "OperatorRights",
    plural = "operatorrights",
    singular = "operatorrights",
    doc = "OperatorRights declares what an operator's ServiceAccounts may do; its status says whether that is what they may do.",
    status = "OperatorRightsStatus",
    derive = "PartialEq",
    derive = "Default",
    printcolumn = r#"{"name": "Operator", "type": "string", "jsonPath": ".spec.operator"}"#,
    printcolumn = r#"{"name": "Mode", "type": "string", "jsonPath": ".spec.mode"}"#,
    printcolumn = r#"{"name": "Validated", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Validated\")].status"}"#,
    printcolumn = r#"{"name": "Excess", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Excess\")].status"}"#,
    printcolumn = r#"{"name": "Last validated", "type": "date", "jsonPath": ".status.lastValidated"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct OperatorRightsSpec {
    /// The operator's name.
    #[schemars(length(min = 1))]
    pub operator: String,
    /// What follows from an excess.
    #[serde(default)]
    pub mode: Mode,
    /// The namespaces that the operator is meant to work in, besides its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intended_namespaces: Option<NamespaceSet>,
    /// The rights of its ServiceAccounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<Grant>,
}

/// What follows from rights that are not declared.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Mode {
    /// They are reported.
    #[default]
    Audit,
    /// They are reported, and refused where admission is installed.
    Enforce,
}

/// Namespaces by name, by labels, or all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceSet {
    /// Names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Labels that must be equal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Requirements on labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelRequirement>,
    /// Every namespace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
}

/// A requirement on labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LabelRequirement {
    /// The label's key.
    pub key: String,
    /// How its value relates to `values`.
    pub operator: SelectorOperator,
    /// The values of `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// How a label's value relates to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SelectorOperator {
    /// It is one of them.
    In,
    /// It is none of them.
    NotIn,
    /// There is one.
    Exists,
    /// There is none.
    DoesNotExist,
}

/// Rules that one ServiceAccount is granted in a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The ServiceAccount, written `namespace/name`.
    #[serde(
        serialize_with = "schema::write_account",
        deserialize_with = "schema::read_account"
    )]
    #[schemars(schema_with = "schema::account")]
    pub service_account: ServiceAccountRef,
    /// Where: `cluster`, `intended`, `own`, or an object with `namespaces`.
    #[schemars(schema_with = "schema::scope")]
    pub scope: GrantScope,
    /// What.
    pub rules: Vec<Rule>,
}

/// A rule as RBAC writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Verbs; `*` is every verb.
    pub verbs: Vec<String>,
    /// API groups; `*` is every group, the empty string the core group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// Resources, `resource/subresource`, `*/subresource` or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Names that the rule is limited to; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Paths outside the resource API.
    #[serde(
        default,
        rename = "nonResourceURLs",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub non_resource_urls: Vec<String>,
}

/// What was found when the declaration was last validated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorRightsStatus {
    /// The generation of the spec that the status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Digest of the effective rights that were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_rights_digest: Option<String>,
    /// When what stands here was found. A validation that finds the same does not write it anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_validated: Option<String>,
    /// Rights that are held and not declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excess: Vec<Grant>,
    /// Rights that are declared and not held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_assigned: Vec<Grant>,
    /// `Validated`: the declaration was compared with the rights. `Excess`: more is held than
    /// declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Validated` or `Excess`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in one word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Why, for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// When the status last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub last_transition_time: Option<String>,
    /// The generation of the spec that the condition speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// That is not known.
    #[default]
    Unknown,
}
