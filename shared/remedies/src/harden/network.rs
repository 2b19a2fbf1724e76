//! The quarantine: nothing in, and nothing out but names and the API server, and what the baseline
//! declares.

use std::collections::{BTreeMap, BTreeSet};

use opsec_model::baseline::Peer;
use opsec_model::objects::Workload;
use opsec_model::report::FindingStatus;
use opsec_model::{ObjectRef, Report, Snapshot};
use opsec_practices::Prepared;
use serde_json::{Value, json};

use super::Work;
use super::edit::Edits;

const QUARANTINE: [&str; 4] = ["OPSEC102", "OPSEC201", "OPSEC202", "OPSEC203"];
const PAYLOAD: [&str; 2] = ["OPSEC104", "OPSEC204"];
/// Where an API server is when nobody says: addresses that are no one's on the internet.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

pub(crate) fn write(
    work: &mut Work<'_>,
    prepared: &Prepared<'_>,
    before: &Report,
    edits: &mut Edits,
) {
    let failing = |rule: &&str| super::fails(before, rule);
    if work.answers(&QUARANTINE) && QUARANTINE.iter().any(failing) {
        let servers = api_servers(work, prepared.snapshot());
        if servers.is_none() {
            work.notes.push(
                "where the API server is, nothing says: its pods may connect to any private address on 443 and 6443, and the API server reaches none of its webhooks; name its addresses in the baseline (network.apiServer)".to_owned(),
            );
        }
        for (namespace, selector) in selectors(work, prepared) {
            closed(edits, &namespace, &selector);
            if work.operator.components.len() > 1 {
                within(edits, &namespace, &selector);
            }
            names_and_api_server(edits, &namespace, &selector, servers.as_deref());
            if let Some(servers) = &servers {
                webhooks(edits, work, prepared, &namespace, servers);
            }
            declared(edits, work, &namespace, &selector);
        }
    }
    openings(work, before, edits);
    if work.answers(&PAYLOAD) && PAYLOAD.iter().any(failing) {
        payload(edits, work, prepared);
    }
}

/// Policies of the installation that open what is closed: policies add up, so they have to go.
fn openings(work: &Work<'_>, before: &Report, edits: &mut Edits) {
    for finding in before.findings() {
        let rule = finding.rule.as_str();
        let opens = QUARANTINE.contains(&rule) && work.answers(&[rule]);
        if !opens || finding.status != FindingStatus::Fail {
            continue;
        }
        for evidence in &finding.evidence {
            if evidence.object.kind == "NetworkPolicy" {
                edits.delete(evidence.object.clone(), &[rule]);
            }
        }
    }
}

/// The operator's pods talk to each other.
fn within(edits: &mut Edits, namespace: &str, selector: &Value) {
    let peer = json!([{"podSelector": selector}]);
    edits.create(
        ObjectRef::namespaced("NetworkPolicy", namespace, named("within", selector)),
        json!({"spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peer}],
            "egress": [{"to": peer}],
        }}),
        &QUARANTINE,
    );
}

/// Which pods are closed, by namespace: all of its own namespaces, and in those that every cluster
/// has only its own pods.
fn selectors(work: &Work<'_>, prepared: &Prepared<'_>) -> Vec<(String, Value)> {
    let mut all: Vec<(String, Value)> = work
        .own_namespaces()
        .into_iter()
        .map(|namespace| (namespace, json!({})))
        .collect();
    for workload in work.operator.workloads(prepared.facts()) {
        if super::is_of_the_cluster(workload.namespace()) {
            let labels = &workload.template.metadata.labels;
            let entry = (
                workload.namespace().to_owned(),
                json!({"matchLabels": labels}),
            );
            if !labels.is_empty() && !all.contains(&entry) {
                all.push(entry);
            }
        }
    }
    all
}

/// Addresses of the API server with ports, live or by the baseline.
fn api_servers(work: &Work<'_>, snapshot: &Snapshot) -> Option<Vec<(String, Vec<Value>)>> {
    let mut found = Vec::new();
    for slice in &snapshot.endpoint_slices {
        let service = slice
            .metadata
            .label("kubernetes.io/service-name")
            .unwrap_or(&slice.metadata.name);
        if slice.metadata.namespace() != "default" || service != "kubernetes" {
            continue;
        }
        let ports: Vec<Value> = slice
            .port_numbers
            .iter()
            .map(|(protocol, number)| json!({"port": number, "protocol": protocol}))
            .collect();
        for address in &slice.addresses {
            let bits = if address.contains(':') { 128 } else { 32 };
            found.push((format!("{address}/{bits}"), ports.clone()));
        }
    }
    let network = work.asked.baseline.spec.network.iter();
    for said in network.flat_map(|network| &network.api_server) {
        found.push((said.cidr.clone(), ports(&said.ports)));
    }
    (!found.is_empty()).then_some(found)
}

/// `6443/TCP` as a policy writes it.
fn ports(written: &[String]) -> Vec<Value> {
    let port = |text: &String| {
        let (port, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
        let port = port.parse::<u16>().map_or(json!(port), |port| json!(port));
        json!({"port": port, "protocol": protocol})
    };
    written.iter().map(port).collect()
}

/// A name for a policy: of the whole namespace, or of pods of one kind.
fn named(base: &str, selector: &Value) -> String {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let mut values = labels
        .into_iter()
        .flatten()
        .filter_map(|(_, it)| it.as_str());
    match values.next() {
        None => format!("opsec-{base}"),
        Some(value) => {
            let value = crate::declare::name_of(value);
            format!("opsec-{base}-{value}")
        }
    }
}

fn closed(edits: &mut Edits, namespace: &str, selector: &Value) {
    let name = named("closed", selector);
    edits.create(
        ObjectRef::namespaced("NetworkPolicy", namespace, name),
        json!({"spec": {"podSelector": selector, "policyTypes": ["Ingress", "Egress"]}}),
        &QUARANTINE,
    );
}

fn names_and_api_server(
    edits: &mut Edits,
    namespace: &str,
    selector: &Value,
    servers: Option<&[(String, Vec<Value>)]>,
) {
    let tcp = |port: u16| json!({"port": port, "protocol": "TCP"});
    let mut rules = vec![dns()];
    if let Some(servers) = servers {
        rules.extend(
            servers
                .iter()
                .map(|(cidr, ports)| json!({"to": [{"ipBlock": {"cidr": cidr}}], "ports": ports})),
        );
    } else {
        let to: Vec<Value> = PRIVATE
            .iter()
            .map(|cidr| json!({"ipBlock": {"cidr": cidr}}))
            .collect();
        rules.push(json!({"to": to, "ports": [tcp(443), tcp(6443)]}));
    }
    let name = named("names-and-api-server", selector);
    edits.create(
        ObjectRef::namespaced("NetworkPolicy", namespace, name),
        json!({"spec": {"podSelector": selector, "policyTypes": ["Egress"], "egress": rules}}),
        &QUARANTINE,
    );
}

fn dns() -> Value {
    json!({
        "to": [{
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }],
        "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
    })
}

/// The API server calls what stands behind the operator's webhooks.
fn webhooks(
    edits: &mut Edits,
    work: &Work<'_>,
    prepared: &Prepared<'_>,
    namespace: &str,
    servers: &[(String, Vec<Value>)],
) {
    let from: Vec<Value> = servers
        .iter()
        .map(|(cidr, _)| json!({"ipBlock": {"cidr": cidr}}))
        .collect();
    for workload in called(work, prepared) {
        if workload.namespace() != namespace {
            continue;
        }
        let name = format!("opsec-called-by-api-server-{}", workload.metadata.name);
        edits.create(
            ObjectRef::namespaced("NetworkPolicy", namespace, name),
            json!({"spec": {
                "podSelector": {"matchLabels": workload.template.metadata.labels},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": from}],
            }}),
            &["OPSEC102"],
        );
    }
}

/// Components behind a Service that a webhook configuration, a conversion or an APIService names.
fn called<'a>(work: &Work<'_>, prepared: &'a Prepared<'_>) -> Vec<&'a Workload> {
    let facts = prepared.facts();
    let mut services: BTreeSet<(String, String)> = BTreeSet::new();
    let snapshot = serde_json::json!({
        "a": prepared.snapshot().validating_webhook_configurations,
        "b": prepared.snapshot().mutating_webhook_configurations,
        "c": prepared.snapshot().custom_resource_definitions,
        "d": prepared.snapshot().api_services,
    });
    named_services(&snapshot, &mut services);
    let mut found: BTreeMap<String, &Workload> = BTreeMap::new();
    for (namespace, service) in services {
        for workload in facts.workloads_behind(&namespace, &service) {
            let components = work.operator.workloads(facts);
            if components.iter().any(|it| std::ptr::eq(*it, workload)) {
                found.insert(workload.metadata.name.clone(), workload);
            }
        }
    }
    found.into_values().collect()
}

/// Every reference to a Service in a document.
fn named_services(value: &Value, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            let text = |key: &str| Some(members.get("service")?.get(key)?.as_str()?.to_owned());
            if let (Some(namespace), Some(name)) = (text("namespace"), text("name")) {
                found.insert((namespace, name));
            }
            members
                .values()
                .for_each(|member| named_services(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| named_services(item, found)),
        _ => {}
    }
}

/// What the baseline declares of peers.
fn declared(edits: &mut Edits, work: &Work<'_>, namespace: &str, selector: &Value) {
    let Some(network) = &work.asked.baseline.spec.network else {
        return;
    };
    let egress: Vec<Value> = network
        .egress
        .iter()
        .map(|it| json!({"to": [peer(&it.to)], "ports": ports(&it.ports)}))
        .collect();
    let ingress: Vec<Value> = network
        .ingress
        .iter()
        .map(|it| json!({"from": [peer(&it.from)], "ports": ports(&it.ports)}))
        .collect();
    if egress.is_empty() && ingress.is_empty() {
        return;
    }
    let types: Vec<&str> = [("Ingress", &ingress), ("Egress", &egress)]
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(kind, _)| kind)
        .collect();
    edits.create(
        ObjectRef::namespaced("NetworkPolicy", namespace, named("declared", selector)),
        json!({"spec": {
            "podSelector": selector,
            "policyTypes": types,
            "ingress": ingress,
            "egress": egress,
        }}),
        &QUARANTINE,
    );
}

fn peer(peer: &Peer) -> Value {
    let mut written = serde_json::Map::new();
    if let Some(cidr) = &peer.cidr {
        written.insert("ipBlock".to_owned(), json!({"cidr": cidr}));
    }
    if let Some(selector) = &peer.namespace_selector {
        written.insert("namespaceSelector".to_owned(), json!(selector));
    }
    if let Some(selector) = &peer.pod_selector {
        written.insert("podSelector".to_owned(), json!(selector));
    }
    Value::Object(written)
}

/// Payload talks to its own namespace and to names, and is reached from there and by the operator.
fn payload(edits: &mut Edits, work: &Work<'_>, prepared: &Prepared<'_>) {
    let own = work.own_namespaces();
    let namespaces: BTreeSet<&str> = work
        .operator
        .payload_workloads(prepared.facts())
        .into_iter()
        .map(Workload::namespace)
        .filter(|name| !own.iter().any(|it| it == name) && !super::is_of_the_cluster(name))
        .collect();
    for namespace in namespaces {
        edits.create(
            ObjectRef::namespaced("NetworkPolicy", namespace, "opsec-payload"),
            json!({"spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [{"podSelector": {}}]}],
                "egress": [{"to": [{"podSelector": {}}]}, dns()],
            }}),
            &PAYLOAD,
        );
    }
}
