//! One run of the proof: its seed, how much is asked, and the control plane, which starts when the
//! first part wants it.

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::chance::Chance;
use crate::error::ProveError;
use crate::server::Server;

/// One run of the proof.
#[derive(Debug)]
pub struct Run {
    seed: u64,
    release: String,
    replays: PathBuf,
    server: OnceCell<Server>,
}

impl Run {
    /// A run with a seed, against a release of Kubernetes as in `1.36.3`.
    pub fn new(seed: u64, release: &str) -> Self {
        Self {
            seed,
            release: release.to_owned(),
            replays: opsec_testbed::build_directory().join("prove"),
            server: OnceCell::new(),
        }
    }

    /// The same control plane, and another seed.
    #[must_use]
    pub fn reseeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// A seed that no run had before; `OPSEC_PROVE_SEED` repeats one.
    ///
    /// # Errors
    /// When that is no number.
    pub fn fresh_seed() -> Result<u64, ProveError> {
        let Ok(given) = std::env::var("OPSEC_PROVE_SEED") else {
            let now = std::time::SystemTime::now();
            let since = now
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default();
            return Ok(since.as_secs() * 1000 + u64::from(since.subsec_millis()));
        };
        given.parse().map_err(|_| {
            ProveError::Read(format!("OPSEC_PROVE_SEED is `{given}`, which is no number"))
        })
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The chance of a part of the work.
    pub(crate) fn chance(&self, number: u64) -> Chance {
        Chance::new(self.seed).fork(number)
    }

    /// Where cases that differ are written.
    pub(crate) fn replays(&self) -> &std::path::Path {
        &self.replays
    }

    /// The API server.
    pub(crate) fn server(&self) -> Result<&Server, ProveError> {
        if let Some(server) = self.server.get() {
            return Ok(server);
        }
        let started = Server::start(&self.release)?;
        Ok(self.server.get_or_init(|| started))
    }
}
