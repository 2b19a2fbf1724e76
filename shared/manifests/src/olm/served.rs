//! Kinds that are served wherever OLM has installed something.

use opsec_model::Kind;

/// OLM's own kinds.
///
/// <https://olm.operatorframework.io/docs/concepts/crds/>
const OWN: [(&str, &str); 9] = [
    ("catalogsources", "operators.coreos.com"),
    ("clusterserviceversions", "operators.coreos.com"),
    ("installplans", "operators.coreos.com"),
    ("olmconfigs", "operators.coreos.com"),
    ("operatorconditions", "operators.coreos.com"),
    ("operatorgroups", "operators.coreos.com"),
    ("operators", "operators.coreos.com"),
    ("packagemanifests", "packages.operators.coreos.com"),
    ("subscriptions", "operators.coreos.com"),
];

/// OLM's kinds, and those of versions that are installed: their own and those that they need.
pub(super) fn kinds(of_versions: impl IntoIterator<Item = Kind>) -> Vec<Kind> {
    let own = OWN
        .into_iter()
        .map(|(plural, group)| Kind::new(plural, group));
    let mut kinds: Vec<Kind> = own.chain(of_versions).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
