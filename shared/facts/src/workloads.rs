//! Owners of workloads.

use std::collections::BTreeMap;

use opsec_model::Snapshot;
use opsec_model::objects::{Metadata, Object as _, OwnerReference, Workload};

use crate::Facts;

/// The metadata of custom resources by group, kind, namespace (empty for the cluster's) and name.
pub(crate) type CustomObjects<'a> = BTreeMap<(&'a str, &'a str, &'a str, &'a str), &'a Metadata>;

/// Indexes them.
pub(crate) fn custom_objects(snapshot: &Snapshot) -> CustomObjects<'_> {
    let objects = snapshot.custom_objects.iter();
    objects
        .map(|object| {
            let metadata = &object.metadata;
            let namespace = metadata.namespace.as_deref().unwrap_or_default();
            let key = (
                object.group.as_str(),
                object.kind.as_str(),
                namespace,
                metadata.name.as_str(),
            );
            (key, metadata)
        })
        .collect()
}

impl<'a> Facts<'a> {
    /// The chain of owners of a workload, the nearest first, through workloads and custom
    /// resources, as far as the snapshot knows them. A cycle ends the chain at the first owner that
    /// repeats.
    ///
    /// <https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>: an
    /// owner is of the namespace of what it owns, or of the cluster.
    pub fn owners(&self, workload: &'a Workload) -> Vec<&'a OwnerReference> {
        let namespace = workload.namespace();
        let mut chain: Vec<&OwnerReference> = Vec::new();
        let mut current = Some(&workload.metadata);
        while let Some(owner) = current.and_then(|it| controller(&it.owner_references)) {
            let repeats = chain.iter().any(|seen| {
                (group(seen), &seen.kind, &seen.name) == (group(owner), &owner.kind, &owner.name)
            });
            if repeats {
                break;
            }
            chain.push(owner);
            current = self.owner(namespace, owner);
        }
        chain
    }

    /// The object that owns something of a namespace.
    fn owner(&self, namespace: &str, owner: &OwnerReference) -> Option<&'a Metadata> {
        let custom = [namespace, ""].into_iter().find_map(|namespace| {
            let key = (
                group(owner),
                owner.kind.as_str(),
                namespace,
                owner.name.as_str(),
            );
            self.custom_objects.get(&key).copied()
        });
        let workloads = self.workloads_in(namespace).iter().copied();
        custom.or_else(|| {
            workloads
                .filter(|workload| workload.kind() == owner.kind)
                .map(|workload| &workload.metadata)
                .find(|metadata| metadata.name == owner.name)
        })
    }
}

/// The API group of an owner, empty for the core group.
fn group(owner: &OwnerReference) -> &str {
    let version = owner.api_version.split_once('/');
    version.map_or("", |(group, _)| group)
}

/// The managing owner, else the first.
fn controller(owners: &[OwnerReference]) -> Option<&OwnerReference> {
    owners
        .iter()
        .find(|owner| owner.controller)
        .or_else(|| owners.first())
}

#[cfg(test)]
mod tests {
    use opsec_model::objects::{CustomObject, PodTemplate, WorkloadKind};

    use super::*;

    fn owned(namespace: Option<&str>, name: &str, owner: Option<(&str, &str, &str)>) -> Metadata {
        let references = owner
            .into_iter()
            .map(|(api_version, kind, name)| OwnerReference {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
                controller: true,
                ..OwnerReference::default()
            });
        Metadata {
            name: name.to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            owner_references: references.collect(),
            ..Metadata::default()
        }
    }

    fn custom(group: &str, kind: &str, metadata: Metadata) -> CustomObject {
        CustomObject {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            metadata,
            ..CustomObject::default()
        }
    }

    /// The names of the owners of a pod that a part owns, among those custom resources.
    fn chain(custom_objects: Vec<CustomObject>) -> Vec<String> {
        let pod = Workload {
            kind: WorkloadKind::Pod,
            metadata: owned(
                Some("n"),
                "pod",
                Some(("mid.example.com/v1", "Part", "part")),
            ),
            template: PodTemplate::default(),
            replicas: None,
            watch_settings: Vec::new(),
            hook: None,
            alike: Vec::new(),
        };
        let snapshot = Snapshot {
            workloads: vec![pod],
            custom_objects,
            ..Snapshot::default()
        };
        let facts = Facts::new(&snapshot);
        let owners = facts.owners(&snapshot.workloads[0]);
        owners.iter().map(|owner| owner.name.clone()).collect()
    }

    #[test]
    fn owners_are_followed_through_custom_resources_of_the_namespace_and_of_the_cluster() {
        let part = owned(
            Some("n"),
            "part",
            Some(("own.example.com/v1", "Whole", "whole")),
        );
        let whole = owned(
            None,
            "whole",
            Some(("own.example.com/v1", "Fleet", "fleet")),
        );
        let objects = vec![
            custom("mid.example.com", "Part", part.clone()),
            custom("own.example.com", "Whole", whole),
        ];
        assert_eq!(chain(objects), ["part", "whole", "fleet"]);
        let mut elsewhere = part;
        elsewhere.namespace = Some("other".to_owned());
        let objects = vec![custom("mid.example.com", "Part", elsewhere.clone())];
        assert_eq!(chain(objects), ["part"]);
        elsewhere.namespace = Some("n".to_owned());
        let objects = vec![custom("other.example.com", "Part", elsewhere)];
        assert_eq!(chain(objects), ["part"]);
    }

    #[test]
    fn a_cycle_of_owners_ends_and_owners_of_other_groups_are_others() {
        let part = owned(
            Some("n"),
            "part",
            Some(("own.example.com/v1", "Part", "part")),
        );
        let own = owned(
            Some("n"),
            "part",
            Some(("mid.example.com/v1", "Part", "part")),
        );
        let objects = vec![
            custom("mid.example.com", "Part", part),
            custom("own.example.com", "Part", own),
        ];
        assert_eq!(chain(objects), ["part", "part"]);
        assert_eq!(chain(Vec::new()), ["part"]);
    }
}
