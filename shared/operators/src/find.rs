//! From installations to operators.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::objects::Object as _;
use opsec_model::{Kind, ServiceAccountRef};
use opsec_rbac::{Kinds, Policy};

use crate::grouping::account_of;
use crate::installation::{self, Installation};
use crate::intended::RoleBindings;
use crate::operator::{Account, Component, Operator};
use crate::owned::Owned;
use crate::payload::Deployments;
use crate::rights::{Rights, Watch};
use crate::{display_name, intended, owned, presumed};

/// Every installation of the snapshot, by display name and namespace. From files a single one is
/// judged whatever it is; [`Operator::is_operator`] says which count otherwise. What an operator
/// deploys is its payload and no installation, unless it is an operator itself.
pub fn find(facts: &Facts<'_>, policy: &Policy, kinds: &Kinds) -> Vec<Operator> {
    let rights = Rights::new(facts.snapshot(), policy, kinds);
    let surroundings = Surroundings::new(facts);
    let installations = installation::all(facts);
    let owned = owned::kinds(facts, policy, &installations);
    let found: Vec<(Installation, Operator)> = installations
        .into_iter()
        .zip(owned)
        .map(|(installation, owned)| {
            let operator = operator(facts, &rights, &surroundings, &installation, owned);
            (installation, operator)
        })
        .collect();
    let payload: BTreeSet<usize> = found
        .iter()
        .flat_map(|(_, operator)| operator.payload.iter().copied())
        .collect();
    let mut operators: Vec<Operator> = found
        .into_iter()
        .filter(|(installation, operator)| {
            let deployed = installation.deployed.is_some()
                && installation
                    .workloads
                    .iter()
                    .all(|index| payload.contains(index));
            operator.is_operator || !deployed
        })
        .map(|(_, operator)| operator)
        .collect();
    operators.sort_by(|a, b| {
        let key = |operator: &Operator| (operator.name.clone(), operator.namespaces.clone());
        key(a)
            .cmp(&key(b))
            .then_with(|| a.components.cmp(&b.components))
            .then_with(|| a.accounts.cmp(&b.accounts))
    });
    operators
}

fn operator(
    facts: &Facts<'_>,
    rights: &Rights<'_>,
    surroundings: &Surroundings<'_>,
    installation: &Installation,
    owned: Owned,
) -> Operator {
    let workloads: Vec<_> = installation
        .workloads
        .iter()
        .filter_map(|&index| facts.workloads().get(index))
        .collect();
    // A pod has the name of whoever made it.
    let installed: Vec<_> = workloads
        .into_iter()
        .filter(|workload| !facts.differs_from_its_template(workload))
        .collect();
    let mut writes_status = BTreeSet::new();
    let mut watches: Vec<(Watch, ServiceAccountRef)> = Vec::new();
    for account in installation.accounts() {
        let held = rights.of(account);
        writes_status.extend(held.writes_status);
        watches.extend(
            held.watches
                .into_iter()
                .map(|watch| (watch, account.clone())),
        );
    }
    let mut operator = Operator {
        name: display_name::of(&installed, &installation.namespaces),
        namespaces: installation.namespaces.clone(),
        components: components(facts, installation),
        accounts: accounts(facts, installation),
        why: why(installation, &watches, &owned.kinds),
        is_operator: !watches.is_empty(),
        owned_kinds: owned.kinds,
        perhaps_owned_kinds: owned.perhaps,
        unread_owners: BTreeSet::new(),
        presumed_own_groups: BTreeSet::new(),
        payload: BTreeSet::new(),
        intended: intended::IntendedCandidates::default(),
        files: installation.files.clone(),
        marks: installation.marks.clone(),
        writes_status,
    };
    operator.follow_kinds(facts, surroundings);
    operator
}

/// What is the same for every operator of a snapshot.
struct Surroundings<'a> {
    deployments: Deployments<'a>,
    role_bindings: RoleBindings,
}

impl<'a> Surroundings<'a> {
    fn new(facts: &Facts<'a>) -> Self {
        Self {
            deployments: Deployments::new(facts),
            role_bindings: intended::role_bindings(facts),
        }
    }
}

impl Operator {
    /// The same operator with the kinds that a baseline says it owns, as `plural.group`, for when
    /// its CustomResourceDefinitions ship apart.
    #[must_use]
    pub fn with_owned_kinds(mut self, facts: &Facts<'_>, kinds: &[String]) -> Self {
        let kinds = kinds.iter().map(|kind| Kind::from(kind.clone()));
        let kinds = kinds.filter(|kind| !owned::is_declaration(kind));
        self.owned_kinds.extend(kinds);
        // Whoever names kinds has said which are the operator's.
        self.perhaps_owned_kinds.clear();
        self.follow_kinds(facts, &Surroundings::new(facts));
        self
    }

    /// Computes what hangs on the owned kinds: presumed groups, payload, intended namespaces.
    fn follow_kinds<'a>(&mut self, facts: &Facts<'a>, surroundings: &Surroundings<'a>) {
        self.presumed_own_groups =
            presumed::groups(facts.snapshot(), &self.writes_status, &self.owned_kinds);
        let names: BTreeSet<String> = self
            .components
            .iter()
            .map(|component| component.object.name.clone())
            .chain(self.marks.name.iter().cloned())
            .chain([self.name.clone()])
            .collect();
        let deployments = &surroundings.deployments;
        self.payload = deployments.payload(facts, &self.owned_kinds, &names, &self.components);
        // An operator of no kinds has no payload behind any.
        if !self.owned_kinds.is_empty() {
            self.unread_owners = deployments.unread_owners(facts, &self.payload, &self.components);
        }
        let perhaps = std::mem::take(&mut self.perhaps_owned_kinds);
        self.perhaps_owned_kinds = perhaps
            .into_iter()
            .filter(|kind| deployments.are_of(facts, kind, &self.components))
            .collect();
        self.intended = intended::candidates(facts, &surroundings.role_bindings, self);
    }
}

fn components(facts: &Facts<'_>, installation: &Installation) -> Vec<Component> {
    let mut components: Vec<Component> = installation
        .workloads
        .iter()
        .filter_map(|&index| Some((index, facts.workloads().get(index)?)))
        .map(|(index, workload)| Component {
            object: workload.object_ref(),
            workload: index,
            account: account_of(workload),
            hook: workload.hook.is_some(),
        })
        .collect();
    components.sort();
    components
}

fn accounts(facts: &Facts<'_>, installation: &Installation) -> Vec<Account> {
    installation
        .accounts()
        .map(|account| Account {
            account: account.clone(),
            workload: installation.running.contains(account),
            exists: account.name == "default" || facts.service_account(account).is_some(),
        })
        .collect()
}

/// The most telling kind that an account may watch: one of its own, else any by name, else what a
/// wildcard gives; by an account that runs, when there is one.
fn why(
    installation: &Installation,
    watches: &[(Watch, ServiceAccountRef)],
    owned: &BTreeSet<Kind>,
) -> String {
    let is_owned = |watch: &Watch| match watch {
        Watch::Kind(kind) => owned.contains(kind),
        Watch::Group(group) => owned.iter().any(|kind| kind.group == *group),
        Watch::Resource(_) | Watch::Everything => false,
    };
    let telling = watches.iter().min_by_key(|(watch, account)| {
        let idle = !installation.running.contains(account);
        (!is_owned(watch), idle, watch.clone(), account.clone())
    });
    match telling {
        Some((watch, account)) => {
            format!("ServiceAccount {account} may watch {}", watch.describe())
        }
        None => {
            "none of its ServiceAccounts may watch a kind outside Kubernetes' own groups".to_owned()
        }
    }
}
