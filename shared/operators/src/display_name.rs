//! What an operator is called.

use std::collections::BTreeSet;

use opsec_model::objects::Workload;
use opsec_model::olm::package_of;

use crate::marks::Marks;

/// What a namespace of an operator often ends in beside its name, the longest first.
const SUFFIXES: [&str; 5] = [
    "-controller-manager",
    "-controller",
    "-operator",
    "-manager",
    "-system",
];

/// The package of the ClusterServiceVersion that OLM installs all components by, else the first of
/// part-of, instance and name that all of them share, the only workload, else the namespace less
/// its suffix.
pub(crate) fn of(components: &[&Workload], namespaces: &BTreeSet<String>) -> String {
    let marks: Vec<Marks> = components.iter().map(|w| Marks::of_workload(w)).collect();
    if let Some(package) = package(&marks) {
        return package;
    }
    let labels: [fn(&Marks) -> &BTreeSet<String>; 3] = [
        |marks| &marks.part_of,
        |marks| &marks.instance,
        |marks| &marks.name,
    ];
    let shared = labels.into_iter().find_map(|label| shared(&marks, label));
    if let Some(name) = shared {
        return name;
    }
    if let [only] = components {
        return only.metadata.name.clone();
    }
    let namespace = namespaces.first().map(String::as_str).unwrap_or_default();
    without_suffix(namespace).to_owned()
}

/// The package that the label of OLM's names, else the version's name without its version.
fn package(marks: &[Marks]) -> Option<String> {
    let version = shared(marks, |marks| &marks.cluster_service_versions)?;
    let package = shared(marks, |marks| &marks.olm_packages);
    let package = package.and_then(|label| Some(label.rsplit_once('.')?.0.to_owned()));
    Some(package.unwrap_or_else(|| package_of(&version).to_owned()))
}

/// A namespace less `-operator`, `-system` and the like.
pub(crate) fn without_suffix(namespace: &str) -> &str {
    SUFFIXES
        .iter()
        .find_map(|suffix| namespace.strip_suffix(suffix))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(namespace)
}

fn shared(marks: &[Marks], label: fn(&Marks) -> &BTreeSet<String>) -> Option<String> {
    let first = label(marks.first()?);
    let value = first.first()?;
    marks
        .iter()
        .all(|marks| label(marks).contains(value))
        .then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_suffix_is_taken_from_a_namespace() {
        for (namespace, stem) in [
            ("metallb-system", "metallb"),
            ("argo-controller-manager", "argo"),
            ("foo-manager", "foo"),
            ("foo-controller", "foo"),
            ("foo-operator", "foo"),
            ("foo-operator-system", "foo-operator"),
            ("argocd", "argocd"),
            ("-system", "-system"),
        ] {
            assert_eq!(without_suffix(namespace), stem);
        }
    }
}
