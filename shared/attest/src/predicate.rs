//! What a statement says. Within this version fields are only added, and an added field never
//! weakens a verdict: so a reader ignores those that it does not know, and what a status or a mode
//! means it knows by its word alone.

use opsec_model::Counts;
use serde::{Deserialize, Serialize};

/// What a service found of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// Who verified.
    pub verifier: Verifier,
    /// When; RFC 3339, UTC, in seconds.
    pub time_verified: String,
    /// Until when it holds.
    pub valid_until: String,
    /// What it is of.
    pub target: Target,
    /// What was judged by.
    pub baseline: Baseline,
    /// Who wrote and who approved that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The facts that were judged.
    pub snapshot: Facts,
    /// `PASSED` when no practice is FAIL or UNKNOWN; else `FAILED`.
    pub result: String,
    /// Counts over findings.
    pub counts: Counts,
    /// What each practice came to.
    pub practices: Vec<Practice>,
    /// Exemptions without which it would be worse.
    pub exemptions: Vec<Exemption>,
}

/// Who verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verifier {
    /// A URI that names the service.
    pub id: String,
    /// The version of the engine that judged.
    pub engine_version: String,
}

/// What a statement is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The cluster.
    pub cluster: Cluster,
    /// The operator on it.
    pub operator: Operator,
    /// Digest of the descriptor: what exactly runs there.
    pub descriptor_digest: String,
    /// Whether every image is known by its digest, and so is a subject.
    pub images_complete: bool,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// What the service calls it.
    pub id: String,
    /// UID of its namespace kube-system.
    pub uid: String,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// `NAMESPACE~NAME`.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Where it runs.
    pub namespaces: Vec<String>,
}

/// What was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// The baseline itself.
    #[serde(flatten)]
    pub own: BaselineRef,
    /// What it extends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<BaselineRef>,
    /// Digest of both together.
    pub effective_digest: String,
}

/// A revision of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineRef {
    /// Its name.
    pub name: String,
    /// Its number; 0 is the built-in.
    pub revision: i64,
    /// Its digest.
    pub digest: String,
}

/// Who answers for a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approver: String,
}

/// The facts that were judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Digest of the snapshot.
    pub digest: String,
    /// Digest of its facts alone.
    pub facts_digest: String,
    /// When they were read.
    pub gathered_at: String,
    /// `CLIENT_ASSERTED` or `SERVER_COLLECTED`.
    pub mode: String,
    /// Who answers for them: the subject that asserted them, or the service.
    pub collector: String,
}

/// What a practice came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Practice {
    /// 1 to 6.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// The worse of its halves.
    pub status: String,
    /// Its halves.
    pub halves: Halves,
}

/// The halves of a practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halves {
    /// The operator's.
    pub operator: String,
    /// The cluster's.
    pub cluster: String,
}

/// An exemption that was used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exemption {
    /// The rule.
    pub rule: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it counts.
    pub expires: String,
}
