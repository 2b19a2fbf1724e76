//! All services over one context.

use std::sync::Arc;

use opsec_access::Caller;
use opsec_proto::v1::admin_service_server::AdminServiceServer;
use opsec_proto::v1::analysis_service_server::AnalysisServiceServer;
use opsec_proto::v1::attestation_service_server::AttestationServiceServer;
use opsec_proto::v1::baseline_service_server::BaselineServiceServer;
use opsec_proto::v1::check_service_server::CheckServiceServer;
use opsec_proto::v1::cluster_service_server::ClusterServiceServer;
use opsec_proto::v1::posture_service_server::PostureServiceServer;
use opsec_proto::v1::remediation_service_server::RemediationServiceServer;
use opsec_proto::{BASELINE_LIMIT, SNAPSHOT_LIMIT};
use opsec_store::{Store, StoreError};
use tokio::sync::Semaphore;
use tonic::service::Routes;

use crate::collector::Collector;
use crate::context::Context;
use crate::keeper::Keeper;
use crate::page::Pages;
use crate::rpc::{
    Admin, Analysis, Attestations, Baselines, Check, Clusters, Postures, Remediation,
};
use crate::signing::Signing;
use crate::stream::Streams;
use crate::trail::Trail;
use crate::waits::Waits;

/// Changes that wait for the disk at a time.
const CHANGES: usize = 64;

/// How a service that stays up is set up.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// What it keeps.
    pub store: Arc<dyn Store>,
    /// How many evaluations run at once; 0 is as many as the machine has processors.
    pub evaluations: usize,
    /// Whether changes of baselines only are proposed, and apply once another approves them.
    pub needs_approval: bool,
    /// How statements are signed; absent: none are.
    pub signing: Option<Signing>,
    /// The audit; absent: none is written.
    pub trail: Option<Arc<dyn Trail>>,
    /// What reads clusters; absent: nothing does.
    pub collector: Option<Arc<dyn Collector>>,
    /// Is told how long evaluations wait for their turn.
    pub waits: Arc<Waits>,
}

/// The services of a process that others call.
#[derive(Debug, Clone)]
pub struct Service {
    context: Arc<Context>,
}

impl Service {
    /// Reads what is stored.
    ///
    /// # Errors
    /// When it cannot be read whole.
    pub fn new(config: ServiceConfig) -> Result<Self, StoreError> {
        let evaluations = match config.evaluations {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            evaluations => evaluations,
        };
        let context = Context {
            keeper: Keeper::open(config.store)?,
            pages: Pages::new(),
            nobody: None,
            evaluations: Some(Arc::new(Semaphore::new(evaluations))),
            changes: Arc::new(Semaphore::new(CHANGES)),
            streams: Arc::new(Streams::new()),
            needs_approval: config.needs_approval,
            signing: config.signing,
            trail: config.trail,
            collector: config.collector,
            waits: config.waits,
        };
        Ok(Self {
            context: Arc::new(context),
        })
    }

    /// For a program that serves itself.
    pub(crate) fn embedded(keeper: Keeper) -> Self {
        let context = Context {
            keeper,
            pages: Pages::new(),
            nobody: Some(Caller::embedded()),
            evaluations: None,
            changes: Arc::new(Semaphore::new(CHANGES)),
            streams: Arc::new(Streams::new()),
            needs_approval: false,
            signing: None,
            trail: None,
            collector: None,
            waits: Arc::default(),
        };
        Self {
            context: Arc::new(context),
        }
    }

    /// The services. Each handler looks for an [`opsec_access::Caller`] among the extensions of its
    /// request, and refuses a request that has none with UNAUTHENTICATED.
    pub fn routes(&self) -> Routes {
        let context = || Arc::clone(&self.context);
        let check = CheckServiceServer::new(Check::new(context()))
            .max_decoding_message_size(SNAPSHOT_LIMIT)
            .max_encoding_message_size(usize::MAX);
        // Room for a batch of questions beside the snapshot.
        let analysis = AnalysisServiceServer::new(Analysis::new(context()))
            .max_decoding_message_size(2 * SNAPSHOT_LIMIT)
            .max_encoding_message_size(usize::MAX);
        let attestations = AttestationServiceServer::new(Attestations::new(context()))
            .max_decoding_message_size(SNAPSHOT_LIMIT)
            .max_encoding_message_size(usize::MAX);
        // Room for the fields around a document.
        let baselines = BaselineServiceServer::new(Baselines::new(context()))
            .max_decoding_message_size(2 * BASELINE_LIMIT)
            .max_encoding_message_size(usize::MAX);
        let postures = PostureServiceServer::new(Postures::new(context()))
            .max_encoding_message_size(usize::MAX);
        let remediation = RemediationServiceServer::new(Remediation::new(context()))
            .max_decoding_message_size(SNAPSHOT_LIMIT)
            .max_encoding_message_size(usize::MAX);
        Routes::new(check)
            .add_service(AdminServiceServer::new(Admin::new(context())))
            .add_service(analysis)
            .add_service(attestations)
            .add_service(baselines)
            .add_service(ClusterServiceServer::new(Clusters::new(context())))
            .add_service(postures)
            .add_service(remediation)
            .prepare()
    }

    /// Ends all streams, which else last as long as their readers: for a shutdown.
    pub fn end_streams(&self) {
        self.context.streams.end();
    }
}
