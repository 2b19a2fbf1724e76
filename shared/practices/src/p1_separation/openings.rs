//! What lets traffic through, cause by cause, with the workloads that share each: no policy at all,
//! policies that let everything pass, or one peer of a policy.

use std::collections::BTreeMap;

use opsec_model::ObjectRef;
use opsec_model::objects::{LabelSelector, Workload};
use opsec_model::report::Evidence;
use opsec_network::{AllowedPeer, Direction, Isolation, Namespaces, Peer};

use crate::context::Context;
use crate::contract::Draft;

use super::confirm;

/// Why something passes.
#[derive(Debug, Clone)]
pub(crate) enum Cause {
    /// No policy of this namespace holds the pods.
    NoPolicy(String),
    /// Policies hold them and let everything pass.
    Open {
        /// Why, as a clause.
        why: String,
        /// The fields that say so.
        evidence: Vec<Evidence>,
    },
    /// One peer of a policy.
    Peer(Box<AllowedPeer>),
}

/// A cause with the workloads that share it.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) cause: Cause,
    pub(crate) workloads: Vec<&'a Workload>,
}

/// All causes, and why some workloads' are not known.
#[derive(Debug, Default)]
pub(crate) struct Openings<'a> {
    pub(crate) found: Vec<Opening<'a>>,
    pub(crate) unknown: Vec<String>,
    /// Which opening is of which change: a policy may have as many peers as its file has letters.
    by_change: BTreeMap<Change, usize>,
}

/// What has to change for an opening to close.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// A policy is missing in this namespace.
    Policy(String),
    /// All of these fields.
    Fields(Vec<Evidence>),
    /// A field of a policy.
    Peer(Option<ObjectRef>, String),
}

/// What lets traffic of a direction through to or from workloads; of the peers of isolated ones
/// only those that count. Pods of the host network are left out: no policy is their cause.
pub(crate) fn openings<'a>(
    context: &Context<'_>,
    workloads: &[&'a Workload],
    direction: Direction,
    counts: impl Fn(&Workload, &AllowedPeer) -> bool,
) -> Openings<'a> {
    let mut found = Openings::default();
    for &workload in workloads {
        match context.network.isolation(workload, direction) {
            Isolation::HostNetwork => {}
            Isolation::Unknown { reasons } => {
                for unknown in reasons {
                    if !found.unknown.contains(&unknown.reason) {
                        found.unknown.push(unknown.reason);
                    }
                }
            }
            Isolation::NotSelected => {
                let namespace = workload.namespace().to_owned();
                found.add(Cause::NoPolicy(namespace), workload);
            }
            Isolation::Open { why, evidence } => found.add(Cause::Open { why, evidence }, workload),
            Isolation::Isolated { .. } => {
                let allowed = context.network.allowed(workload, direction);
                for peer in allowed.into_iter().filter(|peer| counts(workload, peer)) {
                    found.add(Cause::Peer(Box::new(peer)), workload);
                }
            }
        }
    }
    found
}

impl<'a> Openings<'a> {
    fn add(&mut self, cause: Cause, workload: &'a Workload) {
        let next = self.found.len();
        let at = *self.by_change.entry(cause.change()).or_insert(next);
        match self.found.get_mut(at) {
            Some(known) => known.workloads.push(workload),
            None => self.found.push(Opening {
                cause,
                workloads: vec![workload],
            }),
        }
    }
}

impl Cause {
    /// The change that mends it.
    fn change(&self) -> Change {
        match self {
            Self::NoPolicy(namespace) => Change::Policy(namespace.clone()),
            Self::Open { evidence, .. } => Change::Fields(evidence.clone()),
            Self::Peer(peer) => Change::Peer(peer.policy.clone(), peer.field.clone()),
        }
    }

    /// The peer, when it is one.
    pub(crate) fn peer(&self) -> Option<&AllowedPeer> {
        match self {
            Self::Peer(peer) => Some(peer),
            _ => None,
        }
    }
}

impl Opening<'_> {
    /// A finding with the workloads, the fields and a command that shows it.
    pub(crate) fn onto(&self, context: &Context<'_>, direction: Direction, draft: Draft) -> Draft {
        let mut draft = onto_workloads(context, &self.workloads, draft);
        match &self.cause {
            Cause::NoPolicy(_) => {
                for workload in &self.workloads {
                    let path = workload.kind.pod_spec_path();
                    let labels = path.strip_suffix("spec").unwrap_or_default();
                    draft = draft.evidence(object(workload), format!("{labels}metadata.labels"));
                }
            }
            Cause::Open { evidence, .. } => draft.evidence.extend(evidence.iter().cloned()),
            Cause::Peer(peer) => {
                if let Some(policy) = &peer.policy {
                    draft = draft.evidence(policy.clone(), peer.field.clone());
                }
            }
        }
        draft.confirm = confirm::of(context, self, direction);
        draft
    }

    /// What is so and why, before what it comes to: `no NetworkPolicy selects its 4 pods`, `NetworkPolicy/ops/open lets everything pass to its pod`.
    pub(crate) fn says(&self, context: &Context<'_>, direction: Direction, pods: &str) -> String {
        let way = match direction {
            Direction::Ingress => "to",
            Direction::Egress => "from",
        };
        match &self.cause {
            Cause::NoPolicy(_) => {
                let held_otherwise = self.workloads.iter().any(|workload| {
                    Direction::ALL
                        .into_iter()
                        .any(|direction| !context.network.policies(workload, direction).is_empty())
                });
                let aspect = match direction {
                    _ if !held_otherwise => "",
                    Direction::Ingress => " for ingress",
                    Direction::Egress => " for egress",
                };
                format!("no NetworkPolicy selects {pods}{aspect}")
            }
            Cause::Open { evidence, .. } => {
                let mut policies: Vec<&str> = evidence
                    .iter()
                    .map(|entry| entry.object.name.as_str())
                    .collect();
                policies.dedup();
                format!(
                    "NetworkPolicy {} lets everything pass {way} {pods}",
                    policies.join(", ")
                )
            }
            Cause::Peer(peer) => {
                let policy = peer
                    .policy
                    .as_ref()
                    .map_or("", |policy| policy.name.as_str());
                format!("NetworkPolicy {policy} lets {pods}")
            }
        }
    }
}

/// A finding with workloads and their accounts.
pub(crate) fn onto_workloads(
    context: &Context<'_>,
    workloads: &[&Workload],
    mut draft: Draft,
) -> Draft {
    for workload in workloads {
        draft.components.push(object(workload));
        let account = context.account_of(workload);
        if !draft.service_accounts.contains(&account) {
            draft.service_accounts.push(account);
        }
    }
    draft
}

fn object(workload: &Workload) -> ObjectRef {
    use opsec_model::objects::Object as _;
    workload.object_ref()
}

/// `its pod`, `its 4 pods`, and where when the operator has several namespaces.
pub(crate) fn its_pods(context: &Context<'_>, workloads: &[&Workload]) -> String {
    let what = match workloads.len() {
        1 => "its pod".to_owned(),
        count => format!("its {count} pods"),
    };
    match namespace_of(workloads) {
        Some(namespace) if context.operator.namespaces.len() > 1 => {
            format!("{what} in {namespace}")
        }
        _ => what,
    }
}

/// `a payload pod in shop`, `3 payload pods in shop`.
pub(crate) fn payload_pods(workloads: &[&Workload]) -> String {
    let what = match workloads.len() {
        1 => "a payload pod".to_owned(),
        count => format!("{count} payload pods"),
    };
    match namespace_of(workloads) {
        Some(namespace) => format!("{what} in {namespace}"),
        None => what,
    }
}

/// The one namespace that all are in.
fn namespace_of<'a>(workloads: &[&'a Workload]) -> Option<&'a str> {
    let first = workloads.first()?.namespace();
    workloads
        .iter()
        .all(|workload| workload.namespace() == first)
        .then_some(first)
}

/// Who a peer is, and on which ports: `pods of namespace monitoring on TCP 9402`.
pub(crate) fn describe(peer: &AllowedPeer) -> String {
    let who = match &peer.peer {
        Peer::Everyone => "anyone".to_owned(),
        Peer::Addresses { block, .. } if block.except.is_empty() => block.cidr.clone(),
        Peer::Addresses { block, .. } => {
            format!("{} without {}", block.cidr, block.except.join(", "))
        }
        Peer::Pods { namespaces, pods } => {
            let whose = match namespaces {
                Namespaces::Own(_) => "its own namespace".to_owned(),
                Namespaces::Selector(selector) if selector.is_empty() => {
                    "every namespace".to_owned()
                }
                Namespaces::Selector(selector) => match namespaces.only() {
                    Some(name) => format!("namespace {name}"),
                    None => format!("namespaces with {}", labels(selector)),
                },
            };
            if pods.is_empty() {
                format!("pods of {whose}")
            } else {
                format!("pods with {} of {whose}", labels(pods))
            }
        }
    };
    if peer.ports.is_all() {
        who
    } else {
        format!("{who} on {}", peer.ports)
    }
}

/// `app=web, tier in (a, b)`.
fn labels(selector: &LabelSelector) -> String {
    let equal = selector
        .match_labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let others = selector.match_expressions.iter().map(|requirement| {
        let key = &requirement.key;
        let values = requirement.values.join(", ");
        match requirement.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} not in ({values})"),
            "DoesNotExist" => format!("no {key}"),
            _ => key.clone(),
        }
    });
    equal.chain(others).collect::<Vec<_>>().join(", ")
}
