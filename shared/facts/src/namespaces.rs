//! Namespaces: which there are, and what their labels are. A namespace without an object exists
//! when something lives in it; it has no labels but the API server's.

use std::collections::BTreeMap;

use opsec_kubernetes::{NAMESPACE_NAME_LABEL, NAMESPACES};
use opsec_model::Snapshot;
use opsec_model::objects::Metadata;

/// The label that the API server puts on a namespace.
pub(crate) fn own_label(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(NAMESPACE_NAME_LABEL.to_owned(), name.to_owned())])
}

/// Labels of every namespace.
pub(crate) fn labels(snapshot: &Snapshot) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut labels: BTreeMap<String, BTreeMap<String, String>> = NAMESPACES
        .into_iter()
        .chain(inhabited(snapshot))
        .map(|name| (name.to_owned(), own_label(name)))
        .collect();
    for namespace in &snapshot.namespaces {
        let name = &namespace.metadata.name;
        let entry = labels.entry(name.clone()).or_default();
        entry.extend(namespace.metadata.labels.clone());
        entry.extend(own_label(name));
    }
    labels
}

fn inhabited(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let metadata: Vec<&Metadata> = [
        snapshot
            .workloads
            .iter()
            .map(|object| &object.metadata)
            .collect::<Vec<_>>(),
        snapshot
            .service_accounts
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .roles
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .role_bindings
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .services
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .network_policies
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .secrets
            .iter()
            .map(|object| &object.metadata)
            .collect(),
        snapshot
            .config_maps
            .iter()
            .map(|object| &object.metadata)
            .collect(),
    ]
    .concat();
    metadata
        .into_iter()
        .filter_map(|metadata| metadata.namespace.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use opsec_model::objects::{Namespace, Role};

    #[test]
    fn every_namespace_has_its_name_as_a_label_and_nobody_can_claim_another() {
        let claimed = BTreeMap::from([
            (NAMESPACE_NAME_LABEL.to_owned(), "kube-system".to_owned()),
            ("team".to_owned(), "a".to_owned()),
        ]);
        let snapshot = Snapshot {
            namespaces: vec![Namespace {
                metadata: Metadata {
                    name: "shop".into(),
                    labels: claimed,
                    ..Metadata::default()
                },
            }],
            roles: vec![Role {
                metadata: Metadata {
                    name: "r".into(),
                    namespace: Some("blog".into()),
                    ..Metadata::default()
                },
                ..Role::default()
            }],
            ..Snapshot::default()
        };
        let labels = labels(&snapshot);
        assert_eq!(labels["shop"][NAMESPACE_NAME_LABEL], "shop");
        assert_eq!(labels["shop"]["team"], "a");
        assert_eq!(labels["blog"], own_label("blog"));
        assert!(labels.contains_key("kube-node-lease"));
    }
}
