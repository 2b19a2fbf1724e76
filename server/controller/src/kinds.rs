//! The kinds that a declaration rests on, and the declarations themselves. Pods and ReplicaSets are
//! not among them: a cluster has a hundred times as many, and what made them is.

use opsec_gather::WatchedKind;

/// The group of roles and bindings.
const RBAC: &str = "rbac.authorization.k8s.io";

const fn kind(group: &'static str, resource: &'static str, kind: &'static str) -> WatchedKind {
    WatchedKind {
        group,
        version: "v1",
        resource,
        kind,
        page: 500,
    }
}

/// What is declared.
pub(crate) const OPERATOR_RIGHTS: WatchedKind = WatchedKind {
    version: "v1alpha1",
    ..kind("kubectl-opsec.dev", "operatorrights", "OperatorRights")
};

/// Roles of the cluster.
pub(crate) const CLUSTER_ROLES: WatchedKind = kind(RBAC, "clusterroles", "ClusterRole");

/// All that is watched.
pub(crate) const WATCHED: [WatchedKind; 13] = [
    OPERATOR_RIGHTS,
    CLUSTER_ROLES,
    kind(RBAC, "clusterrolebindings", "ClusterRoleBinding"),
    kind(RBAC, "roles", "Role"),
    kind(RBAC, "rolebindings", "RoleBinding"),
    kind("", "serviceaccounts", "ServiceAccount"),
    kind("", "namespaces", "Namespace"),
    kind("apps", "deployments", "Deployment"),
    kind("apps", "statefulsets", "StatefulSet"),
    kind("apps", "daemonsets", "DaemonSet"),
    kind("batch", "jobs", "Job"),
    kind("batch", "cronjobs", "CronJob"),
    // Definitions are large: their schemas are most of them.
    WatchedKind {
        page: 25,
        ..kind(
            "apiextensions.k8s.io",
            "customresourcedefinitions",
            "CustomResourceDefinition",
        )
    },
];
