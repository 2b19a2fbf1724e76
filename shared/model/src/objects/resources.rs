//! The remaining objects of Kubernetes' own groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LabelSelector, Metadata};

/// A Namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    /// Metadata; its labels decide Pod Security.
    pub metadata: Metadata,
}

/// A ServiceAccount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceAccount {
    /// Metadata.
    pub metadata: Metadata,
    /// Whether pods that do not say otherwise mount its token; absent is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
}

/// A Secret: that it is there and of which type, never what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// Metadata; of the annotations only `kubernetes.io/service-account.name` is kept.
    pub metadata: Metadata,
    /// The type; absent is `Opaque`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A ConfigMap. Its data is kept only when an admission policy takes it as parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    /// Metadata.
    pub metadata: Metadata,
    /// Its data, when it is an admission policy's parameter.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
}

/// A Node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    /// Metadata.
    pub metadata: Metadata,
    /// Which cloud it is from, as in `aws:///…`. Filled in when read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
}

/// A CustomResourceDefinition without its schemas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomResourceDefinition {
    /// Metadata.
    pub metadata: Metadata,
    /// What it defines.
    pub spec: CustomResourceDefinitionSpec,
}

/// `spec` of a CustomResourceDefinition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomResourceDefinitionSpec {
    /// The API group.
    pub group: String,
    /// Names.
    pub names: CustomResourceNames,
    /// `Namespaced` or `Cluster`.
    pub scope: String,
    /// Versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<CustomResourceVersion>,
    /// Conversion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversion: Option<Conversion>,
}

/// Names of a custom resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomResourceNames {
    /// The plural.
    pub plural: String,
    /// The kind.
    pub kind: String,
    /// The singular; absent is the kind in lower case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub singular: String,
    /// Short names, as in `cert`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub short_names: Vec<String>,
}

/// A version of a custom resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomResourceVersion {
    /// Its name.
    pub name: String,
    /// Whether it is served.
    pub served: bool,
    /// Whether it is stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub storage: bool,
    /// Subresources: `status`, `scale`. Filled in when read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subresource_names: Vec<String>,
}

/// `spec.conversion`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conversion {
    /// `None` or `Webhook`.
    pub strategy: String,
    /// The webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<ConversionWebhook>,
}

/// A conversion webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConversionWebhook {
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_config: Option<WebhookClientConfig>,
}

/// Where a webhook is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookClientConfig {
    /// A Service of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceReference>,
    /// An address anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A Service, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceReference {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An APIService.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct APIService {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: APIServiceSpec,
}

/// `spec` of an APIService.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct APIServiceSpec {
    /// The group.
    pub group: String,
    /// The version.
    pub version: String,
    /// Who serves it; absent is the API server itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceReference>,
}

/// An OLM OperatorGroup's targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorGroup {
    /// Metadata.
    pub metadata: Metadata,
    /// What it says.
    pub spec: OperatorGroupSpec,
}

/// `spec` of an OperatorGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorGroupSpec {
    /// The namespaces its operators watch; empty, and no selector, is all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_namespaces: Vec<String>,
    /// The same by labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
}
