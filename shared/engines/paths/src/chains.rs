//! Who holds what, for the chains of one operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use opsec_model::objects::{Object as _, Workload};
use opsec_model::{ObjectRef, Path};
use opsec_operators::Operator;
use opsec_rbac::{Reaching, Request};
use opsec_rights::{Grading, Hit};

use crate::ground::{Ground, Held, Holder};
use crate::moves::{Accounts, Gives, Place, Pods};
use crate::search::{Cut, Search};
use crate::{hops, sort};

/// The chains of one operator.
#[derive(Debug)]
pub struct Chains<'g> {
    pub(crate) ground: &'g Ground<'g>,
    pub(crate) operator: &'g Operator,
    pub(crate) grading: &'g Grading<'g>,
    /// Why a component cannot use the API.
    severed: BTreeMap<ObjectRef, Cut>,
}

impl<'g> Chains<'g> {
    /// Prepares the search. `severed` says of components why they cannot use the API.
    pub fn new(
        ground: &'g Ground<'g>,
        operator: &'g Operator,
        grading: &'g Grading<'g>,
        severed: BTreeMap<ObjectRef, String>,
    ) -> Self {
        let cut = |reason| Cut {
            practice: Some(2),
            reason,
        };
        Self {
            ground,
            operator,
            grading,
            severed: severed
                .into_iter()
                .map(|(component, reason)| (component, cut(reason)))
                .collect(),
        }
    }

    /// The chains of every component, sorted; of components with the same chain the first.
    pub fn all(&self) -> Vec<Path> {
        let mut paths: Vec<Path> = Vec::new();
        for component in self.operator.workloads(self.ground.facts) {
            let search = Search::from(self, component);
            for path in hops::paths(self, component, &search) {
                if !paths.iter().any(|known| is_same(known, &path)) {
                    paths.push(path);
                }
            }
        }
        sort(&mut paths);
        paths
    }

    /// Why a component cannot use the API.
    pub(crate) fn severed(&self, component: &Workload) -> Option<&Cut> {
        self.severed.get(&component.object_ref())
    }

    /// Of some namespaces the one that holds pods the least.
    pub(crate) fn weakest(&self, namespaces: &Place<'_>) -> (String, Held) {
        let of = |name: &&str| ((*name).to_owned(), self.ground.holds_pods(name));
        let weakest = match namespaces {
            Place::Everywhere => return self.ground.weakest_namespace(),
            Place::In(namespace) => Some(of(namespace)),
            Place::Among(names) => names.iter().map(of).min_by(|(_, a), (_, b)| a.cmp(b)),
        };
        weakest.unwrap_or_else(|| self.ground.weakest_namespace())
    }

    /// The right by which a holder makes one of these namespaces hold pods no more, or makes one
    /// that never did.
    pub(crate) fn opens(&self, holder: usize, namespaces: &Place<'_>) -> Option<&'g Arc<Hit>> {
        let hits = self.ground.holder(holder)?.hits.iter();
        hits.filter(|hit| !hit.alone && !hit.latent).find(|hit| {
            let changes = ["GRD-NS-PATCH", "GRD-NS-SUB"].contains(&hit.row.id);
            match (&hit.scope, hit.names.only(), namespaces) {
                _ if hit.row.id == "GRD-NS-CREATE" => matches!(namespaces, Place::Everywhere),
                _ if !changes => false,
                (Reaching::Namespace(own), ..) => namespaces.contains(own),
                (Reaching::Cluster, None, _) => true,
                (Reaching::Cluster, Some(names), _) => {
                    names.iter().any(|name| namespaces.contains(name))
                }
            }
        })
    }

    /// Which missing accounts a holder can make, each with the right by which it takes them.
    pub(crate) fn ghosts(holder: &Holder<'g>) -> Vec<(&'g Arc<Hit>, Gives<'g>)> {
        const WAYS: [&str; 4] = [
            "ESC-TOKENREQ",
            "ESC-SECRET-WRITE",
            "RUN-POD",
            "RUN-WORKLOAD",
        ];
        let ways: Vec<&Arc<Hit>> = holder
            .hits
            .iter()
            .filter(|hit| WAYS.contains(&hit.row.id) && !hit.alone && !hit.latent)
            .collect();
        if ways.is_empty() {
            return Vec::new();
        }
        let making = holder
            .rights
            .held(&Request::new("create", "", "serviceaccounts"));
        let mut found = Vec::new();
        for held in &making {
            for way in &ways {
                let namespace = match (&held.scope, &way.scope) {
                    (Reaching::Cluster, scope) => scope.namespace(),
                    (Reaching::Namespace(own), Reaching::Namespace(other)) if own != other => {
                        continue;
                    }
                    (Reaching::Namespace(_), _) => holder
                        .rights
                        .grant(held)
                        .and_then(|grant| grant.scope.namespace()),
                };
                let names = (way.row.id == "ESC-TOKENREQ")
                    .then(|| way.names.only())
                    .flatten();
                found.push((
                    *way,
                    Gives::Accounts(Accounts {
                        place: namespace.map_or(Place::Everywhere, Place::In),
                        names,
                        pods: Pods::NotNeeded,
                        missing: true,
                    }),
                ));
            }
        }
        found
    }
}

/// Whether two chains differ in nothing but where they begin.
fn is_same(known: &Path, other: &Path) -> bool {
    let apart = |path: &Path| {
        let mut path = path.clone();
        if let Some(first) = path.hops.first_mut() {
            first.from = ObjectRef::default();
        }
        path
    };
    known.end == other.end && known.hops.len() == other.hops.len() && apart(known) == apart(other)
}
