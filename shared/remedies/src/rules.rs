//! Rights as rules: what an account holds, atom by atom, and the fewest rules that say the same.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::{RightsGrant, ServiceAccountRef};
use opsec_rbac::{EffectiveRights, Reaching, excess, rule_covers};

/// Verbs in the order in which people write them; the rest follows by the alphabet.
const VERBS: [&str; 8] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
];

/// One right of an account: an atom, and where it is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Where.
    pub scope: Reaching,
    /// One verb on one resource of one group, and on one name where it is limited to names; or one
    /// verb on one path.
    pub atom: PolicyRule,
}

/// What an account effectively holds beyond the API server's own grants.
pub fn held(rights: &EffectiveRights) -> BTreeSet<Held> {
    excess(rights, &[])
        .into_iter()
        .map(|excess| Held {
            scope: excess.scope,
            atom: excess.atom,
        })
        .collect()
}

/// Atoms of an account as grants that allow exactly the same: cluster-wide ones first, then those of
/// its own namespace, then those of others. Namespaces that are exactly the intended ones are
/// called so.
pub fn shorten(
    account: &ServiceAccountRef,
    held: impl IntoIterator<Item = Held>,
    intended: &BTreeSet<String>,
) -> Vec<RightsGrant> {
    let mut everywhere = BTreeSet::new();
    let mut within: BTreeMap<String, BTreeSet<PolicyRule>> = BTreeMap::new();
    for Held { scope, atom } in held {
        match scope {
            Reaching::Cluster => everywhere.insert(atom),
            Reaching::Namespace(namespace) => within.entry(namespace).or_default().insert(atom),
        };
    }
    let everywhere = rules(everywhere);
    let mut by_rules: BTreeMap<Vec<PolicyRule>, BTreeSet<String>> = BTreeMap::new();
    for (namespace, atoms) in within {
        let only_here = atoms
            .into_iter()
            .filter(|atom| !everywhere.iter().any(|rule| rule_covers(rule, atom)));
        let rules = rules(only_here);
        if !rules.is_empty() {
            by_rules.entry(rules).or_default().insert(namespace);
        }
    }
    let mut grants = Vec::new();
    let mut grant = |scope, rules: Vec<PolicyRule>| {
        grants.push(RightsGrant {
            service_account: account.clone(),
            scope,
            rules,
        });
    };
    if !everywhere.is_empty() {
        grant(GrantScope::Named(ScopeName::Cluster), everywhere);
    }
    let own = |namespaces: &BTreeSet<String>| namespaces.contains(&account.namespace);
    let (mine, others): (Vec<_>, Vec<_>) = by_rules.into_iter().partition(|(_, it)| own(it));
    for (rules, mut namespaces) in mine {
        namespaces.remove(&account.namespace);
        grant(GrantScope::Named(ScopeName::Own), rules.clone());
        if !namespaces.is_empty() {
            grant(scope(namespaces, intended), rules);
        }
    }
    for (rules, namespaces) in others {
        grant(scope(namespaces, intended), rules);
    }
    grants
}

fn scope(namespaces: BTreeSet<String>, intended: &BTreeSet<String>) -> GrantScope {
    if namespaces == *intended {
        GrantScope::Named(ScopeName::Intended)
    } else {
        GrantScope::Namespaces {
            namespaces: namespaces.into_iter().collect(),
        }
    }
}

/// The fewest rules that allow exactly what these atoms do, as they read best: first the verbs of a
/// resource are gathered, then resources of the same verbs, then groups.
fn rules(atoms: impl IntoIterator<Item = PolicyRule>) -> Vec<PolicyRule> {
    let mut whole = BTreeSet::new();
    let mut paths: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut names: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    let mut unnamed = BTreeSet::new();
    for atom in atoms {
        match (
            only(&atom.verbs),
            only(&atom.api_groups),
            only(&atom.resources),
        ) {
            (Some(verb), Some(group), Some(resource)) => {
                let key = (group.to_owned(), resource.to_owned(), verb.to_owned());
                if atom.resource_names.is_empty() {
                    unnamed.insert(key);
                } else {
                    names.entry(key).or_default().extend(atom.resource_names);
                }
            }
            (Some(verb), None, None) if only(&atom.non_resource_urls).is_some() => {
                for path in atom.non_resource_urls {
                    paths.entry(path).or_default().insert(verb.to_owned());
                }
            }
            // A rule of too many combinations comes whole.
            _ => {
                whole.insert(atom);
            }
        }
    }
    names.retain(|key, _| !unnamed.contains(key));
    names.extend(unnamed.into_iter().map(|key| (key, BTreeSet::new())));
    let mut found = gathered(names);
    found.extend(whole);
    let mut by_verbs: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (path, verbs) in paths {
        by_verbs.entry(in_order(verbs)).or_default().push(path);
    }
    found.extend(by_verbs.into_iter().map(|(verbs, paths)| PolicyRule {
        verbs,
        non_resource_urls: paths,
        ..PolicyRule::default()
    }));
    found
}

/// Group, resource and verb with the names that they are limited to, as rules.
fn gathered(names: BTreeMap<(String, String, String), BTreeSet<String>>) -> Vec<PolicyRule> {
    type Names = BTreeSet<String>;
    let mut verbs: BTreeMap<(String, String, Names), BTreeSet<String>> = BTreeMap::new();
    for ((group, resource, verb), names) in names {
        verbs
            .entry((group, resource, names))
            .or_default()
            .insert(verb);
    }
    let mut resources: BTreeMap<(String, Names, Vec<String>), BTreeSet<String>> = BTreeMap::new();
    for ((group, resource, names), verbs) in verbs {
        let key = (group, names, in_order(verbs));
        resources.entry(key).or_default().insert(resource);
    }
    let mut groups: BTreeMap<(BTreeSet<String>, Names, Vec<String>), BTreeSet<String>> =
        BTreeMap::new();
    for ((group, names, verbs), resources) in resources {
        groups
            .entry((resources, names, verbs))
            .or_default()
            .insert(group);
    }
    let mut found: Vec<PolicyRule> = groups
        .into_iter()
        .map(|((resources, names, verbs), groups)| PolicyRule {
            verbs,
            api_groups: groups.into_iter().collect(),
            resources: resources.into_iter().collect(),
            resource_names: names.into_iter().collect(),
            ..PolicyRule::default()
        })
        .collect();
    found.sort_by(|a, b| (&a.api_groups, &a.resources).cmp(&(&b.api_groups, &b.resources)));
    found
}

/// Verbs as people write them; what `*` allows needs no other word.
fn in_order(verbs: BTreeSet<String>) -> Vec<String> {
    if verbs.contains("*") {
        return vec!["*".to_owned()];
    }
    let mut verbs: Vec<String> = verbs.into_iter().collect();
    let place = |verb: &String| VERBS.iter().position(|known| known == verb);
    verbs.sort_by_key(|verb| place(verb).unwrap_or(VERBS.len()));
    verbs
}

fn only(list: &[String]) -> Option<&str> {
    match list {
        [item] => Some(item),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use opsec_rbac::breakdown;
    use proptest::prelude::*;

    use super::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> PolicyRule {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        PolicyRule {
            verbs: owned(verbs),
            api_groups: owned(groups),
            resources: owned(resources),
            resource_names: owned(names),
            ..PolicyRule::default()
        }
    }

    #[test]
    fn what_is_alike_is_one_rule() {
        let atoms = [
            rule(&["watch", "get", "list"], &["a", "b"], &["x", "y"], &[]),
            rule(&["get"], &[""], &["secrets"], &["one", "two"]),
        ];
        let atoms: Vec<PolicyRule> = atoms.iter().flat_map(breakdown).collect();
        let expected = vec![
            rule(&["get"], &[""], &["secrets"], &["one", "two"]),
            rule(&["get", "list", "watch"], &["a", "b"], &["x", "y"], &[]),
        ];
        assert_eq!(rules(atoms), expected);
    }

    #[test]
    fn a_right_without_names_needs_no_names() {
        let atoms = [
            rule(&["get"], &[""], &["secrets"], &["one"]),
            rule(&["get"], &[""], &["secrets"], &[]),
        ];
        assert_eq!(rules(atoms), vec![rule(&["get"], &[""], &["secrets"], &[])]);
    }

    fn words(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
        let word = proptest::sample::select(of).prop_map(str::to_owned);
        proptest::collection::vec(word, 1..3)
    }

    fn any_rule() -> impl Strategy<Value = PolicyRule> {
        let names = proptest::collection::vec(
            proptest::sample::select(&["n", "m"]).prop_map(|name| (*name).to_owned()),
            0..2,
        );
        (
            words(&["get", "list", "create", "*"]),
            words(&["", "apps"]),
            words(&["pods", "secrets", "*", "pods/exec"]),
            names,
        )
            .prop_map(
                |(verbs, api_groups, resources, resource_names)| PolicyRule {
                    verbs,
                    api_groups,
                    resources,
                    resource_names,
                    ..PolicyRule::default()
                },
            )
    }

    proptest! {
        #[test]
        fn shortening_takes_nothing_and_adds_nothing(
            given in proptest::collection::vec(any_rule(), 0..5)
        ) {
            let atoms: Vec<PolicyRule> = given.iter().flat_map(breakdown).collect();
            let short = rules(atoms.clone());
            let covered = |by: &[PolicyRule], atom: &PolicyRule| {
                by.iter().any(|rule| rule_covers(rule, atom))
            };
            for atom in &atoms {
                prop_assert!(covered(&short, atom), "{atom:?} is lost");
            }
            for atom in short.iter().flat_map(breakdown) {
                prop_assert!(covered(&given, &atom), "{atom:?} is new");
            }
        }
    }
}
