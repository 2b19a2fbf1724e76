//! What keeps an answer from being certain: policies that could not be read, and policies of
//! kinds that are not understood, which may allow less as well as more. Isolation is judged over
//! NetworkPolicies alone, so that there an administrator's policy that governs the pods counts too.

use opsec_model::ObjectRef;
use opsec_model::objects::{OtherNetworkPolicy, Workload};

use crate::admin::{is_understood, names_nodes};
use crate::network::{Direction, Network};

/// A reason why reachability is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The reason, as a clause: lowercase, no final period.
    pub reason: String,
    /// The policy that is not understood, when it is one.
    pub object: Option<ObjectRef>,
}

impl Network<'_> {
    /// Why it is not certain what may connect to, or be reached from, a workload's pods; empty
    /// when it is. A namespaced policy of another kind matters to the pods of its namespace, a
    /// cluster-wide one to every pod.
    pub fn unknowns(&self, workload: &Workload) -> Vec<Unknown> {
        let labels = self.labels_of(workload.namespace());
        let governed = Direction::ALL
            .into_iter()
            .any(|direction| self.admin.govern(workload, &labels, direction));
        self.unknowns_where(|policy| {
            if is_understood(policy) {
                return governed.then(|| beside_the_others(policy));
            }
            let matters = policy
                .metadata
                .namespace
                .as_deref()
                .is_none_or(|namespace| namespace.is_empty() || namespace == workload.namespace());
            matters.then(|| not_understood(policy))
        })
    }

    /// The same for the whole snapshot, for an answer about all of its connections.
    pub fn all_unknowns(&self) -> Vec<Unknown> {
        self.unknowns_where(|policy| {
            if is_understood(policy) {
                names_nodes(policy).then(|| of_nodes(policy))
            } else {
                Some(not_understood(policy))
            }
        })
    }

    fn unknowns_where(
        &self,
        unknown: impl Fn(&OtherNetworkPolicy) -> Option<Unknown>,
    ) -> Vec<Unknown> {
        let snapshot = self.facts().snapshot();
        let unread = snapshot
            .incomplete
            .iter()
            .filter(|(kind, state)| {
                !state.is_complete() && kind.resource.ends_with("networkpolicies")
            })
            .map(|(kind, state)| Unknown {
                reason: state.reason(kind),
                object: None,
            });
        let other = snapshot.other_network_policies.iter().filter_map(unknown);
        unread.chain(other).collect()
    }
}

fn not_understood(policy: &OtherNetworkPolicy) -> Unknown {
    said_of(
        policy,
        "may allow or deny traffic, and what it says is not understood",
    )
}

fn beside_the_others(policy: &OtherNetworkPolicy) -> Unknown {
    said_of(
        policy,
        "decides beside the NetworkPolicies, by which alone isolation is judged",
    )
}

fn of_nodes(policy: &OtherNetworkPolicy) -> Unknown {
    said_of(policy, "names nodes, whose addresses are not told apart")
}

fn said_of(policy: &OtherNetworkPolicy, what: &str) -> Unknown {
    let object = ObjectRef {
        kind: policy.kind.clone(),
        namespace: policy.metadata.namespace.clone(),
        name: policy.metadata.name.clone(),
        group: policy.group.clone(),
    };
    Unknown {
        reason: format!("{object} of {} {what}", policy.group),
        object: Some(object),
    }
}
