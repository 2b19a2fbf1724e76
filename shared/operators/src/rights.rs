//! The two questions about rights that decide what an operator is: which kind outside Kubernetes'
//! own groups it may watch, and in which groups it may write status or finalizers.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::PolicyRule;
use opsec_model::{Kind, ServiceAccountRef, Snapshot};
use opsec_rbac::{EffectiveRights, Kinds, Policy, Request};

use crate::groups_of_kubernetes::is_built_in;

/// A group and a kind that nobody serves: only a wildcard grants them.
const ANY_GROUP: &str = "any.invalid";
const ANY_RESOURCE: &str = "any";

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

/// Effective rights of accounts, computed once for each.
pub(crate) struct Rights<'a> {
    policy: &'a Policy,
    kinds: &'a Kinds,
    /// Groups and resources outside Kubernetes' own groups that roles name.
    named: BTreeSet<(String, String)>,
    known: BTreeMap<ServiceAccountRef, EffectiveRights>,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(snapshot: &Snapshot, policy: &'a Policy, kinds: &'a Kinds) -> Self {
        Self {
            policy,
            kinds,
            named: named(snapshot),
            known: BTreeMap::new(),
        }
    }

    fn of(&mut self, account: &ServiceAccountRef) -> &EffectiveRights {
        let (policy, kinds) = (self.policy, self.kinds);
        self.known
            .entry(account.clone())
            .or_insert_with(|| EffectiveRights::of(policy, kinds, account))
    }

    /// What an account may watch outside Kubernetes' own groups.
    pub(crate) fn watches(&mut self, account: &ServiceAccountRef) -> BTreeSet<Watch> {
        let named = self.named.clone();
        let rights = self.of(account);
        let mut watches: BTreeSet<Watch> = named
            .iter()
            .filter(|(group, resource)| may(rights, "watch", group, resource, None))
            .map(
                |(group, resource)| match (group.as_str(), resource.as_str()) {
                    (ANY_GROUP, ANY_RESOURCE) => Watch::Everything,
                    (ANY_GROUP, _) => Watch::Resource(resource.clone()),
                    (_, ANY_RESOURCE) => Watch::Group(group.clone()),
                    _ => Watch::Kind(Kind::new(resource, group)),
                },
            )
            .collect();
        if may(rights, "watch", ANY_GROUP, ANY_RESOURCE, None) {
            watches.insert(Watch::Everything);
        }
        watches
    }

    /// The groups outside Kubernetes' own in which an account may update or patch the status or
    /// the finalizers of some kind, as far as roles name them.
    pub(crate) fn writes_status(&mut self, account: &ServiceAccountRef) -> BTreeSet<String> {
        let named = self.named.clone();
        let rights = self.of(account);
        named
            .into_iter()
            .filter(|(group, _)| group != ANY_GROUP)
            .filter(|(group, resource)| {
                ["status", "finalizers"].iter().any(|subresource| {
                    ["update", "patch"]
                        .iter()
                        .any(|verb| may(rights, verb, group, resource, Some(subresource)))
                })
            })
            .map(|(group, _)| group)
            .collect()
    }
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
        .filter(|group| !is_built_in(group) || *group == "*")
    {
        for resource in &rule.resources {
            let base = resource
                .split_once('/')
                .map_or(resource.as_str(), |(base, _)| base);
            let of_kubernetes = opsec_kubernetes::built_in()
                .iter()
                .any(|k| k.resource == base);
            let group = match group.as_str() {
                "*" if of_kubernetes => continue,
                "*" => ANY_GROUP,
                group => group,
            };
            let base = if base == "*" { ANY_RESOURCE } else { base };
            named.push((group.to_owned(), base.to_owned()));
        }
    }
    named
}
