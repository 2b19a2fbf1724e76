//! Installations without workloads: ServiceAccounts, and the bindings that name them.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::ServiceAccountRef;

use crate::bindings::{self, Binding};
use crate::installation::Installation;
use crate::marks::Marks;
use crate::union_find::UnionFind;

/// Accounts with the files that name them.
type Named = BTreeMap<ServiceAccountRef, BTreeSet<Option<String>>>;

/// The accounts of bindings that are no other installation's, by what belongs together.
pub(crate) fn of_bindings(
    facts: &Facts<'_>,
    installations: &[Installation],
    bindings: &[&Binding<'_>],
) -> Vec<Installation> {
    let taken: BTreeSet<&ServiceAccountRef> = installations
        .iter()
        .flat_map(Installation::accounts)
        .collect();
    let mut accounts = Named::new();
    let mut together: Vec<Vec<&ServiceAccountRef>> = Vec::new();
    for binding in bindings {
        let file = &binding.metadata.input_file;
        let beside_workloads = installations
            .iter()
            .any(|other| other.is_in(file.as_deref()));
        let mine: Vec<&ServiceAccountRef> = binding
            .accounts
            .iter()
            .filter(|account| {
                let there = facts.service_account(account).is_some();
                // An absent account beside an installation is somebody else's; alone it is what
                // is installed.
                let absent = facts.from_files() && !beside_workloads;
                !taken.contains(account)
                    && !bindings::api_servers_own().contains(account)
                    && (there || absent)
            })
            .collect();
        for &account in &mine {
            accounts
                .entry(account.clone())
                .or_default()
                .insert(file.clone());
        }
        together.push(mine);
    }
    by_what_belongs_together(facts, &accounts, &together)
}

/// Files that hold nothing but ServiceAccounts.
pub(crate) fn of_objects(facts: &Facts<'_>) -> Vec<Installation> {
    let objects = facts.snapshot().service_accounts.iter();
    let accounts = objects
        .map(|object| {
            let metadata = &object.metadata;
            let account = ServiceAccountRef::new(metadata.namespace(), &metadata.name);
            (account, BTreeSet::from([metadata.input_file.clone()]))
        })
        .collect();
    by_what_belongs_together(facts, &accounts, &[])
}

fn by_what_belongs_together(
    facts: &Facts<'_>,
    accounts: &Named,
    together: &[Vec<&ServiceAccountRef>],
) -> Vec<Installation> {
    let list: Vec<(&ServiceAccountRef, Marks)> = accounts
        .keys()
        .map(|account| {
            let object = facts.service_account(account);
            let marks = object.map(|object| Marks::of(&object.metadata));
            (account, marks.unwrap_or_default())
        })
        .collect();
    let mut sets = UnionFind::new(list.len());
    unite_by_bindings(&list, together, &mut sets);
    unite_by_place_and_labels(facts, &list, &mut sets);
    sets.sets()
        .into_iter()
        .map(|set| {
            let members = set.iter().filter_map(|&position| list.get(position));
            installation(facts, accounts, members)
        })
        .collect()
}

fn unite_by_bindings(
    list: &[(&ServiceAccountRef, Marks)],
    together: &[Vec<&ServiceAccountRef>],
    sets: &mut UnionFind,
) {
    let positions: BTreeMap<&ServiceAccountRef, usize> = list
        .iter()
        .enumerate()
        .map(|(position, (account, _))| (*account, position))
        .collect();
    for named in together {
        let mut named = named.iter().filter_map(|account| positions.get(account));
        if let Some(&first) = named.next() {
            named.for_each(|&other| sets.union(first, other));
        }
    }
}

/// Accounts of one namespace (from files) or with the same label, unless their labels differ.
fn unite_by_place_and_labels(
    facts: &Facts<'_>,
    list: &[(&ServiceAccountRef, Marks)],
    sets: &mut UnionFind,
) {
    let mut first: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (position, (account, marks)) in list.iter().enumerate() {
        let namespace = facts.from_files().then_some(account.namespace.as_str());
        let (part_of, instance) = marks.key();
        let shared = [
            ("namespace", namespace),
            ("part-of", part_of),
            ("instance", instance),
        ];
        for (what, value) in shared {
            let Some(value) = value else { continue };
            let &mut other = first.entry((what, value)).or_insert(position);
            let differ = list
                .get(other)
                .is_some_and(|(_, other)| other.differ(marks));
            if !differ {
                sets.union(other, position);
            }
        }
    }
}

fn installation<'a>(
    facts: &Facts<'_>,
    accounts: &Named,
    members: impl Iterator<Item = &'a (&'a ServiceAccountRef, Marks)>,
) -> Installation {
    let mut installation = Installation::default();
    for (account, marks) in members {
        let object = facts.service_account(account);
        let naming = accounts
            .get(*account)
            .into_iter()
            .flatten()
            .flatten()
            .cloned();
        let own = object.and_then(|object| object.metadata.input_file.clone());
        installation.files.extend(naming.chain(own));
        installation.namespaces.insert(account.namespace.clone());
        installation.marks.join(marks);
        installation.named.insert((*account).clone());
    }
    installation
}
