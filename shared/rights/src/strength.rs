//! How strong each account of the snapshot is: the high and critical rights that it holds, every
//! other namespace taken as foreign. Computed once, since "stronger" and "protected" rest on it.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::objects::{ClusterRoleBinding, Metadata, Object, RoleBinding, RoleRef, Subject};
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

    /// Of no rights.
    pub(crate) fn none() -> &'static Self {
        static NONE: Strength = Strength {
            rights: BTreeMap::new(),
            critical_everywhere: false,
        };
        &NONE
    }

    /// Whether it can exceed another, or make a namespace a stronghold.
    pub(crate) fn matters(&self) -> bool {
        self.is_strong() || self.critical_everywhere
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

/// Those of the names that are a role of the input which holds a high or critical right by
/// itself, bound to nobody else.
pub(crate) fn strong_roles(
    snapshot: &Snapshot,
    kinds: &Kinds,
    names: &BTreeSet<&str>,
) -> BTreeSet<String> {
    let cluster_roles = snapshot.cluster_roles.iter().map(Object::metadata);
    let roles = snapshot.roles.iter().map(Object::metadata);
    let roles: Vec<(&Metadata, &str)> = cluster_roles
        .map(|role| (role, "ClusterRole"))
        .chain(roles.map(|role| (role, "Role")))
        .filter(|(role, _)| names.contains(role.name.as_str()))
        .collect();
    if roles.is_empty() {
        return BTreeSet::new();
    }
    let mut alone = Snapshot {
        source: snapshot.source.clone(),
        roles: snapshot.roles.clone(),
        cluster_roles: snapshot.cluster_roles.clone(),
        ..Snapshot::default()
    };
    for (place, (role, kind)) in roles.iter().enumerate() {
        bind(&mut alone, role, kind, &holder(place));
    }
    let policy = Policy::from_snapshot(&alone);
    let is_strong = |place: usize| {
        let holder = holder(place);
        let rights = EffectiveRights::of(&policy, kinds, &holder);
        Strength::of(&holder, &crate::hit::hits(&rights, kinds)).is_strong()
    };
    let strong = roles
        .iter()
        .enumerate()
        .filter(|(place, _)| is_strong(*place));
    strong.map(|(_, (role, _))| role.name.clone()).collect()
}

/// A holder elsewhere, so that nothing but one role is its own.
fn holder(place: usize) -> ServiceAccountRef {
    ServiceAccountRef::new("-", format!("holder-{place}"))
}

/// Binds a role where it is, a ClusterRole everywhere, to a holder.
fn bind(snapshot: &mut Snapshot, role: &Metadata, kind: &str, holder: &ServiceAccountRef) {
    let role_ref = RoleRef {
        api_group: "rbac.authorization.k8s.io".to_owned(),
        kind: kind.to_owned(),
        name: role.name.clone(),
    };
    let subjects = vec![Subject {
        kind: "ServiceAccount".to_owned(),
        api_group: None,
        name: holder.name.clone(),
        namespace: Some(holder.namespace.clone()),
    }];
    let metadata = Metadata {
        name: holder.name.clone(),
        namespace: role.namespace.clone(),
        ..Metadata::default()
    };
    if role.namespace.is_some() {
        snapshot.role_bindings.push(RoleBinding {
            metadata,
            subjects,
            role_ref,
        });
    } else {
        snapshot.cluster_role_bindings.push(ClusterRoleBinding {
            metadata,
            subjects,
            role_ref,
        });
    }
}
