//! Objects of other kinds: that they are there, and whole only when a verdict needs them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Metadata;
use super::pod::is_null;
use crate::object_ref::ObjectRef;

/// An object of a kind that has no type here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomObject {
    /// The API group.
    pub group: String,
    /// The version.
    pub version: String,
    /// The kind.
    pub kind: String,
    /// Metadata.
    pub metadata: Metadata,
    /// The whole object, only when it is a parameter of an admission policy.
    #[serde(skip_serializing_if = "is_null")]
    pub body: Value,
}

impl CustomObject {
    /// The object's name in findings and notices.
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef {
            kind: self.kind.clone(),
            namespace: self.metadata.namespace.clone(),
            name: self.metadata.name.clone(),
            group: self.group.clone(),
        }
    }
}
