//! Policies of the cluster's administrator. An AdminNetworkPolicy decides before NetworkPolicies, by
//! priority and then rule by rule; what it passes or does not speak of goes on to these; and only
//! where none of them holds the pod does a BaselineAdminNetworkPolicy decide.
//! <https://network-policy-api.sigs.k8s.io/api-overview/>

use std::collections::BTreeMap;

use opsec_model::objects::{
    AdminNetworkPolicySpec, AdminPeer, AdminPods, AdminPort, AdminRule, LabelSelector,
    OtherNetworkPolicy, PodSpec, Workload,
};

use crate::addresses::AddressSet;
use crate::network::Direction;
use crate::ports::{NamedPort, PortSet, Protocol};

/// The group of both kinds.
const GROUP: &str = "policy.networking.k8s.io";

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Allow,
    Deny,
    Pass,
}

/// The policies of both kinds, in the order in which they decide.
#[derive(Debug, Default)]
pub(crate) struct AdminPolicies<'a> {
    admin: Vec<ReadAdmin<'a>>,
    baseline: Vec<ReadAdmin<'a>>,
}

/// A policy, read.
#[derive(Debug)]
pub(crate) struct ReadAdmin<'a> {
    spec: &'a AdminNetworkPolicySpec,
    ingress: Vec<ReadRule<'a>>,
    egress: Vec<ReadRule<'a>>,
}

/// A rule, read.
#[derive(Debug)]
pub(crate) struct ReadRule<'a> {
    action: Action,
    pods: Vec<(&'a LabelSelector, Option<&'a LabelSelector>)>,
    addresses: AddressSet,
    ports: PortSet,
    named_ports: Vec<NamedPort>,
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Other<'o> {
    /// A pod: the labels of its namespace, and its own.
    Pod(&'o BTreeMap<String, String>, &'o BTreeMap<String, String>),
    /// Addresses, of which no policy tells one from another.
    Addresses(&'o AddressSet),
}

impl<'a> AdminPolicies<'a> {
    /// Those of a list that are understood.
    pub(crate) fn of(policies: &'a [OtherNetworkPolicy]) -> Self {
        let mut read: Vec<(&OtherNetworkPolicy, ReadAdmin<'a>)> = policies
            .iter()
            .filter_map(|policy| Some((policy, ReadAdmin::new(policy)?)))
            .collect();
        // What the specification leaves open, the order within one priority, is that of names.
        read.sort_by_key(|(policy, read)| (read.spec.priority, &policy.metadata.name));
        let (baseline, admin): (Vec<_>, Vec<_>) = read
            .into_iter()
            .partition(|(policy, _)| policy.kind == "BaselineAdminNetworkPolicy");
        let rules = |all: Vec<(_, ReadAdmin<'a>)>| all.into_iter().map(|(_, read)| read).collect();
        Self {
            admin: rules(admin),
            baseline: rules(baseline),
        }
    }

    /// Whether any of them has rules for a workload's pods in a direction.
    pub(crate) fn govern(
        &self,
        workload: &Workload,
        namespace_labels: &BTreeMap<String, String>,
        direction: Direction,
    ) -> bool {
        let mut all = self.admin.iter().chain(&self.baseline);
        all.any(|read| read.holds(workload, namespace_labels) && !read.rules(direction).is_empty())
    }

    /// The ports of `destination` that are open between a workload and another end. `within` says
    /// which the NetworkPolicies leave open; none when none of them holds the workload.
    pub(crate) fn open(
        &self,
        (workload, namespace_labels): (&Workload, &BTreeMap<String, String>),
        direction: Direction,
        other: Other<'_>,
        destination: Option<&PodSpec>,
        within: Option<PortSet>,
    ) -> PortSet {
        let rules = |policies: &'_ [ReadAdmin<'a>]| {
            let holding = policies
                .iter()
                .filter(|read| read.holds(workload, namespace_labels));
            let rules = holding.flat_map(|read| read.rules(direction));
            let matching = rules.filter(|rule| rule.matches(other));
            matching
                .map(|rule| (rule.action, rule.ports_on(destination)))
                .collect::<Vec<_>>()
        };
        let (open, passed) = decided(&rules(&self.admin));
        let after = within.unwrap_or_else(|| {
            let (open, rest) = decided(&rules(&self.baseline));
            open.union(&rest)
        });
        open.union(&passed.intersection(&after))
    }

    /// The blocks of addresses that rules for a workload's pods speak of.
    pub(crate) fn blocks(
        &self,
        workload: &Workload,
        namespace_labels: &BTreeMap<String, String>,
        direction: Direction,
    ) -> Vec<AddressSet> {
        let all = self.admin.iter().chain(&self.baseline);
        all.filter(|read| read.holds(workload, namespace_labels))
            .flat_map(|read| read.rules(direction))
            .map(|rule| rule.addresses.clone())
            .filter(|addresses| !addresses.is_empty())
            .collect()
    }
}

/// What rules decide in their order: what they allow, and what is left to others, because no rule
/// speaks of it or one passes it.
fn decided(rules: &[(Action, PortSet)]) -> (PortSet, PortSet) {
    let mut undecided = PortSet::all();
    let (mut open, mut passed) = (PortSet::default(), PortSet::default());
    for (action, ports) in rules {
        let here = ports.intersection(&undecided);
        undecided = undecided.difference(&here);
        match action {
            Action::Allow => open = open.union(&here),
            Action::Deny => {}
            Action::Pass => passed = passed.union(&here),
        }
    }
    (open, undecided.union(&passed))
}

impl<'a> ReadAdmin<'a> {
    fn new(policy: &'a OtherNetworkPolicy) -> Option<Self> {
        let spec = policy.admin.as_ref()?;
        if !is_understood(policy) {
            return None;
        }
        let read = |rules: &'a [AdminRule], peers: fn(&'a AdminRule) -> &'a [AdminPeer]| {
            let rules = rules.iter();
            rules
                .filter_map(|rule| ReadRule::new(rule, peers(rule)))
                .collect()
        };
        Some(Self {
            spec,
            ingress: read(&spec.ingress, |rule| &rule.from),
            egress: read(&spec.egress, |rule| &rule.to),
        })
    }

    fn rules(&self, direction: Direction) -> &[ReadRule<'a>] {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }

    fn holds(&self, workload: &Workload, namespace_labels: &BTreeMap<String, String>) -> bool {
        let labels = &workload.template.metadata.labels;
        !workload.template.spec.host_network
            && selects(&self.spec.subject, namespace_labels, labels)
    }
}

fn selects(
    pods: &AdminPods,
    namespace_labels: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> bool {
    match (&pods.namespaces, &pods.pods) {
        (Some(namespaces), _) => namespaces.matches(namespace_labels),
        (None, Some(pods)) => {
            pods.namespace_selector.matches(namespace_labels) && pods.pod_selector.matches(labels)
        }
        (None, None) => false,
    }
}

impl<'a> ReadRule<'a> {
    fn new(rule: &'a AdminRule, peers: &'a [AdminPeer]) -> Option<Self> {
        let mut read = Self {
            action: action(&rule.action)?,
            pods: Vec::new(),
            addresses: AddressSet::default(),
            ports: PortSet::default(),
            named_ports: Vec::new(),
        };
        for peer in peers {
            if let Some(namespaces) = &peer.namespaces {
                read.pods.push((namespaces, None));
            }
            if let Some(pods) = &peer.pods {
                read.pods
                    .push((&pods.namespace_selector, Some(&pods.pod_selector)));
            }
            for block in &peer.networks {
                let block = AddressSet::from_cidr(block).unwrap_or_default();
                read.addresses = read.addresses.union(&block);
            }
        }
        if rule.ports.is_empty() {
            read.ports = PortSet::all();
        }
        for port in &rule.ports {
            read.add(port);
        }
        Some(read)
    }

    fn add(&mut self, port: &AdminPort) {
        if let Some(one) = &port.port_number {
            self.add_range(&one.protocol, one.port, one.port);
        }
        if let Some(several) = &port.port_range {
            self.add_range(&several.protocol, several.start, several.end);
        }
        if let Some(name) = &port.named_port {
            let every = Protocol::ALL.map(|protocol| NamedPort {
                protocol,
                name: name.clone(),
            });
            self.named_ports.extend(every);
        }
    }

    fn add_range(&mut self, protocol: &str, first: i32, last: i32) {
        if let Some(protocol) = Protocol::parse(protocol) {
            self.ports = self.ports.union(&PortSet::range(protocol, first, last));
        }
    }

    /// A block of addresses is not asked whether pods are in it: their addresses are not known.
    fn matches(&self, other: Other<'_>) -> bool {
        match other {
            Other::Pod(namespace_labels, labels) => self.pods.iter().any(|(namespaces, pods)| {
                namespaces.matches(namespace_labels) && pods.is_none_or(|pods| pods.matches(labels))
            }),
            Other::Addresses(addresses) => {
                !addresses.is_empty() && self.addresses.includes(addresses)
            }
        }
    }

    /// A name is no port outside the pods.
    fn ports_on(&self, destination: Option<&PodSpec>) -> PortSet {
        let named = self.named_ports.iter();
        let named = named.filter_map(|name| Some(name.resolve(destination?)));
        named.fold(self.ports.clone(), |ports, more| ports.union(&more))
    }
}

fn action(text: &str) -> Option<Action> {
    match text {
        "Allow" => Some(Action::Allow),
        "Deny" => Some(Action::Deny),
        "Pass" => Some(Action::Pass),
        _ => None,
    }
}

/// Whether all that a policy says is known: its kind, the actions, peers and ports of its rules.
pub(crate) fn is_understood(policy: &OtherNetworkPolicy) -> bool {
    let Some(spec) = &policy.admin else {
        return false;
    };
    let of_kind = |action: Action| match policy.kind.as_str() {
        "AdminNetworkPolicy" => true,
        "BaselineAdminNetworkPolicy" => action != Action::Pass,
        _ => false,
    };
    let subject = spec.subject.namespaces.is_some() != spec.subject.pods.is_some();
    policy.group == GROUP
        && subject
        && spec.ingress.iter().chain(&spec.egress).all(|rule| {
            action(&rule.action).is_some_and(of_kind)
                && rule.from.iter().chain(&rule.to).all(is_known_peer)
                && rule.ports.iter().all(is_known_port)
        })
}

fn is_known_peer(peer: &AdminPeer) -> bool {
    let set = [
        peer.namespaces.is_some(),
        peer.pods.is_some(),
        peer.nodes.is_some(),
        !peer.networks.is_empty(),
    ];
    set.into_iter().filter(|set| *set).count() == 1
}

fn is_known_port(port: &AdminPort) -> bool {
    let set = [
        port.port_number.is_some(),
        port.named_port.is_some(),
        port.port_range.is_some(),
    ];
    set.into_iter().filter(|set| *set).count() == 1
}

/// Whether a policy names nodes, whose addresses are not told from others.
pub(crate) fn names_nodes(policy: &OtherNetworkPolicy) -> bool {
    let spec = policy.admin.iter();
    let rules = spec.flat_map(|spec| spec.ingress.iter().chain(&spec.egress));
    rules
        .flat_map(|rule| rule.from.iter().chain(&rule.to))
        .any(|peer| peer.nodes.is_some())
}
