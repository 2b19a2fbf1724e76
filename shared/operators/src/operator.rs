//! An operator: what one installation put there.

use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::objects::Workload;
use opsec_model::report::{AccountSummary, ComponentSummary};
use opsec_model::{Kind, ObjectRef, OlmInstallation, OperatorSummary, ServiceAccountRef};

use crate::intended::IntendedCandidates;
use crate::marks::Marks;

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its display name.
    pub name: String,
    /// Where its components run; without workloads, where its accounts are.
    pub namespaces: BTreeSet<String>,
    /// Its workloads, sorted by kind, namespace and name.
    pub components: Vec<Component>,
    /// The ServiceAccounts that its components run as or that its bindings name; those only named
    /// are never the API server's own.
    pub accounts: Vec<Account>,
    /// The kinds that its CustomResourceDefinitions define, and those that a baseline says. In a
    /// cluster a definition without its labels is its own when it alone writes the kind's status.
    pub owned_kinds: BTreeSet<Kind>,
    /// Kinds that are its own or another's, and that own a workload: in a cluster no label says
    /// whose they are, and not it alone is named where their status may be written.
    pub perhaps_owned_kinds: BTreeSet<Kind>,
    /// Kinds of custom resources that own workloads and could not be read: those may be its payload.
    pub unread_owners: BTreeSet<Kind>,
    /// Groups taken to be its own although no definition of them is there.
    pub presumed_own_groups: BTreeSet<String>,
    /// What it deploys: indices into the snapshot's workloads. Never its own components.
    pub payload: BTreeSet<usize>,
    /// Where it seems meant to work, its own and protected namespaces included.
    pub intended: IntendedCandidates,
    /// The input files that hold its workloads, accounts and bindings.
    pub files: BTreeSet<String>,
    /// Labels, Helm releases and OLM owners of its components.
    pub marks: Marks,
    /// Whether one of its accounts may watch a kind outside Kubernetes' own groups.
    pub is_operator: bool,
    /// Why it is taken for an operator, as a clause.
    pub why: String,
    /// Groups in which its accounts may write status or finalizers.
    pub(crate) writes_status: BTreeSet<String>,
}

/// A workload of an operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Component {
    /// The workload.
    pub object: ObjectRef,
    /// Its index in the snapshot's workloads.
    pub workload: usize,
    /// The ServiceAccount that it runs as.
    pub account: ServiceAccountRef,
    /// Whether a package manager runs it as a hook.
    pub hook: bool,
}

impl Component {
    /// The workload itself; none when the facts are not those that the operator was found in.
    pub fn workload_of<'a>(&self, facts: &Facts<'a>) -> Option<&'a Workload> {
        facts.workloads().get(self.workload)
    }
}

/// A ServiceAccount of an operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The account.
    pub account: ServiceAccountRef,
    /// Whether a component runs as it; `false` is "no workload here".
    pub workload: bool,
    /// Whether it is there: as an object, or because every namespace has a `default` one.
    pub exists: bool,
}

impl Operator {
    /// A name that means this operator and no other: its namespace and what it is called there.
    pub fn unique_name(&self) -> String {
        match self.namespaces.first() {
            Some(namespace) => format!("{namespace}~{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Its workloads.
    pub fn workloads<'a>(&self, facts: &Facts<'a>) -> Vec<&'a Workload> {
        let components = self.components.iter();
        components
            .filter_map(|component| component.workload_of(facts))
            .collect()
    }

    /// The workloads that it deploys.
    pub fn payload_workloads<'a>(&self, facts: &Facts<'a>) -> Vec<&'a Workload> {
        let payload = self.payload.iter();
        payload
            .filter_map(|&index| facts.workloads().get(index))
            .collect()
    }

    /// Whether a workload is one of its components.
    pub fn is_component(&self, object: &ObjectRef) -> bool {
        let by_object = |component: &Component| component.object.cmp(object);
        self.components.binary_search_by(by_object).is_ok()
    }

    /// Whether OLM installs it so.
    pub fn is_installed_by(&self, installation: &OlmInstallation) -> bool {
        let version = &installation.cluster_service_version;
        self.namespaces.contains(&installation.namespace)
            && self.marks.cluster_service_versions.contains(version)
    }

    /// The groups in which it owns a kind.
    pub fn own_groups(&self) -> BTreeSet<&str> {
        self.owned_kinds
            .iter()
            .map(|kind| kind.group.as_str())
            .collect()
    }

    /// The operator as a report shows it, with the namespaces that it is meant to work in.
    pub fn summary(&self, intended: &BTreeSet<String>) -> OperatorSummary {
        OperatorSummary {
            name: self.name.clone(),
            namespaces: self.namespaces.iter().cloned().collect(),
            components: self.components.iter().map(component_summary).collect(),
            service_accounts: self
                .accounts
                .iter()
                .map(|account| AccountSummary {
                    namespace: account.account.namespace.clone(),
                    name: account.account.name.clone(),
                    workload: account.workload,
                })
                .collect(),
            owned_kinds: self.owned_kinds.iter().map(Kind::to_string).collect(),
            presumed_own_groups: self.presumed_own_groups.iter().cloned().collect(),
            intended_namespaces: intended.iter().cloned().collect(),
            why: self.why.clone(),
        }
    }
}

fn component_summary(component: &Component) -> ComponentSummary {
    ComponentSummary {
        kind: component.object.kind.clone(),
        namespace: component.account.namespace.clone(),
        name: component.object.name.clone(),
        service_account: component.account.name.clone(),
        hook: component.hook,
    }
}
