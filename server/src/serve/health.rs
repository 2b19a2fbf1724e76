//! The health of each service: SERVING once everything is loaded, until the end begins.

use std::collections::BTreeSet;

use prost::Message as _;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as Service, HealthServer};
use tonic_health::server::{HealthReporter, HealthService};

/// The health of each service.
#[derive(Debug)]
pub(super) struct Health {
    reporter: HealthReporter,
    names: BTreeSet<String>,
}

impl Health {
    /// Nothing serves yet.
    pub(super) fn new() -> Self {
        let mut names: BTreeSet<String> = services().into_iter().collect();
        names.insert(String::new());
        Self {
            reporter: HealthReporter::new(),
            names,
        }
    }

    /// The service that says so.
    pub(super) fn service(&self) -> HealthServer<impl Service> {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    pub(super) async fn serving(&self) {
        self.set(ServingStatus::Serving).await;
    }

    pub(super) async fn not_serving(&self) {
        self.set(ServingStatus::NotServing).await;
    }

    async fn set(&self, status: ServingStatus) {
        for name in &self.names {
            self.reporter.set_service_status(name, status).await;
        }
    }
}

/// The services of the contract, by their full names.
fn services() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(opsec_proto::FILE_DESCRIPTOR_SET);
    let files = set.map(|set| set.file).unwrap_or_default();
    let of = |file: &prost_types::FileDescriptorProto| {
        let package = file.package().to_owned();
        let full = move |name: &str| format!("{package}.{name}");
        let names = file.service.iter().map(|service| full(service.name()));
        names.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_of_the_contract_has_its_health() {
        let names = services();
        for name in ["opsec.v1.CheckService", "opsec.v1.BaselineService"] {
            assert!(names.iter().any(|known| known == name), "{names:?}");
        }
    }
}
