//! Why a call ends at the gate, with its code and reason.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opsec_access::{Denied, Role};
use opsec_proto::ERROR_DOMAIN;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::Response;

/// After which a refused call is worth another try.
const SOON: Duration = Duration::from_secs(1);

/// Why a call ends here.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no credential came with the call; accepted: {0}")]
    CredentialsMissing(String),
    #[error("the credential is not valid: {0}")]
    CredentialsInvalid(String),
    #[error("the credential expired")]
    CredentialsExpired,
    #[error("the credential cannot be reviewed now; try again")]
    AuthnBackend,
    #[error("{0}")]
    Denied(Denied),
    #[error("the service is busy; try again")]
    Overloaded(Duration),
    #[error("too many calls of one subject; try again")]
    RateLimited(Duration),
    #[error("too many streams; end one first")]
    TooManyStreams,
    #[error("the service does not have this method")]
    MethodUnknown,
    #[error("compressed requests are not taken; send `identity`")]
    Compressed,
    #[error("the call took longer than its deadline, or than the service allows")]
    Deadline,
    #[error("what was done cannot be written down, and so is not answered")]
    AuditFailed,
    #[error("the service ends; call again")]
    ShuttingDown,
    #[error("the service failed on this request; please report it with the id {0}")]
    Bug(uuid::Uuid),
}

impl Refusal {
    /// There is too much to do. Who is told so comes back after one to two seconds, and not all at once.
    pub(crate) fn busy() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let chance = now.unwrap_or_default().subsec_micros() % 1_000;
        Self::Overloaded(SOON + Duration::from_millis(u64::from(chance)))
    }

    /// A failure that no caller can cause.
    pub(crate) fn bug() -> Self {
        let id = uuid::Uuid::now_v7();
        crate::log::say(crate::log::Level::Error, "bug", &[("id", &id.to_string())]);
        Self::Bug(id)
    }

    pub(super) fn reason(&self) -> (Code, &'static str) {
        match self {
            Self::CredentialsMissing(_) => (Code::Unauthenticated, "CREDENTIALS_MISSING"),
            Self::CredentialsInvalid(_) => (Code::Unauthenticated, "CREDENTIALS_INVALID"),
            Self::CredentialsExpired => (Code::Unauthenticated, "CREDENTIALS_EXPIRED"),
            Self::AuthnBackend => (Code::Unavailable, "AUTHN_BACKEND"),
            Self::Denied(Denied::RoleMissing { .. }) => (Code::PermissionDenied, "ROLE_MISSING"),
            Self::Denied(Denied::OutOfScope) => (Code::PermissionDenied, "OUT_OF_SCOPE"),
            Self::Denied(Denied::Unavailable) => (Code::Unavailable, "AUTHZ_BACKEND"),
            Self::Overloaded(_) => (Code::ResourceExhausted, "OVERLOADED"),
            Self::RateLimited(_) => (Code::ResourceExhausted, "RATE_LIMITED"),
            Self::TooManyStreams => (Code::ResourceExhausted, "TOO_MANY_STREAMS"),
            Self::MethodUnknown => (Code::Unimplemented, "METHOD_UNKNOWN"),
            Self::Compressed => (Code::Unimplemented, "COMPRESSION_UNKNOWN"),
            Self::Deadline => (Code::DeadlineExceeded, "DEADLINE"),
            Self::AuditFailed => (Code::Unavailable, "AUDIT_FAILED"),
            Self::ShuttingDown => (Code::Unavailable, "SHUTTING_DOWN"),
            Self::Bug(_) => (Code::Internal, "BUG"),
        }
    }

    fn retry(&self) -> Option<Duration> {
        match self {
            Self::AuthnBackend
            | Self::Denied(Denied::Unavailable)
            | Self::TooManyStreams
            | Self::ShuttingDown => Some(SOON),
            Self::Overloaded(after) | Self::RateLimited(after) => Some(*after),
            _ => None,
        }
    }

    fn metadata(&self) -> HashMap<String, String> {
        let mut metadata = HashMap::new();
        match self {
            Self::Denied(Denied::RoleMissing { method, roles }) => {
                let roles: Vec<&str> = roles.iter().copied().map(Role::as_str).collect();
                metadata.insert("method".to_owned(), method.name().to_owned());
                metadata.insert("roles".to_owned(), roles.join(","));
            }
            Self::CredentialsMissing(accepted) => {
                metadata.insert("accepted".to_owned(), accepted.clone());
            }
            Self::Bug(id) => {
                metadata.insert("id".to_owned(), id.to_string());
            }
            _ => {}
        }
        metadata
    }

    pub(crate) fn into_status(self) -> Status {
        let (code, reason) = self.reason();
        let mut details = ErrorDetails::new();
        details.set_error_info(reason, ERROR_DOMAIN, self.metadata());
        if let Some(after) = self.retry() {
            details.set_retry_info(Some(after));
        }
        Status::with_error_details(code, self.to_string(), details)
    }

    pub(super) fn into_response(self) -> Response {
        self.into_status().into_http()
    }
}
