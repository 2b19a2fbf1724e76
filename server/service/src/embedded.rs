//! The composition for a program that brings its own service: the generated client runs over these
//! services in memory, so embedded and remote are one path.

use std::sync::Arc;

use opsec_proto::v1::admin_service_server::AdminServiceServer;
use opsec_proto::v1::analysis_service_server::AnalysisServiceServer;
use opsec_proto::v1::baseline_service_server::BaselineServiceServer;
use opsec_proto::v1::check_service_server::CheckServiceServer;
use opsec_proto::{BASELINE_LIMIT, SNAPSHOT_LIMIT};
use opsec_store::{StoreError, StoreLocation};
use tonic::service::Routes;

use crate::page::Pages;
use crate::rpc::{Admin, Analysis, Baselines, Check};
use crate::view::View;

/// How the service is set up.
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    /// Where baselines are kept; absent: only the built-in one is there, and none can be stored.
    pub store: Option<StoreLocation>,
}

/// All services, ready to be called by the generated clients:
///
/// ```
/// # use opsec_proto::v1::check_service_client::CheckServiceClient;
/// # fn client() -> Result<(), opsec_service::StoreError> {
/// let services = opsec_service::embedded(opsec_service::Embedded::default())?;
/// let client = CheckServiceClient::new(services)
///     .max_decoding_message_size(opsec_proto::SNAPSHOT_LIMIT);
/// # Ok(())
/// # }
/// ```
///
/// The store is locked, read and closed before this returns; a store that is absent is not
/// created. Reports can be large: raise the clients' `max_decoding_message_size` too.
///
/// # Errors
/// When the store is there and cannot be read.
pub fn embedded(config: Embedded) -> Result<Routes, StoreError> {
    let view = Arc::new(View::load(config.store)?);
    let pages = Arc::new(Pages::new());
    let check = CheckServiceServer::new(Check::new(Arc::clone(&view), Arc::clone(&pages)))
        .max_decoding_message_size(SNAPSHOT_LIMIT)
        .max_encoding_message_size(usize::MAX);
    // Room for a batch of questions beside the snapshot.
    let analysis = AnalysisServiceServer::new(Analysis::new(Arc::clone(&pages)))
        .max_decoding_message_size(2 * SNAPSHOT_LIMIT)
        .max_encoding_message_size(usize::MAX);
    // Room for the fields around a document.
    let baselines = BaselineServiceServer::new(Baselines::new(view, pages))
        .max_decoding_message_size(2 * BASELINE_LIMIT)
        .max_encoding_message_size(usize::MAX);
    Ok(Routes::new(check)
        .add_service(AdminServiceServer::new(Admin))
        .add_service(analysis)
        .add_service(baselines)
        .prepare())
}
