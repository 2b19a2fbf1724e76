//! Which kinds live in namespaces, and which the judged release serves.

use std::collections::BTreeMap;

use opsec_kubernetes::Scope;

use crate::object::{KindRef, RawObject};

/// What is known of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is served, or defined in the input.
    Served(Scope),
    /// Its group is Kubernetes' own, and the release does not serve the kind in that version.
    NotServed,
    /// A kind of someone else that this program knows.
    Familiar(Scope),
    /// Nothing says what it is.
    Unknown,
}

impl Known {
    /// Where its objects live; absent when nothing says.
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            Self::Served(scope) | Self::Familiar(scope) => Some(scope),
            Self::NotServed | Self::Unknown => None,
        }
    }
}

/// The kinds that the input itself defines.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    defined: BTreeMap<(String, String), Scope>,
}

impl Kinds {
    /// The kinds of the CustomResourceDefinitions among these objects.
    pub(crate) fn of(objects: &[RawObject]) -> Self {
        let defined = objects.iter().filter_map(definition).collect();
        Self { defined }
    }

    /// What is known of a kind.
    pub(crate) fn find(&self, kind: &KindRef) -> Known {
        if is_built_in_group(&kind.group) {
            let served = opsec_kubernetes::built_in().iter().find(|candidate| {
                candidate.group == kind.group
                    && candidate.kind == kind.kind
                    && candidate.version == kind.version
            });
            return served.map_or(Known::NotServed, |served| Known::Served(served.scope));
        }
        if let Some(&scope) = self.defined.get(&(kind.group.clone(), kind.kind.clone())) {
            return Known::Served(scope);
        }
        familiar(&kind.group, &kind.kind).map_or(Known::Unknown, Known::Familiar)
    }
}

/// Whether the API server itself serves the group, or once did.
pub(crate) fn is_built_in_group(group: &str) -> bool {
    group == "extensions"
        || opsec_kubernetes::built_in()
            .iter()
            .any(|kind| kind.group == group)
}

fn definition(object: &RawObject) -> Option<((String, String), Scope)> {
    if !object.kind.is_definition() {
        return None;
    }
    let spec = object.value.get("spec")?;
    let group = spec.text("group")?;
    let kind = spec.get("names")?.text("kind")?;
    let scope = match spec.text("scope")? {
        "Cluster" => Scope::Cluster,
        _ => Scope::Namespaced,
    };
    Some(((group.to_owned(), kind.to_owned()), scope))
}

/// Kinds of others that are read although their definitions are seldom in the same files.
fn familiar(group: &str, kind: &str) -> Option<Scope> {
    if is_other_network_policy(group, kind) {
        let cluster = ["Cluster", "Global", "Admin"]
            .iter()
            .any(|word| kind.contains(word));
        return Some(if cluster {
            Scope::Cluster
        } else {
            Scope::Namespaced
        });
    }
    match (group, kind) {
        ("kubectl-opsec.dev", "OperatorRights") => Some(Scope::Cluster),
        ("operators.coreos.com", "OperatorGroup" | "ClusterServiceVersion" | "Subscription") => {
            Some(Scope::Namespaced)
        }
        _ if is_gateway_route(group, kind) => Some(Scope::Namespaced),
        _ => None,
    }
}

/// Whether a kind is a network policy other than `networking.k8s.io/v1`, of whatever product.
#[must_use]
pub fn is_other_network_policy(group: &str, kind: &str) -> bool {
    kind.contains("NetworkPolicy") && !is_built_in_group(group)
}

/// Whether a kind is a route of the Gateway API.
#[must_use]
pub fn is_gateway_route(group: &str, kind: &str) -> bool {
    group == "gateway.networking.k8s.io" && kind.ends_with("Route")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(group: &str, version: &str, kind: &str) -> Known {
        Kinds::default().find(&KindRef {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        })
    }

    #[test]
    fn kinds_are_known_by_group_version_and_name() {
        for (group, version, kind, known) in [
            ("", "v1", "Pod", Known::Served(Scope::Namespaced)),
            (
                "autoscaling",
                "v2",
                "HorizontalPodAutoscaler",
                Known::Served(Scope::Namespaced),
            ),
            ("apps", "v1", "Deployment", Known::Served(Scope::Namespaced)),
            ("apps", "v1beta1", "Deployment", Known::NotServed),
            ("apps", "v1", "Deployment2", Known::NotServed),
            ("extensions", "v1beta1", "Ingress", Known::NotServed),
            ("policy", "v1beta1", "PodSecurityPolicy", Known::NotServed),
            ("shop.example.com", "v1", "Order", Known::Unknown),
            (
                "cilium.io",
                "v2",
                "CiliumClusterwideNetworkPolicy",
                Known::Familiar(Scope::Cluster),
            ),
            (
                "cilium.io",
                "v2",
                "CiliumNetworkPolicy",
                Known::Familiar(Scope::Namespaced),
            ),
            (
                "crd.projectcalico.org",
                "v1",
                "GlobalNetworkPolicy",
                Known::Familiar(Scope::Cluster),
            ),
            (
                "policy.networking.k8s.io",
                "v1alpha1",
                "AdminNetworkPolicy",
                Known::Familiar(Scope::Cluster),
            ),
            (
                "gateway.networking.k8s.io",
                "v1",
                "HTTPRoute",
                Known::Familiar(Scope::Namespaced),
            ),
        ] {
            assert_eq!(
                find(group, version, kind),
                known,
                "{group}/{version} {kind}"
            );
        }
    }
}
