//! How strong each account of the snapshot is: the high and critical rights that it holds, every
//! other namespace taken as foreign. Computed once, since "stronger" and "protected" rest on it.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{ClusterRoleBinding, Metadata, RoleBinding, RoleRef, Subject};
use opsec_model::{Reach, ServiceAccountRef, Severity, Snapshot};
use opsec_rbac::{EffectiveRights, Kinds, Policy, Reaching};

use crate::hit::Hit;
use crate::names::is_strong_name;

/// The strong rights of an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strength {
    /// Row id to its farthest reach, of rights that are high or critical.
    pub(crate) rights: BTreeMap<&'static str, Reach>,
    /// Whether a right is critical at cluster reach.
    pub(crate) critical_everywhere: bool,
}

impl Strength {
    /// From the hits of an account.
    pub(crate) fn of(account: &ServiceAccountRef, hits: &[Hit]) -> Self {
        let mut strength = Self::default();
        for hit in hits.iter().filter(|hit| !hit.alone && !hit.latent) {
            let (reach, cell) = match &hit.scope {
                Reaching::Cluster => (Reach::Cluster, hit.row.grades.cluster),
                Reaching::Namespace(namespace) if *namespace == account.namespace => {
                    (Reach::Own, hit.row.grades.own)
                }
                Reaching::Namespace(_) => (Reach::Foreign, hit.row.grades.foreign),
            };
            let Some(cell) = cell else { continue };
            let named = hit
                .names
                .only()
                .is_some_and(|names| !names.iter().any(|name| is_strong_name(name)));
            let severity = if named && hit.row.names != crate::row::NameRule::Keep {
                cell.severity.lowered()
            } else {
                cell.severity
            };
            if severity >= Severity::High {
                let entry = strength.rights.entry(hit.row.id).or_insert(reach);
                *entry = (*entry).max(reach);
            }
            strength.critical_everywhere |=
                reach == Reach::Cluster && severity == Severity::Critical;
        }
        strength
    }

    /// Whether it holds any high or critical right.
    pub(crate) fn is_strong(&self) -> bool {
        !self.rights.is_empty()
    }

    /// Whether it holds a high or critical right that the other lacks.
    pub(crate) fn exceeds(&self, other: &Self) -> bool {
        self.rights
            .iter()
            .any(|(id, reach)| other.rights.get(id).is_none_or(|held| held < reach))
    }
}

/// Namespaces that hold an account with a critical right at cluster reach.
pub(crate) fn strongholds(strengths: &BTreeMap<ServiceAccountRef, Strength>) -> BTreeSet<String> {
    strengths
        .iter()
        .filter(|(_, strength)| strength.critical_everywhere)
        .map(|(account, _)| account.namespace.clone())
        .collect()
}

/// Whether a role of the input holds a high or critical right by itself, bound to nobody else.
pub(crate) fn role_is_strong(snapshot: &Snapshot, kinds: &Kinds, name: &str) -> bool {
    let cluster_roles = snapshot
        .cluster_roles
        .iter()
        .filter(|role| role.metadata.name == name);
    let roles = snapshot
        .roles
        .iter()
        .filter(|role| role.metadata.name == name);
    let scopes = cluster_roles
        .map(|role| (&role.metadata, "ClusterRole"))
        .chain(roles.map(|role| (&role.metadata, "Role")));
    scopes.into_iter().any(|(metadata, kind)| {
        // A holder elsewhere, so that nothing but the role is its own.
        let holder = ServiceAccountRef::new("-", "holder");
        let alone = bound(snapshot, metadata.namespace.as_deref(), kind, name, &holder);
        let policy = Policy::from_snapshot(&alone);
        let rights = EffectiveRights::of(&policy, kinds, &holder);
        Strength::of(&holder, &crate::hit::hits(&rights, kinds)).is_strong()
    })
}

/// The roles of a snapshot with one binding.
fn bound(
    snapshot: &Snapshot,
    namespace: Option<&str>,
    kind: &str,
    name: &str,
    holder: &ServiceAccountRef,
) -> Snapshot {
    let role_ref = RoleRef {
        api_group: "rbac.authorization.k8s.io".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    };
    let subjects = vec![Subject {
        kind: "ServiceAccount".to_owned(),
        api_group: None,
        name: holder.name.clone(),
        namespace: Some(holder.namespace.clone()),
    }];
    let metadata = Metadata {
        name: "-".to_owned(),
        namespace: namespace.map(str::to_owned),
        ..Metadata::default()
    };
    let mut alone = Snapshot {
        source: snapshot.source.clone(),
        roles: snapshot.roles.clone(),
        cluster_roles: snapshot.cluster_roles.clone(),
        ..Snapshot::default()
    };
    if namespace.is_some() {
        alone.role_bindings.push(RoleBinding {
            metadata,
            subjects,
            role_ref,
        });
    } else {
        alone.cluster_role_bindings.push(ClusterRoleBinding {
            metadata,
            subjects,
            role_ref,
        });
    }
    alone
}
