//! Custom resources between a pod and the one that it was made for: who owns them is metadata.

use std::collections::BTreeSet;

use opsec_model::objects::OwnerReference;

use super::super::discover::Discovery;
use super::super::error::ClusterError;
use super::super::list::Query;
use super::{Collected, Reader};

/// Reads the metadata of every kind of custom resource that owns something, until no further kind
/// appears.
pub(super) async fn read(
    reader: &Reader,
    discovery: &Discovery,
    collected: &mut Collected,
) -> Result<(), ClusterError> {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    loop {
        let queries: Vec<Query> = kinds(collected)
            .into_iter()
            .filter(|kind| !seen.contains(kind))
            .collect::<Vec<_>>()
            .into_iter()
            .filter_map(|(group, kind)| {
                seen.insert((group.clone(), kind.clone()));
                let served = discovery.find_kind(&group, &kind)?;
                let mut query = Query::all(&group, &served.version, &served.resource, &served.kind);
                query.metadata_only = true;
                served.can_list.then_some(query)
            })
            .collect();
        if queries.is_empty() {
            return Ok(());
        }
        reader.read(queries, collected).await?;
    }
}

/// Groups and kinds of the owners that are no kinds of Kubernetes' own.
fn kinds(collected: &Collected) -> BTreeSet<(String, String)> {
    let snapshot = collected.objects.snapshot();
    let workloads = snapshot.workloads.iter().map(|workload| &workload.metadata);
    let custom = snapshot
        .custom_objects
        .iter()
        .map(|object| &object.metadata);
    workloads
        .chain(custom)
        .flat_map(|metadata| &metadata.owner_references)
        .map(|owner| (group(owner).to_owned(), owner.kind.clone()))
        .filter(|(group, kind)| opsec_kubernetes::find_kind(group, kind).is_none())
        .collect()
}

fn group(owner: &OwnerReference) -> &str {
    owner
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group)
}
