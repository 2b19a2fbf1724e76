//! Endpoints of connections: the pods of one controller are one, and so is a range of addresses.

use std::collections::BTreeMap;
use std::fmt;

use opsec_model::ObjectRef;
use opsec_model::objects::{Object as _, Workload, WorkloadKind};

use crate::addresses::AddressRange;
use crate::network::Network;

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// Addresses, of which none is told from another by any policy that way.
    Addresses(AddressRange),
    /// The pods of a workload.
    Workload(ObjectRef),
}

/// `namespace/name[Kind]`, or `10.0.0.0-10.255.255.255[External]`.
impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Addresses(range) => write!(formatter, "{range}[External]"),
            Self::Workload(object) => write!(
                formatter,
                "{}/{}[{}]",
                object.namespace.as_deref().unwrap_or_default(),
                object.name,
                object.kind
            ),
        }
    }
}

impl<'a> Network<'a> {
    /// The endpoints of the snapshot, each with the workloads whose pods are its own: what a
    /// controller owns is the controller's, the controller in the snapshot or not.
    pub(crate) fn endpoints(&self) -> BTreeMap<ObjectRef, Vec<&'a Workload>> {
        let mut endpoints: BTreeMap<ObjectRef, Vec<&Workload>> = BTreeMap::new();
        for workload in self.facts().workloads() {
            let owner = self.owner(workload);
            // A ReplicaSet that its Deployment has left behind has no pods to come.
            if workload.replicas == Some(0) && owner != workload.object_ref() {
                continue;
            }
            let members = endpoints.entry(owner).or_default();
            if !members.iter().any(|member| same_pods(member, workload)) {
                members.push(workload);
            }
        }
        endpoints
    }

    /// The workload that the pods are of in the end: the last of the chain of owners that is a
    /// workload, else the nearest owner that groups pods, else itself.
    fn owner(&self, workload: &'a Workload) -> ObjectRef {
        let chain = self.facts().owners(workload);
        let is_workload = |kind: &str| WorkloadKind::ALL.iter().any(|known| known.as_str() == kind);
        let controller = chain
            .iter()
            .take_while(|owner| is_workload(&owner.kind))
            .last();
        // A Node owns the pods that its kubelet starts, which have nothing else in common.
        let nearest = chain
            .first()
            .filter(|owner| workload.kind == WorkloadKind::Pod && owner.kind != "Node");
        match controller.or(nearest) {
            Some(owner) => {
                let kind = Some(owner.kind.as_str()).filter(|kind| !kind.is_empty());
                ObjectRef::namespaced(
                    kind.unwrap_or(workload.kind()),
                    workload.namespace(),
                    &owner.name,
                )
            }
            None => workload.object_ref(),
        }
    }
}

/// Whether no policy can tell the pods of two workloads of one endpoint apart.
fn same_pods(one: &Workload, other: &Workload) -> bool {
    let ports = |workload: &Workload| {
        let containers = workload.template.spec.all_containers();
        containers
            .flat_map(|(_, container)| container.ports.clone())
            .collect::<Vec<_>>()
    };
    one.template.metadata.labels == other.template.metadata.labels
        && one.template.spec.host_network == other.template.spec.host_network
        && ports(one) == ports(other)
}
