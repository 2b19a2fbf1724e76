//! Workloads: everything that makes pods, and bare pods.

use serde::{Deserialize, Serialize};

use super::{Metadata, Object, PodTemplate};

/// What kind of workload it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum WorkloadKind {
    /// apps/v1 Deployment.
    Deployment,
    /// apps/v1 StatefulSet.
    StatefulSet,
    /// apps/v1 DaemonSet.
    DaemonSet,
    /// apps/v1 ReplicaSet.
    ReplicaSet,
    /// v1 ReplicationController.
    ReplicationController,
    /// batch/v1 Job.
    Job,
    /// batch/v1 CronJob.
    CronJob,
    /// v1 Pod.
    Pod,
}

impl WorkloadKind {
    /// Every kind of workload.
    pub const ALL: [Self; 8] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::Job,
        Self::CronJob,
        Self::Pod,
    ];

    /// The kind as Kubernetes spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
            Self::ReplicationController => "ReplicationController",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Pod => "Pod",
        }
    }

    /// Plural and API group, as in `deployments` and `apps`.
    pub fn resource(self) -> (&'static str, &'static str) {
        match self {
            Self::Deployment => ("deployments", "apps"),
            Self::StatefulSet => ("statefulsets", "apps"),
            Self::DaemonSet => ("daemonsets", "apps"),
            Self::ReplicaSet => ("replicasets", "apps"),
            Self::ReplicationController => ("replicationcontrollers", ""),
            Self::Job => ("jobs", "batch"),
            Self::CronJob => ("cronjobs", "batch"),
            Self::Pod => ("pods", ""),
        }
    }

    /// Where its pods' spec stands in the object: `spec.template.spec`, `spec` for a pod.
    pub fn pod_spec_path(self) -> &'static str {
        match self {
            Self::Pod => "spec",
            Self::CronJob => "spec.jobTemplate.spec.template.spec",
            _ => "spec.template.spec",
        }
    }
}

/// A workload with the template of its pods. For a Pod the template is the pod itself.
///
/// This is the one normalised shape: `spec.template`, `spec.jobTemplate.spec.template` and a
/// pod's own `metadata` and `spec` all become `template` when read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// What it is.
    pub kind: WorkloadKind,
    /// Its own metadata.
    pub metadata: Metadata,
    /// Its pods.
    pub template: PodTemplate,
    /// How many pods it wants; absent is one (a DaemonSet: one a node).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i64>,
    /// What its environment says about the namespaces it watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watch_settings: Vec<WatchSetting>,
    /// The hook that a package manager runs it as, as its annotation says it (`post-install`,
    /// `test`); absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Further pods of the same owner that differ from this one in nothing that counts but these:
    /// a cluster has many more pods than it has kinds of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<AlikePod>,
}

/// What is a pod's own, of pods that are alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlikePod {
    /// Its name.
    pub name: String,
    /// The node it is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_name: Option<String>,
}

impl Workload {
    /// The namespace it runs in.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace()
    }

    /// Its name, and those of the pods that are like it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let others = self.alike.iter().map(|pod| pod.name.as_str());
        std::iter::once(self.metadata.name.as_str()).chain(others)
    }

    /// The nodes that it and the pods like it are bound to.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        let own = self.template.spec.node_name.as_deref();
        let others = self.alike.iter().filter_map(|pod| pod.node_name.as_deref());
        own.into_iter().chain(others)
    }
}

impl Object for Workload {
    fn kind(&self) -> &str {
        self.kind.as_str()
    }
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// An environment variable that says which namespaces an operator watches
/// (`…WATCH_NAMESPACE…`, `STRIMZI_NAMESPACE`). No other variable is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchSetting {
    /// The variable's name.
    pub name: String,
    /// What it says.
    pub namespaces: WatchedNamespaces,
}

/// What a watch setting says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "names")]
pub enum WatchedNamespaces {
    /// Every namespace (empty, or `*`).
    All,
    /// The namespace that the pod runs in.
    Own,
    /// These.
    Named(Vec<String>),
    /// It comes from elsewhere (a ConfigMap, an annotation) and is not known.
    Unknown,
}
