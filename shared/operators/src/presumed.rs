//! Groups that are taken to be an operator's own although no CustomResourceDefinition says so.

use std::collections::BTreeSet;

use opsec_model::{Kind, Snapshot};

use crate::groups_of_kubernetes::{is_built_in, is_under_k8s_io};

/// Domains under which many projects have their groups.
const SHARED: [&str; 2] = ["k8s.io", "x-k8s.io"];

/// The groups among `written` that are presumed own: without a known definition, neither built in
/// nor of the Kubernetes project, and either the installation holds no definition at all or the
/// group ends in the domain of an owned one.
pub(crate) fn groups(
    snapshot: &Snapshot,
    written: &BTreeSet<String>,
    owned: &BTreeSet<Kind>,
) -> BTreeSet<String> {
    let defined: BTreeSet<&str> = snapshot
        .custom_resource_definitions
        .iter()
        .map(|definition| definition.spec.group.as_str())
        .chain(owned.iter().map(|kind| kind.group.as_str()))
        .chain(snapshot.served.iter().map(|kind| kind.group.as_str()))
        .collect();
    let domains: BTreeSet<&str> = owned.iter().map(|kind| domain(&kind.group)).collect();
    written
        .iter()
        .filter(|group| !is_built_in(group) && !is_under_k8s_io(group))
        .filter(|group| !defined.contains(group.as_str()))
        .filter(|group| domains.is_empty() || domains.iter().any(|domain| is_under(group, domain)))
        .cloned()
        .collect()
}

/// The domain that a group is under: `cert-manager.io` of `acme.cert-manager.io`, `keda.sh` of
/// itself. What many projects share (`x-k8s.io`) is no one's domain.
fn domain(group: &str) -> &str {
    match group.split_once('.') {
        Some((_, parent)) if parent.contains('.') && !SHARED.contains(&parent) => parent,
        _ => group,
    }
}

fn is_under(group: &str, domain: &str) -> bool {
    group
        .strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use opsec_model::objects::CustomResourceDefinition;

    fn presumed(written: &str, owned: &str, others: &str) -> String {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let definition = |group: String| {
            let mut definition = CustomResourceDefinition::default();
            definition.spec.group = group;
            definition
        };
        let defined = words(owned).into_iter().chain(words(others));
        let snapshot = Snapshot {
            custom_resource_definitions: defined.map(definition).collect(),
            ..Snapshot::default()
        };
        let owned = words(owned)
            .into_iter()
            .map(|group| Kind::new("things", group));
        let written = words(written).into_iter().collect();
        let presumed = groups(&snapshot, &written, &owned.collect());
        presumed.into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_group_is_presumed_own_without_any_definition_or_under_an_owned_domain() {
        for (written, owned, others, expected) in [
            // The installation holds no definition at all.
            ("flink.apache.org", "", "", "flink.apache.org"),
            // The group ends in the domain of an owned one.
            ("a.example.com", "example.com", "", "a.example.com"),
            ("b.example.com", "a.example.com", "", "b.example.com"),
            ("example.com", "a.example.com", "", "example.com"),
            // Another domain.
            ("route.openshift.io", "example.com", "", ""),
            ("notexample.com", "example.com", "", ""),
            // Another installation's, built in, or of the Kubernetes project.
            ("argoproj.io", "", "argoproj.io", ""),
            ("apps extensions", "", "", ""),
            ("gateway.networking.k8s.io metrics.k8s.io", "", "", ""),
            ("custom.metrics.k8s.io", "metrics.k8s.io", "", ""),
            // A domain that many share is no one's.
            ("gateway.x-k8s.io", "cluster.x-k8s.io", "", ""),
            (
                "ipam.cluster.x-k8s.io",
                "cluster.x-k8s.io",
                "",
                "ipam.cluster.x-k8s.io",
            ),
        ] {
            assert_eq!(
                presumed(written, owned, others),
                expected,
                "{written} {owned}"
            );
        }
    }
}
