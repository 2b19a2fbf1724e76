//! Which API groups are Kubernetes' own.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Groups that an API server knows and serves only when it is told to, or served once.
const NOT_SERVED_BY_DEFAULT: [&str; 4] = [
    "auditregistration.k8s.io",
    "internal.apiserver.k8s.io",
    "settings.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether a group is Kubernetes' own. A CustomResourceDefinition's group has a dot in it, so a
/// group without one (`apps`, the old `extensions`) is.
/// <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>
pub(crate) fn is_built_in(group: &str) -> bool {
    static SERVED: OnceLock<BTreeSet<&str>> = OnceLock::new();
    let served = SERVED.get_or_init(|| {
        opsec_kubernetes::built_in()
            .iter()
            .map(|kind| kind.group.as_str())
            .collect()
    });
    !group.contains('.') || served.contains(group) || NOT_SERVED_BY_DEFAULT.contains(&group)
}

/// Whether a group is under a domain of the Kubernetes project (`*.k8s.io`), which many serve.
pub(crate) fn is_under_k8s_io(group: &str) -> bool {
    group == "k8s.io" || group.ends_with(".k8s.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kubernetes_own_groups_are_built_in() {
        for group in [
            "",
            "apps",
            "extensions",
            "rbac.authorization.k8s.io",
            "storage.k8s.io",
        ] {
            assert!(is_built_in(group), "{group}");
        }
        for group in [
            "cert-manager.io",
            "metrics.k8s.io",
            "gateway.networking.k8s.io",
        ] {
            assert!(!is_built_in(group), "{group}");
        }
    }
}
