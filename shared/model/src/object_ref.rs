//! How an object is named everywhere: kind, namespace, name.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An object by kind, namespace and name. Kinds that exist in several API groups are told apart
/// by `group`, which is empty for kinds of the groups that Kubernetes itself serves.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// The kind, as in `Deployment`.
    pub kind: String,
    /// The namespace; absent for a cluster-scoped kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
    /// The API group when it is not one of Kubernetes' own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
}

impl ObjectRef {
    /// A namespaced object of one of Kubernetes' own kinds.
    pub fn namespaced(
        kind: impl Into<String>,
        namespace: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            kind: kind.into(),
            namespace: Some(namespace.into()),
            name: name.into(),
            group: String::new(),
        }
    }

    /// A cluster-scoped object of one of Kubernetes' own kinds.
    pub fn cluster(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            namespace: None,
            name: name.into(),
            group: String::new(),
        }
    }
}

/// `Kind/name`, or `Kind/namespace/name`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(formatter, "{}/{}", self.kind, self.name),
        }
    }
}

/// A ServiceAccount by namespace and name; whether it exists is another question.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub struct ServiceAccountRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ServiceAccountRef {
    /// The account of that name in that namespace.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The user name that the API server gives it: `system:serviceaccount:NAMESPACE:NAME`.
    pub fn user_name(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.name)
    }

    /// The groups that the API server puts it into.
    pub fn groups(&self) -> [String; 3] {
        [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", self.namespace),
            "system:authenticated".to_owned(),
        ]
    }

    /// The account as an object.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::namespaced("ServiceAccount", &self.namespace, &self.name)
    }

    /// Reads `NAMESPACE/NAME`.
    pub fn parse(text: &str) -> Option<Self> {
        let (namespace, name) = text.split_once('/')?;
        let complete = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
        complete.then(|| Self::new(namespace, name))
    }

    /// Reads a user name of the form `system:serviceaccount:NAMESPACE:NAME`.
    pub fn from_user_name(user: &str) -> Option<Self> {
        let (namespace, name) = user
            .strip_prefix("system:serviceaccount:")?
            .split_once(':')?;
        (!namespace.is_empty() && !name.is_empty()).then(|| Self::new(namespace, name))
    }
}

/// `namespace/name`.
impl fmt::Display for ServiceAccountRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}
