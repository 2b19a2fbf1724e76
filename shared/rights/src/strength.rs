//! How strong each account of the snapshot is: the high and critical rights that it holds, every
//! other namespace taken as foreign. Computed once, since "stronger" and "protected" rest on it.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::{Reach, ServiceAccountRef, Severity};
use opsec_rbac::Reaching;

use crate::hit::Hit;

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
            let named = !matches!(hit.names, opsec_rbac::Names::All);
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
