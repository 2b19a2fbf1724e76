//! The nouns of this project, and nothing that acts: what was gathered (a [`Snapshot`] of
//! normalised Kubernetes objects), what is accepted (a [`Baseline`]) and what was concluded
//! (a [`Report`]).
//!
//! The objects under [`objects`] are Kubernetes' own shapes reduced to the fields that a verdict
//! may rest on. Reducing is the redaction: a field that is not declared here cannot be carried,
//! sent or stored.

pub mod baseline;
pub mod canonical;
pub mod comparison;
pub mod completeness;
pub mod connections;
pub mod declared_rights;
pub mod explanation;
pub mod field_lines;
pub mod notice;
pub mod object_ref;
pub mod objects;
pub mod olm;
pub mod path;
pub mod posture;
pub mod probe;
pub mod report;
pub mod rights;
pub mod saved;
pub mod snapshot;
pub mod source_map;
pub mod validation;
pub mod verdict;

pub use baseline::{Baseline, BaselineSpec, EffectiveBaseline};
pub use comparison::{Comparison, ComparisonOutcome, Difference};
pub use completeness::{Completeness, Kind};
pub use connections::{Connection, ConnectionList, Peer, PortRange};
pub use declared_rights::{DeclaredRights, GrantScope, OperatorRights, RightsGrant};
pub use explanation::{Explained, Explanation, Topic};
pub use field_lines::FieldLines;
pub use notice::{Notice, NoticeCode};
pub use object_ref::{ObjectRef, ServiceAccountRef};
pub use olm::{InstallMode, OlmInstallation};
pub use path::{Hop, Path, PathEnd, PathList};
pub use posture::{Posture, PostureList};
pub use probe::{
    AccessReview, CrdCreation, CrdCreationAnswer, CreationMethod, CreationProbe, Denier,
    DryRunAnswer, Need, Probes, ReviewAnswer,
};
pub use report::{
    Counts, Evidence, Finding, FindingStatus, GrantedBy, OperatorSummary, PracticeReport, Report,
    RuleOutcome,
};
pub use rights::{AccessAnswer, AccessQuestion, AccountAnswer, Allowed, Danger, Right, RightList};
pub use saved::{SavedSnapshot, SavedSnapshotError};
pub use snapshot::{Snapshot, Source, SourceKind};
pub use source_map::{MadeFrom, ObjectSource, SourceLine, SourceMap};
pub use verdict::{Gain, Half, Reach, Severity, Status};

/// The API version of every document this project defines (`Report`, `OperatorBaseline`,
/// `OperatorRights`, `Snapshot`).
pub const API_VERSION: &str = "kubectl-opsec.dev/v1alpha1";
