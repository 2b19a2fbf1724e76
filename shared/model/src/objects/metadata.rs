//! Object metadata.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `metadata`, reduced.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace; absent for a cluster-scoped kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; those that copy whole objects or carry data are dropped when read.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Owners.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owner_references: Vec<OwnerReference>,
    /// The UID, live.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// The generation, live; 0 when unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub generation: i64,
    /// The input file that holds it (its path as given), for what "the same file" means when
    /// operators are found. It is no part of any digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_file: Option<String>,
}

impl Metadata {
    /// The namespace, or the empty string for a cluster-scoped object.
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// A label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// An annotation's value.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(String::as_str)
    }
}

/// An owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// Group and version of the owner, as in `apps/v1`.
    pub api_version: String,
    /// The owner's kind.
    pub kind: String,
    /// The owner's name.
    pub name: String,
    /// The owner's UID, live.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Whether it is the managing controller.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub controller: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde asks for"
)]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
