//! Files that are read again while the service runs: bindings, certificates, CAs. Their content
//! decides, so that a link which points elsewhere counts; what is not understood changes nothing.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use opsec_access::{Bindings, Roster};
use sha2::{Digest as _, Sha256};

use super::signals::Reloads;
use crate::audit::{Audit, Event};
use crate::config::Config;
use crate::identity::{IdentityError, read_roles};
use crate::listen::{Listening, Tls};
use crate::log::{Level, say};
use crate::metrics::Metrics;

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// What is read again.
#[derive(Debug)]
pub(super) struct Files {
    roles: Option<PathBuf>,
    authenticators: BTreeSet<String>,
    roster: Arc<Roster>,
    tls: Option<Arc<Tls>>,
}

impl Files {
    /// Reads all of them.
    ///
    /// # Errors
    /// When one cannot be read or is not understood.
    pub(super) fn new(config: &Config, roster: &Arc<Roster>) -> Result<Self, IdentityError> {
        let tls = config.tls.as_ref().map(|files| {
            let tls = Tls::new(files, &config.authenticators.mtls)?;
            Ok(Arc::new(tls))
        });
        let files = Self {
            roles: config.roles.clone(),
            authenticators: config.authenticators.names(),
            roster: Arc::clone(roster),
            tls: tls.transpose()?,
        };
        if let Some(bindings) = files.bindings()? {
            files.roster.replace(bindings);
        }
        Ok(files)
    }

    /// How connections are taken.
    pub(super) fn listening(&self) -> Listening {
        match &self.tls {
            Some(tls) => Listening::Tls(Arc::clone(tls)),
            None => Listening::Clear,
        }
    }

    fn bindings(&self) -> Result<Option<Bindings>, IdentityError> {
        let Some(path) = &self.roles else {
            return Ok(None);
        };
        let said = |problem: String| IdentityError::Roles(format!("{}: {problem}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
        let bindings = read_roles(&text, &self.authenticators).map_err(said)?;
        Ok(Some(bindings))
    }

    /// Reads again what has changed, for as long as the service runs.
    pub(super) async fn follow(self, mut reloads: Reloads, audit: Audit, metrics: Metrics) {
        let to = (&audit, &metrics);
        let roles: Vec<PathBuf> = self.roles.iter().cloned().collect();
        let tls = self.tls.as_ref().map(|tls| tls.paths()).unwrap_or_default();
        let (mut roles_seen, mut tls_seen) = (digest(&roles), digest(&tls));
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = reloads.next() => {}
            }
            let (roles_now, tls_now) = (digest(&roles), digest(&tls));
            if roles_now != roles_seen {
                roles_seen = roles_now;
                let read = self.bindings();
                let read = read.map(|read| self.roster.replace(read.unwrap_or_default()));
                tell(to, "roles", read).await;
            }
            if tls_now != tls_seen {
                tls_seen = tls_now;
                if let Some(tls) = &self.tls {
                    tell(to, "certificates", tls.reload()).await;
                }
            }
        }
    }
}

/// Says it, and writes it down: who may do what has changed, or should have.
async fn tell(
    (audit, metrics): (&Audit, &Metrics),
    what: &'static str,
    done: Result<(), IdentityError>,
) {
    let code = match done {
        Ok(()) => {
            say(Level::Info, "read again", &[("what", what)]);
            "Ok"
        }
        Err(error) => {
            metrics.reload_failed(what);
            let problem = error.to_string();
            let fields = [("what", what), ("problem", &problem)];
            say(Level::Warning, "not read again; the old ones stay", &fields);
            "InvalidArgument"
        }
    };
    let event = Event {
        kind: "reloaded".to_owned(),
        resource: what.to_owned(),
        code: code.to_owned(),
        ..Event::default()
    };
    // An audit that cannot be written ends the service elsewhere.
    let _ = audit.write(vec![event]).await;
}

/// The content of files; one that cannot be read counts as such.
fn digest(paths: &[PathBuf]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for path in paths {
        let content = std::fs::read(path).unwrap_or_default();
        digest.update(content.len().to_be_bytes());
        digest.update(content);
    }
    digest.finalize().into()
}
