//! Kinds that real requests are made of, with bodies that the API server takes.

use serde_json::{Value, json};

/// Namespaces that exist.
pub(crate) const NAMESPACES: [&str; 3] = ["ops", "blue", "green"];
/// The name of the objects that exist, of the kinds that have one.
pub(crate) const HERE: &str = "here";
/// Names that are asked for.
pub(crate) const NAMES: [&str; 3] = [HERE, "alpha", "beta"];
/// The group of the custom kinds.
pub(crate) const OWN_GROUP: &str = "shop.example.com";
const RBAC: &str = "rbac.authorization.k8s.io";

/// A kind that is served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RealKind {
    pub(crate) group: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    /// Whether objects called [`HERE`] exist.
    pub(crate) seeded: bool,
    /// Whether a PUT of an absent name creates.
    pub(crate) created_by_put: bool,
}

const fn kind(
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    namespaced: bool,
) -> RealKind {
    RealKind {
        group,
        plural,
        kind,
        namespaced,
        seeded: false,
        created_by_put: false,
    }
}

const fn seeded(kind: RealKind) -> RealKind {
    RealKind {
        seeded: true,
        ..kind
    }
}

const fn by_put(kind: RealKind) -> RealKind {
    RealKind {
        created_by_put: true,
        ..kind
    }
}

/// The kinds.
pub(crate) const KINDS: [RealKind; 20] = [
    seeded(kind("", "configmaps", "ConfigMap", true)),
    kind("", "secrets", "Secret", true),
    kind("", "pods", "Pod", true),
    kind("", "serviceaccounts", "ServiceAccount", true),
    by_put(kind("", "services", "Service", true)),
    by_put(kind("", "endpoints", "Endpoints", true)),
    by_put(kind("", "limitranges", "LimitRange", true)),
    kind("", "namespaces", "Namespace", false),
    kind("", "nodes", "Node", false),
    kind("apps", "deployments", "Deployment", true),
    by_put(kind("coordination.k8s.io", "leases", "Lease", true)),
    by_put(kind("node.k8s.io", "runtimeclasses", "RuntimeClass", false)),
    by_put(kind(RBAC, "roles", "Role", true)),
    by_put(kind(RBAC, "rolebindings", "RoleBinding", true)),
    by_put(kind(RBAC, "clusterroles", "ClusterRole", false)),
    by_put(kind(
        RBAC,
        "clusterrolebindings",
        "ClusterRoleBinding",
        false,
    )),
    kind("storage.k8s.io", "storageclasses", "StorageClass", false),
    kind(
        "networking.k8s.io",
        "networkpolicies",
        "NetworkPolicy",
        true,
    ),
    seeded(kind(OWN_GROUP, "carts", "Cart", true)),
    seeded(kind(OWN_GROUP, "regions", "Region", false)),
];

/// Subresources and the verbs that a request to one can have.
pub(crate) const SUBRESOURCES: [(&str, &str, &[&str]); 9] = [
    ("pods", "log", &["get"]),
    ("pods", "exec", &["create"]),
    ("pods", "eviction", &["create"]),
    ("pods", "status", &["get", "update", "patch"]),
    ("deployments", "scale", &["get", "update", "patch"]),
    ("serviceaccounts", "token", &["create"]),
    ("namespaces", "status", &["get", "update", "patch"]),
    ("namespaces", "finalize", &["update"]),
    ("nodes", "status", &["get", "update", "patch"]),
];

impl RealKind {
    /// The kind of a group and plural.
    pub(crate) fn find(group: &str, plural: &str) -> Option<&'static Self> {
        KINDS
            .iter()
            .find(|kind| kind.group == group && kind.plural == plural)
    }

    /// Whether an object of that name exists; a universe holds none of these kinds but roles and
    /// bindings, which have other names.
    pub(crate) fn exists(&self, name: &str) -> bool {
        match self.plural {
            "namespaces" => NAMESPACES.contains(&name),
            _ => self.seeded && name == HERE,
        }
    }

    /// The group and version.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        }
    }

    /// The path of its objects in a namespace; the empty one is all of them, or the cluster.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let root = match self.group {
            "" => "/api/v1".to_owned(),
            group => format!("/apis/{group}/v1"),
        };
        let plural = self.plural;
        match namespace {
            "" => format!("{root}/{plural}"),
            namespace => format!("{root}/namespaces/{namespace}/{plural}"),
        }
    }

    /// An object that the API server takes.
    pub(crate) fn object(&self, namespace: &str, name: &str) -> Value {
        let mut object = match self.plural {
            "pods" => json!({"spec": {"containers": [container()]}}),
            "services" => json!({"spec": {"ports": [{"port": 80}]}}),
            "limitranges" => {
                json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}})
            }
            "deployments" => json!({"spec": {
                "selector": {"matchLabels": {"app": "a"}},
                "template": {
                    "metadata": {"labels": {"app": "a"}},
                    "spec": {"containers": [container()]},
                },
            }}),
            "runtimeclasses" => json!({"handler": "none"}),
            "roles" | "clusterroles" => json!({"rules": []}),
            "rolebindings" | "clusterrolebindings" => json!({
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": super::force::NOTHING},
            }),
            "storageclasses" => json!({"provisioner": "none.example.com"}),
            "networkpolicies" => json!({"spec": {"podSelector": {}}}),
            "leases" | "nodes" => json!({"spec": {}}),
            _ => json!({}),
        };
        let mut metadata = json!({"name": name});
        if self.namespaced
            && let Some(fields) = metadata.as_object_mut()
        {
            fields.insert("namespace".to_owned(), json!(namespace));
        }
        if let Some(fields) = object.as_object_mut() {
            fields.insert("apiVersion".to_owned(), json!(self.api_version()));
            fields.insert("kind".to_owned(), json!(self.kind));
            fields.insert("metadata".to_owned(), metadata);
        }
        object
    }
}

fn container() -> Value {
    json!({"name": "c", "image": "none.example.com/none"})
}

/// The definitions of the custom kinds.
pub(crate) fn definitions() -> Vec<Value> {
    let own = KINDS.iter().filter(|kind| kind.group == OWN_GROUP);
    own.map(|kind| {
        let schema = json!({"openAPIV3Schema": {"type": "object"}});
        let scope = if kind.namespaced {
            "Namespaced"
        } else {
            "Cluster"
        };
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{}.{OWN_GROUP}", kind.plural)},
            "spec": {
                "group": OWN_GROUP, "scope": scope,
                "names": {"plural": kind.plural, "kind": kind.kind},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
            },
        })
    })
    .collect()
}
