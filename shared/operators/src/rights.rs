//! The two questions about rights that decide what an operator is: which kind outside Kubernetes'
//! own groups it may watch, and in which groups it may write status or finalizers.

use std::collections::BTreeSet;

use opsec_model::objects::PolicyRule;
use opsec_model::{Kind, ServiceAccountRef, Snapshot};
use opsec_rbac::{EffectiveRights, Kinds, Policy, Request};

use crate::groups_of_kubernetes::is_built_in;

/// Asked as group or resource, what only the wildcard itself grants.
const ANY: &str = "*";

/// What an account may watch outside Kubernetes' own groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watch {
    /// A kind by name.
    Kind(Kind),
    /// Every kind of a group.
    Group(String),
    /// A resource of that name in every group.
    Resource(String),
    /// Every kind.
    Everything,
}

impl Watch {
    /// `certificates.cert-manager.io`, `every kind`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Kind(kind) => kind.to_string(),
            Self::Group(group) => format!("every kind of {group}"),
            Self::Resource(resource) => format!("{resource} of every group"),
            Self::Everything => "every kind".to_owned(),
        }
    }
}

/// What decides about an account.
#[derive(Debug, Default)]
pub(crate) struct Deciding {
    /// What it may watch outside Kubernetes' own groups.
    pub(crate) watches: BTreeSet<Watch>,
    /// The groups outside Kubernetes' own in which it may update or patch the status or the
    /// finalizers of some kind, as far as roles name them.
    pub(crate) writes_status: BTreeSet<String>,
}

/// The rights that decide, for any account.
#[derive(Debug)]
pub(crate) struct Rights<'a> {
    policy: &'a Policy,
    kinds: &'a Kinds,
    /// Groups and resources outside Kubernetes' own groups that roles name.
    named: BTreeSet<(String, String)>,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(snapshot: &Snapshot, policy: &'a Policy, kinds: &'a Kinds) -> Self {
        let mut named = named(snapshot);
        named.insert((ANY.to_owned(), ANY.to_owned()));
        Self {
            policy,
            kinds,
            named,
        }
    }

    pub(crate) fn of(&self, account: &ServiceAccountRef) -> Deciding {
        let rights = EffectiveRights::of(self.policy, self.kinds, account);
        let mut deciding = Deciding::default();
        for (group, resource) in &self.named {
            if may(&rights, "watch", group, resource, None) {
                deciding.watches.insert(watch(group, resource));
            }
            if group != ANY && may_write_status(&rights, group, resource) {
                deciding.writes_status.insert(group.clone());
            }
        }
        deciding
    }
}

fn watch(group: &str, resource: &str) -> Watch {
    match (group, resource) {
        (ANY, ANY) => Watch::Everything,
        (ANY, _) => Watch::Resource(resource.to_owned()),
        (_, ANY) => Watch::Group(group.to_owned()),
        _ => Watch::Kind(Kind::new(resource, group)),
    }
}

fn may_write_status(rights: &EffectiveRights, group: &str, resource: &str) -> bool {
    let mut subresources = vec![Some("status"), Some("finalizers")];
    if resource == ANY {
        // `*` as a resource includes the subresources.
        subresources.push(None);
    }
    subresources.into_iter().any(|subresource| {
        let mut verbs = ["update", "patch"].into_iter();
        verbs.any(|verb| may(rights, verb, group, resource, subresource))
    })
}

fn may(
    rights: &EffectiveRights,
    verb: &str,
    group: &str,
    resource: &str,
    subresource: Option<&str>,
) -> bool {
    let request = Request {
        verb,
        group,
        resource,
        subresource,
    };
    !rights.held(&request).is_empty()
}

/// The groups and resources outside Kubernetes' own groups that rules of the input name. A rule
/// that names a group and takes `*` of its resources names any resource of it; a rule of every
/// group counts with what is no resource of Kubernetes' own.
fn named(snapshot: &Snapshot) -> BTreeSet<(String, String)> {
    let roles = snapshot.roles.iter().flat_map(|role| &role.rules);
    let cluster = snapshot.cluster_roles.iter().flat_map(|role| &role.rules);
    roles.chain(cluster).flat_map(named_by).collect()
}

fn named_by(rule: &PolicyRule) -> Vec<(String, String)> {
    let mut named = Vec::new();
    for group in rule
        .api_groups
        .iter()
        .filter(|group| !is_built_in(group) || *group == ANY)
    {
        for resource in &rule.resources {
            let base = resource
                .split_once('/')
                .map_or(resource.as_str(), |(base, _)| base);
            let of_kubernetes = opsec_kubernetes::built_in()
                .iter()
                .any(|k| k.resource == base);
            if group != ANY || !of_kubernetes {
                named.push((group.clone(), base.to_owned()));
            }
        }
    }
    named
}
