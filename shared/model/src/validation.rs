//! Whether an operator's rights stay within what is declared of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declared_rights::RightsGrant;
use crate::notice::Notice;
use crate::snapshot::Source;

/// What became of declarations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `ValidationList`.
    pub kind: String,
    /// What was looked at.
    pub source: Source,
    /// One a declaration, by name.
    pub items: Vec<Validation>,
    /// What is to be known about the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// What became of one declaration. It holds no time: the same facts give the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// The name of the OperatorRights.
    pub name: String,
    /// The operator, as the declaration names it.
    pub operator: String,
    /// `Audit` or `Enforce`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mode: String,
    /// The generation of the spec that was looked at; absent in files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Digest of the effective rights: equal rights have equal digests, however roles write them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub effective_rights_digest: String,
    /// Rights that are held and not declared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excess: Vec<RightsGrant>,
    /// Rights that are declared and not held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_assigned: Vec<RightsGrant>,
    /// `Validated` and `Excess`.
    pub conditions: Vec<ValidationCondition>,
}

/// A condition of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationCondition {
    /// `Validated`: rights and declaration were compared. `Excess`: more is held than declared.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: String,
    /// Why, for a person.
    pub message: String,
}

/// Whether a condition holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// That is not known.
    Unknown,
}

impl ConditionStatus {
    /// As the resource spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Validation {
    /// The status of a condition; what nobody looked at is unknown.
    pub fn condition(&self, kind: &str) -> ConditionStatus {
        self.conditions
            .iter()
            .find(|condition| condition.kind == kind)
            .map_or(ConditionStatus::Unknown, |condition| condition.status)
    }
}
