//! A typed, indexed view over a snapshot: what is where, and what could not be read.
//!
//! Facts add to the snapshot only what every cluster has: the four system namespaces and the
//! label that the API server puts on each namespace. They judge nothing.

mod accounts;
mod namespaces;
mod pods;
mod services;
mod tokens;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{Namespace, NetworkPolicy, ServiceAccount, Workload};
use opsec_model::{Completeness, Kind, ServiceAccountRef, Snapshot, SourceKind};

pub use services::Exposure;
pub use tokens::{MountedToken, TokenMount};

/// An indexed snapshot.
#[derive(Debug)]
pub struct Facts<'a> {
    snapshot: &'a Snapshot,
    namespaces: BTreeMap<&'a str, &'a Namespace>,
    namespace_labels: BTreeMap<String, BTreeMap<String, String>>,
    accounts: BTreeMap<ServiceAccountRef, &'a ServiceAccount>,
    workloads: BTreeMap<&'a str, Vec<&'a Workload>>,
    network_policies: BTreeMap<&'a str, Vec<&'a NetworkPolicy>>,
    custom_objects: workloads::CustomObjects<'a>,
}

impl<'a> Facts<'a> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            namespaces: snapshot
                .namespaces
                .iter()
                .map(|namespace| (namespace.metadata.name.as_str(), namespace))
                .collect(),
            namespace_labels: namespaces::labels(snapshot),
            accounts: accounts::index(snapshot),
            workloads: by_namespace(&snapshot.workloads, Workload::namespace),
            network_policies: by_namespace(&snapshot.network_policies, |policy| {
                policy.metadata.namespace()
            }),
            custom_objects: workloads::custom_objects(snapshot),
        }
    }

    /// The snapshot behind it.
    pub fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Whether the facts are of files rather than of a running cluster.
    pub fn from_files(&self) -> bool {
        self.snapshot.source.kind == SourceKind::Files
    }

    /// How complete a kind is.
    pub fn completeness(&self, resource: &str, group: &str) -> &'a Completeness {
        self.snapshot.completeness(&Kind::new(resource, group))
    }

    /// Why a kind is not complete, as a clause; none when it is.
    pub fn missing(&self, resource: &str, group: &str) -> Option<String> {
        // Asked of every kind that a rule needs, and nearly always of none that is there.
        let mut incomplete = self.snapshot.incomplete.iter();
        let (kind, completeness) =
            incomplete.find(|(kind, _)| kind.resource == resource && kind.group == group)?;
        (!completeness.is_complete()).then(|| completeness.reason(kind))
    }

    /// The names of all namespaces: those that every cluster has, those with an object, and those
    /// that an object of the snapshot lives in.
    pub fn namespace_names(&self) -> impl Iterator<Item = &str> {
        self.namespace_labels.keys().map(String::as_str)
    }

    /// The Namespace object, when there is one.
    pub fn namespace(&self, name: &str) -> Option<&'a Namespace> {
        self.namespaces.get(name).copied()
    }

    /// The labels of a namespace, the API server's own included. A namespace that is not known
    /// has none but that.
    pub fn namespace_labels(&self, name: &str) -> BTreeMap<String, String> {
        self.namespace_labels
            .get(name)
            .cloned()
            .unwrap_or_else(|| namespaces::own_label(name))
    }

    /// The workloads of a namespace.
    pub fn workloads_in(&self, namespace: &str) -> &[&'a Workload] {
        self.workloads
            .get(namespace)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// All workloads.
    pub fn workloads(&self) -> &'a [Workload] {
        &self.snapshot.workloads
    }

    /// The NetworkPolicies of a namespace.
    pub fn network_policies_in(&self, namespace: &str) -> &[&'a NetworkPolicy] {
        self.network_policies
            .get(namespace)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The ServiceAccount object, when there is one.
    pub fn service_account(&self, account: &ServiceAccountRef) -> Option<&'a ServiceAccount> {
        self.accounts.get(account).copied()
    }

    /// Every ServiceAccount that exists: those with an object, the `default` one of every
    /// namespace, and those that a workload runs as.
    pub fn service_accounts(&self) -> BTreeSet<ServiceAccountRef> {
        let named = self.accounts.keys().cloned();
        let running = self
            .snapshot
            .workloads
            .iter()
            .map(|w| ServiceAccountRef::new(w.namespace(), w.template.spec.service_account()));
        let defaults = self
            .namespace_names()
            .map(|name| ServiceAccountRef::new(name, "default"));
        named.chain(running).chain(defaults).collect()
    }

    /// The workloads that run as an account.
    pub fn workloads_of(&self, account: &ServiceAccountRef) -> Vec<&'a Workload> {
        self.workloads_in(&account.namespace)
            .iter()
            .copied()
            .filter(|workload| workload.template.spec.service_account() == account.name)
            .collect()
    }
}

fn by_namespace<'a, T>(
    objects: &'a [T],
    namespace: impl Fn(&'a T) -> &'a str,
) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut index: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for object in objects {
        index.entry(namespace(object)).or_default().push(object);
    }
    index
}
