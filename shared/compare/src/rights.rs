//! Rights that one state has and no right of the other contains, account by account.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use opsec_model::comparison::{RightsDifference, RuleDifference};
use opsec_model::declared_rights::{GrantScope, ScopeName};
use opsec_model::{Reach, RightsGrant, ServiceAccountRef};
use opsec_rbac::{EffectiveRights, Excess, Reaching, ScopedRule, excess, rule_covers};
use opsec_remedies::{Held, held, shorten};
use opsec_rights::written::scoped;

use crate::known::{Dangers, Known};
use crate::pairs::Pairs;

pub(crate) fn beyond(this: &Known<'_>, other: &Known<'_>, pairs: &Pairs) -> Vec<RightsDifference> {
    let accounts = this.rights.iter();
    accounts
        .flat_map(|rights| {
            let counterpart = pairs.accounts.get(&rights.account);
            let theirs = counterpart.and_then(|account| other.rights_of(account));
            let written = theirs.map_or_else(Vec::new, |theirs| {
                as_written(theirs, &rights.account, pairs)
            });
            beyond_written(this, rights, &written)
        })
        .collect()
}

/// What the counterpart of an account holds, as if it were written down for this one: in the
/// fewest rules, for each is compared with every right.
fn as_written(
    theirs: &EffectiveRights,
    account: &ServiceAccountRef,
    pairs: &Pairs,
) -> Vec<ScopedRule> {
    let nowhere = BTreeSet::new();
    let own = &theirs.account.namespace;
    let scope = |scope: Reaching| match scope {
        Reaching::Namespace(namespace) if namespace == *own => {
            Reaching::Namespace(account.namespace.clone())
        }
        scope => pairs.scope(scope),
    };
    let held = held(theirs).into_iter().map(|held| Held {
        scope: scope(held.scope),
        atom: held.atom,
    });
    scoped(&shorten(account, held, &nowhere), &nowhere, account)
}

/// What an account holds beyond what is written down.
pub(crate) fn beyond_written(
    this: &Known<'_>,
    rights: &EffectiveRights,
    written: &[ScopedRule],
) -> Vec<RightsDifference> {
    let account = &rights.account;
    let found = excess(rights, written);
    if found.is_empty() {
        return Vec::new();
    }
    let dangers = this.dangers(account);
    let mut by_reach: BTreeMap<Reverse<Reach>, Vec<Excess>> = BTreeMap::new();
    for excess in found {
        let reach = this.reach(account, &excess.scope);
        by_reach.entry(Reverse(reach)).or_default().push(excess);
    }
    by_reach
        .into_iter()
        .flat_map(|(Reverse(reach), found)| in_reach(account, reach, &found, &dangers))
        .collect()
}

fn in_reach(
    account: &ServiceAccountRef,
    reach: Reach,
    found: &[Excess],
    dangers: &Dangers,
) -> Vec<RightsDifference> {
    let held = found.iter().map(|excess| Held {
        scope: excess.scope.clone(),
        atom: excess.atom.clone(),
    });
    let grants = shorten(account, held, &BTreeSet::new());
    let difference = |grant: RightsGrant| {
        let RightsGrant {
            service_account,
            scope,
            rules,
        } = grant;
        let rules = rules.into_iter().map(|rule| {
            let meant = found.iter().filter(|excess| {
                holds_in(&scope, account, &excess.scope) && rule_covers(&rule, &excess.atom)
            });
            RuleDifference {
                dangers: dangers.of(meant),
                rule: rule.clone(),
            }
        });
        RightsDifference {
            rules: rules.collect(),
            service_account,
            reach,
            scope,
        }
    };
    grants.into_iter().map(difference).collect()
}

/// Whether rules of a scope are held where a right is.
fn holds_in(scope: &GrantScope, account: &ServiceAccountRef, right: &Reaching) -> bool {
    match (scope, right) {
        (GrantScope::Named(ScopeName::Cluster), right) => *right == Reaching::Cluster,
        (GrantScope::Named(_), Reaching::Namespace(namespace)) => *namespace == account.namespace,
        (GrantScope::Namespaces { namespaces }, Reaching::Namespace(namespace)) => {
            namespaces.contains(namespace)
        }
        (_, Reaching::Cluster) => false,
    }
}

/// Rights that are written down and not held, in the same shape.
pub(crate) fn told(
    this: &Known<'_>,
    account: &ServiceAccountRef,
    missing: impl IntoIterator<Item = Held>,
) -> Vec<RightsDifference> {
    let mut by_reach: BTreeMap<Reverse<Reach>, Vec<Held>> = BTreeMap::new();
    for held in missing {
        let reach = this.reach(account, &held.scope);
        by_reach.entry(Reverse(reach)).or_default().push(held);
    }
    by_reach
        .into_iter()
        .flat_map(|(Reverse(reach), held)| {
            let grants = shorten(account, held, &BTreeSet::new());
            grants.into_iter().map(move |grant| RightsDifference {
                service_account: grant.service_account,
                scope: grant.scope,
                reach,
                rules: grant.rules.into_iter().map(undangerous).collect(),
            })
        })
        .collect()
}

/// What nobody holds is no danger.
fn undangerous(rule: opsec_model::objects::PolicyRule) -> RuleDifference {
    RuleDifference {
        rule,
        dangers: Vec::new(),
    }
}
