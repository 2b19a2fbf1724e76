//! The request that is judged, as admission sees it after authorisation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_model::ServiceAccountRef;
use serde_json::Value;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// A new object: POST, or apply or PUT of an absent name.
    Create,
    /// A change of one.
    Update,
    /// A removal.
    Delete,
    /// A connection, as in `pods/exec`.
    Connect,
}

impl Operation {
    /// The word as admission rules spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// The kind of `request.options`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptionsKind {
    /// Of a creation; the API server turns the options of an apply that creates into these too.
    CreateOptions,
    /// Of a change, an apply of an existing object included.
    UpdateOptions,
    /// Of a removal.
    DeleteOptions,
}

impl OptionsKind {
    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateOptions => "CreateOptions",
            Self::UpdateOptions => "UpdateOptions",
            Self::DeleteOptions => "DeleteOptions",
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserInfo {
    /// The user name.
    pub username: String,
    /// The groups.
    pub groups: Vec<String>,
    /// The UID; absent when it is not known, empty when the user has none.
    pub uid: Option<String>,
    /// Further attributes; absent when they are not known.
    pub extra: Option<BTreeMap<String, Vec<String>>>,
}

impl UserInfo {
    /// A ServiceAccount as the API server authenticates its token. Its UID and what its token
    /// adds (pod, node, credential) are not known.
    pub fn service_account(account: &ServiceAccountRef) -> Self {
        Self {
            username: account.user_name(),
            groups: account.groups().to_vec(),
            uid: None,
            extra: None,
        }
    }
}

/// A request as admission sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct AdmissionRequest {
    /// What it does.
    pub operation: Operation,
    /// The API group of the resource, empty for the core group.
    pub group: Cow<'static, str>,
    /// The version that was asked.
    pub version: Cow<'static, str>,
    /// The plural.
    pub resource: Cow<'static, str>,
    /// The subresource, as in `status`.
    pub subresource: Option<String>,
    /// The kind of the object.
    pub kind: Cow<'static, str>,
    /// The object's name; on a POST the one in the object.
    pub name: String,
    /// The namespace; absent for a cluster-scoped object.
    pub namespace: Option<String>,
    /// The object as the API server holds it when it validates, defaults included; null on
    /// DELETE. Many requests may share it.
    pub object: Arc<Value>,
    /// The object as it was, for UPDATE and DELETE.
    pub old_object: Option<Value>,
    /// Who asks.
    pub user: Arc<UserInfo>,
    /// Whether nothing is to be kept.
    pub dry_run: bool,
    /// The kind of the options.
    pub options: OptionsKind,
}

/// Reviews, which nobody keeps, are exempt from every policy: group and resources.
const REVIEWS: [(&str, &[&str]); 2] = [
    (
        "authentication.k8s.io",
        &["selfsubjectreviews", "tokenreviews"],
    ),
    (
        "authorization.k8s.io",
        &[
            "localsubjectaccessreviews",
            "selfsubjectaccessreviews",
            "selfsubjectrulesreviews",
            "subjectaccessreviews",
        ],
    ),
];

/// The kinds by which the API server holds requests up.
const WEBHOOK_CONFIGURATIONS: [&str; 2] = [
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
];

/// Policies and what binds them.
const POLICIES: [&str; 4] = [
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
];

impl AdmissionRequest {
    /// Whether it is for an object that webhooks leave alone: all that configure admission.
    pub(crate) fn is_exempt_from_webhooks(&self) -> bool {
        self.is_of_policies()
            || self.group == crate::GROUP && WEBHOOK_CONFIGURATIONS.contains(&&*self.kind)
    }

    /// Whether policies leave it alone: policies and their bindings, but not the configurations
    /// of webhooks, as an API server of 1.36.3 answered.
    pub(crate) fn is_exempt_from_policies(&self) -> bool {
        self.is_of_policies()
            || REVIEWS.iter().any(|(group, resources)| {
                self.group == *group && resources.contains(&&*self.resource)
            })
    }

    fn is_of_policies(&self) -> bool {
        self.group == crate::GROUP && POLICIES.contains(&&*self.kind)
    }

    /// Whether it is for a Namespace object, whose requests carry its name as namespace.
    pub(crate) fn is_namespace_object(&self) -> bool {
        self.group.is_empty() && self.resource == "namespaces"
    }

    /// The namespace as admission sees it; empty for a cluster-scoped object.
    pub(crate) fn attribute_namespace(&self) -> &str {
        if self.is_namespace_object() {
            return &self.name;
        }
        self.namespace.as_deref().unwrap_or_default()
    }

    /// The namespace that `namespaceObject` is of: none for a Namespace object itself.
    pub(crate) fn object_namespace(&self) -> Option<&str> {
        if self.is_namespace_object() {
            return None;
        }
        self.namespace.as_deref().filter(|name| !name.is_empty())
    }
}
