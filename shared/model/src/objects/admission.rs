//! Admission objects.

use serde::{Deserialize, Serialize};

use super::{LabelSelector, Metadata, WebhookClientConfig};

/// A ValidatingAdmissionPolicy.
/// <https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/>
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingAdmissionPolicy {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: ValidatingAdmissionPolicySpec,
}

/// `spec` of a ValidatingAdmissionPolicy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingAdmissionPolicySpec {
    /// The kind of its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_kind: Option<ParamKind>,
    /// What it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_constraints: Option<MatchResources>,
    /// Conditions under which it looks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_conditions: Vec<NamedExpression>,
    /// Variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<NamedExpression>,
    /// What must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<Validation>,
    /// What is written to the audit log; under Fail an error of it denies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit_annotations: Vec<AuditAnnotation>,
    /// `Fail` (also when absent) or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_policy: Option<String>,
}

/// The kind of a policy's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParamKind {
    /// Group and version, as in `v1` or `rules.example.com/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
}

/// A named CEL expression: a match condition or a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamedExpression {
    /// The name.
    pub name: String,
    /// The expression.
    pub expression: String,
}

/// A validation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Validation {
    /// What must be true.
    pub expression: String,
    /// What is said when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_expression: Option<String>,
}

/// An entry of the audit log that a policy computes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AuditAnnotation {
    /// Its key.
    pub key: String,
    /// What computes its value.
    pub value_expression: String,
}

/// Which requests a policy or binding looks at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MatchResources {
    /// Namespaces of the objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// The objects themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_selector: Option<LabelSelector>,
    /// What is looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_rules: Vec<AdmissionRule>,
    /// What is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_resource_rules: Vec<AdmissionRule>,
    /// `Equivalent` (also when absent) or `Exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_policy: Option<String>,
}

/// Operations on resources. Its wildcards are admission's, not RBAC's: `namespaces/*` is the
/// resource with all its subresources, `*/*` everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AdmissionRule {
    /// API groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_groups: Vec<String>,
    /// API versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_versions: Vec<String>,
    /// `CREATE`, `UPDATE`, `DELETE`, `CONNECT`, `*`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// Resources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Names; only of policies, not of webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_names: Vec<String>,
    /// `Cluster`, `Namespaced` or `*` (also when absent).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// A ValidatingAdmissionPolicyBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingAdmissionPolicyBinding {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: ValidatingAdmissionPolicyBindingSpec,
}

/// `spec` of a ValidatingAdmissionPolicyBinding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingAdmissionPolicyBindingSpec {
    /// The policy.
    pub policy_name: String,
    /// Its parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_ref: Option<ParamRef>,
    /// A further limit of what is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_resources: Option<MatchResources>,
    /// `Deny`, `Warn`, `Audit`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validation_actions: Vec<String>,
}

/// Which parameters a binding gives to its policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ParamRef {
    /// One object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its namespace; absent with a namespaced kind is that of the request's object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Or objects by labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// `Allow` or `Deny`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_not_found_action: Option<String>,
}

/// A ValidatingWebhookConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValidatingWebhookConfiguration {
    /// Metadata.
    pub metadata: Metadata,
    /// Its webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
}

/// A MutatingWebhookConfiguration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingWebhookConfiguration {
    /// Metadata.
    pub metadata: Metadata,
    /// Its webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<Webhook>,
}

/// A webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Webhook {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub client_config: WebhookClientConfig,
    /// What it looks at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<AdmissionRule>,
    /// `Fail` (also when absent) or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_policy: Option<String>,
    /// `Equivalent` (also when absent) or `Exact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_policy: Option<String>,
    /// Namespaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_selector: Option<LabelSelector>,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_conditions: Vec<NamedExpression>,
}

/// A MutatingAdmissionPolicy: what it looks at; what it changes is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingAdmissionPolicy {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: MutatingAdmissionPolicySpec,
}

/// `spec` of a MutatingAdmissionPolicy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingAdmissionPolicySpec {
    /// What it looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_constraints: Option<MatchResources>,
    /// Conditions under which it looks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub match_conditions: Vec<NamedExpression>,
    /// `Fail` (also when absent) or `Ignore`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_policy: Option<String>,
}

/// A MutatingAdmissionPolicyBinding: that it puts its policy in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MutatingAdmissionPolicyBinding {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: ValidatingAdmissionPolicyBindingSpec,
}
