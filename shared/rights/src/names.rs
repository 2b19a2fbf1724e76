//! What `resourceNames` do to a grade.

use std::collections::BTreeSet;

use opsec_kubernetes::find as find_built_in;
use opsec_model::{ServiceAccountRef, Severity};
use opsec_rbac::{Names, Reaching};

use crate::grading::Grading;
use crate::hit::Hit;
use crate::row::NameRule;

/// Names whose holder can do everything, so that naming them tames nothing.
pub(crate) fn is_strong_name(name: &str) -> bool {
    ["cluster-admin", "admin", "edit"].contains(&name) || name.starts_with("system:")
}

/// The grade of a hit after its names; none when the names make the row nothing.
pub(crate) fn apply(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hit: &Hit,
    severity: Severity,
) -> Option<Severity> {
    let Names::Only(names) = &hit.names else {
        // A row that speaks of one object alone is meant only with a name, or with kube-system.
        return match hit.row.names {
            NameRule::AuthenticationConfigMap => None,
            _ => Some(severity),
        };
    };
    if is_own_object_of_a_role(hit, names) {
        return Some(severity);
    }
    match hit.row.names {
        NameRule::Keep | NameRule::Namespaces => Some(severity),
        NameRule::Lower => Some(lower(grading, account, hit, names, severity)),
        NameRule::Own => Some(own(grading, account, hit, names, severity)),
        NameRule::OwnIs(own_severity) => Some(if installed(grading, hit, names) {
            own_severity
        } else {
            lower(grading, account, hit, names, severity)
        }),
        NameRule::OwnIsElseKeep(own_severity) => Some(if installed(grading, hit, names) {
            own_severity
        } else {
            severity
        }),
        NameRule::Signers => {
            let cluster = names.iter().any(|name| name.starts_with("kubernetes.io/"));
            Some(if cluster { severity } else { Severity::Info })
        }
        NameRule::ConfigMap(name) => names.contains(name).then_some(severity),
        NameRule::AuthenticationConfigMap => names
            .contains("extension-apiserver-authentication")
            .then_some(severity),
        NameRule::SecurityContextConstraints => Some(constraints(names, hit, severity)),
    }
}

/// A Role reaches the Namespace object that it lives in, which is no limit by name.
fn is_own_object_of_a_role(hit: &Hit, names: &BTreeSet<String>) -> bool {
    let namespaces = |atom: &crate::Atom| atom.resource.split('/').next() == Some("namespaces");
    match &hit.scope {
        Reaching::Cluster => false,
        Reaching::Namespace(namespace) => {
            names.len() == 1 && names.contains(namespace) && hit.atoms.iter().all(namespaces)
        }
    }
}

/// Info when every name is the installation's own and none of them stronger than the holder; then
/// as in an intended namespace. At cluster reach a name of a namespaced kind is one of every
/// namespace, so there it is only a step lower.
fn own(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hit: &Hit,
    names: &BTreeSet<String>,
    severity: Severity,
) -> Severity {
    if is_namespaced_everywhere(hit) || !installed(grading, hit, names) {
        return lower(grading, account, hit, names, severity);
    }
    if grading.names_somebody_stronger(account, hit, names) {
        return hit
            .row
            .grades
            .intended
            .map_or(severity, |cell| cell.severity);
    }
    Severity::Info
}

fn lower(
    grading: &Grading<'_>,
    account: &ServiceAccountRef,
    hit: &Hit,
    names: &BTreeSet<String>,
    severity: Severity,
) -> Severity {
    let strong = names.iter().any(|name| {
        is_strong_name(name)
            || (is_about_roles(hit) && grading.role_is_strong(name))
            || (is_about_accounts(hit)
                && grading.named_account_is_strong(account, &hit.scope, name))
    });
    if strong { severity } else { severity.lowered() }
}

pub(crate) fn is_about_roles(hit: &Hit) -> bool {
    hit.atoms
        .iter()
        .any(|atom| ["roles", "clusterroles"].contains(&&*atom.resource))
}

fn is_about_accounts(hit: &Hit) -> bool {
    hit.atoms
        .iter()
        .any(|atom| atom.resource.starts_with("serviceaccounts"))
}

/// At cluster reach a name of a namespaced kind is a name in every namespace.
fn is_namespaced_everywhere(hit: &Hit) -> bool {
    hit.scope == Reaching::Cluster
        && hit.atoms.iter().any(|atom| {
            let resource = atom.resource.split('/').next().unwrap_or_default();
            find_built_in(&atom.group, resource)
                .is_none_or(|kind| kind.scope == opsec_kubernetes::Scope::Namespaced)
        })
}

/// Whether every name is an object of this installation.
pub(crate) fn installed(grading: &Grading<'_>, hit: &Hit, names: &BTreeSet<String>) -> bool {
    names
        .iter()
        .all(|name| grading.is_installations_own(hit, name))
}

fn is_constraint(atom: &crate::Atom) -> bool {
    ["securitycontextconstraints", "podsecuritypolicies"].contains(&&*atom.resource)
}

/// What SecurityContextConstraints allow, by the names that OpenShift ships.
fn constraints(names: &BTreeSet<String>, hit: &Hit, severity: Severity) -> Severity {
    let writes = hit
        .atoms
        .iter()
        .any(|atom| atom.verb != "use" && is_constraint(atom));
    if writes {
        return severity;
    }
    names
        .iter()
        .map(|name| match name.as_str() {
            "privileged" | "hostaccess" | "hostmount-anyuid" | "node-exporter" => severity,
            "restricted" | "restricted-v2" | "restricted-v3" | "nonroot" | "nonroot-v2" => {
                Severity::Info
            }
            _ => Severity::Medium,
        })
        .max()
        .unwrap_or(severity)
}
