//! An operator that declares its rights, and what becomes of its declaration.

use std::time::{Duration, Instant};

use kube::Api;
use opsec_crd::{ConditionStatus, OperatorRights};
use serde_json::{Value, json};

use crate::cluster::{Cluster, PATIENCE, runtime};

/// An operator in a namespace of its own, whose names are that of the namespace.
pub(crate) struct Operator<'a> {
    cluster: &'a Cluster,
    pub(crate) name: String,
}

impl<'a> Operator<'a> {
    /// Installs it, and declares what it holds.
    pub(crate) fn install(cluster: &'a Cluster, name: &str) -> Self {
        let operator = Self {
            cluster,
            name: name.to_owned(),
        };
        let metadata = json!({"name": name, "namespace": name});
        let pod = json!({"serviceAccountName": name, "containers": [{"name": "a", "image": "a"}]});
        let labels = json!({"app": name});
        cluster.apply_all(vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod}}}),
            operator.cluster_role(&["get"]),
            operator.cluster_role_binding(name, &operator.account()),
            operator.declaration(),
        ]);
        operator
    }

    pub(crate) fn account(&self) -> Value {
        json!({"kind": "ServiceAccount", "name": self.name, "namespace": self.name})
    }

    /// Its ClusterRole, which is declared with `get` alone.
    pub(crate) fn cluster_role(&self, verbs: &[&str]) -> Value {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": self.name},
            "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": verbs}]})
    }

    /// A binding of that ClusterRole, or of one that holds more.
    pub(crate) fn cluster_role_binding(&self, name: &str, subject: &Value) -> Value {
        let role = if name == self.name { name } else { "view" };
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [subject]})
    }

    pub(crate) fn declaration(&self) -> Value {
        let account = format!("{0}/{0}", self.name);
        let rules = json!([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]);
        json!({"apiVersion": "kubectl-opsec.dev/v1alpha1", "kind": "OperatorRights",
            "metadata": {"name": self.name},
            "spec": {"operator": self.name, "mode": "Audit",
                "rights": [{"serviceAccount": account, "scope": "cluster", "rules": rules}]}})
    }

    /// The declaration as it is now.
    pub(crate) fn declared(&self) -> OperatorRights {
        let api: Api<OperatorRights> = Api::all(self.cluster.client());
        runtime().block_on(api.get(&self.name)).unwrap()
    }

    pub(crate) fn resource_version(&self) -> String {
        self.declared().metadata.resource_version.unwrap()
    }

    /// The status of a condition.
    pub(crate) fn condition(&self, kind: &str) -> Option<ConditionStatus> {
        let status = self.declared().status?;
        let condition = status.conditions.iter().find(|it| it.kind == kind)?;
        Some(condition.status)
    }

    /// What a condition says.
    pub(crate) fn message(&self, kind: &str) -> String {
        let status = self.declared().status.unwrap_or_default();
        let condition = status.conditions.into_iter().find(|it| it.kind == kind);
        condition.map(|it| it.message).unwrap_or_default()
    }

    /// Waits until a condition has a status; how long that took.
    pub(crate) fn becomes(
        &self,
        kind: &str,
        status: ConditionStatus,
        said: &dyn Fn() -> String,
    ) -> Duration {
        let began = Instant::now();
        loop {
            if self.condition(kind) == Some(status) {
                return began.elapsed();
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{kind} of {} does not become {status:?}: {:?}\n{}",
                self.name,
                self.declared().status,
                said()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Operator<'_> {
    /// Waits until a condition says a text: its status may be what it was.
    pub(crate) fn says(&self, kind: &str, text: &str, said: &dyn Fn() -> String) {
        let began = Instant::now();
        while !self.message(kind).contains(text) {
            let message = self.message(kind);
            assert!(
                began.elapsed() < PATIENCE,
                "`{text}`: {message}\n{}",
                said()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Operator<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        let namespaced = json!({"name": name, "namespace": name});
        for object in [
            self.declaration(),
            self.cluster_role_binding(name, &self.account()),
            self.cluster_role(&[]),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": namespaced}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": namespaced}),
        ] {
            self.cluster.delete(&object);
        }
    }
}
