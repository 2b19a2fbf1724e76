//! What keeps an answer from being certain: policies that could not be read, and policies of
//! kinds that are not understood, which may allow less as well as more.

use opsec_model::ObjectRef;
use opsec_model::objects::{OtherNetworkPolicy, Workload};

use crate::network::Network;

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
        self.unknowns_where(|policy| {
            policy
                .metadata
                .namespace
                .as_deref()
                .is_none_or(|namespace| namespace.is_empty() || namespace == workload.namespace())
        })
    }

    /// The same for the whole snapshot, for an answer about all of its connections.
    pub fn all_unknowns(&self) -> Vec<Unknown> {
        self.unknowns_where(|_| true)
    }

    fn unknowns_where(&self, matters: impl Fn(&OtherNetworkPolicy) -> bool) -> Vec<Unknown> {
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
        let other = snapshot
            .other_network_policies
            .iter()
            .filter(|policy| matters(policy))
            .map(not_understood);
        unread.chain(other).collect()
    }
}

fn not_understood(policy: &OtherNetworkPolicy) -> Unknown {
    let object = ObjectRef {
        kind: policy.kind.clone(),
        namespace: policy.metadata.namespace.clone(),
        name: policy.metadata.name.clone(),
        group: policy.group.clone(),
    };
    Unknown {
        reason: format!(
            "{object} of {} may allow or deny traffic, and what it says is not understood",
            policy.group
        ),
        object: Some(object),
    }
}
