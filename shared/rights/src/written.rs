//! Rights that someone wrote down, with their scopes as the namespaces that they mean.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::declared_rights::{GrantScope, NamespaceSet, ScopeName};
use opsec_model::{RightsGrant, ServiceAccountRef};
use opsec_rbac::{RuleScope, ScopedRule};

/// The namespaces of a set: those that it names, and those of the facts that its labels select.
pub fn members(facts: &Facts<'_>, set: &NamespaceSet) -> BTreeSet<String> {
    let selector = set.selector();
    facts
        .namespace_names()
        .filter(|name| {
            set.all
                || selector
                    .as_ref()
                    .is_some_and(|selector| selector.matches(&facts.namespace_labels(name)))
        })
        .map(str::to_owned)
        .chain(set.names.iter().cloned())
        .collect()
}

/// What was written for an account. `intended` are the namespaces that the scope of that name means.
pub fn scoped(
    grants: &[RightsGrant],
    intended: &BTreeSet<String>,
    account: &ServiceAccountRef,
) -> Vec<ScopedRule> {
    let mine = grants
        .iter()
        .filter(|grant| grant.service_account == *account);
    mine.flat_map(|grant| {
        let scope = match &grant.scope {
            GrantScope::Named(ScopeName::Cluster) => RuleScope::Cluster,
            GrantScope::Named(ScopeName::Own) => {
                RuleScope::Namespaces(BTreeSet::from([account.namespace.clone()]))
            }
            GrantScope::Named(ScopeName::Intended) => RuleScope::Namespaces(intended.clone()),
            GrantScope::Namespaces { namespaces } => {
                RuleScope::Namespaces(namespaces.iter().cloned().collect())
            }
        };
        grant.rules.iter().map(move |rule| ScopedRule {
            scope: scope.clone(),
            rule: rule.clone(),
        })
    })
    .collect()
}
