//! RBAC objects.

use opsec_model::objects::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};

use super::{Source, boxed};
use crate::invalid::Invalid;
use crate::typed::Typed;
use crate::validate::rbac::{binding, cluster_role, rules, set_defaults};

/// An object of RBAC's group, with the API server's defaults and checks.
pub(super) fn object(raw: Source<'_>) -> Result<Typed, Invalid> {
    match raw.kind.kind.as_str() {
        "Role" => {
            let role: Box<Role> = boxed(raw)?;
            rules(&role.rules, true)?;
            Ok(Typed::Role(role))
        }
        "ClusterRole" => {
            let role: Box<ClusterRole> = boxed(raw)?;
            cluster_role(&role)?;
            Ok(Typed::ClusterRole(role))
        }
        "RoleBinding" => {
            let mut given: Box<RoleBinding> = boxed(raw)?;
            set_defaults(&mut given.role_ref, &mut given.subjects);
            binding(&given.role_ref, &given.subjects, true)?;
            Ok(Typed::RoleBinding(given))
        }
        "ClusterRoleBinding" => {
            let mut given: Box<ClusterRoleBinding> = boxed(raw)?;
            set_defaults(&mut given.role_ref, &mut given.subjects);
            binding(&given.role_ref, &given.subjects, false)?;
            Ok(Typed::ClusterRoleBinding(given))
        }
        _ => Ok(super::custom(raw)),
    }
}
