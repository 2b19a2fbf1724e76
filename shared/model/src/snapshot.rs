//! What was gathered, once, immutable: the only input of a judgement besides the baseline.

mod digest;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::canonical::CanonicalError;
use crate::completeness::{Completeness, Kind};
use crate::declared_rights::OperatorRights;
use crate::notice::Notice;
use crate::objects::{
    APIService, ClusterRole, ClusterRoleBinding, ConfigMap, CustomObject, CustomResourceDefinition,
    EndpointSlice, GatewayRoute, Ingress, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding,
    MutatingWebhookConfiguration, Namespace, NetworkPolicy, Node, OperatorGroup,
    OtherNetworkPolicy, Role, RoleBinding, Secret, Service, ServiceAccount,
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
    Workload,
};
use crate::olm::OlmInstallation;
use crate::probe::{AccessReview, CrdCreationAnswer};

/// Where a snapshot is from.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Files: "as if applied to an otherwise empty cluster".
    #[default]
    Files,
    /// A live cluster.
    Cluster,
    /// A saved snapshot.
    Snapshot,
}

/// Where a snapshot is from, and of what.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// Files or a cluster.
    pub kind: SourceKind,
    /// The kubeconfig context, live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The cluster's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The installations by OLM that ClusterServiceVersions of the files were judged as.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub olm_installations: Vec<OlmInstallation>,
}

/// How objects of the input that named no namespace were placed in one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Placement {
    /// The namespace.
    pub namespace: String,
    /// Why it is that one.
    pub reason: PlacementReason,
    /// How many objects.
    pub objects: usize,
}

/// Why objects were placed in a namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PlacementReason {
    /// It was asked for (`-n`).
    Asked,
    /// The bindings of the same file name it.
    Bindings,
    /// OLM installs what its ClusterServiceVersion came with there.
    Installation,
    /// Nothing says where: `default`.
    #[default]
    Default,
}

/// What was gathered. Lists are sorted by namespace and name; of equal objects only the last is
/// there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Snapshot {
    /// Where it is from.
    pub source: Source,
    /// The Kubernetes release it is judged as, as in `1.36.3`; empty is the program's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kubernetes_version: String,
    /// When it was gathered (RFC 3339, UTC), live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gathered_at: Option<String>,
    /// UID of the kube-system namespace, live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_uid: Option<String>,
    /// Kinds that are not complete; a kind that is absent here is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub incomplete: BTreeMap<Kind, Completeness>,
    /// Kinds that the API server serves beyond the built-in ones and the CRDs here, live.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<Kind>,
    /// How objects without a namespace were placed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<Placement>,
    /// Namespaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Namespace>,
    /// ServiceAccounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<ServiceAccount>,
    /// Secrets, without content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// ConfigMaps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub config_maps: Vec<ConfigMap>,
    /// Nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// Workloads of every kind, pods included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<Workload>,
    /// Roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// ClusterRoles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_roles: Vec<ClusterRole>,
    /// RoleBindings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role_bindings: Vec<RoleBinding>,
    /// ClusterRoleBindings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_role_bindings: Vec<ClusterRoleBinding>,
    /// NetworkPolicies of networking.k8s.io/v1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network_policies: Vec<NetworkPolicy>,
    /// Network policies of other kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_network_policies: Vec<OtherNetworkPolicy>,
    /// Services.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// Ingresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ingresses: Vec<Ingress>,
    /// Routes of the Gateway API.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gateway_routes: Vec<GatewayRoute>,
    /// EndpointSlices of the API server's own Service, live.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoint_slices: Vec<EndpointSlice>,
    /// CustomResourceDefinitions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_resource_definitions: Vec<CustomResourceDefinition>,
    /// APIServices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_services: Vec<APIService>,
    /// ValidatingAdmissionPolicies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validating_admission_policies: Vec<ValidatingAdmissionPolicy>,
    /// ValidatingAdmissionPolicyBindings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validating_admission_policy_bindings: Vec<ValidatingAdmissionPolicyBinding>,
    /// MutatingAdmissionPolicies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mutating_admission_policies: Vec<MutatingAdmissionPolicy>,
    /// MutatingAdmissionPolicyBindings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mutating_admission_policy_bindings: Vec<MutatingAdmissionPolicyBinding>,
    /// ValidatingWebhookConfigurations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validating_webhook_configurations: Vec<ValidatingWebhookConfiguration>,
    /// MutatingWebhookConfigurations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mutating_webhook_configurations: Vec<MutatingWebhookConfiguration>,
    /// OLM OperatorGroups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operator_groups: Vec<OperatorGroup>,
    /// OperatorRights declarations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operator_rights: Vec<OperatorRights>,
    /// Objects of every other kind, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_objects: Vec<CustomObject>,
    /// What dry runs of CRD creations came to, where the API server was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crd_creation_answers: Vec<CrdCreationAnswer>,
    /// What SubjectAccessReviews came to, where the API server was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access_reviews: Vec<AccessReview>,
    /// What is to be known about the input itself: invalid objects, duplicates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

impl Snapshot {
    /// How complete a kind is.
    pub fn completeness(&self, kind: &Kind) -> &Completeness {
        self.incomplete.get(kind).unwrap_or(&Completeness::Complete)
    }

    /// The digest of the facts: file names and lines excluded, so that the same facts from
    /// another path have the same digest.
    ///
    /// # Errors
    /// When a parameter object holds a number that has no canonical form.
    pub fn digest(&self) -> Result<String, CanonicalError> {
        digest::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::Metadata;

    #[test]
    fn the_digest_does_not_depend_on_file_names() {
        let with = |file: Option<&str>| Snapshot {
            namespaces: vec![Namespace {
                metadata: Metadata {
                    name: "shop".into(),
                    input_file: file.map(Into::into),
                    ..Metadata::default()
                },
            }],
            ..Snapshot::default()
        };
        assert_eq!(
            with(Some("a.yaml")).digest().unwrap(),
            with(None).digest().unwrap()
        );
        assert_ne!(
            with(None).digest().unwrap(),
            Snapshot::default().digest().unwrap()
        );
    }

    #[test]
    fn a_snapshot_survives_json() {
        let snapshot = Snapshot {
            incomplete: BTreeMap::from([(
                Kind::new("networkpolicies", "networking.k8s.io"),
                Completeness::Forbidden {
                    missing: "list networkpolicies".into(),
                },
            )]),
            ..Snapshot::default()
        };
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    }
}
