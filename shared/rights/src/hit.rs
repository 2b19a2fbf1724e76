//! A row held: where, for which names, by which grants. Nothing is graded here.

use std::collections::{BTreeMap, BTreeSet};

use opsec_rbac::{EffectiveRights, Held, Kinds, Names, Reaching, Request};

use crate::row::{Needs, Part, Row};
use crate::special;

/// A row that an account holds in one scope with one set of names.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The row.
    pub row: &'static Row,
    /// Whether only a part of what the row needs is held.
    pub alone: bool,
    /// Where.
    pub scope: Reaching,
    /// For which names.
    pub names: Names,
    /// What exactly is held.
    pub atoms: BTreeSet<Atom>,
    /// Indices of the grants that give it, into [`EffectiveRights::grants`].
    pub grants: BTreeSet<usize>,
    /// Whether the kind is neither built in, nor in the input, nor served.
    pub latent: bool,
}

/// One verb on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// The verb.
    pub verb: String,
    /// The API group.
    pub group: String,
    /// `resource` or `resource/subresource`; a path for rights outside the resource API.
    pub resource: String,
    /// The one name that it is held for, when that is not the hit's.
    pub name: Option<String>,
}

impl Atom {
    /// `create pods`, `update deployments.apps`.
    pub fn describe(&self) -> String {
        if self.group.is_empty() || self.resource.starts_with('/') {
            format!("{} {}", self.verb, self.resource)
        } else {
            match self.resource.split_once('/') {
                Some((resource, sub)) => {
                    format!("{} {resource}.{}/{sub}", self.verb, self.group)
                }
                None => format!("{} {}.{}", self.verb, self.resource, self.group),
            }
        }
    }
}

/// What is held of one part: one entry for each grant.
#[derive(Debug, Clone)]
pub(crate) struct PartHeld {
    pub(crate) atom: Atom,
    pub(crate) held: Held,
    pub(crate) latent: bool,
}

/// Every row that an account holds.
pub(crate) fn hits(rights: &EffectiveRights, kinds: &Kinds) -> Vec<Hit> {
    let search = Search { rights, kinds };
    let all: Vec<Hit> = crate::rows::all().flat_map(|row| search.row(row)).collect();
    all.iter()
        .filter(|hit| !is_part_of_more(hit, &all))
        .cloned()
        .collect()
}

/// Rows that speak only without what another row has beside them.
const WITHOUT: [(&str, &str); 4] = [
    ("ESC-RB-WRITE", "ESC-BIND"),
    ("ESC-ROLE-WRITE", "ESC-ESCALATE"),
    ("ESC-SECRET-CREATE", "ESC-SECRET-WRITE"),
    ("RUN-EXEC-GET", "RUN-EXEC"),
];

fn is_part_of_more(hit: &Hit, all: &[Hit]) -> bool {
    WITHOUT.iter().any(|(id, more)| {
        hit.row.id == *id
            && all
                .iter()
                .any(|other| other.row.id == *more && !other.alone && special::covers(other, hit))
    })
}

/// The search for rows in the rights of one account.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    pub(crate) rights: &'a EffectiveRights,
    pub(crate) kinds: &'a Kinds,
}

impl Search<'_> {
    fn row(self, row: &'static Row) -> Vec<Hit> {
        let mut hits = match row.needs {
            Needs::Any(parts) => merge(row, self.parts(parts)),
            Needs::Together(combinations) => combinations
                .iter()
                .flat_map(|groups| self.together(row, groups))
                .collect(),
            Needs::Special(special) => special::hits(self, row, special),
        };
        if hits.is_empty() && !row.alone.is_empty() {
            hits = merge(row, self.parts(row.alone));
            for hit in &mut hits {
                hit.alone = true;
            }
        }
        hits
    }

    /// Everything that is held of any of these parts, the API server's own grants left out.
    pub(crate) fn parts(self, parts: &[Part]) -> Vec<PartHeld> {
        let mut found = Vec::new();
        for part in parts {
            for &resource in part.resources {
                let latent = !self.kinds.served(part.group, resource);
                for &verb in part.verbs {
                    found.extend(self.held(verb, part.group, resource, latent));
                }
            }
        }
        found
    }

    /// What is held of one verb on one resource.
    pub(crate) fn held(
        self,
        verb: &str,
        group: &str,
        resource: &str,
        latent: bool,
    ) -> Vec<PartHeld> {
        let (base, subresource) = match resource.split_once('/') {
            Some((base, sub)) => (base, Some(sub)),
            None => (resource, None),
        };
        let request = Request {
            verb,
            group,
            resource: base,
            subresource,
        };
        self.rights
            .held(&request)
            .into_iter()
            .filter(|held| !self.is_bootstrap(held.grant))
            // A kind that is not served is never a wildcard's.
            .filter(|held| !latent || !(held.via_wildcard.groups || held.via_wildcard.resources))
            .map(|held| PartHeld {
                atom: Atom {
                    verb: verb.into(),
                    group: group.into(),
                    resource: resource.into(),
                    name: None,
                },
                held,
                latent,
            })
            .collect()
    }

    /// Whether a grant is the API server's own, or what its role `view` holds by itself: of
    /// `view` only what others aggregate into it counts.
    pub(crate) fn is_bootstrap(self, grant: usize) -> bool {
        self.rights.grants().get(grant).is_some_and(|grant| {
            let view = grant.role.kind == "ClusterRole" && grant.role.name == "view";
            grant.bootstrap || (view && grant.source_bootstrap)
        })
    }

    /// One of each group of parts, all in the same scope.
    fn together(self, row: &'static Row, groups: &[&'static [Part]]) -> Vec<Hit> {
        let mut joined: Option<Vec<Hit>> = None;
        for &parts in groups {
            let next = merge(row, self.parts(parts));
            joined = Some(match joined {
                None => next,
                Some(before) => join(before, next),
            });
        }
        joined.unwrap_or_default()
    }
}

/// Entries of equal scope and names, as one hit.
pub(crate) fn merge(row: &'static Row, entries: Vec<PartHeld>) -> Vec<Hit> {
    let mut merged: BTreeMap<(Reaching, Names), Hit> = BTreeMap::new();
    for entry in entries {
        let PartHeld { atom, held, latent } = entry;
        let key = (held.scope.clone(), held.names.clone());
        let hit = merged.entry(key).or_insert_with(|| Hit {
            row,
            alone: false,
            scope: held.scope,
            names: held.names,
            atoms: BTreeSet::new(),
            grants: BTreeSet::new(),
            latent: true,
        });
        hit.atoms.insert(atom);
        hit.grants.insert(held.grant);
        hit.grants.extend(held.with);
        hit.latent &= latent;
    }
    merged.into_values().collect()
}

/// Pairs of hits that hold in a common scope. The names are those of the first; where both are
/// of the same kind, those that both have.
pub(crate) fn join(first: Vec<Hit>, second: Vec<Hit>) -> Vec<Hit> {
    let mut joined: BTreeMap<(Reaching, Names), Hit> = BTreeMap::new();
    for a in &first {
        for b in &second {
            let Some(scope) = common_scope(a, b) else {
                continue;
            };
            let Some(names) = common_names(a, b) else {
                continue;
            };
            let hit = joined
                .entry((scope.clone(), names.clone()))
                .or_insert_with(|| Hit {
                    row: a.row,
                    alone: false,
                    scope,
                    names,
                    atoms: BTreeSet::new(),
                    grants: BTreeSet::new(),
                    latent: true,
                });
            hit.atoms.extend(a.atoms.iter().chain(&b.atoms).cloned());
            hit.grants.extend(a.grants.iter().chain(&b.grants).copied());
            hit.latent &= a.latent || b.latent;
        }
    }
    joined.into_values().collect()
}

fn common_scope(a: &Hit, b: &Hit) -> Option<Reaching> {
    match (&a.scope, &b.scope) {
        (Reaching::Cluster, Reaching::Cluster) => Some(Reaching::Cluster),
        // A cluster-scoped kind is written in no namespace, so the pair must meet in the cluster.
        (Reaching::Cluster, Reaching::Namespace(namespace)) => {
            (!cluster_scoped(a)).then(|| Reaching::Namespace(namespace.clone()))
        }
        (Reaching::Namespace(namespace), Reaching::Cluster) => {
            (!cluster_scoped(b)).then(|| Reaching::Namespace(namespace.clone()))
        }
        (Reaching::Namespace(a), Reaching::Namespace(b)) => {
            (a == b).then(|| Reaching::Namespace(a.clone()))
        }
    }
}

/// Whether a hit is about writing cluster-scoped bindings, which no namespaced `bind` covers.
fn cluster_scoped(hit: &Hit) -> bool {
    hit.atoms.iter().any(|atom| {
        atom.resource == "clusterrolebindings"
            || (atom.resource == "clusterroles" && atom.verb != "bind")
    })
}

fn common_names(a: &Hit, b: &Hit) -> Option<Names> {
    let kind = |hit: &Hit| {
        hit.atoms
            .iter()
            .next()
            .map(|atom| (atom.group.clone(), atom.resource.clone()))
    };
    if kind(a) != kind(b) {
        return Some(a.names.clone());
    }
    match (&a.names, &b.names) {
        (Names::All, names) | (names, Names::All) => Some(names.clone()),
        (Names::Only(a), Names::Only(b)) => {
            let both: BTreeSet<String> = a.intersection(b).cloned().collect();
            (!both.is_empty()).then_some(Names::Only(both))
        }
    }
}
