//! "Pod Security".

use opsec_model::baseline::PodSecurityLevel;
use opsec_model::objects::PodTemplate;
use serde_json::{Value, json};

use crate::given::{Bound, account, create, granted, namespace, rule};
use crate::server::{admin, user};

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn pod(spec: &Value) -> Value {
    let mut spec = spec.clone();
    if spec["containers"].is_null() {
        spec["containers"] = json!([{"name": "c", "image": "i"}]);
    }
    spec["serviceAccountName"] = json!("o");
    json!({"metadata": {"name": "p"}, "spec": spec})
}

fn guarded(name: &str, level: &str) {
    namespace(name, &json!({ENFORCE: level}));
    account(name, "o");
}

/// Labels decide, and they change through `namespaces`, `namespaces/status` and
/// `namespaces/finalize`.
#[test]
fn labels_change_through_status_and_finalize_too() {
    for (place, sub) in ["", "/status", "/finalize"].into_iter().enumerate() {
        let name: &'static str = ["pss-plain", "pss-status", "pss-finalize"][place];
        guarded(name, "restricted");
        let verb = if place == 2 { "update" } else { "patch" };
        let rules = json!([rule("", &format!("namespaces{sub}"), &[verb])]);
        granted(name, Bound::In(name), &rules);
        let path = format!("/api/v1/namespaces/{name}{sub}");
        let pods = format!("/api/v1/namespaces/{name}/pods?dryRun=All");
        let host = pod(&json!({"hostPID": true}));
        assert_eq!(admin().post(&pods, &host).code, 403, "{sub}");
        let answer = if place == 2 {
            let mut whole = admin().get(&format!("/api/v1/namespaces/{name}")).body;
            whole["metadata"]["labels"] = json!({});
            user(name).put(&path, &whole)
        } else {
            let none = json!({"metadata": {"labels": {ENFORCE: null}}});
            user(name).merge(&path, &none)
        };
        assert_eq!(answer.code, 200, "{sub}: {answer:?}");
        crate::given::eventually("a pod in the namespace without labels", || {
            admin().post(&pods, &host).is_ok()
        });
    }
}

/// Workload objects are admitted and only warned about; their pods are refused.
#[test]
fn workloads_are_admitted_and_their_pods_refused() {
    guarded("pss-workload", "baseline");
    // Enforcement alone is silent for workloads; `warn` is what warns.
    let label = json!({"metadata": {"labels": {"pod-security.kubernetes.io/warn": "baseline"}}});
    admin().merge("/api/v1/namespaces/pss-workload", &label);
    let host = pod(&json!({"hostNetwork": true}));
    let labels = json!({"app": "p"});
    let deployment = json!({"metadata": {"name": "d"}, "spec": {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": host["spec"]}}});
    let path = "/apis/apps/v1/namespaces/pss-workload/deployments?dryRun=All";
    crate::given::eventually("a warning", || {
        let answer = admin().post(path, &deployment);
        assert_eq!(answer.code, 201, "{answer:?}");
        answer
            .warnings
            .iter()
            .any(|w| w.contains("would violate PodSecurity"))
    });
    let pods = "/api/v1/namespaces/pss-workload/pods?dryRun=All";
    assert_eq!(admin().post(pods, &host).code, 403);
}

/// It holds pods and not nodeName, nor a stronger ServiceAccount, nor a claim on a hostPath
/// volume; ours judges every one of them as the server does.
#[test]
fn the_engine_refuses_the_pods_that_the_server_refuses() {
    let levels = [
        ("pss-baseline", PodSecurityLevel::Baseline),
        ("pss-restricted", PodSecurityLevel::Restricted),
    ];
    guarded("pss-baseline", "baseline");
    guarded("pss-restricted", "restricted");
    let hardened = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    for spec in [
        json!({"nodeName": "n", "containers": [{"name": "c", "image": "i",
                "securityContext": hardened}],
            "securityContext": {"runAsNonRoot": true,
                "seccompProfile": {"type": "RuntimeDefault"}}}),
        json!({}),
        json!({"nodeName": "n"}),
        json!({"hostPID": true}),
        json!({"hostIPC": true}),
        json!({"hostNetwork": true}),
        json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
        json!({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}),
        json!({"securityContext": {"runAsNonRoot": true}}),
        json!({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}),
        json!({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}),
    ] {
        let whole = pod(&spec);
        let template: PodTemplate = serde_json::from_value(json!({"spec": whole["spec"]})).unwrap();
        for (name, level) in levels {
            let path = format!("/api/v1/namespaces/{name}/pods?dryRun=All");
            let answer = admin().post(&path, &whole);
            assert!([201, 403].contains(&answer.code), "{spec}: {answer:?}");
            let ours = opsec_pod_security::allows(level, &template);
            assert_eq!(ours, answer.is_ok(), "{name} {spec}: {}", answer.message());
        }
    }
    let open = |spec: &Value| {
        let path = "/api/v1/namespaces/pss-baseline/pods?dryRun=All";
        admin().post(path, &pod(spec)).is_ok()
    };
    assert!(open(&json!({"nodeName": "n"})));
    let claim = json!({"persistentVolumeClaim": {"claimName": "c"}, "name": "v"});
    assert!(open(&json!({"volumes": [claim]})));
}

/// It holds ephemeral containers.
#[test]
fn ephemeral_containers_are_held() {
    guarded("pss-ephemeral", "baseline");
    create("/api/v1/namespaces/pss-ephemeral/pods", &pod(&json!({})));
    let path = "/api/v1/namespaces/pss-ephemeral/pods/p/ephemeralcontainers";
    for (privileged, code) in [(true, 403), (false, 200)] {
        let container = json!({"name": "e", "image": "i",
            "securityContext": {"privileged": privileged}});
        let added = json!({"spec": {"ephemeralContainers": [container]}});
        let kind = "application/strategic-merge-patch+json";
        let answer = admin().send("PATCH", path, kind, &added);
        assert_eq!(answer.code, code, "{answer:?}");
    }
}
