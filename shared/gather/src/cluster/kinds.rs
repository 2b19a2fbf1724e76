//! Which kinds are listed, and how.

use opsec_manifests::{is_gateway_route, is_other_network_policy};

/// A kind that is listed as it is, in the first of its versions that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListedKind {
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) kind: &'static str,
    /// The versions whose shape is known, the best first.
    pub(super) versions: &'static [&'static str],
    /// How many objects a page holds.
    pub(super) page: usize,
}

impl ListedKind {
    /// Whether every API server serves it, so that one that does not cannot be judged by it.
    pub(super) fn is_everywhere(&self) -> bool {
        self.versions == ["v1"]
    }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const PAGE: usize = 500;
/// Definitions are large: their schemas are most of them.
const PAGE_OF_DEFINITIONS: usize = 25;

const fn kind(group: &'static str, resource: &'static str, kind: &'static str) -> ListedKind {
    ListedKind {
        group,
        resource,
        kind,
        versions: &["v1"],
        page: PAGE,
    }
}

const fn versions(kind: ListedKind, versions: &'static [&'static str]) -> ListedKind {
    ListedKind { versions, ..kind }
}

/// The kinds of Kubernetes' own that are listed in every namespace. The longest lists come first,
/// so that none is waited for in the end.
pub(super) const BUILT_IN: [ListedKind; 27] = [
    kind("", "pods", "Pod"),
    ListedKind {
        page: PAGE_OF_DEFINITIONS,
        ..kind(
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition",
        )
    },
    kind("apps", "replicasets", "ReplicaSet"),
    kind(RBAC, "rolebindings", "RoleBinding"),
    kind(RBAC, "roles", "Role"),
    kind("", "serviceaccounts", "ServiceAccount"),
    kind("apps", "deployments", "Deployment"),
    kind("", "services", "Service"),
    kind("", "namespaces", "Namespace"),
    kind("batch", "jobs", "Job"),
    kind(RBAC, "clusterroles", "ClusterRole"),
    kind(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
    kind("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    kind("apps", "statefulsets", "StatefulSet"),
    kind("apps", "daemonsets", "DaemonSet"),
    kind("batch", "cronjobs", "CronJob"),
    kind("", "replicationcontrollers", "ReplicationController"),
    kind("", "nodes", "Node"),
    kind("networking.k8s.io", "ingresses", "Ingress"),
    kind("apiregistration.k8s.io", "apiservices", "APIService"),
    kind(
        ADMISSION,
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    ),
    kind(
        ADMISSION,
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
    ),
    versions(
        kind(
            ADMISSION,
            "validatingadmissionpolicies",
            "ValidatingAdmissionPolicy",
        ),
        &["v1", "v1beta1"],
    ),
    versions(
        kind(
            ADMISSION,
            "validatingadmissionpolicybindings",
            "ValidatingAdmissionPolicyBinding",
        ),
        &["v1", "v1beta1"],
    ),
    versions(
        kind(
            ADMISSION,
            "mutatingadmissionpolicies",
            "MutatingAdmissionPolicy",
        ),
        &["v1", "v1beta1", "v1alpha1"],
    ),
    versions(
        kind(
            ADMISSION,
            "mutatingadmissionpolicybindings",
            "MutatingAdmissionPolicyBinding",
        ),
        &["v1", "v1beta1", "v1alpha1"],
    ),
    versions(
        kind("operators.coreos.com", "operatorgroups", "OperatorGroup"),
        &["v1", "v1alpha2"],
    ),
];

/// The custom resource that declares an operator's rights.
pub(super) const OPERATOR_RIGHTS: ListedKind = versions(
    kind("kubectl-opsec.dev", "operatorrights", "OperatorRights"),
    &["v1alpha1"],
);

/// Objects that are read by their names: those by which a right weighs more.
pub(super) const NAMED_CONFIG_MAPS: [(&str, &str); 2] =
    [("kube-system", "aws-auth"), ("kube-system", "coredns")];

/// Whether a kind of someone else is read whole: network policies of any product, and the routes
/// of the Gateway API.
pub(super) fn is_read_whole(group: &str, kind: &str) -> bool {
    is_other_network_policy(group, kind) || is_gateway_route(group, kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_are_those_that_the_api_server_serves() {
        for listed in BUILT_IN
            .iter()
            .filter(|kind| kind.group != "operators.coreos.com")
        {
            let served = opsec_kubernetes::find(listed.group, listed.resource);
            let served = served.unwrap_or_else(|| panic!("{} is not served", listed.resource));
            assert_eq!(served.kind, listed.kind);
            assert!(listed.versions.contains(&served.version.as_str()));
            assert!(served.verbs.iter().any(|verb| verb == "list"));
        }
    }

    #[test]
    fn network_policies_of_others_are_read_and_their_own_kinds_are_not_twice() {
        assert!(is_read_whole("cilium.io", "CiliumNetworkPolicy"));
        assert!(is_read_whole(
            "policy.networking.k8s.io",
            "AdminNetworkPolicy"
        ));
        assert!(is_read_whole("gateway.networking.k8s.io", "HTTPRoute"));
        assert!(!is_read_whole("networking.k8s.io", "NetworkPolicy"));
        assert!(!is_read_whole("gateway.networking.k8s.io", "Gateway"));
    }
}
