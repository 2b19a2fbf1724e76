//! A binding to a ServiceAccount that does not exist is a door: whoever can create that account,
//! and take a token of it, holds what the binding grants.

use std::collections::BTreeSet;
use std::sync::Arc;

use opsec_facts::Facts;
use opsec_model::{Reach, ServiceAccountRef, Severity};
use opsec_rbac::{EffectiveRights, Held, Names, Reaching, Request};

use crate::atoms::Atoms;
use crate::grading::Grading;
use crate::hit::{Atom, Hit};
use crate::row::Row;
use crate::{GradedHit, grade, rows};

/// The ghosts that an account can become, each as grave as the worst that its binding grants, seen
/// from the ghost's own namespace.
pub(crate) fn graded(grading: &Grading<'_>, account: &ServiceAccountRef) -> Vec<GradedHit> {
    let (Some(row), Some(rights)) = (rows::find("ESC-GHOST").next(), grading.effective(account))
    else {
        return Vec::new();
    };
    let create = |resource| Request::new("create", "", resource);
    let making = rights.held(&create("serviceaccounts"));
    let spaces = rights.held(&create("namespaces"));
    let mut found = Vec::new();
    if making.is_empty() && spaces.is_empty() {
        return found;
    }
    for ghost in grading.ghosts().filter(|ghost| *ghost != account) {
        let there = namespace_exists(grading.facts, &ghost.namespace);
        if !(usable(grading, account, ghost) && (there || !spaces.is_empty())) {
            continue;
        }
        let Some((severity, reach)) = inherited(grading, ghost) else {
            continue;
        };
        // The account `default` comes with its namespace.
        let doors = if ghost.name == "default" {
            &spaces
        } else {
            &making
        };
        for held in doors.iter().filter(|held| opens(rights, held, ghost)) {
            let hit = hit(row, ghost, held.grant);
            let granted = grading.baseline_grants(account, &hit);
            found.push(GradedHit {
                hit: Arc::new(hit),
                severity,
                reach,
                granted,
                own_names: false,
            });
        }
    }
    found
}

fn hit(row: &'static Row, ghost: &ServiceAccountRef, grant: usize) -> Hit {
    let resource = if ghost.name == "default" {
        format!("namespaces ({})", ghost.namespace)
    } else {
        format!("serviceaccounts ({ghost})")
    };
    Hit {
        row,
        alone: false,
        scope: Reaching::Namespace(ghost.namespace.clone()),
        names: Names::All,
        atoms: Atoms::of(Atom {
            verb: "create".into(),
            group: "".into(),
            resource: resource.into(),
            name: None,
        }),
        grants: BTreeSet::from([grant]),
        latent: false,
    }
}

/// Whether a right to create reaches the ghost, and is not the API server's own grant.
fn opens(rights: &EffectiveRights, held: &Held, ghost: &ServiceAccountRef) -> bool {
    let in_reach = match &held.scope {
        Reaching::Cluster => true,
        Reaching::Namespace(namespace) => *namespace == ghost.namespace,
    };
    let bootstrap = rights.grant(held).is_some_and(|grant| grant.bootstrap);
    let name = if ghost.name == "default" {
        &ghost.namespace
    } else {
        &ghost.name
    };
    in_reach && held.names.contains(name) && !bootstrap
}

/// The worst of what a ghost's bindings grant; none when it is nothing.
fn inherited(grading: &Grading<'_>, ghost: &ServiceAccountRef) -> Option<(Severity, Reach)> {
    grading
        .hits_of(ghost)
        .iter()
        .cloned()
        .filter_map(|hit| grade::grade(grading, ghost, hit))
        .map(|graded| (graded.severity, graded.reach))
        .filter(|(severity, _)| *severity > Severity::Info)
        .max()
}

/// From files every namespace that is named is there.
fn namespace_exists(facts: &Facts<'_>, namespace: &str) -> bool {
    facts.from_files() || facts.namespace(namespace).is_some()
}

/// Whether an account is there: as an object, as what a pod runs as, or as one that a namespace or
/// the API server brings.
pub(crate) fn exists(facts: &Facts<'_>, account: &ServiceAccountRef) -> bool {
    let comes_with_its_namespace =
        account.name == "default" && namespace_exists(facts, &account.namespace);
    comes_with_its_namespace
        || facts.service_account(account).is_some()
        || !facts.workloads_of(account).is_empty()
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

/// Whether a token of the ghost can be had: by asking for one, by a token Secret, or by a pod.
fn usable(grading: &Grading<'_>, account: &ServiceAccountRef, ghost: &ServiceAccountRef) -> bool {
    const WAYS: [&str; 4] = [
        "ESC-TOKENREQ",
        "ESC-SECRET-WRITE",
        "RUN-POD",
        "RUN-WORKLOAD",
    ];
    grading.hits_of(account).iter().any(|hit| {
        // The names of a token request are accounts; those of Secrets and pods do not matter.
        let named = hit.row.id != "ESC-TOKENREQ" || hit.names.contains(&ghost.name);
        WAYS.contains(&hit.row.id)
            && named
            && match &hit.scope {
                Reaching::Cluster => true,
                Reaching::Namespace(reached) => *reached == ghost.namespace,
            }
    })
}
