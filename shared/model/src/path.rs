//! Escalation chains: from the operator's pod, hop by hop, to what it ends in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::notice::Notice;
use crate::object_ref::ObjectRef;
use crate::report::{Evidence, OperatorSummary};
use crate::snapshot::Source;
use crate::source_map::SourceMap;
use crate::verdict::Severity;

/// What a chain ends in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PathEnd {
    /// Every right in the cluster.
    ClusterAdmin,
    /// A node's file system, its kubelet and every pod on it.
    Node,
    /// The content of Secrets of other namespaces.
    Secrets,
    /// Code in the workloads of other namespaces, or their identities.
    Workloads,
    /// What the cluster's guards (admission, policies, the API itself) let through.
    Guards,
}

impl PathEnd {
    /// All ends, the worst first.
    pub const ALL: [Self; 5] = [
        Self::ClusterAdmin,
        Self::Node,
        Self::Secrets,
        Self::Workloads,
        Self::Guards,
    ];

    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterAdmin => "cluster-admin",
            Self::Node => "node",
            Self::Secrets => "secrets",
            Self::Workloads => "workloads",
            Self::Guards => "guards",
        }
    }
}

/// A chain from a component of the operator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// What it ends in.
    pub end: PathEnd,
    /// How grave the end is.
    pub severity: Severity,
    /// Whether one of its hops is cut.
    pub cut: bool,
    /// Its hops, the first from the operator's workload; never empty.
    pub hops: Vec<Hop>,
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hop {
    /// Who acts: a workload, a ServiceAccount, a User, a Group or a Node.
    pub from: ObjectRef,
    /// Who, or what, is taken. A name of `*` is any of that kind.
    pub to: ObjectRef,
    /// The row of the table of dangerous rights, or the rule of the pod setting, as in
    /// `ESC-SECRET-WRITE` or `OPSEC314`; absent where no right is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// What is done, in a line that begins lowercase: `writes a token Secret of any
    /// ServiceAccount and reads it`.
    pub action: String,
    /// The objects and fields that allow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The practice that cuts it where it is met, 1 to 6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practice: Option<u8>,
    /// Whether it is cut.
    pub cut: bool,
    /// By what it is cut, or why that could not be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The chains of one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PathList {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `PathList`.
    pub kind: String,
    /// What was looked at.
    pub source: Source,
    /// The Kubernetes release that it was judged as.
    pub kubernetes_version: String,
    /// The operator.
    pub operator: OperatorSummary,
    /// The chains: those that nothing cuts first, then the worst, then the shortest.
    #[serde(default)]
    pub items: Vec<Path>,
    /// What is to be known about the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

impl Path {
    /// Fills in where evidence stands in files.
    pub fn locate(&mut self, sources: &SourceMap) {
        let evidence = self.hops.iter_mut().flat_map(|hop| &mut hop.evidence);
        for evidence in evidence {
            sources.place(evidence);
        }
    }
}

impl PathList {
    /// Fills in where evidence stands in files.
    pub fn locate(&mut self, sources: &SourceMap) {
        for path in &mut self.items {
            path.locate(sources);
        }
    }
}
