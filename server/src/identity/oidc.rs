//! Tokens of an OIDC issuer: signature, issuer, audience and time, each exactly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opsec_access::{Identity, Kind, Subject};
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::certificate::Until;
use super::claims::{parts, seconds};
use super::fetch::fetch;
use super::keys::Keys;
use super::{IdentityError, now};
use crate::client::Trust;
use crate::config::Oidc;
use crate::gate::Refusal;

/// How far clocks may be apart, in seconds.
const SKEW: u64 = 60;

/// How old keys may be before they are fetched again, how often at most they are for a key that is
/// not known, and how old they may be where the issuer is not heard.
const FRESH: Duration = Duration::from_mins(10);
const AGAIN: Duration = Duration::from_secs(30);
const STALE: Duration = Duration::from_hours(1);

/// An issuer.
#[derive(Debug)]
pub(super) struct Issuer {
    config: Oidc,
    tls: Arc<ClientConfig>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: Option<(Arc<Keys>, Instant)>,
    tried: Option<Instant>,
}

#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    pub(super) fn new(config: &Oidc) -> Result<Self, IdentityError> {
        let trust = match &config.ca {
            Some(ca) => Trust::Issuer(ca.clone()),
            None => Trust::System,
        };
        let tls = crate::client::tls(&trust).map_err(|problem| IdentityError::Issuer {
            name: config.name.clone(),
            problem,
        })?;
        Ok(Self {
            config: config.clone(),
            tls,
            state: Mutex::new(State::default()),
        })
    }

    /// Whom a token names.
    pub(super) async fn identity(&self, token: &str) -> Result<Identity, Refusal> {
        let invalid = |problem: &str| Refusal::CredentialsInvalid(problem.to_owned());
        let parts = parts(token).ok_or_else(|| invalid("it is no JWT"))?;
        if parts.header.crit.is_some() {
            return Err(invalid("its header has `crit`"));
        }
        if !["RS256", "PS256", "ES256", "EdDSA"].contains(&parts.header.alg.as_str()) {
            return Err(invalid(
                "its algorithm is none of RS256, PS256, ES256, EdDSA",
            ));
        }
        let id = parts.header.kid.as_deref();
        let keys = self.keys(id).await?;
        let key = keys.find(id);
        let key = key.ok_or_else(|| invalid("its issuer has no such key"))?;
        let (alg, signed) = (&parts.header.alg, parts.signed.as_bytes());
        if !key.verifies(alg, signed, &parts.signature) {
            return Err(invalid("its signature is not its issuer's"));
        }
        let (subject, groups, expires) = judge(&self.config, &parts.claims, now())?;
        Ok(Identity {
            subject,
            groups,
            standing: Arc::new(Until(expires)),
            delegate: None,
        })
    }

    /// Keys among which the named one is, if the issuer has it.
    async fn keys(&self, id: Option<&str>) -> Result<Arc<Keys>, Refusal> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        let age = |since: Instant| now.saturating_duration_since(since);
        if let Some((keys, since)) = &state.keys {
            let recently = state.tried.is_some_and(|tried| age(tried) < AGAIN);
            let known = keys.find(id).is_some();
            if (age(*since) < FRESH && known) || (age(*since) < STALE && recently) {
                return Ok(Arc::clone(keys));
            }
        } else if state
            .tried
            .is_some_and(|tried| age(tried) < Duration::from_secs(1))
        {
            return Err(Refusal::AuthnBackend);
        }
        state.tried = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                state.keys = Some((Arc::clone(&keys), now));
                Ok(keys)
            }
            Err(problem) => {
                let fields = [
                    ("authenticator", self.config.name.as_str()),
                    ("problem", &problem),
                ];
                crate::log::say(crate::log::Level::Warning, "keys not fetched", &fields);
                match &state.keys {
                    Some((keys, since)) if age(*since) < STALE => Ok(Arc::clone(keys)),
                    _ => Err(Refusal::AuthnBackend),
                }
            }
        }
    }

    async fn fetch(&self) -> Result<Keys, String> {
        let base = self.config.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let discovery = fetch(&url, &self.tls).await?;
        let discovery: Discovery =
            serde_json::from_slice(&discovery).map_err(|error| format!("{url}: {error}"))?;
        if discovery.issuer != self.config.issuer {
            return Err(format!("{url}: its issuer is `{}`", discovery.issuer));
        }
        let keys = fetch(&discovery.jwks_uri, &self.tls).await?;
        Keys::read(&keys).map_err(|problem| format!("{}: {problem}", discovery.jwks_uri))
    }
}

type Named = (Subject, Vec<Subject>, u64);

/// Whom verified claims name, and until when.
fn judge(config: &Oidc, claims: &Map<String, Value>, now: u64) -> Result<Named, Refusal> {
    let invalid = |problem: &str| Refusal::CredentialsInvalid(problem.to_owned());
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(config.issuer.as_str()) {
        return Err(invalid("its issuer is another"));
    }
    let ours = match claims.get("aud") {
        Some(Value::String(audience)) => *audience == config.client_id,
        Some(Value::Array(audiences)) => audiences
            .iter()
            .any(|audience| audience.as_str() == Some(&config.client_id)),
        _ => false,
    };
    if !ours {
        return Err(invalid("its audience is another"));
    }
    let expires = claims.get("exp").and_then(seconds);
    let expires = expires.ok_or_else(|| invalid("it has no `exp`"))?;
    let expires = expires.saturating_add(SKEW);
    if expires <= now {
        return Err(Refusal::CredentialsExpired);
    }
    for name in ["nbf", "iat"] {
        match claims.get(name).map(seconds) {
            None => {}
            Some(Some(at)) if at <= now.saturating_add(SKEW) => {}
            Some(_) => return Err(invalid("it is not valid yet, or its times are none")),
        }
    }
    let user = text(&config.user_claim).ok_or_else(|| invalid("it names no user"))?;
    if config.user_claim == "email" && claims.get("email_verified") != Some(&Value::Bool(true)) {
        return Err(invalid("its `email` is not verified"));
    }
    let subject = Subject::new(&config.name, Kind::User, user);
    let subject = subject.ok_or_else(|| invalid("its user is no subject"))?;
    let group = |value: &Value| Subject::new(&config.name, Kind::Group, value.as_str()?);
    let groups = match claims.get(&config.groups_claim) {
        Some(Value::Array(groups)) => {
            let strings = groups.iter().all(Value::is_string);
            let groups = groups.iter().filter(|_| strings);
            groups.filter_map(group).collect()
        }
        Some(value) => group(value).into_iter().collect(),
        None => Vec::new(),
    };
    Ok((subject, groups, expires))
}

#[cfg(test)]
mod tests;
