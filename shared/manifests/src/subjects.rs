//! ServiceAccount subjects of ClusterRoleBindings that name no namespace.
//!
//! The API server refuses them, but what they mean is plain: `kustomize` fills them in. They are
//! judged as the account of that name in the same file, so that its rights do not vanish.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::ClusterRoleBinding;

use crate::object::RawObject;
use crate::place::FilePlace;

/// The ServiceAccounts of every file by name, once placed.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    namespaces: BTreeMap<(usize, String), BTreeSet<String>>,
}

impl Accounts {
    /// The accounts among these objects.
    pub(crate) fn of(objects: &[RawObject]) -> Self {
        let mut accounts = Self::default();
        for object in objects
            .iter()
            .filter(|object| object.kind.is("", "ServiceAccount"))
        {
            if let (Some(name), Some(namespace)) = (object.name(), &object.namespace) {
                let key = (object.input, name.to_owned());
                accounts
                    .namespaces
                    .entry(key)
                    .or_default()
                    .insert(namespace.clone());
            }
        }
        accounts
    }

    /// Gives every ServiceAccount subject a namespace: that of each account of its name in the
    /// file, or where the file's objects without a namespace go. Returns index, name and
    /// namespace of each subject that had none.
    pub(crate) fn complete(
        &self,
        input: usize,
        place: &FilePlace,
        binding: &mut ClusterRoleBinding,
    ) -> Vec<(usize, String, String)> {
        let mut completed = Vec::new();
        let mut further = Vec::new();
        let mut opened = BTreeSet::new();
        for (index, subject) in binding.subjects.iter_mut().enumerate() {
            if subject.kind != "ServiceAccount" || subject.namespace.is_some() {
                continue;
            }
            let found = self.namespaces.get(&(input, subject.name.clone()));
            let mut namespaces = found.into_iter().flatten().cloned();
            let first = namespaces.next().unwrap_or_else(|| place.namespace.clone());
            // Once a name, or accounts of one name and subjects of it would multiply.
            let namespaces = namespaces.filter(|_| !opened.contains(&subject.name));
            for namespace in namespaces {
                completed.push((index, subject.name.clone(), namespace.clone()));
                let mut another = subject.clone();
                another.namespace = Some(namespace);
                further.push(another);
            }
            opened.insert(subject.name.clone());
            completed.push((index, subject.name.clone(), first.clone()));
            subject.namespace = Some(first);
        }
        binding.subjects.append(&mut further);
        completed
    }
}
