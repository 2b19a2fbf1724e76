//! Rights that are held and not written down, and the reverse: drift from a baseline, excess over
//! a declaration, and what is declared in vain.

use std::collections::BTreeSet;

use opsec_model::objects::PolicyRule;

use crate::breakdown::{breakdown, rule_covers};
use crate::effective::EffectiveRights;
use crate::grant::{Grant, GrantScope};
use crate::names::Names;
use crate::request::{Reaching, Request};

/// Where written-down rules hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleScope {
    /// In every namespace, and on cluster-scoped kinds.
    Cluster,
    /// In these namespaces.
    Namespaces(BTreeSet<String>),
}

/// A rule that is written down for an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScopedRule {
    /// Where it holds.
    pub scope: RuleScope,
    /// What it allows.
    pub rule: PolicyRule,
}

/// A right that is held and not written down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excess {
    /// The grant, by its place in [`EffectiveRights::grants`].
    pub grant: usize,
    /// One verb on one resource of one group, and on one name when the grant is limited to
    /// names; or one verb on one path. (A rule of too many combinations is here whole.)
    pub atom: PolicyRule,
    /// Where it is held.
    pub scope: Reaching,
}

/// What an account effectively holds beyond the API server's own grants and beyond what is
/// written down, atom by atom. `*` is covered by `*` alone, a right in the whole cluster by one
/// for the whole cluster alone. What the API server's own grants give the account as well is no
/// excess: without the other grant it would be held all the same.
pub fn excess(rights: &EffectiveRights, declared: &[ScopedRule]) -> Vec<Excess> {
    let bootstrap: Vec<ScopedRule> = rights
        .grants()
        .iter()
        .filter(|grant| grant.bootstrap)
        .map(as_written_down)
        .collect();
    let mut found = Vec::new();
    for (place, grant) in rights.grants().iter().enumerate() {
        if grant.bootstrap {
            continue;
        }
        for atom in breakdown(&grant.rule) {
            for (scope, atom) in effective_atoms(rights, grant, atom) {
                let covered = declared.iter().chain(&bootstrap).any(|rule| {
                    scope_covers(&rule.scope, &scope) && rule_covers(&rule.rule, &atom)
                });
                if !covered {
                    found.push(Excess {
                        grant: place,
                        atom,
                        scope,
                    });
                }
            }
        }
    }
    found
}

/// What is written down and granted to the account by nothing, the API server's own grants
/// included; of several namespaces those in which it is missing.
pub fn not_assigned(rights: &EffectiveRights, declared: &[ScopedRule]) -> Vec<ScopedRule> {
    let mut missing = Vec::new();
    for ScopedRule { scope, rule } in declared {
        for atom in breakdown(rule) {
            let granted = |reaching: &Reaching| {
                let mut grants = rights.grants().iter();
                grants.any(|grant| grants_atom(rights, grant, &atom, reaching))
            };
            let scope = match scope {
                RuleScope::Cluster if granted(&Reaching::Cluster) => continue,
                RuleScope::Cluster => RuleScope::Cluster,
                RuleScope::Namespaces(namespaces) => {
                    let without: BTreeSet<String> = namespaces
                        .iter()
                        .filter(|name| !granted(&Reaching::Namespace((*name).clone())))
                        .cloned()
                        .collect();
                    if without.is_empty() {
                        continue;
                    }
                    RuleScope::Namespaces(without)
                }
            };
            missing.push(ScopedRule { scope, rule: atom });
        }
    }
    missing
}

/// Where a grant's atom is really held: nowhere, in one place, or, for a creation limited to a
/// name, where the name can be carried.
fn effective_atoms(
    rights: &EffectiveRights,
    grant: &Grant,
    atom: PolicyRule,
) -> Vec<(Reaching, PolicyRule)> {
    let whole = match &grant.scope {
        GrantScope::Cluster => Reaching::Cluster,
        GrantScope::Namespace(namespace) => Reaching::Namespace(namespace.clone()),
    };
    let (Some(verb), Some(group), Some(resource)) = single(&atom) else {
        let paths_in_vain = whole != Reaching::Cluster && atom.resources.is_empty();
        return if paths_in_vain {
            Vec::new()
        } else {
            vec![(whole, atom)]
        };
    };
    let request = Request::new(verb, group, resource);
    rights
        .reaches(&grant.scope, &atom.resource_names, &request)
        .into_iter()
        .map(|(scope, names, _)| (scope, with_names(&atom, names)))
        .collect()
}

fn as_written_down(grant: &Grant) -> ScopedRule {
    ScopedRule {
        scope: match &grant.scope {
            GrantScope::Cluster => RuleScope::Cluster,
            GrantScope::Namespace(namespace) => {
                RuleScope::Namespaces(BTreeSet::from([namespace.clone()]))
            }
        },
        rule: (*grant.rule).clone(),
    }
}

fn with_names(atom: &PolicyRule, names: Names) -> PolicyRule {
    PolicyRule {
        resource_names: match names {
            Names::All => Vec::new(),
            Names::Only(names) => names.into_iter().collect(),
        },
        ..atom.clone()
    }
}

fn single(atom: &PolicyRule) -> (Option<&str>, Option<&str>, Option<&str>) {
    fn only(list: &[String]) -> Option<&str> {
        match list {
            [item] => Some(item),
            _ => None,
        }
    }
    (
        only(&atom.verbs),
        only(&atom.api_groups),
        only(&atom.resources),
    )
}

fn scope_covers(declared: &RuleScope, held: &Reaching) -> bool {
    match (declared, held) {
        (RuleScope::Cluster, _) => true,
        (RuleScope::Namespaces(namespaces), Reaching::Namespace(namespace)) => {
            namespaces.contains(namespace)
        }
        (RuleScope::Namespaces(_), Reaching::Cluster) => false,
    }
}

/// Whether a grant gives a written-down atom where it is asked.
fn grants_atom(
    rights: &EffectiveRights,
    grant: &Grant,
    atom: &PolicyRule,
    asked: &Reaching,
) -> bool {
    if !rule_covers(&grant.rule, atom) {
        return false;
    }
    let (Some(verb), Some(group), Some(resource)) = single(atom) else {
        let everywhere = grant.scope == GrantScope::Cluster;
        let here = !atom.resources.is_empty() && grant.scope.namespace() == asked.namespace();
        return everywhere || here;
    };
    let request = Request::new(verb, group, resource);
    rights.is_granted_in(&grant.scope, &atom.resource_names, &request, asked)
}
