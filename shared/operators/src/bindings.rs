//! Bindings as far as they say who belongs together: the ServiceAccounts that each names.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use opsec_model::objects::{Metadata, Subject};
use opsec_model::{ServiceAccountRef, Snapshot};

use crate::marks::Marks;

/// A binding.
#[derive(Debug)]
pub(crate) struct Binding<'a> {
    pub(crate) metadata: &'a Metadata,
    /// The namespace of a RoleBinding.
    pub(crate) namespace: Option<&'a str>,
    /// The ServiceAccounts that it names, by account or by user name.
    pub(crate) accounts: BTreeSet<ServiceAccountRef>,
    pub(crate) marks: Marks,
}

/// All bindings of a snapshot.
pub(crate) fn all(snapshot: &Snapshot) -> Vec<Binding<'_>> {
    let namespaced = snapshot.role_bindings.iter().map(|binding| {
        let namespace = binding.metadata.namespace();
        binding_of(&binding.metadata, Some(namespace), &binding.subjects)
    });
    let cluster = snapshot
        .cluster_role_bindings
        .iter()
        .map(|binding| binding_of(&binding.metadata, None, &binding.subjects));
    namespaced.chain(cluster).collect()
}

fn binding_of<'a>(
    metadata: &'a Metadata,
    namespace: Option<&'a str>,
    subjects: &[Subject],
) -> Binding<'a> {
    Binding {
        metadata,
        namespace,
        accounts: subjects
            .iter()
            .filter_map(|subject| account(subject, namespace))
            .collect(),
        marks: Marks::of(metadata),
    }
}

/// The ServiceAccount that a subject is; in a RoleBinding one without a namespace has the
/// binding's.
fn account(subject: &Subject, binding_namespace: Option<&str>) -> Option<ServiceAccountRef> {
    match subject.kind.as_str() {
        "ServiceAccount" => {
            let own = subject.namespace.as_deref().filter(|name| !name.is_empty());
            let namespace = own.or(binding_namespace)?;
            (!subject.name.is_empty()).then(|| ServiceAccountRef::new(namespace, &subject.name))
        }
        "User" => ServiceAccountRef::from_user_name(&subject.name),
        _ => None,
    }
}

/// The ServiceAccounts of the API server's own controllers: those that its own bindings name.
pub(crate) fn api_servers_own() -> &'static BTreeSet<ServiceAccountRef> {
    static OWN: OnceLock<BTreeSet<ServiceAccountRef>> = OnceLock::new();
    OWN.get_or_init(|| {
        let policy = opsec_kubernetes::bootstrap();
        let cluster = policy
            .cluster_role_bindings
            .iter()
            .flat_map(|binding| &binding.subjects)
            .filter_map(|subject| account(subject, None));
        let namespaced = policy.role_bindings.iter().flat_map(|binding| {
            let namespace = binding.metadata.namespace();
            binding
                .subjects
                .iter()
                .filter_map(move |subject| account(subject, Some(namespace)))
        });
        cluster.chain(namespaced).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_servers_own_accounts_are_its_controllers() {
        let own = api_servers_own();
        for name in [
            "horizontal-pod-autoscaler",
            "clusterrole-aggregation-controller",
        ] {
            assert!(
                own.contains(&ServiceAccountRef::new("kube-system", name)),
                "{name}"
            );
        }
        assert!(!own.contains(&ServiceAccountRef::new("kube-system", "default")));
        assert!(own.iter().all(|account| account.namespace == "kube-system"));
    }
}
