//! Network objects.

use std::collections::BTreeSet;

use opsec_model::objects::{
    AdminNetworkPolicySpec, EndpointSlice, GatewayRoute, Ingress, Metadata, NetworkPolicy,
    OtherNetworkPolicy,
};

use super::{Source, boxed, items, text};
use crate::invalid::{Invalid, decode};
use crate::node::Node;
use crate::typed::Typed;
use crate::validate::network;

/// A NetworkPolicy.
pub(super) fn policy(raw: Source<'_>) -> Result<Typed, Invalid> {
    let policy: Box<NetworkPolicy> = boxed(raw)?;
    network::policy(&policy.spec)?;
    Ok(Typed::NetworkPolicy(policy))
}

/// A network policy of another kind, with what it says where its kind is known.
pub(super) fn other(raw: Source<'_>) -> Typed {
    let kind = &raw.kind;
    let known = (kind.group.as_str(), kind.version.as_str())
        == ("policy.networking.k8s.io", "v1alpha1")
        && matches!(
            kind.kind.as_str(),
            "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy"
        );
    let mut policy = OtherNetworkPolicy {
        group: kind.group.clone(),
        kind: kind.kind.clone(),
        ..OtherNetworkPolicy::default()
    };
    if known {
        // What cannot be read is present and not understood, as policies of other kinds are.
        let spec = raw.value.pointer("/spec");
        let spec = spec.map(|spec| decode::<AdminNetworkPolicySpec>(spec, "spec", raw.memory));
        policy.admin = spec.and_then(Result::ok);
    }
    Typed::OtherNetworkPolicy(Box::new(policy))
}

/// An Ingress with the Services it publishes.
pub(super) fn ingress(raw: Source<'_>) -> Typed {
    let of_rules = items(&raw.value, "/spec/rules").flat_map(|rule| items(rule, "/http/paths"));
    let names: BTreeSet<&str> = text(&raw.value, "/spec/defaultBackend/service/name")
        .into_iter()
        .chain(of_rules.filter_map(|path| text(path, "/backend/service/name")))
        .collect();
    Typed::Ingress(Box::new(Ingress {
        backend_services: names.into_iter().map(ToOwned::to_owned).collect(),
        ..Ingress::default()
    }))
}

/// A route of the Gateway API with the Services it publishes.
pub(super) fn gateway_route(raw: Source<'_>, metadata: &Metadata) -> Typed {
    let mut services = BTreeSet::new();
    for rule in items(&raw.value, "/spec/rules") {
        let mirrors = items(rule, "/filters")
            .chain(items(rule, "/backendRefs").flat_map(|backend| items(backend, "/filters")))
            .filter_map(|filter| filter.pointer("/requestMirror/backendRef"));
        for backend in items(rule, "/backendRefs").chain(mirrors) {
            let is_service = matches!(text(backend, "/group"), None | Some(""))
                && matches!(text(backend, "/kind"), None | Some("Service"));
            if let Some(name) = text(backend, "/name").filter(|_| is_service) {
                let namespace = text(backend, "/namespace").unwrap_or(metadata.namespace());
                services.insert((namespace.to_owned(), name.to_owned()));
            }
        }
    }
    Typed::GatewayRoute(Box::new(GatewayRoute {
        kind: raw.kind.kind.clone(),
        backend_services: services.into_iter().collect(),
        ..GatewayRoute::default()
    }))
}

/// An EndpointSlice with its addresses and ports.
pub(super) fn endpoint_slice(raw: Source<'_>) -> Typed {
    let addresses: BTreeSet<&str> = items(&raw.value, "/endpoints")
        .flat_map(|endpoint| items(endpoint, "/addresses"))
        .filter_map(Node::as_str)
        .collect();
    let port = |port: &Node| {
        let protocol = text(port, "/protocol").unwrap_or("TCP").to_owned();
        let number = i32::try_from(port.get("port")?.as_i64()?).ok()?;
        Some((protocol, number))
    };
    Typed::EndpointSlice(Box::new(EndpointSlice {
        addresses: addresses.into_iter().map(ToOwned::to_owned).collect(),
        port_numbers: items(&raw.value, "/ports").filter_map(port).collect(),
        ..EndpointSlice::default()
    }))
}
