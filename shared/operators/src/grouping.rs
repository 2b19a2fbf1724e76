//! Which workloads belong to one installation.
//!
//! From files the workloads of one namespace do, unless their part-of or instance labels differ
//! or OLM installs them by another version.
//! Live, those that share such a label, an OLM owner, a Helm release, a binding or, unless their
//! labels differ, a ServiceAccount. A running pod that is not what its template says goes with
//! whoever made it.

use std::collections::{BTreeMap, BTreeSet};

use opsec_facts::Facts;
use opsec_model::ServiceAccountRef;
use opsec_model::objects::{Object as _, Workload, WorkloadKind};

use crate::bindings::Binding;
use crate::deployed::{self, Deployed};
use crate::marks::Marks;
use crate::union_find::UnionFind;

/// Workloads that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    /// Indices into the snapshot's workloads.
    pub(crate) workloads: Vec<usize>,
    pub(crate) marks: Marks,
    /// What deployed them, when it was something in the cluster.
    pub(crate) deployed: Option<Deployed>,
}

struct Member<'a> {
    index: usize,
    workload: &'a Workload,
    marks: Marks,
    deployed: Option<Deployed>,
    account: ServiceAccountRef,
}

impl Member<'_> {
    fn file(&self) -> Option<&str> {
        self.workload.metadata.input_file.as_deref()
    }

    fn kind_and_name(&self) -> (WorkloadKind, &str) {
        (self.workload.kind, &self.workload.metadata.name)
    }
}

/// The workloads of the snapshot by installation, tests of a package and what other workloads
/// made left out.
pub(crate) fn groups(facts: &Facts<'_>, bindings: &[Binding<'_>]) -> Vec<Group> {
    let members = members(facts);
    let mut sets = UnionFind::new(members.len());
    if facts.from_files() {
        in_one_namespace(&members, &mut sets);
        across_namespaces(&members, bindings, &mut sets);
    } else {
        live(&members, bindings, &mut sets);
    }
    let mut groups: Vec<Group> = sets
        .sets()
        .into_iter()
        .map(|set| group(&members, &set))
        .collect();
    with_changed_pods(facts, &mut groups);
    groups
}

/// Adds the running pods that are not what their maker's template says to the group of that maker:
/// the template does not tell what they are.
fn with_changed_pods(facts: &Facts<'_>, groups: &mut [Group]) {
    type Object<'a> = (&'a str, &'a str, &'a str);
    let object = |workload| -> Object<'_> {
        let workload: &Workload = workload;
        (
            workload.namespace(),
            workload.kind(),
            &workload.metadata.name,
        )
    };
    let workloads = facts.workloads();
    let changed = workloads.iter().enumerate().filter_map(|(index, pod)| {
        let changed = facts.differs_from_its_template(pod);
        changed.then(|| Some((index, object(facts.maker(pod)?))))?
    });
    let changed: Vec<(usize, Object<'_>)> = changed.collect();
    if changed.is_empty() {
        return;
    }
    let mut places = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let made = group
            .workloads
            .iter()
            .filter_map(|&index| workloads.get(index));
        places.extend(made.map(|workload| (object(workload), place)));
    }
    for (index, maker) in changed {
        let group = places.get(&maker).and_then(|&place| groups.get_mut(place));
        if let Some(group) = group {
            group.workloads.push(index);
        }
    }
}

fn group(members: &[Member<'_>], set: &[usize]) -> Group {
    let mut group = Group {
        workloads: Vec::new(),
        marks: Marks::default(),
        deployed: None,
    };
    for member in set.iter().filter_map(|&position| members.get(position)) {
        group.workloads.push(member.index);
        group.marks.join(&member.marks);
        group.deployed.clone_from(&member.deployed);
    }
    group
}

fn members<'a>(facts: &Facts<'a>) -> Vec<Member<'a>> {
    let managers = deployed::managers(facts.workloads());
    facts
        .workloads()
        .iter()
        .enumerate()
        .filter(|(_, workload)| !is_test(workload) && !made_by_another(facts, workload))
        .map(|(index, workload)| Member {
            index,
            workload,
            marks: Marks::of_workload(workload),
            deployed: deployed::by_what(facts, &managers, workload),
            account: account_of(workload),
        })
        .collect()
}

/// The ServiceAccount that a workload runs as.
pub(crate) fn account_of(workload: &Workload) -> ServiceAccountRef {
    ServiceAccountRef::new(
        workload.namespace(),
        workload.template.spec.service_account(),
    )
}

/// Whether a package manager runs it only when someone asks for a test.
fn is_test(workload: &Workload) -> bool {
    workload.hook.as_deref().is_some_and(|hook| {
        let mut events = hook.split(',').map(str::trim);
        events.all(|event| matches!(event, "test" | "test-success" | "test-failure"))
    })
}

/// Whether a workload of the snapshot made this one, as a Deployment makes a ReplicaSet.
fn made_by_another(facts: &Facts<'_>, workload: &Workload) -> bool {
    let makers: &[WorkloadKind] = match workload.kind {
        WorkloadKind::Pod => &[
            WorkloadKind::ReplicaSet,
            WorkloadKind::StatefulSet,
            WorkloadKind::DaemonSet,
            WorkloadKind::Job,
            WorkloadKind::ReplicationController,
        ],
        WorkloadKind::ReplicaSet => &[WorkloadKind::Deployment],
        WorkloadKind::Job => &[WorkloadKind::CronJob],
        _ => return false,
    };
    let owners = &workload.metadata.owner_references;
    owners.iter().filter(|owner| owner.controller).any(|owner| {
        facts
            .workloads_in(workload.namespace())
            .iter()
            .any(|maker| {
                makers.contains(&maker.kind)
                    && maker.kind.as_str() == owner.kind
                    && maker.metadata.name == owner.name
            })
    })
}

/// Unites the workloads of each namespace. Where labels tell several installations apart, those
/// that say less go with the only one they can belong to.
fn in_one_namespace(members: &[Member<'_>], sets: &mut UnionFind) {
    type Place<'a> = (&'a str, &'a Option<Deployed>);
    let mut namespaces: BTreeMap<Place<'_>, Vec<usize>> = BTreeMap::new();
    let mut versions: BTreeMap<(Place<'_>, &BTreeSet<String>), Vec<usize>> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        let place = (member.workload.namespace(), &member.deployed);
        let installed_by = &member.marks.cluster_service_versions;
        if installed_by.is_empty() {
            namespaces.entry(place).or_default().push(position);
        } else {
            let key = (place, installed_by);
            versions.entry(key).or_default().push(position);
        }
    }
    // What OLM installs by one version is one installation, whatever its labels say.
    for positions in versions.into_values() {
        unite(positions, sets);
    }
    for positions in namespaces.into_values() {
        unless_told_apart(members, &positions, sets);
    }
}

/// Unites workloads, or what labels do not tell apart of them.
fn unless_told_apart(members: &[Member<'_>], positions: &[usize], sets: &mut UnionFind) {
    let here: Vec<(usize, &Member<'_>)> = positions
        .iter()
        .filter_map(|&position| Some((position, members.get(position)?)))
        .collect();
    let values = |label: fn(&Marks) -> &BTreeSet<String>| {
        let all = here.iter().flat_map(|(_, member)| label(&member.marks));
        all.collect::<BTreeSet<_>>().len()
    };
    if values(|marks| &marks.part_of) <= 1 && values(|marks| &marks.instance) <= 1 {
        unite(positions.iter().copied(), sets);
    } else {
        told_apart(&here, sets);
    }
}

fn unite(positions: impl IntoIterator<Item = usize>, sets: &mut UnionFind) {
    let mut positions = positions.into_iter();
    if let Some(first) = positions.next() {
        positions.for_each(|position| sets.union(first, position));
    }
}

type Key<'a> = (Option<&'a str>, Option<&'a str>);

fn told_apart(here: &[(usize, &Member<'_>)], sets: &mut UnionFind) {
    let mut by_labels: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (position, member) in here {
        by_labels
            .entry(member.marks.key())
            .or_default()
            .push(*position);
    }
    for (_, positions) in by_labels.iter().filter(|(key, _)| **key != (None, None)) {
        unite(positions.iter().copied(), sets);
    }
    // Those with one of the two labels go with the only installation that has it too.
    for (key, positions) in &by_labels {
        let fuller: Vec<&Vec<usize>> = match key {
            (Some(part_of), None) => by_labels
                .iter()
                .filter(|(other, _)| other.0 == Some(*part_of) && other.1.is_some())
                .map(|(_, positions)| positions)
                .collect(),
            (None, Some(instance)) => by_labels
                .iter()
                .filter(|(other, _)| other.1 == Some(*instance) && other.0.is_some())
                .map(|(_, positions)| positions)
                .collect(),
            _ => continue,
        };
        if let ([only], Some(&position)) = (fuller.as_slice(), positions.first()) {
            only.first()
                .into_iter()
                .for_each(|&o| sets.union(o, position));
        }
    }
    unlabelled(here, sets);
}

/// Those without labels go with what shares their ServiceAccount, else with the only installation
/// of their file, else together.
fn unlabelled(here: &[(usize, &Member<'_>)], sets: &mut UnionFind) {
    let (labelled, bare): (Vec<_>, Vec<_>) = here
        .iter()
        .partition(|(_, member)| member.marks.key() != (None, None));
    let mut left = Vec::new();
    for (position, member) in bare {
        let same_account: BTreeSet<usize> = labelled
            .iter()
            .filter(|(_, other)| {
                other.account == member.account && member.account.name != "default"
            })
            .map(|(other, _)| sets.root(*other))
            .collect();
        let same_file: BTreeSet<usize> = labelled
            .iter()
            .filter(|(_, other)| other.file() == member.file())
            .map(|(other, _)| sets.root(*other))
            .collect();
        let only = [same_account, same_file]
            .into_iter()
            .find(|roots| roots.len() == 1);
        match only.and_then(|roots| roots.first().copied()) {
            Some(root) => sets.union(root, position),
            None => left.push(position),
        }
    }
    unite(left, sets);
}

/// File, what deployed it, label and the label's value.
type Shared<'a> = (Option<&'a str>, &'a Option<Deployed>, &'a str, &'a str);

/// From files, unites what one file holds in several namespaces when a label or a binding says
/// that it belongs together, unless it is the same thing twice.
fn across_namespaces(members: &[Member<'_>], bindings: &[Binding<'_>], sets: &mut UnionFind) {
    let mut first: BTreeMap<Shared<'_>, usize> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        let (part_of, instance) = member.marks.key();
        let labels = [("part-of", part_of), ("instance", instance)];
        for (label, value) in labels {
            let Some(value) = value else { continue };
            let key = (member.file(), &member.deployed, label, value);
            let &mut other = first.entry(key).or_insert(position);
            join_unless_copies(members, sets, other, position);
        }
    }
    let runs = running(members);
    for binding in bindings {
        let file = binding.metadata.input_file.as_deref();
        let mut named = binding
            .accounts
            .iter()
            .filter_map(|account| runs.get(account)?.first().copied())
            .filter(|&position| members.get(position).is_some_and(|m| m.file() == file));
        if let Some(one) = named.next() {
            named.for_each(|other| join_unless_copies(members, sets, one, other));
        }
    }
}

fn join_unless_copies(members: &[Member<'_>], sets: &mut UnionFind, a: usize, b: usize) {
    let (root_a, root_b) = (sets.root(a), sets.root(b));
    let (Some(one), Some(other)) = (members.get(a), members.get(b)) else {
        return;
    };
    let apart = one.workload.namespace() != other.workload.namespace();
    if root_a == root_b || !apart || one.marks.differ(&other.marks) {
        return;
    }
    if one.deployed == other.deployed {
        let mut names: [BTreeSet<(WorkloadKind, &str)>; 2] = Default::default();
        for (position, member) in members.iter().enumerate() {
            let root = sets.root(position);
            for (side, wanted) in names.iter_mut().zip([root_a, root_b]) {
                if root == wanted {
                    side.insert(member.kind_and_name());
                }
            }
        }
        let [a_names, b_names] = names;
        if a_names.is_disjoint(&b_names) {
            sets.union(a, b);
        }
    }
}

fn running<'a>(members: &'a [Member<'_>]) -> BTreeMap<&'a ServiceAccountRef, Vec<usize>> {
    let mut runs: BTreeMap<&ServiceAccountRef, Vec<usize>> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        // Every namespace has a `default` account, so it says nothing about who belongs together.
        if member.account.name != "default" {
            runs.entry(&member.account).or_default().push(position);
        }
    }
    runs
}

fn live(members: &[Member<'_>], bindings: &[Binding<'_>], sets: &mut UnionFind) {
    let mut first: BTreeMap<(&Option<Deployed>, &str, &str), usize> = BTreeMap::new();
    for (position, member) in members.iter().enumerate() {
        let marks = &member.marks;
        let shared = [
            ("part-of", &marks.part_of),
            ("instance", &marks.instance),
            ("release", &marks.helm_releases),
            ("version", &marks.cluster_service_versions),
            ("package", &marks.olm_packages),
        ];
        for (what, values) in shared {
            for value in values {
                let &mut other = first
                    .entry((&member.deployed, what, value))
                    .or_insert(position);
                let differ = members
                    .get(other)
                    .is_some_and(|other| other.marks.differ(marks));
                // Of two labels one may be a word that many share, as in `instance: default`.
                if !differ || !matches!(what, "part-of" | "instance") {
                    sets.union(other, position);
                }
            }
        }
    }
    let runs = running(members);
    // A workload of another product that runs as the account is not of the installation.
    for positions in runs.values() {
        unless_told_apart(members, positions, sets);
    }
    for binding in bindings {
        let named = binding
            .accounts
            .iter()
            .filter_map(|account| runs.get(account)?.first());
        unite(named.copied(), sets);
    }
}
