//! Whose a CustomResourceDefinition is.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use opsec_facts::Facts;
use opsec_model::Kind;
use opsec_model::objects::{CustomResourceDefinition, Metadata};
use opsec_rbac::Policy;

use crate::installation::Installation;
use crate::marks::Marks;
use crate::writers::{Writer, Writers};

/// The kind of our own declarations, which is no operator's.
const DECLARATIONS: (&str, &str) = ("operatorrights", "kubectl-opsec.dev");

/// The kinds of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Owned {
    /// Its own.
    pub(crate) kinds: BTreeSet<Kind>,
    /// Its own or another's: no label says whose they are, and not one alone writes their status.
    pub(crate) perhaps: BTreeSet<Kind>,
}

/// The kinds of each installation, in the order of the installations.
pub(crate) fn kinds(
    facts: &Facts<'_>,
    policy: &Policy,
    installations: &[Installation],
) -> Vec<Owned> {
    let mut all = vec![Owned::default(); installations.len()];
    let busy = busy_files(facts);
    // Found out at the first definition that says of nobody that it is theirs.
    let writers = OnceCell::new();
    for definition in &facts.snapshot().custom_resource_definitions {
        let kind = kind(definition);
        if is_declaration(&kind) {
            continue;
        }
        let mut owners = owners(facts, installations, &busy, definition);
        if owners.is_empty() && !facts.from_files() {
            let writers = writers.get_or_init(|| Writers::new(facts, policy, installations));
            match writers.of(&kind) {
                Writer::Only(owner) => owners.push(owner),
                Writer::Several(perhaps) => {
                    for owner in perhaps {
                        if let Some(owned) = all.get_mut(owner) {
                            owned.perhaps.insert(kind.clone());
                        }
                    }
                }
                Writer::Nobody => {}
            }
        }
        for owner in owners {
            if let Some(owned) = all.get_mut(owner) {
                owned.kinds.insert(kind.clone());
            }
        }
    }
    for (installation, owned) in installations.iter().zip(&mut all) {
        owned.kinds.extend(said_by_versions(facts, installation));
    }
    all
}

/// What the ClusterServiceVersions that OLM installs it by say that it owns: their definitions
/// need not be among the files.
fn said_by_versions(facts: &Facts<'_>, installation: &Installation) -> Vec<Kind> {
    let versions = &installation.marks.cluster_service_versions;
    let said = facts.snapshot().source.olm_installations.iter();
    said.filter(|said| versions.contains(&said.cluster_service_version))
        .filter(|said| installation.namespaces.contains(&said.namespace))
        .flat_map(|said| said.owned_kinds.clone())
        .collect()
}

/// Plural and group of a definition.
pub(crate) fn kind(definition: &CustomResourceDefinition) -> Kind {
    Kind::new(&definition.spec.names.plural, &definition.spec.group)
}

/// Whether it is the kind of our own declarations.
pub(crate) fn is_declaration(kind: &Kind) -> bool {
    (kind.resource.as_str(), kind.group.as_str()) == DECLARATIONS
}

/// From files a definition belongs to the installation of its file, or with its labels; in a file
/// of definitions to all. Where labels tell several installations of one file apart, they decide.
/// In a cluster labels alone say it.
fn owners(
    facts: &Facts<'_>,
    installations: &[Installation],
    busy: &BTreeSet<Option<&str>>,
    definition: &CustomResourceDefinition,
) -> Vec<usize> {
    let marks = Marks::of(&definition.metadata);
    let file = definition.metadata.input_file.as_deref();
    let those = |wanted: &dyn Fn(&Installation) -> bool| -> Vec<usize> {
        let all = installations.iter().enumerate();
        all.filter(|(_, installation)| wanted(installation))
            .map(|(position, _)| position)
            .collect()
    };
    let marked = those(&|installation| installation.marks.share(&marks));
    if !facts.from_files() {
        return marked;
    }
    let installed = |installation: &Installation| installation.deployed.is_none();
    let of_file = those(&|installation| installed(installation) && installation.is_in(file));
    if !of_file.is_empty() {
        return if marked.iter().any(|owner| of_file.contains(owner)) {
            marked
        } else {
            of_file.into_iter().chain(marked).collect()
        };
    }
    if marked.is_empty() && !busy.contains(&file) {
        those(&installed)
    } else {
        marked
    }
}

/// The files with a workload, a ServiceAccount or a binding: those are no files of definitions.
fn busy_files<'a>(facts: &Facts<'a>) -> BTreeSet<Option<&'a str>> {
    let snapshot = facts.snapshot();
    let file = |metadata: &'a Metadata| metadata.input_file.as_deref();
    let workloads = snapshot
        .workloads
        .iter()
        .map(|object| file(&object.metadata));
    let accounts = snapshot
        .service_accounts
        .iter()
        .map(|object| file(&object.metadata));
    let namespaced = snapshot
        .role_bindings
        .iter()
        .map(|object| file(&object.metadata));
    let cluster = snapshot
        .cluster_role_bindings
        .iter()
        .map(|object| file(&object.metadata));
    workloads
        .chain(accounts)
        .chain(namespaced)
        .chain(cluster)
        .collect()
}
