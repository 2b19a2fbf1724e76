//! A row held: where, for which names, by which grants. Nothing is graded here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use opsec_rbac::{Answers, EffectiveRights, Grant, Held, Kinds, Names, Reaching, Request};

use crate::atoms::Atoms;
use crate::row::{Part, Row};
use crate::special;
use crate::table::{Needed, Table, TableRow};

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
    pub atoms: Atoms,
    /// Indices of the grants that give it, into [`EffectiveRights::grants`].
    pub grants: BTreeSet<usize>,
    /// Whether the kind is neither built in, nor in the input, nor served.
    pub latent: bool,
}

/// A word of the table, or of a rule.
pub type Word = Cow<'static, str>;

/// One verb on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// The verb.
    pub verb: Word,
    /// The API group.
    pub group: Word,
    /// `resource` or `resource/subresource`; a path for rights outside the resource API.
    pub resource: Word,
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
pub(crate) struct PartHeld<'a> {
    pub(crate) atom: Atom,
    pub(crate) held: Cow<'a, Held>,
    pub(crate) latent: bool,
}

/// Every row that an account holds, the API server's own grants left out.
pub(crate) fn hits(rights: &EffectiveRights, kinds: &Kinds) -> Vec<Hit> {
    // Most accounts hold nothing but what every account has.
    if rights.grants().iter().all(|grant| grant.bootstrap) {
        return Vec::new();
    }
    search(rights, kinds, counts)
}

/// Every row that is held by any grant, the API server's own too: what its controllers, users and
/// groups may do, which is no finding but can be taken.
pub fn hits_by_any_grant(rights: &EffectiveRights, kinds: &Kinds) -> Vec<Hit> {
    search(rights, kinds, |_| true)
}

fn search(rights: &EffectiveRights, kinds: &Kinds, counts: fn(&Grant) -> bool) -> Vec<Hit> {
    let table = Table::get();
    let answers = rights.answers(&table.questions, counts);
    let search = Search {
        rights,
        kinds,
        table,
        answers: &answers,
        counts,
    };
    let mut all: Vec<Hit> = table
        .speaking(answers.places())
        .flat_map(|row| search.row(row))
        .collect();
    let more: Vec<(&str, Vec<(Reaching, Names)>)> = WITHOUT
        .iter()
        .map(|(id, more)| (*id, reaches_of(more, &all)))
        .collect();
    all.retain(|hit| {
        let mut more = more.iter().filter(|(id, _)| hit.row.id == *id);
        !more.any(|(_, wider)| {
            let mut wider = wider.iter();
            wider.any(|(scope, names)| special::reaches_over((scope, names), hit))
        })
    });
    all
}

/// Rows that speak only without what another row has beside them.
const WITHOUT: [(&str, &str); 4] = [
    ("ESC-RB-WRITE", "ESC-BIND"),
    ("ESC-ROLE-WRITE", "ESC-ESCALATE"),
    ("ESC-SECRET-CREATE", "ESC-SECRET-WRITE"),
    ("RUN-EXEC-GET", "RUN-EXEC"),
];

fn reaches_of(id: &str, all: &[Hit]) -> Vec<(Reaching, Names)> {
    all.iter()
        .filter(|hit| hit.row.id == id && !hit.alone)
        .map(|hit| (hit.scope.clone(), hit.names.clone()))
        .collect()
}

/// Whether a grant is neither the API server's own, nor what its role `view` holds by itself: of
/// `view` only what others aggregate into it counts.
fn counts(grant: &Grant) -> bool {
    let view = grant.role.kind == "ClusterRole" && grant.role.name == "view";
    !(grant.bootstrap || (view && grant.source_bootstrap))
}

/// The search for rows in the rights of one account.
#[derive(Clone, Copy)]
pub(crate) struct Search<'a> {
    pub(crate) rights: &'a EffectiveRights,
    pub(crate) kinds: &'a Kinds,
    table: &'static Table,
    /// What is held of the table's questions.
    answers: &'a Answers,
    /// Which grants count.
    counts: fn(&Grant) -> bool,
}

impl<'a> Search<'a> {
    /// Whether a grant counts.
    pub(crate) fn counts(self, grant: &Grant) -> bool {
        (self.counts)(grant)
    }

    /// Whether a grant counts as the role that it is of: `view` too, of whose rules not all do.
    pub(crate) fn counts_as_a_whole(self, grant: &Grant) -> bool {
        !grant.bootstrap || self.counts(grant)
    }

    fn row(self, row: &TableRow) -> Vec<Hit> {
        let mut hits = match &row.needed {
            Needed::Any(places) => merge(row.row, self.at(places)),
            Needed::Together(combinations) => combinations
                .iter()
                .flat_map(|groups| self.together(row.row, groups))
                .collect(),
            Needed::Special(special) => special::hits(self, row.row, *special),
        };
        if hits.is_empty() && !row.alone.is_empty() {
            hits = merge(row.row, self.at(&row.alone));
            for hit in &mut hits {
                hit.alone = true;
            }
        }
        hits
    }

    /// Everything that is held of any of these parts, as far as grants count. The parts are of
    /// the table.
    pub(crate) fn parts(self, parts: &'static [Part]) -> Vec<PartHeld<'a>> {
        let mut found = Vec::new();
        for part in parts {
            for &resource in part.resources {
                for &verb in part.verbs {
                    let request = Request::new(verb, part.group, resource);
                    let place = self.table.questions.place(&request);
                    found.extend(place.into_iter().flat_map(|place| self.answer(place)));
                }
            }
        }
        found
    }

    /// What is held of one verb on one resource that the table does not ask for.
    pub(crate) fn held(
        self,
        verb: &str,
        group: &str,
        resource: &str,
        latent: bool,
    ) -> Vec<PartHeld<'a>> {
        let atom = Atom {
            verb: verb.to_owned().into(),
            group: group.to_owned().into(),
            resource: resource.to_owned().into(),
            name: None,
        };
        let held = self.rights.held(&Request::new(verb, group, resource));
        held.into_iter()
            .filter(|held| {
                self.rights
                    .grant(held)
                    .is_some_and(|grant| self.counts(grant))
            })
            .filter(|held| !latent || is_literal(held))
            .map(|held| PartHeld {
                atom: atom.clone(),
                held: Cow::Owned(held),
                latent,
            })
            .collect()
    }

    /// Everything that is held of the questions at these places.
    fn at(self, places: &[usize]) -> Vec<PartHeld<'a>> {
        places
            .iter()
            .flat_map(|&place| self.answer(place))
            .collect()
    }

    fn answer(self, place: usize) -> impl Iterator<Item = PartHeld<'a>> {
        let held = self.answers.of(place);
        let asked = self.table.asked(place).filter(|_| !held.is_empty());
        asked.into_iter().flat_map(move |asked| {
            let latent = !self.kinds.served(asked.group, asked.resource);
            let held = held.iter().filter(move |held| !latent || is_literal(held));
            held.map(move |held| PartHeld {
                atom: Atom {
                    verb: asked.verb.into(),
                    group: asked.group.into(),
                    resource: asked.resource.into(),
                    name: None,
                },
                held: Cow::Borrowed(held),
                latent,
            })
        })
    }

    /// One of each group of parts, all in the same scope.
    fn together(self, row: &'static Row, groups: &[Vec<usize>]) -> Vec<Hit> {
        let mut joined: Option<Vec<Hit>> = None;
        for places in groups {
            let next = merge(row, self.at(places));
            joined = Some(match joined {
                None => next,
                Some(before) => join(before, &next),
            });
        }
        joined.unwrap_or_default()
    }
}

/// A kind that is not served is never a wildcard's.
fn is_literal(held: &Held) -> bool {
    !(held.via_wildcard.groups || held.via_wildcard.resources)
}

/// Entries of equal scope and names, as one hit; by scope and names.
pub(crate) fn merge(row: &'static Row, mut entries: Vec<PartHeld<'_>>) -> Vec<Hit> {
    entries.sort_by(|a, b| {
        let scopes = a.held.scope.cmp(&b.held.scope);
        scopes.then_with(|| a.held.names.cmp(&b.held.names))
    });
    let mut hits: Vec<Hit> = Vec::new();
    for PartHeld { atom, held, latent } in entries {
        let known = hits.last_mut();
        match known.filter(|hit| hit.scope == held.scope && hit.names == held.names) {
            Some(hit) => {
                hit.atoms.insert(atom);
                hit.grants.insert(held.grant);
                hit.grants.extend(&held.with);
                hit.latent &= latent;
            }
            None => hits.push(Hit {
                row,
                alone: false,
                scope: held.scope.clone(),
                names: held.names.clone(),
                atoms: Atoms::of(atom),
                grants: held.with.iter().copied().chain([held.grant]).collect(),
                latent,
            }),
        }
    }
    hits
}

/// Pairs of hits that hold in a common scope. The names are those of the first; where both are
/// of the same kind, those that both have. The second are sorted by their scope.
pub(crate) fn join(first: Vec<Hit>, second: &[Hit]) -> Vec<Hit> {
    let mut joined: BTreeMap<(Reaching, Names), Hit> = BTreeMap::new();
    for a in &first {
        for b in in_scope_of(a, second) {
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
                    atoms: Atoms::default(),
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

/// Those of some hits, sorted by scope, that can share a scope with another.
fn in_scope_of<'h>(hit: &Hit, sorted: &'h [Hit]) -> impl Iterator<Item = &'h Hit> {
    let (everywhere, here) = match &hit.scope {
        Reaching::Cluster => (sorted, [].as_slice()),
        Reaching::Namespace(_) => {
            let placed = sorted.partition_point(|other| other.scope == Reaching::Cluster);
            let (everywhere, sorted) = sorted.split_at(placed);
            let from = sorted.partition_point(|other| other.scope < hit.scope);
            let to = sorted.partition_point(|other| other.scope <= hit.scope);
            (everywhere, sorted.get(from..to).unwrap_or_default())
        }
    };
    everywhere.iter().chain(here)
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
