//! The roles and bindings that one declaration's accounts have their rights by, out of all that there
//! are: what a validation reads, and what it has to be done anew for.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{ClusterRole, LabelSelector, RoleRef};
use opsec_model::snapshot::{Source, SourceKind};
use opsec_model::{Kind, Snapshot};
use opsec_remedies::Party;

use crate::sorted::{Key, get};
use crate::touched::Touched;
use crate::world::World;

/// What a validation rested on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    /// The user names and groups of its accounts.
    subjects: BTreeSet<String>,
    /// The roles that bindings name, and those that these gather.
    roles: BTreeSet<Key>,
    /// What aggregated roles select.
    selectors: Vec<LabelSelector>,
    /// The groups and resources of its rules, as these write them.
    kinds: BTreeSet<(String, String)>,
}

impl Basis {
    /// Whether a change may have to do with it.
    pub(crate) fn is_touched(&self, touched: &Touched) -> bool {
        !self.subjects.is_disjoint(&touched.subjects)
            || !self.roles.is_disjoint(&touched.roles)
            || self
                .selectors
                .iter()
                .any(|selector| touched.labels.iter().any(|labels| selector.matches(labels)))
    }

    /// Whether a rule may cover a kind.
    pub(crate) fn covers(&self, kind: &Kind) -> bool {
        self.kinds.iter().any(|(group, resource)| {
            let base = resource.split('/').next().unwrap_or(resource);
            (group == "*" || *group == kind.group) && (base == "*" || base == kind.resource)
        })
    }
}

/// The bindings that reach a party's accounts with the roles that they name, as a snapshot of them
/// alone, and what that rests on.
pub(crate) fn reaching(world: &World, party: &Party) -> (Snapshot, Basis) {
    let mut basis = Basis::default();
    for account in party.accounts.iter().chain(&party.others) {
        basis.subjects.insert(account.user_name());
        basis.subjects.extend(account.groups());
    }
    let mut part = Snapshot {
        source: Source {
            kind: SourceKind::Cluster,
            ..Source::default()
        },
        ..Snapshot::default()
    };
    let keys: BTreeSet<&Key> = basis
        .subjects
        .iter()
        .flat_map(|subject| world.bindings_of(subject))
        .collect();
    let all = world.snapshot();
    for (namespace, name) in keys {
        let role = if let Some(namespace) = namespace {
            let Some(binding) = get(&all.role_bindings, Some(namespace), name) else {
                continue;
            };
            part.role_bindings.push(binding.clone());
            role_of(&binding.role_ref, Some(namespace))
        } else {
            let Some(binding) = get(&all.cluster_role_bindings, None, name) else {
                continue;
            };
            part.cluster_role_bindings.push(binding.clone());
            role_of(&binding.role_ref, None)
        };
        basis.roles.extend(role);
    }
    let mut cluster_roles = BTreeMap::new();
    for (namespace, name) in basis.roles.clone() {
        match namespace {
            None => gather(all, &name, &mut basis, &mut cluster_roles),
            Some(namespace) => {
                let role = get(&all.roles, Some(&namespace), &name);
                part.roles.extend(role.cloned());
            }
        }
    }
    part.cluster_roles = cluster_roles.into_values().cloned().collect();
    let rules = part.cluster_roles.iter().flat_map(|role| &role.rules);
    for rule in rules.chain(part.roles.iter().flat_map(|role| &role.rules)) {
        for group in &rule.api_groups {
            let kinds = rule.resources.iter();
            let kinds = kinds.map(|resource| (group.clone(), resource.clone()));
            basis.kinds.extend(kinds);
        }
    }
    (part, basis)
}

/// A ClusterRole, with those that it gathers: they tell which of its rules are the API server's own.
fn gather<'a>(
    all: &'a Snapshot,
    name: &str,
    basis: &mut Basis,
    found: &mut BTreeMap<&'a str, &'a ClusterRole>,
) {
    let mut next: Vec<&ClusterRole> = get(&all.cluster_roles, None, name).into_iter().collect();
    while let Some(role) = next.pop() {
        if found.insert(&role.metadata.name, role).is_some() {
            continue;
        }
        basis.roles.insert((None, role.metadata.name.clone()));
        let Some(rule) = &role.aggregation_rule else {
            continue;
        };
        let selectors = &rule.cluster_role_selectors;
        basis.selectors.extend(selectors.iter().cloned());
        next.extend(all.cluster_roles.iter().filter(|other| {
            let labels = &other.metadata.labels;
            selectors.iter().any(|selector| selector.matches(labels))
        }));
    }
}

fn role_of(role: &RoleRef, namespace: Option<&String>) -> Option<Key> {
    match role.kind.as_str() {
        "ClusterRole" => Some((None, role.name.clone())),
        "Role" => namespace.map(|namespace| (Some(namespace.clone()), role.name.clone())),
        _ => None,
    }
}
