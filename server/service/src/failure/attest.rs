//! Why something is not attested, or a cluster not read.

/// Why a cluster is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Collecting {
    /// It is not configured.
    #[error(
        "this service is not configured to read cluster `{cluster}`; give it a `[[collection]]`, or send \
         a snapshot"
    )]
    Unconfigured { cluster: String },
    /// It did not answer, or not as it must.
    #[error("cluster `{cluster}` could not be read: {problem}")]
    Failed { cluster: String, problem: String },
}

/// Why something is not attested, or is no attestation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unattestable {
    /// Its facts are not trusted as far as its baseline asks.
    #[error("the facts are {mode}, and the baseline that applies attests {minimum} alone")]
    CollectionTooWeak {
        mode: &'static str,
        minimum: &'static str,
    },
    /// Its baseline is its own by a name that it gives itself.
    #[error(
        "baseline `{baseline}` was matched by the operator's name alone, which its own labels say: \
         give it operatorNamespaces, or attestation.allowNameMatch"
    )]
    MatchedByName { baseline: String },
    /// Another baseline applies.
    #[error("what applies is baseline `{baseline}` with the digest {effective_digest}")]
    BaselineChanged {
        baseline: String,
        effective_digest: String,
    },
    /// It did not pass.
    #[error("the operator is {status} and nothing was signed: practices {practices}")]
    CheckFailed {
        status: &'static str,
        practices: String,
    },
    /// Nothing signs.
    #[error("no key is active that this service can sign with; `opsec-server keys list` says more")]
    NoActiveKey,
    /// It was revoked before.
    #[error("the attestation is revoked already")]
    AlreadyRevoked,
    /// No such check is kept, or none that the caller may see.
    #[error(
        "no check `{0}` can be attested: only recorded ones are kept, for as long as their facts are \
         fresh and an hour at most; check again with `record`"
    )]
    CheckNotFound(String),
    /// There is none, or none that the caller may see.
    #[error("there is no attestation `{0}`")]
    NotFound(String),
}
