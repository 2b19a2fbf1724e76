//! What is served, and how HTTP/2 is spoken.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use opsec_service::{Service, ServiceConfig, Signing, Waits};
use opsec_store::{SledStore, Store};
use tonic::service::Routes;
use tonic::transport::Server;

use super::StartError;
use super::health::Health;
use crate::audit::Audit;
use crate::collection::Collections;
use crate::config::{Config, Limits};
use crate::keys::Signer;

/// The most bytes of a call's headers: a token has at most 16 KiB.
const HEADERS: u32 = 32 << 10;

/// What may be on the way of one call, and of one connection.
const WINDOWS: (u32, u32) = (1 << 20, 4 << 20);

/// How long a client has to say that it is still there.
const ALIVE: Duration = Duration::from_secs(20);

/// The services over a store.
pub(super) fn service(
    config: &Config,
    store: &Arc<SledStore>,
    signer: &Arc<Signer>,
    (audit, waits): (&Audit, &Arc<Waits>),
) -> Result<Service, StartError> {
    let lifetime = config.attestation.bundle_lifetime;
    let signing = config
        .attestation
        .verifier_id
        .clone()
        .map(|verifier_id| Signing {
            verifier_id,
            bundle_lifetime: SignedDuration::try_from(lifetime).unwrap_or(SignedDuration::MAX),
            keys: Arc::<Signer>::clone(signer),
        });
    let collections = Collections::new(&config.collections, config.limits.timeout);
    let collections = collections.map_err(StartError::Collection)?;
    let store: Arc<dyn Store> = Arc::<SledStore>::clone(store);
    Ok(Service::new(ServiceConfig {
        store,
        evaluations: 0,
        needs_approval: config.approval,
        signing,
        trail: Some(Arc::new(audit.clone())),
        collector: Some(Arc::new(collections)),
        waits: Arc::clone(waits),
    })?)
}

/// All services: those of the contract, health and reflection.
pub(super) fn routes(service: &Service, health: &Health) -> Result<Routes, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Services(error.to_string());
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(opsec_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Details of errors: who knows the service by reflection alone reads reasons too.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(service
        .routes()
        .add_service(health.service())
        .add_service(reflection().build_v1().map_err(|error| failed(&error))?)
        .add_service(
            reflection()
                .build_v1alpha()
                .map_err(|error| failed(&error))?,
        )
        .prepare())
}

/// How HTTP/2 is spoken.
pub(super) fn server(limits: &Limits) -> Server {
    let streams = u32::try_from(limits.streams_per_connection).unwrap_or(u32::MAX);
    Server::builder()
        .max_concurrent_streams(streams)
        // With a grace too, tonic says nothing at that age and cuts the calls when the grace is over.
        .max_connection_age(limits.connection_age)
        .http2_keepalive_interval(Some(limits.keepalive))
        .http2_keepalive_timeout(Some(ALIVE))
        .http2_max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
}
