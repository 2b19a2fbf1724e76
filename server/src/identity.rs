//! Who calls: decided from the headers of a call and the certificate of its connection, before a
//! byte of its body is read. A token goes to the authenticator of its issuer and to no other one,
//! and a token that is refused does not fall back to the certificate.

mod cache;
mod certificate;
mod claims;
mod cluster;
mod delegate;
mod fetch;
mod keys;
mod oidc;
mod review;
mod roles;
mod throttle;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use opsec_access::{Caller, Identity, Roster};

pub(crate) use self::certificate::{Certificates, ClientCertificate};
use self::claims::Claims;
use self::oidc::Issuer;
use self::review::Reviewer;
pub(crate) use self::roles::read as read_roles;
use crate::config::Config;
use crate::gate::Refusal;
use crate::listen::Peer;
pub(crate) use cluster::config as cluster_config;

/// The most bytes of a token.
const TOKEN: usize = 16 << 10;

/// Why nobody can be vouched for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("access.roles: {0}")]
    Roles(String),
    #[error("identity.mtls `{name}`: {problem}")]
    Certificates { name: String, problem: String },
    #[error("identity.token_review `{name}`: {problem}")]
    Cluster { name: String, problem: String },
    #[error("identity.oidc `{name}`: {problem}")]
    Issuer { name: String, problem: String },
    #[error("tls: {0}")]
    Tls(String),
}

impl IdentityError {
    /// The reason, which outlives releases.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Roles(_) => "ROLES_INVALID",
            Self::Tls(_) => "TLS_INVALID",
            Self::Certificates { .. } | Self::Cluster { .. } | Self::Issuer { .. } => {
                "CONFIG_INVALID"
            }
        }
    }
}

/// Everyone who can vouch for a caller.
#[derive(Debug)]
pub(crate) enum Identities {
    /// Nobody needs to.
    Dev,
    /// Those of the configuration.
    Known(Known),
}

/// The authenticators of a configuration.
#[derive(Debug)]
pub(crate) struct Known {
    roster: Arc<Roster>,
    /// Who vouches for tokens, by their issuers.
    issuers: BTreeMap<String, Voucher>,
    /// What is accepted, for a person.
    accepted: String,
}

#[derive(Debug, Clone)]
enum Voucher {
    Cluster(Arc<Reviewer>),
    Oidc(Arc<Issuer>),
}

/// What came with a call.
#[derive(Debug)]
pub(crate) struct Credentials {
    token: Option<Result<String, &'static str>>,
    peer: Option<Peer>,
}

impl Credentials {
    /// Takes what came with a call.
    pub(crate) fn of(headers: &HeaderMap, peer: Option<Peer>) -> Self {
        let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
        let token = values.next().map(|first| {
            if values.next().is_some() {
                return Err("there are two `authorization` headers");
            }
            let text = first.to_str().unwrap_or_default();
            let scheme = text.get(..7).unwrap_or_default();
            if !scheme.eq_ignore_ascii_case("bearer ") {
                return Err("`authorization` does not begin with `Bearer `");
            }
            let token = text.get(7..).unwrap_or_default().trim();
            if token.is_empty() || token.len() > TOKEN {
                return Err("the token is empty, or larger than 16 KiB");
            }
            Ok(token.to_owned())
        });
        Self { token, peer }
    }
}

impl Identities {
    /// Those of a configuration.
    ///
    /// # Errors
    /// When a file of theirs cannot be read or is not understood.
    pub(crate) fn new(config: &Config, roster: &Arc<Roster>) -> Result<Self, IdentityError> {
        if config.dev {
            return Ok(Self::Dev);
        }
        let authenticators = &config.authenticators;
        let mut issuers = BTreeMap::new();
        let mut accepted = Vec::new();
        for cluster in &authenticators.token_review {
            let reviewer = Arc::new(Reviewer::new(cluster)?);
            accepted.push(format!(
                "a token of {} for the audience {} ({})",
                cluster.issuer, cluster.audience, cluster.name
            ));
            issuers.insert(cluster.issuer.clone(), Voucher::Cluster(reviewer));
        }
        for issuer in &authenticators.oidc {
            accepted.push(format!("a token of {} ({})", issuer.issuer, issuer.name));
            let voucher = Voucher::Oidc(Arc::new(Issuer::new(issuer)?));
            issuers.insert(issuer.issuer.clone(), voucher);
        }
        for ca in &authenticators.mtls {
            accepted.push(format!("a client certificate ({})", ca.name));
        }
        Ok(Self::Known(Known {
            roster: Arc::clone(roster),
            issuers,
            accepted: accepted.join("; "),
        }))
    }

    /// The caller of a request.
    ///
    /// # Errors
    /// When nobody vouches for it.
    pub(crate) async fn caller(&self, credentials: Credentials) -> Result<Caller, Refusal> {
        let known = match self {
            Self::Dev => return Ok(Caller::dev()),
            Self::Known(known) => known,
        };
        let identity = known.identity(credentials).await?;
        Ok(Caller::authenticated(identity, Arc::clone(&known.roster)))
    }
}

impl Known {
    async fn identity(&self, credentials: Credentials) -> Result<Identity, Refusal> {
        let Credentials { token, peer } = credentials;
        let invalid = |problem: &str| Refusal::CredentialsInvalid(problem.to_owned());
        if let Some(token) = token {
            let token = token.map_err(invalid)?;
            let claims = Claims::unverified(&token).ok_or_else(|| invalid("it is no JWT"))?;
            let voucher = self.issuers.get(&claims.issuer).ok_or_else(|| {
                invalid("no authenticator of this service has the token's issuer")
            })?;
            return match voucher.clone() {
                Voucher::Cluster(reviewer) => {
                    let peer = peer.map(|peer| peer.address.ip());
                    Reviewer::identity(&reviewer, token, claims.expires, peer).await
                }
                Voucher::Oidc(issuer) => issuer.identity(&token).await,
            };
        }
        match peer.and_then(|peer| peer.certificate) {
            Some(certificate) => certificate.identity(now()),
            None => Err(Refusal::CredentialsMissing(self.accepted.clone())),
        }
    }
}

/// Seconds since 1970, UTC.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
