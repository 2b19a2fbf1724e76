//! Resources that are asked about in RBAC and listed in no discovery.

use crate::kinds::Scope;

/// A resource that exists only as a name in authorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VirtualResource {
    /// The API group.
    pub group: &'static str,
    /// The resource, with its subresource when it has one.
    pub resource: &'static str,
    /// Whether it is asked in a namespace.
    pub scope: Scope,
    /// The verbs that are asked.
    pub verbs: &'static [&'static str],
}

const fn cluster(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> VirtualResource {
    VirtualResource {
        group,
        resource,
        scope: Scope::Cluster,
        verbs,
    }
}

/// Impersonation, signers and the kubelet's paths.
/// <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation>,
/// <https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/>,
/// <https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/>
const VIRTUAL: &[VirtualResource] = &[
    cluster("", "users", &["impersonate"]),
    cluster("", "groups", &["impersonate"]),
    VirtualResource {
        group: "",
        resource: "serviceaccounts",
        scope: Scope::Namespaced,
        verbs: &["impersonate"],
    },
    cluster(
        "authentication.k8s.io",
        "uids",
        &["impersonate", "impersonate:user-info"],
    ),
    cluster(
        "authentication.k8s.io",
        "userextras",
        &["impersonate", "impersonate:user-info"],
    ),
    cluster("authentication.k8s.io", "users", &["impersonate:user-info"]),
    cluster(
        "authentication.k8s.io",
        "groups",
        &["impersonate:user-info"],
    ),
    VirtualResource {
        group: "authentication.k8s.io",
        resource: "serviceaccounts",
        scope: Scope::Namespaced,
        verbs: &["impersonate:serviceaccount"],
    },
    cluster(
        "authentication.k8s.io",
        "nodes",
        &["impersonate:arbitrary-node", "impersonate:associated-node"],
    ),
    cluster(
        "certificates.k8s.io",
        "signers",
        &["approve", "sign", "attest"],
    ),
    cluster("", "nodes/log", &["get"]),
    cluster("", "nodes/metrics", &["get"]),
    cluster("", "nodes/stats", &["get"]),
    cluster("", "nodes/configz", &["get"]),
    cluster("", "nodes/healthz", &["get"]),
    cluster("", "nodes/pods", &["get"]),
    cluster("", "nodes/checkpoint", &["create"]),
    cluster(
        "",
        "nodes/proxy",
        &["get", "create", "update", "patch", "delete"],
    ),
];

/// All virtual resources.
pub fn virtual_resources() -> &'static [VirtualResource] {
    VIRTUAL
}

/// The virtual resource of that name (`resource` or `resource/subresource`) in that group.
pub fn find_virtual(group: &str, resource: &str) -> Option<&'static VirtualResource> {
    let base = resource.split_once('/').map_or(resource, |(base, _)| base);
    VIRTUAL.iter().find(|candidate| {
        candidate.group == group
            && (candidate.resource == resource
                || (candidate.resource == base && base == "userextras"))
    })
}
