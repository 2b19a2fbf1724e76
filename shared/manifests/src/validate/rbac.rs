//! Roles and bindings. <https://kubernetes.io/docs/reference/access-authn-authz/rbac/>

use opsec_model::objects::{ClusterRole, PolicyRule, RoleRef, Subject};

use super::names::{is_path_segment, is_subdomain};
use super::selector::selector;
use crate::invalid::{Check, Invalid};

/// RBAC's API group.
pub(crate) const GROUP: &str = "rbac.authorization.k8s.io";

/// Checks the rules of a Role (`namespaced`) or a ClusterRole.
pub(crate) fn rules(rules: &[PolicyRule], namespaced: bool) -> Check {
    rules.iter().enumerate().try_for_each(|(index, each)| {
        let field = |name: &str| format!("rules[{index}].{name}");
        if each.verbs.is_empty() {
            return Err(Invalid::new(
                field("verbs"),
                "a rule needs at least one verb",
            ));
        }
        if !each.non_resource_urls.is_empty() {
            if namespaced {
                let reason = "a Role cannot grant paths outside the resource API";
                return Err(Invalid::new(field("nonResourceURLs"), reason));
            }
            let mixed = !each.api_groups.is_empty()
                || !each.resources.is_empty()
                || !each.resource_names.is_empty();
            if mixed {
                let reason = "a rule cannot grant both resources and paths";
                return Err(Invalid::new(field("nonResourceURLs"), reason));
            }
            return Ok(());
        }
        if each.api_groups.is_empty() {
            return Err(Invalid::new(
                field("apiGroups"),
                "a rule needs at least one API group",
            ));
        }
        if each.resources.is_empty() {
            return Err(Invalid::new(
                field("resources"),
                "a rule needs at least one resource",
            ));
        }
        Ok(())
    })
}

/// Checks a ClusterRole.
pub(crate) fn cluster_role(role: &ClusterRole) -> Check {
    rules(&role.rules, false)?;
    let Some(aggregation) = &role.aggregation_rule else {
        return Ok(());
    };
    if aggregation.cluster_role_selectors.is_empty() {
        let field = "aggregationRule.clusterRoleSelectors";
        return Err(Invalid::new(
            field,
            "an aggregation rule needs at least one selector",
        ));
    }
    aggregation
        .cluster_role_selectors
        .iter()
        .enumerate()
        .try_for_each(|(index, given)| {
            selector(
                &format!("aggregationRule.clusterRoleSelectors[{index}]"),
                given,
            )
        })
}

/// Sets what the API server sets when a binding leaves it out.
pub(crate) fn set_defaults(role_ref: &mut RoleRef, subjects: &mut [Subject]) {
    if role_ref.api_group.is_empty() {
        GROUP.clone_into(&mut role_ref.api_group);
    }
    for subject in subjects {
        let given = subject.api_group.take().filter(|group| !group.is_empty());
        subject.api_group = match subject.kind.as_str() {
            "User" | "Group" => Some(given.unwrap_or_else(|| GROUP.to_owned())),
            _ => given,
        };
        subject.namespace = subject
            .namespace
            .take()
            .filter(|namespace| !namespace.is_empty());
    }
}

/// Checks a RoleBinding (`namespaced`) or a ClusterRoleBinding, but for ServiceAccount subjects
/// of the latter that name no namespace.
pub(crate) fn binding(role_ref: &RoleRef, subjects: &[Subject], namespaced: bool) -> Check {
    if role_ref.api_group != GROUP {
        let reason = format!("`{}` is not supported ({GROUP})", role_ref.api_group);
        return Err(Invalid::new("roleRef.apiGroup", reason));
    }
    match role_ref.kind.as_str() {
        "ClusterRole" => {}
        "Role" if namespaced => {}
        "Role" => {
            let reason = "a ClusterRoleBinding cannot grant a Role";
            return Err(Invalid::new("roleRef.kind", reason));
        }
        other => {
            let reason = format!("`{other}` is not a kind of role (Role, ClusterRole)");
            return Err(Invalid::new("roleRef.kind", reason));
        }
    }
    if role_ref.name.is_empty() || !is_path_segment(&role_ref.name) {
        return Err(Invalid::new(
            "roleRef.name",
            format!("`{}` is not a role's name", role_ref.name),
        ));
    }
    subjects
        .iter()
        .enumerate()
        .try_for_each(|(index, each)| subject(index, each))
}

fn subject(index: usize, subject: &Subject) -> Check {
    let field = |name: &str| format!("subjects[{index}].{name}");
    if subject.name.is_empty() {
        return Err(Invalid::new(field("name"), "a subject needs a name"));
    }
    let group = subject.api_group.as_deref().unwrap_or_default();
    let wanted = match subject.kind.as_str() {
        "ServiceAccount" => "",
        "User" | "Group" => GROUP,
        other => {
            let reason = format!("`{other}` is not a subject (ServiceAccount, User, Group)");
            return Err(Invalid::new(field("kind"), reason));
        }
    };
    if group != wanted {
        let reason = format!("`{group}` is not the API group of a {}", subject.kind);
        return Err(Invalid::new(field("apiGroup"), reason));
    }
    if subject.kind == "ServiceAccount" && !is_subdomain(&subject.name) {
        let reason = format!("`{}` is not a ServiceAccount's name", subject.name);
        return Err(Invalid::new(field("name"), reason));
    }
    Ok(())
}
