//! Workloads that something in the cluster deployed, rather than whoever installed it: those that
//! a custom resource owns, and those that say which other workload manages them.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::objects::{OwnerReference, Workload};

use crate::groups_of_kubernetes::is_built_in;
use crate::marks::{Marks, managed_by};

/// What deployed a workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deployed {
    /// A custom resource, by group, kind, namespace and name.
    CustomResource(String, String, String, String),
    /// Whoever has that name.
    Manager(String),
}

/// For each name that a workload has, what those that have it say they are managed by.
pub(crate) type Managers<'a> = BTreeMap<String, BTreeSet<Option<&'a str>>>;

/// The names that a workload may be called by when it manages others.
pub(crate) fn managers(workloads: &[Workload]) -> Managers<'_> {
    let mut managers = Managers::new();
    for workload in workloads {
        let marks = Marks::of_workload(workload);
        let labels = marks
            .part_of
            .into_iter()
            .chain(marks.instance)
            .chain(marks.name);
        for name in labels.chain([workload.metadata.name.clone()]) {
            managers
                .entry(name)
                .or_default()
                .insert(managed_by(workload));
        }
    }
    managers
}

/// What deployed a workload; none when it was installed.
pub(crate) fn by_what(
    facts: &Facts<'_>,
    managers: &Managers<'_>,
    workload: &Workload,
) -> Option<Deployed> {
    let owner = facts
        .owners(workload)
        .into_iter()
        .find(|owner| is_custom(owner));
    if let Some(owner) = owner {
        let namespace = workload.namespace().to_owned();
        return Some(Deployed::CustomResource(
            group(owner).to_owned(),
            owner.kind.clone(),
            namespace,
            owner.name.clone(),
        ));
    }
    let manager = managed_by(workload)?;
    let is_another = managers
        .get(manager)
        .is_some_and(|theirs| theirs.iter().any(|managed_by| *managed_by != Some(manager)));
    is_another.then(|| Deployed::Manager(manager.to_owned()))
}

/// Whether an owner is a custom resource that deploys. OLM's ClusterServiceVersion installs.
fn is_custom(owner: &OwnerReference) -> bool {
    !is_built_in(group(owner)) && owner.kind != "ClusterServiceVersion"
}

/// The API group of an owner.
pub(crate) fn group(owner: &OwnerReference) -> &str {
    owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group)
}
