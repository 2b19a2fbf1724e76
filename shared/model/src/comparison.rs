//! What changes between two states of an operator: what whoever takes it would gain by the newer
//! one, and what he would lose. Both are told in the same words, so that each is the other's reverse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::baseline::PodSecurityLevel;
use crate::connections::Connection;
use crate::declared_rights::GrantScope;
use crate::object_ref::{ObjectRef, ServiceAccountRef};
use crate::objects::PolicyRule;
use crate::path::Path;
use crate::report::{BaselineSummary, FindingStatus, OperatorSummary};
use crate::rights::Danger;
use crate::snapshot::Source;
use crate::verdict::{Gain, Reach, Severity, Status};

/// Two states of an operator beside each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// `kubectl-opsec.dev/v1alpha1`.
    pub api_version: String,
    /// `Comparison`.
    pub kind: String,
    /// The older state.
    pub before: ComparedState,
    /// The newer state.
    pub after: ComparedState,
    /// The baseline that both were judged by.
    pub baseline: BaselineSummary,
    /// What it comes to.
    pub outcome: ComparisonOutcome,
    /// What the newer state has and the older has not.
    #[serde(default, skip_serializing_if = "Difference::is_empty")]
    pub gained: Difference,
    /// What the older state has and the newer has not.
    #[serde(default, skip_serializing_if = "Difference::is_empty")]
    pub lost: Difference,
    /// Practices whose status is another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub practices: Vec<PracticeChange>,
    /// Why more may be gained than is known, each a clause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What is to be known of how it was compared, each a clause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One of the two states.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct ComparedState {
    /// The operator; absent when the state is a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorSummary>,
    /// What was looked at; absent when the state is a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Digest of the snapshot; absent when the state is a baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_digest: Option<String>,
    /// The baseline, when the state is what one accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSummary>,
}

/// What a comparison comes to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ComparisonOutcome {
    /// Whoever takes the newer one gains nothing that he had not by the older.
    NothingGained,
    /// He gains something.
    Gained,
    /// Nothing is known to be gained, and something may be.
    Unknown,
}

/// What one state has and the other has not.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Rights of its ServiceAccounts that no right of the other state contains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<RightsDifference>,
    /// Connections from and to its components, with the ports that only this state opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Connection>,
    /// What its pods are set to that the Pod Security Standards forbid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<PodDifference>,
    /// Components, identities, tokens, webhooks and kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectDifference>,
    /// Chains that nothing cuts, where the other state has none from that component to that end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<Path>,
    /// Findings that the other state has not, or lighter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingDifference>,
    /// What whoever takes it gains, in eight words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
}

impl Difference {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        let Self {
            rights,
            connections,
            pods,
            objects,
            paths,
            findings,
            gains,
        } = self;
        rights.is_empty()
            && connections.is_empty()
            && pods.is_empty()
            && objects.is_empty()
            && paths.is_empty()
            && findings.is_empty()
            && gains.is_empty()
    }
}

/// Rights of one ServiceAccount in one scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RightsDifference {
    /// Who holds them.
    pub service_account: ServiceAccountRef,
    /// Where: `cluster`, `own`, or namespaces.
    pub scope: GrantScope,
    /// How far that is.
    pub reach: Reach,
    /// What.
    pub rules: Vec<RuleDifference>,
}

/// A rule that only one state has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleDifference {
    /// The rule, as RBAC writes it.
    pub rule: PolicyRule,
    /// The rows of the table of dangerous rights that rest on it, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangers: Vec<Danger>,
}

/// Settings of a component's pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodDifference {
    /// The component.
    pub component: ObjectRef,
    /// The strictest level that its pods meet.
    pub level: PodSecurityLevel,
    /// That of the other state; absent when the component is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_level: Option<PodSecurityLevel>,
    /// What only this state sets.
    pub settings: Vec<PodSetting>,
}

/// A setting of a pod that a standard forbids, or that it asks for and the pod lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodSetting {
    /// The lowest level that forbids it.
    pub level: PodSecurityLevel,
    /// The field in the object, as in `spec.template.spec.hostNetwork`.
    pub field: String,
    /// What is wrong, for a person.
    pub message: String,
}

/// Something of one object that only one state has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectDifference {
    /// What it is about.
    pub aspect: ObjectAspect,
    /// The object.
    pub object: ObjectRef,
    /// What it has, in a clause: `mounts an API token of shop/cart`.
    pub what: String,
}

/// What a difference of an object is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum ObjectAspect {
    /// A workload that runs pods of the operator.
    Component,
    /// Whom a component runs as.
    Identity,
    /// A token for the API server in a component's pods.
    Token,
    /// What the API server asks the operator about, or hands over to it.
    Webhook,
    /// A kind that rights reach which were held before.
    Kind,
    /// What an operator's namespace lets run.
    Namespace,
}

impl ObjectAspect {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Component,
        Self::Identity,
        Self::Token,
        Self::Webhook,
        Self::Kind,
        Self::Namespace,
    ];

    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Identity => "identity",
            Self::Token => "token",
            Self::Webhook => "webhook",
            Self::Kind => "kind",
            Self::Namespace => "namespace",
        }
    }
}

/// A finding that one state has and the other has not, or lighter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDifference {
    /// The rule that it is filed under.
    pub rule: String,
    /// The other rules that it fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The row of the table of dangerous rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
    /// How grave it is.
    pub severity: Severity,
    /// What became of it.
    pub status: FindingStatus,
    /// How grave the other state has it; absent when it has it not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_severity: Option<Severity>,
    /// What became of it in the other state; absent when it has it not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_status: Option<FindingStatus>,
    /// What is wrong, in a line.
    pub title: String,
    /// Components of which only this state has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<ObjectRef>,
    /// ServiceAccounts of which only this state has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<ServiceAccountRef>,
}

/// A practice whose status is another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PracticeChange {
    /// 1 to 6.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// What the older state comes to.
    pub before: Status,
    /// What the newer one comes to.
    pub after: Status,
}

impl Comparison {
    /// Fills in where the hops of chains stand in files, those of each state in its own.
    pub fn locate(
        &mut self,
        before: &crate::source_map::SourceMap,
        after: &crate::source_map::SourceMap,
    ) {
        for path in &mut self.gained.paths {
            path.locate(after);
        }
        for path in &mut self.lost.paths {
            path.locate(before);
        }
    }
}
