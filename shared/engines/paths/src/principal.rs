//! Who acts in a chain.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use opsec_facts::Facts;
use opsec_model::{ObjectRef, ServiceAccountRef, Snapshot};
use opsec_rbac::{EffectiveRights, Kinds, Policy, User};
use opsec_rights::{Hit, hits_by_any_grant};

/// The group that the API server lets pass before it asks RBAC.
pub(crate) const MASTERS: &str = "system:masters";

/// Whom RBAC grants to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    /// A ServiceAccount.
    Account(ServiceAccountRef),
    /// A user that is none.
    User(String),
    /// A group; whoever is in it.
    Group(String),
}

impl Principal {
    /// The account, when it is one.
    pub(crate) fn account(&self) -> Option<&ServiceAccountRef> {
        match self {
            Self::Account(account) => Some(account),
            _ => None,
        }
    }

    /// The group, when it is one.
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            Self::Group(name) => Some(name),
            _ => None,
        }
    }

    /// As an object of a hop.
    pub(crate) fn object(&self) -> ObjectRef {
        match self {
            Self::Account(account) => account.object(),
            Self::User(name) => ObjectRef::cluster("User", name),
            Self::Group(name) => ObjectRef::cluster("Group", name),
        }
    }

    /// `kube-system/job-controller`, `user system:kube-scheduler`.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Account(account) => account.to_string(),
            Self::User(name) => format!("user {name}"),
            Self::Group(name) => format!("a member of {name}"),
        }
    }
}

/// A principal that RBAC grants to, with what is dangerous of it.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) principal: Principal,
    pub(crate) rights: EffectiveRights,
    pub(crate) hits: Vec<Arc<Hit>>,
}

impl Holder {
    fn new(principal: Principal, policy: &Policy, kinds: &Kinds) -> Self {
        let user = user(&principal);
        let account = principal.account().cloned().unwrap_or_default();
        let rights = EffectiveRights::by_grants(policy.grants_to(&user), kinds, &account);
        let hits = hits_by_any_grant(&rights, kinds);
        Self {
            principal,
            rights,
            hits: hits.into_iter().map(Arc::new).collect(),
        }
    }
}

fn user(principal: &Principal) -> User {
    match principal {
        Principal::Account(account) => User::service_account(account),
        Principal::User(name) => User {
            name: name.clone(),
            groups: Vec::new(),
        },
        Principal::Group(name) => User {
            name: String::new(),
            groups: vec![name.clone()],
        },
    }
}

/// One of the API server's own accounts, or a user or group that a binding names: those that no
/// operator is judged for.
#[derive(Debug)]
pub(crate) enum Other {
    /// As it is in this snapshot.
    Own(Box<Holder>),
    /// As it is in every cluster.
    Shipped(&'static Holder),
}

impl Other {
    /// All of a snapshot.
    pub(crate) fn all(policy: &Policy, kinds: &Kinds) -> Vec<Self> {
        let shipped = shipped();
        let of = |principal: Principal| {
            let place = shipped.binary_search_by(|holder| holder.principal.cmp(&principal));
            let known = place.ok().and_then(|place| shipped.get(place));
            match known {
                Some(holder) if holder.rights.grants() == policy.grants_to(&user(&principal)) => {
                    Self::Shipped(holder)
                }
                _ => Self::Own(Box::new(Holder::new(principal, policy, kinds))),
            }
        };
        named(policy).into_iter().map(of).collect()
    }

    pub(crate) fn holder(&self) -> &Holder {
        match self {
            Self::Own(holder) => holder,
            Self::Shipped(holder) => holder,
        }
    }
}

/// Whom bindings name beside the accounts that operators bring.
fn named(policy: &Policy) -> BTreeSet<Principal> {
    let accounts = policy
        .service_account_subjects()
        .filter(|subject| subject.bootstrap)
        .map(|subject| Principal::Account(subject.account));
    let users = policy
        .users()
        .filter(|name| ServiceAccountRef::from_user_name(name).is_none())
        .map(|name| Principal::User(name.to_owned()));
    let groups = policy
        .groups()
        .filter(|name| *name != MASTERS && !is_everyones(name))
        .map(|name| Principal::Group(name.to_owned()));
    accounts.chain(users).chain(groups).collect()
}

/// Whether every account is in a group, or whoever asks, or every account of a namespace.
fn is_everyones(group: &str) -> bool {
    ["system:authenticated", "system:unauthenticated"].contains(&group)
        || group.starts_with("system:serviceaccounts")
}

/// Those of a cluster that nothing was added to, sorted.
fn shipped() -> &'static [Holder] {
    static SHIPPED: OnceLock<Vec<Holder>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let empty = Snapshot::default();
        let facts = Facts::new(&empty);
        let policy = Policy::from_snapshot(facts.snapshot());
        let kinds = Kinds::from_snapshot(facts.snapshot());
        named(&policy)
            .into_iter()
            .map(|principal| Holder::new(principal, &policy, &kinds))
            .collect()
    })
}
