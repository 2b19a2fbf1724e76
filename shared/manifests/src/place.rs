//! Where objects without a namespace go: `-n`, else what the bindings of the same file name for
//! its ServiceAccounts, else where OLM installs what it came with, else `default`.

use std::collections::{BTreeMap, BTreeSet};

use opsec_kubernetes::Scope;
use opsec_model::snapshot::PlacementReason;

use crate::error::{ManifestError, NamedNamespaces};
use crate::input::Options;
use crate::node::Node;
use crate::object::RawObject;
use crate::scope::Kinds;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Where one file's objects without a namespace go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FilePlace {
    /// The namespace.
    pub namespace: String,
    /// Why it is that one.
    pub reason: PlacementReason,
}

/// Gives every object of a namespaced kind a namespace and takes it from every other.
pub(crate) fn place(
    files: &[String],
    objects: &mut [RawObject],
    kinds: &Kinds,
    options: &Options,
    installed_in: &BTreeMap<usize, String>,
) -> Result<Vec<FilePlace>, ManifestError> {
    let mut of_files: BTreeMap<usize, Vec<&RawObject>> = BTreeMap::new();
    for object in objects.iter() {
        of_files.entry(object.input).or_default().push(object);
    }
    let mut places = Vec::new();
    for (input, file) in files.iter().enumerate() {
        let of_file = of_files.remove(&input).unwrap_or_default();
        let installed_in = installed_in.get(&input);
        places.push(file_place(
            file,
            of_file.into_iter(),
            options,
            installed_in,
        )?);
    }
    for object in objects {
        match kinds.find(&object.kind).scope() {
            // The API server clears the namespace of a cluster-scoped object.
            Some(Scope::Cluster) => object.namespace = None,
            Some(Scope::Namespaced) if object.namespace.is_none() => {
                object.namespace = places
                    .get(object.input)
                    .map(|place| place.namespace.clone());
                object.placed = true;
            }
            _ => {}
        }
    }
    Ok(places)
}

fn file_place<'a>(
    file: &str,
    objects: impl Iterator<Item = &'a RawObject>,
    options: &Options,
    installed_in: Option<&String>,
) -> Result<FilePlace, ManifestError> {
    let named = Named::by(objects);
    let asked = options.namespace.as_ref().filter(|asked| !asked.is_empty());
    if let Some(asked) = asked {
        let loses_rights = !named.for_unplaced.is_empty() && !named.for_unplaced.contains(asked);
        if loses_rights && !options.namespace_as_given {
            return Err(ManifestError::OtherNamespace {
                file: file.to_owned(),
                named: NamedNamespaces(named.for_unplaced.into_iter().collect()),
                asked: asked.clone(),
            });
        }
        return Ok(FilePlace {
            namespace: asked.clone(),
            reason: PlacementReason::Asked,
        });
    }
    let candidates = if named.for_unplaced.is_empty() {
        named.for_placed
    } else {
        named.for_unplaced
    };
    let mut candidates = candidates.into_iter();
    Ok(match (candidates.next(), candidates.next(), installed_in) {
        (Some(namespace), None, _) => FilePlace {
            namespace,
            reason: PlacementReason::Bindings,
        },
        (_, _, Some(namespace)) => FilePlace {
            namespace: namespace.clone(),
            reason: PlacementReason::Installation,
        },
        _ => FilePlace {
            namespace: "default".to_owned(),
            reason: PlacementReason::Default,
        },
    })
}

/// The namespaces that a file's bindings name for the file's ServiceAccounts.
#[derive(Debug, Default)]
struct Named {
    for_unplaced: BTreeSet<String>,
    for_placed: BTreeSet<String>,
}

impl Named {
    fn by<'a>(objects: impl Iterator<Item = &'a RawObject>) -> Self {
        let mut accounts: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
        let mut subjects = Vec::new();
        for object in objects {
            if object.kind.is("", "ServiceAccount") {
                if let Some(name) = object.name() {
                    accounts
                        .entry(name)
                        .or_default()
                        .insert(object.namespace.as_deref());
                }
            } else if object.kind.group == RBAC && object.kind.kind.ends_with("Binding") {
                subjects.extend(account_subjects(&object.value));
            }
        }
        let mut named = Self::default();
        for (name, namespace) in subjects {
            let Some(namespaces) = accounts.get(name) else {
                continue;
            };
            if namespaces.contains(&None) {
                named.for_unplaced.insert(namespace.to_owned());
            } else if namespaces.contains(&Some(namespace)) {
                named.for_placed.insert(namespace.to_owned());
            }
        }
        named
    }
}

/// Name and namespace of the ServiceAccounts that a binding names with both.
fn account_subjects(binding: &Node) -> impl Iterator<Item = (&str, &str)> {
    let subjects = binding
        .get("subjects")
        .and_then(Node::as_list)
        .into_iter()
        .flatten();
    subjects.filter_map(|subject| {
        let text = |field| subject.text(field).filter(|text| !text.is_empty());
        (text("kind") == Some("ServiceAccount")).then_some(())?;
        Some((text("name")?, text("namespace")?))
    })
}
