//! Which Services, Ingresses, routes and host ports lead to a workload's pods from outside.

use opsec_model::ObjectRef;
use opsec_model::objects::{Object as _, Service, Workload};

use crate::Facts;

/// A way from outside the cluster to a workload's pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// The object that opens it.
    pub object: ObjectRef,
    /// The field that says so.
    pub field: String,
    /// What it is, in words: `a LoadBalancer Service`.
    pub description: String,
}

impl<'a> Facts<'a> {
    /// The Services that select a workload's pods.
    pub fn services_of(&self, workload: &Workload) -> Vec<&'a Service> {
        let labels = &workload.template.metadata.labels;
        self.snapshot()
            .services
            .iter()
            .filter(|service| {
                service.metadata.namespace() == workload.namespace()
                    && !service.spec.selector.is_empty()
                    && service
                        .spec
                        .selector
                        .iter()
                        .all(|(key, value)| labels.get(key) == Some(value))
            })
            .collect()
    }

    /// The workloads that a Service leads to.
    pub fn workloads_behind(&self, namespace: &str, service: &str) -> Vec<&'a Workload> {
        let found = self.snapshot().services.iter().find(|candidate| {
            candidate.metadata.namespace() == namespace && candidate.metadata.name == service
        });
        let Some(found) = found.filter(|service| !service.spec.selector.is_empty()) else {
            return Vec::new();
        };
        let selector = &found.spec.selector;
        self.workloads_in(namespace)
            .iter()
            .copied()
            .filter(|workload| {
                let labels = &workload.template.metadata.labels;
                selector
                    .iter()
                    .all(|(key, value)| labels.get(key) == Some(value))
            })
            .collect()
    }

    /// Every way from outside the cluster to a workload's pods: LoadBalancer and NodePort
    /// Services, external addresses, Ingresses, routes of the Gateway API, host ports.
    pub fn exposures(&self, workload: &Workload) -> Vec<Exposure> {
        let mut exposures = host_ports(workload);
        for service in self.services_of(workload) {
            exposures.extend(service_exposures(service));
            exposures.extend(self.published(service));
        }
        exposures
    }

    fn published(&self, service: &Service) -> Vec<Exposure> {
        let (namespace, name) = (service.metadata.namespace(), &service.metadata.name);
        let snapshot = self.snapshot();
        let ingresses = snapshot
            .ingresses
            .iter()
            .filter(|ingress| {
                ingress.metadata.namespace() == namespace && ingress.backend_services.contains(name)
            })
            .map(|ingress| Exposure {
                object: ingress.object_ref(),
                field: "spec".to_owned(),
                description: format!("an Ingress to Service {name}"),
            });
        let routes = snapshot
            .gateway_routes
            .iter()
            .filter(|route| {
                route
                    .backend_services
                    .iter()
                    .any(|(n, s)| n == namespace && s == name)
            })
            .map(|route| Exposure {
                object: ObjectRef {
                    kind: route.kind.clone(),
                    namespace: route.metadata.namespace.clone(),
                    name: route.metadata.name.clone(),
                    group: "gateway.networking.k8s.io".to_owned(),
                },
                field: "spec.rules".to_owned(),
                description: format!("{} {} to Service {name}", article(&route.kind), route.kind),
            });
        ingresses.chain(routes).collect()
    }
}

/// The kinds of routes are read letter by letter: an HTTPRoute, a GRPCRoute.
fn article(kind: &str) -> &'static str {
    if kind.starts_with(['A', 'E', 'H', 'I', 'O']) {
        "an"
    } else {
        "a"
    }
}

fn service_exposures(service: &Service) -> Vec<Exposure> {
    let exposure = |field: &str, description: String| Exposure {
        object: service.object_ref(),
        field: field.to_owned(),
        description,
    };
    let mut exposures = Vec::new();
    // A name in DNS: kube-proxy passes it over, external IPs and all.
    if service.spec.kind.as_deref() == Some("ExternalName") {
        return exposures;
    }
    if let Some(kind @ ("LoadBalancer" | "NodePort")) = service.spec.kind.as_deref() {
        exposures.push(exposure("spec.type", format!("a {kind} Service")));
    }
    if !service.spec.external_ips.is_empty() {
        exposures.push(exposure(
            "spec.externalIPs",
            "a Service with external IPs".to_owned(),
        ));
    }
    exposures
}

fn host_ports(workload: &Workload) -> Vec<Exposure> {
    let spec = &workload.template.spec;
    let path = workload.kind.pod_spec_path();
    spec.all_containers()
        .flat_map(|(container, body)| {
            body.ports
                .iter()
                .enumerate()
                .filter(|(_, port)| port.host_port != 0)
                .map(move |(index, port)| Exposure {
                    object: workload.object_ref(),
                    field: format!("{path}.{container}.ports[{index}].hostPort"),
                    description: format!("host port {}", port.host_port),
                })
        })
        .collect()
}
