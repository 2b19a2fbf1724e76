//! Who calls: decided from the headers of a call and the certificate of its connection, before a
//! byte of its body is read.

use opsec_access::Caller;

use crate::gate::Refusal;

/// Everyone who can vouch for a caller.
#[derive(Debug)]
pub(crate) enum Identities {
    /// Nobody needs to.
    Dev,
}

impl Identities {
    /// The caller of a request.
    pub(crate) async fn caller(&self, _credentials: Credentials) -> Result<Caller, Refusal> {
        match self {
            Self::Dev => Ok(Caller::dev()),
        }
    }
}

impl Identities {
    pub(crate) fn new(_config: &crate::config::Config) -> Result<Self, IdentityError> {
        Ok(Self::Dev)
    }
}

/// Why nobody can be vouched for.
#[derive(Debug, thiserror::Error)]
#[error("")]
pub(crate) struct IdentityError;

impl IdentityError {
    pub(crate) fn reason(&self) -> &'static str {
        "X"
    }
}

#[derive(Debug)]
pub(crate) struct ClientCertificate;

/// What came with a call.
#[derive(Debug)]
pub(crate) struct Credentials;

impl Credentials {
    pub(crate) fn of(_: &http::HeaderMap, _: Option<crate::listen::Peer>) -> Self { Self }
}
