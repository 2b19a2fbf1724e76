//! What changes may touch: gathered from one validation to the next, so that only those declarations
//! are looked at again that a change can have to do with.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::ServiceAccountRef;
use opsec_model::objects::{Metadata, Subject, Workload};

use crate::sorted::Key;

/// Labels of an object.
type Labels = BTreeMap<String, String>;

/// What changed since the last validation.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Touched {
    /// User names and groups whose bindings changed.
    pub(crate) subjects: BTreeSet<String>,
    /// Roles whose rules changed.
    pub(crate) roles: BTreeSet<Key>,
    /// Labels of ClusterRoles that changed, before or after: an aggregated role may select them.
    pub(crate) labels: BTreeSet<Labels>,
    /// Declarations whose status is not what was written.
    pub(crate) declarations: BTreeSet<String>,
    /// What objects are known by that tell whose accounts are whose.
    pub(crate) known_by: BTreeSet<String>,
    /// Whether a declaration, a namespace that is selected or a definition changed, so that whose
    /// accounts are whose is to be found anew.
    pub(crate) parties: bool,
    /// Whether something that was not known is known now, or the reverse.
    pub(crate) all: bool,
}

impl Touched {
    /// Nothing changed that a declaration may rest on.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// A binding grants to others than before, or something else.
    pub(crate) fn binding(&mut self, namespace: Option<&str>, subjects: &[Subject]) {
        let names = subjects.iter();
        self.subjects
            .extend(names.filter_map(|subject| subject_name(subject, namespace)));
    }

    /// An object changed that may tell whose the accounts are that it names.
    pub(crate) fn tells(&mut self, metadata: &Metadata) {
        self.known_by.extend(words(metadata).map(str::to_owned));
    }

    /// The accounts that subjects are.
    pub(crate) fn accounts(&mut self, namespace: Option<&str>, subjects: &[Subject]) {
        let names = subjects.iter();
        let names = names.filter_map(|subject| subject_name(subject, namespace));
        let accounts = names.filter_map(|name| ServiceAccountRef::from_user_name(&name));
        self.known_by
            .extend(accounts.map(|account| account.to_string()));
    }

    /// A workload changed in what it is known by.
    pub(crate) fn workload(&mut self, workload: &Workload) {
        self.tells(&workload.metadata);
        self.tells(&workload.template.metadata);
        let account = workload.template.spec.service_account();
        self.known_by.extend([
            workload.metadata.name.clone(),
            workload.namespace().to_owned(),
            ServiceAccountRef::new(workload.namespace(), account).to_string(),
        ]);
    }
}

/// The user name or group that a subject is; in a RoleBinding an account without a namespace has the
/// binding's.
pub(crate) fn subject_name(subject: &Subject, namespace: Option<&str>) -> Option<String> {
    match subject.kind.as_str() {
        "User" | "Group" => Some(subject.name.clone()),
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|name| !name.is_empty());
            let account = ServiceAccountRef::new(own.or(namespace)?, &subject.name);
            Some(account.user_name())
        }
        _ => None,
    }
}

/// What marks an object as part of an installation, and more: labels, the release, owners.
fn words(metadata: &Metadata) -> impl Iterator<Item = &str> {
    let labels = metadata.labels.iter();
    let labels = labels.flat_map(|(key, value)| {
        let package = key.split_once('/').map(|(_, package)| package);
        package.into_iter().chain([value.as_str()])
    });
    let annotations = metadata.annotations.values().map(String::as_str);
    let owners = metadata.owner_references.iter();
    labels
        .chain(annotations)
        .chain(owners.map(|owner| owner.name.as_str()))
        .filter(|word| !word.is_empty())
}
