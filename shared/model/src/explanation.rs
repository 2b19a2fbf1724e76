//! What a rule, a practice or a row of the table of dangerous rights means.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::Half;

/// What was explained.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Explained {
    /// A practice, as in `3`.
    Practice,
    /// A rule, as in `OPSEC306`.
    Rule,
    /// A row of the table of dangerous rights, as in `ESC-BIND`.
    Right,
}

/// Something that can be explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// What it is.
    pub explains: Explained,
    /// Its id: `3`, `OPSEC306`, `ESC-BIND`.
    pub id: String,
    /// Its name, in a line.
    pub title: String,
}

/// The explanation of one rule, practice or right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `Explanation`.
    pub kind: String,
    /// What it is.
    pub explains: Explained,
    /// Its id: `OPSEC306`, `3`, `ESC-BIND`.
    pub id: String,
    /// Its name, in a line.
    pub title: String,
    /// Whose it is to mend; absent when both halves have a part, or it is a right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half: Option<Half>,
    /// What it judges, or what the right is.
    pub what: String,
    /// Why that is bad, or what the right gives.
    pub why: String,
    /// How grave it is, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severities: Vec<String>,
    /// YAML that fails it, or holds the right.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bad: String,
    /// YAML that passes it, or does without the right.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub good: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// What else can be explained and belongs to it: a practice's rules, a rule's rights, a
    /// right's rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}
