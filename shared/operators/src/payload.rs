//! What an operator deploys: workloads that a custom resource of one of its kinds owns, or that
//! say it manages them.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::Kind;
use opsec_model::objects::OwnerReference;

use crate::deployed::group;
use crate::groups_of_kubernetes::is_built_in;
use crate::marks::managed_by;
use crate::operator::Component;

/// The workloads that something else may have deployed: what a custom resource owns, directly or
/// not, and what says that it is managed. Found once for all operators.
#[derive(Debug)]
pub(crate) struct Deployments<'a> {
    owned: Vec<(usize, Vec<&'a OwnerReference>)>,
    managed: Vec<(usize, &'a str)>,
    /// Those whose chain of owners ends in a kind that could not be read: who owns that is not known.
    unread: Vec<(usize, Kind)>,
}

impl<'a> Deployments<'a> {
    pub(crate) fn new(facts: &Facts<'a>) -> Self {
        let workloads = || facts.workloads().iter().enumerate();
        let owned: Vec<(usize, Vec<&OwnerReference>)> = workloads()
            .filter(|(_, workload)| !workload.metadata.owner_references.is_empty())
            .map(|(index, workload)| (index, facts.owners(workload)))
            .filter(|(_, owners)| owners.iter().any(|owner| !is_built_in(group(owner))))
            .collect();
        let unread = owned
            .iter()
            .filter_map(|(index, owners)| Some((*index, unread(facts, owners.last()?)?)))
            .collect();
        let managed = workloads()
            .filter_map(|(index, workload)| Some((index, managed_by(workload)?)))
            .collect();
        Self {
            owned,
            managed,
            unread,
        }
    }

    /// Indices of the workloads that are payload of an operator with these kinds and names; its
    /// own components and what those made never are.
    pub(crate) fn payload(
        &self,
        facts: &Facts<'a>,
        kinds: &BTreeSet<Kind>,
        names: &BTreeSet<String>,
        components: &[Component],
    ) -> BTreeSet<usize> {
        let owner_kinds = owner_kinds(facts, kinds);
        let owned = self
            .owned
            .iter()
            .filter(|(_, owners)| owners.iter().any(|o| is_owned(o, kinds, &owner_kinds)))
            .map(|(index, _)| *index);
        let managed = self
            .managed
            .iter()
            .filter(|(_, manager)| names.contains(*manager))
            .map(|(index, _)| *index);
        owned
            .chain(managed)
            .filter(|&index| !is_own(facts, index, components))
            .collect()
    }
}

/// The kind of an owner when its objects could not be read, whose own owners are then not known.
fn unread(facts: &Facts<'_>, owner: &OwnerReference) -> Option<Kind> {
    let snapshot = facts.snapshot();
    let group = group(owner);
    let defined = |kind: &Kind| {
        let mut definitions = snapshot.custom_resource_definitions.iter();
        definitions.any(|definition| {
            crate::owned::kind(definition) == *kind && definition.spec.names.kind == owner.kind
        })
    };
    let mut incomplete = snapshot.incomplete.keys();
    incomplete
        .find(|kind| {
            kind.group == group && (is_plural_of(&kind.resource, &owner.kind) || defined(kind))
        })
        .cloned()
}

impl Deployments<'_> {
    /// The kinds that could not be read and own something that is neither known payload nor made by
    /// these components.
    pub(crate) fn unread_owners(
        &self,
        facts: &Facts<'_>,
        payload: &BTreeSet<usize>,
        components: &[Component],
    ) -> BTreeSet<Kind> {
        let unread = self.unread.iter();
        unread
            .filter(|(index, _)| !payload.contains(index) && !is_own(facts, *index, components))
            .map(|(_, kind)| kind.clone())
            .collect()
    }

    /// Whether a custom resource of a kind deployed something beside these components.
    pub(crate) fn are_of(&self, facts: &Facts<'_>, kind: &Kind, components: &[Component]) -> bool {
        let kinds = BTreeSet::from([kind.clone()]);
        let owner_kinds = owner_kinds(facts, &kinds);
        self.owned.iter().any(|(index, owners)| {
            owners
                .iter()
                .any(|owner| is_owned(owner, &kinds, &owner_kinds))
                && !is_own(facts, *index, components)
        })
    }
}

/// Whether a workload is a component, or a component made it as a Deployment makes its ReplicaSet
/// and that its pods.
fn is_own(facts: &Facts<'_>, index: usize, components: &[Component]) -> bool {
    let Some(workload) = facts.workloads().get(index) else {
        return false;
    };
    let owners = facts.owners(workload);
    components.iter().any(|component| {
        component.workload == index
            || component.account.namespace == workload.namespace()
                && owners.iter().any(|owner| {
                    owner.kind == component.object.kind && owner.name == component.object.name
                })
    })
}

/// Group and kind of the owned kinds whose definition is known.
fn owner_kinds(facts: &Facts<'_>, owned: &BTreeSet<Kind>) -> BTreeSet<(String, String)> {
    let definitions = facts.snapshot().custom_resource_definitions.iter();
    definitions
        .filter(|definition| owned.contains(&crate::owned::kind(definition)))
        .map(|definition| {
            (
                definition.spec.group.clone(),
                definition.spec.names.kind.clone(),
            )
        })
        .collect()
}

fn is_owned(
    owner: &OwnerReference,
    plurals: &BTreeSet<Kind>,
    kinds: &BTreeSet<(String, String)>,
) -> bool {
    let group = group(owner);
    kinds.contains(&(group.to_owned(), owner.kind.clone()))
        || plurals
            .iter()
            .any(|kind| kind.group == group && is_plural_of(&kind.resource, &owner.kind))
}

/// Whether a plural is that of a kind by the rules that `kubectl` guesses by: what counts where a
/// baseline names a kind and no definition is there.
fn is_plural_of(plural: &str, kind: &str) -> bool {
    let singular = kind.to_ascii_lowercase();
    let guess = if singular.ends_with('s') {
        format!("{singular}es")
    } else if let Some(stem) = singular.strip_suffix('y') {
        format!("{stem}ies")
    } else {
        format!("{singular}s")
    };
    plural == guess || plural == singular
}
