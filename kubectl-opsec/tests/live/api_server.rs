//! Where the API server is: its own Service's EndpointSlices say it, and what pods may reach of the
//! internet is judged by them.

use serde_json::{Value, json};

use crate::cluster::{apply_all, control_plane, opsec, runtime};

/// A public address, as the endpoint of a hosted control plane has.
const ADDRESS: &str = "34.120.0.10";

/// An operator and a workload that it manages, both held to that address.
fn fenced() -> Vec<Value> {
    let workload = |name: &str, labels: Value| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": "fenced", "labels": labels},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "m", "image": "m"}]}}},
        })
    };
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fenced"}}),
        workload("fenced-op", json!({})),
        workload(
            "fenced-db",
            json!({"app.kubernetes.io/managed-by": "fenced-op"}),
        ),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "fence", "namespace": "fenced"},
            "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{
                "to": [{"ipBlock": {"cidr": format!("{ADDRESS}/32")}}],
                "ports": [{"port": 6443}]}]},
        }),
    ]
}

fn slice(address: &str, port: u16) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": "kubernetes-outside", "namespace": "default",
            "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address]}],
        "ports": [{"name": "https", "port": port, "protocol": "TCP"}],
    })
}

/// What the two rules come to that ask where the API server is.
fn judged() -> [String; 2] {
    let report = opsec("check deployment/fenced-op -o json").json();
    let practices = report["practices"].as_array().unwrap().clone();
    let rules: Vec<&Value> = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap())
        .collect();
    ["OPSEC202", "OPSEC204"].map(|id| {
        let rule = rules.iter().find(|rule| rule["id"] == id).unwrap();
        rule["status"].as_str().unwrap().to_owned()
    })
}

#[test]
fn what_the_api_servers_slices_say_decides_what_is_the_internet_and_what_reaches_it() {
    apply_all(fenced());
    assert_eq!(judged(), ["FAIL", "PASS"], "it is nobody's address");
    apply_all(vec![slice(ADDRESS, 443)]);
    assert_eq!(judged(), ["FAIL", "PASS"], "another port of it");
    apply_all(vec![slice(ADDRESS, 6443)]);
    assert_eq!(judged(), ["PASS", "FAIL"], "it is the API server's");
    let reach = opsec("reach deployment/fenced-op -o json");
    assert!(reach.stdout.contains(ADDRESS), "{reach:?}");
}

#[test]
fn the_addresses_that_the_api_server_writes_itself_are_in_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot.json");
    let ran = opsec(&format!("list --save-snapshot {}", file.display()));
    assert!(file.is_file(), "{ran:?}");
    let saved = std::fs::read_to_string(&file).unwrap();
    let path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    let client = control_plane().client();
    let own: Value = runtime().block_on(client.request(request)).unwrap();
    let address = own["endpoints"][0]["addresses"][0].as_str().unwrap();
    assert!(
        saved.contains(&format!("\"{address}\"")),
        "{address}: {saved}"
    );
}
