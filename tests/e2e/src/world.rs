//! The smallest operator: one pod, one ServiceAccount, and the rights of a case.

/// How the rights of a case reach the ServiceAccount `o` of `ops`.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// A ClusterRole by a ClusterRoleBinding.
    Everywhere,
    /// A ClusterRole by a RoleBinding in a namespace.
    In(&'static str),
    /// A Role of a namespace by a RoleBinding there.
    Role(&'static str),
}

/// A Deployment and its ServiceAccount.
pub const OPERATOR: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: o, namespace: ops}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: o, namespace: ops}
spec:
  selector: {matchLabels: {app: o}}
  template:
    metadata: {labels: {app: o}}
    spec:
      serviceAccountName: o
      containers: [{name: o, image: o}]
";

/// The manifests of an operator that is granted some rules, each a flow mapping.
pub fn operator_with(rules: &[&str], bound: Bound) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("- {rule}")).collect();
    let rules = rules.join("\n");
    let (role, binding, namespace) = match bound {
        Bound::Everywhere => ("ClusterRole", "ClusterRoleBinding", None),
        Bound::In(namespace) => ("ClusterRole", "RoleBinding", Some(namespace)),
        Bound::Role(namespace) => ("Role", "RoleBinding", Some(namespace)),
    };
    let in_namespace = |kind: &str| match namespace {
        Some(namespace) if !kind.starts_with("Cluster") => format!(", namespace: {namespace}"),
        _ => String::new(),
    };
    format!(
        "{OPERATOR}---
apiVersion: rbac.authorization.k8s.io/v1
kind: {role}
metadata: {{name: given{}}}
rules:
{rules}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {binding}
metadata: {{name: given{}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: given}}
subjects: [{{kind: ServiceAccount, name: o, namespace: ops}}]
",
        in_namespace(role),
        in_namespace(binding),
    )
}
