//! Rules broken down to atoms, and whether one rule covers another, as the API server's
//! escalation check does it.
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/component-helpers/auth/rbac/validation/policy_comparator.go>

use opsec_model::objects::PolicyRule;

use crate::matching::{ALL, path_covers};

/// More atoms than this and a rule is taken whole: a rule of a million combinations is no rule
/// that anyone reads, and may be meant to exhaust the reader.
const MOST_ATOMS: usize = 65_536;

/// A rule as rules of one verb, group, resource and name each, or of one verb and path; without
/// names when it has none. A rule of more than 65536 combinations is given back whole.
pub fn breakdown(rule: &PolicyRule) -> Vec<PolicyRule> {
    let names = rule.resource_names.len().max(1);
    let kinds = rule.api_groups.len().saturating_mul(rule.resources.len());
    let objects = kinds.saturating_mul(names);
    let each = objects.saturating_add(rule.non_resource_urls.len());
    if rule.verbs.len().saturating_mul(each) > MOST_ATOMS {
        return vec![rule.clone()];
    }
    let mut atoms = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let atom = resource_atom(verb, group, resource);
                if rule.resource_names.is_empty() {
                    atoms.push(atom);
                    continue;
                }
                atoms.extend(rule.resource_names.iter().map(|name| PolicyRule {
                    resource_names: vec![name.clone()],
                    ..atom.clone()
                }));
            }
        }
    }
    for path in &rule.non_resource_urls {
        atoms.extend(rule.verbs.iter().map(|verb| PolicyRule {
            verbs: vec![verb.clone()],
            non_resource_urls: vec![path.clone()],
            ..PolicyRule::default()
        }));
    }
    atoms
}

/// Whether everything that one rule allows another allows too. Only `*` covers `*`: a list of
/// all the verbs, groups or resources there are does not.
pub fn rule_covers(owner: &PolicyRule, sub: &PolicyRule) -> bool {
    covers_list(&owner.verbs, &sub.verbs)
        && covers_list(&owner.api_groups, &sub.api_groups)
        && covers_resources(&owner.resources, &sub.resources)
        && covers_names(&owner.resource_names, &sub.resource_names)
        && covers_paths(&owner.non_resource_urls, &sub.non_resource_urls)
}

fn resource_atom(verb: &str, group: &str, resource: &str) -> PolicyRule {
    PolicyRule {
        verbs: vec![verb.to_owned()],
        api_groups: vec![group.to_owned()],
        resources: vec![resource.to_owned()],
        ..PolicyRule::default()
    }
}

fn has(list: &[String], item: &str) -> bool {
    list.iter().any(|candidate| candidate == item)
}

fn covers_list(owner: &[String], sub: &[String]) -> bool {
    has(owner, ALL) || sub.iter().all(|item| has(owner, item))
}

fn covers_resources(owner: &[String], sub: &[String]) -> bool {
    has(owner, ALL)
        || sub.iter().all(|path| {
            has(owner, path)
                || path.split_once('/').is_some_and(|(_, subresource)| {
                    let mut wildcards = owner.iter().filter_map(|item| item.strip_prefix("*/"));
                    wildcards.any(|item| item == subresource)
                })
        })
}

fn covers_names(owner: &[String], sub: &[String]) -> bool {
    owner.is_empty() || (!sub.is_empty() && sub.iter().all(|name| has(owner, name)))
}

fn covers_paths(owner: &[String], sub: &[String]) -> bool {
    sub.iter()
        .all(|path| owner.iter().any(|item| path_covers(item, path)))
}
