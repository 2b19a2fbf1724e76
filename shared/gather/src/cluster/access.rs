//! What gathering needs to be allowed.

use std::collections::BTreeMap;

use super::kinds::{BUILT_IN, NAMED_CONFIG_MAPS, OPERATOR_RIGHTS};

/// A rule of the role that gathering needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The API group, empty for the core group.
    pub group: String,
    /// The resources.
    pub resources: Vec<String>,
    /// The names that it is limited to; none is every one.
    pub names: Vec<String>,
    /// The verbs.
    pub verbs: Vec<String>,
}

/// The least that a complete gathering needs, in every namespace.
///
/// The kinds that operators define are read, as metadata, only where they own a workload; which
/// these are no role can know beforehand.
pub fn permissions(secret_metadata: bool) -> Vec<Permission> {
    let mut by_group: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in BUILT_IN.iter().chain([&OPERATOR_RIGHTS]) {
        by_group.entry(kind.group).or_default().push(kind.resource);
    }
    for (group, resource) in [
        ("discovery.k8s.io", "endpointslices"),
        ("gateway.networking.k8s.io", "grpcroutes"),
        ("gateway.networking.k8s.io", "httproutes"),
        ("gateway.networking.k8s.io", "tcproutes"),
        ("gateway.networking.k8s.io", "tlsroutes"),
        ("gateway.networking.k8s.io", "udproutes"),
        ("policy.networking.k8s.io", "*"),
    ] {
        by_group.entry(group).or_default().push(resource);
    }
    if secret_metadata {
        by_group.entry("").or_default().push("secrets");
    }
    let mut permissions: Vec<Permission> = by_group
        .into_iter()
        .map(|(group, mut resources)| {
            resources.sort_unstable();
            Permission {
                group: group.to_owned(),
                resources: resources.into_iter().map(ToOwned::to_owned).collect(),
                names: Vec::new(),
                verbs: vec!["list".to_owned()],
            }
        })
        .collect();
    permissions.push(Permission {
        group: String::new(),
        resources: vec!["configmaps".to_owned()],
        names: NAMED_CONFIG_MAPS.map(|(_, name)| name.to_owned()).to_vec(),
        verbs: vec!["list".to_owned()],
    });
    permissions
}
