//! Why a call fails, and the code, reason and metadata that its caller gets. Reasons outlive
//! releases; messages are for people.

mod attest;
mod reason;

use std::time::Duration;

use opsec_access::{Denied, Ended, Lapsed};
use opsec_manifests::ManifestError;
use opsec_practices::CheckError;
use opsec_proto::ERROR_DOMAIN;
use opsec_store::cluster::ClusterError;
use opsec_store::store::WatchError;
use opsec_store::{ChangeError, StoreError};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

pub(crate) use attest::{Collecting, Unattestable};

/// Why a call fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A field of the request has no meaning.
    #[error("{field}: {message}")]
    Field {
        field: &'static str,
        message: String,
    },
    /// A field of the request does not decode.
    #[error("{0}")]
    Wire(opsec_wire::FieldError),
    /// The snapshot does not decode.
    #[error("the snapshot is malformed: {0}")]
    Snapshot(opsec_wire::FieldError),
    /// The raw documents cannot be read.
    #[error(transparent)]
    Documents(ManifestError),
    /// The raw documents are too large.
    #[error("the documents hold {bytes} bytes; the limit is {limit}")]
    DocumentsTooLarge { bytes: usize, limit: usize },
    /// The engine has no answer.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// A name is none.
    #[error("{field}: {message}")]
    Name {
        field: &'static str,
        message: String,
    },
    /// A baseline document is none.
    #[error("{path}: {message}")]
    Spec { path: String, message: String },
    /// A baseline document is too large.
    #[error("the baseline holds {bytes} bytes; the limit is {limit}")]
    SpecTooLarge { bytes: usize, limit: usize },
    /// There is no such baseline.
    #[error("there is no baseline `{0}`")]
    BaselineNotFound(String),
    /// A change of a baseline is refused, or the store failed.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// There is nowhere to store a baseline.
    #[error("this service keeps no baselines; name a directory with --data-dir")]
    NoStore,
    /// A request id is none.
    #[error("request_id: `{0}` is not a UUID")]
    RequestId(String),
    /// A page size is none.
    #[error("page_size: {0} is negative")]
    PageSize(i32),
    /// A page token is not of this list, or no more.
    #[error("page_token: it is not a token of this list, or older than an hour; list again")]
    PageToken,
    /// There are too many questions.
    #[error("there are {asked} questions; the limit is {limit}")]
    BatchTooLarge { asked: usize, limit: usize },
    /// Nothing of that name can be explained.
    #[error(
        "nothing is called `{name}`: give a practice (3), a rule (OPSEC306) or a right (ESC-BIND){}",
        meant(candidates)
    )]
    RuleUnknown {
        name: String,
        candidates: Vec<String>,
    },
    /// Nobody says who calls.
    #[error("who calls is not known; this service asks for a credential")]
    Unauthenticated,
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The caller's credential does not vouch for it any more.
    #[error(transparent)]
    Lapsed(Lapsed),
    /// A change of a cluster is refused, or the store failed.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// There is no such cluster.
    #[error("no cluster `{0}` is registered")]
    ClusterNotFound(String),
    /// The facts are of another cluster than is said.
    #[error(
        "the facts are not of cluster `{claimed}`: {}",
        .registered.as_ref().map_or_else(
            || "their cluster is not registered; leave the name out, or have it registered".to_owned(),
            |id| format!("by the UID of its kube-system namespace it is `{id}`"),
        )
    )]
    ClusterMismatch {
        claimed: String,
        registered: Option<String>,
    },
    /// Nothing was recorded of the operator.
    #[error("nothing is recorded of operator `{operator}` on cluster `{cluster}`")]
    PostureNotFound { cluster: String, operator: String },
    /// A filter is none.
    #[error("{field}: {message}")]
    Filter {
        field: &'static str,
        message: String,
    },
    /// The check cannot be recorded.
    #[error("{0}: {1}")]
    NotRecordable(&'static str, &'static str),
    /// Nor for what it is of.
    #[error(transparent)]
    Record(Unrecordable),
    /// It cannot be attested, or there is no such attestation.
    #[error(transparent)]
    Attest(Unattestable),
    /// A stream ends, or does not begin.
    #[error(transparent)]
    Stream(StreamFailure),
    /// A service that stays up does this.
    #[error("{0} needs a service that stays up; name one with --server")]
    OnlyServed(&'static str),
    /// A cluster is not read.
    #[error(transparent)]
    Collect(#[from] Collecting),
    /// The audit cannot be written any more.
    #[error("the audit cannot be written any more; the service ends")]
    AuditFailed,
    /// No OperatorRights is there to validate.
    #[error("{0}")]
    NothingDeclared(String),
    /// One of two states is why.
    #[error("{state}: {failure}")]
    Of {
        state: &'static str,
        failure: Box<Failure>,
    },
    /// The service is wrong.
    #[error("the service failed on this request; please report it with the id {0}")]
    Bug(uuid::Uuid),
}

/// Why a check cannot be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unrecordable {
    /// Nobody knows its cluster.
    #[error("the cluster of the facts is not registered; an admin registers it by its UID")]
    ClusterUnregistered,
    /// Its facts are from the future.
    #[error("the facts say that they were gathered more than a minute from now; set the clocks")]
    FromFuture,
    /// Its facts are from long ago.
    #[error("the facts are {seconds} s old; the baseline accepts {limit} s: gather them again")]
    Stale { seconds: i64, limit: i64 },
    /// Its baseline came with it.
    #[error("a check by a baseline that came with the request cannot be recorded")]
    BaselineInline,
    /// It is of nothing.
    #[error("no rule had anything to judge")]
    NothingJudged,
}

/// Why a stream ends, or does not begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamFailure {
    /// What came after a cursor is not kept any more.
    #[error("what came after the cursor is not kept any more; list again, and watch from there")]
    CursorExpired,
    /// A reader reads nothing.
    #[error("the reader took nothing for a minute; watch again from the last cursor")]
    Stalled,
    /// The service ends.
    #[error("the service is shutting down; watch again from the last cursor")]
    ShuttingDown,
    /// There are too many.
    #[error("too many streams are open; close one, or try again later")]
    TooMany,
}

impl Failure {
    /// A failure that no caller can cause.
    pub(crate) fn bug() -> Self {
        Self::Bug(uuid::Uuid::now_v7())
    }

    /// The same, said of one of two states.
    pub(crate) fn of(self, state: &'static str) -> Self {
        match self {
            Self::Bug(_) => self,
            failure => Self::Of {
                state,
                failure: Box::new(failure),
            },
        }
    }

    /// When to try again, for what passes by itself.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Stream(
                StreamFailure::TooMany | StreamFailure::Stalled | StreamFailure::ShuttingDown,
            )
            | Self::Denied(Denied::Unavailable)
            | Self::Lapsed(Lapsed::Unavailable) => Some(Duration::from_secs(1)),
            Self::Change(ChangeError::Store(StoreError::Overloaded)) => {
                Some(Duration::from_millis(100))
            }
            _ => None,
        }
    }

    fn details(&self) -> ErrorDetails {
        let (code, reason, metadata) = self.reason();
        let field = metadata
            .get("field")
            .or_else(|| metadata.get("path"))
            .cloned();
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, ERROR_DOMAIN, metadata);
        if let Some(field) = field {
            details.add_bad_request_violation(field, self.to_string());
        }
        if code == Code::FailedPrecondition {
            details.add_precondition_failure_violation(reason, "", self.to_string());
        }
        if let Some(after) = self.retry_after() {
            details.set_retry_info(Some(after));
        }
        details
    }
}

fn meant(candidates: &[String]) -> String {
    match candidates {
        [] => String::new(),
        candidates => format!(". Did you mean {}?", candidates.join(", ")),
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Lapsed(lapsed) => Self::Lapsed(lapsed),
            Ended::Denied(denied) => Self::Denied(denied),
        }
    }
}

impl From<WatchError> for Failure {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::CursorExpired => Self::Stream(StreamFailure::CursorExpired),
            WatchError::Store(error) => Self::Change(error.into()),
        }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let (code, ..) = failure.reason();
        Status::with_error_details(code, failure.to_string(), failure.details())
    }
}
