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

    fn presumed(written: &[&str], owned: &[&str], others: &[&str]) -> Vec<String> {
        let definition = |group: &&str| {
            let mut definition = CustomResourceDefinition::default();
            definition.spec.group = (*group).to_owned();
            definition
        };
        let snapshot = Snapshot {
            custom_resource_definitions: owned.iter().chain(others).map(definition).collect(),
            ..Snapshot::default()
        };
        let written = written.iter().map(|group| (*group).to_owned()).collect();
        let owned = owned
            .iter()
            .map(|group| Kind::new("things", *group))
            .collect();
        groups(&snapshot, &written, &owned).into_iter().collect()
    }

    #[test]
    fn a_group_is_presumed_own_without_any_definition_or_under_an_owned_domain() {
        for (written, owned, others, expected) in [
            // The installation holds no definition at all.
            (
                vec!["flink.apache.org"],
                vec![],
                vec![],
                vec!["flink.apache.org"],
            ),
            // The group ends in the domain of an owned one.
            (
                vec!["acme.cert-manager.io"],
                vec!["cert-manager.io"],
                vec![],
                vec!["acme.cert-manager.io"],
            ),
            (
                vec!["pgv2.percona.com"],
                vec!["upstream.pgv2.percona.com"],
                vec![],
                vec!["pgv2.percona.com"],
            ),
            // Another domain.
            (
                vec!["route.openshift.io"],
                vec!["cert-manager.io"],
                vec![],
                vec![],
            ),
            (
                vec!["notcert-manager.io"],
                vec!["cert-manager.io"],
                vec![],
                vec![],
            ),
            // Another installation's, built in, or of the Kubernetes project.
            (vec!["argoproj.io"], vec![], vec!["argoproj.io"], vec![]),
            (vec!["apps", "extensions"], vec![], vec![], vec![]),
            (
                vec!["gateway.networking.k8s.io", "metrics.k8s.io"],
                vec![],
                vec![],
                vec![],
            ),
            (
                vec!["custom.metrics.k8s.io"],
                vec!["metrics.k8s.io"],
                vec![],
                vec![],
            ),
            // A domain that many share is no one's.
            (
                vec!["gateway.x-k8s.io"],
                vec!["cluster.x-k8s.io"],
                vec![],
                vec![],
            ),
            (
                vec!["ipam.cluster.x-k8s.io"],
                vec!["cluster.x-k8s.io"],
                vec![],
                vec!["ipam.cluster.x-k8s.io"],
            ),
        ] {
            assert_eq!(
                presumed(&written, &owned, &others),
                expected,
                "{written:?} {owned:?}"
            );
        }
    }
}
