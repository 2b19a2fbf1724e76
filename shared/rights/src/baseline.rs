//! What a baseline or a declaration grants, and what rights exceed it.

use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::objects::PolicyRule;
use opsec_model::{RightsGrant, ServiceAccountRef};
use opsec_rbac::{Names, Reaching};

use crate::hit::{Atom, Hit};
use crate::namespaces::Namespaces;

/// Whether these grants cover every part of a hit, wherever it is held.
pub fn covers(
    grants: &[RightsGrant],
    account: &ServiceAccountRef,
    namespaces: &Namespaces,
    hit: &Hit,
) -> bool {
    let mine: Vec<&RightsGrant> = grants
        .iter()
        .filter(|grant| grant.service_account == *account)
        .filter(|grant| covers_scope(&grant.scope, account, namespaces, &hit.scope))
        .collect();
    !mine.is_empty()
        && hit.atoms.iter().all(|atom| {
            mine.iter()
                .flat_map(|grant| &grant.rules)
                .any(|rule| has(&rule.verbs, &atom.verb) && covers_what(rule, atom, &hit.names))
        })
}

fn covers_what(rule: &PolicyRule, atom: &Atom, names: &Names) -> bool {
    if atom.resource.starts_with('/') {
        return rule
            .non_resource_urls
            .iter()
            .any(|path| match path.strip_suffix('*') {
                Some(stem) => atom.resource.starts_with(stem),
                None => *path == atom.resource,
            });
    }
    let any_with_subresource = atom
        .resource
        .split_once('/')
        .is_some_and(|(_, subresource)| rule.resources.contains(&format!("*/{subresource}")));
    has(&rule.api_groups, &atom.group)
        && (has(&rule.resources, &atom.resource) || any_with_subresource)
        && covers_names(rule, names)
}

fn has(list: &[String], wanted: &str) -> bool {
    list.iter().any(|entry| entry == "*" || entry == wanted)
}

fn covers_names(rule: &PolicyRule, names: &Names) -> bool {
    rule.resource_names.is_empty()
        || match names {
            Names::All => false,
            Names::Only(names) => names.iter().all(|name| rule.resource_names.contains(name)),
        }
}

fn covers_scope(
    granted: &GrantScope,
    account: &ServiceAccountRef,
    namespaces: &Namespaces,
    held: &Reaching,
) -> bool {
    match (granted, held) {
        (GrantScope::Named(ScopeName::Cluster), _) => true,
        (_, Reaching::Cluster) => false,
        (GrantScope::Named(ScopeName::Own), Reaching::Namespace(namespace)) => {
            *namespace == account.namespace
        }
        (GrantScope::Named(ScopeName::Intended), Reaching::Namespace(namespace)) => {
            namespaces.all_intended || namespaces.intended.contains(namespace)
        }
        (GrantScope::Namespaces { namespaces }, Reaching::Namespace(namespace)) => {
            namespaces.contains(namespace)
        }
    }
}
