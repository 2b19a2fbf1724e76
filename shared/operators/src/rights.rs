//! The two questions about rights that decide what an operator is: which kind outside Kubernetes'
//! own groups it may watch, and in which groups it may write status or finalizers.

use std::collections::BTreeSet;

use opsec_model::objects::PolicyRule;
use opsec_model::{Kind, ServiceAccountRef, Snapshot};
use opsec_rbac::{EffectiveRights, Kinds, Policy, Questions, Request};

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
    /// What is asked about the groups and resources outside Kubernetes' own groups that roles
    /// name.
    questions: Questions<'a>,
}

impl<'a> Rights<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, policy: &'a Policy, kinds: &'a Kinds) -> Self {
        let mut named = named(snapshot);
        named.insert((ANY, ANY));
        Self {
            policy,
            kinds,
            questions: Questions::new(named.into_iter().flat_map(asked)),
        }
    }

    pub(crate) fn of(&self, account: &ServiceAccountRef) -> Deciding {
        let rights = EffectiveRights::of(self.policy, self.kinds, account);
        let answers = rights.answers(&self.questions, |_| true);
        let mut deciding = Deciding::default();
        for request in answers.places().filter_map(|at| self.questions.request(at)) {
            if request.verb == "watch" {
                let watch = watch(request.group, request.resource);
                deciding.watches.insert(watch);
            } else {
                deciding.writes_status.insert(request.group.to_owned());
            }
        }
        deciding
    }
}

/// Whether the kind may be watched, and, of a group by name, its status and finalizers written.
fn asked<'a>((group, resource): (&'a str, &'a str)) -> Vec<Request<'a>> {
    let kind = |verb| Request {
        verb,
        group,
        resource,
        subresource: None,
    };
    let mut asked = vec![kind("watch")];
    if group != ANY {
        for verb in ["update", "patch"] {
            asked.extend(["status", "finalizers"].map(|subresource| kind(verb).on(subresource)));
            if resource == ANY {
                // `*` as a resource includes the subresources.
                asked.push(kind(verb));
            }
        }
    }
    asked
}

fn watch(group: &str, resource: &str) -> Watch {
    match (group, resource) {
        (ANY, ANY) => Watch::Everything,
        (ANY, _) => Watch::Resource(resource.to_owned()),
        (_, ANY) => Watch::Group(group.to_owned()),
        _ => Watch::Kind(Kind::new(resource, group)),
    }
}

/// The groups and resources outside Kubernetes' own groups that rules of the input name. A rule
/// that names a group and takes `*` of its resources names any resource of it; a rule of every
/// group counts with what is no resource of Kubernetes' own.
fn named(snapshot: &Snapshot) -> BTreeSet<(&str, &str)> {
    let roles = snapshot.roles.iter().flat_map(|role| &role.rules);
    let cluster = snapshot.cluster_roles.iter().flat_map(|role| &role.rules);
    roles.chain(cluster).flat_map(named_by).collect()
}

fn named_by(rule: &PolicyRule) -> Vec<(&str, &str)> {
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
            let of_kubernetes = || {
                let mut kinds = opsec_kubernetes::built_in().iter();
                kinds.any(|kind| kind.resource == base)
            };
            if group != ANY || !of_kubernetes() {
                named.push((group.as_str(), base));
            }
        }
    }
    named
}
