//! Small manifests, and what is found in them.

use opsec_operators::Operator;

use crate::harness::{find, snapshot};

/// A workload; `labels` and `more` are lines of its metadata and of its pods' spec.
pub(crate) fn workload(
    kind: &str,
    namespace: &str,
    name: &str,
    metadata: &str,
    pods: &str,
) -> String {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    format!(
        "
apiVersion: {version}
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}{metadata}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{{pods}containers: [{{name: main, image: example.com/{name}:1}}]}}
---"
    )
}

pub(crate) fn deployment(namespace: &str, name: &str) -> String {
    workload(
        "Deployment",
        namespace,
        name,
        "",
        &format!("serviceAccountName: {name}, "),
    )
}

pub(crate) fn labelled(namespace: &str, name: &str, labels: &str) -> String {
    workload(
        "Deployment",
        namespace,
        name,
        &format!(", labels: {{{labels}}}"),
        &format!("serviceAccountName: {name}, "),
    )
}

pub(crate) fn account(namespace: &str, name: &str) -> String {
    format!(
        "
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: {namespace}}}
---"
    )
}

pub(crate) fn subjects(accounts: &[(&str, &str)]) -> String {
    let subjects: Vec<String> = accounts
        .iter()
        .map(|(namespace, name)| {
            format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
        })
        .collect();
    format!("[{}]", subjects.join(", "))
}

pub(crate) fn role_binding(namespace: &str, role: &str, accounts: &[(&str, &str)]) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {role}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: {}
---",
        subjects(accounts)
    )
}

pub(crate) fn cluster_role_binding(role: &str, accounts: &[(&str, &str)]) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {role}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {role}}}
subjects: {}
---",
        subjects(accounts)
    )
}

pub(crate) fn cluster_role(name: &str, groups: &str, resources: &str, verbs: &str) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: {name}}}
rules: [{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}]
---"
    )
}

pub(crate) fn definition(plural: &str, group: &str, kind: &str, labels: &str) -> String {
    format!(
        "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}, labels: {{{labels}}}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: {plural}, singular: x{plural}, kind: {kind}, listKind: {kind}List}}
  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {{type: object}}}}}}]
---"
    )
}

pub(crate) const PART_OF: &str = "app.kubernetes.io/part-of";
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
pub(crate) const NAME: &str = "app.kubernetes.io/name";
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

pub(crate) fn operators(files: &[(&str, &str)]) -> Vec<Operator> {
    find(&snapshot(files))
}

/// The operators of one file.
pub(crate) fn of(text: &str) -> Vec<Operator> {
    operators(&[("install.yaml", text)])
}

pub(crate) fn only(text: &str) -> Operator {
    let mut found = of(text);
    assert_eq!(found.len(), 1, "{:?}", components(&found));
    found.remove(0)
}

/// The components of each operator, as `namespace/name`.
pub(crate) fn components(operators: &[Operator]) -> Vec<Vec<String>> {
    let name = |operator: &Operator| {
        let components = operator.components.iter();
        components
            .map(|c| format!("{}/{}", c.account.namespace, c.object.name))
            .collect()
    };
    operators.iter().map(name).collect()
}

/// The accounts of an operator; those without a workload in parentheses, absent ones with `?`.
pub(crate) fn accounts(operator: &Operator) -> Vec<String> {
    let accounts = operator.accounts.iter();
    accounts
        .map(|account| {
            let absent = if account.exists { "" } else { "?" };
            let name = format!("{}{absent}", account.account);
            if account.workload {
                name
            } else {
                format!("({name})")
            }
        })
        .collect()
}

pub(crate) fn owned(operator: &Operator) -> Vec<String> {
    operator
        .owned_kinds
        .iter()
        .map(ToString::to_string)
        .collect()
}

pub(crate) fn owned_by(kind: &str, group: &str) -> String {
    format!(
        ", ownerReferences: [{{apiVersion: {group}/v1, kind: {kind}, name: it, uid: u, controller: true}}]"
    )
}
