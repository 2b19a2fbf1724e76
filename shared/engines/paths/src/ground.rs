//! What chains rest on whoever the operator is: who else acts, where pods run and as whom, and
//! what holds them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use opsec_facts::Facts;
use opsec_kubernetes::bootstrap;
use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::{Object as _, PolicyRule, Role, Workload, WorkloadKind};
use opsec_model::{ObjectRef, ServiceAccountRef, SourceKind};
use opsec_pod_security::{enforced, node_access};
use opsec_rbac::{EffectiveRights, Kinds, Policy};
use opsec_rights::{Hit, Holdings};

use crate::moves::Place;
use crate::principal::{Other, Principal};

/// The group of every bootstrap token; more of them it may name itself, below this one.
const BOOTSTRAPPERS: &str = "system:bootstrappers";

/// A snapshot, made ready for the chains of any operator.
#[derive(Debug)]
pub struct Ground<'a> {
    pub(crate) facts: &'a Facts<'a>,
    holdings: &'a Holdings,
    others: Vec<Other>,
    bound: Vec<Bound<'a>>,
    /// Places of the holders that are accounts.
    accounts: BTreeMap<ServiceAccountRef, usize>,
    /// The workloads that run, by namespace.
    running: BTreeMap<&'a str, Vec<&'a Workload>>,
    /// Those of them whose pods reach their node.
    reaching_node: Vec<&'a Workload>,
    token_secrets: Vec<TokenSecret<'a>>,
    reading_roles: Vec<ReadingRole<'a>>,
    bootstrappers: BTreeSet<String>,
}

/// A Role that reads every Secret of its namespace, for whoever can bind it to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReadingRole<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
}

/// An account that operators bring or bindings name, with what it holds.
type Bound<'a> = (&'a ServiceAccountRef, &'a EffectiveRights, &'a [Arc<Hit>]);

/// Who holds rights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'h> {
    /// The account, when it is one.
    pub(crate) account: Option<&'h ServiceAccountRef>,
    /// The user or group, when it is one.
    pub(crate) principal: Option<&'h Principal>,
    pub(crate) rights: &'h EffectiveRights,
    pub(crate) hits: &'h [Arc<Hit>],
}

impl Holder<'_> {
    /// As an object of a hop.
    pub(crate) fn object(&self) -> ObjectRef {
        match (self.account, self.principal) {
            (Some(account), _) => account.object(),
            (None, Some(principal)) => principal.object(),
            (None, None) => ObjectRef::default(),
        }
    }

    /// `kube-system/job-controller`, `user system:kube-scheduler`.
    pub(crate) fn words(&self) -> String {
        match (self.account, self.principal) {
            (Some(account), _) => account.to_string(),
            (None, Some(principal)) => principal.words(),
            (None, None) => String::new(),
        }
    }
}

/// A Secret that holds the token of a ServiceAccount of its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenSecret<'a> {
    /// The Secret's name.
    pub(crate) name: &'a str,
    /// Whose token it is.
    pub(crate) account: ServiceAccountRef,
}

/// Whether pods that reach their node are refused in a namespace; the weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    /// They are not.
    Open,
    /// Its labels could not be read.
    Unknown(String),
    /// By the level that it enforces.
    By(PodSecurityLevel),
}

impl<'a> Ground<'a> {
    /// Makes a snapshot ready.
    pub fn new(
        facts: &'a Facts<'a>,
        policy: &Policy,
        kinds: &Kinds,
        holdings: &'a Holdings,
    ) -> Self {
        let others = Other::all(policy, kinds);
        let mut accounts: BTreeMap<ServiceAccountRef, usize> = others
            .iter()
            .enumerate()
            .filter_map(|(place, other)| Some((other.holder().principal.account()?.clone(), place)))
            .collect();
        // Of an account that the API server brings, its own grants count too.
        let mut bound: Vec<Bound<'_>> = Vec::new();
        for holding in holdings.all() {
            if !accounts.contains_key(holding.0) {
                accounts.insert(holding.0.clone(), others.len() + bound.len());
                bound.push(holding);
            }
        }
        let mut running: BTreeMap<&str, Vec<&Workload>> = BTreeMap::new();
        for workload in facts.workloads().iter().filter(|w| runs(w)) {
            running
                .entry(workload.namespace())
                .or_default()
                .push(workload);
        }
        let reaching_node = running
            .values()
            .flatten()
            .copied()
            .filter(|workload| !node_access(&workload.template).is_empty())
            .collect();
        let bootstrappers = others
            .iter()
            .filter_map(|other| other.holder().principal.group())
            .filter(|group| *group == BOOTSTRAPPERS || group.starts_with("system:bootstrappers:"))
            .map(str::to_owned)
            .collect();
        Self {
            facts,
            holdings,
            bootstrappers,
            others,
            bound,
            accounts,
            running,
            reaching_node,
            token_secrets: token_secrets(facts),
            reading_roles: reading_roles(facts),
        }
    }

    /// How many hold rights.
    pub(crate) fn holders(&self) -> usize {
        self.others.len() + self.bound.len()
    }

    /// Who holds rights, by place.
    pub(crate) fn holder(&self, place: usize) -> Option<Holder<'_>> {
        if let Some(other) = self.others.get(place) {
            let holder = other.holder();
            return Some(Holder {
                account: holder.principal.account(),
                principal: Some(&holder.principal),
                rights: &holder.rights,
                hits: &holder.hits,
            });
        }
        let (account, rights, hits) = self.bound.get(place - self.others.len())?;
        Some(Holder {
            account: Some(account),
            principal: None,
            rights,
            hits,
        })
    }

    /// The place of an account among the holders.
    pub(crate) fn holder_of(&self, account: &ServiceAccountRef) -> Option<usize> {
        self.accounts.get(account).copied()
    }

    /// The accounts of some namespaces, by their places.
    pub(crate) fn accounts_in<'p>(
        &'p self,
        namespaces: &'p Place<'_>,
    ) -> impl Iterator<Item = usize> + use<'p, 'a> {
        let one = match namespaces {
            Place::In(namespace) => Some(*namespace),
            _ => None,
        };
        let first = ServiceAccountRef::new(one.unwrap_or_default(), "");
        self.accounts
            .range(first..)
            .take_while(move |(account, _)| one.is_none_or(|one| account.namespace == one))
            .filter(|(account, _)| namespaces.contains(&account.namespace))
            .map(|(_, &place)| place)
    }

    /// Users or groups that a binding names: these, or all.
    pub(crate) fn users_or_groups(
        &self,
        users: bool,
        names: Option<&BTreeSet<String>>,
    ) -> Vec<usize> {
        let wanted = |principal: &Principal| match principal {
            Principal::User(name) => users && names.is_none_or(|names| names.contains(name)),
            Principal::Group(name) => !users && names.is_none_or(|names| names.contains(name)),
            Principal::Account(_) => false,
        };
        self.others
            .iter()
            .enumerate()
            .filter(|(_, other)| wanted(&other.holder().principal))
            .map(|(place, _)| place)
            .collect()
    }

    /// The groups that a bootstrap token may be of, among those that bindings name.
    pub(crate) fn bootstrappers(&self) -> &BTreeSet<String> {
        &self.bootstrappers
    }

    /// Whether the cluster maps cloud identities to users and groups by `aws-auth`.
    pub(crate) fn maps_cloud_identities(&self) -> bool {
        let mut maps = self.facts.snapshot().config_maps.iter();
        maps.any(|map| map.metadata.namespace() == "kube-system" && map.metadata.name == "aws-auth")
    }

    /// Whether an account is one that does not exist.
    pub(crate) fn is_missing(&self, account: &ServiceAccountRef) -> bool {
        self.holdings.is_missing(account)
    }

    /// The workloads that have pods, of a namespace or of all.
    pub(crate) fn running(&self, namespace: Option<&str>) -> impl Iterator<Item = &'a Workload> {
        let one = namespace.map(|name| self.running.get(name));
        let all = one.is_none().then(|| self.running.values());
        let one = one.flatten().into_iter();
        one.chain(all.into_iter().flatten()).flatten().copied()
    }

    /// Whether pods that reach their node are refused in a namespace.
    pub(crate) fn holds_pods(&self, namespace: &str) -> Held {
        if self.facts.namespace(namespace).is_none()
            && let Some(missing) = self.facts.missing("namespaces", "")
        {
            return Held::Unknown(missing);
        }
        match enforced(&self.facts.namespace_labels(namespace)) {
            Some(level) if level > PodSecurityLevel::Privileged => Held::By(level),
            _ => Held::Open,
        }
    }

    /// Of all namespaces the one that holds pods the least, kube-system before the others.
    pub(crate) fn weakest_namespace(&self) -> (String, Held) {
        let names = std::iter::once("kube-system").chain(self.facts.namespace_names());
        let mut weakest: Option<(String, Held)> = None;
        for name in names {
            let held = self.holds_pods(name);
            let open = held == Held::Open;
            if weakest.as_ref().is_none_or(|(_, known)| held < *known) {
                weakest = Some((name.to_owned(), held));
            }
            if open {
                break;
            }
        }
        weakest.unwrap_or(("kube-system".to_owned(), Held::Open))
    }

    /// The accounts with a pod on a node, each with one of its workloads; of any node where no
    /// name is given. From files there is one node.
    pub(crate) fn on_node(&self, node: Option<&str>) -> BTreeMap<ServiceAccountRef, &'a Workload> {
        let mut found = BTreeMap::new();
        for workload in self.running(None) {
            let here = match (node, workload.nodes().next()) {
                (None, _) => true,
                (Some(node), Some(_)) => workload.nodes().any(|bound| bound == node),
                (Some(_), None) => workload.kind == WorkloadKind::DaemonSet,
            };
            if here {
                found.entry(account_of(workload)).or_insert(workload);
            }
        }
        found
    }

    /// The names of the nodes that a workload's pods are on; none when that is not known.
    pub(crate) fn nodes_of(&self, workload: &Workload) -> BTreeSet<&'a str> {
        let object = workload.object_ref();
        self.running(Some(workload.namespace()))
            .filter(|pod| {
                pod.object_ref() == object
                    || self
                        .facts
                        .owners(pod)
                        .iter()
                        .any(|owner| owner.kind == object.kind && owner.name == object.name)
            })
            .flat_map(Workload::nodes)
            .collect()
    }

    /// Whether every pod of the snapshot is on the one node that there is.
    pub(crate) fn has_one_node(&self) -> bool {
        self.facts.snapshot().source.kind == SourceKind::Files
    }

    /// The workloads whose pods reach their node, by namespace and name.
    pub(crate) fn reaching_node(&self) -> &[&'a Workload] {
        &self.reaching_node
    }

    /// The Roles that read every Secret of their namespace, those of kube-system first.
    pub(crate) fn reading_roles(&self) -> &[ReadingRole<'a>] {
        &self.reading_roles
    }

    /// The Secrets that hold tokens.
    pub(crate) fn token_secrets(&self) -> &[TokenSecret<'a>] {
        &self.token_secrets
    }
}

fn reading_roles<'a>(facts: &Facts<'a>) -> Vec<ReadingRole<'a>> {
    let of = |role: &'a Role| ReadingRole {
        namespace: role.metadata.namespace(),
        name: &role.metadata.name,
    };
    let own = facts.snapshot().roles.iter();
    // From files the API server's own are there too, unless the input has another of that name.
    let shipped = facts
        .from_files()
        .then(|| bootstrap().roles.iter())
        .into_iter()
        .flatten()
        .filter(|role| !own.clone().any(|own| of(own) == of(role)));
    let mut found: Vec<ReadingRole<'_>> = own
        .clone()
        .chain(shipped)
        .filter(|role| role.rules.iter().any(reads_secrets))
        .map(of)
        .collect();
    found.sort_by_key(|role| (role.namespace != "kube-system", role.namespace, role.name));
    found
}

fn reads_secrets(rule: &PolicyRule) -> bool {
    let has = |list: &[String], wanted: &[&str]| {
        list.iter()
            .any(|entry| entry == "*" || wanted.contains(&entry.as_str()))
    };
    rule.resource_names.is_empty()
        && has(&rule.api_groups, &[""])
        && has(&rule.resources, &["secrets"])
        && has(&rule.verbs, &["get", "list", "watch"])
}

fn token_secrets<'a>(facts: &Facts<'a>) -> Vec<TokenSecret<'a>> {
    let secrets = facts.snapshot().secrets.iter();
    secrets
        .filter(|secret| secret.kind.as_deref() == Some("kubernetes.io/service-account-token"))
        .filter_map(|secret| {
            let name = secret
                .metadata
                .annotation("kubernetes.io/service-account.name")?;
            Some(TokenSecret {
                name: &secret.metadata.name,
                account: ServiceAccountRef::new(secret.metadata.namespace(), name),
            })
        })
        .collect()
}

/// The account that a workload's pods run as.
pub(crate) fn account_of(workload: &Workload) -> ServiceAccountRef {
    ServiceAccountRef::new(
        workload.namespace(),
        workload.template.spec.service_account(),
    )
}

fn runs(workload: &Workload) -> bool {
    workload.replicas != Some(0) && workload.hook.as_deref() != Some("test")
}
