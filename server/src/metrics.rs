//! What the service counts, as Prometheus reads it. Names of subjects, clusters and operators are in no
//! label: whoever reads them learns how busy the service is, and of whom nothing.

mod listen;

use std::sync::Arc;
use std::time::Duration;

use opsec_store::{SledStore, Store as _};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::audit::Audit;
use crate::gate::Admission;

pub(crate) use listen::serve;

/// Bounds of how long a call takes, in seconds.
const BOUNDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    method: &'static str,
    code: String,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

type Durations = Family<Of, Histogram, fn() -> Histogram>;

/// What is counted.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    calls: Family<Ended, Counter>,
    durations: Durations,
    reloads: Family<What, Counter>,
    /// What is read when somebody asks.
    running: Gauge,
    limit: Gauge,
    shed: Counter,
    audit: Gauge,
    commit: Gauge,
    registry: Arc<Registry>,
}

/// What is asked when somebody asks.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    pub(crate) admission: Arc<Admission>,
    pub(crate) audit: Audit,
    pub(crate) store: Arc<SledStore>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("opsec");
        let calls = Family::default();
        let durations: Durations = Family::new_with_constructor(|| Histogram::new(BOUNDS));
        let (reloads, shed) = (Family::default(), Counter::default());
        let [running, limit, audit, commit] = std::array::from_fn(|_| Gauge::default());
        registry.register("calls", "Calls that were answered", calls.clone());
        registry.register_with_unit(
            "call_duration",
            "How long calls took until their answer began",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "reload_failures",
            "Files that were not understood when they were read again",
            reloads.clone(),
        );
        let shed_about = "Calls that were refused because the service was busy";
        registry.register("calls_shed", shed_about, shed.clone());
        for (name, about, gauge) in [
            ("calls_running", "Calls that run", &running),
            ("calls_limit", "Calls that may run at a time", &limit),
            ("audit_sequence", "The last event of the audit", &audit),
            ("store_commit", "The last commit of the store", &commit),
        ] {
            registry.register(name, about, gauge.clone());
        }
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "Which build it is", build);
        Self {
            calls,
            durations,
            reloads,
            running,
            limit,
            shed,
            audit,
            commit,
            registry: Arc::new(registry),
        }
    }

    /// A call was answered.
    pub(crate) fn ended(
        &self,
        method: &'static str,
        (code, reason): (String, String),
        took: Duration,
    ) {
        let ended = Ended {
            method,
            code,
            reason,
        };
        self.calls.get_or_create(&ended).inc();
        let durations = self.durations.get_or_create(&Of { method });
        durations.observe(took.as_secs_f64());
    }

    /// A file was not understood when it was read again.
    pub(crate) fn reload_failed(&self, what: &'static str) {
        self.reloads.get_or_create(&What { what }).inc();
    }

    /// All of it, as text.
    fn text(&self, sources: &Sources) -> Result<String, std::fmt::Error> {
        let gauge = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (limit, running, shed) = sources.admission.figures();
        self.limit.set(gauge(limit as u64));
        self.running.set(gauge(running as u64));
        self.shed
            .inner()
            .store(shed as u64, std::sync::atomic::Ordering::Relaxed);
        self.audit.set(gauge(sources.audit.sequence()));
        let commit = sources
            .store
            .snapshot()
            .map(|snapshot| snapshot.cursor().commit);
        self.commit.set(gauge(commit.unwrap_or_default()));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
