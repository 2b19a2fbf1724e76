//! The NetworkPolicies of a snapshot, and what they allow a workload's pods.

use std::borrow::Cow;
use std::collections::BTreeMap;

use opsec_facts::Facts;
use opsec_model::objects::{NetworkPolicy, Workload};

use crate::admin::{AdminPolicies, Other};
use crate::namespace_policies::NamespacePolicies;
use crate::peers::AllowedPeer;
use crate::ports::PortSet;
use crate::read::ReadPolicy;

/// A direction of traffic, as seen from a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Into the pod.
    Ingress,
    /// Out of the pod.
    Egress,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// The direction as `policyTypes` spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// The NetworkPolicies of a snapshot, read once.
#[derive(Debug)]
pub struct Network<'a> {
    facts: &'a Facts<'a>,
    policies: BTreeMap<&'a str, NamespacePolicies<'a>>,
    namespace_labels: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) admin: AdminPolicies<'a>,
}

impl<'a> Network<'a> {
    /// Reads the policies of a snapshot.
    pub fn new(facts: &'a Facts<'a>) -> Self {
        let mut policies: BTreeMap<&str, NamespacePolicies<'_>> = BTreeMap::new();
        for policy in &facts.snapshot().network_policies {
            policies
                .entry(policy.metadata.namespace())
                .or_default()
                .push(ReadPolicy::new(policy));
        }
        let namespace_labels = facts
            .namespace_names()
            .map(|name| (name.to_owned(), facts.namespace_labels(name)))
            .collect();
        Self {
            facts,
            policies,
            namespace_labels,
            admin: AdminPolicies::of(&facts.snapshot().other_network_policies),
        }
    }

    /// The facts behind it.
    pub fn facts(&self) -> &'a Facts<'a> {
        self.facts
    }

    /// The NetworkPolicies that hold a workload's pods in a direction: they select the pods and
    /// have that policy type. None holds pods of the host network.
    pub fn policies(&self, workload: &Workload, direction: Direction) -> Vec<&'a NetworkPolicy> {
        self.holding(workload, direction)
            .map(|(read, _)| read.policy)
            .collect()
    }

    /// What may connect to the workload's pods, or what they may connect to, peer by peer: the
    /// union of what the policies that hold them allow. Without such a policy that is everyone;
    /// with policies that allow nothing, the list is empty.
    pub fn allowed(&self, workload: &Workload, direction: Direction) -> Vec<AllowedPeer> {
        let mut held = false;
        let mut allowed = Vec::new();
        for (_, peers) in self.holding(workload, direction) {
            held = true;
            allowed.extend(peers.iter().cloned());
        }
        if !held {
            return vec![AllowedPeer::everyone()];
        }
        if direction == Direction::Ingress {
            for peer in &mut allowed {
                peer.ports = peer.ports_on(&workload.template.spec);
                peer.named_ports.clear();
            }
        }
        allowed
    }

    /// The ports on which a pod of one workload may connect to a pod of another, by the policies
    /// of both. Between a workload and itself two different pods are meant; a pod always reaches
    /// itself.
    pub fn connection(&self, from: &Workload, to: &Workload) -> PortSet {
        let out = self.ports_between(from, Direction::Egress, to, to);
        if out.is_empty() {
            return out;
        }
        out.intersection(&self.ports_between(to, Direction::Ingress, from, to))
    }

    /// The workloads of the snapshot that may connect to this one, and on which ports. The
    /// workload itself is left out.
    pub fn workloads_reaching(&self, workload: &Workload) -> Vec<(&'a Workload, PortSet)> {
        self.facts
            .workloads()
            .iter()
            .filter(|other| !is_same(other, workload))
            .map(|other| (other, self.connection(other, workload)))
            .filter(|(_, ports)| !ports.is_empty())
            .collect()
    }

    /// The workloads of the snapshot that this one may connect to, and on which ports. The
    /// workload itself is left out.
    pub fn workloads_reached(&self, workload: &Workload) -> Vec<(&'a Workload, PortSet)> {
        self.facts
            .workloads()
            .iter()
            .filter(|other| !is_same(other, workload))
            .map(|other| (other, self.connection(workload, other)))
            .filter(|(_, ports)| !ports.is_empty())
            .collect()
    }

    /// The ports of `destination` that the policies of `held` leave open between it and `other`.
    fn ports_between(
        &self,
        held: &Workload,
        direction: Direction,
        other: &Workload,
        destination: &Workload,
    ) -> PortSet {
        let namespace = other.namespace();
        let namespace_labels = self.labels_of(namespace);
        let pod_labels = &other.template.metadata.labels;
        let spec = &destination.template.spec;
        let mut policies = self.holding(held, direction).peekable();
        let within = policies.peek().is_some().then(|| {
            policies
                .flat_map(|(_, peers)| peers)
                .filter(|allowed| {
                    let peer = &allowed.peer;
                    peer.matches_pod(namespace, &namespace_labels, pod_labels)
                })
                .fold(PortSet::default(), |ports, allowed| {
                    ports.union(&allowed.ports_on(spec))
                })
        });
        let own_labels = self.labels_of(held.namespace());
        if !self.admin.govern(held, &own_labels, direction) {
            return within.unwrap_or_else(PortSet::all);
        }
        let other = Other::Pod(&namespace_labels, pod_labels);
        self.admin
            .open((held, &*own_labels), direction, other, Some(spec), within)
    }

    /// The labels of a namespace.
    pub(crate) fn labels_of(&self, namespace: &str) -> Cow<'_, BTreeMap<String, String>> {
        match self.namespace_labels.get(namespace) {
            Some(labels) => Cow::Borrowed(labels),
            None => Cow::Owned(self.facts.namespace_labels(namespace)),
        }
    }

    pub(crate) fn holding<'n>(
        &'n self,
        workload: &'n Workload,
        direction: Direction,
    ) -> impl Iterator<Item = (&'n ReadPolicy<'a>, &'n [AllowedPeer])> {
        let policies = (!workload.template.spec.host_network)
            .then(|| self.policies.get(workload.namespace()))
            .flatten();
        policies
            .into_iter()
            .flat_map(|policies| policies.selecting(&workload.template.metadata.labels))
            .filter_map(move |read| Some((read, read.allowed(direction)?)))
    }
}

fn is_same(one: &Workload, other: &Workload) -> bool {
    one.kind == other.kind
        && one.metadata.name == other.metadata.name
        && one.namespace() == other.namespace()
}
