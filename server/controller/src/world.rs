//! The cluster as far as declarations rest on it, followed change by change. What does not matter to
//! a declaration is not kept, so that what stays the same is seen to.

mod take;

use std::collections::{BTreeMap, BTreeSet};

use opsec_crd::{OperatorRights, OperatorRightsStatus};
use opsec_gather::{Change, WatchedKind};
use opsec_model::objects::Metadata;
use opsec_model::snapshot::{Source, SourceKind};
use opsec_model::{Completeness, Snapshot};
use serde_json::Value;

use crate::kinds::{OPERATOR_RIGHTS, WATCHED};
use crate::sorted::{Key, put, remove};
use crate::touched::Touched;

/// A declaration as the API server has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Declared {
    pub(crate) uid: String,
    pub(crate) status: OperatorRightsStatus,
}

/// The cluster.
#[derive(Debug)]
pub(crate) struct World {
    snapshot: Snapshot,
    declared: BTreeMap<String, Declared>,
    /// Bindings by the user names and groups that they grant to.
    bindings: BTreeMap<String, BTreeSet<Key>>,
    states: BTreeMap<WatchedKind, State>,
}

/// How a kind is known.
#[derive(Debug, Default)]
struct State {
    /// Absent until it was listed, or could not be.
    completeness: Option<Completeness>,
    /// What was told since the list began.
    listing: Option<BTreeSet<Key>>,
    /// Objects that are not as their kind has them, and why.
    odd: BTreeMap<Key, String>,
}

impl World {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        let snapshot = Snapshot {
            source: Source {
                kind: SourceKind::Cluster,
                ..Source::default()
            },
            ..Snapshot::default()
        };
        let mut world = Self {
            snapshot,
            declared: BTreeMap::new(),
            bindings: BTreeMap::new(),
            states: WATCHED.map(|kind| (kind, State::default())).into(),
        };
        for kind in WATCHED {
            world.tell_completeness(kind);
        }
        world
    }

    /// What is known.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// A declaration by its name.
    pub(crate) fn declared(&self, name: &str) -> Option<&Declared> {
        self.declared.get(name)
    }

    /// Takes in what was written as a declaration's status, before the API server tells of it.
    pub(crate) fn wrote(&mut self, name: &str, status: OperatorRightsStatus) {
        if let Some(declared) = self.declared.get_mut(name) {
            declared.status = status;
        }
    }

    /// Whether each kind was listed, or could not be.
    pub(crate) fn is_settled(&self) -> bool {
        let mut states = self.states.values();
        states.all(|state| state.completeness.is_some())
    }

    /// The kinds that are not known, each with why.
    pub(crate) fn not_known(&self) -> Vec<String> {
        let incomplete = self.snapshot.incomplete.iter();
        incomplete.map(|(kind, why)| why.reason(kind)).collect()
    }

    /// The bindings that grant to a user name or group.
    pub(crate) fn bindings_of(&self, subject: &str) -> impl Iterator<Item = &Key> {
        self.bindings.get(subject).into_iter().flatten()
    }

    /// Takes a change in, and notes what it touches.
    pub(crate) fn apply(&mut self, change: Change, touched: &mut Touched) {
        match change {
            Change::Listing(kind) => {
                self.state(kind).listing = Some(BTreeSet::new());
            }
            Change::Put(kind, object) => self.put(kind, object, touched),
            Change::Gone(kind, namespace, name) => {
                self.gone(kind, &(namespace, name), touched);
            }
            Change::Listed(kind) => {
                let told = self.state(kind).listing.take().unwrap_or_default();
                for key in self.keys(kind) {
                    if !told.contains(&key) {
                        self.gone(kind, &key, touched);
                    }
                }
            }
            Change::Known(kind) => self.known(kind, Completeness::Complete, touched),
            Change::NotKnown(kind, why) => self.known(kind, why, touched),
        }
    }

    fn state(&mut self, kind: WatchedKind) -> &mut State {
        self.states.entry(kind).or_default()
    }

    fn known(&mut self, kind: WatchedKind, completeness: Completeness, touched: &mut Touched) {
        let state = self.state(kind);
        if state.completeness.as_ref() != Some(&completeness) {
            state.completeness = Some(completeness);
            self.tell_completeness(kind);
            touched.all = true;
        }
    }

    fn tell_completeness(&mut self, kind: WatchedKind) {
        let state = self.state(kind);
        let completeness = match (&state.completeness, state.odd.first_key_value()) {
            (None, _) => Completeness::Failed {
                message: "it has not been read yet".to_owned(),
            },
            (Some(Completeness::Complete), Some((_, why))) => Completeness::Failed {
                message: why.clone(),
            },
            (Some(known), _) => known.clone(),
        };
        if completeness.is_complete() {
            self.snapshot.incomplete.remove(&kind.named());
        } else {
            self.snapshot.incomplete.insert(kind.named(), completeness);
        }
    }

    fn put(&mut self, kind: WatchedKind, object: Value, touched: &mut Touched) {
        let text = |pointer| {
            let text = object.pointer(pointer).and_then(Value::as_str);
            text.map(str::to_owned)
        };
        let name = text("/metadata/name").unwrap_or_default();
        let key = (text("/metadata/namespace"), name);
        if let Some(told) = &mut self.state(kind).listing {
            told.insert(key.clone());
        }
        let declaration = (kind == OPERATOR_RIGHTS).then(|| object.clone());
        let reduced = kind.reduce(object).map_err(|error| error.to_string());
        let taken = reduced.and_then(|reduced| {
            if let Some(object) = declaration {
                return self.take_declaration(object, reduced, touched);
            }
            self.take(reduced, touched);
            Ok(())
        });
        let odd = &mut self.state(kind).odd;
        let before = odd.get(&key).cloned();
        let now = taken.err();
        if before != now {
            match now {
                Some(why) => odd.insert(key, why),
                None => odd.remove(&key),
            };
            self.tell_completeness(kind);
            touched.all = true;
        }
    }

    fn take_declaration(
        &mut self,
        object: Value,
        reduced: Snapshot,
        touched: &mut Touched,
    ) -> Result<(), String> {
        let resource: OperatorRights =
            serde_json::from_value(object).map_err(|error| error.to_string())?;
        let declared = Declared {
            uid: resource.metadata.uid.unwrap_or_default(),
            status: resource.status.unwrap_or_default(),
        };
        for mut declaration in reduced.operator_rights {
            declaration.status = None;
            declaration.metadata.labels.clear();
            declaration.metadata.annotations.clear();
            let name = declaration.metadata.name.clone();
            let before = self.declared.insert(name.clone(), declared.clone());
            if before.as_ref() != Some(&declared) {
                touched.declarations.insert(name);
            }
            let after = declaration.clone();
            let before = put(&mut self.snapshot.operator_rights, declaration);
            touched.parties |= before.as_ref() != Some(&after);
        }
        Ok(())
    }

    fn selects_namespaces(&self) -> bool {
        self.snapshot.operator_rights.iter().any(|declaration| {
            let intended = declaration.spec.declared.intended_namespaces.as_ref();
            intended.is_some_and(|set| set.all || set.selector().is_some())
        })
    }

    fn keys(&self, kind: WatchedKind) -> Vec<Key> {
        let snapshot = &self.snapshot;
        let of_workloads = || {
            let workloads = snapshot.workloads.iter();
            let of_kind = workloads.filter(|workload| workload.kind.as_str() == kind.kind);
            of_kind.map(|workload| key(&workload.metadata)).collect()
        };
        macro_rules! keys {
            ($list:ident) => {
                snapshot.$list.iter().map(|it| key(&it.metadata)).collect()
            };
        }
        match kind.resource {
            "roles" => keys!(roles),
            "clusterroles" => keys!(cluster_roles),
            "rolebindings" => keys!(role_bindings),
            "clusterrolebindings" => keys!(cluster_role_bindings),
            "serviceaccounts" => keys!(service_accounts),
            "namespaces" => keys!(namespaces),
            "customresourcedefinitions" => keys!(custom_resource_definitions),
            "operatorrights" => keys!(operator_rights),
            _ => of_workloads(),
        }
    }

    fn gone(&mut self, kind: WatchedKind, key: &Key, touched: &mut Touched) {
        if self.state(kind).odd.remove(key).is_some() {
            self.tell_completeness(kind);
            touched.all = true;
        }
        let snapshot = &mut self.snapshot;
        match kind.resource {
            "roles" => {
                if remove(&mut snapshot.roles, "", key).is_some() {
                    touched.roles.insert(key.clone());
                }
            }
            "clusterroles" => {
                if let Some(role) = remove(&mut snapshot.cluster_roles, "", key) {
                    touched.roles.insert(key.clone());
                    touched.labels.insert(role.metadata.labels);
                }
            }
            "rolebindings" => {
                if let Some(binding) = remove(&mut snapshot.role_bindings, "", key) {
                    self.bound(Some(&binding.into()), None, touched);
                }
            }
            "clusterrolebindings" => {
                if let Some(binding) = remove(&mut snapshot.cluster_role_bindings, "", key) {
                    self.bound(Some(&binding.into()), None, touched);
                }
            }
            _ => self.gone_besides(kind, key, touched),
        }
    }

    fn gone_besides(&mut self, kind: WatchedKind, key: &Key, touched: &mut Touched) {
        let selects = self.selects_namespaces();
        let snapshot = &mut self.snapshot;
        match kind.resource {
            "serviceaccounts" => {
                if let Some(account) = remove(&mut snapshot.service_accounts, "", key) {
                    touched.tells(&account.metadata);
                    touched.known_by.insert(account_of(&account.metadata));
                }
            }
            "namespaces" => {
                let gone = remove(&mut snapshot.namespaces, "", key).is_some();
                touched.parties |= gone && selects;
            }
            "customresourcedefinitions" => {
                let gone = remove(&mut snapshot.custom_resource_definitions, "", key);
                touched.parties |= gone.is_some();
            }
            "operatorrights" => {
                self.declared.remove(&key.1);
                let gone = remove(&mut snapshot.operator_rights, "", key);
                touched.parties |= gone.is_some();
            }
            _ => {
                if let Some(workload) = remove(&mut snapshot.workloads, kind.kind, key) {
                    touched.workload(&workload);
                }
            }
        }
    }
}

fn key(metadata: &Metadata) -> Key {
    (metadata.namespace.clone(), metadata.name.clone())
}

fn account_of(metadata: &Metadata) -> String {
    format!("{}/{}", metadata.namespace(), metadata.name)
}
