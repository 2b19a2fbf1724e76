//! Which declarations are to be validated again, and what they come to. Changes come in one by one;
//! nothing here waits, writes or knows the time.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use opsec_crd::OperatorRightsStatus;
use opsec_gather::Change;
use opsec_model::validation::Validation;
use opsec_model::{Kind, OperatorRights};
use opsec_practices::Prepared;
use opsec_rbac::{Kinds, Policy};
use opsec_remedies::{Found, nobody, of_nobody, parties, unknown, validate_party};

use crate::basis::{Basis, reaching};
use crate::touched::Touched;
use crate::world::World;

/// When what changed is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// It touches a declaration, or may.
    Now,
    /// By all that is known it touches none.
    Later,
}

/// Whom a declaration is about; else why that is nobody.
type Named = Result<Found, String>;

/// The declarations of a cluster that is followed.
#[derive(Debug)]
pub(crate) struct Engine {
    world: World,
    touched: Touched,
    /// Declarations that are due whatever changed.
    due: BTreeSet<String>,
    parties: BTreeMap<String, Named>,
    bases: BTreeMap<String, Basis>,
    /// All by which an operator with a declaration is known.
    known_by: BTreeSet<String>,
    kinds: Kinds,
    /// Whether parties were found at all.
    found: bool,
}

/// What a look at the declarations came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What the declarations came to that were validated.
    pub(crate) validated: Vec<Validation>,
    /// Whether it was found anew whose accounts are whose.
    pub(crate) found: bool,
}

impl Engine {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self {
            world: World::new(),
            touched: Touched::default(),
            due: BTreeSet::new(),
            parties: BTreeMap::new(),
            bases: BTreeMap::new(),
            known_by: BTreeSet::new(),
            kinds: Kinds::default(),
            found: false,
        }
    }

    /// The cluster.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Takes a change in.
    pub(crate) fn apply(&mut self, change: Change) {
        self.world.apply(change, &mut self.touched);
    }

    /// Leaves what changed to another: once it is taken up again, every declaration is due.
    pub(crate) fn set_aside(&mut self) {
        self.touched = Touched {
            all: true,
            parties: true,
            ..Touched::default()
        };
        self.due.clear();
    }

    /// Takes in what was written as a declaration's status.
    pub(crate) fn wrote(&mut self, name: &str, status: OperatorRightsStatus) {
        self.world.wrote(name, status);
    }

    /// Makes one due.
    pub(crate) fn due(&mut self, name: &str) {
        self.due.insert(name.to_owned());
    }

    /// When what changed is to be looked at; none when nothing did that may matter.
    pub(crate) fn urgency(&self) -> Option<Urgency> {
        if self.touched.is_nothing() && self.due.is_empty() {
            return None;
        }
        let now = !self.due.is_empty()
            || self.touched.all
            || !self.touched.declarations.is_empty()
            || self.must_find()
            || self
                .bases
                .values()
                .any(|basis| basis.is_touched(&self.touched));
        match now {
            true => Some(Urgency::Now),
            false if self.touched.known_by.is_empty() => None,
            false => Some(Urgency::Later),
        }
    }

    /// Forgets changes of roles and bindings that touch nothing.
    pub(crate) fn forget(&mut self) {
        if self.urgency() != Some(Urgency::Now) {
            self.touched.subjects.clear();
            self.touched.roles.clear();
            self.touched.labels.clear();
        }
    }

    /// Whether it is to be found anew whose accounts are whose.
    fn must_find(&self) -> bool {
        let someone_is_missing = || self.parties.values().any(Result::is_err);
        !self.found
            || self.touched.parties
            || !self.known_by.is_disjoint(&self.touched.known_by)
            || (!self.touched.known_by.is_empty() && someone_is_missing())
    }

    /// Validates what is due. `find` says that it is to be found anew whose accounts are whose even
    /// where nothing tells that it is another's.
    pub(crate) fn validate(&mut self, find: bool) -> Outcome {
        let mut due = std::mem::take(&mut self.due);
        let found = self.must_find() || (find && !self.touched.known_by.is_empty());
        if found {
            due.extend(self.find());
        }
        let mut touched = Touched::default();
        std::mem::swap(&mut touched, &mut self.touched);
        if !found {
            touched.known_by.clone_into(&mut self.touched.known_by);
        }
        due.extend(touched.declarations.iter().cloned());
        for (name, named) in &self.parties {
            let by_rights = self
                .bases
                .get(name)
                .is_none_or(|it| it.is_touched(&touched));
            if touched.all || (named.is_ok() && by_rights) {
                due.insert(name.clone());
            }
        }
        let unknown = self.unknown();
        let validated = due
            .into_iter()
            .filter_map(|name| self.one(&name, &unknown))
            .collect();
        Outcome { validated, found }
    }

    /// Finds whose accounts are whose, and gives the declarations back for which that changed.
    fn find(&mut self) -> BTreeSet<String> {
        let snapshot = self.world.snapshot();
        let prepared = Prepared::new(snapshot);
        let kinds = prepared.kinds().clone();
        let found = parties(&prepared);
        let declarations = snapshot.operator_rights.iter();
        let mut due = BTreeSet::new();
        let mut next = BTreeMap::new();
        for (declaration, found) in declarations.zip(found) {
            let name = declaration.metadata.name.clone();
            let named = found.map_err(|error| nobody(&error));
            let same = match (self.parties.get(&name), &named) {
                (Some(Ok(before)), Ok(now)) => before.party == now.party,
                (Some(Err(before)), Err(now)) => before == now,
                _ => false,
            };
            if !same {
                due.insert(name.clone());
            }
            next.insert(name, named);
        }
        if self.kinds != kinds {
            due.extend(self.resting_on(&changed(&self.kinds, &kinds)));
            self.kinds = kinds;
        }
        self.bases.retain(|name, _| next.contains_key(name));
        self.known_by = next
            .values()
            .flatten()
            .flat_map(|found| found.known_by.iter().cloned())
            .collect();
        self.parties = next;
        self.found = true;
        due
    }

    /// The declarations whose rights may be others when a kind comes, goes or moves.
    fn resting_on(&self, kinds: &[Kind]) -> Vec<String> {
        let bases = self.bases.iter();
        bases
            .filter(|(_, basis)| kinds.iter().any(|kind| basis.covers(kind)))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Why anything may be other than it is known to be.
    fn unknown(&self) -> Vec<String> {
        let snapshot = self.world.snapshot();
        let incomplete = opsec_model::Snapshot {
            incomplete: snapshot.incomplete.clone(),
            source: snapshot.source.clone(),
            ..opsec_model::Snapshot::default()
        };
        unknown(&Prepared::new(&incomplete))
    }

    fn one(&mut self, name: &str, unknown: &[String]) -> Option<Validation> {
        let declaration = self.declaration(name)?.clone();
        match self.parties.get(name)? {
            Err(why) => {
                self.bases.remove(name);
                Some(of_nobody(&declaration, why, unknown))
            }
            Ok(found) => {
                let (part, basis) = reaching(&self.world, &found.party);
                let kinds = &self.kinds;
                // A panic of the engine fails this declaration alone.
                let came_to = catch_unwind(AssertUnwindSafe(|| {
                    let policy = Policy::from_snapshot(&part);
                    validate_party(&declaration, &found.party, &policy, kinds, unknown)
                }));
                self.bases.insert(name.to_owned(), basis);
                Some(match came_to {
                    Ok(Ok(validation)) => validation,
                    Ok(Err(error)) => failed(&declaration, &error.to_string()),
                    Err(_) => failed(&declaration, "this is a defect of opsec-server"),
                })
            }
        }
    }

    fn declaration(&self, name: &str) -> Option<&OperatorRights> {
        crate::sorted::get(&self.world.snapshot().operator_rights, None, name)
    }
}

/// A declaration that could not be compared.
fn failed(declaration: &OperatorRights, why: &str) -> Validation {
    let unknown = [format!("its rights were not compared: {why}")];
    of_nobody(declaration, "the comparison failed", &unknown)
}

/// Kinds that only one of two knows, or that live elsewhere in it.
fn changed(before: &Kinds, after: &Kinds) -> Vec<Kind> {
    let all = |kinds: &Kinds| -> BTreeSet<(String, String, String)> {
        let kinds = kinds.all();
        kinds
            .map(|kind| {
                let scope = format!("{:?}", kind.scope);
                (kind.resource.to_owned(), kind.group.to_owned(), scope)
            })
            .collect()
    };
    let (before, after) = (all(before), all(after));
    let changed = before.symmetric_difference(&after);
    changed
        .map(|(resource, group, _)| Kind::new(resource.clone(), group.clone()))
        .collect()
}
