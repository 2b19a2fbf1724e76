//! A binding to a ServiceAccount that does not exist is a door: whoever can create that account,
//! and take a token of it, holds what the binding grants.

use std::collections::BTreeSet;

use opsec_model::{ServiceAccountRef, Severity};
use opsec_rbac::{Names, Reaching};

use crate::grading::Grading;
use crate::hit::{Atom, Hit};
use crate::rows;

/// The ghosts that an account can become.
pub(crate) fn hits(grading: &Grading<'_>, account: &ServiceAccountRef) -> Vec<Hit> {
    let Some(row) = rows::find("ESC-GHOST").next() else {
        return Vec::new();
    };
    let Some(rights) = grading.effective(account) else {
        return Vec::new();
    };
    let creates = opsec_rbac::Request {
        verb: "create",
        group: "",
        resource: "serviceaccounts",
        subresource: None,
    };
    let creating = rights.held(&creates);
    if creating.is_empty() {
        return Vec::new();
    }
    let missing: Vec<&ServiceAccountRef> = grading
        .accounts()
        .filter(|ghost| *ghost != account && ghost.name != "default")
        .filter(|ghost| !exists(grading, ghost) && worst(grading, ghost) >= Severity::High)
        .collect();
    let mut found = Vec::new();
    for ghost in missing {
        for held in &creating {
            let in_reach = match &held.scope {
                Reaching::Cluster => true,
                Reaching::Namespace(namespace) => *namespace == ghost.namespace,
            };
            let named = match &held.names {
                Names::All => true,
                Names::Only(names) => names.contains(&ghost.name),
            };
            let bootstrap = rights
                .grants()
                .get(held.grant)
                .is_some_and(|grant| grant.bootstrap);
            if in_reach && named && !bootstrap && usable(grading, account, &ghost.namespace) {
                found.push(Hit {
                    row,
                    alone: false,
                    scope: Reaching::Namespace(ghost.namespace.clone()),
                    names: Names::All,
                    atoms: BTreeSet::from([Atom {
                        verb: "create".into(),
                        group: String::new(),
                        resource: format!("serviceaccounts ({ghost})"),
                        name: None,
                    }]),
                    grants: BTreeSet::from([held.grant]),
                    latent: false,
                });
            }
        }
    }
    found
}

fn exists(grading: &Grading<'_>, account: &ServiceAccountRef) -> bool {
    grading.facts.service_account(account).is_some()
        || !grading.facts.workloads_of(account).is_empty()
        || opsec_kubernetes::NAMESPACES.contains(&account.namespace.as_str())
            && opsec_kubernetes::bootstrap()
                .cluster_role_bindings
                .iter()
                .any(|binding| {
                    binding.subjects.iter().any(|subject| {
                        subject.name == account.name
                            && subject.namespace.as_deref() == Some(account.namespace.as_str())
                    })
                })
}

fn worst(grading: &Grading<'_>, ghost: &ServiceAccountRef) -> Severity {
    if grading.is_strong(ghost) {
        Severity::High
    } else {
        Severity::Info
    }
}

/// Whether a token of an account in the namespace can be had: by asking for one, by a token
/// Secret, or by a pod.
fn usable(grading: &Grading<'_>, account: &ServiceAccountRef, namespace: &str) -> bool {
    const WAYS: [&str; 4] = [
        "ESC-TOKENREQ",
        "ESC-SECRET-WRITE",
        "RUN-POD",
        "RUN-WORKLOAD",
    ];
    grading.hits_of(account).iter().any(|hit| {
        WAYS.contains(&hit.row.id)
            && match &hit.scope {
                Reaching::Cluster => true,
                Reaching::Namespace(reached) => reached == namespace,
            }
    })
}
