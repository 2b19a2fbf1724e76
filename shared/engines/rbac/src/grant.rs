//! One rule that reaches a user, with the whole chain: subject → binding → role → rule.

use std::sync::Arc;

use opsec_model::ObjectRef;
use opsec_model::objects::PolicyRule;

/// Where a granted rule holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantScope {
    /// Everywhere: a ClusterRoleBinding.
    Cluster,
    /// In one namespace: a RoleBinding.
    Namespace(String),
}

impl GrantScope {
    /// The namespace, when it is one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Self::Cluster => None,
            Self::Namespace(namespace) => Some(namespace),
        }
    }
}

/// How a subject names the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectVia {
    /// As a ServiceAccount.
    ServiceAccount,
    /// As a User, `system:serviceaccount:NAMESPACE:NAME` included.
    User,
    /// Through a Group.
    Group,
}

/// One rule that reaches a user. Object references are shared, so a grant is cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The subject of the binding: kind `ServiceAccount`, `User` or `Group`.
    pub subject: Arc<ObjectRef>,
    /// How that subject names the user.
    pub via: SubjectVia,
    /// The RoleBinding or ClusterRoleBinding.
    pub binding: Arc<ObjectRef>,
    /// The role that is bound.
    pub role: Arc<ObjectRef>,
    /// The rule's place in the bound role's effective rules. In an aggregated role of a file that
    /// is no place in the file: see `source_role`.
    pub rule_index: usize,
    /// The role in which the rule is written: the gathered one when the bound one is aggregated,
    /// else the bound one.
    pub source_role: Arc<ObjectRef>,
    /// The rule's place in `source_role`.
    pub source_rule_index: usize,
    /// The rule.
    pub rule: Arc<PolicyRule>,
    /// Where it holds.
    pub scope: GrantScope,
    /// The binding, the role and the rule are the API server's own: every account has it anyway,
    /// or the API server means it to.
    pub bootstrap: bool,
    /// The rule is written in one of the API server's own roles, whoever binds it.
    pub source_bootstrap: bool,
}

impl Grant {
    /// Whether the grant comes through a group.
    pub fn via_group(&self) -> bool {
        self.via == SubjectVia::Group
    }

    /// Whether the rule was gathered into the bound role from another.
    pub fn is_aggregated(&self) -> bool {
        self.role != self.source_role
    }
}
