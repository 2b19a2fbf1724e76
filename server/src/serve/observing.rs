//! What is counted and traced of a service that runs, and how many calls it takes at a time.

use std::sync::Arc;

use opsec_service::Waits;
use opsec_store::SledStore;

use super::StartError;
use crate::audit::Audit;
use crate::config::Config;
use crate::gate::{Admission, Observers};
use crate::log::{Level, say};
use crate::metrics::{Metrics, Sources, serve};
use crate::traces::Traces;

/// Counts, traces, and what limits calls.
#[derive(Debug)]
pub(super) struct Observing {
    pub(super) observers: Observers,
    pub(super) admission: Arc<Admission>,
}

impl Observing {
    /// What counts, and what traces.
    pub(super) fn both(&self) -> (Metrics, Traces) {
        let Observers { metrics, traces } = self.observers.clone();
        (metrics, traces)
    }

    /// Begins to count, and lets what is counted be read where that is configured.
    ///
    /// # Errors
    /// When an address cannot be had, or is none.
    pub(super) async fn begin(
        config: &Config,
        store: &Arc<SledStore>,
        (audit, waits): (&Audit, Arc<Waits>),
    ) -> Result<Self, StartError> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let admission = Arc::new(Admission::new(config.limits.calls, processors, waits));
        tokio::spawn(Arc::clone(&admission).follow());
        let metrics = Metrics::new();
        let sources = Sources {
            admission: Arc::clone(&admission),
            audit: audit.clone(),
            store: Arc::clone(store),
        };
        if let Some(address) = config.observing.metrics {
            let bound = serve(address, metrics.clone(), sources).await;
            let bound = bound.map_err(|source| StartError::Listen { address, source })?;
            let fields = [("address", bound.to_string())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
            say(Level::Info, "metrics", &fields);
        }
        let traces = Traces::new(config.observing.traces.as_ref()).map_err(StartError::Services)?;
        Ok(Self {
            observers: Observers { metrics, traces },
            admission,
        })
    }
}
