//! Owners of workloads.

use opsec_model::objects::{Object as _, OwnerReference, Workload};

use crate::Facts;

impl<'a> Facts<'a> {
    /// The chain of owners of a workload, the nearest first, as far as the snapshot knows them.
    /// A cycle ends the chain at the first owner that repeats.
    pub fn owners(&self, workload: &'a Workload) -> Vec<&'a OwnerReference> {
        let mut chain: Vec<&OwnerReference> = Vec::new();
        let mut current = Some(workload);
        while let Some(workload) = current {
            let Some(owner) = controller(&workload.metadata.owner_references) else {
                break;
            };
            if chain
                .iter()
                .any(|seen| seen.kind == owner.kind && seen.name == owner.name)
            {
                break;
            }
            chain.push(owner);
            current = self
                .workloads_in(workload.namespace())
                .iter()
                .copied()
                .find(|candidate| {
                    candidate.kind() == owner.kind && candidate.metadata.name == owner.name
                });
        }
        chain
    }
}

/// The managing owner, else the first.
fn controller(owners: &[OwnerReference]) -> Option<&OwnerReference> {
    owners
        .iter()
        .find(|owner| owner.controller)
        .or_else(|| owners.first())
}
