//! The words of a verdict: enums of the model and enums of the wire.

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::comparison::{ComparisonOutcome, ObjectAspect};
use opsec_model::report::FindingStatus;
use opsec_model::snapshot::{PlacementReason, SourceKind};
use opsec_model::validation::ConditionStatus;
use opsec_model::{
    Allowed, CreationMethod, Gain, Half, InstallMode, PathEnd, Reach, Severity, Status,
};
use opsec_proto::v1;

use crate::field::{FieldError, Problem};

macro_rules! words {
    ($name:ident, $visibility:vis $encode:ident, $decode:ident: $($variant:ident),+ $(,)?) => {
        #[doc = concat!("`", stringify!($name), "` for the wire.")]
        $visibility fn $encode(word: $name) -> i32 {
            match word {
                $($name::$variant => v1::$name::$variant.into(),)+
            }
        }

        #[doc = concat!("`", stringify!($name), "` from the wire.\n\n# Errors\n")]
        #[doc = "When it is unspecified or unknown, naming `field`."]
        $visibility fn $decode(field: &str, number: i32) -> Result<$name, FieldError> {
            match v1::$name::try_from(number) {
                $(Ok(v1::$name::$variant) => Ok($name::$variant),)+
                Ok(v1::$name::Unspecified) => Err(FieldError::new(field, Problem::Missing)),
                Err(_) => Err(FieldError::new(field, Problem::EnumUnknown(number))),
            }
        }
    };
}

words!(Status, pub encode_status, decode_status: NotApplicable, Pass, Unknown, Fail);
words!(Severity, pub encode_severity, decode_severity: Info, Low, Medium, High, Critical);
words!(Half, pub encode_half, decode_half: Operator, Cluster);
words!(Reach, pub(crate) encode_reach, decode_reach: Own, Intended, Foreign, Protected, Cluster);
words!(
    Gain, pub encode_gain, decode_gain:
    Identities, Secrets, Pods, Code, Nodes, Guards, Crds, Traffic
);
words!(
    PathEnd, pub(crate) encode_path_end, decode_path_end:
    ClusterAdmin, Node, Secrets, Workloads, Guards
);
words!(Allowed, pub encode_allowed, decode_allowed: Yes, No, Unknown);
words!(
    FindingStatus, pub(crate) encode_finding_status, decode_finding_status:
    Fail, Unknown, Accepted, Noted
);
words!(SourceKind, pub(crate) encode_source_kind, decode_source_kind: Files, Cluster, Snapshot);
words!(
    PlacementReason, pub(crate) encode_placement_reason, decode_placement_reason:
    Asked, Bindings, Installation, Default
);
words!(
    CreationMethod, pub(crate) encode_creation_method, decode_creation_method:
    Post, Apply
);
words!(
    InstallMode, pub encode_install_mode, decode_install_mode:
    OwnNamespace, SingleNamespace, MultiNamespace, AllNamespaces
);

words!(
    ConditionStatus, pub(crate) encode_condition_status, decode_condition_status:
    True, False, Unknown
);

words!(
    ComparisonOutcome, pub(crate) encode_outcome, decode_outcome:
    NothingGained, Gained, Unknown
);
words!(
    PodSecurityLevel, pub(crate) encode_level, decode_level:
    Privileged, Baseline, Restricted
);
words!(
    ObjectAspect, pub(crate) encode_aspect, decode_aspect:
    Component, Identity, Token, Webhook, Kind, Namespace
);

/// The number of a word that may be absent: 0 is unspecified in every enum of the wire.
pub(crate) fn encode_maybe<T>(word: Option<T>, encode: impl FnOnce(T) -> i32) -> i32 {
    word.map_or(0, encode)
}

/// A word that may be absent.
pub(crate) fn decode_maybe<T>(
    field: &str,
    number: i32,
    decode: impl FnOnce(&str, i32) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    if number == 0 {
        Ok(None)
    } else {
        decode(field, number).map(Some)
    }
}
