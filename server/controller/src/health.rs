//! Whether it serves, over grpc.health.v1 on loopback.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

/// Its health.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// Answers from now on, NOT_SERVING at first; gives the address back.
    pub(crate) async fn listen(address: SocketAddr) -> std::io::Result<(Self, SocketAddr)> {
        let reporter = HealthReporter::new();
        let health = Self { reporter };
        health.set(false).await;
        let listener = TcpListener::bind(address).await?;
        let bound = listener.local_addr()?;
        let service = HealthService::from_health_reporter(health.reporter.clone());
        let server = Server::builder().add_service(HealthServer::new(service));
        // It ends with the process.
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Ok((health, bound))
    }

    /// Says whether it serves.
    pub(crate) async fn set(&self, serves: bool) {
        let status = if serves {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status("", status).await;
    }
}
