//! What pods may reach outside: which rules that fails, how grave it is, and where the API server
//! may be.

use opsec_model::Severity;
use opsec_model::objects::Workload;
use opsec_network::{AddressSet, AllowedPeer, Direction, PortSet, Protocol};

use crate::context::Context;

use super::accepted::{opens_internet, opens_metadata};

/// Networks whose machines answer on a metadata address, as providerIDs spell them.
const CLOUDS: [&str; 22] = [
    "alicloud",
    "aws",
    "azure",
    "civo",
    "cloudstack",
    "digitalocean",
    "equinixmetal",
    "exoscale",
    "external-cloudstack",
    "gce",
    "hcloud",
    "huaweicloud",
    "ibm",
    "ibmpowervs",
    "linode",
    "oci",
    "openstack",
    "qcloud",
    "scaleway",
    "upcloud",
    "vultr",
    "yandex",
];

/// How grave it is to reach a metadata address: high where a node is known to be a cloud's.
pub(crate) fn metadata_severity(context: &Context<'_>) -> Severity {
    let of_a_cloud = |id: &str| {
        let scheme = id.split_once("://").map_or("", |(scheme, _)| scheme);
        // Oracle's are bare identifiers.
        CLOUDS.contains(&scheme) || id.starts_with("ocid1.")
    };
    let nodes = &context.facts.snapshot().nodes;
    let in_a_cloud = nodes
        .iter()
        .filter_map(|node| node.provider_id.as_deref())
        .any(of_a_cloud);
    if in_a_cloud && !context.facts.from_files() {
        Severity::High
    } else {
        Severity::Medium
    }
}

/// The rules beside isolation itself that an operator's pods fail by what they may reach: the
/// internet, a metadata address.
pub(crate) fn also_reached(context: &Context<'_>, workloads: &[&Workload]) -> Vec<&'static str> {
    let reaches = |opens: fn(&Context<'_>, &AllowedPeer) -> bool| {
        workloads.iter().any(|workload| {
            let allowed = context.network.allowed(workload, Direction::Egress);
            allowed.iter().any(|peer| opens(context, peer))
        })
    };
    let mut rules = Vec::new();
    if reaches(opens_internet) {
        rules.push("OPSEC202");
    }
    if reaches(opens_metadata) {
        rules.push("OPSEC203");
    }
    rules
}

/// The severity of a finding that fails those rules besides its own.
pub(crate) fn severity(context: &Context<'_>, also: &[&str]) -> Severity {
    if also.contains(&"OPSEC203") {
        metadata_severity(context)
    } else {
        Severity::Medium
    }
}

/// `: internet and metadata service are open`, by the rules that are failed.
pub(crate) fn what_is_open(also: &[&str]) -> &'static str {
    match (also.contains(&"OPSEC202"), also.contains(&"OPSEC203")) {
        (true, true) => "internet and metadata service are open",
        (true, false) => "the internet is open",
        (false, true) => "the metadata service is open",
        (false, false) => "every pod is open",
    }
}

/// What it gives to reach the rules' addresses.
pub(crate) fn gain(context: &Context<'_>, also: &[&str]) -> &'static str {
    if also.contains(&"OPSEC203") && metadata_severity(context) == Severity::High {
        "a taken operator sends what it steals anywhere, fetches its tools, and asks the metadata service for the node's credentials"
    } else {
        "a taken operator sends what it steals anywhere and fetches its tools"
    }
}

/// Where the API server may be, and why that is not certain.
#[derive(Debug)]
pub(crate) struct ApiServer {
    places: Vec<(AddressSet, PortSet)>,
    /// Why it may be elsewhere than assumed, when it is not known.
    pub(crate) uncertain: Option<String>,
}

impl ApiServer {
    /// Live, its own endpoints; else what the baseline says; else any address on any TCP port.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let endpoints = opsec_network::api_server(context.facts);
        if !endpoints.is_empty() {
            return Self {
                places: endpoints,
                uncertain: None,
            };
        }
        let said: Vec<_> = context
            .baseline
            .spec
            .network
            .iter()
            .flat_map(|network| &network.api_server)
            .map(|place| {
                let addresses = AddressSet::from_blocks([place.cidr.as_str()]);
                (addresses, PortSet::from_baseline(&place.ports))
            })
            .collect();
        if !said.is_empty() {
            return Self {
                places: said,
                uncertain: None,
            };
        }
        Self {
            places: vec![(AddressSet::all(), PortSet::protocol(Protocol::Tcp))],
            uncertain: context.facts.missing("endpointslices", "discovery.k8s.io"),
        }
    }

    /// Whether a peer that pods may connect to leads there.
    pub(crate) fn is_behind(&self, peer: &AllowedPeer) -> bool {
        self.places.iter().any(|(addresses, ports)| {
            !peer.peer.addresses().intersection(addresses).is_empty()
                && !peer.ports.intersection(ports).is_empty()
        })
    }
}

/// Whether a peer leads to a metadata address, whoever accepts it.
pub(crate) fn leads_to_metadata(peer: &AllowedPeer) -> bool {
    let common = peer
        .peer
        .addresses()
        .intersection(opsec_network::metadata_addresses());
    !common.is_empty() && !peer.ports.is_empty()
}
