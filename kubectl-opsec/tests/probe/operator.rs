//! An operator in a namespace of its own that may create definitions, and what guards it.

use opsec_testbed::ControlPlane;
use serde_json::{Value, json};

use crate::cluster::{Ran, apply_all, control_plane, opsec, runtime};

const ADMISSION: &str = "admissionregistration.k8s.io/v1";

/// The objects of an operator that may create and patch definitions.
pub(crate) fn install(name: &str) {
    let group = format!("{name}.example.com");
    // By this a definition is known to be the operator's.
    let labels = json!({"app.kubernetes.io/part-of": name});
    apply_all(vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "op", "namespace": name}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": name, "labels": labels},
            "spec": {
                "replicas": 0, "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name, "app.kubernetes.io/part-of": name}},
                    "spec": {"serviceAccountName": "op", "containers": [{"name": "m", "image": "m"}]},
                },
            },
        }),
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("things.{group}"), "labels": labels},
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
                "versions": [{"name": "v1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object"}}}],
            },
        }),
        grant_all(
            name,
            &json!([
                {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["create", "patch"]},
                {"apiGroups": [group], "resources": ["things", "things/status"], "verbs": ["get", "list", "watch", "update"]},
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]},
            ]),
        ),
        bind(name, &format!("system:serviceaccount:{name}:op")),
    ]);
}

/// A ClusterRole.
pub(crate) fn grant_all(name: &str, rules: &Value) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": name}, "rules": rules})
}

/// The binding of the ClusterRole of that name to a user.
pub(crate) fn bind(name: &str, user: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    })
}

fn creations() -> Value {
    json!([{"apiGroups": ["apiextensions.k8s.io"], "apiVersions": ["*"], "operations": ["CREATE"],
        "resources": ["customresourcedefinitions"]}])
}

/// Puts a policy in force that denies definitions to the accounts of the namespace.
pub(crate) fn deny_by_policy(name: &str) {
    apply_all(vec![
        json!({
            "apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": creations()},
                "validations": [{"expression": format!("!('system:serviceaccounts:{name}' in request.userInfo.groups)")}],
            },
        }),
        json!({
            "apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        }),
    ]);
    await_denial(name);
}

/// A webhook that is asked about definitions by the accounts of the namespace, and of nobody else.
pub(crate) fn ask_webhook(name: &str, client: &Value) {
    apply_all(vec![json!({
        "apiVersion": ADMISSION, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.example.com"), "admissionReviewVersions": ["v1"],
            "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 5,
            "clientConfig": client, "rules": creations(),
            "matchConditions": [{"name": "accounts",
                "expression": format!("'system:serviceaccounts:{name}' in request.userInfo.groups")}],
        }],
    })]);
}

/// Waits until a dry run as the operator is denied: what was just written is in force a moment later.
pub(crate) fn await_denial(name: &str) {
    await_answer(name, false);
}

/// Waits until a dry run as the operator is answered so.
pub(crate) fn await_answer(name: &str, allowed: bool) {
    let plane: &ControlPlane = control_plane();
    let client = plane.client();
    let user = format!("system:serviceaccount:{name}:op");
    let body = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "waits.wait.example.com"},
        "spec": {
            "group": "wait.example.com", "scope": "Cluster",
            "names": {"plural": "waits", "singular": "wait", "kind": "Wait", "listKind": "WaitList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    });
    runtime().block_on(async {
        for _ in 0..100 {
            let request = http::Request::post(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All",
            )
            .header("Content-Type", "application/json")
            .header("Impersonate-User", &user)
            .body(body.to_string().into_bytes())
            .unwrap();
            if client.request::<Value>(request).await.is_ok() == allowed {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("{name} is not answered {allowed}");
    });
}

/// Checks it as the administrator.
pub(crate) fn check(name: &str, flags: &str) -> Ran {
    opsec(&format!("check {name} -o json{flags}"))
}

/// What a rule came to, and why.
pub(crate) fn rule(report: &Value, id: &str) -> (String, String) {
    let practices = report["practices"].as_array().unwrap();
    let mut rules = practices
        .iter()
        .flat_map(|practice| practice["rules"].as_array().unwrap());
    let rule = rules.find(|rule| rule["id"] == id).unwrap();
    let text = |field: &str| rule[field].as_str().unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}

/// The notices of a code.
pub(crate) fn notices(report: &Value, code: &str) -> Vec<String> {
    let notices = report["notices"].as_array().unwrap().iter();
    notices
        .filter(|notice| notice["code"] == code)
        .map(|notice| notice["message"].as_str().unwrap().to_owned())
        .collect()
}
