//! The health of each service: SERVING once everything is loaded, until the end begins.

use std::collections::BTreeSet;

use prost::Message as _;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as Service, HealthServer};
use tonic_health::server::{HealthReporter, HealthService};

/// The service that signs.
const ATTESTATION: &str = "opsec.v1.AttestationService";

/// The health of each service.
#[derive(Debug, Clone)]
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

    /// All serve; the one that signs, when a key can.
    pub(super) async fn serving(&self, attests: bool) {
        self.attesting(attests).await;
        for name in self.names.iter().filter(|name| *name != ATTESTATION) {
            let serving = ServingStatus::Serving;
            self.reporter.set_service_status(name, serving).await;
        }
    }

    /// Whether a key can sign.
    pub(super) async fn attesting(&self, attests: bool) {
        let status = if attests {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        self.reporter.set_service_status(ATTESTATION, status).await;
    }

    pub(super) async fn not_serving(&self) {
        for name in &self.names {
            let status = ServingStatus::NotServing;
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
        for name in [
            "opsec.v1.CheckService",
            "opsec.v1.BaselineService",
            ATTESTATION,
        ] {
            assert!(names.iter().any(|known| known == name), "{names:?}");
        }
    }
}
