//! What an operator's ServiceAccounts may do, and answers to single questions about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notice::Notice;
use crate::object_ref::ServiceAccountRef;
use crate::report::{GrantedBy, OperatorSummary};
use crate::snapshot::Source;
use crate::source_map::SourceMap;
use crate::verdict::{Reach, Severity};

/// The rights of one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RightList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `RightList`.
    pub kind: String,
    /// What was looked at.
    pub source: Source,
    /// The Kubernetes release that it was judged as.
    pub kubernetes_version: String,
    /// The operator.
    pub operator: OperatorSummary,
    /// The granted rules, by ServiceAccount, cluster-wide ones first.
    #[serde(default)]
    pub items: Vec<Right>,
    /// What is to be known about the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// One rule that reaches a ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Right {
    /// Who holds it.
    pub service_account: ServiceAccountRef,
    /// The namespace it holds in; absent is every namespace and the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The verbs.
    pub verbs: Vec<String>,
    /// The API groups; the core group is the empty string.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// The resources, with subresources as `pods/exec`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The names it is limited to; absent is every name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// Paths outside the resource API.
    #[serde(
        default,
        rename = "nonResourceURLs",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub non_resource_urls: Vec<String>,
    /// Whether it is the API server's own grant, which every account has or is meant to have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bootstrap: bool,
    /// Why no real request can use it, or a part of it: each a clause, as in `create is never
    /// asked with a name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ineffective: Vec<String>,
    /// Whether no real request can use any of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unusable: bool,
    /// The rows of the table of dangerous rights that rest on it, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangers: Vec<Danger>,
    /// The grant that gives it.
    pub granted_by: GrantedBy,
}

/// A row of the table of dangerous rights, as it weighs where it is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Danger {
    /// The row, as in `ESC-BIND`.
    pub right: String,
    /// How grave it is.
    pub severity: Severity,
    /// How far it reaches.
    pub reach: Reach,
}

/// Whether a request is authorised.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// A SubjectAccessReview would allow it.
    Yes,
    /// A SubjectAccessReview would deny it.
    No,
    /// A needed fact could not be had.
    Unknown,
}

/// What is asked, as the attributes of a SubjectAccessReview.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct AccessQuestion {
    /// The verb.
    pub verb: String,
    /// The API group; absent is the core group.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The resource's plural; absent for a path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resource: String,
    /// The subresource.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// The object's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The namespace; the empty one is all namespaces, or the cluster. Absent where each account
    /// was asked about its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The path, when it is outside the resource API.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}

/// The answer to one question about an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessAnswer {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `AccessAnswer`.
    pub kind: String,
    /// The operator.
    pub operator: OperatorSummary,
    /// What was asked.
    pub question: AccessQuestion,
    /// Yes when one of the accounts may; else unknown when one is unknown; else no.
    pub allowed: Allowed,
    /// The answer for each ServiceAccount that was asked about.
    pub items: Vec<AccountAnswer>,
    /// What is to be known about the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// The answer for one ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountAnswer {
    /// Who would ask the API server.
    pub service_account: ServiceAccountRef,
    /// The namespace that was asked in, where the question leaves it to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The answer.
    pub allowed: Allowed,
    /// What allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<GrantedBy>,
    /// Whether that is the API server's own grant, which every account has or is meant to have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bootstrap: bool,
    /// What a person should know: why it is unknown, or that no real request is like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RightList {
    /// Fills in where grants stand in files.
    pub fn locate(&mut self, sources: &SourceMap) {
        for right in &mut self.items {
            locate(&mut right.granted_by, sources);
        }
    }
}

impl AccessAnswer {
    /// Fills in where grants stand in files.
    pub fn locate(&mut self, sources: &SourceMap) {
        for answer in &mut self.items {
            answer.locate(sources);
        }
    }
}

impl AccountAnswer {
    /// Fills in where what allows it stands in files.
    pub fn locate(&mut self, sources: &SourceMap) {
        if let Some(grant) = &mut self.granted_by {
            locate(grant, sources);
        }
    }
}

fn locate(grant: &mut GrantedBy, sources: &SourceMap) {
    grant.source = sources.locate(&grant.role, &grant.rule);
}
