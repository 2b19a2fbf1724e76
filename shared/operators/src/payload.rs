//! What an operator deploys: workloads that a custom resource of one of its kinds owns, or that
//! say it manages them.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::Kind;
use opsec_model::objects::{OwnerReference, Workload};

use crate::deployed::group;
use crate::marks::managed_by;

/// Indices of the workloads that are payload of an operator with these kinds and names; its own
/// components never are.
pub(crate) fn workloads(
    facts: &Facts<'_>,
    owned: &BTreeSet<Kind>,
    names: &BTreeSet<String>,
    components: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let owner_kinds = owner_kinds(facts, owned);
    let workloads = facts.workloads().iter().enumerate();
    workloads
        .filter(|(index, _)| !components.contains(index))
        .filter(|(_, workload)| !runs_for_component(facts, workload, components))
        .filter(|(_, workload)| {
            managed_by(workload).is_some_and(|manager| names.contains(manager))
                || facts
                    .owners(workload)
                    .into_iter()
                    .any(|owner| is_owned(owner, owned, &owner_kinds))
        })
        .map(|(index, _)| index)
        .collect()
}

/// Whether a component made it, as a Deployment its ReplicaSet and that its pods.
fn runs_for_component(
    facts: &Facts<'_>,
    workload: &Workload,
    components: &BTreeSet<usize>,
) -> bool {
    let owners = facts.owners(workload);
    components
        .iter()
        .filter_map(|&index| facts.workloads().get(index))
        .filter(|component| component.namespace() == workload.namespace())
        .any(|component| {
            owners.iter().any(|owner| {
                owner.kind == component.kind.as_str() && owner.name == component.metadata.name
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
