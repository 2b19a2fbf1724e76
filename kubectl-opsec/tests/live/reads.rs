//! What is read, and that it comes to what the files come to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::{apply, apply_all, control_plane, opsec};
use crate::demo::demo;

/// Status and severity of each rule.
fn rules(report: &Value) -> BTreeMap<String, String> {
    let practices = report["practices"].as_array().unwrap();
    let rules = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap());
    rules
        .map(|rule| {
            let id = rule["id"].as_str().unwrap().to_owned();
            (id, format!("{} {}", rule["status"], rule["severity"]))
        })
        .collect()
}

#[test]
fn files_and_cluster_agree_and_only_what_is_needed_is_read() {
    let file = demo("as-shipped.yaml");
    apply(&file);
    apply_all(workload_of_another());
    let live = opsec("check cache-operator -o json --as reader --as-group system:masters");
    assert_eq!(live.status, 1, "{live:?}");
    let from_files = opsec(&format!("check -o json -f {}", file.display()));
    let (live, from_files) = (live.json(), from_files.json());
    assert_eq!(live["source"]["kind"], "cluster");
    assert_eq!(
        live["operator"]["components"],
        from_files["operator"]["components"]
    );
    assert_eq!(live["gains"], from_files["gains"]);
    let (live, from_files) = (rules(&live), rules(&from_files));
    let different: Vec<_> = live
        .iter()
        .filter(|(id, outcome)| from_files.get(*id) != Some(outcome))
        .map(|(id, outcome)| (id.as_str(), outcome.as_str()))
        .collect();
    // The file has nobody who could run beside the operator; in the cluster another's workload runs,
    // elsewhere. A namespace without the label may yet be given one before files are applied; live
    // it counts.
    assert_eq!(
        different,
        [
            ("OPSEC101", "\"PASS\" null"),
            ("OPSEC405", "\"FAIL\" \"critical\"")
        ]
    );
    assert_eq!(from_files["OPSEC101"], "\"NOT_APPLICABLE\" null");
    assert_eq!(from_files["OPSEC405"], "\"FAIL\" \"medium\"");

    let events = control_plane().audit_events().unwrap();
    let of_reader: Vec<&Value> = events
        .iter()
        .filter(|event| event["impersonatedUser"]["username"] == "reader")
        .collect();
    assert!(of_reader.len() > 20, "{} requests", of_reader.len());
    for event in of_reader {
        let verb = event["verb"].as_str().unwrap();
        assert!(matches!(verb, "get" | "list"), "{event}");
        assert_ne!(event["objectRef"]["resource"], "secrets", "{event}");
    }
}

/// A workload that has nothing to do with the operator, in a namespace of its own.
fn workload_of_another() -> Vec<Value> {
    let labels = json!({"app": "shop"});
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "shop", "image": "shop"}]},
    });
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "shop", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }),
    ]
}

#[test]
fn a_saved_snapshot_is_judged_again_to_the_same_bytes() {
    apply(&demo("as-shipped.yaml"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("snapshot.json");
    let live = opsec(&format!(
        "check cache-operator -o json --secret-metadata --save-snapshot {}",
        file.display()
    ));
    let again = opsec(&format!(
        "check cache-operator -o json --snapshot {}",
        file.display()
    ));
    assert_eq!(live.stdout, again.stdout);
    assert_eq!(live.status, again.status);
    assert!(
        live.stdout.contains("\"kind\": \"cluster\""),
        "{}",
        live.stdout
    );
}

#[test]
fn a_namespace_limits_where_the_operator_is_looked_for() {
    apply(&demo("as-shipped.yaml"));
    let by_name = opsec("rights cache-operator -o json");
    let by_namespace = opsec("rights -n cache-operator -o json");
    assert_eq!(by_name.status, 0, "{by_name:?}");
    assert_eq!(by_name.stdout, by_namespace.stdout);
    let both = opsec("rights cache-operator -n cache-operator -o json");
    assert_eq!(by_name.stdout, both.stdout);
    let elsewhere = opsec("check cache-operator -n kube-public");
    assert_eq!((elsewhere.status, elsewhere.stdout.as_str()), (2, ""));
    assert!(
        elsewhere
            .stderr
            .contains("no operator runs in namespace `kube-public`"),
        "{elsewhere:?}"
    );
    let all = opsec("check --all -n cache-operator -o json").json();
    let all = all["items"].as_array().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["operator"]["name"], "cache-operator");
}
