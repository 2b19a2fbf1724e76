//! The grade of one hit, in the order of the page: reach, stronger, `†`, names.

use std::sync::Arc;

use opsec_model::{Reach, ServiceAccountRef, Severity};
use opsec_rbac::{Names, Reaching};

use crate::grading::Grading;
use crate::hit::Hit;
use crate::row::{Adjust, Grade, NameRule};
use crate::{GradedHit, names, namespaces};

/// Grades a hit; none when the row is nothing at that reach.
pub(crate) fn grade(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    mut hit: Arc<Hit>,
) -> Option<GradedHit> {
    if hit.row.id == "RUN-EXEC-GET" && grading.execs_by_get() {
        Arc::make_mut(&mut hit).row = crate::rows::find("RUN-EXEC").next()?;
    }
    let reach = reach(grading, account, &hit)?;
    let cell = cell(&hit, reach)?;
    let granted = grading.baseline_grants(account, &hit);
    if hit.alone {
        let severity = if inner(reach) {
            Severity::Info
        } else {
            Severity::Low
        };
        let severity = names::apply(grading, account, &hit, severity)?.min(severity);
        return Some(GradedHit {
            own_names: own_names(grading, &hit),
            hit,
            severity,
            reach,
            granted,
        });
    }
    let (mut severity, by_stronger) = stronger(grading, account, &hit, cell);
    if cell.unenforced && unenforced(grading, account, &hit) {
        severity = severity.raised();
    }
    severity = adjust(grading, account, &hit, severity)?;
    severity = names::apply(grading, account, &hit, severity)?;
    if hit.latent {
        severity = severity.min(Severity::Low);
    }
    let kept = by_stronger || by_sibling(grading, account, &hit) || speaks_inside(&hit, reach);
    if inner(reach) && !grading.has_baseline_rights() && !kept {
        severity = Severity::Info;
    }
    Some(GradedHit {
        own_names: own_names(grading, &hit),
        hit,
        severity,
        reach,
        granted,
    })
}

fn own_names(grading: &Grading<'_>, hit: &Hit) -> bool {
    hit.names
        .only()
        .is_some_and(|only| names::installed(grading, hit, only))
}

/// Whether a reach is the operator's own or intended.
pub(crate) fn inner(reach: Reach) -> bool {
    matches!(reach, Reach::Own | Reach::Intended)
}

/// The reach of a hit; of named Namespaces the farthest.
fn reach(grading: &Grading<'_>, account: &ServiceAccountRef, hit: &Hit) -> Option<Reach> {
    let of = |namespace: &str| grading.namespaces.reach(&account.namespace, namespace);
    if let (NameRule::Namespaces, Names::Only(names)) = (hit.row.names, &hit.names) {
        return names.iter().map(|name| of(name)).max();
    }
    match &hit.scope {
        Reaching::Cluster => Some(Reach::Cluster),
        Reaching::Namespace(namespace) => Some(of(namespace)),
    }
}

fn cell(hit: &Hit, reach: Reach) -> Option<Grade> {
    let grades = &hit.row.grades;
    match reach {
        Reach::Cluster => grades.cluster,
        Reach::Protected => grades.protected,
        Reach::Foreign => grades.foreign,
        Reach::Intended => grades.intended,
        Reach::Own => grades.own,
    }
}

fn stronger(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hit: &Hit,
    cell: Grade,
) -> (Severity, bool) {
    match (cell.if_stronger, &hit.scope) {
        (Some(severity), Reaching::Namespace(namespace))
            if grading.stronger_in(account, namespace, hit) =>
        {
            (severity, true)
        }
        _ => (cell.severity, false),
    }
}

fn unenforced(grading: &Grading<'_>, account: &ServiceAccountRef, hit: &Hit) -> bool {
    match &hit.scope {
        Reaching::Cluster => false,
        Reaching::Namespace(namespace) => {
            !namespaces::enforces(grading.facts, namespace, *namespace == account.namespace)
        }
    }
}

/// Whether a right over the operator's own product is graded by a sibling that is stronger: that
/// grade is the same wherever the right is held.
fn by_sibling(grading: &Grading<'_>, account: &ServiceAccountRef, hit: &Hit) -> bool {
    hit.row.adjust == Adjust::Product
        && grading.is_own_product(hit)
        && grading.sibling_is_stronger(account)
}

/// Rows that keep their grade inside the operator's own and intended namespaces.
fn speaks_inside(hit: &Hit, reach: Reach) -> bool {
    match hit.row.id {
        "ESC-WILDCARD" | "ESC-ADMIN-BOUND" | "ESC-OLM" => true,
        "RUN-POD" | "RUN-WORKLOAD" => reach == Reach::Own,
        _ => hit
            .row
            .rules
            .iter()
            .any(|rule| ["OPSEC401", "OPSEC402", "OPSEC404"].contains(rule)),
    }
}

fn adjust(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hit: &Hit,
    severity: Severity,
) -> Option<Severity> {
    let reach = reach(grading, account, hit)?;
    let far = matches!(reach, Reach::Cluster | Reach::Protected);
    Some(match hit.row.adjust {
        Adjust::TokenSecrets if far && grading.token_secret_in_reach(account, hit) => {
            Severity::Critical
        }
        Adjust::Backends if grading.backend_in_reach(hit) => Severity::High,
        Adjust::DeputyDefinitions if grading.deputy_definitions(hit) => Severity::Critical,
        Adjust::ApiGroups if claims_strong_group(hit) => Severity::Critical,
        Adjust::TokenSecrets | Adjust::Backends | Adjust::DeputyDefinitions | Adjust::ApiGroups => {
            severity
        }
        Adjust::Product if by_sibling(grading, account, hit) => hit
            .row
            .grades
            .intended
            .map_or(Severity::Info, |cell| cell.severity),
        Adjust::Product if grading.is_own_product(hit) => Severity::Info,
        Adjust::KubeSystem => return kube_system(grading, hit, severity),
        Adjust::OnlyKubeSystem => return reaches_kube_system(hit).then_some(severity),
        _ => severity,
    })
}

/// Rows that mean objects of kube-system: elsewhere they are what their own column says, and the
/// ConfigMaps nothing. Live a ConfigMap that is there steers the cluster.
fn kube_system(grading: &Grading<'_>, hit: &Hit, severity: Severity) -> Option<Severity> {
    let reaches = reaches_kube_system(hit);
    match hit.row.names {
        NameRule::ConfigMap(name) => reaches.then(|| {
            if grading.steers_the_cluster(name) {
                Severity::High
            } else {
                severity
            }
        }),
        _ if reaches => Some(severity.max(Severity::High)),
        _ => Some(severity),
    }
}

fn reaches_kube_system(hit: &Hit) -> bool {
    match &hit.scope {
        Reaching::Cluster => true,
        Reaching::Namespace(namespace) => namespace == "kube-system",
    }
}

/// Whether a right over APIServices is unnamed, or names a built-in or a deputy's group.
fn claims_strong_group(hit: &Hit) -> bool {
    let Names::Only(names) = &hit.names else {
        return true;
    };
    names.iter().any(|name| {
        // An APIService is named `version.group`.
        let group = name.split_once('.').map_or("", |(_, group)| group);
        let built_in = opsec_kubernetes::built_in()
            .iter()
            .any(|kind| kind.group == group);
        built_in || crate::rows::deputy_groups().contains(group)
    })
}
