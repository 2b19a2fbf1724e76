//! Postures as they are shown: by cluster id, one an operator, those that a filter leaves.

use std::collections::BTreeMap;

use opsec_model::Status;
use opsec_store::cluster::{self, Cluster};
use opsec_store::posture::{self, CollectionMode, Posture};
use opsec_store::store::Snapshot;

use crate::failure::Failure;
use crate::use_case::clusters::stored;
use crate::use_case::record::Outcome;

/// A posture with its cluster.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) cluster: Cluster,
    pub(crate) posture: Posture,
    pub(crate) outcome: Outcome,
}

/// Which postures are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) cluster: String,
    pub(crate) operator: String,
    pub(crate) statuses: Vec<Status>,
    pub(crate) practice: Option<u8>,
}

impl Filter {
    /// Whether a posture is meant.
    pub(crate) fn leaves(&self, shown: &Shown) -> bool {
        let status = match self.practice {
            None => Some(shown.outcome.status),
            Some(number) => {
                let practices = &shown.outcome.practices;
                let found = practices.iter().find(|(one, _)| *one == number);
                found.map(|(_, status)| *status)
            }
        };
        let status =
            self.statuses.is_empty() || status.is_some_and(|one| self.statuses.contains(&one));
        self.names(shown) && status
    }

    /// Whether a posture is meant when its status is: that is what never changes of it.
    pub(crate) fn names(&self, shown: &Shown) -> bool {
        let name = shown.posture.operator.split_once('~').map(|(_, name)| name);
        let operator = matches(&self.operator, &shown.posture.operator)
            || name.is_some_and(|name| matches(&self.operator, name));
        matches(&self.cluster, &shown.cluster.id) && operator
    }
}

/// Whether a pattern, exact or ending in `*`, leaves a name; an empty one leaves all.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        _ if pattern.is_empty() => true,
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

/// The posture of an operator.
pub(crate) fn get(
    snapshot: &dyn Snapshot,
    cluster: &Cluster,
    operator: &str,
) -> Result<Option<Shown>, Failure> {
    let found = posture::get(snapshot, &cluster.uid, operator).map_err(stored)?;
    found
        .map(|posture| show(cluster.clone(), posture))
        .transpose()
}

/// All postures of registered clusters, in the order of clusters and operators; what the service
/// collected stands for what callers said.
pub(crate) fn list(snapshot: &dyn Snapshot) -> Result<Vec<Shown>, Failure> {
    let clusters = clusters(snapshot)?;
    let by_uid: BTreeMap<&str, &Cluster> = clusters
        .iter()
        .map(|cluster| (cluster.uid.as_str(), cluster))
        .collect();
    let mut newest: BTreeMap<(String, String), Shown> = BTreeMap::new();
    let mut after = None;
    loop {
        let page = posture::list(snapshot, after.as_ref(), PAGE).map_err(stored)?;
        let last = page.len() < PAGE;
        after = page.last().cloned();
        for posture in page {
            let Some(cluster) = by_uid.get(posture.cluster_uid.as_str()) else {
                continue;
            };
            let key = (cluster.id.clone(), posture.operator.clone());
            let stands = newest
                .get(&key)
                .is_some_and(|known| known.posture.mode == CollectionMode::ServerCollected);
            if !stands {
                newest.insert(key, show((*cluster).clone(), posture)?);
            }
        }
        if last {
            return Ok(newest.into_values().collect());
        }
    }
}

const PAGE: usize = 500;

/// All registered clusters.
pub(crate) fn clusters(snapshot: &dyn Snapshot) -> Result<Vec<Cluster>, Failure> {
    let mut all: Vec<Cluster> = Vec::new();
    loop {
        let after = all.last().map_or("", |last| last.id.as_str());
        let page = cluster::list(snapshot, after, PAGE).map_err(stored)?;
        let last = page.len() < PAGE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// A posture as it is shown.
pub(crate) fn show(cluster: Cluster, posture: Posture) -> Result<Shown, Failure> {
    let outcome = serde_json::from_str(&posture.result).map_err(|_| Failure::bug())?;
    Ok(Shown {
        cluster,
        posture,
        outcome,
    })
}
