//! What every account of a snapshot holds, found once for all of its operators: an account is
//! searched for dangerous rights no more often than it is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use opsec_facts::Facts;
use opsec_model::{ServiceAccountRef, Snapshot};
use opsec_operators::Operator;
use opsec_rbac::{EffectiveRights, Kinds, Policy};

use crate::hit::{self, Hit};
use crate::strength::{self, Strength};
use crate::{ghost, names};

/// What every account holds that matters to one of the operators.
#[derive(Debug)]
pub struct Holdings {
    holders: BTreeMap<ServiceAccountRef, Holder>,
    /// Those that hold a high or critical right, or one that makes a namespace a stronghold.
    strong: Vec<ServiceAccountRef>,
    /// Those that do not exist.
    ghosts: Vec<ServiceAccountRef>,
    strong_roles: OnceLock<BTreeSet<String>>,
}

/// What one account holds.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) rights: EffectiveRights,
    pub(crate) hits: Vec<Arc<Hit>>,
    pub(crate) strength: Strength,
    /// Whether a binding of the input names it.
    bound: bool,
    /// Whether it exists, or a binding of the API server's own names it.
    there: bool,
}

impl Holdings {
    /// What is held by the operators' accounts, by those that bindings of the input name, and by
    /// those that live beside an operator. The API server's own controllers matter only through
    /// kube-system, which is protected whatever they hold.
    pub fn new(facts: &Facts<'_>, policy: &Policy, kinds: &Kinds, operators: &[Operator]) -> Self {
        let beside = |account: &ServiceAccountRef| {
            let mut operators = operators.iter();
            operators.any(|operator| operator.namespaces.contains(&account.namespace))
        };
        let mut found: BTreeMap<ServiceAccountRef, Found> = BTreeMap::new();
        for operator in operators {
            for account in &operator.accounts {
                found.entry(account.account.clone()).or_default();
            }
        }
        for subject in policy.service_account_subjects() {
            if !subject.bootstrap || beside(&subject.account) {
                let entry = found.entry(subject.account).or_default();
                entry.bound |= !subject.bootstrap;
                entry.there = true;
            }
        }
        for account in facts.service_accounts() {
            if beside(&account) {
                found.entry(account).or_default().there = true;
            }
        }
        let holders: BTreeMap<ServiceAccountRef, Holder> = found
            .into_iter()
            .map(|(account, found)| {
                let holder = Holder::new(policy, kinds, &account, found);
                (account, holder)
            })
            .collect();
        Self {
            strong: holders
                .iter()
                .filter(|(_, holder)| holder.strength.matters())
                .map(|(account, _)| account.clone())
                .collect(),
            ghosts: holders
                .keys()
                .filter(|account| !ghost::exists(facts, account))
                .cloned()
                .collect(),
            holders,
            strong_roles: OnceLock::new(),
        }
    }

    /// Every account with what it may do, and what of that is dangerous.
    pub fn all(&self) -> impl Iterator<Item = (&ServiceAccountRef, &EffectiveRights, &[Arc<Hit>])> {
        let holders = self.holders.iter();
        holders.map(|(account, holder)| (account, &holder.rights, holder.hits.as_slice()))
    }

    /// Whether an account is one that does not exist.
    pub fn is_missing(&self, account: &ServiceAccountRef) -> bool {
        self.ghosts.binary_search(account).is_ok()
    }

    pub(crate) fn of(&self, account: &ServiceAccountRef) -> Option<&Holder> {
        self.holders.get(account)
    }

    /// Those with a strength that matters, by account.
    pub(crate) fn strong(&self) -> impl Iterator<Item = (&ServiceAccountRef, &Holder)> {
        let strong = self.strong.iter();
        strong.filter_map(|account| self.holders.get_key_value(account))
    }

    /// Those with a strength that matters and live in a namespace.
    pub(crate) fn strong_in(
        &self,
        namespace: &str,
    ) -> impl Iterator<Item = (&ServiceAccountRef, &Holder)> {
        let strong = &self.strong;
        let start = strong.partition_point(|account| account.namespace.as_str() < namespace);
        let from = strong.get(start..).unwrap_or_default();
        from.iter()
            .take_while(move |account| account.namespace == namespace)
            .filter_map(|account| self.holders.get_key_value(account))
    }

    /// Those that do not exist.
    pub(crate) fn ghosts(&self) -> impl Iterator<Item = (&ServiceAccountRef, &Holder)> {
        let ghosts = self.ghosts.iter();
        ghosts.filter_map(|account| self.holders.get_key_value(account))
    }

    /// Whether a role that rights are limited to holds a high or critical right by itself.
    pub(crate) fn role_is_strong(&self, snapshot: &Snapshot, kinds: &Kinds, name: &str) -> bool {
        let strong = self
            .strong_roles
            .get_or_init(|| strength::strong_roles(snapshot, kinds, &self.named_roles()));
        strong.contains(name)
    }

    /// The roles that rights are limited to.
    fn named_roles(&self) -> BTreeSet<&str> {
        let hits = self.holders.values().flat_map(|holder| &holder.hits);
        hits.filter(|hit| names::is_about_roles(hit))
            .filter_map(|hit| hit.names.only())
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

impl Holder {
    fn new(policy: &Policy, kinds: &Kinds, account: &ServiceAccountRef, found: Found) -> Self {
        let rights = EffectiveRights::of(policy, kinds, account);
        let hits = hit::hits(&rights, kinds);
        Self {
            strength: Strength::of(account, &hits),
            hits: hits.into_iter().map(Arc::new).collect(),
            rights,
            bound: found.bound,
            there: found.there,
        }
    }

    /// Whether the account matters to an operator: it is its own, a binding of the input names
    /// it, or it lives beside the operator.
    pub(crate) fn matters_to(&self, operator: &Operator) -> bool {
        let account = &self.rights.account;
        self.bound
            || (self.there && operator.namespaces.contains(&account.namespace))
            || operator.accounts.iter().any(|own| own.account == *account)
    }
}

/// Why an account is looked at.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    bound: bool,
    there: bool,
}
