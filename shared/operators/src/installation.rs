//! What was installed together: workloads, the ServiceAccounts that they run as or that bindings
//! of the installation name, and the files that hold them.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::ServiceAccountRef;

use crate::accounts_only;
use crate::bindings::{self, Binding};
use crate::deployed::Deployed;
use crate::grouping::{self, account_of};
use crate::marks::Marks;

/// An installation before its kinds, payload and name are known.
#[derive(Debug, Default)]
pub(crate) struct Installation {
    /// Indices into the snapshot's workloads.
    pub(crate) workloads: Vec<usize>,
    pub(crate) namespaces: BTreeSet<String>,
    /// The accounts that its components run as.
    pub(crate) running: BTreeSet<ServiceAccountRef>,
    /// The accounts that its bindings name beside those.
    pub(crate) named: BTreeSet<ServiceAccountRef>,
    /// Marks of its workloads; without workloads those of its accounts.
    pub(crate) marks: Marks,
    pub(crate) deployed: Option<Deployed>,
    pub(crate) files: BTreeSet<String>,
}

impl Installation {
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &ServiceAccountRef> {
        self.running.union(&self.named)
    }

    /// Whether a file holds something of it. Objects without a file are all of one.
    pub(crate) fn is_in(&self, file: Option<&str>) -> bool {
        match file {
            Some(file) => self.files.contains(file),
            None => self.files.is_empty(),
        }
    }
}

/// Every installation of the snapshot.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Installation> {
    let bindings = bindings::all(facts.snapshot());
    let mut installations: Vec<Installation> = grouping::groups(facts, &bindings)
        .into_iter()
        .map(|group| with_workloads(facts, group))
        .collect();
    let index = Index::new(&installations);
    let owners: Vec<BTreeSet<usize>> = bindings
        .iter()
        .map(|binding| owners(facts, &index, &installations, binding))
        .collect();
    for (binding, owners) in bindings.iter().zip(&owners) {
        for &owner in owners {
            if let Some(installation) = installations.get_mut(owner) {
                let named = named_by(facts, &index, installation, binding);
                installation.named.extend(named);
                installation
                    .files
                    .extend(binding.metadata.input_file.clone());
            }
        }
    }
    let nobodys: Vec<&Binding<'_>> = bindings
        .iter()
        .zip(&owners)
        .filter(|(_, owners)| owners.is_empty())
        .map(|(binding, _)| binding)
        .collect();
    installations.extend(accounts_only::of_bindings(facts, &installations, &nobodys));
    if installations.is_empty() && facts.from_files() {
        installations = accounts_only::of_objects(facts);
    }
    installations
}

fn with_workloads(facts: &Facts<'_>, group: grouping::Group) -> Installation {
    let mut installation = Installation {
        marks: group.marks,
        deployed: group.deployed,
        ..Installation::default()
    };
    for index in group.workloads {
        let Some(workload) = facts.workloads().get(index) else {
            continue;
        };
        installation.workloads.push(index);
        installation
            .namespaces
            .insert(workload.namespace().to_owned());
        let account = account_of(workload);
        let object = facts.service_account(&account);
        let of_account = object.and_then(|object| object.metadata.input_file.clone());
        installation.running.insert(account);
        installation
            .files
            .extend(workload.metadata.input_file.clone());
        installation.files.extend(of_account);
    }
    installation
}

/// Who runs as what, and who is in which file and namespace.
struct Index {
    accounts: BTreeMap<ServiceAccountRef, BTreeSet<usize>>,
    files: BTreeMap<Option<String>, BTreeSet<usize>>,
    namespaces: BTreeMap<String, BTreeSet<usize>>,
}

impl Index {
    fn new(installations: &[Installation]) -> Self {
        let mut index = Self {
            accounts: BTreeMap::new(),
            files: BTreeMap::new(),
            namespaces: BTreeMap::new(),
        };
        for (position, installation) in installations.iter().enumerate() {
            for account in &installation.running {
                let at = index.accounts.entry(account.clone()).or_default();
                at.insert(position);
            }
            for namespace in &installation.namespaces {
                let at = index.namespaces.entry(namespace.clone()).or_default();
                at.insert(position);
            }
            let files = installation.files.iter().cloned().map(Some);
            let none = installation.files.is_empty().then_some(None);
            for file in files.chain(none) {
                index.files.entry(file).or_default().insert(position);
            }
        }
        index
    }

    fn in_namespaces<'a>(&self, namespaces: impl Iterator<Item = &'a str>) -> BTreeSet<usize> {
        namespaces
            .filter_map(|namespace| self.namespaces.get(namespace))
            .flatten()
            .copied()
            .collect()
    }
}

/// Whose a binding is: of the installations that run as an account that it names; else of those
/// with its labels, release or owner; from files else of the one of its file, and else of the one
/// in whose namespace it grants.
fn owners(
    facts: &Facts<'_>,
    index: &Index,
    installations: &[Installation],
    binding: &Binding<'_>,
) -> BTreeSet<usize> {
    let running: BTreeSet<usize> = binding
        .accounts
        .iter()
        .filter_map(|account| index.accounts.get(account))
        .flatten()
        .copied()
        .collect();
    if !running.is_empty() {
        return running;
    }
    let marked: BTreeSet<usize> = installations
        .iter()
        .enumerate()
        .filter(|(_, installation)| installation.marks.share(&binding.marks))
        .map(|(position, _)| position)
        .collect();
    if !marked.is_empty() || !facts.from_files() {
        return marked;
    }
    let of_file = index.files.get(&binding.metadata.input_file);
    let subjects = binding
        .accounts
        .iter()
        .map(|account| account.namespace.as_str());
    let here = index.in_namespaces(subjects.chain(binding.namespace));
    match of_file {
        Some(file) if file.len() == 1 => file.clone(),
        Some(file) => only(file.intersection(&here).copied().collect()),
        None => only(here),
    }
}

fn only(positions: BTreeSet<usize>) -> BTreeSet<usize> {
    if positions.len() == 1 {
        positions
    } else {
        BTreeSet::new()
    }
}

/// The accounts that a binding adds to an installation: those that are there, or absent in one of
/// its namespaces; not those that another installation runs as, nor the API server's own.
fn named_by(
    facts: &Facts<'_>,
    index: &Index,
    installation: &Installation,
    binding: &Binding<'_>,
) -> Vec<ServiceAccountRef> {
    binding
        .accounts
        .iter()
        .filter(|account| !installation.running.contains(account))
        .filter(|account| !index.accounts.contains_key(account))
        .filter(|account| !bindings::api_servers_own().contains(account))
        .filter(|account| {
            facts.service_account(account).is_some()
                || installation.namespaces.contains(&account.namespace)
        })
        .cloned()
        .collect()
}
