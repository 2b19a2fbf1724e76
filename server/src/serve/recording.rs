//! The audit of a service that runs: what was owed when it last ended is written down before it serves.

use std::sync::Arc;

use opsec_store::{SledStore, Store};

use super::StartError;
use crate::audit::{Audit, Outbox};
use crate::config::Config;
use crate::keys::Signer;

/// The audit, and what changes owe to it.
#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) audit: Audit,
    pub(super) outbox: Arc<Outbox>,
}

impl Recording {
    /// Opens it, and writes down what is owed.
    ///
    /// # Errors
    /// When it, or what is stored, cannot be read or written.
    pub(super) async fn begin(
        config: &Config,
        store: &Arc<SledStore>,
        signer: &Arc<Signer>,
    ) -> Result<Self, StartError> {
        let (audit, writer) = crate::audit::open(&config.audit, signer)?;
        tokio::spawn(writer.run());
        let shared: Arc<dyn Store> = Arc::<SledStore>::clone(store);
        let outbox = Arc::new(Outbox::new(shared));
        outbox.recover(&audit, &config.audit.0).await?;
        Ok(Self { audit, outbox })
    }

    /// Looks after what is owed for as long as the service runs.
    pub(super) async fn follow(self) {
        self.outbox.follow(self.audit).await;
    }

    /// Ends it.
    pub(super) async fn end(&self) {
        self.outbox.end().await;
        self.audit.end().await;
    }
}
