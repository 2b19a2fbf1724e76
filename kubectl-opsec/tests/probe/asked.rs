//! What is asked, by whom it may be, and that nothing is done.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cluster::{apply, apply_all, control_plane, opsec, opsec_with, runtime};
use crate::operator::{ask_webhook, await_denial, bind, install, notices, rule};
use crate::webhook;

/// The kubeconfig of an account that has a token of its own: nobody else stands behind it.
fn kubeconfig(account: &str) -> (tempfile::TempDir, PathBuf) {
    apply_all(vec![json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": account, "namespace": "default"},
    })]);
    let body =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let path = format!("/api/v1/namespaces/default/serviceaccounts/{account}/token");
    let request = http::Request::post(path)
        .header("Content-Type", "application/json")
        .body(body.to_string().into_bytes())
        .unwrap();
    let client = control_plane().client();
    let answer: Value = runtime().block_on(client.request(request)).unwrap();
    let text = fs::read_to_string(control_plane().kubeconfig()).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    config["users"][0]["user"]["token"] = answer["status"]["token"].clone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    fs::write(&path, config.to_string()).unwrap();
    (folder, path)
}

/// Binds what `--print-rbac` prints, under the name of the account, to it.
fn grant_printed(account: &str, flags: &str) {
    let printed = opsec(&format!("check --print-rbac{flags}"));
    assert_eq!((printed.status, printed.stderr.as_str()), (0, ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("role.yaml");
    let role = printed
        .stdout
        .replace("name: kubectl-opsec", &format!("name: {account}"));
    fs::write(&file, role).unwrap();
    apply(&file);
    let user = format!("system:serviceaccount:default:{account}");
    apply_all(vec![bind(account, &user)]);
}

#[test]
fn without_the_right_to_impersonate_it_is_unknown_and_the_right_is_named() {
    let name = "not-impersonated";
    install(name);
    ask_webhook(name, &webhook::nowhere());
    await_denial(name);
    let (_folder, config) = kubeconfig("reader");
    grant_printed("reader", "");
    let ran = opsec_with(&config, &format!("check {name} -o json --probe"));
    let report = ran.json();
    let (status, reason) = rule(&report, "OPSEC503");
    assert_eq!(status, "UNKNOWN");
    assert!(
        reason.contains(&format!("may not impersonate serviceaccounts in {name}")),
        "{reason}"
    );
    let probed = notices(&report, "PROBED").remove(0);
    assert!(
        probed.contains("may not create subjectaccessreviews.authorization.k8s.io"),
        "{probed}"
    );
}

#[test]
fn the_role_that_is_printed_for_it_is_enough_for_a_probe() {
    let name = "printed";
    install(name);
    ask_webhook(name, &webhook::nowhere());
    await_denial(name);
    let (_folder, config) = kubeconfig("prober");
    grant_printed("prober", " --probe");
    let line = format!("check {name} -o json --probe");
    let report = opsec_with(&config, &line).json();
    assert_eq!(rule(&report, "OPSEC503").0, "PASS");
    let of_administrator = opsec(&line).json();
    assert_eq!(report["practices"], of_administrator["practices"]);
    assert_eq!(
        notices(&report, "PROBED"),
        notices(&of_administrator, "PROBED")
    );
}

#[test]
fn only_a_probe_asks_and_whatever_it_asks_is_dry() {
    let name = "audited";
    install(name);
    let (_folder, config) = kubeconfig("auditor");
    grant_printed("auditor", " --probe");
    let user = "system:serviceaccount:default:auditor";
    let events = || -> Vec<Value> {
        let events = control_plane().audit_events().unwrap().into_iter();
        events
            .filter(|event| event["user"]["username"] == user)
            .filter(|event| event["stage"] == "ResponseComplete")
            .collect()
    };
    let reads = |event: &Value| matches!(event["verb"].as_str(), Some("get" | "list"));

    let without = opsec_with(&config, &format!("check {name} -o json"));
    assert_eq!(without.status, 1, "{without:?}");
    let of_reading = events();
    assert!(of_reading.len() > 20, "{}", of_reading.len());
    for event in &of_reading {
        assert!(reads(event), "{event}");
        assert_eq!(event["impersonatedUser"], Value::Null, "{event}");
    }

    let with = opsec_with(&config, &format!("check {name} -o json --probe"));
    assert_eq!(with.status, 1, "{with:?}");
    let probed = notices(&with.json(), "PROBED").remove(0);
    assert!(
        probed.contains("admission denied 0, admitted 16"),
        "{probed}"
    );
    let mut tried = 0;
    let mut reviewed = 0;
    for event in events().into_iter().skip(of_reading.len()) {
        if reads(&event) {
            assert_eq!(event["impersonatedUser"], Value::Null, "{event}");
            continue;
        }
        let uri = event["requestURI"].as_str().unwrap();
        assert!(uri.contains("dryRun=All"), "{event}");
        match event["objectRef"]["resource"].as_str().unwrap() {
            "subjectaccessreviews" => {
                reviewed += 1;
                assert_eq!(event["verb"], "create");
                assert_eq!(event["impersonatedUser"], Value::Null, "{event}");
            }
            "customresourcedefinitions" => {
                tried += 1;
                is_as_an_account_of(name, &event);
            }
            other => panic!("{other}: {event}"),
        }
    }
    // Sixteen by the operator; what RBAC refuses the other account is asked once a gate: POST, and
    // apply of each group.
    assert_eq!(tried, 16 + 3);
    assert!(reviewed >= 3, "{reviewed}");
    let left = opsec("list -o json").stdout;
    assert!(!left.contains("opsecprobes"), "{left}");
}

fn is_as_an_account_of(namespace: &str, event: &Value) {
    let whom = &event["impersonatedUser"];
    let username = whom["username"].as_str().unwrap();
    let prefix = format!("system:serviceaccount:{namespace}:");
    assert!(username.starts_with(&prefix), "{event}");
    let groups = [
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
        "system:authenticated".to_owned(),
    ];
    assert_eq!(whom["groups"], json!(groups), "{event}");
}

#[test]
fn a_probe_is_of_a_cluster_and_asks_as_nobody_else() {
    let flags = [
        "-f x.yaml --probe",
        "--snapshot x.json --probe",
        "--as somebody --probe",
    ];
    for flags in flags {
        let ran = opsec(&format!("check {flags}"));
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains("cannot be used with"), "{ran:?}");
    }
}
