//! Why a call fails, and the code, reason and metadata that its caller gets. Reasons outlive
//! releases; messages are for people.

mod reason;

use opsec_manifests::ManifestError;
use opsec_practices::CheckError;
use opsec_proto::ERROR_DOMAIN;
use opsec_store::ChangeError;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

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
    /// The service is wrong.
    #[error("the service failed on this request; please report it with the id {0}")]
    Bug(uuid::Uuid),
}

impl Failure {
    /// A failure that no caller can cause.
    pub(crate) fn bug() -> Self {
        Self::Bug(uuid::Uuid::now_v7())
    }

    fn details(&self) -> ErrorDetails {
        let (_, reason, metadata) = self.reason();
        let field = metadata
            .get("field")
            .or_else(|| metadata.get("path"))
            .cloned();
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, ERROR_DOMAIN, metadata);
        if let Some(field) = field {
            details.add_bad_request_violation(field, self.to_string());
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

impl From<Failure> for Status {
    fn from(failure: Failure) -> Self {
        let (code, ..) = failure.reason();
        Status::with_error_details(code, failure.to_string(), failure.details())
    }
}
