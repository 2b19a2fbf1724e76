//! The composition for a program that brings its own service: the generated client runs over these
//! services in memory, so embedded and remote are one path.

use opsec_store::{StoreError, StoreLocation};
use tonic::service::Routes;

use crate::keeper::Keeper;
use crate::service::Service;

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
    Ok(Service::embedded(Keeper::shared(config.store)?).routes())
}
