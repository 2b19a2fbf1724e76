//! Who asks, what is asked, and the answer, as in a SubjectAccessReview.

use opsec_model::ServiceAccountRef;

use crate::grant::Grant;

/// A user with exactly these groups; nothing is added, as in a SubjectAccessReview.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// The user name.
    pub name: String,
    /// The groups.
    pub groups: Vec<String>,
}

impl User {
    /// A ServiceAccount as the API server authenticates it, with its three groups.
    pub fn service_account(account: &ServiceAccountRef) -> Self {
        Self {
            name: account.user_name(),
            groups: account.groups().into(),
        }
    }
}

/// What is asked, as the attributes of a SubjectAccessReview. An empty string is an absent field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attributes {
    /// A request to the resource API.
    Resource {
        /// The verb.
        verb: String,
        /// The API group; empty is the core group.
        group: String,
        /// The resource's plural.
        resource: String,
        /// The subresource, or empty.
        subresource: String,
        /// The object's name, or empty.
        name: String,
        /// The namespace; empty is the cluster, or all namespaces.
        namespace: String,
    },
    /// A request to a path outside the resource API.
    Path {
        /// The verb: the HTTP method in lower case.
        verb: String,
        /// The path.
        path: String,
    },
}

/// The answer, with the first grant that gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is authorised.
    pub allowed: bool,
    /// What authorises it; absent when it is denied, and for `system:masters`, whom the API
    /// server lets pass before it asks RBAC, when no binding says the same.
    pub grant: Option<Grant>,
}
