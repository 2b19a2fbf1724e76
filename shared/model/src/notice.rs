//! What a reader must know about the input or the baseline that is no finding.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object_ref::ObjectRef;
use crate::source_map::SourceLine;

/// What a notice is about. Codes outlive releases; messages may change.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NoticeCode {
    /// The API server would refuse this object.
    InvalidObject,
    /// Of two equal objects the last was judged.
    DuplicateObject,
    /// Of two equal keys the last was judged.
    DuplicateKey,
    /// A ServiceAccount subject of a ClusterRoleBinding has no namespace.
    SubjectWithoutNamespace,
    /// Objects without a namespace were placed in one.
    NamespacePlaced,
    /// What OLM would make of a ClusterServiceVersion, or why it would make nothing of it.
    ClusterServiceVersion,
    /// Objects of kinds that no rule reads.
    UnknownKinds,
    /// An exemption that matches nothing.
    StaleExemption,
    /// An exemption whose date has passed.
    ExpiredExemption,
    /// An exemption without a scope: it covers every finding of its rule.
    BroadExemption,
    /// The baseline accepts every namespace as intended.
    EveryNamespaceIntended,
    /// Groups are taken to be the operator's although no CRD of them is there.
    PresumedOwnGroups,
    /// Intended namespaces were inferred.
    InferredIntendedNamespaces,
    /// The baseline was matched by the operator's name alone.
    MatchedByName,
    /// A baseline is for an operator of this name, but not for where this one runs.
    BaselinePassedOver,
    /// A fact that the judgement rests on could not be read.
    Incomplete,
    /// What aggregation says and what a role holds differ.
    AggregationDiffers,
    /// What the API server was asked by a probe, and how often it agrees.
    Probed,
    /// The API server answers otherwise than this program reckoned: a defect of this program.
    ProbeDisagrees,
    /// A document was read only in part or with doubt.
    Input,
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// What it is about.
    pub code: NoticeCode,
    /// The sentence a person reads: lowercase, no final period.
    pub message: String,
    /// The object it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// Where it stands in the input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceLine>,
}

impl Notice {
    /// A notice about no particular object.
    pub fn new(code: NoticeCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            object: None,
            source: None,
        }
    }

    /// The same notice, about an object.
    #[must_use]
    pub fn about(mut self, object: ObjectRef) -> Self {
        self.object = Some(object);
        self
    }

    /// The same notice, with the line it stands on.
    #[must_use]
    pub fn at(mut self, source: SourceLine) -> Self {
        self.source = Some(source);
        self
    }
}
