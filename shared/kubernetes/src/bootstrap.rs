//! The roles and bindings that an API server makes for itself.

use std::sync::OnceLock;

use opsec_model::objects::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde::Deserialize;
use serde_json::Value;

/// The API server's own RBAC objects.
#[derive(Debug, Clone, Default)]
pub struct BootstrapPolicy {
    /// ClusterRoles.
    pub cluster_roles: Vec<ClusterRole>,
    /// ClusterRoleBindings.
    pub cluster_role_bindings: Vec<ClusterRoleBinding>,
    /// Roles.
    pub roles: Vec<Role>,
    /// RoleBindings.
    pub role_bindings: Vec<RoleBinding>,
}

/// The bootstrap policy of the release.
#[expect(
    clippy::expect_used,
    reason = "the data is part of the program and read by a test"
)]
pub fn bootstrap() -> &'static BootstrapPolicy {
    static POLICY: OnceLock<BootstrapPolicy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let text = include_str!("../data/rbac-1.36.3.json");
        read(text).expect("bootstrap policy data")
    })
}

#[derive(Deserialize)]
struct List {
    items: Vec<Value>,
}

fn read(text: &str) -> Result<BootstrapPolicy, serde_json::Error> {
    let mut policy = BootstrapPolicy::default();
    for item in serde_json::from_str::<List>(text)?.items {
        match item.get("kind").and_then(Value::as_str) {
            Some("ClusterRole") => policy.cluster_roles.push(serde_json::from_value(item)?),
            Some("ClusterRoleBinding") => {
                policy
                    .cluster_role_bindings
                    .push(serde_json::from_value(item)?);
            }
            Some("Role") => policy.roles.push(serde_json::from_value(item)?),
            Some("RoleBinding") => policy.role_bindings.push(serde_json::from_value(item)?),
            _ => {}
        }
    }
    Ok(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cluster_holds_its_own_roles_and_bindings() {
        let policy = bootstrap();
        assert_eq!(policy.cluster_roles.len(), 69);
        assert_eq!(policy.cluster_role_bindings.len(), 50);
        assert_eq!(policy.roles.len(), 7);
        assert_eq!(policy.role_bindings.len(), 7);
    }
}
