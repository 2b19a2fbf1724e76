//! What a workload's isolation rests on: whoever may change that can lift it.

use std::collections::BTreeSet;

use opsec_model::ObjectRef;
use opsec_model::objects::{Object as _, Workload};

use crate::network::{Direction, Network};
use crate::peers::{NAMESPACE_NAME, Namespaces, Peer};

/// The policies and labels that decide what may pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// The policies that hold the workload's pods.
    pub policies: BTreeSet<ObjectRef>,
    /// Labels of the workload's own pods by which policies select them. Empty when each of the
    /// policies selects every pod of the namespace.
    pub own_labels: BTreeSet<String>,
    /// Labels of other pods by which the policies let them pass.
    pub peer_labels: BTreeSet<String>,
    /// Labels of namespaces by which the policies let their pods pass, without the one that
    /// the API server sets and nobody can change.
    pub namespace_labels: BTreeSet<String>,
}

impl Network<'_> {
    /// What a workload's isolation in a direction rests on.
    pub fn rests_on(&self, workload: &Workload, direction: Direction) -> RestsOn {
        let mut rests_on = RestsOn::default();
        for (read, allowed) in self.holding(workload, direction) {
            rests_on.policies.insert(read.policy.object_ref());
            let selector = &read.policy.spec.pod_selector;
            rests_on
                .own_labels
                .extend(selector.keys().map(str::to_owned));
            for peer in allowed {
                let Peer::Pods { namespaces, pods } = &peer.peer else {
                    continue;
                };
                rests_on.peer_labels.extend(pods.keys().map(str::to_owned));
                if let Namespaces::Selector(selector) = namespaces {
                    let keys = selector.keys().filter(|key| *key != NAMESPACE_NAME);
                    rests_on.namespace_labels.extend(keys.map(str::to_owned));
                }
            }
        }
        rests_on
    }
}
