//! The code, reason and metadata of each failure.

use std::collections::HashMap;

use opsec_access::{Denied, Lapsed};
use opsec_manifests::ManifestError;
use opsec_operators::{Candidate, ResolveError};
use opsec_practices::CheckError;
use opsec_store::cluster::ClusterError;
use opsec_store::{ChangeError, StoreError};
use opsec_wire::Problem;
use tonic::Code;

use super::{Collecting, Failure, StreamFailure, Unattestable, Unrecordable};

/// What a caller's program goes by.
type Reason = (Code, &'static str, HashMap<String, String>);

impl Failure {
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Field { field, .. } => invalid("FIELD_INVALID", &[("field", field)]),
            Self::Name { field, .. } => invalid("NAME_INVALID", &[("field", field)]),
            Self::Wire(error) => wire(error, "FIELD_INVALID"),
            Self::Snapshot(error) => wire(error, "SNAPSHOT_MALFORMED"),
            Self::Documents(error) => documents(error),
            Self::DocumentsTooLarge { limit, .. } => {
                invalid("INPUT_LIMIT", &[("limit", &limit.to_string())])
            }
            Self::Check(error) => check(error),
            Self::Spec { path, .. } => spec(path),
            Self::SpecTooLarge { limit, .. } => {
                invalid("SPEC_TOO_LARGE", &[("limit", &limit.to_string())])
            }
            Self::BaselineNotFound(name) => not_found("BASELINE_NOT_FOUND", &[("baseline", name)]),
            Self::Change(error) => change(error),
            Self::NoStore => (Code::FailedPrecondition, "STORE_ABSENT", HashMap::new()),
            Self::RequestId(_) => invalid("REQUEST_ID_INVALID", &[("field", "request_id")]),
            Self::PageSize(_) => invalid("PAGE_SIZE_INVALID", &[("field", "page_size")]),
            Self::PageToken => invalid("PAGE_TOKEN_INVALID", &[("field", "page_token")]),
            Self::BatchTooLarge { limit, .. } => {
                invalid("BATCH_TOO_LARGE", &[("limit", &limit.to_string())])
            }
            Self::RuleUnknown { name, candidates } => not_found(
                "RULE_UNKNOWN",
                &[("name", name), ("candidates", &candidates.join(","))],
            ),
            Self::Unauthenticated => (Code::Unauthenticated, "CREDENTIALS_MISSING", HashMap::new()),
            Self::Denied(error) => denied(*error),
            Self::Lapsed(error) => lapsed(*error),
            Self::Cluster(error) => cluster(error),
            Self::ClusterNotFound(id) => not_found("CLUSTER_NOT_FOUND", &[("cluster", id)]),
            Self::ClusterMismatch {
                claimed,
                registered,
            } => {
                let mut pairs = vec![("claimed", claimed.as_str())];
                pairs.extend(registered.iter().map(|id| ("registered", id.as_str())));
                unmet("CLUSTER_MISMATCH", &pairs)
            }
            Self::PostureNotFound { cluster, operator } => not_found(
                "POSTURE_NOT_FOUND",
                &[("cluster", cluster), ("operator", operator)],
            ),
            Self::Filter { field, .. } => invalid("FILTER_INVALID", &[("field", field)]),
            Self::NotRecordable(field, _) => unmet("NOT_RECORDABLE", &[("field", field)]),
            Self::Record(error) => unrecordable(*error),
            Self::Attest(error) => unattestable(error),
            Self::Stream(error) => stream(*error),
            Self::NothingDeclared(_) => unmet("NOTHING_DECLARED", &[]),
            Self::Collect(error) => collecting(error),
            Self::AuditFailed => (Code::Unavailable, "AUDIT_FAILED", HashMap::new()),
            Self::OnlyServed(_) => (Code::Unimplemented, "METHOD_UNKNOWN", HashMap::new()),
            Self::Of { failure, .. } => failure.reason(),
            Self::Bug(id) => (Code::Internal, "BUG", metadata(&[("id", &id.to_string())])),
        }
    }
}

fn metadata(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    pairs
        .iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn invalid(reason: &'static str, pairs: &[(&str, &str)]) -> Reason {
    (Code::InvalidArgument, reason, metadata(pairs))
}

fn unmet(reason: &'static str, pairs: &[(&str, &str)]) -> Reason {
    (Code::FailedPrecondition, reason, metadata(pairs))
}

fn unrecordable(error: Unrecordable) -> Reason {
    match error {
        Unrecordable::ClusterUnregistered => unmet("CLUSTER_UNREGISTERED", &[]),
        Unrecordable::FromFuture => unmet("SNAPSHOT_FROM_FUTURE", &[]),
        Unrecordable::Stale { seconds, limit } => unmet(
            "SNAPSHOT_STALE",
            &[
                ("ageSeconds", &seconds.to_string()),
                ("limitSeconds", &limit.to_string()),
            ],
        ),
        Unrecordable::BaselineInline => unmet("BASELINE_INLINE", &[]),
        Unrecordable::NothingJudged => unmet("NOTHING_JUDGED", &[]),
    }
}

fn collecting(error: &Collecting) -> Reason {
    match error {
        Collecting::Unconfigured { cluster } => {
            unmet("COLLECTION_UNCONFIGURED", &[("cluster", cluster)])
        }
        Collecting::Failed { cluster, .. } => (
            Code::Unavailable,
            "COLLECTION_FAILED",
            metadata(&[("cluster", cluster)]),
        ),
    }
}

fn unattestable(error: &Unattestable) -> Reason {
    match error {
        Unattestable::CollectionTooWeak { mode, minimum } => unmet(
            "COLLECTION_TOO_WEAK",
            &[("mode", mode), ("minimum", minimum)],
        ),
        Unattestable::MatchedByName { baseline } => {
            unmet("MATCHED_BY_NAME", &[("baseline", baseline)])
        }
        Unattestable::BaselineChanged {
            baseline,
            effective_digest,
        } => unmet(
            "BASELINE_CHANGED",
            &[
                ("baseline", baseline),
                ("effectiveDigest", effective_digest),
            ],
        ),
        Unattestable::CheckFailed { status, practices } => unmet(
            "CHECK_FAILED",
            &[("status", status), ("practices", practices)],
        ),
        Unattestable::NoActiveKey => unmet("NO_ACTIVE_KEY", &[]),
        Unattestable::AlreadyRevoked => unmet("ALREADY_REVOKED", &[]),
        Unattestable::CheckNotFound(id) => not_found("CHECK_NOT_FOUND", &[("check", id)]),
        Unattestable::NotFound(id) => not_found("ATTESTATION_NOT_FOUND", &[("attestation", id)]),
    }
}

fn stream(error: StreamFailure) -> Reason {
    let (code, reason) = match error {
        StreamFailure::CursorExpired => (Code::OutOfRange, "CURSOR_EXPIRED"),
        StreamFailure::Stalled => (Code::Unavailable, "WATCH_STALLED"),
        StreamFailure::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN"),
        StreamFailure::TooMany => (Code::ResourceExhausted, "TOO_MANY_STREAMS"),
    };
    (code, reason, HashMap::new())
}

fn not_found(reason: &'static str, pairs: &[(&str, &str)]) -> Reason {
    (Code::NotFound, reason, metadata(pairs))
}

fn unauthenticated(reason: &'static str) -> Reason {
    (Code::Unauthenticated, reason, HashMap::new())
}

fn denied(error: Denied) -> Reason {
    match error {
        Denied::RoleMissing { method, roles } => {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            (
                Code::PermissionDenied,
                "ROLE_MISSING",
                metadata(&[("method", method.name()), ("roles", &roles.join(","))]),
            )
        }
        Denied::OutOfScope => (Code::PermissionDenied, "OUT_OF_SCOPE", HashMap::new()),
        Denied::Unavailable => (Code::Unavailable, "AUTHZ_BACKEND", HashMap::new()),
    }
}

fn lapsed(error: Lapsed) -> Reason {
    match error {
        Lapsed::Expired => unauthenticated("CREDENTIALS_EXPIRED"),
        Lapsed::Revoked => unauthenticated("CREDENTIALS_INVALID"),
        Lapsed::Unavailable => (Code::Unavailable, "AUTHN_BACKEND", HashMap::new()),
    }
}

fn cluster(error: &ClusterError) -> Reason {
    let exists = |reason, pairs: &[(&str, &str)]| (Code::AlreadyExists, reason, metadata(pairs));
    match error {
        ClusterError::Store(error) => store(error),
        ClusterError::Replay(error) => change(error),
        ClusterError::Name { field, .. } => invalid("NAME_INVALID", &[("field", field)]),
        ClusterError::Exists { id } => exists("CLUSTER_EXISTS", &[("cluster", id)]),
        ClusterError::UidClaimed { by, .. } => exists("CLUSTER_UID_CLAIMED", &[("cluster", by)]),
        ClusterError::NotFound { id } => (
            Code::NotFound,
            "CLUSTER_NOT_FOUND",
            metadata(&[("cluster", id)]),
        ),
        ClusterError::EtagRequired { .. } => invalid("ETAG_REQUIRED", &[("field", "etag")]),
        ClusterError::EtagStale { id } => {
            (Code::Aborted, "ETAG_STALE", metadata(&[("cluster", id)]))
        }
    }
}

fn wire(error: &opsec_wire::FieldError, malformed: &'static str) -> Reason {
    let reason = match error.problem {
        Problem::Newer(_) => "SNAPSHOT_NEWER",
        Problem::EnumUnknown(_) => "ENUM_UNKNOWN",
        Problem::Missing | Problem::Malformed(_) => malformed,
    };
    invalid(reason, &[("field", &error.field)])
}

fn spec(path: &str) -> Reason {
    let reason = match path {
        "spec.extends" => "EXTENDS_INVALID",
        "metadata.name" => "NAME_INVALID",
        _ => "SPEC_INVALID",
    };
    invalid(reason, &[("path", path)])
}

fn documents(error: &ManifestError) -> Reason {
    match error {
        ManifestError::Document {
            file,
            document,
            line,
            column,
            ..
        } => invalid(
            "DOCUMENT_MALFORMED",
            &[
                ("file", file),
                ("document", &document.to_string()),
                ("line", &line.to_string()),
                ("column", &column.to_string()),
            ],
        ),
        ManifestError::Text {
            file, line, column, ..
        } => invalid(
            "DOCUMENT_MALFORMED",
            &[
                ("file", file),
                ("line", &line.to_string()),
                ("column", &column.to_string()),
            ],
        ),
        ManifestError::FileTooLarge { file, limit, .. }
        | ManifestError::InputTooLarge { file, limit, .. }
        | ManifestError::TooMuchMemory { file, limit } => invalid(
            "INPUT_LIMIT",
            &[("file", file), ("limit", &limit.to_string())],
        ),
        ManifestError::TooManyDocuments { file, limit, .. }
        | ManifestError::TooDeep { file, limit, .. }
        | ManifestError::TooManyNodes { file, limit, .. } => invalid(
            "INPUT_LIMIT",
            &[("file", file), ("limit", &limit.to_string())],
        ),
        ManifestError::OtherNamespace { file, .. } => invalid(
            "FIELD_INVALID",
            &[("field", "documents.namespace"), ("file", file)],
        ),
        ManifestError::UnsupportedInstallMode { file, .. } => invalid(
            "FIELD_INVALID",
            &[("field", "documents.install_mode"), ("file", file)],
        ),
        ManifestError::NoClusterServiceVersion => {
            invalid("FIELD_INVALID", &[("field", "documents.install_mode")])
        }
        ManifestError::TargetNamespaces { .. } => {
            invalid("FIELD_INVALID", &[("field", "documents.target_namespaces")])
        }
    }
}

fn check(error: &CheckError) -> Reason {
    let error = match error {
        CheckError::Resolve(error) => error,
        CheckError::Digest(_) => return invalid("SNAPSHOT_MALFORMED", &[("field", "facts")]),
        CheckError::Component {
            component,
            candidates,
            ..
        } => {
            let candidates = candidates.join(",");
            let pairs = [
                ("component", component.as_str()),
                ("candidates", &candidates),
            ];
            return (Code::NotFound, "COMPONENT_NOT_FOUND", metadata(&pairs));
        }
    };
    let ambiguous = |pairs: &[(&str, &str)]| invalid("OPERATOR_AMBIGUOUS", pairs);
    let not_found =
        |pairs: &[(&str, &str)]| (Code::NotFound, "OPERATOR_NOT_FOUND", metadata(pairs));
    match error {
        ResolveError::NotFound {
            name,
            candidates,
            suggestion,
        } => {
            let candidates = names(candidates);
            let mut pairs = vec![("operator", name.as_str()), ("candidates", &candidates)];
            pairs.extend(suggestion.iter().map(|name| ("suggestion", name.as_str())));
            not_found(&pairs)
        }
        ResolveError::NoneFound { .. } => not_found(&[]),
        ResolveError::NoneIn {
            namespace,
            candidates,
        } => not_found(&[("namespace", namespace), ("candidates", &names(candidates))]),
        ResolveError::NoneWatches { candidates } => {
            not_found(&[("candidates", &names(candidates))])
        }
        ResolveError::Ambiguous { name, candidates } => {
            ambiguous(&[("operator", name), ("candidates", &names(candidates))])
        }
        ResolveError::Several { candidates } => ambiguous(&[("candidates", &names(candidates))]),
    }
}

/// Candidates as `namespace/name`, between commas.
fn names(candidates: &[Candidate]) -> String {
    let names = candidates.iter().map(|candidate| {
        let namespace = candidate.namespaces.first().map_or("", String::as_str);
        format!("{namespace}/{}", candidate.name)
    });
    names.collect::<Vec<_>>().join(",")
}

fn change(error: &ChangeError) -> Reason {
    match error {
        ChangeError::Store(error) => store(error),
        ChangeError::Exists { name, revision } => (
            Code::AlreadyExists,
            "BASELINE_EXISTS",
            metadata(&[("baseline", name), ("revision", &revision.to_string())]),
        ),
        ChangeError::NotFound { name } => (
            Code::NotFound,
            "BASELINE_NOT_FOUND",
            metadata(&[("baseline", name)]),
        ),
        ChangeError::EtagRequired { .. } => invalid("ETAG_REQUIRED", &[("field", "etag")]),
        ChangeError::EtagStale { name, revision } => (
            Code::Aborted,
            "ETAG_STALE",
            metadata(&[("baseline", name), ("revision", &revision.to_string())]),
        ),
        ChangeError::ScopeClaimed { scope, by } => (
            Code::AlreadyExists,
            "SCOPE_CLAIMED",
            metadata(&[("baseline", by), ("scope", &scope.to_string())]),
        ),
        ChangeError::Field { path, .. } => spec(path),
        ChangeError::NotCanonical { .. } => spec("spec"),
        ChangeError::TooLarge { limit, .. } => {
            invalid("SPEC_TOO_LARGE", &[("limit", &limit.to_string())])
        }
        ChangeError::RevisionNotFound { name, revision } => (
            Code::NotFound,
            "REVISION_NOT_FOUND",
            metadata(&[("baseline", name), ("revision", &revision.to_string())]),
        ),
        ChangeError::RollbackToTombstone { name, revision } => (
            Code::FailedPrecondition,
            "ROLLBACK_TO_TOMBSTONE",
            metadata(&[("baseline", name), ("revision", &revision.to_string())]),
        ),
        ChangeError::DefaultUndeletable => (
            Code::FailedPrecondition,
            "DEFAULT_UNDELETABLE",
            HashMap::new(),
        ),
        ChangeError::RevisionsExhausted { name } => (
            Code::FailedPrecondition,
            "REVISIONS_EXHAUSTED",
            metadata(&[("baseline", name)]),
        ),
        ChangeError::ProposalPending { name, revision }
        | ChangeError::NotProposed { name, revision }
        | ChangeError::SelfApproval { name, revision } => unmet(
            error.reason(),
            &[("baseline", name), ("revision", &revision.to_string())],
        ),
        ChangeError::RequestIdReused { .. } => unmet("REQUEST_ID_REUSED", &[]),
        ChangeError::RequestIdQuota => {
            (Code::ResourceExhausted, "REQUEST_ID_QUOTA", HashMap::new())
        }
    }
}

fn store(error: &StoreError) -> Reason {
    let path = |path: &std::path::Path| path.display().to_string();
    match error {
        StoreError::Locked {
            path: lock, pid, ..
        } => {
            let mut metadata = metadata(&[("path", &path(lock))]);
            metadata.extend(pid.map(|pid| ("pid".to_owned(), pid.to_string())));
            (Code::Unavailable, "STORE_LOCKED", metadata)
        }
        StoreError::DiskFull { path: at } | StoreError::DiskLow { path: at, .. } => (
            Code::ResourceExhausted,
            "DISK_LOW",
            metadata(&[("path", &path(at))]),
        ),
        StoreError::NotWritable { path: at, .. } | StoreError::Io { path: at, .. } => (
            Code::Unavailable,
            "STORE_FAILED",
            metadata(&[("path", &path(at))]),
        ),
        StoreError::Corrupt { path: at, what, .. } => (
            Code::DataLoss,
            "RECORD_CORRUPT",
            metadata(&[("path", &path(at)), ("record", what)]),
        ),
        StoreError::RolledBack {
            path: at,
            found,
            expected,
        } => (
            Code::DataLoss,
            "STORE_ROLLED_BACK",
            metadata(&[
                ("path", &path(at)),
                ("found", &found.to_string()),
                ("expected", &expected.to_string()),
            ]),
        ),
        StoreError::Newer {
            path: at, version, ..
        } => (
            Code::FailedPrecondition,
            "FORMAT_NEWER",
            metadata(&[("path", &path(at)), ("version", &version.to_string())]),
        ),
        StoreError::Failed { .. } => (Code::Unavailable, "STORE_FAILED", HashMap::new()),
        StoreError::CommitUnknown { .. } => (Code::Unavailable, "COMMIT_UNKNOWN", HashMap::new()),
        StoreError::Overloaded => (Code::ResourceExhausted, "OVERLOADED", HashMap::new()),
        StoreError::TransactionTooLarge { .. } => invalid("SPEC_TOO_LARGE", &[]),
    }
}
