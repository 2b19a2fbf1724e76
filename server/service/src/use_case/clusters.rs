//! Which cluster facts are of: the one whose UID they say, and never what a caller calls it.

use opsec_model::Snapshot;
use opsec_store::cluster::{self, Cluster};

use crate::context::Context;
use crate::failure::Failure;
use crate::use_case::select::Applying;

/// The cluster that facts are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Files, or a cluster that nobody registered.
    Unknown,
    /// The caller and the service are one: its word stands.
    Said(Option<String>),
    /// A registered one.
    Registered(Cluster),
}

impl Place {
    /// Which baselines may apply there.
    pub(crate) fn applying(&self, snapshot: &Snapshot) -> Applying {
        match self {
            Self::Registered(cluster) => Applying::On(Some(cluster.id.clone())),
            Self::Said(id) => Applying::On(id.clone()),
            // Files are of no cluster: what is for every cluster is for them too.
            Self::Unknown if snapshot.cluster_uid.is_none() => Applying::On(None),
            Self::Unknown => Applying::DefaultAlone,
        }
    }

    /// The cluster, when it is registered.
    pub(crate) fn registered(&self) -> Option<&Cluster> {
        match self {
            Self::Registered(cluster) => Some(cluster),
            Self::Unknown | Self::Said(_) => None,
        }
    }
}

impl Context {
    /// The cluster of facts; a claimed id that is not its own is refused.
    pub(crate) fn place(&self, snapshot: &Snapshot, claimed: &str) -> Result<Place, Failure> {
        if !self.keeper.knows_clusters() {
            let said = Some(claimed.to_owned()).filter(|id| !id.is_empty());
            return Ok(Place::Said(said));
        }
        let known = match &snapshot.cluster_uid {
            Some(uid) => self.of_uid(uid)?,
            None => None,
        };
        let id = known.as_ref().map(|cluster| cluster.id.clone());
        if !claimed.is_empty() && id.as_deref() != Some(claimed) {
            return Err(Failure::ClusterMismatch {
                claimed: claimed.to_owned(),
                registered: id,
            });
        }
        Ok(known.map_or(Place::Unknown, Place::Registered))
    }

    /// A registered cluster.
    pub(crate) fn registered(&self, id: &str) -> Result<Cluster, Failure> {
        let known = match self.keeper.snapshot()? {
            Some(snapshot) => cluster::get(&*snapshot, id).map_err(stored)?,
            None => None,
        };
        known.ok_or_else(|| Failure::ClusterNotFound(id.to_owned()))
    }

    /// The registered cluster of a UID.
    pub(crate) fn of_uid(&self, uid: &str) -> Result<Option<Cluster>, Failure> {
        match self.keeper.snapshot()? {
            Some(snapshot) => cluster::of_uid(&*snapshot, uid).map_err(stored),
            None => Ok(None),
        }
    }
}

pub(crate) fn stored(error: opsec_store::StoreError) -> Failure {
    Failure::Change(error.into())
}
